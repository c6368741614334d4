"""The public strategies: what they draw is aimed, and evaluates alike in engine and reference."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from convgoals import Condition, Event, Goal, GoalEngine, ProfileUpdate, parse
from convgoals.testing import conditions, facts_for, goals, logs_for
from convgoals.testing.reference import evaluate

SOON = Goal("Soon", "event purchase where order_value > 50", within="7 days of first event visit")
WIDE = Goal(
    "Wide",
    'count(event a where (x >= 3 and kind in ("u", "v")) in last 2 days) >= 3 and profile.plan = "pro"'
    ' and in segment "vip" or (event b followed within 1 hour by event c with same id) '
    'or campaign "m" received or (event d between 2026-03-01 and 2026-03-02T12:00:00) or profile.q changes to true'
    " or event e where (at > 2026-01-01 and n is set) or sum(y of event f) > 10"
    " or (event g within 1 day of profile.since)"
    ' or event h where name matches "^ab$"',
    count="once per order.id",
    value="order.total",
    since="2026-01-01",
)

SEARCH = settings(max_examples=20_000, phases=[Phase.generate], database=None)
"""Something is looked for, and need not be the smallest."""


@given(conditions())
@settings(max_examples=20)
def test_conditions_are_parsed(condition: Condition) -> None:
    """What is drawn is what parsing gives."""
    assert isinstance(condition, Condition)
    assert parse(str(condition)) == condition


@given(st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
def test_engine_and_reference_agree(data: st.DataObject) -> None:
    """Over any goal and a log aimed at it, both evaluators find the same completions."""
    goal = data.draw(goals())
    log = data.draw(logs_for(goal))
    with GoalEngine([goal]) as engine:
        engine.process(log)
        found = [(each.achieved_at, each.trigger_id) for each in engine.history()]
    assert found == [(each.achieved_at, each.trigger_id) for each in evaluate(goal, log)]


@pytest.mark.parametrize(
    ("late", "converts"), [(timedelta(days=7), True), (timedelta(days=7, microseconds=1), False)], ids=["at", "after"]
)
def test_logs_meet_the_edges(late: timedelta, converts: bool) -> None:
    """A purchase exactly at the window's end, and one a microsecond later, are both drawn, and told apart."""

    def is_it(log: list[Event]) -> bool:
        if [getattr(fact, "type", "") for fact in log] != ["visit", "purchase"]:
            return False
        return log[1].timestamp - log[0].timestamp == late and log[1].properties.get("order_value") == 51

    log = find(logs_for(SOON, max_size=2), is_it, settings=SEARCH)
    assert bool(evaluate(SOON, log)) is converts


def test_logs_hold_all_that_a_goal_looks_at() -> None:
    """Every kind of fact, nested names, campaigns, segments and dates of a goal come up."""
    seen: set[str] = set()
    for wanted in (
        lambda fact: isinstance(fact, Event) and fact.properties.get("order", {}).get("id") == "A",
        lambda fact: isinstance(fact, ProfileUpdate) and fact.segments == ("vip",),
        lambda fact: getattr(fact, "campaign", None) == "m",
        lambda fact: fact.timestamp.month == 3 and fact.timestamp.microsecond == 999_999,
        lambda fact: isinstance(fact, Event) and fact.properties.get("name") == "ab",
    ):
        fact = find(facts_for(WIDE), wanted, settings=SEARCH)
        seen.add(type(fact).__name__)
    assert {"Event", "ProfileUpdate", "CampaignReceipt"} <= seen


KEPT = Goal("Kept", "event order not followed within 14 days by event refund")


@given(logs_for(KEPT))
def test_a_refund_undoes_it(log: list[Event]) -> None:
    """The property of the documentation: with a refund at each order, nothing is kept."""
    refunds = [Event("refund", fact.profile_id, fact.timestamp) for fact in log]
    assert evaluate(KEPT, [*log, *refunds], now=max(fact.timestamp for fact in log) + timedelta(days=99)) == []
