"""Whatever fails in the middle of a batch: nothing of it stays, and the store goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from convgoals.errors import FactError, StoreBusyError, StoreError
from convgoals.instants import to_datetime
from convgoals.records import Retraction
from convgoals.storage.base import Batch
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing.store_samples import completion, event, everything, kept, recorded
from storage.stories import PROFILES, batch


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(tmp_path / "goals.db", busy_timeout=0)
    yield store
    store.close()


class Failing:
    """A connection of which one call fails, the one after *calls* others."""

    def __init__(self, connection: sqlite3.Connection, calls: int) -> None:
        self._connection = connection
        self.calls = calls

    def _count(self, statement: str) -> None:
        self.calls -= 1
        if self.calls == -1 and statement != "ROLLBACK":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        self._count(statement)
        return self._connection.execute(statement, *values)

    def executemany(self, statement: str, rows: Any) -> sqlite3.Cursor:
        self._count(statement)
        return self._connection.executemany(statement, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def attempt(store: SQLiteStore, act: Callable[[], object], calls: int) -> bool:
    """Let the call after *calls* others fail while *act* is done; whether it was done before that call came."""
    connection = store._database._connection
    failing = Failing(connection, calls)
    store._database._connection = failing  # type: ignore[assignment]
    code = ""
    try:
        act()
    except StoreError as error:
        code = error.code
    store._database._connection = connection
    assert (code == "store-io") == (failing.calls < 0)
    return not code


def test_every_call_may_fail(store: SQLiteStore) -> None:
    """Whichever call to SQLite fails while a batch is committed, the store is as before, and takes the batch later."""
    for number in range(5):
        store.commit(batch(number))
    before = everything(store, *PROFILES)
    calls = 0
    while not attempt(store, lambda: store.commit(batch(5)), calls):
        assert everything(store, *PROFILES) == before
        calls += 1
    assert calls > 12
    with closing(SQLiteStore()) as whole:
        for number in range(6):
            whole.commit(batch(number))
        assert everything(whole, *PROFILES) == everything(store, *PROFILES) != before


def test_every_call_of_forget_may_fail(store: SQLiteStore) -> None:
    """Whichever call fails while a profile is forgotten, the profile is there as before, or it is gone."""
    for number in range(12):
        store.commit(batch(number))
    before = everything(store, *PROFILES)
    calls = 0
    while everything(store, *PROFILES) == before:
        attempt(store, lambda: store.forget("anonymous0"), calls)
        calls += 1
    assert calls > 8
    assert "p0" not in store.load(["p0"])


def test_full_disk(store: SQLiteStore) -> None:
    """When the disk is full, the batch that did not fit leaves nothing behind; with space again, it is taken."""
    connection = store._database._connection
    for number in range(5):
        store.commit(batch(number))
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    before = everything(store, *PROFILES)
    large = Batch(profiles={name: kept(event(name, "large", 1, x="x" * 9_000)) for name in PROFILES}, reached=99)
    with pytest.raises(StoreError, match="full") as caught:
        store.commit(large)
    assert caught.value.code == "store-full"
    assert caught.value.hint
    assert everything(store, *PROFILES) == before
    connection.execute("PRAGMA max_page_count = 1000000")
    store.commit(large)
    assert store.reached() == 99
    assert all("large" in [fact.id for fact in profile.facts] for profile in store.load(PROFILES).values())


@pytest.mark.parametrize("value", [object(), {1, 2}, [[{"x": 1j}]], "\ud800", float])
def test_fact_that_cannot_be_kept(store: SQLiteStore, value: object) -> None:
    """A value that no store keeps, in the last fact of a batch, is refused by name, and nothing of the batch stays."""
    store.commit(batch(0))
    before = everything(store, *PROFILES)
    facts = [event("p1", f"x{number}", number) for number in range(50)]
    with pytest.raises((FactError, StoreError)) as caught:
        store.commit(Batch(profiles={"p0": kept(event("p0", "new")), "p1": kept(*facts, event("p1", "last", x=value))}))
    assert isinstance(caught.value, FactError)
    assert caught.value.code == ("fact-text" if value == "\ud800" else "fact-value")
    assert "Event 'last' of profile 'p1', property 'x'" in str(caught.value)
    assert caught.value.hint
    assert everything(store, *PROFILES) == before


def test_nested_too_deeply(store: SQLiteStore) -> None:
    """A value without a bottom is refused."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(FactError, match="nested"):
        store.commit(Batch(profiles={"p": kept(event(x=endless))}))


def test_number_that_does_not_fit(store: SQLiteStore) -> None:
    """A version or an instant that no column holds is refused as any other error of the store."""
    with pytest.raises(StoreError, match="64 bits"):
        store.commit(recorded(completion(version=2**70)))
    with pytest.raises(StoreError, match="64 bits"):
        store.commit(Batch(profiles={"p": kept(until=2**70)}))
    assert list(store.entries()) == []


@pytest.mark.parametrize(
    "facts", ["{", '[[9,"1",0,0,0]]', '[[0,"1",0,"a",[{"x":{"strange":1}}],null]]', "[[0]]", "[7]"]
)
def test_record_that_cannot_be_read(store: SQLiteStore, facts: str) -> None:
    """A record that something else has changed is named as damage when it is read."""
    store.commit(Batch(profiles={"p": kept(event())}))
    store._database._connection.execute("UPDATE chunk SET facts = ?", (facts,))
    with pytest.raises(StoreError) as caught:
        store.load(["p"])
    assert caught.value.code == "store-corrupt"


def test_writer_in_the_way(store: SQLiteStore, tmp_path: Path) -> None:
    """Where another process writes for longer than allowed, the batch is refused as busy; after it, it is taken."""
    store.commit(batch(0))
    other = sqlite3.connect(tmp_path / "goals.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusyError) as caught:
        store.commit(batch(1))
    assert caught.value.code == "store-busy"
    assert store.positions() == {"stream": 0}
    other.execute("ROLLBACK")
    other.close()
    store.commit(batch(1))
    assert store.positions() == {"stream": 1}


def test_interrupted(store: SQLiteStore) -> None:
    """An interrupt in the middle of a batch leaves nothing behind either."""
    store.commit(batch(0))
    before = everything(store, *PROFILES)

    class Interrupting(Failing):
        def _count(self, statement: str) -> None:
            if statement.startswith("INSERT INTO completion"):
                raise KeyboardInterrupt

    connection = store._database._connection
    store._database._connection = Interrupting(connection, 0)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        store.commit(batch(1))
    store._database._connection = connection
    assert everything(store, *PROFILES) == before
    store.commit(batch(1))
    assert store.reached() == 1


def test_retraction_after_a_refused_batch(store: SQLiteStore) -> None:
    """What is at hand of a refused batch is not taken for what is kept."""
    with pytest.raises(StoreError):
        store.commit(Batch(profiles={"p": kept(event())}, entries=(completion(), completion("\ud800"))))
    store.commit(recorded(completion(recorded=3)))
    assert list(store.history(profile_id="p")) == [completion(recorded=3)]
    assert store.profile_count() == 1
    assert store.load(["p"])["p"].facts == ()
    assert to_datetime(3) == next(store.entries()).recorded_at


def test_emptying_the_log_fails(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the log cannot be emptied after something was erased, batches are taken all the same, until it can be."""
    store.commit(batch(0))
    reader = SQLiteStore(store._database.name)
    reader._database._connection.execute("BEGIN")
    assert reader._database.one("reached") == (0,)
    store.forget("p0")
    assert store._log_holds_erased
    store.commit(batch(1))
    assert store._log_holds_erased
    reader.close()

    def failing() -> bool:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(store._database, "empty_log", failing)
    store.commit(batch(2))
    monkeypatch.undo()
    store.commit(batch(3))
    assert not store._log_holds_erased
    assert Path(f"{store._database.name}-wal").stat().st_size == 0
    assert store.positions() == {"stream": 3}


def test_few_places_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many profiles' places are kept at hand makes no difference to what is kept."""
    monkeypatch.setattr("convgoals.storage.sqlite_identities._PLACES", 2)
    with closing(SQLiteStore(tmp_path / "few.db")) as store, closing(SQLiteStore()) as whole:
        for number in range(20):
            store.commit(batch(number))
            whole.commit(batch(number))
            assert len(store._identities.places) <= 2
            assert len(store._identities._absent) <= 2
        assert everything(store, *PROFILES) == everything(whole, *PROFILES)


def test_questions_about_what_cannot_be(store: SQLiteStore) -> None:
    """Of an id that no store can keep, nothing is known."""
    store.commit(batch(0))
    assert store.load(["\ud800"]) == {}
    assert list(store.history(profile_id="\ud800")) == []
    store.forget("\ud800")
    assert store.positions() == {"stream": 0}


def test_retraction_of_no_number(store: SQLiteStore) -> None:
    """A completion whose value is NaN is retracted like any other."""
    store.commit(recorded(completion(value=float("nan"))))
    (found,) = store.completions()
    store.commit(recorded(Retraction(found, to_datetime(1))))
    assert list(store.completions()) == []
