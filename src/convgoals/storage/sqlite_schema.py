"""Opening an SQLite database of ours: whose it is, its settings, and its schema brought to the newest.

``sql/0001_….sql`` and on are the migrations, each applied once, all that are missing in one transaction; each sets
``user_version`` to its own number.
"""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Iterator
from time import monotonic, sleep
from typing import Literal, TypeAlias

from convgoals.errors import StoreError
from convgoals.storage.scripts import numbered_scripts
from convgoals.storage.sqlite_errors import store_error

APPLICATION_ID = 0x436F6E76
"""What marks a database file as a store of convgoals: "Conv"."""

MEMORY = ":memory:"

Synchronous: TypeAlias = Literal["normal", "full"]

_SYNCHRONOUS = {"normal": "PRAGMA synchronous = NORMAL", "full": "PRAGMA synchronous = FULL"}

_SETTINGS = (
    "PRAGMA secure_delete = ON",  # what is forgotten does not stay behind in free pages
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",  # KiB
    # A checkpoint writes each page once, however many batches changed it: rarer ones write less.
    "PRAGMA wal_autocheckpoint = 4000",  # pages, so about 16 MiB
    "PRAGMA journal_size_limit = 67108864",  # bytes
)


@functools.cache
def migrations() -> tuple[str, ...]:
    """The migrations in their order; after the first n, ``user_version`` is n."""
    return numbered_scripts()


def connect(path: str | os.PathLike[str] | None, busy_timeout: float, synchronous: Synchronous) -> sqlite3.Connection:
    """A connection to the store at *path* (``None``: in memory), its schema the newest.

    Raises:
        StoreError: it cannot be opened, is no store, or is one of a newer convgoals.
        StoreBusyError: another process holds it for longer than *busy_timeout* seconds.
    """
    name = _database_name(path)
    try:
        connection = sqlite3.connect(name, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise store_error(error, name) from error
    try:
        _check_ownership(connection, name)
        _prepare(connection, name, synchronous, busy_timeout)
        _migrate(connection, name)
    except BaseException as error:
        connection.close()
        if isinstance(error, sqlite3.Error):
            raise store_error(error, name) from error
        raise
    return connection


def _database_name(path: str | os.PathLike[str] | None) -> str:
    if path is None or path == MEMORY:
        return MEMORY
    name = os.path.abspath(os.fspath(path))  # noqa: PTH100  with a leading slash, SQLite never reads it as a URI
    if "\0" in name:
        raise StoreError(f"{name!r} is no path", code="store-open", hint="it holds a NUL character")
    return name


def _check_ownership(connection: sqlite3.Connection, name: str) -> None:
    """Refuse another application's database before anything is written to it."""
    # In this order: whoever creates the schema meanwhile, in one transaction, has then named the application too.
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID and (application or objects):
        raise StoreError(
            f"{name} is an SQLite database of something else than convgoals",
            code="store-foreign",
            hint="name a file that does not exist yet; it is created",
        )


def _prepare(connection: sqlite3.Connection, name: str, synchronous: Synchronous, busy_timeout: float) -> None:
    for setting in (*_SETTINGS, _SYNCHRONOUS[synchronous]):
        connection.execute(setting)
    deadline = monotonic() + busy_timeout
    while name != MEMORY:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:  # for whoever is making the file just now, SQLite does not wait here
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
        sleep(0.01)


def _migrate(connection: sqlite3.Connection, name: str) -> None:
    if _version(connection, name) == len(migrations()):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for script in migrations()[_version(connection, name) :]:  # asked again: another process may have been first
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, name: str) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if 0 <= version <= len(migrations()):
        return version
    raise StoreError(
        f"{name} has the schema {version}, but this version of convgoals knows only up to {len(migrations())}",
        code="store-newer",
        hint="it was written by a newer version: pip install --upgrade convgoals",
    )


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; ``executescript`` would commit what is going on."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
