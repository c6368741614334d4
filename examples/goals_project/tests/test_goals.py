"""Tests of the goals beyond their examples: the fixtures come with convgoals' pytest plugin."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from convgoals import Event, Goal, GoalEngine, load_goals
from convgoals.testing import assert_completions, converted, logs_for, timeline
from convgoals.testing.plugin import GoalClock
from convgoals.testing.reference import evaluate

GOALS = {goal.name: goal for goal in load_goals("goals.toml")}
KEPT = GOALS["Order kept"]


def test_a_small_order_does_not_spoil_a_large_one(goals: dict[str, Goal]) -> None:
    """What counts is the first order that is large enough."""
    visit = timeline().event("page_visit").after("1 day").event("purchase_completed", order_value=5)
    large = visit.after("2 days").event("purchase_completed", order_value=80)
    assert goals["First purchase within a week"] not in converted(visit)
    assert_completions(goals["First purchase within a week"], large, ["+3d"])


def test_time_alone_completes(goal_engine: GoalEngine, goal_clock: GoalClock) -> None:
    """An order is kept when fourteen days have passed, and not before."""
    goal_engine.process(timeline().event("purchase_completed", order_id="A1"))
    assert goal_clock.advance("13 days") == []
    assert [done.goal for done in goal_clock.advance("1 day")] == ["Order kept"]


@given(st.data())
def test_a_refund_always_undoes_it(data: st.DataObject) -> None:
    """Whatever happened: if every order is refunded at once, none was kept."""
    log = data.draw(logs_for(KEPT))
    orders = [fact for fact in log if isinstance(fact, Event) and fact.properties.get("order_id") is not None]
    refunds = [Event("refund_issued", each.profile_id, each.timestamp, each.properties) for each in orders]
    later = max((each.timestamp for each in orders), default=None)
    if later is not None:
        assert evaluate(KEPT, [*orders, *refunds], now=later + timedelta(days=30)) == []
