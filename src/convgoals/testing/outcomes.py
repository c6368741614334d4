"""What a timeline comes to for a goal: its completions by the engine, and where the profile then stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeAlias

import attrs

from convgoals.engine.engine import GoalEngine
from convgoals.goals import Goal
from convgoals.instants import to_datetime, to_instant, zone
from convgoals.language import ast
from convgoals.records import Completion, Fact
from convgoals.testing.reference.conditions import instants, seen
from convgoals.testing.reference.facts import read_log
from convgoals.testing.reference.spans import ALL_OF_TIME, anchor_of_property, end_of, later, start_of
from convgoals.testing.timelines import Timeline

Status: TypeAlias = Literal["converted", "open", "missed", "not entered"]


@attrs.frozen
class Outcome:
    """What a goal makes of a profile at one time.

    Attributes:
        goal: the goal.
        timeline: what the profile did.
        at: when it was judged, in UTC; facts after that do not count.
        completions: by ``achieved_at``.
        status: where the profile stands (semantics §8).
        until: the last instant at which an ``open`` profile may convert, or a ``missed`` one could have; ``None``
            where nothing ends it.
    """

    goal: Goal
    timeline: Timeline
    at: datetime
    completions: tuple[Completion, ...]
    status: Status
    until: datetime | None = None


def outcome(goal: Goal, timeline: Timeline, at: datetime | str | None = None) -> Outcome:
    """What *goal* makes of *timeline*.

    Args:
        goal: the goal.
        timeline: what the profile did.
        at: when to judge: as in `Timeline.instant`; the time that the timeline has reached, if not given.

    Raises:
        TimelineError: *at* is no instant.
    """
    moment = timeline.reached if at is None else timeline.instant(at)
    facts = [fact for fact in timeline.facts if fact.timestamp <= moment]
    with GoalEngine([goal]) as engine:
        engine.process(facts)
        engine.advance(moment)
        completions = tuple(engine.history())
    if completions:
        return Outcome(goal, timeline, moment, completions, "converted")
    status, until = _standing(goal, facts, to_instant(moment))
    return Outcome(goal, timeline, moment, (), status, None if until is None else to_datetime(until))


def outermost_window(root: ast.Condition) -> ast.Window | ast.Between | None:
    """The first window of the text, which velocity and standing are about."""
    return next((node for node in ast.walk(root) if isinstance(node, (ast.Window, ast.Between))), None)


def windows_so_far(goal: Goal, facts: Iterable[Fact], instant: int) -> list[tuple[int, int]] | None:
    """The outermost windows that have opened by *instant*, each as its first and last instant; ``None`` without one."""
    window = outermost_window(goal.condition.root)
    if window is None:
        return None
    log = read_log(facts, zone(goal.timezone))
    log = attrs.evolve(log, instants=instants(log, goal.condition.root, instant))
    if isinstance(window, ast.Between):
        return [(start_of(log, window), end_of(log, window))] if start_of(log, window) <= instant else []
    if isinstance(window.anchor, ast.PropertyAnchor):
        at = anchor_of_property(log, window.anchor, instant)
        anchors = [at] if at is not None and at <= instant else []
    else:
        anchors = sorted({each.at for each in seen(log, window.anchor.occurrence, instant, ALL_OF_TIME)})
        anchors = anchors[:1] if window.anchor.which == "first" else anchors
        anchors = anchors[-1:] if window.anchor.which == "last" else anchors
    return [(at, later(log, at, window.duration)) for at in anchors]


def _standing(goal: Goal, facts: list[Fact], instant: int) -> tuple[Status, int | None]:
    """Where a profile stands that has not converted, and until when."""
    windows = windows_so_far(goal, facts, instant)
    if windows is None:
        return ("open" if facts else "not entered"), None
    if not windows or not facts:
        return "not entered", None
    end = max(last for _, last in windows)
    return ("open" if instant <= end else "missed"), end
