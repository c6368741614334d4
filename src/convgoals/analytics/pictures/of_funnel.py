"""The pictures of a funnel: its stages, and its groups."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from convgoals.analytics import tables
from convgoals.analytics.pictures import shared
from convgoals.charts.pictures import Bar, Bars, Picture

if TYPE_CHECKING:
    from convgoals.analytics.funnel_result import Funnel, Group, Stage


def pictures(funnel: Funnel) -> dict[str, Picture]:
    """The pictures that there are, by the part that they are of."""
    found: dict[str, Picture] = {"stages": _stages(funnel)}
    if funnel.dimension is not None:
        found["groups"] = _groups(funnel)
    return found


def _stages(funnel: Funnel) -> Bars:
    stages = funnel.stages
    worst = _worst(funnel)
    bars = tuple(
        Bar(
            f"{stage.number}. {stage.goal}",
            float(stage.count),
            _figure(stage),
            None if stage.number == 1 else _counts(stage),
            "strong" if worst is not None and stage is worst[1] else "main",
            aside="" if stage.number == 1 else _loss(stages[stage.number - 2], stage),
        )
        for stage in stages
    )
    subtitle = f"Profiles that reached each stage, each counted once · {funnel.conditions_text()}"
    percent = f"{stages[0].step.confidence * 100:.6g} %"
    return Bars(
        _title(funnel, worst), subtitle, bars, f"profiles, {percent} interval of the share of the first", "count"
    )


def _figure(stage: Stage) -> str:
    count = tables.count_text(stage.count)
    return count if stage.number == 1 else f"{count} · {tables.rate_text(stage.overall.rate)}"


def _counts(stage: Stage) -> tuple[float, float] | None:
    """The interval of the share of the first stage, in profiles."""
    ends = shared.interval(stage.overall)
    return None if ends is None else (ends[0] * stage.overall.total, ends[1] * stage.overall.total)


def _loss(before: Stage, stage: Stage) -> str:
    if not before.count:
        return ""
    lost = before.count - stage.count
    return f"{tables.count_text(lost)} lost ({tables.rate_text(lost / before.count)})"


def _worst(funnel: Funnel) -> tuple[Stage, Stage] | None:
    """Between which two stages the most are lost; a count, and so a fact."""
    steps = [(one, other) for one, other in pairwise(funnel.stages) if one.count > other.count]
    return max(steps, key=lambda step: step[0].count - step[1].count, default=None)


def _title(funnel: Funnel, worst: tuple[Stage, Stage] | None) -> str:
    if not funnel.stages[0].count:
        return f"Nobody has reached the first stage, {shared.name(funnel.stages[0].goal)}"
    if worst is None:
        return f"All {tables.count_text(funnel.stages[0].count)} got through to {shared.name(funnel.stages[-1].goal)}"
    one, other = worst
    lost = one.count - other.count
    return (
        f"{tables.rate_text(funnel.overall.rate)} get through; the most are lost between {shared.name(one.goal)} and "
        f"{shared.name(other.goal)}: {tables.count_text(lost)} of {tables.count_text(one.count)}"
    )


def _groups(funnel: Funnel) -> Bars:
    best = _best(funnel)
    bars = tuple(
        Bar(
            group.label,
            group.stages[-1].overall.rate or 0.0,
            f"{tables.rate_text(group.stages[-1].overall.rate)} of {tables.count_text(group.stages[0].count)}",
            shared.interval(group.stages[-1].overall),
            "strong" if group is best else "main" if group.kind == "value" else "muted",
        )
        for group in funnel.groups
    )
    goal = shared.name(funnel.stages[-1].goal)
    if best is None or best.difference is None:
        title = f"No evidence that any {funnel.dimension} gets through to {goal} more than the rest"
    else:
        rate = tables.rate_text(best.stages[-1].overall.rate)
        of = tables.count_text(best.stages[0].count)
        change = tables.points_text(best.difference).partition(" (")[0]
        title = f"{shared.name(best.label)} gets through more than the rest: {rate} of {of}, {change}"
    subtitle = f"By the {funnel.dimension} of the first stage · {funnel.conditions_text()}"
    percent = f"{funnel.stages[0].step.confidence * 100:.6g} %"
    return Bars(title, subtitle, bars, f"share of the first stage that reached the last, {percent} interval")


def _best(funnel: Funnel) -> Group | None:
    """The group with the highest rate of those of which there is evidence that they do better than the rest."""
    better = [
        group
        for group in funnel.groups
        if group.difference is not None and group.difference.evidence and (group.difference.difference or 0) > 0
    ]
    return max(better, key=lambda group: group.stages[-1].overall.rate or 0.0, default=None)
