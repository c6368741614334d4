"""A goal's life after it was saved (semantics §7)."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Protocol

from convgoals.errors import GoalDefinitionError, StoreError
from convgoals.goals import Goal
from convgoals.records import Completion, Retraction
from convgoals.storage.base import SavedGoal, Store


class Lifecycle(Protocol):
    """The part of an engine that renames goals, and takes them back into evaluation."""

    _lock: threading.RLock
    _store: Store

    def _read_store(self) -> None:
        """Take the goals from the store."""
        ...

    def _changing(self) -> AbstractContextManager[None]:
        """A block that reads and then commits, with no other writer in between."""
        ...

    def _announce(self, changes: list[Completion | Retraction]) -> list[Completion | Retraction]:
        """Tell what has been committed."""
        ...

    def _saved_goal(self, name: str | Goal) -> SavedGoal:
        """The goal of that name. Raises `UnknownGoalError`."""
        ...

    def _save(self, goals: list[Goal]) -> list[Completion | Retraction]:
        """Save goals, and evaluate them over all profiles."""
        ...

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

    def restore(self, name: str) -> list[Completion | Retraction]:
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
