"""A store that is a log: everything in memory, and each commit a line of JSON at the end of one file.

It shows what it takes to write a backend; docs/backends.md walks through it.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from convgoals.care.exporting import export_store
from convgoals.care.importing import import_store
from convgoals.care.lines import from_line, to_line
from convgoals.errors import StoreBusyError, StoreError
from convgoals.storage.base import Batch, ProfileChange, SavedState, StoreInfo
from convgoals.storage.codec import UNREADABLE, decode_facts, decode_value, encode_facts, encode_value
from convgoals.storage.memory import MemoryStore


class LogStore(MemoryStore):
    """A store in one file that is appended to, for one process at a time; all of it must fit into memory.

    Args:
        path: the file, made if there is none.

    Raises:
        StoreError: the file cannot be opened, or is no log.
        StoreBusyError: another process has it open.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        try:
            self._file = self._path.open("a+b")
        except OSError as error:
            raise StoreError(f"{path} cannot be opened: {error}", code="store-open") from error
        try:
            self._lock()
            self._read()
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreBusyError(f"{self._path} is open in another process", hint="one at a time") from error

    # ---- reading what is there

    def _read(self) -> None:
        """Begin with nothing, and do all that the file says."""
        super().__init__()
        self._file.seek(0)
        whole = 0
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):  # the process died while it wrote this: the commit was not acknowledged
                break
            try:
                what, payload = json.loads(line)
                if what == "rename":
                    super().rename(*payload)
                else:
                    super().commit(batch_from(payload))
            except UNREADABLE as error:
                raise StoreError(f"{self._path}, line {number}: {error}", code="store-corrupt") from error
            whole += len(line)
        self._file.truncate(whole)

    # ---- writing: the line first, then memory; where either fails, neither has happened

    def _write(self, what: str, payload: object, act: Callable[[], None]) -> None:
        self._open()
        before = self._file.seek(0, os.SEEK_END)
        try:
            self._file.write(json.dumps([what, payload]).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            act()
        except BaseException as error:
            try:
                self._file.truncate(before)
            except OSError:
                self.close()  # whatever is at its end now, nothing may come after it
            if isinstance(error, OSError):
                raise StoreError(f"{self._path} cannot be written: {error}", code="store-io") from error
            raise

    def commit(self, batch: Batch) -> None:
        self._write("batch", batch_to(batch), lambda: MemoryStore.commit(self, batch))

    def rename(self, old: str, new: str) -> None:
        self._write("rename", [old, new], lambda: MemoryStore.rename(self, old, new))

    def forget(self, profile_id: str) -> None:
        super().forget(profile_id)
        self.compact()  # what is forgotten must not stay in the lines of the past

    def compact(self) -> None:
        """Write a new log that says the same, and put it in the place of the old one."""
        self._open()
        fresh = self._path.with_name(f"{self._path.name}.new")
        fresh.unlink(missing_ok=True)
        new = LogStore(fresh)
        try:
            import_store(io.BytesIO(b"".join(export_store(self))), new)
            fresh.replace(self._path)
        except BaseException:
            new.close()
            self._read()  # what was forgotten is there again, and the caller is told
            raise
        self._file.close()
        self._file = new._file

    # ---- the rest

    def info(self) -> StoreInfo:
        known = super().info()
        return StoreInfo("log", 1, known.completions, known.retractions, {"log": self._path.stat().st_size})

    def close(self) -> None:
        super().close()
        self._file.close()


# ---- a batch as JSON and back; values and facts are written by the codec, which keeps them exactly


def batch_to(batch: Batch) -> dict[str, Any]:
    return {
        "profiles": [
            [name, encode_facts(name, change.facts), change.until, change.wake, change.state, list(change.dropped),
             {scope: encode_facts(name, facts) for scope, facts in change.scoped.items()}]
            for name, change in batch.profiles.items()
        ],
        "entries": [to_line(entry) for entry in batch.entries],
        "reached": batch.reached,
        "positions": {source: encode_value(at) for source, at in batch.positions.items()},
        "merged": batch.merged,
        "goals": [to_line(goal) for goal in batch.goals],
    }  # fmt: skip


def batch_from(written: dict[str, Any]) -> Batch:
    return Batch(
        dict(map(_change, written["profiles"])),
        tuple(map(from_line, written["entries"])),  # type: ignore[arg-type]
        written["reached"],
        {source: decode_value(at) for source, at in written["positions"].items()},
        tuple(map(tuple, written["merged"])),
        tuple(map(from_line, written["goals"])),  # type: ignore[arg-type]
    )


def _change(row: list[Any]) -> tuple[str, ProfileChange]:
    name, facts, until, wake, state, dropped, scoped = row
    saved = None if state is None else SavedState(*state)
    kept = {scope: decode_facts(name, text) for scope, text in scoped.items()}
    return name, ProfileChange(decode_facts(name, facts), until, wake, saved, dropped, kept)
