"""Whatever fails in the middle of a batch in PostgreSQL: it is there wholly or not at all, and the store goes on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors, sql

from convgoals import Event, Goal, GoalEngine
from convgoals.errors import FactError, StoreBusyError, StoreError
from convgoals.records import Retraction
from convgoals.storage import postgres_block
from convgoals.storage.base import Batch
from convgoals.storage.memory import MemoryStore
from convgoals.storage.postgres import PostgresStore
from convgoals.storage.postgres_database import Session
from convgoals.testing.store_samples import completion, event, everything, kept, recorded
from postgres_proxy import Proxy, When
from storage.stories import PROFILES, batch

if TYPE_CHECKING:
    from postgres_server import Server

START = datetime(2026, 1, 1, tzinfo=UTC)
GOAL = Goal("Loyal", "count(event purchase) >= 3", count="every")


@pytest.fixture
def schema(postgres: Server, tmp_path: Path) -> str:
    return postgres.schema(tmp_path)


@pytest.fixture
def store(postgres: Server, schema: str) -> Iterator[PostgresStore]:
    store = PostgresStore(postgres.url, schema=schema, busy_timeout=2)
    yield store
    store.close()


def purchase(number: int, profile_id: str = "p") -> Event:
    return Event("purchase", profile_id, START + timedelta(hours=number), id=f"e{number}")


class Calls:
    """Counts the statements that stores send, and lets one of them come to grief.

    Attributes:
        left: how many statements go well before that one; what then happens is *act*, given the session.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = -1
        self.act: Callable[[Session], None] = lambda session: None
        self.names: list[str] = []
        send, control = Session.send, Session.control

        def counted_send(session: Session, name: str, values: Any = ()) -> Any:
            self._count(session, name)
            return send(session, name, values)

        def counted_control(session: Session, statement: str) -> None:
            if statement != "ROLLBACK":
                self._count(session, statement)
            control(session, statement)

        monkeypatch.setattr(Session, "send", counted_send)
        monkeypatch.setattr(Session, "control", counted_control)

    def _count(self, session: Session, name: str) -> None:
        self.names.append(name)
        self.left -= 1
        if self.left == -1:
            self.act(session)

    def fail_after(self, number: int, act: Callable[[Session], None]) -> None:
        self.left, self.act, self.names = number, act, []


@pytest.fixture
def calls(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch)


def disk_full(session: Session) -> None:
    raise errors.DiskFull("No space left on device")


def interrupted(session: Session) -> None:
    raise KeyboardInterrupt


def connection_lost(session: Session) -> None:
    """End the server's side of the connection, as its restart does."""
    pid = session.connection.info.backend_pid
    with psycopg.connect(session.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))


def attempt(act: Callable[[], object]) -> BaseException | None:
    """What *act* raises, if anything."""
    try:
        act()
    except (StoreError, KeyboardInterrupt) as error:
        return error
    return None


@pytest.mark.parametrize(
    ("act", "code"), [(disk_full, "store-full"), (interrupted, ""), (connection_lost, "store-connection")]
)
def test_every_statement_may_fail(
    store: PostgresStore, calls: Calls, act: Callable[[Session], None], code: str
) -> None:
    """Whichever statement of a batch fails, the store is as before, and takes the batch then."""
    expected, failing, failures = MemoryStore(), 0, 0
    for number in range(60):
        calls.fail_after(failing, act)
        raised = attempt(partial(store.commit, batch(number)))
        reached, calls.left = calls.left < 0, -1
        if raised is not None:
            failures += 1
            assert getattr(raised, "code", "") == code
            assert everything(store, *PROFILES) == everything(expected, *PROFILES)
            store.commit(batch(number))
        expected.commit(batch(number))
        assert everything(store, *PROFILES) == everything(expected, *PROFILES)
        if not reached:
            break
        failing += 1
    assert failing > 12
    assert failures >= failing - 6  # a connection that is lost before anything was done on it is replaced by another


def test_every_statement_of_forget_may_fail(store: PostgresStore, calls: Calls) -> None:
    """Whichever statement fails while a profile is forgotten, it is there as before, or it is gone."""
    for number in range(12):
        store.commit(batch(number))
    before, failing = everything(store, *PROFILES), 0
    while everything(store, *PROFILES) == before:
        calls.fail_after(failing, disk_full)
        raised = attempt(lambda: store.forget("anonymous0"))
        assert raised is None or isinstance(raised, StoreError)
        calls.left = -1
        failing += 1
    assert failing > 8
    assert "p0" not in store.load(["p0"])
    assert list(store.damage()) == []


# ---- the connection


@pytest.fixture
def proxy(postgres: Server) -> Iterator[Proxy]:
    with tempfile.TemporaryDirectory(prefix="pg") as folder:  # the path of a socket must be short
        proxy = Proxy(postgres.url, Path(folder))
        yield proxy
        proxy.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_lost_in_the_middle_of_a_commit(proxy: Proxy, schema: str, when: When) -> None:
    """If the connection is lost around the commit, the server is asked: what was committed counts, and nothing else."""
    seen: list[object] = []
    store = PostgresStore(proxy.url, schema=schema)
    with GoalEngine([GOAL], store=store, on_change=seen.extend) as engine:
        engine.process([purchase(1), purchase(2)], checkpoint={"s": 2})
        proxy.cut = when
        if when == "after":
            changes = engine.process([purchase(3), purchase(4, "q")], checkpoint={"s": 4})
        else:
            with pytest.raises(StoreError) as caught:
                engine.process([purchase(3), purchase(4, "q")], checkpoint={"s": 4})
            assert caught.value.code == "store-connection"
            assert seen == []
            assert engine.checkpoint() == {"s": 2}
            changes = engine.process([purchase(3), purchase(4, "q")], checkpoint={"s": 4})
        assert proxy.cut is None
        assert [each.achieved_at for each in changes] == [purchase(3).timestamp]
        assert seen == changes == list(engine.ledger())
        assert len(engine.process([purchase(5), purchase(5, "q"), purchase(6, "q")])) == 2
        assert engine.checkpoint() == {"s": 4}


@pytest.mark.parametrize("when", ["before", "after"])
def test_nobody_can_say_what_became_of_it(proxy: Proxy, schema: str, when: When) -> None:
    """If the server cannot be asked, the outcome is unknown; the engine then stands where the store stands."""
    store = PostgresStore(proxy.url, schema=schema, busy_timeout=0.2)
    with GoalEngine([GOAL], store=store) as engine:
        engine.process([purchase(1), purchase(2)], checkpoint={"s": 2})
        proxy.cut, proxy.unreachable = when, True
        with pytest.raises(StoreError) as caught:
            engine.process([purchase(3)], checkpoint={"s": 3})
        assert caught.value.code == "store-unknown"
        assert caught.value.hint
        with pytest.raises(StoreError):
            engine.process([purchase(3)])
        proxy.unreachable = False
        assert engine.checkpoint() == ({"s": 3} if when == "after" else {"s": 2})
        again = engine.process([purchase(3)], checkpoint={"s": 3})
        assert len(again) == (0 if when == "after" else 1)
        assert [each.achieved_at for each in engine.history()] == [purchase(3).timestamp]
        assert len(engine.process([purchase(4)])) == 1


def test_restarted_server(store: PostgresStore, postgres: Server) -> None:
    """Connections that were cut while they were idle are replaced, for readers and writers, and nothing is raised."""
    for number in range(0, 6, 2):
        store.commit(batch(number))
        cut_all(postgres)
        assert store.positions() == {"stream": number}
        cut_all(postgres)
        store.commit(batch(number + 1))
        cut_all(postgres)
        assert store.generation() == 0


def cut_all(postgres: Server) -> None:
    with postgres.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE application_name = 'convgoals' AND pid <> pg_backend_pid()"
        )


def test_all_connections_in_use(postgres: Server, schema: str) -> None:
    """Whoever waits too long for a free connection is told that the store is busy."""
    with closing(PostgresStore(postgres.url, schema=schema, busy_timeout=0.1, pool_size=1)) as store:
        with store._database.session(), pytest.raises(StoreBusyError) as caught:
            store.positions()
        assert "pool_size" in caught.value.hint
        assert store.positions() == {}


# ---- locks of others


def test_deadlock_with_something_else(store: PostgresStore, postgres: Server, schema: str) -> None:
    """If another program locks rows the other way around, the server ends one of the two: the store is busy."""
    for number in range(3):
        store.commit(batch(number))
    before = everything(store, *PROFILES)
    with postgres.connect() as other:
        other.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM profile WHERE name = 'p4' FOR UPDATE")
        with pytest.raises(StoreBusyError):
            store.commit(batch(3))
        other.execute("ROLLBACK")
    assert everything(store, *PROFILES) == before
    store.commit(batch(3))


def test_two_who_want_everything(store: PostgresStore, postgres: Server, schema: str) -> None:
    """Who wants everything waits for who has it; readers do not."""
    store.commit(batch(0))
    with closing(PostgresStore(postgres.url, schema=schema, busy_timeout=0.05)) as other, store.writing():
        with pytest.raises(StoreBusyError):
            other.forget("p0")
        with pytest.raises(StoreBusyError), other.writing(["p"]):
            pytest.fail("the block was entered")
        assert other.profile_count() == 3
        assert len(list(other.history())) == 2


# ---- blocks


def test_blocks_within_blocks(store: PostgresStore) -> None:
    """Within a block, a batch of more than it holds is held too; other blocks are a part of the first."""
    store.commit(batch(0))
    with store.writing(["p0"]) as held:
        assert set(held.revisions(["p0", "p1", "nobody"])) == {"p0"}
        with store.writing(["p1"]):
            store.commit(recorded(completion("p1", 9), completion("new", 9)))
        with store.writing():
            store.forget("p2")
        assert set(held.revisions(["p0", "p1", "nobody"])) == {"p0", "p1"}
        assert "new" in list(store.profile_ids())
        assert [entry.profile_id for entry in store.entries()] == ["p0", "p1", "p1", "new"]
    assert store.profile_count() == 3
    assert list(store.damage()) == []


def test_after_a_failure_a_block_keeps_nothing(store: PostgresStore) -> None:
    """A batch that failed in a block takes the others of the block with it, also where its error was caught."""
    with store.writing():
        store.commit(batch(0))
        with pytest.raises(FactError, match="surrogate"):
            store.commit(Batch(profiles={"p": kept(event()), "q": kept(event("q", fact_id="\ud800"))}))
        with pytest.raises(StoreError, match="already"):
            store.commit(batch(1))
    assert everything(store, *PROFILES) == everything(MemoryStore(), *PROFILES)
    store.commit(batch(0))
    assert store.profile_count() == 3


def test_names_that_were_only_held(store: PostgresStore, postgres: Server, schema: str) -> None:
    """A block that writes nothing, or not of all that it holds, leaves no trace of the others."""
    with store.writing(["p", "q", "\ud800"]) as held:
        assert held.revisions(["p", "\ud800"]) == {}
    with store.writing(["p", "q", "r"]):
        store.commit(Batch(profiles={"p": kept(event())}, entries=(completion("q"),)))
    with postgres.connect() as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        assert connection.execute("SELECT name FROM profile ORDER BY name").fetchall() == [("p",), ("q",)]
    assert list(store.profile_ids()) == ["p", "q"]


def test_many_things_in_one_batch(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch with more entries than fit below one number takes another, and everything stays in order."""
    monkeypatch.setattr(postgres_block, "_SHIFT", 2)
    entries = [completion("p", number) for number in range(30)]
    for start in (0, 15):
        store.commit(Batch(profiles={"p": kept(event(fact_id=f"{start}"))}, entries=tuple(entries[start : start + 15])))
    assert list(store.entries()) == entries
    assert [fact.id for fact in store.load(["p"])["p"].facts] == ["0", "15"]


# ---- values


@pytest.mark.parametrize("value", [object(), {1, 2}, [[{"x": 1j}]], "\ud800", float])
def test_fact_that_cannot_be_kept(store: PostgresStore, value: object) -> None:
    """A value that no store keeps, in the last fact of a batch, is refused by name, and nothing of the batch stays."""
    store.commit(batch(0))
    before = everything(store, *PROFILES)
    facts = [event("p1", f"x{number}", number) for number in range(50)]
    with pytest.raises(FactError, match="'last'") as caught:
        store.commit(Batch(profiles={"p0": kept(event("p0", "new")), "p1": kept(*facts, event("p1", "last", x=value))}))
    assert caught.value.code in ("fact-value", "fact-text")
    assert caught.value.hint
    assert everything(store, *PROFILES) == before


def test_number_that_does_not_fit(store: PostgresStore) -> None:
    """A version or an instant that no column holds is refused as any other error of the store."""
    with pytest.raises(StoreError, match="64 bits"):
        store.commit(recorded(completion(version=2**70)))
    with pytest.raises(StoreError, match="64 bits"):
        store.commit(Batch(profiles={"p": kept(until=2**70)}))
    assert list(store.entries()) == []


@pytest.mark.parametrize("facts", ["{", '[[9,"1",0,0,0]]', "[[0]]", "[7]"])
def test_record_that_cannot_be_read(store: PostgresStore, facts: str) -> None:
    """A record that something else has changed is named as damage when it is read."""
    store.commit(Batch(profiles={"p": kept(event())}))
    with store._database.session() as session:
        session.connection.execute("UPDATE chunk SET facts = %s", (facts,))
    with pytest.raises(StoreError) as caught:
        store.load(["p"])
    assert caught.value.code == "store-corrupt"


def test_questions_about_what_cannot_be(store: PostgresStore) -> None:
    """Of an id that no store can keep, nothing is known."""
    store.commit(batch(0))
    assert store.load(["\ud800"]) == {}
    assert [*store.history(profile_id="\ud800"), *store.recorded("\ud800"), *store.recipients("\ud800")] == []
    store.forget("\ud800")
    assert store.positions() == {"stream": 0}


def test_retraction_of_no_number(store: PostgresStore) -> None:
    """A completion whose value is NaN is retracted like any other."""
    store.commit(recorded(completion(value=float("nan"))))
    (found,) = store.completions()
    store.commit(recorded(Retraction(found, completion().achieved_at)))
    assert list(store.completions()) == []


def test_long_history_of_retractions(store: PostgresStore) -> None:
    """A completion far back in a long history is found, and ended, as the latest is."""
    done = [completion("p", number) for number in range(200)]
    store.commit(recorded(*done))
    store.commit(recorded(*(Retraction(done[number], done[199].achieved_at) for number in (199, 0, 100))))
    assert list(store.completions()) == [each for number, each in enumerate(done) if number not in (0, 100, 199)]
    assert list(store.recorded("p")) == list(store.completions())[::-1]


def test_damage_is_found(store: PostgresStore, postgres: Server, schema: str) -> None:
    """Rows that lead nowhere, and counts that are wrong, are told."""
    for number in range(6):
        store.commit(batch(number))
    assert list(store.damage()) == []
    with postgres.connect() as connection:
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        connection.execute("DELETE FROM profile WHERE name = 'p1'")
        connection.execute("INSERT INTO state VALUES (999, 0, 'x')")
        connection.execute("UPDATE profile SET wake = 3 WHERE until IS NULL")
        connection.execute("DELETE FROM completion WHERE seq IN (SELECT completion FROM retraction)")
        connection.execute("INSERT INTO retraction (seq, completion, recorded) SELECT min(seq), 1, 0 FROM completion")
        connection.execute("UPDATE profile SET became = 998 WHERE became IS NOT NULL")
    found = list(store.damage())
    assert {each.code for each in found} == {"count", "orphan", "ledger-gap"}
    assert len(found) == 10
    assert all(each.message for each in found)
