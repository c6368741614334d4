"""The same stream into a SQLite file, into PostgreSQL over a local socket, and into memory."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness import Prepare, Report, Target, race
from benchmarks.speed import engine_over, particulars
from benchmarks.stream import batches, make_stream
from postgres_server import running_server

BATCH = 1_000
ROUNDS = 3


def benchmark() -> list[Report]:
    facts = make_stream()
    parts = batches(facts, BATCH)
    with tempfile.TemporaryDirectory() as folder, running_server(fsync=True) as server:
        numbers = itertools.count()

        def into_file() -> Callable[[], object]:
            return engine_over(parts, f"sqlite:///{Path(folder) / str(next(numbers))}.db")

        def into_server() -> Callable[[], object]:
            server.drop_schemas()
            return engine_over(parts, server.store_url(next(numbers)))

        contenders: dict[str, Prepare] = {
            "memory": lambda: engine_over(parts), "SQLite file": into_file, "PostgreSQL": into_server,
        }  # fmt: skip
        answers = {
            name: sorted((particulars(c) for c in prepare()().history()), key=repr)  # type: ignore[attr-defined]
            for name, prepare in contenders.items()
        }
        for name, answer in answers.items():
            if answer != answers["memory"]:
                raise AssertionError(f"{name}: the completions are not those in memory")
        del answers
        timings = race(contenders, rounds=ROUNDS, clock=time.perf_counter)
    base, file, server_timing = timings.values()
    return [
        Report(
            "Stores, batches of 1,000 (each one transaction)",
            ("store", "best s", "facts/s", "speed in memory", "… median"),
            [(n, t.best, len(facts) / t.best, 1 / t.times(base), 1 / t.median_times(base)) for n, t in timings.items()],
            [
                Target("SQLite: share of the speed in memory", 1 / file.times(base), 0.6),
                Target("PostgreSQL: share of SQLite's speed", 1 / server_timing.times(file), 0.4),
            ],
            ["The server waits for the disk with each batch, over a socket of this machine; the file does not wait."],
        )
    ]
