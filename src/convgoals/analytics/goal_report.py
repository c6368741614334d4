"""The report of a goal as a value: its fields, and how it is drawn."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import attrs

from convgoals.analytics import goal_tables
from convgoals.analytics.dimensions import Row
from convgoals.analytics.figures import Durations, Figures
from convgoals.analytics.periods import Period, read_zone
from convgoals.analytics.pictures import of_report
from convgoals.analytics.results import Result, pick, proportion_row
from convgoals.analytics.selection import AudienceKind, audience_text
from convgoals.analytics.standings import Outcomes
from convgoals.analytics.stats import Difference, Interval
from convgoals.analytics.survival import Curve, CurvePoint
from convgoals.analytics.tables import Table
from convgoals.analytics.tally import Bucket, bucket_row
from convgoals.charts.pictures import Picture


@attrs.frozen
class Baseline:
    """The figures of another period, and how the report's differ.

    Attributes:
        since, until: the baseline's first and last instant (UTC); ``None`` is open.
        figures: the baseline's.
        completions_change: the report's completions less the baseline's.
        value_change: the report's sum of values less the baseline's, exact.
        difference: from the baseline's rate (first) to the report's (second). Where both are of everyone, and no time
            lies between the two periods, they are compared profile by profile (paired), else as independent samples.
        sentence: what the difference says, in words.
    """

    since: datetime | None
    until: datetime | None
    figures: Figures
    completions_change: int
    value_change: Decimal
    difference: Difference
    sentence: str


@attrs.frozen
class GoalReport(Result):
    """What `convgoals.analytics.report.report` answers.

    Attributes:
        goal: the goal's name.
        versions: the versions of its condition that have completions in the report.
        timezone: the IANA zone that dates and buckets are read in.
        since, until: the first and the last instant of the period (UTC, both in); ``None`` is open on that side.
        audience_kind: ``"all"`` profiles, a campaign's ``"recipients"``, those who ``"entered"``, or those with a
            ``"condition"``.
        campaign: the campaign whose recipients the audience is, or is a part of; ``None`` where it is not.
        figures: completions, conversion, value and time to convert of the whole period.
        every: the size of the trend's buckets.
        trend: the buckets in order, empty ones too.
        dimension: what the breakdown is by, or ``None``.
        breakdown: its rows.
        baseline: another period's figures, or ``None``.
        by: what lies in the period: when profiles ``"converted"``, or when they ``"entered"``.
        condition: the condition on the profiles of the audience, or ``None``.
        final_only: whether profiles whose outcome is not final are left out of the audience.
        outcomes: how it went with the audience, those whom ``final_only`` leaves out too; ``None`` if not asked for.
        curve: by when those who entered convert (Kaplan–Meier); ``None`` if not asked for.
    """

    goal: str
    versions: tuple[int, ...]
    timezone: str
    since: datetime | None
    until: datetime | None
    audience_kind: AudienceKind
    campaign: str | None
    figures: Figures
    every: str
    trend: tuple[Bucket, ...]
    dimension: str | None = None
    breakdown: tuple[Row, ...] = ()
    baseline: Baseline | None = None
    by: str = "converted"
    condition: str | None = None
    final_only: bool = False
    outcomes: Outcomes | None = None
    curve: Curve | None = None

    @property
    def completions(self) -> int:
        """How many completions the period holds."""
        return self.figures.completions

    @property
    def converting_profiles(self) -> int:
        """How many profiles have a completion in the period."""
        return self.figures.conversion.count

    @property
    def audience(self) -> int:
        """How many profiles could have: the denominator of the rate."""
        return self.figures.conversion.total

    @property
    def rate(self) -> float | None:
        """``converting_profiles / audience``, the nearest float; ``None`` where there is no audience.

        The exact fraction is ``figures.conversion.exact``.
        """
        return self.figures.conversion.rate

    @property
    def interval(self) -> Interval | None:
        """The Wilson interval of the rate; ``None`` where there is no audience."""
        return self.figures.conversion.interval

    @property
    def value_sum(self) -> Decimal:
        """The sum of the completions' values, exact; 0 where none has a value."""
        return self.figures.value.sum

    @property
    def value_mean(self) -> Decimal | None:
        """The mean over the completions that have a value, to 28 digits; ``None`` where none has."""
        return self.figures.value.mean

    @property
    def time_to_convert(self) -> Durations:
        """From the anchor of the goal's outermost window to each profile's first completion, where known."""
        return self.figures.time_to_convert

    @property
    def finding(self) -> str | None:
        """What the breakdown says, in one sentence: which rows differ; ``None`` without one to compare."""
        return _finding(self.breakdown)

    def rows(
        self, part: Literal["figures", "trend", "breakdown", "histogram", "curve"] = "trend"
    ) -> list[dict[str, Any]]:
        """One part as a list of flat dicts, as ``pandas.DataFrame`` takes them.

        Args:
            part: the trend, the breakdown, the figures, the histogram of the time to convert, or the curve.
        """
        rows: list[dict[str, Any]] = pick(
            part,
            {
                "figures": self._figure_rows,
                "trend": lambda: list(map(_bucket_row, self.trend)),
                "breakdown": lambda: list(map(_breakdown_row, self.breakdown)),
                "histogram": lambda: [attrs.asdict(each) for each in self.time_to_convert.histogram],
                "curve": lambda: [] if self.curve is None else list(map(_point_row, self.curve.points)),
            },
        )()
        return rows

    def pictures(self) -> dict[str, Picture]:
        """The trend; the breakdown, the baseline, the time to convert and the curve, where there are such."""
        return of_report.pictures(self)

    def tables(self) -> tuple[Table, ...]:
        """The figures; then the trend, the breakdown, the baseline and the time to convert, where there are such."""
        drawn = [goal_tables.figures_table(self)]
        if self.trend:
            drawn.append(goal_tables.trend_table(self))
        if self.breakdown:
            drawn.append(goal_tables.breakdown_table(self))
        if self.baseline is not None:
            drawn.append(goal_tables.baseline_table(self, self.baseline))
        if self.time_to_convert.count:
            drawn.append(goal_tables.time_table(self))
        return tuple(drawn)

    def _figure_rows(self) -> list[dict[str, Any]]:
        rows = [_figure_row("period", self.since, self.until, self.figures)]
        if self.outcomes is not None:
            rows[0] |= _outcome_row(self.outcomes)
        if self.baseline is not None:
            rows.append(_figure_row("baseline", self.baseline.since, self.baseline.until, self.baseline.figures))
        return rows

    def period_text(self, since: datetime | None = None, until: datetime | None = None) -> str:
        """The report's period in words, or another one in the same time zone."""
        asked = Period(self.since, self.until) if since is until is None else Period(since, until)
        return asked.text(read_zone(self.timezone))

    def audience_text(self) -> str:
        """The audience in words."""
        text = audience_text(self.audience_kind, self.campaign, self.condition)
        return f"{text}, final outcomes only" if self.final_only else text


def _finding(rows: tuple[Row, ...]) -> str | None:
    compared = [row for row in rows if row.difference is not None and row.difference.p_value is not None]
    if not compared:
        return None
    against = "the rest" if compared[0].own is not None else "the largest"
    found = [row.label for row in compared if row.difference is not None and row.difference.evidence]
    if not found:
        return f"No evidence of a difference between any row and {against} (Holm's correction)."
    return f"There is evidence of a difference from {against} for: {', '.join(found)} (Holm's correction)."


def _figure_row(name: str, since: datetime | None, until: datetime | None, figures: Figures) -> dict[str, Any]:
    return {
        "period": name,
        "since": since,
        "until": until,
        "completions": figures.completions,
        "converting_profiles": figures.conversion.count,
        "audience": figures.conversion.total,
        **proportion_row(figures.conversion),
        "value_sum": figures.value.sum,
        "value_mean": figures.value.mean,
        "median_time_to_convert": figures.time_to_convert.median,
    }


def _outcome_row(outcomes: Outcomes) -> dict[str, Any]:
    return {
        "entered": outcomes.entered,
        "open": outcomes.open,
        "missed": outcomes.missed,
        "not_entered": outcomes.not_entered,
        "before": outcomes.before,
        "partial": outcomes.partial,
    }


def _bucket_row(bucket: Bucket) -> dict[str, Any]:
    row = bucket_row(bucket)
    if bucket.conversion is not None and bucket.outcomes is not None:
        row |= {"audience": bucket.conversion.total, **proportion_row(bucket.conversion)}
        row |= _outcome_row(bucket.outcomes)
    return row


def _breakdown_row(row: Row) -> dict[str, Any]:
    own = {} if row.own is None else {"profiles": row.own.total, **proportion_row(row.own, "own_")}
    return {
        "label": row.label,
        "key": row.key,
        "kind": row.kind,
        "completions": row.completions,
        "converting_profiles": row.converting_profiles,
        **proportion_row(row.conversion),
        "value_sum": row.value.sum,
        "value_mean": row.value.mean,
        **own,
        "difference": None if row.difference is None else row.difference.difference,
        "corrected_p_value": None if row.difference is None else row.difference.corrected_p_value,
    }


def _point_row(point: CurvePoint) -> dict[str, Any]:
    return {
        "time": point.time,
        "at_risk": point.at_risk,
        "converted": point.converted,
        "share": point.share,
        "share_low": None if point.interval is None else point.interval.low,
        "share_high": None if point.interval is None else point.interval.high,
    }
