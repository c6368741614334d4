"""A shop's stream of facts, and ten goals over its eight types of events: the material of the engine's benchmarks.

Made from a fixed seed: profiles come in sessions, a few come often and many once, a snapshot comes with the first
session, some plans change later, and a few amounts are missing or arrive as text. No two facts of one profile have
the same timestamp, so that the hand-written loop need not care for ties.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from convgoals import Event, Goal, ProfileSnapshot, ProfileUpdate
from convgoals.records import Fact

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 90

GOALS = (
    Goal("Any purchase", "event purchase_completed"),
    Goal(
        "Large order in the first week",
        'event purchase_completed where (order_value > 50 and currency in ("USD", "EUR"))',
        within="7 days of first event page_visit",
        value="order_value",
    ),
    Goal("Every order", "event purchase_completed where order_value > 0", count="every", value="order_value"),
    Goal("Checkout soon after the cart", "event checkout_started within 1 hour of last event add_to_cart"),
    Goal("Weekly habit", "count(event login in last 7 days) >= 3"),
    Goal("Pro buyer", 'event purchase_completed and profile.plan = "pro"'),
    Goal(
        "Signup after pricing",
        'event signup_completed within 1 day of any event page_visit where path starts with "/pricing"',
    ),
    Goal(
        "Funnel",
        "event product_viewed followed within 1 day by event add_to_cart with same product_id"
        " followed within 1 day by event purchase_completed",
    ),
    Goal("Happy again", "count(event purchase_completed) >= 2 and not event refund_requested"),
    Goal("Upgrade", '(profile.plan changes to "pro") within 30 days of first event signup_completed'),
)

WEIGHTS = {
    "page_visit": 40,
    "product_viewed": 22,
    "login": 12,
    "add_to_cart": 9,
    "checkout_started": 6,
    "purchase_completed": 5,
    "signup_completed": 4,
    "refund_requested": 2,
}
PATHS = ("/", "/blog", "/pricing", "/pricing/teams", "/docs", "/about", "/product", "/search")
CHANNELS = ("web", "email", "app", None)


def make_stream(events: int = 200_000, profiles: int = 20_000, seed: int = 7) -> list[Fact]:
    """Facts of *profiles* with *events* events in all, in the order of their timestamps."""
    chance = random.Random(seed)  # noqa: S311  a fixed seed, and no secret
    names = [f"p{number:06}" for number in range(profiles)]
    weights = [chance.lognormvariate(0, 1.2) for _ in names]
    facts: list[Fact] = []
    made = 0
    begun: dict[str, float] = {}
    while made < events:
        # Everybody has a session; whoever comes more often is drawn by weight.
        extra = max(1, (events - made) // 8)
        for name in chance.choices(names, weights, k=extra) if begun else names:
            seconds = chance.random() * DAYS * 86_400
            begun[name] = min(begun.get(name, seconds), seconds)
            for _ in range(min(1 + int(chance.expovariate(1 / 3)), events - made)):
                facts.append(_event(chance, name, seconds, made))
                made += 1
                seconds += 1 + chance.expovariate(1 / 60)
    for number, name in enumerate(names):
        plan = chance.choice(("free", "free", "free", "trial", "pro"))
        known = {"plan": plan, "country": chance.choice(("DE", "FR", "US")), "age": chance.randint(18, 80)}
        segments = ("vip",) if chance.random() < 0.05 else ()
        facts.append(ProfileSnapshot(name, _at(begun[name] - 5), known, segments, f"s{number}"))
        if chance.random() < 0.15:
            later = begun[name] + chance.random() * 40 * 86_400
            facts.append(ProfileUpdate(name, _at(later), {"plan": "pro"}, id=f"u{number}"))
    facts.sort(key=lambda fact: fact.timestamp)
    return _without_ties(facts)


def _event(chance: random.Random, profile_id: str, seconds: float, number: int) -> Event:
    (kind,) = chance.choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))
    properties: dict[str, object] = {"device": chance.choice(("phone", "desktop")), "session": number // 4}
    match kind:
        case "page_visit":
            properties["path"] = chance.choice(PATHS)
        case "product_viewed" | "add_to_cart":
            properties["product_id"] = f"sku-{chance.randint(1, 40)}"
        case "purchase_completed" | "refund_requested":
            properties["order_id"] = f"o{number}"
            properties["currency"] = chance.choice(("USD", "EUR", "GBP"))
            amount = round(chance.lognormvariate(3.8, 0.8), 2)
            odd = chance.random()
            if odd > 0.01:
                properties["order_value"] = amount
            elif odd > 0.005:
                properties["order_value"] = str(amount)
    return Event(kind, profile_id, _at(seconds), properties, f"e{number}", chance.choice(CHANNELS))


def _at(seconds: float) -> datetime:
    return START + timedelta(microseconds=int(seconds * 1_000_000))


def _without_ties(facts: Sequence[Fact]) -> list[Fact]:
    seen: set[tuple[str, int]] = set()
    kept = []
    for fact in facts:
        if (fact.profile_id, fact.instant) not in seen:
            seen.add((fact.profile_id, fact.instant))
            kept.append(fact)
    return kept


def batches(facts: Sequence[Fact], size: int) -> list[Sequence[Fact]]:
    """*facts* in their order, *size* at a time."""
    return list(_batches(facts, size))


def _batches(facts: Sequence[Fact], size: int) -> Iterator[Sequence[Fact]]:
    for start in range(0, len(facts), size):
        yield facts[start : start + size]
