"""What an engine can be asked: its history, and the reports over it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from convgoals.engine.diagnostics import Diagnostics
from convgoals.engine.intake import as_instant
from convgoals.engine.reasons import PASS, Reasons
from convgoals.engine.restoring import visible
from convgoals.engine.states import read
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import Completion, Retraction

if TYPE_CHECKING:
    from convgoals.analytics.attribution import Attribution
    from convgoals.analytics.campaigns import CampaignReport
    from convgoals.analytics.compare import Comparison
    from convgoals.analytics.funnel import Funnel
    from convgoals.analytics.report import GoalReport

CLOCK = "@clock"
"""The source position under which the last ``advance`` is kept: the clock is a source like any other."""

FLOOR = "@floor"
"""The source position under which the instant is kept before which all is final, and nothing comes any more."""


class Questions(Reasons, Protocol):
    """The part of an engine that reads and changes nothing."""

    _diagnostics: Diagnostics

    def history(
        self,
        profile_id: str | None = None,
        goal: str | Goal | None = None,
        as_of: datetime | str | None = None,
        include_retracted: bool = False,
    ) -> Iterator[Completion]:
        """Completions, by ``achieved_at``.

        Args:
            profile_id: of this profile only; the id that it had before a merge does too.
            goal: of this goal only, in all its versions.
            as_of: as was known at this time (by ``recorded_at``).
            include_retracted: also those that have been retracted.

        Raises:
            UnknownGoalError: there is no such goal.
        """
        with self._lock:
            name = None if goal is None else self._saved_goal(goal).goal.name
            profile = None if profile_id is None else self._aliases.get(profile_id, profile_id)
            known_at = None if as_of is None else to_datetime(as_instant(as_of))
            return self._store.history(name, profile, known_at, include_retracted)

    def ledger(self) -> Iterator[Completion | Retraction]:
        """Every completion and retraction ever recorded, in the order in which it was."""
        with self._lock:
            return self._store.entries()

    def checkpoint(self) -> dict[str, int | str]:
        """How far each source had been read by the last committed batch.

        What is being committed is waited for, also what a server still does for a worker that has died: to read on from
        here is to read everything once.

        Raises:
            StoreBusyError: another writer was in the way for longer than the store waits.
        """
        with self._lock, self._store.writing():
            return {source: at for source, at in self._store.positions().items() if source not in (CLOCK, FLOOR)}

    def diagnostics(self, *, profiles: int | None = 1_000) -> Diagnostics:
        """What the data looked like to the goals: wrong types, what never came, and what no goal listens to; a copy.

        Args:
            profiles: how many profiles' kept facts are looked at, the first by id; ``None`` for all, 0 for none.
        """
        from convgoals.engine.diagnosis import Examination  # noqa: PLC0415  only who asks pays for it

        with self._lock:
            self._refresh()
            found = copy.deepcopy(self._diagnostics)
            if profiles == 0:
                return found
            live = [saved.goal for saved in self._store.goals() if not saved.archived]
            examination = Examination(live, found.unheard)
            waiting, whole = itertools.islice(self._store.profile_ids(), profiles), True
            while chunk := list(itertools.islice(waiting, PASS)):
                for stored in self._store.load(chunk).values():
                    examination.look(visible(stored, stored.scoped))
                    whole = whole and not read(stored.state).final
                found.looked_at += len(chunk)
            found.goals = examination.result()
            found.complete = whole and found.looked_at == self._store.profile_count()
            return found

    def report(self, goal: str | Goal, **options: Any) -> GoalReport:
        """The report of one goal; *options* are those of `convgoals.analytics.report.report`."""
        from convgoals.analytics.report import report  # noqa: PLC0415  only who asks pays for analytics

        with self._lock:
            return report(self._store, self._saved_goal(goal).goal, stand=self._stand, **options)

    def compare(self, goals: Sequence[str | Goal], **options: Any) -> Comparison:
        """Several goals side by side; *options* are those of `convgoals.analytics.compare.compare`."""
        from convgoals.analytics.compare import compare  # noqa: PLC0415

        with self._lock:
            return compare(self._store, [self._saved_goal(goal).goal for goal in goals], **options)

    def funnel(self, goals: Sequence[str | Goal], **options: Any) -> Funnel:
        """Goals as the stages of a funnel; *options* are those of `convgoals.analytics.funnel.funnel`."""
        from convgoals.analytics.funnel import funnel  # noqa: PLC0415

        with self._lock:
            return funnel(self._store, [self._saved_goal(goal).goal for goal in goals], **options)

    def attribution(self, goal: str | Goal, **options: Any) -> Attribution:
        """Credit for a goal's completions; *options* are those of `convgoals.analytics.attribution.attribution`."""
        from convgoals.analytics.attribution import attribution  # noqa: PLC0415

        with self._lock:
            return attribution(self._store, self._saved_goal(goal).goal, **options)

    def campaigns(self, goal: str | Goal, names: Sequence[str] | str | None = None, **options: Any) -> CampaignReport:
        """Campaigns side by side: recipients who completed a goal, and the others.

        *options* are those of `convgoals.analytics.campaigns.campaigns`.
        """
        from convgoals.analytics.campaigns import campaigns  # noqa: PLC0415

        with self._lock:
            return campaigns(self._store, self._saved_goal(goal).goal, names, **options)
