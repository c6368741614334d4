"""A goal's life after it was saved (semantics §7)."""

from __future__ import annotations

import threading
from typing import Protocol

from convgoals.goals import Goal
from convgoals.records import Completion, Retraction
from convgoals.storage.base import SavedGoal


class Lifecycle(Protocol):
    """The part of an engine that takes goals back into evaluation."""

    _lock: threading.RLock

    def _refresh(self) -> None:
        """Notice what another process has committed."""
        ...

    def _saved_goal(self, name: str | Goal) -> SavedGoal:
        """The goal of that name. Raises `UnknownGoalError`."""
        ...

    def _save(self, goals: list[Goal]) -> list[Completion | Retraction]:
        """Save goals, and evaluate them over all profiles."""
        ...

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
            self._refresh()
            return self._save([self._saved_goal(name).goal])
