"""The memory that a profile takes while five windowed goals are in progress for it."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

from benchmarks.harness import Report, Target
from benchmarks.stream import START
from convgoals import Event, Goal, GoalEngine

PROFILES = 100_000
BATCH = 1_000

GOALS = (
    Goal("Order in the first week", "event purchase_completed within 7 days of first event page_visit"),
    Goal("Signup after a visit", "event signup_completed within 1 day of any event page_visit"),
    Goal("Checkout soon", "event checkout_started within 1 hour of last event add_to_cart"),
    Goal("Large order", "event purchase_completed where order_value > 50", within="30 days of first event add_to_cart"),
    Goal("Two logins", "count(event login) >= 2", within="7 days of first event page_visit"),
)


def benchmark() -> list[Report]:
    tracemalloc.start()
    try:
        facts_alone = _facts_alone()
        engine = GoalEngine(GOALS)
        before = _used()
        stream = _stream()
        while batch := [event for _, event in zip(range(BATCH), stream, strict=False)]:
            engine.process(batch)
        del batch
        each = (_used() - before) / PROFILES
        if next(engine.history(), None) is not None:
            raise AssertionError("a goal was completed, so it is not in progress any more")
    finally:
        tracemalloc.stop()
    return [
        Report(
            f"Memory of {PROFILES:,} profiles with five windowed goals in progress",
            ("what", "bytes a profile"),
            [("all that the engine retains", each), ("of it: the profile's two facts as such", facts_alone)],
            [Target("bytes a profile", each, 1024, at_most=True)],
            ["Nothing but the engine holds on to the facts; ids and timestamps are counted with them."],
        )
    ]


def _stream() -> Iterator[Event]:
    """Two events of each profile, which open all five windows and close none."""
    for number in range(PROFILES):
        at = START + timedelta(seconds=number / 100)
        yield Event("page_visit", f"profile-{number:07}", at, {"path": "/"}, f"v{number}", "web")
        yield Event("add_to_cart", f"profile-{number:07}", at + timedelta(seconds=5), {}, f"c{number}", "web")


def _facts_alone() -> float:
    before = _used()
    facts = list(_stream())
    return (_used() - before - facts.__sizeof__()) / PROFILES


def _used() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
