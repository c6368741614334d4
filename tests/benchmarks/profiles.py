"""More profiles than memory: the peak of a process that has 5,000,000 profiles in one SQLite file.

Each profile has two facts that come together, and every twentieth much later a third, in an order in which no
neighbours follow each other: what was at hand of them is long gone, and what is written lies at random places. Then the
process lets time pass until nearly all of them have completed a goal by it, reads the history, opens the file again,
reports, adds a goal, checks a sample, exports the store and imports it into another file.
"""

from __future__ import annotations

import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from benchmarks.harness import Report, Target
from benchmarks.stream import START
from convgoals import Event, Goal, GoalEngine, ProfileUpdate
from convgoals.care.check import check_store
from convgoals.care.exporting import export_store
from convgoals.care.importing import import_store
from convgoals.records import Fact
from convgoals.storage.sqlite import SQLiteStore

PROFILES = int(os.environ.get("CONVGOALS_PROFILES", "5000000"))
BATCH = 1_000
MOST_MIB = 512
MINUTES = 10
"""How far time is let pass at once."""

GOALS = (
    Goal("Purchase soon", "event purchase within 30 days of first event page_visit", value="total"),
    Goal("Pro purchase", 'event purchase where (total > 50 and profile.plan = "pro")', count="every"),
    Goal("No purchase", "event page_visit not followed within 90 days by event purchase"),
)

_STRIDE = 2_654_435_761
"""A prime: the multiples of it, modulo another number, visit all places in no order."""


def stream(profiles: int) -> Iterator[Fact]:
    for number in range(profiles):
        at = START + timedelta(seconds=number / 10)
        name = f"profile-{number:09}"
        yield Event("page_visit", name, at, {"path": "/"}, f"v{number}", "web")
        yield ProfileUpdate(
            name, at + timedelta(seconds=1), {"plan": "pro" if number % 3 else "free"}, None, f"u{number}"
        )
    later = START + timedelta(seconds=profiles / 10)
    for turn in range(profiles // 20):
        number = turn * _STRIDE % profiles
        at = later + timedelta(seconds=turn / 10)
        yield Event("purchase", f"profile-{number:09}", at, {"total": number % 100}, f"p{number}", "web")


def feed(path: str, profiles: int) -> None:
    """In a process of its own: feed, report, open again; print the peak after each step."""
    begun = time.monotonic()

    def told(step: str, count: object) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
        print(f"{step}\t{count}\t{time.monotonic() - begun:.1f}\t{peak:.1f}", flush=True)

    told("start", 0)
    with GoalEngine(GOALS, store=f"sqlite:///{path}") as engine:
        facts, done = stream(profiles), 0
        while batch := list(itertools.islice(facts, BATCH)):
            engine.process(batch)
            done += len(batch)
            if done % (profiles // 5) < BATCH:
                told("feeding", done)
        told("fed", done)
        completed, now = 0, START + timedelta(days=90)
        while now < START + timedelta(days=90, minutes=MINUTES, seconds=profiles / 10):
            now += timedelta(minutes=MINUTES)
            completed += len(engine.advance(now))
        told("advanced", completed)
        told("history", sum(1 for _ in engine.history()))
    with GoalEngine(store=f"sqlite:///{path}") as engine:
        told("opened again", len(engine.goals()))
        told("reported", engine.report("Purchase soon").completions)
        told("added a goal", len(engine.add(Goal("Large order", "event purchase where total > 98"))))
    with closing(SQLiteStore(path)) as store:
        told("checked a sample", check_store(store, seed=1).found)
        with Path(f"{path}.ndjson").open("wb") as out:
            out.writelines(export_store(store))
        told("exported", Path(f"{path}.ndjson").stat().st_size)
    with closing(SQLiteStore(f"{path}.copy")) as copy, Path(f"{path}.ndjson").open("rb") as lines:
        told("imported", import_store(lines, copy))


def benchmark() -> list[Report]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "goals.db"
        command = [sys.executable, __file__, str(path), str(PROFILES)]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        out = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
        size = path.stat().st_size / 2**20
    rows = []
    for line in out.splitlines():
        step, count, seconds, peak = line.split("\t")
        rows.append((step, int(count), float(seconds), float(peak)))
    return [
        Report(
            f"{PROFILES:,} profiles in one SQLite file",
            ("step", "count", "s", "peak MiB"),
            rows,
            [Target("peak MiB", max(peak for *_, peak in rows), MOST_MIB, at_most=True)],
            [f"The file has {size:,.0f} MiB."],
        )
    ]


if __name__ == "__main__":
    feed(sys.argv[1], int(sys.argv[2]))
