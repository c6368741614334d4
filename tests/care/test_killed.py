"""A process that is killed while it looks after a store leaves the store as it was, or as it was to become."""

from __future__ import annotations

import io
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from convgoals.care.exporting import export_store
from convgoals.care.importing import import_store
from convgoals.storage.base import Batch
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing.store_samples import completion, event, kept

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

KILLS = int(os.environ.get("CONVGOALS_KILLS", "5"))


@pytest.fixture(scope="module")
def data() -> bytes:
    """The export of a store that takes a while to fill."""
    with closing(SQLiteStore()) as store:
        names = [f"p{number}" for number in range(1_500)]
        entries = tuple(completion(name) for name in names)
        store.commit(Batch(profiles={name: kept(event(name, x="x" * 200)) for name in names}, entries=entries))
        return b"".join(export_store(store))


def killed(act: Callable[[], None], delay: float) -> bool:
    """Do something in a child that is killed after a while; whether it was done before that."""
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        finally:
            os._exit(1)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


def exported(path: Path) -> bytes:
    with closing(SQLiteStore(path)) as store:
        assert list(store.damage()) == []
        return b"".join(export_store(store))


def test_import(tmp_path: Path, data: bytes) -> None:
    """An import that is killed has filled nothing; the next one fills all."""
    path, chance, broken = tmp_path / "goals.db", random.Random(1), 0  # noqa: S311

    def bring() -> None:
        with closing(SQLiteStore(path)) as store:
            import_store(io.BytesIO(data), store)

    begun = time.monotonic()
    bring()
    takes = time.monotonic() - begun
    for _ in range(KILLS):
        for file in tmp_path.iterdir():
            file.unlink()
        done = killed(bring, takes * chance.random())
        if exported(path).count(b"\n") > 2:
            assert exported(path) == data
        else:
            assert not done
            broken += 1
            bring()
            assert exported(path) == data
    assert broken


def test_compact(tmp_path: Path, data: bytes) -> None:
    """A store that was being made smaller when the process was killed says what it said."""
    path, chance = tmp_path / "goals.db", random.Random(2)  # noqa: S311
    with closing(SQLiteStore(path)) as store:
        import_store(io.BytesIO(data), store)
        for number in range(0, 1_500, 40):
            store.forget(f"p{number}")
    before = exported(path)

    def compact() -> None:
        with closing(SQLiteStore(path)) as store:
            store.compact()

    for _ in range(KILLS):
        killed(compact, 0.06 * chance.random())
        assert exported(path) == before


def test_backup(tmp_path: Path, data: bytes) -> None:
    """A backup that is killed leaves no copy under its name, or the whole one."""
    path, chance = tmp_path / "goals.db", random.Random(3)  # noqa: S311
    with closing(SQLiteStore(path)) as store:
        import_store(io.BytesIO(data), store)

    for number in range(KILLS):
        copy = tmp_path / f"{number}.db"

        def back_up(copy: Path = copy) -> None:
            with closing(SQLiteStore(path)) as store:
                store.backup(copy)

        killed(back_up, 0.03 * chance.random())
        assert not copy.exists() or exported(copy) == data
    assert exported(path) == data
