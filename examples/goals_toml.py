"""Goals in a file: read them, say them in English, check them against a schema, and look for pitfalls.

Run it: `python examples/goals_toml.py`
"""

from __future__ import annotations

from pathlib import Path

from convgoals import Event, Goal, GoalEngine, GoalTypeError, Schema, load_goals
from convgoals.lint import lint, render_text

FILE = Path(__file__).with_name("goals.toml")

goals = load_goals(FILE)  # a GoalError names each goal that is wrong, with the place and a repair
schema = Schema.from_toml(FILE)  # its [schema] table

print("What the goals say")
for goal in goals:
    schema.check(goal)  # raises where a goal asks for what there is not
    print(f"- {goal.name}: {goal.describe()}")

print("\nWhat a slip looks like, before any data arrives")
try:
    schema.check(Goal("Large order", 'event order where (totl >= 100 and currency = "EURO")'))
except GoalTypeError as error:
    print(error)

print("\nWhat the linter thinks: right, and yet these may disappoint")
print(render_text(lint(goals, disabled=["CG003"])))  # codes and reasons: docs/lint.md

print("\nThe file at work")
with GoalEngine(goals, schema=schema) as engine:
    engine.process(
        [
            Event("visit", "ann", "2026-05-01T10:00:00Z"),
            Event("order", "ann", "2026-05-02T10:00:00Z", {"order_id": "A1", "total": 120, "currency": "EUR"}),
            Event("order", "ann", "2026-05-02T10:00:01Z", {"order_id": "A1", "total": 120, "currency": "EUR"}),
            Event("order", "ann", "2026-05-03T10:00:00Z", {"order_id": "A2", "total": 150, "currency": "EUR"}),
        ]
    )
    for done in engine.history():
        print(f"{done.profile_id} completed {done.goal!r} on {done.achieved_at:%d %B}, worth {done.value}")
