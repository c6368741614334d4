"""The memory that a profile takes while five windowed goals are in progress for it."""

from __future__ import annotations

import gc
import itertools
import os
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.harness import Report, Target
from benchmarks.stream import START
from convgoals import Event, Goal, GoalEngine
from convgoals.engine.engine import CACHED_PROFILES
from convgoals.records import Fact
from convgoals.sources import FactReader, Rejected, Source

DATA = Path(os.environ.get("CONVGOALS_DATA") or Path(__file__).parents[3] / "shared" / "data")

SIZES = (100_000, 1_000_000)
BATCH = 1_000

GOALS = (
    Goal("Order in the first week", "event purchase_completed within 7 days of first event page_visit"),
    Goal("Signup after a visit", "event signup_completed within 1 day of any event page_visit"),
    Goal("Checkout soon", "event checkout_started within 1 hour of last event add_to_cart"),
    Goal("Large order", "event purchase_completed where order_value > 50", within="30 days of first event add_to_cart"),
    Goal("Two logins", "count(event login) >= 2", within="7 days of first event page_visit"),
)


SHOPPING = (
    Goal("big basket", "event basket where sales_value >= 100"),
    Goal("large month", "(sum(sales_value of event basket) >= 500) within 30 days of first event basket"),
    Goal("habit", "count(event basket in last 14 days) >= 3", count="once per 30 days"),
    Goal("came back", "event basket within 7 days of any event basket where sales_value >= 100", count="every"),
)
CLICKING = (
    Goal("bought", "event purchase within 7 days of first event page_view"),
    Goal("buys on", "count(event purchase in last 30 days) >= 2", count="once per 30 days"),
)
REAL = (
    (
        "complete_journey/baskets.csv.gz",
        Source(profile_id="household_id", id="basket_id", fixed={"type": "basket"}),
        SHOPPING,
    ),
    (
        "ecom_clickstream/events.csv.gz",
        Source(profile_id="user_id", type="event", channel="acquisition_channel"),
        CLICKING,
    ),
)
"""A year of a grocery chain's panel, and half a year of a shop's clicks; see the answers in `test_known_answers.py`."""

KEPT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("all", {"keep": "all"}),
    ("relevant", {}),
    ("relevant, 30 days late", {"lateness": "30 days"}),
)


def benchmark() -> list[Report]:
    return [in_progress(), real()]


def real() -> Report:
    """What is retained of real profiles, by what is kept of them."""
    rows: list[tuple[object, ...]] = []
    for name, source, goals in REAL:
        if (DATA / name).is_file():
            rows += [(name, kept, *_retained(name, source, goals, options)) for kept, options in KEPT]
    return Report(
        "Memory and disk of real profiles, at the end of their log",
        ("data", "kept", "profiles", "facts kept", "bytes a profile in memory", "bytes a profile in SQLite"),
        rows,
        remarks=["The states of profiles at hand are not counted here."]
        if rows
        else [f"The data is looked for at {DATA}; CONVGOALS_DATA can say where it is."],
    )


def _retained(
    name: str, source: Source, goals: Sequence[Goal], options: dict[str, Any]
) -> tuple[int, int, float, float]:
    """Profiles, kept facts, and the bytes of each profile in memory and in a file."""
    with tempfile.TemporaryDirectory() as folder:
        engine = GoalEngine(goals, store=f"sqlite:///{folder}/goals.db", **options)
        _feed(engine, _read(name, source))
        sizes = engine._store.info().sizes
        on_disk = sizes["in use"] / engine._store.profile_count()
        engine.close()
    tracemalloc.start()
    try:
        engine = GoalEngine(goals, **options)
        before = _used()
        _feed(engine, _read(name, source))
        engine._records.clear()
        in_memory = _used() - before
    finally:
        tracemalloc.stop()
    profiles = list(engine._store.profile_ids())
    kept = sum(len(stored.facts) for stored in engine._store.load(profiles).values())
    return len(profiles), kept, in_memory / len(profiles), on_disk


def _read(name: str, source: Source) -> list[Fact]:
    """The facts, the latest first."""
    facts = [fact for _, fact in FactReader(DATA / name, source) if not isinstance(fact, Rejected)]
    facts.sort(key=lambda fact: fact.instant, reverse=True)
    return facts


def _feed(engine: GoalEngine, facts: list[Fact]) -> None:
    """Feed *facts* from the end of the list, which then holds none of them any more."""
    while facts:
        engine.process([facts.pop() for _ in range(min(BATCH, len(facts)))])
    engine.vacuum()


def in_progress() -> Report:
    """Profiles with five windowed goals in progress."""
    tracemalloc.start()
    try:
        rows = [(profiles, *_each(profiles)) for profiles in SIZES]
    finally:
        tracemalloc.stop()
    return Report(
        "Memory of profiles with five windowed goals in progress",
        ("profiles", "bytes a profile", "of it, the two facts as they came"),
        rows,
        [Target(f"bytes a profile, of {rows[-1][0]:,}", rows[-1][1], 1024, at_most=True)],
        [
            "Nothing but the engine holds on to the facts, whose ids and timestamps are counted with them.",
            f"The states of {CACHED_PROFILES:,} profiles are kept at hand; those of others are folded anew.",
        ],
    )


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
