"""Writers and readers at the same time, statement by statement in an order that Hypothesis draws."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals import Event, Goal, GoalEngine
from convgoals.records import Completion, Fact, Retraction
from convgoals.storage.base import Store
from convgoals.storage.open import open_store
from convgoals.storage.sqlite_database import Database

if TYPE_CHECKING:
    from postgres_server import Server

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=9)
GOALS = [
    Goal("Loyal", "count(event a in last 6 hours) >= 2", count="every"),
    Goal("Chain", "event a followed within 3 hours by event b", count="every"),
    Goal("Alone", "event b not followed within 2 hours by event a", count="every"),
]

Statements: TypeAlias = tuple[type, Sequence[str]]
"""A class, and the methods of it that send a statement."""


class Turns:
    """Lets threads take turns: each waits before each statement until it is its turn.

    A thread that does not come to its next statement in time, for it waits for a lock of another, is left waiting, and
    the next one has its turn.

    Args:
        order: numbers, that say who has the next turn.
    """

    PATIENCE = 0.02

    def __init__(self, order: Sequence[int]) -> None:
        self._order = order
        self._changed = threading.Condition()
        self._waiting: dict[int, str] = {}
        self._alive: set[int] = set()
        self._names: dict[int, int] = {}
        self._failures: list[BaseException] = []

    def wait(self) -> None:
        """Called before each statement."""
        me = threading.get_ident()
        with self._changed:
            if me not in self._alive:
                return
            self._waiting[me] = ""
            self._changed.notify_all()
            self._changed.wait_for(lambda: me not in self._waiting)

    def run(self, works: Sequence[Callable[[], None]]) -> None:
        """Do all *works*, each in a thread; what one of them raises is raised."""

        def run(work: Callable[[], None]) -> None:
            with self._changed:
                self._alive.add(threading.get_ident())
                self._names[threading.get_ident()] = len(self._names)
            try:
                self.wait()
                work()
            except BaseException as error:  # noqa: BLE001  raised below
                self._failures.append(error)
            with self._changed:
                self._alive.discard(threading.get_ident())
                self._changed.notify_all()

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
            with self._changed:
                self._changed.wait_for(lambda: len(self._waiting) == len(self._names) > 0)
        self._give_turns()
        for thread in threads:
            thread.join()
        for failure in self._failures:
            raise failure

    def _give_turns(self) -> None:
        turn = 0
        with self._changed:
            while self._alive:
                if not self._changed.wait_for(lambda: self._waiting or not self._alive, 30):
                    raise AssertionError("nobody goes on")
                if not self._waiting:
                    continue
                ready = sorted(self._waiting, key=self._names.__getitem__)
                chosen = ready[self._order[turn % len(self._order)] % len(ready)]
                turn += 1
                del self._waiting[chosen]
                self._changed.notify_all()
                self._changed.wait_for(lambda: chosen in self._waiting or chosen not in self._alive, self.PATIENCE)  # noqa: B023


def taking_turns(monkeypatch: pytest.MonkeyPatch, statements: Statements, turns: Turns) -> None:
    """Let everybody wait for their turn before each statement."""
    kind, methods = statements
    for method in methods:
        monkeypatch.setattr(kind, method, _after_waiting(getattr(kind, method), turns))


def _after_waiting(send: Callable[..., Any], turns: Turns) -> Callable[..., Any]:
    def waiting(*values: Any) -> Any:
        turns.wait()
        return send(*values)

    return waiting


# ---- what is done

_facts = st.builds(
    lambda kind, profile, hour, minute: Event(
        kind, profile, START + timedelta(hours=hour, minutes=minute), id=f"{kind}{hour}-{minute}"
    ),
    st.sampled_from("ab"),
    st.sampled_from(("p", "q", "r")),
    st.integers(0, 12),
    st.sampled_from((0, 30)),
)
_batches = st.lists(st.lists(_facts, min_size=1, max_size=4), min_size=1, max_size=3)
_orders = st.lists(st.integers(0, 5), min_size=1, max_size=40)


def particulars(engine: GoalEngine) -> list[tuple[object, ...]]:
    return [(c.goal, c.profile_id, c.achieved_at, c.trigger_id) for c in engine.history()]


def is_within(former: Sequence[Any], later: Iterator[Any]) -> bool:
    """Whether everything in *former* comes in *later*, in that order."""
    return all(any(entry == other for other in later) for entry in former)


def reading(store: Store, times: int) -> None:
    """Read the ledger again and again; what was once there stays there, in its order."""
    former: list[Completion | Retraction] = []
    for _ in range(times):
        found, history = list(store.entries()), list(store.history())
        assert is_within(former, iter(found))
        standing: list[tuple[object, ...]] = []
        for entry in found:
            key = (entry.goal, entry.profile_id, entry.achieved_at, entry.trigger_id)
            if isinstance(entry, Completion):
                standing.append(key)
            else:
                assert entry.recorded_at >= entry.completion.recorded_at
                standing.remove(key)  # what is retracted was recorded before
        assert all(store.profile_count() >= len({each.profile_id for each in part}) for part in (found, history))
        former = found


def worked(url: str, workers: Sequence[Sequence[Sequence[Fact]]], turns: Turns) -> None:
    """Feed the batches of each worker through an engine of its own, beside a reader; then compare with one engine."""
    GoalEngine(GOALS, store=url).close()
    with ExitStack() as stack:
        engines = [stack.enter_context(GoalEngine(store=url)) for _ in workers]
        store = stack.enter_context(closing(open_store(url)))

        def feed(engine: GoalEngine, parts: Sequence[Sequence[Fact]]) -> None:
            for number, part in enumerate(parts):
                engine.process(part)
                if number == 1:
                    engine.advance(part[0].timestamp + timedelta(hours=2))

        works = [partial(feed, engine, parts) for engine, parts in zip(engines, workers, strict=True)]
        turns.run([*works, partial(reading, store, 4)])
        reading(store, 1)
        facts = [fact for parts in workers for part in parts for fact in part]
        with GoalEngine(GOALS) as alone:
            alone.process(facts)
            alone.advance(END)
            engines[0].advance(END)
            for engine in engines:
                assert particulars(engine) == particulars(alone)
            assert list(engines[0]._store.damage()) == []
            kept, known = engines[0]._store.load("pqr"), alone._store.load("pqr")
            assert {name: each.facts for name, each in kept.items()} == {
                name: each.facts for name, each in known.items()
            }


_settings = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.differing_executors],
)


@_settings
@given(st.lists(_batches, min_size=2, max_size=3), _orders)
def test_on_postgres(
    postgres: Server,
    tmp_path_factory: pytest.TempPathFactory,
    workers: list[list[list[Fact]]],
    order: list[int],
) -> None:
    """Workers and readers on one PostgreSQL store, in any order of their statements, make what one engine makes."""
    from convgoals.storage.postgres_database import Session  # noqa: PLC0415  it needs the extra

    turns = Turns(order)
    with pytest.MonkeyPatch.context() as patch:
        taking_turns(patch, (Session, ("send", "control")), turns)
        worked(postgres.store_url(tmp_path_factory.mktemp("turns")), workers, turns)


@_settings
@given(st.lists(_batches, min_size=2, max_size=3), _orders)
def test_on_sqlite(tmp_path_factory: pytest.TempPathFactory, workers: list[list[list[Fact]]], order: list[int]) -> None:
    """Workers and readers on one SQLite file, in any order of their statements, make what one engine makes."""
    turns = Turns(order)
    with pytest.MonkeyPatch.context() as patch:
        taking_turns(patch, (Database, ("all", "one", "run", "run_many")), turns)
        worked(f"sqlite:///{tmp_path_factory.mktemp('turns')}/goals.db", workers, turns)


def test_turns() -> None:
    """Threads go on as the order says, each up to its next statement."""
    seen: list[str] = []
    turns = Turns([0, 1, 1, 0])

    def work(name: str) -> None:
        for _ in range(2):
            seen.append(name)
            turns.wait()

    turns.run([lambda: work("x"), lambda: work("y")])
    assert seen == ["x", "y", "y", "x"]


def test_a_failure_in_a_thread_is_seen(tmp_path: Path) -> None:
    """What a worker raises is raised."""

    def fail() -> None:
        raise ValueError(str(tmp_path))

    with pytest.raises(ValueError, match="failure"):
        Turns([0]).run([fail])
