"""The same stream into a SQLite file and into memory."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import Prepare, Report, Target, race
from benchmarks.speed import engine_over, particulars
from benchmarks.stream import batches, make_stream

BATCH = 1_000
ROUNDS = 3


def benchmark() -> list[Report]:
    facts = make_stream()
    parts = batches(facts, BATCH)
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()

        def into_file() -> Callable[[], object]:
            return engine_over(parts, f"sqlite:///{Path(folder) / str(next(numbers))}.db")

        answers = [
            sorted((particulars(c) for c in run().history()), key=repr)  # type: ignore[attr-defined]
            for run in (engine_over(parts), into_file())
        ]
        if answers[0] != answers[1]:
            raise AssertionError("the completions in SQLite are not those in memory")
        contenders: dict[str, Prepare] = {"memory": lambda: engine_over(parts), "SQLite file": into_file}
        timings = race(contenders, rounds=ROUNDS, clock=time.perf_counter)
    base = timings["memory"]
    return [
        Report(
            "Stores, batches of 1,000 (each one transaction)",
            ("store", "best s", "facts/s", "speed in memory", "… median"),
            [(n, t.best, len(facts) / t.best, 1 / t.times(base), 1 / t.median_times(base)) for n, t in timings.items()],
            [Target("share of the speed in memory", 1 / timings["SQLite file"].times(base), 0.4)],
        )
    ]
