"""The ledger of the store in memory: all entries in one list, and what finds some of them again."""

from __future__ import annotations

import itertools
import operator
from array import array
from collections.abc import Collection, Container, Iterable, Iterator
from datetime import datetime
from operator import attrgetter

import attrs

from convgoals.errors import StoreError
from convgoals.instants import EARLIEST, LATEST, to_instant
from convgoals.records import Completion, Retraction
from convgoals.storage.passages import Moments, Passages, Stages, pass_through

Entry = Completion | Retraction

_ACHIEVED = attrgetter("achieved_at")

_NOWHERE = -1
"""The place before the first of the ledger."""


class Ledger:
    """Completions and retractions in the order in which they were written; a *place* is a number in that order.

    Args:
        known: the profiles that are known, now and later; those of others became others.
    """

    def __init__(self, known: Container[str]) -> None:
        self._known = known
        self._entries: list[Entry] = []
        self._previous = array("q")  # for each place the profile's completion before it
        self._latest: dict[str, int] = {}  # where the latest completion of a profile stands
        self._gone: dict[str, int] = {}  # the same of profiles that became others
        self._number = array("q")  # for the first places, as far as anybody has asked, the number of the profile
        self._achieved = array("q")  # … and the instant of the completion
        self._names: list[str] = []  # the profiles by these numbers
        self._ended: dict[int, int] = {}  # by the place of a completion that of its retraction
        self._by_goal: dict[str, list[int]] = {}

    # ---- writing

    def matched(self, entries: Iterable[Entry]) -> dict[int, int]:
        """The place of what each retraction ends, by the retraction's `id`; found before anything is changed.

        Raises:
            StoreError: there is none (code ``retraction``).
        """
        matched: dict[int, int] = {}
        taken: set[int] = set()
        for entry in entries:
            if isinstance(entry, Retraction):
                for place in self._places(entry.profile_id):
                    completion = self._entries[place]
                    if place in self._ended or place in taken or not isinstance(completion, Completion):
                        continue
                    if _same(completion, entry.completion):
                        matched[id(entry)] = place
                        taken.add(place)
                        break
                else:
                    raise StoreError(f"nothing is recorded that could be retracted: {entry}", code="retraction")
        return matched

    def append(self, entries: Iterable[Entry], matched: dict[int, int]) -> None:
        """Append *entries*; a retraction names what it ends as that was recorded."""
        written = self._entries
        for entry in entries:
            if isinstance(entry, Completion):
                self._index(entry, len(written))
                written.append(entry)
                continue
            place = matched[id(entry)]
            completion = written[place]
            if isinstance(completion, Completion):
                self._ended[place] = len(written)
                self._previous.append(_NOWHERE)  # a retraction takes a place too
                written.append(Retraction(completion, entry.recorded_at, entry.cause))

    def _index(self, completion: Completion, place: int) -> None:
        """Find a completion again by its goal and its profile."""
        profile_id = completion.profile_id
        latest = self._latest if profile_id in self._known else self._gone
        self._previous.append(latest.get(profile_id, _NOWHERE))
        latest[profile_id] = place
        places = self._by_goal.get(completion.goal)
        if places is None:
            places = self._by_goal[completion.goal] = []
        places.append(place)

    def leave(self, profile_id: str) -> None:
        """What is written of a profile stays, but is no known profile's any more."""
        latest = self._latest.pop(profile_id, None)
        if latest is not None:
            self._gone[profile_id] = latest

    def erase(self, profile_ids: Collection[str]) -> None:
        """Erase all that is written of some profiles."""
        before, ended = self._entries, {end: place for place, end in self._ended.items()}
        self._entries, self._ended, self._by_goal = [], {}, {}
        self._previous = array("q")
        self._latest, self._gone = {}, {}
        self._number, self._achieved, self._names = array("q"), array("q"), []
        moved: dict[int, int] = {}
        for place, entry in enumerate(before):
            if entry.profile_id in profile_ids:
                continue
            moved[place] = len(self._entries)
            if isinstance(entry, Completion):
                self._index(entry, len(self._entries))
            else:
                self._ended[moved[ended[place]]] = len(self._entries)
                self._previous.append(_NOWHERE)  # a retraction takes a place too
            self._entries.append(entry)

    def rename(self, old: str, new: str) -> None:
        """Say of the goal *new* all that is said of *old*."""

        def renamed(entry: Completion) -> Completion:
            return attrs.evolve(entry, goal=new) if entry.goal == old else entry

        self._entries = [
            renamed(entry)
            if isinstance(entry, Completion)
            else attrs.evolve(entry, completion=renamed(entry.completion))
            for entry in self._entries
        ]
        if old in self._by_goal:
            self._by_goal[new] = self._by_goal.pop(old)

    # ---- reading

    def counts(self) -> tuple[int, int]:
        """How many completions there are, the retracted ones included, and how many retractions."""
        return len(self._entries) - len(self._ended), len(self._ended)

    def knows(self, goal: str) -> bool:
        return goal in self._by_goal

    def entries(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def history(
        self, goal: str | None, profile_id: str | None, as_of: datetime | None, *, retracted: bool
    ) -> Iterator[Completion]:
        """Of `Store.history`; *profile_id* is the current one."""
        if profile_id is not None:
            places: Iterable[int] = reversed(list(self._places(profile_id)))
        else:
            places = range(len(self._entries)) if goal is None else self._by_goal.get(goal, ())
        found = []
        for place in places:
            entry = self._entries[place]
            if isinstance(entry, Retraction) or (goal is not None and entry.goal != goal):
                continue
            end = self._entries[self._ended[place]] if place in self._ended else None
            if as_of is not None and (entry.recorded_at > as_of or (end is not None and end.recorded_at > as_of)):
                end = None
                if entry.recorded_at > as_of:
                    continue
            if retracted or end is None:
                found.append(entry)
        return iter(_in_order(found))

    def _held(self, goal: str) -> list[int]:
        """Where the completions of *goal* stand that hold, in the order of recording."""
        places = self._by_goal.get(goal, [])
        return [place for place in places if place not in self._ended] if self._ended else places

    def held_in_order(self, goal: str) -> Iterator[Completion]:
        """The completions of *goal* that hold, in the order of a history."""
        entries = self._entries
        return iter(_in_order([entries[place] for place in self._held(goal)]))  # type: ignore[misc] # no retraction

    def passages(self, stages: Stages) -> Passages[str]:
        """Of `Reader.passages`."""
        self._look_through()
        moments = [self._moments(*goal, stages) for goal in stages.goals]
        names = self._names
        passages = pass_through(moments, len(names), stages.within)
        return passages.named(lambda numbers: list(map(names.__getitem__, numbers)))

    def _look_through(self) -> None:
        """Number the profiles, and note the instants, of what was written since this was last asked for."""
        number, names, achieved = self._number, self._names, self._achieved
        for place in range(len(number), len(self._previous)):
            entry, before = self._entries[place], self._previous[place]
            achieved.append(to_instant(entry.achieved_at) if isinstance(entry, Completion) else _NOWHERE)
            if before == _NOWHERE:
                number.append(len(names))
                names.append(entry.profile_id)
            else:
                number.append(number[before])

    def _moments(self, goal: str, version: int | None, stages: Stages) -> Moments:
        places, achieved = self._held(goal), self._achieved
        if version is not None:
            places = [place for place in places if self._entries[place].version == version]
        since, until = stages.since, stages.until
        if since is not None or until is not None:
            low, high = EARLIEST if since is None else since, LATEST if until is None else until
            places = [place for place in places if low <= achieved[place] <= high]
        return Moments(list(map(self._number.__getitem__, places)), list(map(achieved.__getitem__, places)))

    def recorded(self, profile_id: str) -> Iterator[Completion]:
        """A profile's completions that hold, the latest recorded first.

        It goes on with what there was when it was asked for: what is erased or renamed later is in other lists.
        """
        entries, ended, now = self._entries, self._ended, len(self._entries)

        def holding(places: Iterator[int]) -> Iterator[Completion]:
            for place in places:
                completion = entries[place]
                if ended.get(place, now) >= now and isinstance(completion, Completion):
                    yield completion

        return holding(self._places(profile_id))

    def _places(self, profile_id: str) -> Iterator[int]:
        """Where a profile's completions stand, the latest first."""

        def before(place: int, previous: array[int]) -> Iterator[int]:
            while place != _NOWHERE:
                yield place
                place = previous[place]

        return before(self._latest.get(profile_id, _NOWHERE), self._previous)


def _same(left: Completion, right: Completion) -> bool:
    """Whether two records are of one completion, whenever each was recorded."""
    return attrs.evolve(left, recorded_at=right.recorded_at) == right


def _in_order(completions: list[Completion]) -> list[Completion]:
    """*completions* by ``achieved_at``, then profile, goal and trigger; they mostly come so already."""
    completions.sort(key=_ACHIEVED)
    times = list(map(_ACHIEVED, completions))
    same = list(itertools.compress(itertools.count(), map(operator.eq, times, times[1:])))
    if len(same) > len(times) // 8:
        completions.sort(key=_order)
        return completions
    done = -1
    for first in same:
        if first > done:
            last = first + 1
            while last + 1 < len(times) and times[last + 1] == times[first]:
                last += 1
            completions[first : last + 1] = sorted(completions[first : last + 1], key=_order)
            done = last
    return completions


def _order(completion: Completion) -> tuple[datetime, str, str, str]:
    return completion.achieved_at, completion.profile_id, completion.goal, completion.trigger_id or ""
