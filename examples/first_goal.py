"""A goal, some facts, and who converted.

Run it: `python examples/first_goal.py`
"""

from __future__ import annotations

from convgoals import Event, Goal, GoalEngine

goal = Goal("Large order", "event order where total >= 100 within 7 days of first event visit", value="total")

facts = [
    Event("visit", "ann", "2026-03-01T09:00:00Z", channel="email"),
    Event("order", "ann", "2026-03-04T18:30:00Z", {"total": 129.90}, channel="search"),
    Event("visit", "bob", "2026-03-02T11:00:00Z", channel="search"),
    Event("order", "bob", "2026-03-02T11:15:00Z", {"total": 49.00}, channel="search"),  # too small
    Event("visit", "cem", "2026-03-03T08:00:00Z", channel="email"),
    Event("order", "cem", "2026-03-10T08:00:00Z", {"total": 100}, channel="email"),  # exactly 7 days are within 7 days
    Event("order", "dee", "2026-03-05T20:00:00Z", {"total": 300}, channel="shop"),  # never visited: no window is open
]

with GoalEngine([goal]) as engine:
    engine.process(facts)  # in any order, in batches of any size
    print(goal.describe())
    for done in engine.history():
        print(f"{done.profile_id} converted on {done.achieved_at:%d %B} after {done.since_anchor}: {done.value}")
