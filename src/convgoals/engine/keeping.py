"""What an engine keeps, at its host's wish: history given to some goals, and facts that need no longer be kept."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import attrs

from convgoals.engine.batch import BatchRun
from convgoals.engine.evaluating import evaluate_given
from convgoals.engine.intake import Intake, as_instant
from convgoals.engine.plans import Plans
from convgoals.engine.pruning import droppable, look_back
from convgoals.engine.questions import FLOOR
from convgoals.engine.restoring import Restorer, scoped_with
from convgoals.engine.rungs import rung_of
from convgoals.engine.scopes import Scopes
from convgoals.engine.states import Saved, part_of, read, without, write
from convgoals.engine.trimming import event_types
from convgoals.errors import ConvgoalsError
from convgoals.goals import Goal
from convgoals.instants import BEGINNING, to_datetime
from convgoals.records import Completion, Event, Fact, Retraction
from convgoals.storage.base import NO_STATE, NOBODY, Batch, ProfileChange, SavedGoal, Store, StoredProfile

PORTION = 1_000
"""How many facts, or profiles, are taken at a time."""

Change = Completion | Retraction


class Keeping(Protocol):
    """The part of an engine that is given history, and gives back space."""

    _lock: threading.RLock
    _store: Store
    _intake: Intake
    _plans: Plans
    _saved: dict[str, SavedGoal]
    _aliases: Mapping[str, str]
    _records: dict[str, Any]
    _reached: int
    _clock: int
    _keep_all: bool

    def _changing(self) -> AbstractContextManager[None]:
        """A block that reads and then commits, with no other writer in between."""
        ...

    def _announce(self, changes: list[Change]) -> list[Change]:
        """Tell what has been committed."""
        ...

    def _saved_goal(self, name: str | Goal) -> SavedGoal:
        """The goal of that name. Raises `UnknownGoalError`."""
        ...

    def _run(self, plans: Plans) -> BatchRun:
        """What collects the changes of a batch."""
        ...

    def _commit(self, run: BatchRun, batch: Batch) -> list[Change]:
        """Make the run durable."""
        ...

    def _use(self, plans: Plans) -> None:
        """Evaluate these goals from now on."""
        ...

    def _final(self, reached: int) -> int:
        """The instant up to which no fact can come any more."""
        ...

    # ---- history from elsewhere

    def backfill(
        self,
        facts: Iterable[Fact | Mapping[str, Any]],
        goals: Iterable[str | Goal],
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> list[Change]:
        """Give some goals facts from elsewhere, such as the history that a goal is new to; other goals do not see them.

        From then on, these goals' completions are those of all that is kept and all that they were given. Facts are
        taken as they come, `PORTION` at a time, each portion atomic. Ids make it safe to begin anew.

        Args:
            facts: any iterable; ``lateness`` does not bound them. Of events, those that the goals look at are kept.
            goals: which goals, by name or themselves.
            on_progress: called with the number of facts taken so far.

        Returns:
            What changed for these goals, portion by portion.

        Raises:
            UnknownGoalError: there is no such goal.
            FactError: something is no fact; portions before it are kept.
        """
        with self._lock:
            names = frozenset(self._saved_goal(goal).goal.name for goal in goals)
        changes: list[Change] = []
        waiting, done = iter(facts), 0
        while names and (portion := list(itertools.islice(waiting, PORTION))):
            with self._lock:
                with self._changing():
                    changed = self._give(portion, names)
                changes += self._announce(changed)
            done += len(portion)
            if on_progress is not None:
                on_progress(done)
        return changes

    def _give(self, portion: Sequence[Fact | Mapping[str, Any]], names: frozenset[str]) -> list[Change]:
        """Give the goals called *names* a portion of facts."""
        for name in names:
            self._saved_goal(name)
        groups = self._intake.sort_all(self._intake.read(portion), self._aliases)
        wanted = (
            None if self._keep_all else frozenset[str]().union(*(event_types(self._saved[name].goal) for name in names))
        )
        groups = {profile_id: [f for f in facts if _is_heard(f, wanted)] for profile_id, facts in groups.items()}
        stored = self._store.load(groups)
        scopes = Scopes(self._saved)
        given = {
            profile_id: scopes.assign(names, facts, stored.get(profile_id, NOBODY))
            for profile_id, facts in groups.items()
        }
        plans = Plans(scopes.saved) if scopes.changed else self._plans
        run = self._run(plans)
        keys = [plans.key(machine) for machine in plans.whole.machines if machine.goal.name in names]
        for profile_id, more in given.items():
            known = stored.get(profile_id)
            if not more and known is not None:
                continue
            whole = scoped_with(known or NOBODY, more)
            saved = read(whole.state)
            state = without(saved, keys) if saved.final else NO_STATE
            evaluate_given(run, profile_id, whole, names, more, state)
        changes = self._commit(run, Batch(goals=scopes.changed_goals()))
        for profile_id in given:
            self._records.pop(profile_id, None)
        if scopes.changed:
            self._saved = scopes.saved
            self._use(plans)
        return changes

    # ---- giving back space

    def vacuum(self, before: datetime | str | None = None, *, on_progress: Callable[[int], None] | None = None) -> int:
        """Drop kept facts that can no longer matter: facts so old that none before them can come any more.

        What they came to is saved in their place, and history stays. The snapshot and updates in force stay facts.

        Args:
            before: make final what is before this time, besides what ``lateness`` makes so: an earlier fact is
                refused from then on, by every engine on the store. No later than the time that was reached.
            on_progress: called with the number of profiles looked at so far.

        Returns:
            How many facts were dropped. Without ``lateness`` and *before*, and none before, it is none.

        Raises:
            ConvgoalsError: *before* is no instant, or one that has not been reached (code ``instant``).
        """
        floor = None if before is None else as_instant(before)
        with self._lock:
            with self._changing():
                if floor is not None:
                    self._raise_floor(floor)
                waiting = self._store.profile_ids()
            dropped = done = 0
            while self._final(self._reached) > BEGINNING and (chunk := list(itertools.islice(waiting, PORTION))):
                with self._changing():
                    dropped += self._vacuum(chunk)
                done += len(chunk)
                if on_progress is not None:
                    on_progress(done)
        return dropped

    def _raise_floor(self, floor: int) -> None:
        if floor > self._reached:
            raise ConvgoalsError(
                f"{to_datetime(floor)} has not been reached: facts before it may still come",
                code="instant",
                hint=f"no later than {to_datetime(self._reached)}"
                if self._reached > BEGINNING
                else "there are no facts",
            )
        if floor - 1 > self._final(BEGINNING):
            self._commit(self._run(self._plans), Batch(positions={FLOOR: floor}))

    def _vacuum(self, profile_ids: Sequence[str]) -> int:
        """Drop what may go of some profiles."""
        final = self._final(self._reached)
        run, number = self._run(self._plans), 0
        for profile_id, stored in self._store.load(profile_ids).items():
            state, gone = self._pruned(profile_id, stored, final)
            if gone:
                number += len(gone)
                run.changes.put(profile_id, ProfileChange((), stored.until, stored.wake, state, gone))
                run.long.pruned_to = max(run.long.pruned_to, final)
        if run.changes:
            self._commit(run, Batch())
            for profile_id in run.changes:
                self._records.pop(profile_id, None)
        return number

    def _pruned(self, profile_id: str, stored: StoredProfile, final: int) -> tuple[Any, list[str]]:
        """The state of a profile at the instant *final*, and the ids of the facts that need not be kept then."""
        final = min(final, stored.until)
        reach = look_back(each.goal for each in self._saved.values() if not each.archived)
        gone = set[str]()
        stay = set[str]()
        for facts in (stored.facts, *stored.scoped.values()):
            mine = droppable([fact for fact in facts if fact.instant <= final], final, reach)
            gone.update(mine)
            stay.update(str(fact.id) for fact in facts if str(fact.id) not in set(mine))
        gone -= stay
        saved = read(stored.state)
        if not gone or saved.final_at >= final:
            return None, []
        before = attrs.evolve(
            stored,
            facts=tuple(fact for fact in stored.facts if fact.instant <= final),
            scoped={scope: tuple(f for f in facts if f.instant <= final) for scope, facts in stored.scoped.items()},
            until=final,
        )
        restorer, parts = Restorer(self._plans, self._store, self._clock), []
        for view in restorer.views(stored, saved):
            record = restorer.fold(profile_id, before, saved, view).strand.record
            part = part_of(self._plans, view.plan, attrs.evolve(rung_of(record), at=final), view.scopes)
            if part is None:  # memory takes properties that cannot be saved
                return None, []
            parts.append(part)
        return write(Saved(tuple(parts))), sorted(gone)


def _is_heard(fact: Fact, types: frozenset[str] | None) -> bool:
    return types is None or not isinstance(fact, Event) or fact.type in types
