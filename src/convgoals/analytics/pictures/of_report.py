"""The pictures of a goal's report: its trend, breakdown and baseline. Those of the time to convert stand apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convgoals.analytics import tables
from convgoals.analytics.dimensions import Row
from convgoals.analytics.pictures import of_time, shared
from convgoals.analytics.stats import Difference
from convgoals.analytics.tally import Bucket
from convgoals.charts.pictures import Bar, Bars, Columns, Picture

if TYPE_CHECKING:
    from convgoals.analytics.goal_report import Baseline, GoalReport


def pictures(report: GoalReport) -> dict[str, Picture]:
    """The pictures that there are, by the part that they are of."""
    found: dict[str, Picture] = {"trend": _trend(report)}
    if report.dimension is not None:
        found["breakdown"] = _breakdown(report)
    if report.baseline is not None:
        found["baseline"] = _baseline(report, report.baseline)
    if report.time_to_convert.count:
        found["time"] = of_time.histogram(report, report.time_to_convert)
    if report.curve is not None and report.curve.points:
        found["curve"] = of_time.curve(report, report.curve)
    return found


def _trend(report: GoalReport) -> Columns:
    if report.by == "entered":
        return _cohorts(report)
    goal = shared.name(report.goal)
    count = tables.count_text(report.completions) if report.completions else "no"
    title = f"{goal}: {count} completion{'' if report.completions == 1 else 's'}"
    top = _fullest(report)
    if top is not None and len(report.trend) == 1:
        title += f" in {top.label}"
    elif top is not None:
        title += f", the most in {top.label}: {tables.count_text(top.completions)}"
    subtitle = f"Completions by {report.every} · {report.period_text()} · {report.timezone}"
    return shared.trend(report.trend, title, subtitle, report.every)


def _cohorts(report: GoalReport) -> Columns:
    """The rate of those who entered in each bucket."""
    rate = tables.rate_text(report.rate)
    title = f"{shared.name(report.goal)}: {rate} of the {tables.count_text(report.audience)} who entered converted"
    subtitle = f"Rate by the {report.every} of entry, {_confidence(report)} interval · {report.period_text()}"
    return shared.cohorts(report.trend, title, f"{subtitle} · {report.timezone}", report.every)


def _fullest(report: GoalReport) -> Bucket | None:
    """The bucket with the most completions, of those that are whole if any is; ``None`` where several have as many."""
    whole = [bucket for bucket in report.trend if not bucket.unfinished and not bucket.cut] or report.trend
    most = max((bucket.completions for bucket in whole), default=0)
    fullest = [bucket for bucket in whole if bucket.completions == most]
    return fullest[0] if most and len(fullest) == 1 else None


def _breakdown(report: GoalReport) -> Bars:
    if any(row.own is not None for row in report.breakdown):
        return _own_rates(report)
    subtitle = f"Converting profiles by {report.dimension}, of {_audience(report)} · {report.period_text()}"
    bars = tuple(
        Bar(
            row.label,
            row.rate or 0.0,
            f"{tables.count_text(row.converting_profiles)} · {tables.rate_text(row.rate)}",
            shared.interval(row.conversion),
            "main" if row.kind == "value" else "muted",
        )
        for row in report.breakdown
    )
    return Bars(_leader(report), subtitle, bars, f"share of the audience, {_confidence(report)} interval")


def _own_rates(report: GoalReport) -> Bars:
    """The rate of those who have each value, against that of those who have not."""
    best = _best(report)
    bars = tuple(
        Bar(
            row.label,
            row.own.rate or 0.0,
            f"{tables.rate_text(row.own.rate)} of {tables.count_text(row.own.total)}",
            shared.interval(row.own),
            "strong" if row is best else "main" if row.kind == "value" else "muted",
            aside="" if row.difference is None or not row.difference.evidence else _points(row.difference),
        )
        for row in report.breakdown
        if row.own is not None
    )
    goal = shared.name(report.goal)
    if best is None or best.own is None or best.difference is None:
        title = f"{goal}: no evidence that any {report.dimension} converts better than the rest"
    else:
        rate, of = tables.rate_text(best.own.rate), tables.count_text(best.own.total)
        more = _points(best.difference)
        title = f"{goal}: {_called(report, best)} converts better than the rest, {rate} of {of}, {more}"
    subtitle = f"Rate by {report.dimension}, of {_audience(report)} · {report.period_text()}"
    axis = f"completion rate, {_confidence(report)} interval; points: against the rest"
    notes = (_SEVERAL[report.dimension],) if report.dimension in _SEVERAL else ()
    return Bars(title, subtitle, bars, axis, notes=notes)


_SEVERAL = {
    "segment": "A profile counts in each of the segments that it is in.",
    "campaign": "A profile counts for each campaign; what came after a receipt need not be caused by it.",
}


def _points(difference: Difference) -> str:
    return tables.points_text(difference).partition(" (")[0]


def _best(report: GoalReport) -> Row | None:
    """The row with the highest rate of those of which there is evidence that they convert better than the rest."""
    better = [
        row
        for row in report.breakdown
        if row.difference is not None and row.difference.evidence and (row.difference.difference or 0) > 0
    ]
    return max(better, key=lambda row: 0.0 if row.own is None else row.own.rate or 0.0, default=None)


def _leader(report: GoalReport) -> str:
    """Who brought the most: a count, and so a fact."""
    goal = shared.name(report.goal)
    rows = [row for row in report.breakdown if row.kind == "value" and row.converting_profiles]
    if not rows:
        return f"{goal}: no {report.dimension} brought a converting profile"
    most = rows[0].converting_profiles
    leaders = [row for row in rows if row.converting_profiles == most]
    of = f"{tables.count_text(most)} of {tables.count_text(report.converting_profiles)} converting profiles"
    if len(leaders) > 1:
        return f"{goal}: {_names(leaders)} brought the most, each {of}"
    return f"{goal}: {_called(report, rows[0])} brought the most, {of}"


def _called(report: GoalReport, row: Row) -> str:
    """``email``, but ``campaign spring`` and ``profile.plan pro``: channels are known by their names."""
    return shared.name(row.label) if report.dimension == "channel" else f"{report.dimension} {shared.name(row.label)}"


def _names(rows: list[Row]) -> str:
    names = [shared.name(row.label) for row in rows]
    return f"{names[0]} and {names[1]}" if len(names) == 2 else f"{len(names)} rows"


def _baseline(report: GoalReport, baseline: Baseline) -> Bars:
    change = baseline.difference
    goal = shared.name(report.goal)
    if change.difference is None:
        title = f"{goal}: no comparison with the baseline, for one of them has no audience"
    elif change.evidence:
        side = "higher" if change.difference > 0 else "lower"
        rates = f"{tables.rate_text(change.second.rate)} against {tables.rate_text(change.first.rate)}"
        title = f"{goal}: the rate is {side} than in the baseline, {rates}"
    else:
        title = f"{goal}: no evidence of a change against the baseline"
    rows = [
        (report.period_text(), report.figures.conversion, "main"),
        (report.period_text(baseline.since, baseline.until), baseline.figures.conversion, "muted"),
    ]
    bars = tuple(
        Bar(
            label,
            part.rate or 0.0,
            f"{tables.rate_text(part.rate)} · {tables.count_text(part.count)} of {tables.count_text(part.total)}",
            shared.interval(part),
            "main" if tone == "main" else "muted",
        )
        for label, part, tone in rows
    )
    subtitle = ""
    if change.difference is not None:
        subtitle = f"{tables.points_text(change)}, {tables.p_text(change.corrected_p_value)}"
    return Bars(title, subtitle, bars, f"completion rate, {_confidence(report)} interval")


def _confidence(report: GoalReport) -> str:
    return f"{report.figures.conversion.confidence * 100:.6g} %"


def _audience(report: GoalReport) -> str:
    return f"{tables.count_text(report.audience)} ({report.audience_text()})"
