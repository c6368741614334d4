"""Answering the questions of reports by going through completions one by one: for backends that keep no counts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat
from operator import attrgetter, floordiv
from typing import Any

import attrs

from convgoals.instants import MICROSECOND, to_datetime, to_instant
from convgoals.records import Completion
from convgoals.storage.exact import Sum
from convgoals.storage.likeness import Likeness, from_facts
from convgoals.storage.passages import Passages, Stages, numbered, pass_through
from convgoals.storage.reader import Reader
from convgoals.storage.summary import Part, Question, Summary, waits_of

CHUNK = 4_096
"""How many completions are taken at once: enough for the work inside to run in C, little enough to stream."""

PROFILES = 1_000
"""How many profiles are loaded at once."""

_ACHIEVED = attrgetter("achieved_at")
_ANCHOR = attrgetter("since_anchor")
_PROFILE = attrgetter("profile_id")
_VALUE = attrgetter("value")
_VERSION = attrgetter("version")


class Recounting:
    """What a `Reader` inherits to answer further questions from its own `completions` and `load`."""

    def summaries(self: Reader, questions: Sequence[Question]) -> list[Summary]:
        """As `Reader.summaries`."""
        return [
            recount(
                self.completions(question.goal, version=question.version),
                question,
                self.profile_count(),
                self.reached(),
            )
            for question in questions
        ]

    def profiles_at(self: Reader, instant: int, profile_ids: Iterable[str]) -> Iterator[Likeness]:
        """As `Reader.profiles_at`."""
        waiting = iter(profile_ids)
        while some := list(islice(waiting, PROFILES)):
            for profile_id, stored in self.load(some).items():
                yield from_facts(profile_id, stored.facts, instant)

    def passages(self: Reader, stages: Stages) -> Passages[str]:
        """As `Reader.passages`."""
        found = []
        for goal, version in stages.goals:
            completions = within(list(self.completions(goal, version=version)), stages.since, stages.until)
            found.append((map(_PROFILE, completions), [to_instant(each.achieved_at) for each in completions]))
        profiles, moments = numbered(found)
        passages = pass_through(moments, len(profiles), stages.within)
        return passages.named(lambda numbers: [profiles[number] for number in numbers])


def within(completions: list[Completion], since: int | None, until: int | None) -> list[Completion]:
    """Those of ordered *completions* that lie in a period, both ends of it in."""
    first = 0 if since is None else bisect_left(completions, to_datetime(since), key=_ACHIEVED)
    last = len(completions) if until is None else bisect_right(completions, to_datetime(until), key=_ACHIEVED)
    return completions[first:last] if first or last < len(completions) else completions


def in_chunks(completions: Iterable[Completion]) -> Iterator[list[Completion]]:
    """*completions* in lists of a size that is good to work on."""
    coming = iter(completions)
    while chunk := list(islice(coming, CHUNK)):
        yield chunk


def new_among(completions: list[Completion], seen: set[str]) -> list[Completion]:
    """Those of *completions*, which come in order, that are the first of a profile not *seen*; now it is."""
    # From behind, so that of several completions the earliest is the last to be put down.
    earliest = dict(zip(map(_PROFILE, reversed(completions)), reversed(completions), strict=True))
    found = [completion for profile_id, completion in earliest.items() if profile_id not in seen]
    seen.update(earliest)
    return found


def recount(completions: Iterable[Completion], question: Question, everyone: int, reached: int | None) -> Summary:
    """The answer to *question*, out of the *completions* of its goal and version, which come in their order."""
    count = _Recount(question)
    for chunk in in_chunks(completions):
        count.feed(chunk)
    return count.summary(everyone, reached)


@attrs.define
class _Pile:
    completions: int = 0
    profiles: int = 0
    sum: Sum = attrs.Factory(Sum)

    def part(self) -> Part:
        return Part(self.completions, self.profiles, self.sum.count, self.sum.total)


class _Recount:
    """The figures of a question while the completions go by."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._seen: set[str] = set()
        self._versions: set[int] = set()
        self._whole = _Pile()
        self._parts: defaultdict[int, _Pile] = defaultdict(_Pile)
        self._groups: defaultdict[Any, _Pile] = defaultdict(_Pile)
        self._waits: list[int] = []

    def feed(self, chunk: list[Completion]) -> None:
        """Take in the next completions."""
        chunk = within(chunk, self._question.since, self._question.until)
        self._versions.update(map(_VERSION, chunk))
        bucket = self._question.bucket
        while bucket is not None and chunk:
            start, end = bucket(to_instant(chunk[0].achieved_at))
            stop = len(chunk)
            if to_instant(chunk[-1].achieved_at) >= end:
                stop = bisect_left(chunk, to_datetime(end), key=_ACHIEVED)
            self._add(self._parts[start], chunk[:stop])
            chunk = chunk[stop:]
        if chunk:
            self._add(_Pile(), chunk)

    def _add(self, pile: _Pile, completions: list[Completion]) -> None:
        """Count *completions* in *pile*, in the whole, and in their groups."""
        first = new_among(completions, self._seen)
        values = Sum()
        if self._question.by is None:
            values.extend(map(_VALUE, completions))
        else:
            self._add_groups(completions, first, values)
        waits = [wait for wait in map(_ANCHOR, first) if wait is not None]
        self._waits += map(floordiv, waits, repeat(MICROSECOND))
        for each in (pile, self._whole):
            each.completions += len(completions)
            each.profiles += len(first)
            each.sum.merge(values)

    def _add_groups(self, completions: list[Completion], first: list[Completion], together: Sum) -> None:
        group = attrgetter(str(self._question.by))
        of_group: defaultdict[Any, list[Any]] = defaultdict(list)
        for key, value in zip(map(group, completions), map(_VALUE, completions), strict=True):
            of_group[key].append(value)
        firsts = Counter(map(group, first))
        for key, listed in of_group.items():
            values = Sum()
            values.extend(listed)
            together.merge(values)
            pile = self._groups[key]
            pile.completions += len(listed)
            pile.profiles += firsts[key]
            pile.sum.merge(values)

    def summary(self, everyone: int, reached: int | None) -> Summary:
        """The answer."""
        return Summary(
            whole=self._whole.part(),
            versions=frozenset(self._versions),
            parts={start: pile.part() for start, pile in self._parts.items()},
            groups={key: pile.part() for key, pile in self._groups.items()},
            waits=waits_of(self._waits, self._question.percents, self._question.edges),
            everyone=everyone,
            reached=reached,
        )
