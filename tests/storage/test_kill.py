"""A process that is killed at any instruction leaves whole batches behind, and only those, in each durable store.

``CONVGOALS_KILLS`` is how many are killed in each test; 20 unless it is set.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import pytest

from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileUpdate
from convgoals.care.check import check_store
from convgoals.records import Fact
from convgoals.storage import sqlite_standings
from convgoals.storage.memory import MemoryStore
from convgoals.storage.open import open_store
from convgoals.testing.store_samples import everything
from storage.stories import PROFILES, batch

KILLS = int(os.environ.get("CONVGOALS_KILLS", "20"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

Work: TypeAlias = Callable[[str, int], None]
"""What a child does: goes on in the store of a URL, for ever, and reports into a pipe."""


@pytest.fixture(autouse=True)
def _short_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even small batches go through the journal of where profiles stand, which is soon full."""
    monkeypatch.setattr(sqlite_standings, "_FEW", 1)
    monkeypatch.setattr(sqlite_standings, "_PROFILES", 6)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a durable store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/goals.db"
    found: str = request.getfixturevalue("postgres").store_url(tmp_path)
    return found


def killed_while_writing(work: Work, url: str, after: int, delay: float) -> bytes:
    """Start a child, and kill it *delay* seconds after its *after*-th batch; returns what it reported."""
    reading, report = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            work(url, report)
        finally:
            os._exit(1)
    os.close(report)
    seen = b""
    while seen.count(b".") < after:
        seen += os.read(reading, 4_096) or b"." * after
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    while more := os.read(reading, 4_096):
        seen += more
    os.close(reading)
    assert os.WIFSIGNALED(status)
    return seen


def moments() -> Iterator[tuple[int, float]]:
    """When to kill: after how many batches, and how many seconds later."""
    chance = random.Random(20260131)  # noqa: S311
    for _ in range(KILLS):
        yield chance.randrange(0, 10), chance.random() * 0.006


# ---- stores


def write_on(url: str, report: int) -> None:
    """Go on with the stream from where the store says it was read to; report each batch."""
    store = open_store(url)
    number = int(store.positions().get("stream", -1))
    while True:
        number += 1
        store.commit(batch(number))
        os.write(report, b".")


def test_killed_store(url: str) -> None:
    """After each of many kills the store holds exactly the batches up to its position, and goes on from there."""
    expected = MemoryStore()
    applied = 0
    open_store(url).close()
    for after, delay in moments():
        killed_while_writing(write_on, url, after, delay)
        with closing(open_store(url)) as store:
            with store.writing():  # what a server is still doing for the dead, it does first
                position = int(store.positions().get("stream", -1))
            while applied <= position:
                expected.commit(batch(applied))
                applied += 1
            assert position == applied - 1
            assert everything(store, *PROFILES) == everything(expected, *PROFILES)
            assert list(store.damage()) == []
    assert applied > KILLS


# ---- engines

START = datetime(2026, 1, 1, tzinfo=UTC)
GOALS = [
    Goal("Order", "event order where total > 20", count="every", value="total"),
    Goal("Loyal", 'count(event order in last 3 days) >= 3 and profile.plan = "pro"', count="once per 1 day"),
    Goal("Quiet", "event visit not followed within 2 hours by event order", count="every"),
    Goal("Mailed", 'event order within 2 days of last campaign "m" received', count="every"),
]


def facts(number: int) -> list[Fact]:
    """The facts of the batch at *number*; some come late, and some come twice."""
    chance = random.Random(number)  # noqa: S311
    found: list[Fact] = []
    for place in range(12):
        profile_id = f"p{chance.randrange(9)}"
        hours = number - (chance.randrange(48) if chance.random() < 0.1 else 0)
        at = START + timedelta(hours=hours, minutes=place)
        kind = chance.choice(("order", "order", "visit", "plan", "mail"))
        fact_id = f"e{number}-{place}"
        if kind == "plan":
            found.append(ProfileUpdate(profile_id, at, {"plan": chance.choice(("free", "pro"))}, id=fact_id))
        elif kind == "mail":
            found.append(CampaignReceipt("m", profile_id, at, id=fact_id))
        else:
            read = (
                {"total": chance.randrange(50)} if kind == "order" else {}
            )  # what no goal reads may go with a restart
            found.append(Event(kind, profile_id, at, read, fact_id, "web"))
    if number:
        found.append(facts(number - 1)[0] if number % 20 else found[0])
    return found


def step(engine: GoalEngine, number: int) -> None:
    """What is to be done at *number*: the first two things change nothing if they have been done."""
    if number % 6 == 5:
        engine.advance(START + timedelta(hours=number))
    if number % 31 == 30:
        engine.merge(f"p{number % 9}", f"known{number}")
    engine.process(facts(number), checkpoint={"stream": number + 1})


def feed_on(url: str, report: int) -> None:
    """Go on with the stream from the checkpoint; report each batch, and each time that changes are announced."""

    def tell(changes: Sequence[object]) -> None:
        os.write(report, b"!%d " % number)

    engine = GoalEngine(store=url, keep="all", on_change=tell)
    number = int(engine.checkpoint().get("stream", 0))
    while True:
        step(engine, number)
        os.write(report, b".")
        number += 1


def stands(engine: GoalEngine) -> list[Any]:
    """Where an engine stands: the ledger, the facts, and how far it has read.

    What is saved of profiles to go on from is left out: when that is done depends on when the engine was opened.
    """
    store = engine._store
    loaded = store.load(list(store.profile_ids()))
    profiles = {name: attrs.evolve(stored, state=None) for name, stored in loaded.items()}
    return [list(engine.ledger()), profiles, store.aliases(), engine.checkpoint(), store.reached()]


def told(engine: GoalEngine) -> list[Any]:
    """All that an engine says."""
    everybody = sorted(engine._store.profile_ids())
    return [
        stands(engine),
        sorted(engine._store.receipts(), key=repr),
        [list(engine.history(include_retracted=retracted)) for retracted in (False, True)],
        [str(engine.report(goal, breakdown="channel")) for goal in GOALS],
        [str(engine.status(goal, each)) for goal in GOALS for each in everybody],
    ]


def test_killed_engine(url: str) -> None:
    """After each of many kills the engine stands where one that was never interrupted does; nothing is told twice."""
    steady = GoalEngine(GOALS, keep="all")
    announced: Counter[bytes] = Counter()
    done = 0
    GoalEngine(GOALS, store=url).close()
    for after, delay in moments():
        report = killed_while_writing(feed_on, url, after, delay)
        announced.update(word for word in report.replace(b".", b" ").split() if word.startswith(b"!"))
        with GoalEngine(store=url, keep="all") as engine:
            position = int(engine.checkpoint().get("stream", 0))
            assert position >= done
            while done < position:
                step(steady, done)
                done += 1
            for each in (engine, steady):  # it may have been killed between the parts of a step
                step(each, done)
            done += 1
            assert stands(engine) == stands(steady)
    with GoalEngine(store=url, keep="all") as engine:
        assert told(engine) == told(steady)
        assert list(engine._store.damage()) == []
    assert done > KILLS
    assert announced
    assert max(announced.values()) <= 3  # a step commits three times at the most, and each of them is told once


def feed_share(share: int, url: str, report: int) -> None:
    """Feed every other batch of the stream, of the share 0 or 1, from the checkpoint on; report each."""
    with GoalEngine(store=url, keep="all") as engine:
        done = int(engine.checkpoint().get(f"share {share}", 0))
        while True:
            engine.process(facts(2 * done + share), checkpoint={f"share {share}": done + 1})
            done += 1
            os.write(report, b".")
            time.sleep(0.002)  # for the other to have its turn


def test_killed_beside_another(url: str) -> None:
    """Where one of two that feed the same profiles is killed again and again, the store has what both have fed."""
    GoalEngine(GOALS, store=url, keep="all").close()
    other = os.fork()
    if other == 0:
        try:
            feed_share(1, url, os.open(os.devnull, os.O_WRONLY))
        finally:
            os._exit(1)
    try:
        for after, delay in islice(moments(), 1 + KILLS // 2):
            killed_while_writing(partial(feed_share, 0), url, after, delay)
    finally:
        os.kill(other, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(other, 0)[1])
    with GoalEngine(store=url, keep="all") as engine, GoalEngine(GOALS, keep="all") as steady:
        fed = engine.checkpoint()
        assert min(int(fed[f"share {share}"]) for share in (0, 1)) > 1
        shares = [range(share, 2 * int(fed[f"share {share}"]), 2) for share in (0, 1)]
        steady.process([fact for share in shares for number in share for fact in facts(number)])
        found, expected = (
            [attrs.evolve(each, recorded_at=each.achieved_at) for each in either.history()]
            for either in (engine, steady)
        )
        assert found == expected
        assert check_store(engine._store, sample=None).findings == ()


def test_the_stream_has_everything() -> None:
    """The stream of the tests makes completions of every goal, retractions, and merges."""
    with GoalEngine(GOALS) as engine:
        for number in range(70):
            step(engine, number)
        assert {completion.goal for completion in engine.history()} == {goal.name for goal in GOALS}
        assert len(list(engine.ledger())) > len(list(engine.history(include_retracted=True)))
        assert len(engine._store.aliases()) == 2
