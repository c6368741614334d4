"""A process that is killed at any instruction leaves whole batches behind, and only those."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from convgoals.storage.memory import MemoryStore
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing.store_samples import everything
from storage.stories import PROFILES, batch

KILLS = int(os.environ.get("CONVGOALS_KILLS", "25"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")


def write_on(path: Path, report: int) -> None:
    """In a child: go on with the stream from where the store says it was read to; report each batch."""
    store = SQLiteStore(path)
    number = int(store.positions().get("stream", -1))
    while True:
        number += 1
        store.commit(batch(number))
        os.write(report, b".")


def killed_while_writing(path: Path, after: int, delay: float) -> None:
    """Start a child, and kill it *delay* seconds after its *after*-th batch."""
    reading, report = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write_on(path, report)
        finally:
            os._exit(1)
    os.close(report)
    seen = 0
    while seen < after:
        seen += len(os.read(reading, 4_096)) or after
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(reading)
    assert os.WIFSIGNALED(status)


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """After each of many kills the store holds exactly the batches up to its position, and goes on from there."""
    path = tmp_path / "goals.db"
    chance = random.Random(20260131)  # noqa: S311
    expected = MemoryStore()
    applied = 0
    for _ in range(KILLS):
        killed_while_writing(path, chance.randrange(0, 20), chance.random() * 0.004)
        store = SQLiteStore(path)
        position = int(store.positions().get("stream", -1))
        while applied <= position:
            expected.commit(batch(applied))
            applied += 1
        assert position == applied - 1
        assert everything(store, *PROFILES) == everything(expected, *PROFILES)
        store.close()
    assert applied > KILLS
