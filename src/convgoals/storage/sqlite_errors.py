"""What SQLite raises, as errors of the tree that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from convgoals.errors import StoreBusyError, StoreError
from convgoals.storage.halves import half_a_pair

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_CAUSES: Mapping[int, tuple[str, str, str]] = {
    sqlite3.SQLITE_FULL: ("store-full", "the disk is full", "free some space; what failed left nothing behind"),
    sqlite3.SQLITE_CORRUPT: ("store-corrupt", "the database is damaged", "restore the file from a backup"),
    sqlite3.SQLITE_NOTADB: ("store-corrupt", "this is no SQLite database", "name another file"),
    sqlite3.SQLITE_READONLY: ("store-readonly", "it may not be written to", "check the permissions of file and folder"),
    sqlite3.SQLITE_PERM: ("store-readonly", "access is denied", "check the permissions of file and folder"),
    sqlite3.SQLITE_CANTOPEN: (
        "store-open", "it cannot be opened", "its folder must exist and be writable: SQLite keeps two files beside it",
    ),
    sqlite3.SQLITE_IOERR: ("store-io", "reading or writing failed", "check the disk; network drives will not do"),
}  # fmt: skip


def store_error(error: Exception, name: str) -> StoreError:
    """What went wrong below, as an error of the tree; to be raised from *error*."""
    if isinstance(error, UnicodeEncodeError):
        return half_a_pair(error)
    if isinstance(error, OverflowError):
        return StoreError("a whole number has more than 64 bits", code="store-number")
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return StoreBusyError(
            f"{name}: another process held the store for longer than the time allowed",
            hint="try again; or give SQLiteStore a longer busy_timeout",
        )
    if code in _CAUSES:
        word, message, hint = _CAUSES[code]
        return StoreError(f"{name}: {message} ({error})", code=word, hint=hint)
    return StoreError(f"{name}: {error}", hint="nothing of this call was kept")
