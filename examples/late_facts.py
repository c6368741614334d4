"""Facts that come late: completions are corrected, and what was believed before is never lost.

Run it: `python examples/late_facts.py`
"""

from __future__ import annotations

from convgoals import Completion, Event, Goal, GoalEngine, Retraction

goal = Goal(
    "Trial converts",
    "event trial_started followed within 14 days by event subscribed without event refund_requested",
)

on_time = [
    Event("trial_started", "ann", "2026-01-01T09:00:00Z", id="t-ann"),
    Event("subscribed", "ann", "2026-01-10T09:00:00Z", id="s-ann"),
    Event("subscribed", "bob", "2026-01-12T09:00:00Z", id="s-bob"),  # as far as is known, bob had no trial
]
late = [
    Event("trial_started", "cem", "2026-01-20T09:00:00Z", id="t-cem"),  # it is the 20th now
    Event("refund_requested", "ann", "2026-01-09T15:00:00Z", id="r-ann"),  # … and these two were stuck somewhere
    Event("trial_started", "bob", "2026-01-02T09:00:00Z", id="t-bob"),
]


def show(change: Completion | Retraction) -> str:
    """One line for an entry of the ledger."""
    what = f"{change.profile_id} converted on {change.achieved_at:%d %B}"
    known = f"known on {change.recorded_at:%d %B}"
    if isinstance(change, Retraction):
        return f"- {what}: no longer, because of {change.cause}; {known}"
    return f"+ {what}; {known}"


with GoalEngine([goal]) as engine:
    print("The first batch:")
    for change in engine.process(on_time):
        print(" ", show(change))

    print("The late batch:")
    for change in engine.process(late):
        print(" ", show(change))

    print("Sent again, the same facts change nothing:", engine.process(on_time + late))

    print("Converted, as is known now:", [done.profile_id for done in engine.history()])
    then = "2026-01-15T00:00:00Z"
    print("Converted, as was known on 15 January:", [done.profile_id for done in engine.history(as_of=then)])

    print("The ledger, where nothing is overwritten:")
    for entry in engine.ledger():
        print(" ", show(entry))
