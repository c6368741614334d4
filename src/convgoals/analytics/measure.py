"""One period of one goal's report: its audience, where that stands, and the figures while completions go by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta, tzinfo
from typing import Literal, get_args

import attrs

from convgoals.analytics.cohorts import CohortTally
from convgoals.analytics.cuts import dimension
from convgoals.analytics.dimensions import Row
from convgoals.analytics.figures import PERCENTS, Figures, bin_edges
from convgoals.analytics.periods import Period
from convgoals.analytics.selection import Audience, Selection, as_of, select
from convgoals.analytics.standings import Outcomes, Stand, Standings, standings
from convgoals.analytics.survival import Curve, curve
from convgoals.analytics.tally import Tally
from convgoals.errors import QuestionError
from convgoals.goals import Goal
from convgoals.records import Completion
from convgoals.standing.standing import has_window
from convgoals.storage.reader import Reader
from convgoals.storage.summary import By as Cut
from convgoals.storage.summary import Question, Summary
from convgoals.suggest import did_you_mean

By = Literal["converted", "entered"]
CUTS: Mapping[str, Cut] = {"channel": "channel", "version": "version"}
"""The breakdowns that a store answers by itself."""

BYS: tuple[str, ...] = get_args(By)


@attrs.frozen
class Asked:
    """What a report is asked for, whatever the period.

    Attributes:
        audience: as in `convgoals.analytics.report.report`, and so on.
    """

    audience: Audience | None
    by: By
    final_only: bool
    outcomes: bool
    timezone: tzinfo
    version: int | None
    confidence: float
    stand: Stand

    def check(self, goal: Goal) -> None:
        """Raises `QuestionError` where it cannot be asked of *goal*."""
        if self.by not in BYS:
            hint = did_you_mean(str(self.by), BYS) or f"one of {', '.join(BYS)}"
            raise QuestionError(f"time cannot be cut by {self.by!r:.60}", code="by", hint=hint)
        if self.final_only and not has_window(goal.condition.root):
            raise QuestionError(
                f"goal {goal.name!r} has no window, so nobody's outcome is final but that of those who converted",
                code="final",
                hint="leave out final_only, or give the goal a window (within=…)",
            )


@attrs.define
class Measure:
    """The figures of one period, to be fed with completions in their order.

    Attributes:
        period: the period.
        selection: the audience, the denominator.
        tally: the figures so far.
        outcomes: how it went with the audience, those too whom ``final_only`` leaves out; ``None`` if not asked for.
        curve: by when those who entered convert; ``None`` if not asked for.
    """

    period: Period
    selection: Selection
    tally: Tally
    confidence: float
    outcomes: Outcomes | None = None
    curve: Curve | None = None

    @property
    def of_everyone(self) -> bool:
        """Whether the audience is all that are known, whatever the period."""
        chosen = self.selection
        return chosen.campaign is None and chosen.members is None and not isinstance(self.tally, CohortTally)

    def question(self, goal: Goal, version: int | None, every: str | None, breakdown: str | None) -> Question | None:
        """What a store can answer of it by itself: figures of everyone, cut by what a completion says of itself.

        ``None`` where it must be told by the completions: of an audience that has to be picked out, of cohorts, and by
        what only profiles, receipts or triggers say.
        """
        if not self.of_everyone or (breakdown is not None and breakdown not in CUTS):
            return None
        return Question(
            goal.name,
            version,
            *self.period.instants,
            bucket=None if every is None else self.tally.bucket_span,
            by=None if breakdown is None else CUTS[breakdown],
            percents=PERCENTS,
            edges=bin_edges,
        )

    def take(self, answer: Summary) -> None:
        """Takes in a store's answer in the place of the completions."""
        self.selection = attrs.evolve(self.selection, everyone=answer.everyone)
        self.tally.take(answer)

    def feed(self, completions: list[Completion]) -> None:
        """Takes in the next completions."""
        self.tally.feed(self.selection.keep(completions))

    def figures(self) -> Figures:
        """The figures of the whole period."""
        return self.tally.figures(self.selection.size(self.period), self.confidence)

    def breakdown(self, limit: int) -> tuple[Row, ...]:
        """The rows of the breakdown."""
        if self.tally.breakdown is None:
            return ()
        return self.tally.breakdown.rows(self.selection.size(self.period), limit, self.confidence, self.tally.profiles)


def measure(
    reader: Reader, goal: Goal, asked: Asked, period: Period, *, every: str | None = None, breakdown: str | None = None
) -> Measure:
    """The measure of *period*, before any completion.

    Args:
        reader: the ledger, and the facts that are kept.
        goal: the goal.
        asked: what is asked for.
        period: of completions, or of entering.
        every: the size of the trend's buckets; ``None``: no trend.
        breakdown: what to break down by.
    """
    by_entry = asked.by == "entered"
    # What becomes of those who entered in a period is as of now; else the report is as of the period's end.
    span = Period() if by_entry else period
    at = as_of(reader, span)
    what = f"goal {goal.name!r}"
    selection = select(reader, goal.campaign, asked.audience, what, span, asked.timezone)
    found: Standings | None = None
    if at is not None and (by_entry or asked.final_only or asked.outcomes or asked.audience == "entered"):
        found = standings(reader, asked.stand, goal, selection, span, at, version=asked.version)
    cohort = {}
    if found is not None and by_entry:
        cohort = {profile_id: when for profile_id, when in found.entered.items() if when in period}
        selection = selection.narrowed("entered", cohort.keys())
    elif by_entry or asked.audience == "entered":
        selection = selection.narrowed("entered", frozenset() if found is None else found.who_entered())
    outcomes = None if found is None else found.count(selection.ids(reader, span))
    spans = None if found is None else _spans(found, selection.ids(reader, span))
    if asked.final_only and found is not None:
        selection = selection.narrowed(selection.kind, found.final(selection.ids(reader, span)))
    by = dimension(breakdown, reader, lambda: selection.ids(reader, span), at)
    if by_entry and found is not None:
        tally: Tally = CohortTally(
            period,
            found,
            cohort,
            every=every,
            timezone=asked.timezone,
            breakdown=by,
            final_only=asked.final_only,
            confidence=asked.confidence,
        )
    else:
        tally = Tally(period, every=every, timezone=asked.timezone, breakdown=by)
    drawn = None if spans is None else curve(spans, asked.confidence)
    return Measure(period, selection, tally, asked.confidence, outcomes, drawn)


def _spans(found: Standings, ids: Iterable[str]) -> list[tuple[timedelta, bool]]:
    return [found.spans[each] for each in ids if each in found.spans]
