"""What late facts cost, and whether a long log makes each further fact dearer."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from statistics import median

from benchmarks.harness import Report, Target, race
from benchmarks.speed import engine_over, particulars
from benchmarks.stream import START, batches, make_stream
from convgoals import Event, Goal, GoalEngine
from convgoals.engine.batch import fold_all
from convgoals.instants import BEGINNING, DAY
from convgoals.records import Fact

BATCH = 1_000
LATE = 11
ROUNDS = 3
SIZES = (1_000, 10_000, 100_000, 1_000_000)

LONG_GOALS = (
    Goal("Every order", "event purchase_completed where order_value > 50", count="every", value="order_value"),
    Goal("Orders by visit", "event purchase_completed within 1 hour of last event page_visit", count="every"),
    Goal("Habit", "count(event login in last 7 days) >= 3", count="once per 30 days"),
    Goal("Revenue", "sum(order_value of event purchase_completed in last 1 day) > 100000"),
    Goal("Chain", "event page_visit followed within 1 hour by event login", count="every"),
)
"""None of these is ever done with, so every fact is looked at, however long the log; with a fact every half hour, their
windows are full long before the first thousand."""


def delayed(facts: Sequence[Fact], share: float, seed: int = 11) -> list[Fact]:
    """*facts* in an order of arrival in which a *share* of them comes up to a day late."""
    chance = random.Random(seed)  # noqa: S311  a fixed seed, and no secret
    arrivals = [fact.instant + (int(chance.random() * DAY) if chance.random() < share else 0) for fact in facts]
    return [facts[index] for index in sorted(range(len(facts)), key=arrivals.__getitem__)]


def benchmark() -> list[Report]:
    return [late(), long()]


def late() -> Report:
    """The ten goals' stream in order, with 1 % late, and wholly shuffled within a day."""
    facts = make_stream()
    orders = {
        "in order": batches(facts, BATCH),
        "1 % late by up to a day": batches(delayed(facts, 0.01), BATCH),
        "all shuffled within a day": batches(delayed(facts, 1), BATCH),
    }
    answers = {
        name: sorted((particulars(c) for c in engine_over(parts)().history()), key=repr)
        for name, parts in orders.items()
    }
    for name, found in answers.items():
        if found != answers["in order"]:
            raise AssertionError(f"the completions of the stream {name} are not those of the stream in order")
    timings = race(
        {name: lambda parts=parts: engine_over(parts) for name, parts in orders.items()},  # type: ignore[misc]
        rounds=ROUNDS,
    )
    base = timings["in order"]
    rows = [
        (name, t.best, len(facts) / t.best, 1 / t.times(base), 1 / t.median_times(base)) for name, t in timings.items()
    ]
    return Report(
        "Late facts, batches of 1,000",
        ("facts come", "best s", "facts/s", "speed in order", "… median"),
        rows,
        [
            Target("share of the speed in order, 1 % late", 1 / timings["1 % late by up to a day"].times(base), 0.7),
            Target(
                "share of the speed in order, all shuffled", 1 / timings["all shuffled within a day"].times(base), 0.25
            ),
        ],
        ["All three orders give the same completions."],
    )


def long() -> Report:
    """One profile's log of up to a million facts."""
    engine = GoalEngine(LONG_GOALS)
    log = _one_log()
    length = 0
    rows: list[Sequence[object]] = []
    first = 0.0
    for size in SIZES:
        rounds = []
        while length < size:
            batch = [next(log) for _ in range(BATCH // 5)]
            begun = time.process_time()
            engine.process(batch)
            rounds.append(time.process_time() - begun)
            length += len(batch)
        each = min(rounds[-5:]) / (BATCH // 5) * 1e6
        first = first or each
        recent = [_one_late(engine, length, length - 48 - 10 * turn) for turn in range(LATE)]
        middle = [_one_late(engine, length, length // 2 + 10 * turn) for turn in range(LATE)]
        folded = _folded_anew(engine)
        rows.append((size, each, each / first, median(recent), median(middle), max(middle), folded))
    return Report(
        "A long log: one profile, five goals that are never done with",
        (
            "facts",
            "µs a fact in order",
            "times the first",
            "ms for one a day late",
            "ms for one half the log late",
            "… the dearest",
            "ms to fold all anew",
        ),
        rows,
        [
            Target("times the cost of a fact at 1,000, at 1,000,000", float(str(rows[-1][2])), 1.5, at_most=True),
            Target(
                "ms for a fact half a log of 1,000,000 late, the median", float(str(rows[-1][4])), 100, at_most=True
            ),
        ],
        [
            f"Medians of {LATE} late facts: each is folded in from the state before it to where it changes nothing.",
            "The dearest has moved the completions of a goal that counts once per 30 days, and so all that follow.",
        ],
    )


def _one_log() -> Iterator[Event]:
    kinds = ("page_visit", "login", "page_visit", "purchase_completed", "other")
    for number in range(2 * SIZES[-1]):
        kind = kinds[number % len(kinds)]
        properties = {"order_value": 40 + number % 30} if kind == "purchase_completed" else {}
        yield Event(kind, "p", START + timedelta(minutes=30 * number), properties, f"e{number}")


def _one_late(engine: GoalEngine, length: int, place: int) -> float:
    """Milliseconds for a fact that comes late, at a *place* of the log."""
    at = START + timedelta(minutes=30 * place, seconds=1)
    event = Event("login", "p", at, id=f"late-{length}-{place}")
    begun = time.process_time()
    engine.process([event])
    return (time.process_time() - begun) * 1e3


def _folded_anew(engine: GoalEngine) -> float:
    """Milliseconds for what a late fact would cost without earlier states, but for comparing the ledger."""
    plan, facts = engine._plans.whole, engine._store.load(["p"])["p"].facts
    begun = time.process_time()
    fold_all(plan, facts, BEGINNING)
    return (time.process_time() - begun) * 1e3
