"""The pictures of the time to convert: its histogram, and the curve of those who entered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from convgoals.analytics import tables
from convgoals.analytics.figures import Durations
from convgoals.analytics.pictures import shared
from convgoals.analytics.survival import Curve
from convgoals.charts import pictures
from convgoals.charts.pictures import Column, Columns, Point

if TYPE_CHECKING:
    from convgoals.analytics.goal_report import GoalReport

_DAY = 86_400
# fmt: off
_STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    *(days * _DAY for days in (1, 2, 5, 7, 14, 30, 60, 90, 180)),
)
# fmt: on
"""Round spans between the ticks of an axis, in seconds; longer ones are whole years."""

_MOST_TICKS = 5


def histogram(report: GoalReport, times: Durations) -> Columns:
    """How long those took who converted."""
    columns = tuple(
        Column(f"to {tables.span_text(each.high)}", float(each.count), tables.count_text(each.count))
        for each in times.histogram
    )
    title = f"{shared.name(report.goal)}: half of those who converted took {tables.span_text(times.median)} or less"
    who = f"{tables.count_text(times.count)} profile{'' if times.count == 1 else 's'}"
    subtitle = f"Time from the window's anchor to the first completion, of {who} · {report.period_text()}"
    notes = (f"The middle half took {tables.span_text(times.p25)} to {tables.span_text(times.p75)}.",)
    return Columns(title, subtitle, columns, "converting profiles", notes=notes)


def curve(report: GoalReport, found: Curve) -> pictures.Curve:
    """By when those convert who entered, those who are still open taken into account."""
    points = [Point(0.0, 0.0, 0.0, 0.0)]
    for each in found.points:
        low, high = (each.share,) * 2 if each.interval is None else (each.interval.low, each.interval.high)
        points.append(Point(each.time.total_seconds(), each.share, low, high))
    entered, censored = tables.count_text(found.profiles), tables.count_text(found.censored)
    percent = f"{report.figures.conversion.confidence * 100:.6g} %"
    subtitle = f"Share of those who entered that has converted, by time since (Kaplan–Meier, {percent} interval)"
    return pictures.Curve(
        _title(report, found),
        subtitle,
        tuple(points),
        ticks(points[-1].at),
        "share that has converted",
        "time since they entered",
        _marks(found),
        (f"{entered} entered; {censored} of them have not converted, or not yet.",),
    )


def _title(report: GoalReport, found: Curve) -> str:
    goal = shared.name(report.goal)
    if found.median is not None:
        return f"{goal}: half of those who enter convert within {tables.span_text(found.median)}"
    last = found.points[-1]
    rate = tables.rate_text(last.share)
    return f"{goal}: {rate} of those who enter convert within {tables.span_text(last.time)}"


def _marks(found: Curve) -> tuple[tuple[float, float, str], ...]:
    if found.median is None:
        last = found.points[-1]
        words = f"{tables.rate_text(last.share)} by {tables.span_text(last.time)}"
        return ((last.time.total_seconds(), last.share, words),)
    words = f"half by {tables.span_text(found.median)}"
    return ((found.median.total_seconds(), found.share_at(found.median), words),)


def ticks(end: float) -> tuple[tuple[float, str], ...]:
    """A few round spans from 0 to *end* seconds, with their words."""
    year = 365 * _DAY
    step = next((step for step in _STEPS if end <= step * _MOST_TICKS), year * max(1, round(end / year / _MOST_TICKS)))
    places = (step * number for number in range(int(end // step) + 1))
    return tuple((float(place), tables.span_text(timedelta(seconds=place)) if place else "0") for place in places)
