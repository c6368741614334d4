"""Where profiles stand in an SQLite store is the same, whether it is in its place yet or in the journal."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from convgoals import Event, Goal, GoalEngine
from convgoals.errors import StoreError
from convgoals.storage import sqlite_standings
from convgoals.storage.base import Store
from convgoals.storage.open import open_store
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing.contract import StoreContract
from storage.stories import PROFILES, batch


@pytest.fixture(autouse=True)
def _short_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """All batches go through the journal, which is soon full."""
    monkeypatch.setattr(sqlite_standings, "_FEW", 0)
    monkeypatch.setattr(sqlite_standings, "_PROFILES", 6)
    monkeypatch.setattr(sqlite_standings, "_BATCHES", 3)


class TestJournal(StoreContract):
    """A store keeps the laws whose every batch goes through the journal."""

    def open_store(self, folder: Path) -> Store:
        return open_store(f"sqlite:///{folder}/goals.db")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "goals.db"


def test_other_processes_follow(path: Path) -> None:
    """Two that write in turns each know what the other has put in the journal, or taken out of it."""
    with (
        GoalEngine([Goal("Each", "event a", count="every")], store=f"sqlite:///{path}") as one,
        GoalEngine(store=f"sqlite:///{path}") as other,
    ):
        for number in range(40):
            engine = other if number % 3 else one
            facts = [
                Event("a", f"{kind}{number % length}", f"2026-01-01T00:00:{number:02}Z", id=f"{kind}{number}")
                for kind, length in (("p", 2), ("q", 7))
            ]
            assert len(engine.process([*facts, facts[0]])) == 2
            assert engine.process(facts) == []
        assert len(list(one.history("p0"))) == len(list(other.history("p0"))) == 20


def test_journal_counts_after_death(path: Path) -> None:
    """What a process that died had only put in the journal is known to the next one."""
    died = SQLiteStore(path)
    for number in range(2):
        died.commit(batch(number))
    with closing(SQLiteStore(path)) as store:
        assert store.load(PROFILES) == died.load(PROFILES)
        assert store.due(10**6) == died.due(10**6) != []
        for name in PROFILES:
            assert list(store.recorded(name)) == list(died.recorded(name))
            assert list(store.history(profile_id=name)) == list(died.history(profile_id=name))
        store.forget(PROFILES[0])
        assert list(store.damage()) == []
    died.close()


@pytest.mark.parametrize("packed", [b"7", bytes(8), bytes(48), "text", 7])
def test_damaged_journal_is_told(path: Path, packed: object) -> None:
    """A journal that cannot be read is damage, and no question is answered without it."""
    with closing(SQLiteStore(path)) as store, closing(SQLiteStore(path)) as other:
        store.commit(batch(1))
        store._database._connection.execute("UPDATE fresh_standing SET standings = ?", (packed,))
        assert [each.code for each in other.damage()] == ["unreadable"]
        with pytest.raises(StoreError, match="cannot be read"):
            other.load(PROFILES)
