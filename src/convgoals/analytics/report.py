"""One goal: how many completed it, who, when, by what, and against the period before.

The completion rate is converting profiles ÷ audience. A profile converts when it has a completion in the period; it
counts once, however many it has. The audience is every known profile, or, for a goal linked to a campaign, the
recipients, of whom completions at or after the first receipt count (semantics §7); or a part of these.

Time can be cut in another way: by when profiles *entered* (semantics §8). Then the audience is a cohort, those who
entered in the period, and their completions count whenever they are.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Literal

from convgoals.analytics import tables
from convgoals.analytics.buckets import Every, check_every
from convgoals.analytics.cuts import check_dimension
from convgoals.analytics.dimensions import check_limit
from convgoals.analytics.figures import EXACT, Figures
from convgoals.analytics.goal_report import Baseline, GoalReport
from convgoals.analytics.measure import Asked, By, Measure, measure
from convgoals.analytics.periods import Moment, Period, previous, read_period, read_zone
from convgoals.analytics.selection import Audience, chunks
from convgoals.analytics.standings import Stand, by_facts
from convgoals.analytics.stats import CONFIDENCE, check_confidence, difference, paired_difference
from convgoals.errors import QuestionError
from convgoals.goals import Goal, Once
from convgoals.instants import to_datetime
from convgoals.storage.reader import Reader
from convgoals.storage.summary import Question

__all__ = ["Baseline", "GoalReport", "report"]


def report(
    reader: Reader,
    goal: Goal,
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    every: Every = "day",
    timezone: str | None = None,
    breakdown: str | None = None,
    audience: Audience | None = None,
    limit: int = 10,
    baseline: Literal["previous"] | tuple[Moment | None, Moment | None] | None = None,
    version: int | None = None,
    confidence: float = CONFIDENCE,
    by: By = "converted",
    outcomes: bool = False,
    final_only: bool = False,
    stand: Stand | None = None,
) -> GoalReport:
    """The report of one goal, in one pass over its completions.

    Args:
        reader: the ledger.
        goal: the goal.
        since: the first instant that counts: a datetime, or a date (from the start of that day); ``None``: all.
        until: the last instant that counts: a datetime, or a date (to the end of that day); ``None``: all.
        every: the size of the trend's buckets: hour, day, week (from Monday), month or quarter.
        timezone: an IANA zone for dates and buckets; the goal's, unless given.
        breakdown: ``"channel"``, ``"segment"``, ``"campaign"``, ``"version"``, a property of the profile
            (``"profile.country"``) or of the completion's trigger (``"event.category"``).
        audience: ``"all"`` profiles; ``"recipients"`` of the goal's campaign (the default if it is linked to one);
            those of the default audience who ``"entered"``; or those with a condition on the profile, such as
            ``'profile.plan = "pro" and in segment "eu"'``, as they were at the end of the period.
        limit: how many rows a breakdown has at the most, besides one for all others.
        baseline: ``"previous"`` for the period before of the same length, or another period as (since, until).
        version: only the completions of that version of the goal; ``None``: of all.
        confidence: of the intervals.
        by: ``"converted"``: completions in the period count. ``"entered"``: the profiles that entered in the period
            are the audience, and count whenever they convert.
        outcomes: whether to say how it went with the audience (``outcomes``), and by when those who entered convert
            (``curve``). Each profile's facts are looked at for it. Implied by what needs it: ``by="entered"``,
            ``audience="entered"`` and ``final_only``.
        final_only: whether to leave those out of the audience who are still open, or have not entered.
        stand: where profiles stand with a goal; unless given, as the facts say that the reader keeps.

    Raises:
        QuestionError: an argument asks for what cannot be answered.
        GoalSyntaxError, GoalTypeError: the audience is a condition that is wrong.
        StoreError: the store contradicts itself.
    """
    name = goal.timezone if timezone is None else timezone
    zone = read_zone(name)
    period = read_period(since, until, zone)
    check_every(every)
    check_limit(limit)
    confidence = check_confidence(confidence)
    asked = Asked(audience, by, final_only, outcomes, zone, version, confidence, stand or by_facts(reader))
    asked.check(goal)
    cut = check_dimension(breakdown)
    at = reader.reached()
    reached = None if at is None else to_datetime(at)
    before = _baseline_period(baseline, period, reached, zone)

    found = measure(reader, goal, asked, period, every=every, breakdown=cut)
    base = None if before is None else measure(reader, goal, asked, before)
    measures = [found] if base is None else [found, base]
    questions = [each.question(goal, version, *((every, cut) if each is found else (None, None))) for each in measures]
    answered = [question for question in questions if question is not None]
    union = period.joined(base.period) if base is not None and base.of_everyone else None
    both: int | None = None  # how many converted in the period and in the baseline
    if len(answered) == len(measures):
        if union is not None:
            answered.append(Question(goal.name, version, *union.instants))
        answers = reader.summaries(answered)
        for each, answer in zip(measures, answers, strict=False):
            each.take(answer)
        if union is not None:
            now, then, either = (answer.whole.profiles for answer in answers)
            both = now + then - either
    else:
        for chunk in chunks(reader, goal, version):
            for each in measures:
                each.feed(chunk)
        if base is not None and union is not None:
            both = len(found.tally.profiles & base.tally.profiles)

    figures = found.figures()
    return GoalReport(
        goal=goal.name,
        versions=tuple(sorted(found.tally.versions)),
        timezone=name,
        since=period.since,
        until=period.until,
        audience_kind=found.selection.kind,
        campaign=found.selection.campaign,
        figures=figures,
        every=every,
        trend=found.tally.trend(reached),
        dimension=cut,
        breakdown=found.breakdown(limit),
        baseline=None if base is None else _compare(goal, figures, base, by, both),
        by=by,
        condition=found.selection.condition,
        final_only=final_only,
        outcomes=found.outcomes,
        curve=found.curve,
    )


def _baseline_period(baseline: object, period: Period, reached: datetime | None, zone: tzinfo) -> Period | None:
    if baseline is None:
        return None
    if baseline == "previous":
        return previous(period, reached, zone)
    if isinstance(baseline, (tuple, list)) and len(baseline) == 2:
        return read_period(baseline[0], baseline[1], zone)
    raise QuestionError(
        f"baseline={baseline!r:.60} is no period",
        code="baseline",
        hint='baseline="previous", or baseline=("2026-01-01", "2026-01-31")',
    )


def _compare(goal: Goal, figures: Figures, base: Measure, by: str, both: int | None) -> Baseline:
    before = base.figures()
    then, now = before.conversion, figures.conversion
    if both is None or then.total != now.total:
        change = difference(then, now)
    else:
        neither = now.total - then.count - now.count + both
        change = paired_difference(both, then.count - both, now.count - both, neither, now.confidence)
    sentence = tables.verdict(change, "the baseline", "the period")
    if by == "converted" and isinstance(goal.counting, Once) and before.conversion.count:
        sentence += " The goal counts once: under one version, who converted in one period cannot convert in the other."
    return Baseline(
        since=base.period.since,
        until=base.period.until,
        figures=before,
        completions_change=figures.completions - before.completions,
        value_change=EXACT.subtract(figures.value.sum, before.value.sum),
        difference=change,
        sentence=sentence,
    )
