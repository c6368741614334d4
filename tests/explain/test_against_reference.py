"""An explanation is of one mind with the engine and with the reference evaluator."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from convgoals import Goal, GoalEngine
from convgoals.explain.explain import explain
from convgoals.instants import zone
from convgoals.language.condition import Condition, parse
from convgoals.language.format import format_node
from convgoals.records import Fact
from convgoals.testing import logs, strategies
from convgoals.testing.reference import evaluate, holds_at

EXAMPLES = int(os.environ.get("CONVGOALS_EXAMPLES", "60"))
thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@st.composite
def goals(draw: Callable[[Any], Any]) -> Goal:
    """A goal of any shape."""
    return Goal(
        "g",
        Condition(draw(strategies.goal_conditions(max_depth=3))),
        count=draw(st.sampled_from(("once", "every", "once per 1 day", "once per x"))),
        timezone=draw(st.sampled_from(("UTC", "America/New_York"))),
        since=draw(st.sampled_from((None, None, None, "2026-01-02"))),
    )


@given(goals(), logs.logs(), st.sampled_from((1, 3, 70)))
@thorough
def test_explanations_agree(goal: Goal, log: list[Fact], days: int) -> None:
    """Completions and the truth of the whole and of each part outside windows are those of the reference."""
    note(str(goal.condition))
    now = logs.START + timedelta(days=days)
    log = [fact for fact in log if fact.timestamp <= now]
    found = explain(goal, log, now)
    note(str(found))
    expected = [completion.achieved_at for completion in evaluate(goal, log, now)]
    assert list(found.completed_at) == expected
    assert found.about == (expected[-1] if expected else now)
    with GoalEngine([goal], keep="all") as engine:
        engine.process(log)
        engine.advance(now)
        assert [each.achieved_at for each in engine.history()] == expected
    assert format_node(goal.condition.root) == found.root.condition
    assert found.root.holds == holds_at(goal.condition, log, found.about, timezone=goal.timezone)
    for part in found.root.parts:
        if " and " in found.root.condition and parse(found.root.condition).root.__class__.__name__ == "And":
            assert part.holds == holds_at(parse(part.condition), log, found.about, timezone=goal.timezone)
    assert (found.standing.state == "converted") == bool(expected)
    json.dumps(found.to_dict())
    assert zone(goal.timezone)


@given(goals(), logs.logs())
@thorough
def test_what_does_not_hold_has_a_reason(goal: Goal, log: list[Fact]) -> None:
    """Every profile that has not completed a goal, whose condition does not hold, is told why."""
    note(str(goal.condition))
    found = explain(goal, log)
    note(str(found))
    assert found.headline.endswith(".")
    if not found.holds and not found.root.holds:
        assert found.misses
    for part in found.root.walk():
        if part.miss is not None:
            assert not part.holds
            assert part.text == part.miss.text != ""
            assert part.miss.general != ""
            assert not part.needs.startswith(" ")


@given(goals(), logs.logs())
@thorough
def test_what_time_alone_completes_comes_true(goal: Goal, log: list[Fact]) -> None:
    """At the instant at which time alone is said to complete a goal, it does, and not before."""
    note(str(goal.condition))
    found = explain(goal, log)
    if found.completes_at is None or found.completes_at.year > 2030:
        return
    later = [completion.achieved_at for completion in evaluate(goal, log, found.completes_at)]
    assert later == [*found.completed_at, *(at for at in later if at == found.completes_at)]
    assert found.completes_at in later
