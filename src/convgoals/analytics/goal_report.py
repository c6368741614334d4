"""The report of a goal as a value: its fields, and how it is drawn."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import attrs

from convgoals.analytics import tables
from convgoals.analytics.dimensions import Row
from convgoals.analytics.figures import Durations, Figures
from convgoals.analytics.periods import Period, read_zone
from convgoals.analytics.pictures import of_report
from convgoals.analytics.results import Result, pick, proportion_row
from convgoals.analytics.selection import Audience
from convgoals.analytics.stats import Difference, Interval
from convgoals.analytics.tables import Table
from convgoals.analytics.tally import Bucket
from convgoals.charts.pictures import Picture

TREND_ROWS = 40
"""How many buckets the table of a trend shows, the latest; the result itself holds all."""


@attrs.frozen
class Baseline:
    """The figures of another period, and how the report's differ.

    Attributes:
        since, until: the baseline's first and last instant (UTC); ``None`` is open.
        figures: the baseline's.
        completions_change: the report's completions less the baseline's.
        value_change: the report's sum of values less the baseline's, exact.
        difference: from the baseline's rate (first) to the report's (second). The two periods are compared as
            independent samples.
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
        audience_kind: ``"all"`` profiles, or a campaign's ``"recipients"``.
        campaign: that campaign, or ``None``.
        figures: completions, conversion, value and time to convert of the whole period.
        every: the size of the trend's buckets.
        trend: the buckets in order, empty ones too.
        dimension: what the breakdown is by, or ``None``.
        breakdown: its rows.
        baseline: another period's figures, or ``None``.
    """

    goal: str
    versions: tuple[int, ...]
    timezone: str
    since: datetime | None
    until: datetime | None
    audience_kind: Audience
    campaign: str | None
    figures: Figures
    every: str
    trend: tuple[Bucket, ...]
    dimension: str | None = None
    breakdown: tuple[Row, ...] = ()
    baseline: Baseline | None = None

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

    def rows(self, part: Literal["figures", "trend", "breakdown"] = "trend") -> list[dict[str, Any]]:
        """The trend, the breakdown or the figures as a list of flat dicts, as ``pandas.DataFrame`` takes them."""
        rows: list[dict[str, Any]] = pick(
            part, {"figures": self._figure_rows, "trend": self._trend_rows, "breakdown": self._breakdown_rows}
        )()
        return rows

    def pictures(self) -> dict[str, Picture]:
        """The trend; the breakdown and the baseline, where there are such."""
        return of_report.pictures(self)

    def tables(self) -> tuple[Table, ...]:
        """The figures; then the trend, the breakdown and the baseline, where there are such."""
        drawn = [self._figures_table()]
        if self.trend:
            drawn.append(self._trend_table())
        if self.breakdown:
            drawn.append(self._breakdown_table())
        if self.baseline is not None:
            drawn.append(self._baseline_table(self.baseline))
        return tuple(drawn)

    def _figure_rows(self) -> list[dict[str, Any]]:
        rows = [_figure_row("period", self.since, self.until, self.figures)]
        if self.baseline is not None:
            rows.append(_figure_row("baseline", self.baseline.since, self.baseline.until, self.baseline.figures))
        return rows

    def _trend_rows(self) -> list[dict[str, Any]]:
        return [attrs.asdict(bucket, filter=_no_value, recurse=False) | _value(bucket) for bucket in self.trend]

    def _breakdown_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "label": row.label,
                "key": row.key,
                "kind": row.kind,
                "completions": row.completions,
                "converting_profiles": row.converting_profiles,
                **proportion_row(row.conversion),
                **_value(row),
            }
            for row in self.breakdown
        ]

    def period_text(self, since: datetime | None = None, until: datetime | None = None) -> str:
        """The report's period in words, or another one in the same time zone."""
        asked = Period(self.since, self.until) if since is until is None else Period(since, until)
        return asked.text(read_zone(self.timezone))

    def _audience_text(self) -> str:
        return "all profiles" if self.campaign is None else f"recipients of campaign {self.campaign!r}"

    def _figures_table(self) -> Table:
        rate, interval = tables.proportion_cells(self.figures.conversion)
        percent = f"{self.figures.conversion.confidence * 100:.6g} %"
        rows = [
            ("completions", tables.count_text(self.completions)),
            ("converting profiles", tables.count_text(self.converting_profiles)),
            (f"audience ({self._audience_text()})", tables.count_text(self.audience)),
            ("completion rate", rate),
            (f"its {percent} interval", interval),
        ]
        if self.figures.value.count:
            rows.append(("value, sum", tables.amount_text(self.value_sum)))
            rows.append(("value, mean", tables.amount_text(self.value_mean)))
        if self.time_to_convert.count:
            rows.append(("time to convert, median", tables.span_text(self.time_to_convert.median)))
        if self.trend:
            rows.append((f"trend by {self.every}", tables.spark([bucket.completions for bucket in self.trend])))
        title = f"{self.goal} · {self.period_text()} · {self.timezone}"
        return Table(title, (tables.Column(""), tables.number_column("")), tuple(rows))

    def _trend_table(self) -> Table:
        shown = self.trend[-TREND_ROWS:]
        top = max(bucket.completions for bucket in shown) or 1
        valued = self.figures.value.count > 0
        rows = tuple(
            (
                bucket.label + (" *" if bucket.unfinished or bucket.cut else ""),
                tables.count_text(bucket.completions),
                tables.count_text(bucket.converting_profiles),
                *((tables.amount_text(bucket.value.sum),) if valued else ()),
                tables.bar(bucket.completions / top),
            )
            for bucket in shown
        )
        notes = []
        if any(bucket.cut for bucket in shown):
            notes.append("* The period leaves out a part of it, or it is not over yet.")
        elif shown[-1].unfinished:
            notes.append("* It is not over yet.")
        if len(shown) < len(self.trend):
            notes.append(f"{len(self.trend) - len(shown):,} earlier ones are left out here.")
        columns = (
            tables.Column(self.every),
            tables.number_column("completions"),
            tables.number_column("converting profiles"),
            *((tables.number_column("value"),) if valued else ()),
            tables.Column(""),
        )
        return Table(f"{self.goal} by {self.every}", columns, rows, tuple(notes))

    def _breakdown_table(self) -> Table:
        valued = self.figures.value.count > 0
        rows = tuple(
            (
                row.label,
                tables.count_text(row.completions),
                tables.count_text(row.converting_profiles),
                *tables.proportion_cells(row.conversion),
                *((tables.amount_text(row.value.sum),) if valued else ()),
            )
            for row in self.breakdown
        )
        columns = (
            tables.Column(str(self.dimension)),
            tables.number_column("completions"),
            tables.number_column("converting profiles"),
            tables.number_column("of the audience"),
            tables.number_column("interval"),
            *((tables.number_column("value"),) if valued else ()),
        )
        notes = ["A profile counts in the row of its first completion."]
        if self.dimension == "segment":
            notes = ["A profile counts in each of its segments, so rows may add up to more than the total."]
        return Table(f"{self.goal} by {self.dimension}", columns, rows, tuple(notes))

    def _baseline_table(self, baseline: Baseline) -> Table:
        now, then = self.figures, baseline.figures
        zone = read_zone(self.timezone)
        rows = [
            _change("completions", now.completions, then.completions),
            _change("converting profiles", now.conversion.count, then.conversion.count),
            _change("audience", now.conversion.total, then.conversion.total),
            (
                "completion rate",
                tables.rate_text(now.conversion.rate),
                tables.rate_text(then.conversion.rate),
                tables.points_text(baseline.difference),
            ),
        ]
        if now.value.count or then.value.count:
            change = tables.amount_text(baseline.value_change)
            sign = "+" if baseline.value_change > 0 else ""
            rows.append(
                ("value, sum", tables.amount_text(now.value.sum), tables.amount_text(then.value.sum), sign + change)
            )
        columns = (
            tables.Column(""),
            tables.number_column(self.period_text()),
            tables.number_column(Period(baseline.since, baseline.until).text(zone)),
            tables.number_column("change"),
        )
        return Table(f"{self.goal} against the baseline", columns, tuple(rows), (baseline.sentence,))


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


def _no_value(attribute: attrs.Attribute[Any], _: object) -> bool:
    return bool(attribute.name != "value")


def _value(part: Bucket | Row) -> dict[str, Any]:
    return {"value_sum": part.value.sum, "value_mean": part.value.mean}


def _change(name: str, now: int, then: int) -> tuple[str, str, str, str]:
    return (name, tables.count_text(now), tables.count_text(then), f"{now - then:+,}" if now != then else "0")
