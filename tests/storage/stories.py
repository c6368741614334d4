"""A known stream of batches, each depending on its number alone, for tests that break off somewhere in it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Completion, Event, Fact, Retraction
from convgoals.storage.base import Batch, ProfileChange, SavedGoal

PROFILES = [f"p{number}" for number in range(7)]


def batch(number: int) -> Batch:
    """The batch at *number*, from 0: facts, ledger, goals, identities, and the position ``{"stream": number}``."""
    at = to_datetime(number)
    names = [PROFILES[(number + step) % 7] for step in range(3)]
    profiles = {}
    for name in names:
        facts: list[Fact] = [Event("a", name, at, {"n": number, "d": Decimal(number)}, f"e{number}")]
        if number % 3 == 0:
            facts.append(CampaignReceipt("m", name, at, "web", f"r{number}"))
        profiles[name] = ProfileChange(facts, number, number + 5 if number % 2 else None)
    entries: list[Completion | Retraction] = [completion(names[0], number, at), completion(names[1], number, at)]
    if number >= 4:
        ended = completion(PROFILES[(number - 4) % 7], number - 4, to_datetime(number - 4))
        entries.append(Retraction(ended, at, f"e{number}"))
    merged = ((f"anonymous{number}", names[0]),) if number % 5 == 0 else ()
    goals = (SavedGoal(Goal(f"g{number % 4}", f"event a where n = {number}"), number),)
    return Batch(profiles, tuple(entries), number, {"stream": number}, merged, goals)


def completion(name: str, number: int, at: datetime) -> Completion:
    return Completion(f"g{number % 2}", 1, name, at, at, f"e{number}", "web", ("vip",), number)
