"""A goal's life, from the moment at which it is saved (semantics §7)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

import attrs

from convgoals.engine.batch import BatchRun
from convgoals.engine.evaluating import evaluate_known
from convgoals.engine.plans import Plans
from convgoals.errors import GoalDefinitionError, StoreError
from convgoals.goals import Goal
from convgoals.records import Completion, Retraction
from convgoals.storage.base import Batch, SavedGoal, Store

PASS = 1_000
"""How many profiles are loaded at a time where all have to be looked at."""

Change = Completion | Retraction


class Lifecycle(Protocol):
    """The part of an engine that saves goals, renames them, and takes them out of evaluation and back."""

    _lock: threading.RLock
    _store: Store
    _schema: Any
    _saved: dict[str, SavedGoal]

    def _read_store(self) -> None:
        """Take the goals from the store."""
        ...

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

    def add(self, goal: Goal, *, on_progress: Callable[[int], None] | None = None) -> list[Change]:
        """Save a goal; it is live at once, for the profiles known already and all to come.

        A goal of the same name is replaced: if what it asks or how it counts is another, under a new version, and the
        old version's completions stay.

        Args:
            goal: the goal.
            on_progress: called with the number of known profiles evaluated so far, a bounded number at a time.

        Returns:
            The completions of known profiles, from the facts that are kept of them.
        """
        with self._lock:
            with self._changing():
                changes = self._save([goal], on_progress)
            return self._announce(changes)

    def _changed(self, goals: Iterable[Goal]) -> list[SavedGoal]:
        """Those of *goals* that are not saved as they are, as they are to be saved."""
        changed = []
        for goal in goals:
            if self._schema is not None:
                self._schema.check(goal)
            before = self._saved.get(goal.name)
            if before is not None and before.goal == goal and not before.archived:
                continue
            version = 1 if before is None else before.version + (_meaning(before.goal) != _meaning(goal))
            changed.append(SavedGoal(goal, version, scopes=() if before is None else before.scopes))
        return changed

    def _save(self, goals: list[Goal], on_progress: Callable[[int], None] | None = None) -> list[Change]:
        changed = self._changed(goals)
        if not changed:
            return []
        saved = self._saved | {each.goal.name: each for each in changed}
        plans = Plans(saved)
        changes = self._evaluate_all(plans, frozenset(each.goal.name for each in changed), on_progress)
        self._store.commit(Batch(goals=tuple(changed)))  # last: what was broken off is begun anew
        self._saved = saved
        self._use(plans)
        return changes

    def _evaluate_all(
        self, plans: Plans, names: frozenset[str], on_progress: Callable[[int], None] | None
    ) -> list[Change]:
        """Evaluate some goals over every known profile, a bounded number at a time."""
        waiting, done, changes = self._store.profile_ids(), 0, []
        asked = [(name, plans.saved[name].version) for name in names]
        unrecorded = frozenset(
            key for key in asked if next(self._store.completions(key[0], version=key[1]), None) is None
        )
        while chunk := list(itertools.islice(waiting, PASS)):
            run = self._run(plans)
            run.unrecorded = unrecorded
            for profile_id, stored in self._store.load(chunk).items():
                evaluate_known(run, profile_id, stored, names)
            changes += self._commit(run, Batch())
            done += len(chunk)
            if on_progress is not None:
                on_progress(done)
        return sorted(changes, key=_all_changes_order)

    def archive(self, name: str) -> None:
        """Stop evaluating a goal; its history stays. Raises `UnknownGoalError`."""
        with self._changing():
            before = self._saved_goal(name)
            after = attrs.evolve(before, archived=True)
            self._store.commit(Batch(goals=(after,)))
            self._saved[name] = after
            self._use(Plans(self._saved))

    def rename(self, old: str, new: str) -> None:
        """Give a goal another name; its history, in all its versions, is found under that name from then on.

        Raises:
            UnknownGoalError: there is no goal *old*.
            GoalDefinitionError: *new* is no name, or another goal has it (code ``duplicate-name``).
        """
        with self._changing():
            before = self._saved_goal(old).goal
            after = before.renamed(new)
            if after.name == before.name:
                return
            try:
                self._store.rename(before.name, after.name)
            except StoreError as error:
                if error.code != "rename":
                    raise
                raise GoalDefinitionError(
                    f"goal {before.name!r} cannot be called {new!r}: another has this name, or had it",
                    code="duplicate-name",
                ) from None
            self._read_store()

    def restore(self, name: str) -> list[Change]:
        """Evaluate an archived goal again, under the version that it had; of one that is live, nothing changes.

        It is evaluated over what is kept of every profile, so that what happened meanwhile counts too, as far as it was
        kept: with ``keep="relevant"`` that is what other goals looked at.

        Returns:
            What changed, by ``achieved_at``.

        Raises:
            UnknownGoalError: there is no such goal.
        """
        with self._lock:
            with self._changing():
                changes = self._save([self._saved_goal(name).goal])
            return self._announce(changes)


def _all_changes_order(change: Change) -> tuple[bool, datetime, str, str]:
    return (isinstance(change, Completion), change.achieved_at, change.profile_id, change.goal)


def _meaning(goal: Goal) -> tuple[object, ...]:
    """What makes a goal's completions what they are: if it changes, so does the version."""
    return str(goal.condition), goal.count, goal.value, goal.timezone, goal.since
