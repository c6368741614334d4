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
from convgoals.records import Completion, Retraction

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
                self._previous.append(_NOWHERE)
                written.append(Retraction(completion, entry.recorded_at, entry.cause))

    def _index(self, completion: Completion, place: int) -> None:
        """Find a completion again by its goal and its profile."""
        if completion.profile_id in self._known:
            self._previous.append(self._latest.get(completion.profile_id, _NOWHERE))
            self._latest[completion.profile_id] = place
        else:  # it became another
            self._previous.append(_NOWHERE)
        places = self._by_goal.get(completion.goal)
        if places is None:
            places = self._by_goal[completion.goal] = []
        places.append(place)

    def leave(self, profile_id: str) -> None:
        """What is written of a profile stays, but is no known profile's any more."""
        self._latest.pop(profile_id, None)

    def erase(self, profile_ids: Collection[str]) -> None:
        """Erase all that is written of some profiles."""
        before, ended = self._entries, {end: place for place, end in self._ended.items()}
        self._entries, self._previous, self._latest = [], array("q"), {}
        self._ended, self._by_goal = {}, {}
        moved: dict[int, int] = {}
        for place, entry in enumerate(before):
            if entry.profile_id in profile_ids:
                continue
            moved[place] = len(self._entries)
            if isinstance(entry, Completion):
                self._index(entry, len(self._entries))
            else:
                self._ended[moved[ended[place]]] = len(self._entries)
                self._previous.append(_NOWHERE)
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

    def held(self, goal: str) -> list[Completion]:
        """The completions of *goal* that hold, in the order of recording."""
        entries, ended = self._entries, self._ended
        places = self._by_goal.get(goal, ())
        if ended:
            places = [place for place in places if place not in ended]
        return [entries[place] for place in places]  # type: ignore[misc] # no retraction is among them

    def held_in_order(self, goal: str) -> Iterator[Completion]:
        """The completions of *goal* that hold, in the order of a history."""
        return iter(_in_order(self.held(goal)))

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
