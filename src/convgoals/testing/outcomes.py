"""What a timeline comes to for a goal: its completions by the engine, where the profile then stands, and why."""

from __future__ import annotations

from datetime import datetime

import attrs

from convgoals.engine.engine import GoalEngine
from convgoals.explain.explain import explain
from convgoals.explain.model import Explanation
from convgoals.goals import Goal
from convgoals.records import Completion
from convgoals.standing.standing import State
from convgoals.testing.timelines import Timeline


@attrs.frozen
class Outcome:
    """What a goal makes of a profile at one time.

    Attributes:
        goal: the goal.
        timeline: what the profile did.
        at: when it was judged, in UTC; facts after that do not count.
        completions: by ``achieved_at``.
        explanation: why, or why not.
    """

    goal: Goal
    timeline: Timeline
    at: datetime
    completions: tuple[Completion, ...]
    explanation: Explanation = attrs.field(repr=False)

    @property
    def status(self) -> State:
        """Where the profile stands (semantics §8)."""
        return "converted" if self.completions else self.explanation.standing.state


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
    return Outcome(goal, timeline, moment, completions, explain(goal, facts, moment))
