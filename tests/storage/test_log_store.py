"""The backend that docs/backends.md walks through keeps every law, and loses nothing that was acknowledged."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from convgoals import Event, Goal, GoalEngine
from convgoals.care.check import check_store
from convgoals.errors import StoreBusyError, StoreError
from convgoals.storage.base import Store
from convgoals.storage.memory import MemoryStore
from convgoals.testing.contract import StoreContract
from convgoals.testing.store_samples import everything
from storage.stories import PROFILES, batch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it locks its file as POSIX does")

SOURCE = Path(__file__).parents[2] / "examples" / "backend" / "log_store.py"


def log_store(path: Path) -> Any:
    """A `LogStore` of the example."""
    spec = importlib.util.spec_from_file_location("log_store", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.LogStore(path)


class TestLogStore(StoreContract):
    """The store of the example keeps the laws."""

    shared = False

    def open_store(self, folder: Path) -> Store:
        store: Store = log_store(folder / "goals.log")
        return store


def test_died_while_writing(tmp_path: Path) -> None:
    """Wherever the last line breaks off, the store opens with all batches before it, and goes on."""
    path = tmp_path / "goals.log"
    expected = MemoryStore()
    with closing(log_store(path)) as store:
        for number in range(6):
            store.commit(batch(number))
            if number < 5:
                expected.commit(batch(number))
    content = path.read_bytes()
    last = content.rindex(b"\n", 0, -1) + 1
    for length in range(last, len(content), 37):
        path.write_bytes(content[:length])
        with closing(log_store(path)) as store:
            assert everything(store, *PROFILES) == everything(expected, *PROFILES)
            store.commit(batch(5))
        assert path.read_bytes() == content


def test_damaged(tmp_path: Path) -> None:
    """A line that is no batch is damage, and is named."""
    path = tmp_path / "goals.log"
    path.write_bytes(b'["batch",{}]\n')
    with pytest.raises(StoreError, match="line 1"):
        log_store(path)
    with pytest.raises(StoreError):
        log_store(tmp_path)


def test_one_process(tmp_path: Path) -> None:
    """While it is open, nobody else opens it."""
    with closing(log_store(tmp_path / "goals.log")), pytest.raises(StoreBusyError):
        log_store(tmp_path / "goals.log")
    log_store(tmp_path / "goals.log").close()


def test_forgotten_bytes(tmp_path: Path) -> None:
    """Of a forgotten profile no byte stays in the file."""
    path = tmp_path / "goals.log"
    goal = Goal("g", "event a")
    with GoalEngine([goal], store=log_store(path)) as engine:
        engine.process([Event("a", name, "2026-01-01T00:00:00Z", id="1") for name in ("ann", "ben")])
        assert b"ann" in path.read_bytes()
        engine.forget("ann")
        assert b"ann" not in path.read_bytes()
        engine.process([Event("a", "cem", "2026-01-02T00:00:00Z", id="1")])
    with closing(log_store(path)) as store:
        assert [entry.profile_id for entry in store.entries()] == ["ben", "cem"]
        assert check_store(store, sample=None).whole
    assert [file.name for file in tmp_path.iterdir()] == ["goals.log"]


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the line cannot be written, nothing has happened."""
    with closing(log_store(tmp_path / "goals.log")) as store:
        store.commit(batch(0))
        before = everything(store, *PROFILES)

        def failing(_: int) -> None:
            raise OSError("disk failed")

        acts: list[Callable[[], object]] = [
            lambda: store.commit(batch(1)), lambda: store.rename("g0", "n"), lambda: store.forget("p0"),
        ]  # fmt: skip
        for act in acts:
            monkeypatch.setattr("os.fsync", failing)
            with pytest.raises(StoreError):
                act()
            monkeypatch.undo()
            assert everything(store, *PROFILES) == before
        store.commit(batch(1))
    with closing(log_store(tmp_path / "goals.log")) as store, closing(MemoryStore()) as expected:
        expected.commit(batch(0))
        expected.commit(batch(1))
        assert everything(store, *PROFILES) == everything(expected, *PROFILES)
