"""One SQLite connection for several threads: named statements, transactions, and errors of the tree."""

from __future__ import annotations

import functools
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from convgoals.errors import StoreError
from convgoals.storage.codec import UNREADABLE
from convgoals.storage.scripts import named_statements
from convgoals.storage.sqlite_errors import store_error
from convgoals.storage.sqlite_schema import MEMORY, Synchronous, connect


@functools.cache
def queries() -> Mapping[str, str]:
    """The statements of ``sql/queries.sql`` by name."""
    return named_statements("queries.sql")


class Database:
    """An open database; every use of it has it for itself.

    Args and errors are those of `convgoals.storage.sqlite.SQLiteStore`.
    """

    def __init__(self, path: str | os.PathLike[str] | None, busy_timeout: float, synchronous: Synchronous) -> None:
        self.in_file = path is not None and os.fspath(path) != MEMORY
        self.name = os.path.abspath(os.fspath(path)) if path is not None and self.in_file else "the store in memory"  # noqa: PTH100
        self._connection = connect(path, busy_timeout, synchronous)
        self._busy_timeout = busy_timeout
        self._lock = threading.RLock()
        self._sql = queries()
        self._closed = False

    @contextmanager
    def use(self) -> Iterator[None]:
        """The connection for this thread alone; what it raises comes out as a `StoreError`."""
        with self._lock:
            if self._closed:
                raise StoreError("this store is closed", code="store-closed", hint="open a new engine")
            try:
                yield
            except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
                raise store_error(error, self.name) from error

    @contextmanager
    def transaction(self, kind: Literal["BEGIN", "BEGIN IMMEDIATE"]) -> Iterator[None]:
        """A transaction, to read what belongs together or to write: all of it, or, if anything raises, nothing.

        Within a transaction it is a part of that one, which can fail alone.
        """
        with self.use():
            run = self._connection.execute
            steps: tuple[str, str, str] = kind, "COMMIT", "ROLLBACK"
            if self._connection.in_transaction:
                steps = "SAVEPOINT part", "RELEASE part", "ROLLBACK TO part"
            begin, end, undo = steps
            try:
                run(begin)
                yield
                run(end)
            except BaseException:
                if self._connection.in_transaction:
                    run(undo)
                raise

    # Inside `use` or `transaction`:

    def all(self, name: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """The rows of the statement *name*."""
        return self._connection.execute(self._sql[name], values).fetchall()

    def among(self, name: str, values: Sequence[Any]) -> list[Any]:
        """The rows of the statement *name*, whose one ``(?)`` is so many values; not too many at a time."""
        marks = ", ".join("?" * len(values))
        return self._connection.execute(self._sql[name].replace("(?)", f"({marks})"), values).fetchall()

    def put_together(self, text: str, values: Mapping[str, Any]) -> list[Any]:
        """The rows of a statement that was put together, out of anything but values."""
        return self._connection.execute(text, values).fetchall()

    def one(self, name: str, *values: Any) -> Any:
        """The first row of the statement *name*, or ``None``."""
        return self._connection.execute(self._sql[name], values).fetchone()

    def run(self, name: str, *values: Any) -> int:
        """Run the statement *name*; returns how many rows it changed."""
        return self._connection.execute(self._sql[name], values).rowcount

    def insert(self, name: str, *values: Any) -> int:
        """Run the statement *name*, which adds one row; returns its number."""
        return self._connection.execute(self._sql[name], values).lastrowid or 0

    def run_many(self, name: str, rows: Sequence[Any]) -> None:
        if rows:
            self._connection.executemany(self._sql[name], rows)

    def decoded(self, decode: Callable[..., Any], *values: Any) -> Any:
        """What *decode* makes of what the database holds. Raises `StoreError` (code ``store-corrupt``)."""
        try:
            return decode(*values)
        except UNREADABLE as error:
            raise StoreError(
                f"{self.name} holds a record that cannot be read: {error}",
                code="store-corrupt",
                hint="it was damaged, or changed by another program: restore it from a backup",
            ) from error

    def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return version

    def pragma(self, name: str) -> list[Any]:
        """What SQLite says of itself."""
        return self._connection.execute(f"PRAGMA {name}").fetchall()

    def vacuum(self) -> None:
        """Write the database anew without its free pages, outside a transaction."""
        self._connection.execute("VACUUM")

    def copy_to(self, target: sqlite3.Connection) -> None:
        """Copy the database, as it is now, into *target*."""
        self._connection.backup(target)

    def empty_log(self) -> bool:
        """Move the write-ahead log into the database and cut it off; ``False`` if someone is still reading in it."""
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            (hindered,) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[:1]
            return not hindered
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout * 1_000)}")

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, in which the log cannot be emptied."""
        return self._connection.in_transaction

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._connection.close()
