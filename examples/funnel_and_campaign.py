"""What a campaign brought, and where those whom it reached dropped off.

Run it: `python examples/funnel_and_campaign.py`
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from convgoals import CampaignReceipt, Event, Goal, GoalEngine

SPRING = 'first campaign "spring" received'

goals = [
    Goal("Received spring", 'campaign "spring" received', campaign="spring"),
    Goal("Visited", "event visit", within=f"7 days of {SPRING}", campaign="spring"),
    Goal("Filled a cart", "event cart", within=f"7 days of {SPRING}", campaign="spring"),
    Goal("Ordered", "event order", within=f"14 days of {SPRING}", campaign="spring", value="total"),
]


def facts() -> Iterator[CampaignReceipt | Event]:
    """What 200 recipients did, and 50 others who ordered all the same."""
    sent = datetime(2026, 4, 1, 9, tzinfo=UTC)
    for channel, received, visited, carts, orders in [("email", 120, 66, 30, 14), ("push", 80, 30, 16, 4)]:
        for number in range(received):
            who, hours = f"{channel}-{number:03}", timedelta(hours=number)
            yield CampaignReceipt("spring", who, sent, channel=channel)
            if number < visited:
                yield Event("visit", who, sent + hours, channel=channel)
            if number < carts:
                yield Event("cart", who, sent + 2 * hours, channel=channel)
            if number < orders:
                yield Event("order", who, sent + 3 * hours, {"total": 20 + number}, channel="shop")
    for number in range(50):
        yield Event("order", f"other-{number:03}", sent, {"total": 30}, channel="shop")


with GoalEngine(goals) as engine:
    engine.process(facts())

    report = engine.report("Ordered")  # linked to a campaign: its audience are the recipients
    print(f"{report.completions} of {report.audience} recipients ordered ({report.rate:.1%}).")
    print(report, end="\n\n")

    funnel = engine.funnel(goals, within="14 days", breakdown="channel")
    print(funnel, end="\n\n")
    for stage in funnel.stages[:-1]:
        print(f"{stage.dropped} went no further than {stage.goal!r}")
    remind = list(funnel.dropped("Filled a cart"))
    print(f"Remind these {len(remind)} of their carts: {', '.join(remind[:4])} …")
