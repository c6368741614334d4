"""What PostgreSQL raises, as errors of the tree that say what to do. No message of ours holds a password."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from convgoals.errors import StoreBusyError, StoreError
from convgoals.storage.codec import UNREADABLE
from convgoals.storage.halves import half_a_pair

RAISED = (psycopg.Error, UnicodeEncodeError, OverflowError, struct.error, PoolTimeout)
"""All that a use of a connection may raise."""

_BUSY = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure, PoolTimeout)

_CAUSES: Mapping[type[Exception], tuple[str, str, str]] = {
    errors.DiskFull: ("store-full", "the server's disk is full", "free some space; what failed left nothing behind"),
    errors.OutOfMemory: ("store-full", "the server has no more memory", "process smaller batches"),
    errors.TooManyConnections: (
        "store-open", "the server takes no more connections", "raise its max_connections, or use a smaller pool_size",
    ),
    errors.InsufficientPrivilege: (
        "store-readonly", "access is denied", "the role must own the schema, or may create it: see the docs on storage",
    ),
    errors.ReadOnlySqlTransaction: (
        "store-readonly", "the server only lets this role read", "connect to the primary, with a role that may write",
    ),
    errors.DataCorrupted: ("store-corrupt", "the server says that data is damaged", "restore it from a backup"),
    errors.IndexCorrupted: ("store-corrupt", "the server says that an index is damaged", "REINDEX may mend it"),
    errors.UndefinedTable: (
        "store-corrupt", "a table is missing", "it was removed by another program: restore it from a backup",
    ),
    errors.UndefinedColumn: ("store-corrupt", "a column is missing", "restore the schema from a backup"),
}  # fmt: skip


_LOST = ("08", "57P", "25P03", "25P04")
"""How the states begin in which the server ends a connection."""


def store_error(error: Exception, name: str) -> StoreError:
    """What went wrong below, as an error of the tree; to be raised from *error*."""
    if isinstance(error, UnicodeEncodeError):
        return half_a_pair(error)
    if isinstance(error, (OverflowError, struct.error, errors.NumericValueOutOfRange)):
        return StoreError("a whole number has more than 64 bits", code="store-number")
    if isinstance(error, _BUSY):
        return StoreBusyError(
            f"{name}: another writer was in the way for longer than the time allowed, or all connections were in use",
            hint="try again; or give PostgresStore a longer busy_timeout or a larger pool_size",
        )
    for kind, (code, message, hint) in _CAUSES.items():
        if isinstance(error, kind):
            return StoreError(f"{name}: {message} ({_brief(error)})", code=code, hint=hint)
    if _is_lost(error):
        return StoreError(
            f"{name}: the connection was lost ({_brief(error)})",
            code="store-connection",
            hint="nothing of this call was kept; try again once the server can be reached",
        )
    return StoreError(f"{name}: {_brief(error)}", hint="nothing of this call was kept")


def not_opened(error: Exception, name: str) -> StoreError:
    """Why no connection could be made."""
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return StoreError(
            f"{name} cannot be reached: {_brief(error)}",
            code="store-open",
            hint="is the server running, and are host, port, database, user and password right?",
        )
    return store_error(error, name)


def unknown_outcome(name: str) -> StoreError:
    """The connection was lost while a batch was being committed, and the server cannot be asked what became of it."""
    return StoreError(
        f"{name}: the connection was lost while a batch was committed, which is now in the store wholly or not at all",
        code="store-unknown",
        hint="process it again: facts with ids that are known are ignored; checkpoint() says how far it went",
    )


def decoded(decode: Callable[..., Any], *values: Any) -> Any:
    """What *decode* makes of what the database holds. Raises `StoreError` (code ``store-corrupt``)."""
    try:
        return decode(*values)
    except UNREADABLE as error:
        raise StoreError(
            f"the database holds a record that cannot be read: {error}",
            code="store-corrupt",
            hint="it was damaged, or changed by another program: restore it from a backup",
        ) from error


def _is_lost(error: Exception) -> bool:
    """Whether the connection is gone: the server has ended it, or has said nothing more."""
    if not isinstance(error, psycopg.OperationalError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(_LOST)


def _brief(error: Exception) -> str:
    """The first line of what the server or the driver says."""
    primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    return (primary or str(error)).strip().split("\n")[0][:300]
