"""How the report of a goal is drawn, table by table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convgoals.analytics import tables
from convgoals.analytics.standings import Outcomes
from convgoals.analytics.tables import Table
from convgoals.analytics.tally import Bucket

if TYPE_CHECKING:
    from convgoals.analytics.goal_report import Baseline, GoalReport

TREND_ROWS = 40
"""How many buckets the table of a trend shows, the latest; the result itself holds all."""


def figures_table(report: GoalReport) -> Table:
    """The figures of the whole period."""
    rate, interval = tables.proportion_cells(report.figures.conversion)
    percent = f"{report.figures.conversion.confidence * 100:.6g} %"
    rows = [
        ("completions", tables.count_text(report.completions)),
        ("converting profiles", tables.count_text(report.converting_profiles)),
        (f"audience ({report.audience_text()})", tables.count_text(report.audience)),
        ("completion rate", rate),
        (f"its {percent} interval", interval),
    ]
    if report.outcomes is not None:
        rows += [(name, tables.count_text(count)) for name, count in _outcome_texts(report.outcomes)]
    if report.figures.value.count:
        rows.append(("value, sum", tables.amount_text(report.value_sum)))
        rows.append(("value, mean", tables.amount_text(report.value_mean)))
    times = report.time_to_convert
    if times.count:
        rows.append(("time to convert, median", tables.span_text(times.median)))
        rows.append(("the middle half", f"{tables.span_text(times.p25)} to {tables.span_text(times.p75)}"))
    if report.curve is not None and report.curve.median is not None:
        rows.append(("half have converted after", tables.span_text(report.curve.median)))
    if report.trend:
        rows.append((f"trend by {report.every}", tables.spark([bucket.completions for bucket in report.trend])))
    title = f"{report.goal} · {'entered ' if report.by == 'entered' else ''}{report.period_text()} · {report.timezone}"
    return Table(title, (tables.Column(""), tables.number_column("")), tuple(rows))


def trend_table(report: GoalReport) -> Table:
    """The latest buckets of the trend."""
    shown = report.trend[-TREND_ROWS:]
    top = max(bucket.completions for bucket in shown) or 1
    valued = report.figures.value.count > 0
    cohorts = report.by == "entered"
    rows = tuple(
        (
            bucket.label + (" *" if bucket.unfinished or bucket.cut else ""),
            *(_cohort_cells(bucket) if cohorts else ()),
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
    if len(shown) < len(report.trend):
        notes.append(f"{len(report.trend) - len(shown):,} earlier ones are left out here.")
    columns = (
        tables.Column(f"entered, {report.every}" if cohorts else report.every),
        *(map(tables.number_column, ("entered", "open", "rate", "interval")) if cohorts else ()),
        tables.number_column("completions"),
        tables.number_column("converting profiles"),
        *((tables.number_column("value"),) if valued else ()),
        tables.Column(""),
    )
    return Table(f"{report.goal} by {report.every}", columns, rows, tuple(notes))


def breakdown_table(report: GoalReport) -> Table:
    """The rows of the breakdown, and what they say."""
    valued = report.figures.value.count > 0
    own = any(row.own is not None for row in report.breakdown)
    rows = tuple(
        (
            row.label,
            tables.count_text(row.completions),
            tables.count_text(row.converting_profiles),
            *((tables.count_text(row.own.total),) if row.own is not None else ()),
            *tables.proportion_cells(row.conversion if row.own is None else row.own),
            *((tables.amount_text(row.value.sum),) if valued else ()),
            tables.NOTHING if row.difference is None else tables.points_text(row.difference),
            tables.NOTHING if row.difference is None else tables.p_text(row.difference.corrected_p_value),
        )
        for row in report.breakdown
    )
    columns = (
        tables.Column(str(report.dimension)),
        tables.number_column("completions"),
        tables.number_column("converting profiles"),
        *((tables.number_column("profiles"),) if own else ()),
        tables.number_column("rate" if own else "of the audience"),
        tables.number_column("interval"),
        *((tables.number_column("value"),) if valued else ()),
        tables.number_column("against the rest" if own else "against the largest"),
        tables.number_column("corrected"),
    )
    notes = [_NOTES.get(str(report.dimension), "A profile counts in the row of its first completion.")]
    notes += [report.finding] if report.finding is not None else []
    return Table(f"{report.goal} by {report.dimension}", columns, rows, tuple(notes))


def time_table(report: GoalReport) -> Table:
    """How long it took: the histogram, and percentiles below."""
    times = report.time_to_convert
    top = max(each.count for each in times.histogram)
    rows = tuple(
        (f"to {tables.span_text(each.high)}", tables.count_text(each.count), tables.bar(each.count / top))
        for each in times.histogram
    )
    percentiles = ((10, times.p10), (25, times.p25), (50, times.median), (75, times.p75), (90, times.p90))
    said = ", ".join(f"{percent} % {tables.span_text(span)}" for percent, span in (*percentiles, (95, times.p95)))
    notes = [f"From the window's anchor to the first completion: {said}."]
    if report.curve is not None and report.curve.censored:
        notes.append(f"{report.curve.censored:,} of {report.curve.profiles:,} who entered have not converted.")
    columns = (tables.Column("time"), tables.number_column("converting profiles"), tables.Column(""))
    return Table(f"{report.goal}, time to convert", columns, rows, tuple(notes))


def baseline_table(report: GoalReport, baseline: Baseline) -> Table:
    """The report beside its baseline."""
    now, then = report.figures, baseline.figures
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
        tables.number_column(report.period_text()),
        tables.number_column(report.period_text(baseline.since, baseline.until)),
        tables.number_column("change"),
    )
    return Table(f"{report.goal} against the baseline", columns, tuple(rows), (baseline.sentence,))


_NOTES = {
    "segment": "A profile counts in each of its segments, so rows may add up to more than the total. Rates are of"
    " those who are in the segment at the time of the report.",
    "campaign": "A profile counts for each campaign that it converted after, so rows may add up to more than the total."
    " Rates say what came after a receipt, not what it caused.",
}


def _outcome_texts(outcomes: Outcomes) -> list[tuple[str, int]]:
    texts = [("open, may still convert", outcomes.open)]
    texts += [("missed, window closed", outcomes.missed)] if outcomes.missed else []
    texts += [("not entered", outcomes.not_entered)] if outcomes.not_entered else []
    texts += [("had converted before", outcomes.before)] if outcomes.before else []
    return texts + ([("earlier facts dropped", outcomes.partial)] if outcomes.partial else [])


def _cohort_cells(bucket: Bucket) -> tuple[str, ...]:
    if bucket.conversion is None or bucket.outcomes is None:
        return (tables.NOTHING,) * 4
    return (
        tables.count_text(bucket.outcomes.entered),
        tables.count_text(bucket.outcomes.open),
        *tables.proportion_cells(bucket.conversion),
    )


def _change(name: str, now: int, then: int) -> tuple[str, str, str, str]:
    return (name, tables.count_text(now), tables.count_text(then), f"{now - then:+,}" if now != then else "0")
