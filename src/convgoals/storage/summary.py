"""What a store is asked for a report, and what it answers: figures, not completions.

A question is about the completions of one goal that hold (not retracted), under one version or all, in a period with
both ends in. They come by ``achieved``, then trigger, then the order of recording; a profile *converts* with its first.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

import attrs

_EXACT_FLOAT = 2**53

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


class Moments(NamedTuple):
    """When the completions of a question were achieved, in their order.

    Attributes:
        profiles: whose each was.
        instants: when.
    """

    profiles: list[str]
    instants: Sequence[int]


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


def in_order(waits: list[int]) -> list[int]:
    """*waits* in order. As floats they sort several times faster, and a float holds the microseconds of 285 years."""
    if waits and -_EXACT_FLOAT < min(waits) <= max(waits) < _EXACT_FLOAT:
        floats = list(map(float, waits))
        floats.sort()
        return list(map(int, floats))
    return sorted(waits)


def waits_of(ordered: Sequence[int], percents: Iterable[int], edges: Callable[[int], Sequence[int]] | None) -> Waits:
    """The answer about times to convert that are all there, in order."""
    if not ordered:
        return Waits()
    percentiles = {}
    for percent in percents:
        low, high = places(len(ordered), percent)
        percentiles[percent] = ordered[low], ordered[high]
    within = () if edges is None else tuple(bisect_right(ordered, edge) for edge in edges(ordered[-1]))
    return Waits(len(ordered), sum(ordered), ordered[-1], percentiles, within)


def places(count: int, percent: int) -> tuple[int, int]:
    """The places, among *count* in order, of the two neighbours that a percentile lies between."""
    place, rest = divmod((count - 1) * percent, 100)
    return place, place + 1 if rest else place
