"""Several goals side by side, over the same period and the same audience.

The goals are compared with the first one. Their rates are of the *same* profiles, so the comparison is paired: what
counts is how many profiles reached the one goal and not the other (McNemar's test, Newcombe's paired interval).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import attrs

from convgoals.analytics import tables
from convgoals.analytics.buckets import Every, check_every
from convgoals.analytics.figures import Amount, Figures
from convgoals.analytics.periods import Moment, Period, read_period, read_zone
from convgoals.analytics.pictures import of_comparison
from convgoals.analytics.results import Result, pick, proportion_row
from convgoals.analytics.selection import Audience, AudienceKind, audience_text, check_audience, chunks, select
from convgoals.analytics.stats import CONFIDENCE, Difference, check_confidence, correct, paired_difference
from convgoals.analytics.tables import Table
from convgoals.analytics.tally import Bucket, Tally, bucket_row
from convgoals.charts.pictures import Picture
from convgoals.errors import QuestionError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.storage.reader import Reader


@attrs.frozen
class ComparedGoal:
    """One goal among others.

    Attributes:
        goal: its name.
        figures: its completions, conversion, value and time to convert.
        trend: its buckets, of the size that was asked for; each goal's runs to the same end.
        difference: from the first goal's rate (first) to this one's (second), paired, with Holm's correction over all
            goals; ``None`` for the first goal itself.
    """

    goal: str
    figures: Figures
    trend: tuple[Bucket, ...]
    difference: Difference | None


@attrs.frozen
class GoalPair:
    """Two of the goals.

    Attributes:
        first, second: their names.
        difference: from the first one's rate to the second one's, paired, with Holm's correction over all pairs.
    """

    first: str
    second: str
    difference: Difference


@attrs.frozen
class Comparison(Result):
    """What `compare` answers.

    Attributes:
        timezone: the IANA zone that dates and buckets are read in.
        since, until: the first and the last instant of the period (UTC, both in); ``None`` is open on that side.
        audience_kind: ``"all"`` profiles, a campaign's ``"recipients"``, or those with a ``"condition"``.
        campaign: the campaign whose recipients the audience is, or is a part of; ``None`` where it is not.
        audience: how many profiles could have converted: the denominator of every rate.
        every: the size of the trends' buckets.
        goals: the goals, in the order in which they were asked for.
        condition: the condition on the profiles of the audience, or ``None``.
        pairs: each goal with each of those after it, where that was asked for.
    """

    timezone: str
    since: datetime | None
    until: datetime | None
    audience_kind: AudienceKind
    campaign: str | None
    audience: int
    every: str
    goals: tuple[ComparedGoal, ...]
    condition: str | None = None
    pairs: tuple[GoalPair, ...] = ()

    def rows(self, part: Literal["goals", "trend", "pairs"] = "goals") -> list[dict[str, Any]]:
        """The goals, the buckets of each goal's trend, or the pairs, as a list of flat dicts."""
        parts = {"goals": self._goal_rows, "trend": self._trend_rows, "pairs": self._pair_rows}
        rows: list[dict[str, Any]] = pick(part, parts)()
        return rows

    def _pair_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "first": pair.first,
                "second": pair.second,
                "difference": pair.difference.difference,
                "p_value": pair.difference.p_value,
                "corrected_p_value": pair.difference.corrected_p_value,
                "evidence": pair.difference.evidence,
            }
            for pair in self.pairs
        ]

    def _trend_rows(self) -> list[dict[str, Any]]:
        return [{"goal": each.goal, **bucket_row(bucket)} for each in self.goals for bucket in each.trend]

    def _goal_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "goal": each.goal,
                "completions": each.figures.completions,
                "converting_profiles": each.figures.conversion.count,
                "audience": each.figures.conversion.total,
                **proportion_row(each.figures.conversion),
                "value_sum": each.figures.value.sum,
                "value_mean": each.figures.value.mean,
                "median_time_to_convert": each.figures.time_to_convert.median,
                "difference": None if each.difference is None else each.difference.difference,
                "corrected_p_value": None if each.difference is None else each.difference.corrected_p_value,
            }
            for each in self.goals
        ]

    def pictures(self) -> dict[str, Picture]:
        """The rates, and the trend of each goal."""
        return of_comparison.pictures(self)

    def tables(self) -> tuple[Table, ...]:
        """The goals side by side, with a line for each goal's trend."""
        valued = any(each.figures.value.count for each in self.goals)
        starts = sorted({bucket.start for each in self.goals for bucket in each.trend})
        rows = tuple(
            (
                each.goal,
                tables.count_text(each.figures.completions),
                tables.count_text(each.figures.conversion.count),
                *tables.proportion_cells(each.figures.conversion),
                *((_worth(each.figures.value),) if valued else ()),
                tables.NOTHING if each.difference is None else tables.points_text(each.difference),
                tables.NOTHING if each.difference is None else tables.p_text(each.difference.corrected_p_value),
                _spark(each.trend, starts),
            )
            for each in self.goals
        )
        columns = (
            tables.Column("goal"),
            tables.number_column("completions"),
            tables.number_column("converting profiles"),
            tables.number_column("rate"),
            tables.number_column("interval"),
            *((tables.number_column("value"),) if valued else ()),
            tables.number_column("against the first"),
            tables.number_column("corrected"),
            tables.Column(f"by {self.every}"),
        )
        who = audience_text(self.audience_kind, self.campaign, self.condition).removeprefix("all ")
        period = Period(self.since, self.until).text(read_zone(self.timezone))
        first = self.goals[0].goal
        notes = [
            tables.verdict(each.difference, repr(first), repr(each.goal))
            for each in self.goals
            if each.difference is not None
        ]
        title = f"Goals · {period} · {self.timezone} · {self.audience:,} {who}"
        table = Table(title, columns, rows, tuple(notes))
        return (table, self._pairs_table()) if self.pairs else (table,)

    def _pairs_table(self) -> Table:
        rows = tuple(
            (
                pair.first,
                pair.second,
                tables.points_text(pair.difference),
                tables.p_text(pair.difference.corrected_p_value),
                "differ" if pair.difference.evidence else "no evidence of a difference",
            )
            for pair in self.pairs
        )
        columns = (
            tables.Column("goal"),
            tables.Column("and goal"),
            tables.number_column("difference"),
            tables.number_column("corrected"),
            tables.Column(""),
        )
        return Table("Each goal with each other", columns, rows, ("Holm's correction over all pairs.",))


def _spark(trend: Sequence[Bucket], starts: Sequence[datetime]) -> str:
    """All goals' lines begin at the same bucket, so that what stands below each other is the same time."""
    completions = {bucket.start: bucket.completions for bucket in trend}
    return tables.spark([completions.get(start, 0) for start in starts], width=40)


def _worth(value: Amount) -> str:
    return tables.amount_text(value.sum if value.count else None)


def compare(
    reader: Reader,
    goals: Sequence[Goal],
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    every: Every = "day",
    timezone: str | None = None,
    audience: Audience | None = None,
    versions: Mapping[str, int] | None = None,
    confidence: float = CONFIDENCE,
    pairs: bool = False,
) -> Comparison:
    """Several goals over one period and one audience, in one pass over the completions of each.

    Args:
        reader: the ledger.
        goals: the goals, at least two; the first is the one that the others are compared with.
        since: as in `convgoals.analytics.report.report`.
        until: as there.
        every: the size of the trends' buckets.
        timezone: an IANA zone for dates and buckets; the first goal's, unless given.
        audience: ``"all"`` profiles, or ``"recipients"`` of the campaign that all the goals are linked to. Recipients
            if there is such a campaign; else everyone, and goals that are linked count everyone too. Or a condition on
            the profile, as in `convgoals.analytics.report.report`.
        versions: only completions of that version, for each goal named.
        confidence: of the intervals.
        pairs: whether each goal is compared with each other too, not the first alone.

    Raises:
        QuestionError: an argument asks for what cannot be answered.
        StoreError: the store contradicts itself.
    """
    compared = tuple(goals)
    _check(compared)
    name = compared[0].timezone if timezone is None else timezone
    zone = read_zone(name)
    period = read_period(since, until, zone)
    check_every(every)
    check_confidence(confidence)
    at = reader.reached()
    reached = None if at is None else to_datetime(at)
    campaigns = {goal.campaign for goal in compared}
    campaign = compared[0].campaign if len(campaigns) == 1 else None
    what = "not every goal is linked to the same campaign; the set of goals"
    selection = select(reader, campaign, check_audience(audience), what, period, zone)
    size = selection.size(period)

    tallies = []
    for goal in compared:
        tally = Tally(period, every=every, timezone=zone)
        for chunk in chunks(reader, goal, (versions or {}).get(goal.name)):
            tally.feed(selection.keep(chunk))
        tallies.append(tally)

    figures = [tally.figures(size, confidence) for tally in tallies]
    differences = correct([None, *(_pair(tallies[0], tally, size, confidence) for tally in tallies[1:])])
    return Comparison(
        timezone=name,
        since=period.since,
        until=period.until,
        audience_kind=selection.kind,
        campaign=selection.campaign,
        audience=size,
        every=every,
        goals=tuple(
            ComparedGoal(goal.name, own, tally.trend(reached), difference)
            for goal, own, tally, difference in zip(compared, figures, tallies, differences, strict=True)
        ),
        condition=selection.condition,
        pairs=_pairs(compared, tallies, size, confidence) if pairs else (),
    )


def _pairs(goals: Sequence[Goal], tallies: Sequence[Tally], size: int, confidence: float) -> tuple[GoalPair, ...]:
    named = list(itertools.combinations(zip(goals, tallies, strict=True), 2))
    differences = correct([_pair(first[1], second[1], size, confidence) for first, second in named])
    return tuple(
        GoalPair(first[0].name, second[0].name, difference)
        for (first, second), difference in zip(named, differences, strict=True)
        if difference is not None
    )


def _check(goals: Sequence[Goal]) -> None:
    if len(goals) < 2:
        raise QuestionError("a comparison has at least two goals", code="goals", hint='compare(["trial", "purchase"])')
    for name, times in Counter(goal.name for goal in goals).items():
        if times > 1:
            raise QuestionError(f"goal {name!r} is compared with itself", code="goals")


def _pair(first: Tally, second: Tally, size: int, confidence: float) -> Difference:
    both = len(first.profiles & second.profiles)
    one, other = len(first.profiles) - both, len(second.profiles) - both
    return paired_difference(both, one, other, size - both - one - other, confidence)
