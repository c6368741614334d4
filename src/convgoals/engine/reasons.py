"""What an engine can be asked about one profile: where it stands with a goal, and why."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import attrs

from convgoals.engine.fold import ProfileRecord
from convgoals.engine.intake import as_instant
from convgoals.engine.plans import Plans
from convgoals.engine.restoring import Restorer, visible
from convgoals.engine.states import read
from convgoals.engine.windows_open import latest_window
from convgoals.goals import Goal
from convgoals.instants import BEGINNING, to_datetime, to_instant, zone
from convgoals.storage.base import SavedGoal, Store, StoredProfile

if TYPE_CHECKING:
    from convgoals.explain.misses import Misses
    from convgoals.explain.model import Explanation
    from convgoals.standing.history import History
    from convgoals.standing.standing import Standing

PASS = 500
"""How many profiles are loaded at a time where all are asked about."""


class Reasons(Protocol):
    """The part of an engine that answers for single profiles, from the facts that are kept of them."""

    _lock: threading.RLock
    _store: Store
    _aliases: Mapping[str, str]
    _clock: int
    _reached: int
    _plans: Plans
    _records: Mapping[str, ProfileRecord]

    def _saved_goal(self, name: str | Goal) -> SavedGoal:
        """The goal of that name. Raises `UnknownGoalError`."""
        ...

    def _refresh(self) -> None:
        """Notice what another process has committed."""
        ...

    def status(self, goal: str | Goal, profile_id: str, at: datetime | str | None = None) -> Standing:
        """Where a profile stands with a goal: converted, open (until when), missed, or not entered.

        Args:
            goal: the goal, by name or itself; an archived one stands as the facts that are kept of it say.
            profile_id: whom; the id that it had before a merge does too. One that is not known has not entered.
            at: at this time, looking at facts up to it; unless given, at the time that the profile has reached.

        Raises:
            UnknownGoalError: there is no such goal. Implements semantics §8.
        """
        with self._lock:
            saved, whom, history, since = self._history_of(goal, profile_id, at)
            achieved = self._achieved(saved, whom, history.log.now)
            return self._standing(saved.goal, whom, history, since, achieved)

    def _stand(
        self, goal: Goal, profile_ids: Iterable[str], at: datetime, first: Mapping[str, int]
    ) -> Iterator[tuple[str, Standing]]:
        """As `status` of many profiles at one time, of which it is known when they *first* completed the goal."""
        saved, now = self._saved_goal(goal), to_instant(at)
        waiting = iter(profile_ids)
        while chunk := list(itertools.islice(waiting, PASS)):
            for whom, stored in self._store.load(chunk).items():
                history, since = self._kept_history(saved, stored, now)
                achieved = [first[whom]] if whom in first else []
                yield whom, self._standing(goal, whom, history, since, achieved)

    def _standing(
        self, goal: Goal, profile_id: str, history: History, since: datetime | None, achieved: Sequence[int]
    ) -> Standing:
        """Where a profile stands by what is kept of it, which is all *since* then."""
        from convgoals.standing.standing import standing_of  # noqa: PLC0415  only who asks pays for it

        standing = standing_of(goal, history, achieved)
        if since is None:
            return standing
        standing = attrs.evolve(standing, kept_since=since)
        return standing if standing.state == "converted" else self._by_state(goal.name, profile_id, standing)

    def _by_state(self, goal: str, profile_id: str, standing: Standing) -> Standing:
        """*standing* with what the state knows of a window whose anchor is no longer kept.

        What is still kept may look like the first anchor, and not be it.
        """
        record = (
            self._records.get(profile_id)
            or Restorer(self._plans, self._store, self._clock).records([profile_id])[profile_id]
        )
        slot = self._plans.slots.get(goal)
        now = to_instant(standing.at)
        if slot is None or now < record.last or (record.trail is not None and record.trail.strands):
            return standing  # not evaluated any more, or as it stood earlier
        found = latest_window(self._plans.whole.machines[slot], record.state)
        if found is None:
            return standing
        anchor, end = map(to_datetime, found)
        entered = min(anchor, standing.entered_at or anchor)
        if found[1] >= now:
            return attrs.evolve(standing, state="open", entered_at=entered, open_until=end, closed_at=None)
        return attrs.evolve(standing, state="missed", entered_at=entered, open_until=None, closed_at=end)

    def explain(self, goal: str | Goal, profile_id: str, at: datetime | str | None = None) -> Explanation:
        """Why a profile completed a goal, or why not: each part's truth, the nearest miss, and what is missing.

        Args and errors are those of `status`. ``str()`` of the explanation is for people, ``to_dict()`` for machines.
        """
        from convgoals.explain.explain import explain_history  # noqa: PLC0415  as above

        with self._lock:
            saved, whom, history, since = self._history_of(goal, profile_id, at)
            achieved = self._achieved(saved, whom, history.log.now)
        return attrs.evolve(explain_history(saved.goal, history, whom, achieved), kept_since=since)

    def explain_misses(
        self,
        goal: str | Goal,
        *,
        at: datetime | str | None = None,
        limit: int | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> Misses:
        """Why profiles have not completed a goal: the reasons, counted over all of them.

        Args:
            goal: the goal, by name or itself.
            at: as in `status`.
            limit: look at this many profiles only, the first by id.
            on_progress: called with the number of profiles looked at, from time to time.

        Each profile's facts are loaded and explained, so this costs time with each. Other calls go on meanwhile.
        """
        from convgoals.explain.explain import explain_history  # noqa: PLC0415  as above
        from convgoals.explain.misses import MissCounter  # noqa: PLC0415

        with self._lock:
            saved = self._saved_goal(goal)
            waiting: Iterator[str] = itertools.islice(self._store.profile_ids(), limit)
        counter, done = MissCounter(saved.goal.name), 0
        while chunk := list(itertools.islice(waiting, PASS)):
            for profile_id in chunk:
                with self._lock:
                    found, whom, history, _ = self._history_of(saved.goal, profile_id, at)
                    achieved = self._achieved(found, whom, history.log.now)
                counter.add(explain_history(found.goal, history, whom, achieved))
            done += len(chunk)
            if on_progress is not None:
                on_progress(done)
        return counter.result()

    def _history_of(
        self, goal: str | Goal, profile_id: str, at: datetime | str | None
    ) -> tuple[SavedGoal, str, History, datetime | None]:
        """The saved goal, whom the id means now, the profile's facts up to a time, and since when all are kept."""
        self._refresh()
        saved = self._saved_goal(goal)
        whom = self._aliases.get(profile_id, profile_id)
        stored = self._store.load([whom]).get(whom)
        reached = max(stored.until if stored else self._reached, self._clock)
        now = as_instant(at) if at is not None else reached if reached > BEGINNING else None
        return saved, whom, *self._kept_history(saved, stored, now)

    @staticmethod
    def _kept_history(
        saved: SavedGoal, stored: StoredProfile | None, now: int | None
    ) -> tuple[History, datetime | None]:
        """What is kept of a profile, up to *now*, and since when that is all."""
        from convgoals.standing.history import History  # noqa: PLC0415
        from convgoals.standing.log import Log  # noqa: PLC0415

        facts = visible(stored, saved.scopes) if stored else ()
        is_known = stored is not None and (now is None or now >= stored.until)
        final = read(stored.state).final_at if stored else BEGINNING
        since = to_datetime(final + 1) if final > BEGINNING else None
        return History(Log(facts, zone(saved.goal.timezone), now, is_known=is_known)), since

    def _achieved(self, saved: SavedGoal, profile_id: str, now: int) -> list[int]:
        """When the ledger says that the goal, as it is now, was completed."""
        return [
            at
            for completion in self._store.completions(saved.goal.name, version=saved.version, profile_id=profile_id)
            if (at := to_instant(completion.achieved_at)) <= now
        ]
