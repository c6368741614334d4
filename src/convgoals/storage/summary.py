"""What a store is asked for a report, and what it answers: figures, not completions.

A question is about the completions of one goal that hold (not retracted), under one version or all, in a period with
both ends in. They come by ``achieved``, then trigger, then the order of recording; a profile *converts* with its first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate, repeat
from operator import rshift
from typing import Literal, NamedTuple, TypeAlias

import attrs

_BINS = 10
"""Of how many bits the number of a bin is: few enough to count in the processor's nearest memory."""

By: TypeAlias = Literal["channel", "version"]
"""What a completion has exactly one of, so that it can be counted by it."""


@attrs.frozen
class Question:
    """What a report is about.

    Attributes:
        goal: the goal's name.
        version: completions of this version of it only; ``None``: of all.
        since: the first instant that counts; ``None``: from the beginning.
        until: the last instant that counts; ``None``: to the end.
        bucket: the bucket that an instant lies in, as its first instant and the first after it; buckets do not overlap
            and follow each other. ``None``: no parts are asked for.
        by: what groups are by; ``None``: no groups are asked for.
        percents: which percentiles of the times to convert are asked for.
        edges: for the longest time to convert, the times up to which they are to be counted; ``None``: none.
    """

    goal: str
    version: int | None = None
    since: int | None = None
    until: int | None = None
    bucket: Callable[[int], tuple[int, int]] | None = None
    by: By | None = None
    percents: tuple[int, ...] = ()
    edges: Callable[[int], Sequence[int]] | None = None


class Part(NamedTuple):
    """Some of the completions of a question.

    Attributes:
        completions: how many they are.
        profiles: how many of them are their profile's first in the question.
        valued: how many have a value that is a number (semantics §3).
        sum: of those values, exact.
    """

    completions: int = 0
    profiles: int = 0
    valued: int = 0
    sum: Decimal = Decimal(0)


@attrs.frozen
class Waits:
    """The times to convert, in microseconds: ``since_anchor`` of each profile's first completion that has it.

    Attributes:
        count: how many there are.
        total: their sum.
        longest: the longest; 0 of none.
        percentiles: by percent, the two neighbours between which it lies: of the times in order, counted from 0, the
            one at ``(count - 1) * percent // 100`` and, where that division leaves a rest, the following one, else the
            same again.
        within: how many are no longer than each of the edges.
    """

    count: int = 0
    total: int = 0
    longest: int = 0
    percentiles: Mapping[int, tuple[int, int]] = attrs.field(factory=dict)
    within: Sequence[int] = ()


@attrs.frozen
class Summary:
    """The answer, as everything was at one moment.

    Attributes:
        whole: all completions of the question.
        versions: the versions that they have.
        parts: by the first instant of their bucket; none that is empty.
        groups: by channel or version; none that is empty.
        waits: the times to convert.
        everyone: as `Reader.profile_count`.
        reached: as `Reader.reached`.
    """

    whole: Part
    versions: frozenset[int]
    parts: Mapping[int, Part]
    groups: Mapping[str | int | None, Part]
    waits: Waits
    everyone: int
    reached: int | None


def waits_of(waits: Sequence[int], percents: Iterable[int], edges: Callable[[int], Sequence[int]] | None) -> Waits:
    """The answer about times to convert that are all there, in any order."""
    if not waits:
        return Waits()
    longest = max(waits)
    ordered = _Ordered(waits, longest)
    wanted = {percent: places(len(waits), percent) for percent in percents}
    ends = () if edges is None else tuple(edges(longest))
    ordered.look_at({place for pair in wanted.values() for place in pair}, ends)
    percentiles = {percent: (ordered.at(low), ordered.at(high)) for percent, (low, high) in wanted.items()}
    return Waits(len(waits), sum(waits), longest, percentiles, tuple(map(ordered.up_to, ends)))


class _Ordered:
    """Numbers as if in order: they are counted by bins of one width, and only those near what is asked for are sorted.

    To sort all of a million takes several times as long.
    """

    def __init__(self, numbers: Sequence[int], highest: int) -> None:
        self._numbers = numbers
        self._shift = max(0, (highest - min(numbers)).bit_length() - _BINS)
        counts = Counter(map(rshift, numbers, repeat(self._shift)))
        self._bins = sorted(counts)
        self._below = [0, *accumulate(counts[number] for number in self._bins)]
        self._sorted: dict[int, list[int]] = {}

    def look_at(self, places: Iterable[int], edges: Iterable[int]) -> None:
        """Sort the bins that these places and edges lie in."""
        shift = self._shift
        near = {self._bins[self._bin_at(place)] for place in places} | {edge >> shift for edge in edges}
        found = self._sorted = {number: [] for number in near}
        for number in self._numbers:
            if (where := number >> shift) in near:
                found[where].append(number)
        for some in found.values():
            some.sort()

    def _bin_at(self, place: int) -> int:
        return bisect_right(self._below, place) - 1

    def at(self, place: int) -> int:
        """The number at that place, from 0."""
        index = self._bin_at(place)
        return self._sorted[self._bins[index]][place - self._below[index]]

    def up_to(self, edge: int) -> int:
        """How many are no greater than *edge*."""
        where = edge >> self._shift
        return self._below[bisect_left(self._bins, where)] + bisect_right(self._sorted[where], edge)


def places(count: int, percent: int) -> tuple[int, int]:
    """The places, among *count* in order, of the two neighbours that a percentile lies between."""
    place, rest = divmod((count - 1) * percent, 100)
    return place, place + 1 if rest else place
