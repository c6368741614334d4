"""The memory that a profile takes while five windowed goals are in progress for it."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

from benchmarks.harness import Report, Target
from benchmarks.stream import START
from convgoals import Event, Goal, GoalEngine
from convgoals.engine.engine import CACHED_PROFILES

SIZES = (100_000, 1_000_000)
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
        rows = [(profiles, *_each(profiles)) for profiles in SIZES]
    finally:
        tracemalloc.stop()
    return [
        Report(
            "Memory of profiles with five windowed goals in progress",
            ("profiles", "bytes a profile", "of it, the two facts as they came"),
            rows,
            [Target(f"bytes a profile, of {rows[-1][0]:,}", rows[-1][1], 1024, at_most=True)],
            [
                "Nothing but the engine holds on to the facts, whose ids and timestamps are counted with them.",
                f"The states of {CACHED_PROFILES:,} profiles are kept at hand; those of others are folded anew.",
            ],
        )
    ]


def _each(profiles: int) -> tuple[float, float]:
    """The bytes that the engine retains of each profile, and those of its facts alone."""
    before = _used()
    facts = list(_stream(profiles // 10))
    alone = (_used() - before - facts.__sizeof__()) / (profiles // 10)
    del facts
    engine = GoalEngine(GOALS)
    before = _used()
    stream = _stream(profiles)
    while batch := list(itertools.islice(stream, BATCH)):
        engine.process(batch)
    each = (_used() - before) / profiles
    if next(engine.history(), None) is not None:
        raise AssertionError("a goal was completed, so it is not in progress any more")
    return each, alone


def _stream(profiles: int) -> Iterator[Event]:
    """Two events of each profile, which open all five windows and close none."""
    for number in range(profiles):
        at = START + timedelta(seconds=number / 100)
        yield Event("page_visit", f"profile-{number:07}", at, {"path": "/"}, f"v{number}", "web")
        yield Event("add_to_cart", f"profile-{number:07}", at + timedelta(seconds=5), {}, f"c{number}", "web")


def _used() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]
