"""A store whose names are hostile, for pages about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileSnapshot

SCRIPT = '<script>document.title = "taken"</script>'
QUOTES = "\"' onload='alert(1)' & </style></title> ]]> -->"
HEBREW = "רכישה ראשונה של לקוח חדש"
LONG = "Unbroken" * 24
START = datetime(2026, 1, 1, 9, tzinfo=UTC)

GOALS = [
    Goal(SCRIPT, "event visit", description=f"All visits.\n{SCRIPT}"),
    Goal(QUOTES, f'event purchase where note != "{SCRIPT[:7]}"', within="30 days of first event visit", value="amount"),
    Goal(HEBREW, 'event purchase within 20 days of first campaign "<b>spring</b>" received', campaign="<b>spring</b>"),
    Goal(LONG, "event never"),
]


def fill(engine: GoalEngine) -> GoalEngine:
    """*engine* with the goals, and 60 profiles that do things."""
    for goal in GOALS:
        engine.add(goal)
    facts: list[CampaignReceipt | Event | ProfileSnapshot] = []
    for number in range(60):
        who, at = f"p{number}", START + timedelta(days=number)
        channel = (SCRIPT, HEBREW, LONG, None)[number % 4]
        facts.append(ProfileSnapshot(who, at, segments=[QUOTES] if number % 3 else ["vip"]))
        facts.append(Event("visit", who, at, id=f"v{number}", channel=channel))
        if number % 2:
            facts.append(CampaignReceipt("<b>spring</b>", who, at, channel=channel, id=f"r{number}"))
        if number % 5 == 0 or channel == HEBREW:
            bought = {"amount": 20 + number, "note": SCRIPT}
            facts.append(
                Event("purchase", who, at + timedelta(days=number % 9), bought, id=f"b{number}", channel=channel)
            )
    engine.process(facts)
    engine.advance(START + timedelta(days=90))
    return engine
