"""Several engines on one PostgreSQL store: workers that write at the same time leave what one would have left."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from psycopg import sql

from convgoals import Completion, Event, Goal, GoalEngine
from convgoals.errors import StoreBusyError
from convgoals.records import Fact
from convgoals.storage.base import Batch
from convgoals.storage.postgres import PostgresStore
from convgoals.testing.store_samples import completion, kept

if TYPE_CHECKING:
    from postgres_server import Server

START = datetime(2026, 1, 1, tzinfo=UTC)
GOALS = [
    Goal("Loyal", "count(event purchase) >= 3", count="every"),
    Goal("Quick", "event visit followed within 2 hours by event purchase", count="every"),
    Goal("Regret", "event purchase not followed within 3 hours by event refund", count="every"),
]


def fact(number: int, profile_id: str) -> Event:
    return Event(
        ("visit", "purchase", "refund")[number % 3], profile_id, START + timedelta(hours=number), id=f"e{number}"
    )


def particulars(engine: GoalEngine) -> list[tuple[object, ...]]:
    return [(c.goal, c.version, c.profile_id, c.achieved_at, c.trigger_id) for c in engine.history()]


def by_one(facts: Sequence[Fact], now: datetime) -> list[tuple[object, ...]]:
    with GoalEngine(GOALS) as engine:
        engine.process(facts)
        engine.advance(now)
        return particulars(engine)


def at_once(*works: Callable[[], object]) -> None:
    """Do *works* in threads at the same time; what one of them raises is raised."""
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  shown below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


@pytest.mark.parametrize("size", [1, 4, 16])
def test_workers_meet_on_profiles(postgres: Server, tmp_path: Path, size: int) -> None:
    """Workers whose batches share profiles, in no order, give the completions of one engine that had all facts."""
    url = postgres.store_url(tmp_path)
    facts = [fact(number, f"p{number % 5}") for number in range(120)]
    GoalEngine(GOALS, store=url).close()

    def feed(share: list[Event]) -> None:
        with GoalEngine(store=url) as engine:
            for start in range(0, len(share), size):
                engine.process(share[start : start + size])

    at_once(*(lambda share=facts[worker::3]: feed(share) for worker in range(3)))
    now = START + timedelta(days=30)
    with GoalEngine(store=url) as engine:
        engine.advance(now)
        assert particulars(engine) == by_one(facts, now)
        assert list(engine._store.damage()) == []
        for entry in engine.ledger():
            assert isinstance(entry, Completion) or entry.recorded_at >= entry.completion.recorded_at


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_processes(postgres: Server, tmp_path: Path) -> None:
    """Processes at the same time, whose batches share profiles, give the completions of one engine with all facts."""
    url = postgres.store_url(tmp_path)
    facts = [fact(number, f"p{number % 7}") for number in range(180)]
    GoalEngine(GOALS, store=url).close()
    children = []
    for worker in range(3):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with GoalEngine(store=url) as engine:
                    share = facts[worker::3]
                    for start in range(0, len(share), 5):
                        engine.process(share[start : start + 5], checkpoint={f"share {worker}": start + 5})
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    now = START + timedelta(days=30)
    with GoalEngine(store=url) as engine:
        engine.advance(now)
        assert particulars(engine) == by_one(facts, now)
        assert engine.checkpoint() == {f"share {worker}": 60 for worker in range(3)}
        assert [str(engine.report(goal)) for goal in GOALS] == [str(report) for report in reports_by_one(facts, now)]
        assert list(engine._store.damage()) == []


def reports_by_one(facts: Sequence[Fact], now: datetime) -> list[object]:
    with GoalEngine(GOALS) as engine:
        engine.process(facts)
        engine.advance(now)
        return [engine.report(goal) for goal in GOALS]


def test_different_profiles_do_not_wait(postgres: Server, tmp_path: Path) -> None:
    """While one worker holds its profiles, another writes others, and waits only for those."""
    url = postgres.store_url(tmp_path)
    schema = postgres.schema(tmp_path)
    one = PostgresStore(postgres.url, schema=schema)
    with GoalEngine(GOALS, store=PostgresStore(postgres.url, schema=schema, busy_timeout=0.2)) as other:
        other.process([fact(1, "p"), fact(2, "q")])
        with one.writing(["p", "new"]):
            assert [c.profile_id for c in other.process([fact(4, "q"), fact(7, "q"), fact(7, "r")])] == ["q"]
            for held in ("p", "new"):
                with pytest.raises(StoreBusyError) as busy:
                    other.process([fact(9, held)])
                assert busy.value.hint
            with pytest.raises(StoreBusyError):
                other.advance(START + timedelta(days=3))
        assert [c.goal for c in other.process([fact(9, "p"), fact(9, "new")])] == ["Regret"]
    one.close()
    with GoalEngine(store=url) as engine:
        assert list(engine._store.profile_ids()) == ["new", "p", "q", "r"]


def test_whoever_only_reads_opens_while_another_writes(postgres: Server, tmp_path: Path) -> None:
    """An engine that saves no goal that is new opens and reports while another holds everything."""
    schema = postgres.schema(tmp_path)
    with GoalEngine(GOALS, store=PostgresStore(postgres.url, schema=schema)) as writer:
        writer.process([fact(1, "p"), fact(4, "p"), fact(7, "p")])
        with writer._store.writing():
            writer._store.commit(Batch(positions={"s": 1}))
            reading = PostgresStore(postgres.url, schema=schema, busy_timeout=0.2)
            with GoalEngine(GOALS, store=reading) as reader:
                assert [reader.report(goal).completions for goal in GOALS] == [
                    len(list(writer.history(goal=goal))) for goal in GOALS
                ]
                with pytest.raises(StoreBusyError):
                    reader.process([fact(9, "p")])


def test_a_checkpoint_waits_for_what_is_being_committed(postgres: Server, tmp_path: Path) -> None:
    """Whoever starts while the server still commits for a worker that died reads on from there, and nothing twice."""
    schema = postgres.schema(tmp_path)
    PostgresStore(postgres.url, schema=schema).close()
    begun, left = threading.Event(), threading.Event()

    def die_slowly() -> None:
        with GoalEngine(store=PostgresStore(postgres.url, schema=schema)) as dying, dying._store.writing(["p"]):
            dying._store.commit(Batch(profiles={"p": kept()}, positions={"orders": 7}))
            begun.set()
            left.wait(0.3)

    def start_again() -> None:
        begun.wait(10)
        with GoalEngine(store=PostgresStore(postgres.url, schema=schema)) as engine:
            assert engine._store.positions() == {}
            assert engine.checkpoint() == {"orders": 7}

    at_once(die_slowly, start_again)


def test_a_goal_of_another_worker_is_live(postgres: Server, tmp_path: Path) -> None:
    """A goal that one worker saves is live in another with its next batch; so is what was merged, and the clock."""
    url = postgres.store_url(tmp_path)
    with GoalEngine(store=url, keep="all") as one, GoalEngine(store=url, keep="all") as other:
        one.process([fact(1, "p")])
        assert [change.goal for change in other.add(Goal("late", "event purchase"))] == ["late"]
        assert [(c.goal, c.profile_id) for c in one.process([fact(4, "q")])] == [("late", "q")]
        other.merge("cookie", "q")
        other.advance(START + timedelta(days=1))
        one.process([fact(7, "cookie")])
        assert other.checkpoint() == one.checkpoint() == {}
        assert list(other._store.profile_ids()) == ["p", "q"]
        assert one._clock == other._clock


def test_other_profiles_stay_at_hand(postgres: Server, tmp_path: Path) -> None:
    """What another worker does with some profiles, or the clock, makes a worker read only those profiles again."""
    url = postgres.store_url(tmp_path)
    with GoalEngine(GOALS, store=url) as one, GoalEngine(store=url) as other:
        one.process([fact(1, "p"), fact(1, "q"), fact(1, "r")])
        known = dict(one._records)
        other.process([fact(2, "p")])
        other.advance(START + timedelta(hours=3))
        other.forget("r")
        one.process([fact(4, "p"), fact(4, "q"), fact(4, "r")])
        assert one._records["q"] is known["q"]
        assert one._records["p"] is not known["p"]
        assert one._records["r"] is not known["r"]


def deadlocks(postgres: Server) -> object:
    """How many circles of waiting transactions the server has broken so far."""
    with postgres.connect() as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        return connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()


def test_no_circle(postgres: Server, tmp_path: Path) -> None:
    """Workers that name the same profiles in opposite orders, known ones and new ones, all get their turn."""
    schema = postgres.schema(tmp_path)
    PostgresStore(postgres.url, schema=schema).close()
    before = deadlocks(postgres)

    def feed(worker: int) -> None:
        with GoalEngine(GOALS, store=PostgresStore(postgres.url, schema=schema, busy_timeout=30)) as engine:
            for number in range(20):
                names = [f"p{step}" for step in range(number * 3, number * 3 + 12)]
                engine.process([fact(number, name) for name in (names if worker % 2 else reversed(names))])

    at_once(*(lambda worker=worker: feed(worker) for worker in range(4)))
    assert deadlocks(postgres) == before
    with GoalEngine(store=postgres.store_url(tmp_path)) as engine:
        assert engine._store.profile_count() == 20 * 3 + 9


def test_an_entry_that_commits_late_is_not_skipped(postgres: Server, tmp_path: Path) -> None:
    """A batch that began first and is committed last is in no iterator that began before, and in all begun after."""
    url = postgres.store_url(tmp_path)
    schema = postgres.schema(tmp_path)
    slow = PostgresStore(postgres.url, schema=schema)
    with GoalEngine([Goal("g", "event purchase", count="every")], store=url) as quick:
        whole = PostgresStore(postgres.url, schema=schema)
        with slow.writing(["slow"]) as held:
            assert held is not None
            slow.commit(Batch(profiles={"slow": kept()}, entries=(completion("slow", 5),)))
            quick.process([fact(1, "quick")])
            ledger, history = whole.entries(), whole.history()
            assert [entry.profile_id for entry in slow.entries()] == ["slow", "quick"]  # its own are there for itself
            assert [entry.profile_id for entry in whole.entries()] == ["quick"]
        assert [entry.profile_id for entry in ledger] == ["quick"]
        assert [entry.profile_id for entry in history] == ["quick"]
        assert [entry.profile_id for entry in whole.entries()] == ["slow", "quick"]
        assert [entry.profile_id for entry in whole.history()] == ["slow", "quick"]
        whole.close()
    slow.close()


def test_restored_elsewhere(postgres: Server, tmp_path: Path) -> None:
    """A store that was restored on another server is read whole, though its transactions mean nothing there."""
    schema = postgres.schema(tmp_path)
    with GoalEngine([Goal("g", "event purchase", count="every")], store=postgres.store_url(tmp_path)) as engine:
        engine.process([fact(1, "p"), fact(4, "p"), fact(4, "q")])
        before = list(engine.ledger())
    with postgres.connect() as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        connection.execute("UPDATE completion SET xid = '99999999999'")
        connection.execute("UPDATE whole SET cluster = 1")
    with GoalEngine(store=postgres.store_url(tmp_path)) as engine:
        assert list(engine.ledger()) == before
        assert len(engine.process([fact(7, "p")])) == 1
        assert len(list(engine.history())) == 4
