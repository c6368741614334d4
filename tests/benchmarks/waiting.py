"""What letting time pass costs while very many profiles wait for a deadline: what is due, not all there is."""

from __future__ import annotations

import itertools
import time
from datetime import timedelta
from statistics import median

from benchmarks.harness import Report, Target
from benchmarks.stream import START
from convgoals import Event, Goal, GoalEngine

SIZES = (10_000, 100_000, 1_000_000)
BATCH = 10_000
DUE = 100
TURNS = 15

GOAL = Goal("Left", "event checkout_started not followed within 14 days by event purchase_completed")


def benchmark() -> list[Report]:
    """``advance`` with 100 deadlines due, and with none, while ten thousand to a million profiles wait."""
    rows = [(size, *_each(size)) for size in SIZES]
    return [
        Report(
            f"Letting time pass: {DUE} deadlines due at a time, in memory",
            ("profiles that wait", f"ms for {DUE} due", "ms for none due"),
            rows,
            [
                Target(
                    f"times the cost with {SIZES[0]:,} waiting, with {SIZES[-1]:,}",
                    rows[-1][1] / rows[0][1],
                    4,
                    at_most=True,
                )
            ],
            [f"Medians of {TURNS} turns. A profile that is not at hand any more is folded again from its facts."],
        )
    ]


def _each(size: int) -> tuple[float, float]:
    engine = GoalEngine([GOAL])
    facts = (
        Event("checkout_started", f"p{number}", START + timedelta(seconds=number), id=f"c{number}")
        for number in range(size)
    )
    while batch := list(itertools.islice(facts, BATCH)):
        engine.process(batch)
    opened = START + timedelta(seconds=size)
    due, none = [], []
    for turn in range(TURNS):
        now = max(START + timedelta(days=14, seconds=DUE * (turn + 1) - 1), opened)
        if turn == 0:
            engine.advance(now)  # a million profiles take longer than 14 days to come, so many are due by then
            begins = (now - START - timedelta(days=14)).total_seconds() + 1
        now = START + timedelta(days=14, seconds=begins + DUE * (turn + 1) - 1)
        due.append(_timed(engine, now, DUE))
        none.append(_timed(engine, now + timedelta(milliseconds=500), 0))
    return median(due), median(none)


def _timed(engine: GoalEngine, now: object, wanted: int) -> float:
    begun = time.process_time()
    changes = engine.advance(now)  # type: ignore[arg-type]
    taken = (time.process_time() - begun) * 1e3
    if len(changes) != wanted:
        raise AssertionError(f"{len(changes)} deadlines were due, and not {wanted}")
    return taken
