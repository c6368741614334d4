"""What a page is asked for: the same of every goal on it."""

from __future__ import annotations

from typing import Any

import attrs

from convgoals.analytics.buckets import Every
from convgoals.analytics.goal_report import GoalReport
from convgoals.analytics.measure import By
from convgoals.analytics.periods import Moment
from convgoals.analytics.selection import Audience
from convgoals.analytics.stats import CONFIDENCE
from convgoals.engine.engine import GoalEngine
from convgoals.goals import Goal

DAYS: dict[Every, float] = {"hour": 3, "day": 70, "week": 500, "month": 3_000}
"""Up to how many days a trend has buckets of that size; beyond: quarters."""


@attrs.frozen
class Asked:
    """The questions of a page.

    Attributes:
        engine: who is asked.
        since, until, timezone, audience, limit: as in `convgoals.analytics.report.report`.
        every: the size of the trends' buckets; ``None``: what suits the period.
        breakdowns: what each goal is broken down by.
        baseline: another period to compare with, as there; ``None``: none.
        by, final_only, confidence: as there.
        outcomes: whether to look at each profile's facts for who is open and by when those who entered convert.
    """

    engine: GoalEngine
    since: Moment | None
    until: Moment | None
    every: Every | None
    timezone: str | None
    audience: Audience | None
    limit: int
    breakdowns: tuple[str, ...]
    baseline: Any
    by: By = "converted"
    final_only: bool = False
    outcomes: bool = True
    confidence: float = CONFIDENCE

    def period(self) -> dict[str, Any]:
        """The period, as every question takes it."""
        return {"since": self.since, "until": self.until, "timezone": self.timezone, "audience": self.audience}

    def shared_audience(self) -> dict[str, Any]:
        """The period and the audience for questions of several goals, which nobody can have entered as one."""
        return {**self.period(), "audience": None if self.audience == "entered" else self.audience}

    def report(self, goal: Goal, *, every: Every, **more: Any) -> GoalReport:
        """A report of *goal* with the page's options."""
        asked: dict[str, Any] = {"every": every, "by": self.by, "final_only": self.final_only}
        asked |= {"limit": self.limit, "confidence": self.confidence}
        return self.engine.report(goal.name, **self.period(), **asked, **more)

    def can_cut(self, goal: Goal, dimension: str) -> bool:
        """Whether a breakdown may have something to tell apart: looking through every profile for nothing is slow."""
        return dimension != "segment" or any(each.segments for each in self.engine.history(goal=goal.name))

    def overview(self, goal: Goal) -> GoalReport:
        """A goal's figures with its trend by month."""
        return self.report(goal, every="month")

    def suiting(self, overviews: list[GoalReport]) -> Every:
        """The size of buckets that suits the time that the goals' completions span."""
        if self.every is not None:
            return self.every
        trends = [report for report in overviews if report.trend]
        if not trends:
            return "day"
        start = min(report.since or report.trend[0].start for report in trends)
        end = max(report.until or report.trend[-1].end for report in trends)
        return next((every for every, most in DAYS.items() if (end - start).days <= most), "quarter")
