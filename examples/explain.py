"""Why one profile did not convert, and why the others did not.

Run it from anywhere with `python examples/explain.py`.
"""

from convgoals import Event, Goal, GoalEngine

TRIAL = Goal(
    "Trial converts",
    "event trial_started followed within 14 days by event subscribed with same plan without event cancelled",
)


def event(kind: str, profile_id: str, day: int, **properties: object) -> Event:
    """An event at noon of a day in January."""
    return Event(kind, profile_id, f"2026-01-{day:02}T12:00:00Z", properties, id=f"{kind}-{day}")


def main() -> None:
    with GoalEngine([TRIAL]) as engine:
        engine.process(
            [
                event("trial_started", "ann", 1, plan="team"),
                event("subscribed", "ann", 5, plan="solo"),  # another plan
                event("trial_started", "ben", 2, plan="team"),
                event("subscribed", "ben", 20, plan="team"),  # too late
                event("trial_started", "cem", 3, plan="team"),
                event("cancelled", "cem", 6),
                event("subscribed", "cem", 7, plan="team"),
                event("trial_started", "dee", 28, plan="solo"),  # still has time
                event("trial_started", "eve", 4, plan="solo"),
                event("subscribed", "eve", 9, plan="solo"),
            ]
        )
        for profile_id in ("ben", "dee"):
            print(engine.explain("Trial converts", profile_id))
            print()
        print(engine.explain_misses("Trial converts"))


if __name__ == "__main__":
    main()
