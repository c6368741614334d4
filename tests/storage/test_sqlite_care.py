"""An SQLite store tells what is damaged in it, gives back space, and is copied while it is written to."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from convgoals.errors import StoreBusyError, StoreError
from convgoals.storage.base import Batch
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing.store_samples import event, everything, kept
from storage.stories import PROFILES, batch


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "goals.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    with closing(SQLiteStore(path, busy_timeout=0)) as store:
        for number in range(30):
            store.commit(batch(number))
        store.forget("p4")
        yield store


# ---- damage


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE total SET profiles = profiles + 1", "count"),
        ("DELETE FROM retraction WHERE seq = (SELECT max(seq) FROM retraction)", "ledger-gap"),
        ("UPDATE total SET erased = erased - 1", "ledger-gap"),
        ("UPDATE total SET entries = entries - 5, erased = erased - 5", "ledger-gap"),
        ("UPDATE retraction SET seq = (SELECT max(seq) FROM completion) WHERE seq = (SELECT max(seq) FROM retraction)",
         "ledger-gap"),
        ("DELETE FROM completion WHERE seq = (SELECT max(seq) FROM completion)", "ledger-gap"),
        ("DELETE FROM completion WHERE seq = (SELECT max(seq) FROM completion)", "orphan"),
        ("DELETE FROM standing WHERE profile = (SELECT id FROM profile WHERE name = 'p1')", "orphan"),
        ("DELETE FROM profile WHERE name = 'p1'", "orphan"),
        ("UPDATE profile SET became = 999 WHERE name = 'anonymous5'", "orphan"),
        ("UPDATE profile SET became = (SELECT id FROM profile WHERE name = 'p1') WHERE name = 'p2'", "orphan"),
        ("UPDATE standing SET wake = 1 WHERE until IS NULL", "orphan"),
        ("DELETE FROM chunk WHERE id = (SELECT max(id) FROM chunk)", "orphan"),
        ("DELETE FROM chunk WHERE id = (SELECT max(previous) FROM chunk)", "orphan"),
        ("INSERT INTO chunk (earliest, latest, number, facts) VALUES (0, 0, 0, '[]')", "orphan"),
        ("INSERT INTO state (profile, at, text) VALUES (999, 0, '{}')", "orphan"),
        ("UPDATE standing SET facts = (SELECT previous FROM chunk WHERE chunk.id = standing.facts)", "orphan"),
        ("UPDATE standing SET facts = (SELECT max(id) FROM chunk)", "orphan"),
        ("UPDATE standing SET completions = NULL", "orphan"),
        ("UPDATE completion SET previous = previous - 1 WHERE previous > 3", "orphan"),
        ("UPDATE completion SET track = 999 WHERE seq = (SELECT max(seq) FROM completion)", "orphan"),
        ("UPDATE completion SET profile = 999 WHERE seq = (SELECT max(seq) FROM completion)", "orphan"),
        ("UPDATE completion SET profile = (SELECT id FROM profile WHERE name = 'p1')", "orphan"),
        ("UPDATE retraction SET completion = 999 WHERE seq = (SELECT max(seq) FROM retraction)", "orphan"),
        ("UPDATE retraction SET completion = (SELECT max(seq) FROM completion) WHERE completion = 7", "orphan"),
        ("UPDATE receipt SET profile = profile + 999", "orphan"),
    ],
)  # fmt: skip
def test_damage_is_told(store: SQLiteStore, statement: str, code: str) -> None:
    """A store that something else has changed says what is not whole; before, it says nothing."""
    assert list(store.damage()) == []
    store._database._connection.execute(statement)
    found = list(store.damage())
    assert code in {each.code for each in found}
    assert all(each.message for each in found)


def test_damaged_pages_are_told(path: Path, store: SQLiteStore) -> None:
    """Pages that are no pages of a database are told as damage of the file, and nothing else is asked then."""
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:8_192] + b"\xa5" * 4_096 + content[12_288:])
    with closing(SQLiteStore(path)) as damaged:
        found = list(damaged.damage())
    assert found
    assert {each.code for each in found} == {"file"}


def test_damaged_index_is_told(store: SQLiteStore) -> None:
    """An index that lacks a row is told: what is due is found through it."""
    connection = store._database._connection
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_master WHERE name = 'standing_wake'")
    connection.execute("PRAGMA writable_schema = RESET")
    assert [each.code for each in store.damage()] == ["file"]


# ---- space


def test_space_is_given_back(path: Path, store: SQLiteStore) -> None:
    """After profiles were forgotten, compacting makes the file smaller, and empties the log beside it."""
    names = [f"large{number}" for number in range(100)]
    store.commit(Batch(profiles={name: kept(event(name, x="x" * 9_000)) for name in names}))
    for name in names:
        store.forget(name)
    before = store.info().sizes
    assert before["free"] > 500_000
    store.compact()
    after = store.info().sizes
    assert after["free"] == after["write-ahead log"] == 0
    assert path.stat().st_size == after["in use"] < before["free"] + before["in use"] - 500_000


def test_compacting_waits_for_writers(path: Path, store: SQLiteStore) -> None:
    """While another process writes, compacting is refused as busy; within a block of writing, it is refused."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            store.compact()
    with pytest.raises(StoreError, match="transaction"), store.writing():
        store.compact()
    store.compact()


# ---- backup


def test_backup(tmp_path: Path, store: SQLiteStore) -> None:
    """A copy is a whole store that says the same, and lives its own life; nothing else is left beside it."""
    before = everything(store, *PROFILES)
    (tmp_path / "copies").mkdir()
    store.backup(tmp_path / "copies" / "goals.db")
    store.commit(batch(30))
    assert os.listdir(tmp_path / "copies") == ["goals.db"]  # noqa: PTH208
    with closing(SQLiteStore(tmp_path / "copies" / "goals.db")) as copy:
        assert everything(copy, *PROFILES) == before
        assert list(copy.damage()) == []
        copy.commit(batch(30))
        assert everything(copy, *PROFILES) == everything(store, *PROFILES)


def test_backup_of_memory(tmp_path: Path) -> None:
    """A store in memory is copied into a file just so."""
    with closing(SQLiteStore()) as store:
        store.commit(batch(0))
        store.backup(tmp_path / "copy.db")
        with closing(SQLiteStore(tmp_path / "copy.db")) as copy:
            assert everything(copy, *PROFILES) == everything(store, *PROFILES)


def test_backup_while_a_writer_goes_on(tmp_path: Path, store: SQLiteStore) -> None:
    """Copies made while batches are committed each hold whole batches up to one of them; no writer is hindered."""
    positions = []
    writing = threading.Event()
    done = threading.Event()

    def write() -> None:
        number = 30
        while not done.is_set():
            store.commit(batch(number))  # with busy_timeout=0, whoever hindered it would make it fail
            number += 1
            writing.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        writing.wait(10)
        for copy in range(10):
            store.backup(tmp_path / f"{copy}.db")
    finally:
        done.set()
        writer.join()
    for copy in range(10):
        with closing(SQLiteStore(tmp_path / f"{copy}.db")) as found:
            positions.append(int(found.positions()["stream"]))
            assert list(found.damage()) == []
            with closing(SQLiteStore()) as whole:
                for number in range(positions[-1] + 1):
                    whole.commit(batch(number))
                    if number == 29:
                        whole.forget("p4")
                assert everything(found, *PROFILES) == everything(whole, *PROFILES)
    assert positions == sorted(positions)
    assert positions[0] >= 30


def test_backup_onto_something(tmp_path: Path, path: Path, store: SQLiteStore) -> None:
    """What is there already is never overwritten, and a place that cannot be leaves nothing behind."""
    (tmp_path / "notes.txt").write_text("mine")
    for target in (tmp_path / "notes.txt", path):
        with pytest.raises(StoreError) as caught:
            store.backup(target)
        assert caught.value.code == "store-exists"
    assert (tmp_path / "notes.txt").read_text() == "mine"
    for target in (tmp_path / "missing" / "copy.db", tmp_path / "notes.txt" / "copy.db", Path("a\0b")):
        with pytest.raises(StoreError) as caught:
            store.backup(target)
        assert caught.value.code == "store-open"


def test_backup_that_fails(tmp_path: Path, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that fails in the middle leaves nothing, neither at its place nor beside it."""
    before = sorted(tmp_path.iterdir())

    def failing(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr("convgoals.storage.sqlite_care._copy", failing)
    with pytest.raises(StoreError) as caught:
        store.backup(tmp_path / "copy.db")
    assert caught.value.code == "store-full"
    assert sorted(tmp_path.iterdir()) == before
