"""Reports and funnels over large ledgers, in memory and on durable stores, and a funnel by hand in DuckDB's SQL.

The ledger of each store is made by the store's own ``commit``, so what it keeps for reports is what a stream would have
left. Sizes come from the environment: ``REPORT_COMPLETIONS`` (10,000,000) and ``FUNNEL_PROFILES`` (1,000,000).
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.harness import Report, Target
from convgoals.analytics.funnel import funnel
from convgoals.analytics.report import report
from convgoals.goals import Goal
from convgoals.instants import to_instant
from convgoals.records import Completion
from convgoals.storage.base import Batch, Changes, Store
from convgoals.storage.open import open_store
from convgoals.storage.recount import Recounting

COMPLETIONS = int(os.environ.get("REPORT_COMPLETIONS", "10000000"))
IN_MEMORY = 1_000_000
PROFILES = int(os.environ.get("FUNNEL_PROFILES", "1000000"))
START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 90
ROUNDS = 5
BATCH = 20_000

PURCHASE = Goal("Purchase", "event purchase", count="every", timezone="Europe/Berlin")
SIGNUP = Goal("Signup", "event signup", within="30 days of first event visit", timezone="Europe/Berlin")
STAGES = tuple(Goal(f"Stage {number}", f"event stage_{number}") for number in range(1, 6))

WINDOWS = {"no window": None, "within 7 days": timedelta(days=7)}

CHANNELS = ("web", "email", "ads", "push", None)
SEGMENTS = ((), ("vip",), ("new",), ("new", "vip"))

QUESTIONS: dict[str, tuple[Goal, dict[str, Any]]] = {
    "total": (PURCHASE, {"every": "quarter"}),
    "daily trend": (PURCHASE, {"every": "day"}),
    "breakdown by channel": (PURCHASE, {"every": "quarter", "breakdown": "channel"}),
    "30 days, daily, by channel": (
        PURCHASE,
        {"since": "2026-02-10", "until": "2026-03-11", "every": "day", "breakdown": "channel"},
    ),
    "30 days against the 30 before": (
        PURCHASE,
        {"since": "2026-02-10", "until": "2026-03-11", "every": "day", "baseline": "previous"},
    ),
    "once, with times to convert": (SIGNUP, {"every": "day", "breakdown": "channel"}),
    "once, 30 days": (SIGNUP, {"since": "2026-02-10", "until": "2026-03-11", "every": "day"}),
}
"""Purchases are nine tenths of the completions, by a tenth as many profiles; each profile signs up once."""


def benchmark() -> list[Report]:
    with tempfile.TemporaryDirectory() as folder:
        return [_in_memory(), *_durable(Path(folder)), *_funnels(Path(folder))]


# ---- reports


def purchases(number: int, *, seed: int = 1) -> Iterator[list[Completion]]:
    """Batches of *number* completions in 90 days: repeated purchases, and one signup of each profile."""
    chance = random.Random(seed)  # noqa: S311  a stream that is the same every time
    people = max(number // 10, 1)
    step = timedelta(days=DAYS) / number
    batch: list[Completion] = []
    for place in range(number):
        at = START + step * place
        if place % 10 == 9:
            goal, value, person = "Signup", None, place // 10
            anchor: timedelta | None = timedelta(seconds=chance.expovariate(1 / 200_000))
        else:
            goal, value, person, anchor = "Purchase", round(chance.random() * 100, 2), chance.randrange(people), None
        channel = CHANNELS[chance.randrange(5)]
        batch.append(
            Completion(goal, 1, f"p{person:07}", at, at, f"t{place}", channel, SEGMENTS[person % 4], value, anchor)
        )
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def fill(store: Store, batches: Iterator[list[Completion]]) -> float:
    """Commit *batches*; returns the seconds that took, without those for making them."""
    taken = 0.0
    for batch in batches:
        changes = Changes()
        for entry in batch:
            changes.facts[entry.profile_id] = ()
            changes.until[entry.profile_id] = 0
        begun = time.perf_counter()
        store.commit(Batch(profiles=changes, entries=tuple(batch), reached=to_instant(batch[-1].achieved_at)))
        taken += time.perf_counter() - begun
    return taken


def median(run: Callable[[], object]) -> float:
    """The median seconds of `ROUNDS` runs after one to warm up."""
    run()
    seconds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def _asked(store: Store) -> dict[str, float]:
    return {
        name: median(lambda goal=goal, more=more: report(store, goal, **more))  # type: ignore[misc]
        for name, (goal, more) in QUESTIONS.items()
    }


def _in_memory() -> Report:
    store = open_store("memory://")
    fill(store, purchases(IN_MEMORY))
    gc.collect()
    gc.freeze()
    found = _asked(store)
    found["trend and breakdown by channel"] = median(lambda: report(store, PURCHASE, breakdown="channel"))
    found["trend and breakdown by segment"] = median(lambda: report(store, PURCHASE, breakdown="segment"))
    gc.unfreeze()
    targets = [Target(f"seconds, {name}", found[name], 1.0, at_most=True) for name in list(found)[-2:]]
    return Report(f"Reports over {IN_MEMORY:,} completions in memory", ("report", "s"), list(found.items()), targets)


def _durable(folder: Path) -> Iterator[Report]:
    urls = {"SQLite": os.environ.get("REPORT_SQLITE") or f"sqlite:///{folder / 'reports.db'}"}
    if os.environ.get("CONVGOALS_TEST_POSTGRES"):
        urls["PostgreSQL"] = os.environ["CONVGOALS_TEST_POSTGRES"]
    for name, url in urls.items():
        yield durable(name, url)


def durable(name: str, url: str) -> Report:
    """The reports over the store at *url*, which is filled if it is empty."""
    store = open_store(url)
    remarks = []
    if not store.profile_count():
        taken = fill(store, purchases(COMPLETIONS))
        remarks.append(f"Committed in {taken:,.0f} s, {COMPLETIONS / taken:,.0f} completions/s.")
    found = _asked(store)
    small = report(store, SIGNUP, until="2026-01-01")
    counted = report(_Plain(store), SIGNUP, until="2026-01-01")
    if small != counted:
        raise AssertionError("what is kept is not what a recount gives")
    store.close()
    targets = [
        Target(f"milliseconds, {question}", found[question] * 1_000, 150, at_most=True)
        for question in ("total", "daily trend", "breakdown by channel")
    ]
    rows = [(question, seconds * 1_000) for question, seconds in found.items()]
    return Report(f"Reports over {COMPLETIONS:,} completions in {name}", ("report", "ms"), rows, targets, remarks)


class _Plain(Recounting):
    """A store whose reports are recounted from its completions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


# ---- funnels


def stages(profiles: int, *, seed: int = 2) -> Iterator[list[Completion]]:
    """Batches in which *profiles* reach the first of five stages, and 70 of 100 of them each next one."""
    chance = random.Random(seed)  # noqa: S311  a stream that is the same every time
    batch: list[Completion] = []
    for number in range(profiles):
        at = START + timedelta(seconds=number * 7)
        for goal in STAGES:
            batch.append(Completion(goal.name, 1, f"p{number:07}", at, at, f"{goal.name}{number}"))
            if chance.random() > 0.7:
                break
            at += timedelta(seconds=chance.expovariate(1 / 3600))
        if len(batch) >= BATCH:
            yield sorted(batch, key=lambda each: each.achieved_at)
            batch = []
    yield batch


def _funnels(folder: Path) -> Iterator[Report]:
    rows: list[tuple[str, float, str]] = []
    targets = []
    by_hand: dict[str, float] = {}
    for name, url in {"memory": "memory://", "SQLite": f"sqlite:///{folder / 'funnel.db'}"}.items():
        store = open_store(url)
        fill(store, stages(PROFILES))
        if not by_hand:
            by_hand = _by_hand(store, folder)
        gc.collect()
        gc.freeze()
        for asked, within in WINDOWS.items():
            seconds = median(lambda store=store, within=within: funnel(store, STAGES, within=within))  # type: ignore[misc]
            rows.append((f"{name}, {asked}", seconds, f"{seconds / by_hand[asked]:.1f}" if by_hand else "-"))
            targets.append(Target(f"seconds, {name}, {asked}", seconds, 2.0, at_most=True))
        gc.unfreeze()
        store.close()
    rows += [(f"DuckDB, {asked}", seconds, "1") for asked, seconds in by_hand.items()]
    remarks = [] if by_hand else ["duckdb is not installed: no comparison."]
    yield Report(
        f"A funnel of five stages over {PROFILES:,} profiles", ("where", "s", "times DuckDB"), rows, targets, remarks
    )


def _by_hand(store: Store, folder: Path) -> dict[str, float]:
    """The same counts, and the medians between stages, in SQL that knows these five stages."""
    try:
        import duckdb  # noqa: PLC0415
    except ImportError:
        return {}
    path = folder / "ledger.csv"
    with path.open("w") as file:
        file.write("goal,profile,achieved\n")
        for goal in STAGES:
            file.writelines(
                f"{each.goal},{each.profile_id},{to_instant(each.achieved_at)}\n"
                for each in store.completions(goal.name)
            )
    connection = duckdb.connect()
    connection.execute("CREATE TABLE ledger AS SELECT * FROM read_csv(?)", [str(path)])
    found = {}
    for asked, within in WINDOWS.items():
        window = timedelta(days=36_500) if within is None else within
        given = {"window": window // timedelta(microseconds=1)}
        (counts,) = connection.execute(BY_HAND, given).fetchall()
        mine = [stage.count for stage in funnel(store, STAGES, within=within).stages]
        if list(counts[:5]) != mine:
            raise AssertionError(f"DuckDB counts {counts}, convgoals {mine}")
        found[asked] = median(lambda given=given: connection.execute(BY_HAND, given).fetchall())  # type: ignore[misc]
    return found


BY_HAND = """
WITH s1 AS (SELECT profile, min(achieved) AS t0, min(achieved) AS t1 FROM ledger WHERE goal = 'Stage 1' GROUP BY 1),
s2 AS (
    SELECT s1.profile, t0, t1, min(achieved) AS t2
    FROM s1 JOIN ledger ON ledger.profile = s1.profile AND goal = 'Stage 2' AND achieved BETWEEN t1 AND t0 + $window
    GROUP BY ALL
),
s3 AS (
    SELECT s2.profile, t0, t2, min(achieved) AS t3
    FROM s2 JOIN ledger ON ledger.profile = s2.profile AND goal = 'Stage 3' AND achieved BETWEEN t2 AND t0 + $window
    GROUP BY ALL
),
s4 AS (
    SELECT s3.profile, t0, t3, min(achieved) AS t4
    FROM s3 JOIN ledger ON ledger.profile = s3.profile AND goal = 'Stage 4' AND achieved BETWEEN t3 AND t0 + $window
    GROUP BY ALL
),
s5 AS (
    SELECT s4.profile, t0, t4, min(achieved) AS t5
    FROM s4 JOIN ledger ON ledger.profile = s4.profile AND goal = 'Stage 5' AND achieved BETWEEN t4 AND t0 + $window
    GROUP BY ALL
)
SELECT (SELECT count(*) FROM s1), (SELECT count(*) FROM s2), (SELECT count(*) FROM s3),
    (SELECT count(*) FROM s4), (SELECT count(*) FROM s5),
    (SELECT quantile_cont(t2 - t1, [0.25, 0.5, 0.75, 0.9]) FROM s2),
    (SELECT quantile_cont(t3 - t2, [0.25, 0.5, 0.75, 0.9]) FROM s3),
    (SELECT quantile_cont(t4 - t3, [0.25, 0.5, 0.75, 0.9]) FROM s4),
    (SELECT quantile_cont(t5 - t4, [0.25, 0.5, 0.75, 0.9]) FROM s5)
"""
"""How many reached each stage, and the time from the one before; each profile completes each stage once."""
