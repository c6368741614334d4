"""Tests for your goals: a log, a goal, and what must come of it. Plain functions, for pytest or any other runner.

Run it: `pytest examples/ci_test_goals.py`, or `python examples/ci_test_goals.py`

`evaluate` is the reference evaluator: slow, without state, and the same completions as the engine's.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from convgoals import Event, Goal, ProfileSnapshot
from convgoals.testing.reference import evaluate

WELCOME = Goal("First order soon", "event order", within="7 days of first event signup", value="total")
KEPT = Goal("Kept the order", "event order not followed within 14 days by event refund with same order_id")
PRO = Goal("Order by a pro", 'event order where profile.plan = "pro"')

SIGNUP = Event("signup", "ann", "2026-01-01T12:00:00Z")


def test_the_window_includes_its_end() -> None:
    """An order exactly seven days after the signup converts, and one a second later does not."""
    (done,) = evaluate(WELCOME, [SIGNUP, Event("order", "ann", "2026-01-08T12:00:00Z", {"total": 40})])
    assert (done.value, done.since_anchor) == (40, timedelta(days=7))
    assert evaluate(WELCOME, [SIGNUP, Event("order", "ann", "2026-01-08T12:00:01Z")]) == []


def test_time_alone_completes_an_order_that_is_kept() -> None:
    """An order counts as kept when fourteen days have passed without a refund, and not before."""
    order = Event("order", "ann", "2026-01-01T12:00:00Z", {"order_id": "A1"})
    assert evaluate(KEPT, [order], now=datetime(2026, 1, 14, tzinfo=UTC)) == []
    (done,) = evaluate(KEPT, [order], now=datetime(2026, 2, 1, tzinfo=UTC))
    assert done.achieved_at == datetime(2026, 1, 15, 12, tzinfo=UTC)
    refund = Event("refund", "ann", "2026-01-03T12:00:00Z", {"order_id": "A1"})
    assert evaluate(KEPT, [order, refund], now=datetime(2026, 2, 1, tzinfo=UTC)) == []


def test_the_plan_is_that_of_the_moment() -> None:
    """An order before the upgrade does not count, whatever the plan is later."""
    free = ProfileSnapshot("ann", "2026-01-01T00:00:00Z", {"plan": "free"})
    pro = ProfileSnapshot("ann", "2026-02-01T00:00:00Z", {"plan": "pro"})
    assert evaluate(PRO, [free, pro, Event("order", "ann", "2026-01-20T00:00:00Z")]) == []
    assert len(evaluate(PRO, [free, pro, Event("order", "ann", "2026-02-20T00:00:00Z")])) == 1


if __name__ == "__main__":
    for test in (
        test_the_window_includes_its_end,
        test_time_alone_completes_an_order_that_is_kept,
        test_the_plan_is_that_of_the_moment,
    ):
        test()
        print("passed:", test.__doc__)
