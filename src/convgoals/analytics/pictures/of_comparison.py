"""The pictures of a comparison of goals: their rates, and their trends below each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from convgoals.analytics import tables
from convgoals.analytics.periods import Period, read_zone
from convgoals.analytics.pictures import shared
from convgoals.charts.pictures import Bar, Bars, Panels, Picture

if TYPE_CHECKING:
    from convgoals.analytics.compare import ComparedGoal, Comparison


def pictures(comparison: Comparison) -> dict[str, Picture]:
    """The pictures, by the part that they are of."""
    return {"rates": _rates(comparison), "trend": _trends(comparison)}


def _rates(comparison: Comparison) -> Bars:
    best = _best(comparison)
    bars = tuple(
        Bar(
            each.goal,
            each.figures.conversion.rate or 0.0,
            _figure(each),
            shared.interval(each.figures.conversion),
            "strong" if each is best else "main",
            aside="" if each.difference is None else _against(each),
        )
        for each in comparison.goals
    )
    percent = f"{comparison.goals[0].figures.conversion.confidence * 100:.6g} %"
    return Bars(_title(comparison, best), _subtitle(comparison), bars, f"completion rate, {percent} interval")


def _figure(each: ComparedGoal) -> str:
    part = each.figures.conversion
    return f"{tables.rate_text(part.rate)} · {tables.count_text(part.count)}"


def _against(each: ComparedGoal) -> str:
    change = each.difference
    if change is None or change.difference is None:
        return ""
    return tables.points_text(change).partition(" (")[0] if change.evidence else "no evidence of a difference"


def _best(comparison: Comparison) -> ComparedGoal | None:
    """The goal that has the highest rate, as far as there is evidence; ``None`` where there is not enough."""
    first, *others = comparison.goals
    found = [each for each in others if each.difference is not None and each.difference.evidence]
    higher = [each for each in found if each.difference is not None and (each.difference.difference or 0) > 0]
    if higher:
        return max(higher, key=lambda each: each.figures.conversion.rate or 0.0)
    return first if len(found) == len(others) else None


def _title(comparison: Comparison, best: ComparedGoal | None) -> str:
    first = comparison.goals[0]
    if not comparison.audience:
        return "No comparison: the audience is nobody"
    if best is None:
        return f"No evidence that another goal has a higher rate than {shared.name(first.goal)}"
    rate, against = tables.rate_text(best.figures.conversion.rate), tables.rate_text(first.figures.conversion.rate)
    if best is first:
        return f"{shared.name(best.goal)} has the highest rate: {rate} of {tables.count_text(comparison.audience)}"
    return f"{shared.name(best.goal)} has a higher rate than {shared.name(first.goal)}: {rate} against {against}"


def _trends(comparison: Comparison) -> Panels:
    everything = {bucket.start: bucket for each in comparison.goals for bucket in each.trend}
    panels = []
    for each in comparison.goals:
        own = {bucket.start: bucket for bucket in each.trend}
        # What one goal's trend does not reach back to is empty, so that what stands below each other is the same time.
        whole = [own.get(at) or attrs.evolve(everything[at], completions=0) for at in sorted(everything)]
        panels.append(shared.trend(whole, each.goal, "", comparison.every))
    title = "Completions of each goal over time" if everything else "No completions yet"
    subtitle = f"By {comparison.every}, each on its own scale · {_subtitle(comparison)}"
    return Panels(title, subtitle, tuple(panels), panels[0].notes)


def _subtitle(comparison: Comparison) -> str:
    who = "profiles" if comparison.campaign is None else f"recipients of campaign {comparison.campaign!r}"
    period = Period(comparison.since, comparison.until).text(read_zone(comparison.timezone))
    return f"{period} · {comparison.timezone} · {tables.count_text(comparison.audience)} {who}"
