"""The pictures of a goal's report: its trend, breakdown and baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convgoals.analytics import tables
from convgoals.analytics.dimensions import Row
from convgoals.analytics.pictures import shared
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
    return found


def _trend(report: GoalReport) -> Columns:
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


def _fullest(report: GoalReport) -> Bucket | None:
    """The bucket with the most completions, of those that are whole if any is; ``None`` where several have as many."""
    whole = [bucket for bucket in report.trend if not bucket.unfinished and not bucket.cut] or report.trend
    most = max((bucket.completions for bucket in whole), default=0)
    fullest = [bucket for bucket in whole if bucket.completions == most]
    return fullest[0] if most and len(fullest) == 1 else None


def _breakdown(report: GoalReport) -> Bars:
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
    notes = []
    if report.dimension == "segment":
        notes.append("A profile counts in each of its segments.")
    return Bars(
        _leader(report), subtitle, bars, f"share of the audience, {_confidence(report)} interval", notes=tuple(notes)
    )


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
    return f"{goal}: {shared.name(rows[0].label)} brought the most, {of}"


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
    subtitle = f"{tables.points_text(change)}, {tables.p_text(change.corrected_p_value)}"
    return Bars(title, subtitle, bars, f"completion rate, {_confidence(report)} interval")


def _confidence(report: GoalReport) -> str:
    return f"{report.figures.conversion.confidence * 100:.6g} %"


def _audience(report: GoalReport) -> str:
    who = "profiles" if report.campaign is None else f"recipients of campaign {report.campaign!r}"
    return f"{tables.count_text(report.audience)} {who}"
