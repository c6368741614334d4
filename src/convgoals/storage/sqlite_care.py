"""Looking after an SQLite store: what is damaged in it, how large it is, and copies of it while it is written to."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path

from convgoals.errors import StoreError
from convgoals.instants import DAY
from convgoals.storage.base import Damage, StoreInfo
from convgoals.storage.kept import QUARTER
from convgoals.storage.sqlite_database import Database
from convgoals.storage.sqlite_errors import store_error
from convgoals.storage.sqlite_schema import migrations

_DAY = DAY // QUARTER

_SHOWN = 20
"""How many findings of SQLite's own are passed on."""

_COUNTED: Mapping[str, tuple[str, str]] = {
    "damage_profiles": ("count", "the number of known profiles that is kept is wrong by {}"),
    "damage_entries": ("ledger-gap", "the ledger lacks entries that were never erased, or has more: {}"),
    "damage_last_entry": ("ledger-gap", "{} entries of the ledger stand outside its numbers"),
    "damage_shared_entries": ("ledger-gap", "{} numbers of the ledger are a completion's and a retraction's at once"),
    "damage_standings": ("orphan", "{} profiles have no standing, or the other way around"),
    "damage_identities": ("orphan", "{} identities became one that is not there, or are not gone themselves"),
    "damage_wakes": ("orphan", "{} identities that became others still have facts, or a time to wake"),
    "damage_chunk_references": ("orphan", "{} references to facts lead nowhere"),
    "damage_chunks": ("orphan", "some facts are no profile's, or are more than one's"),
    "damage_completion_references": ("orphan", "{} references of or to completions lead nowhere"),
    "damage_completions": ("orphan", "some completions are not among those of a profile, or are there twice"),
    "damage_chains": ("orphan", "{} completions stand among those of another profile, or in the wrong order"),
    "damage_retractions": ("orphan", "{} retractions end no completion before them"),
    "damage_states": ("orphan", "{} states are of no known profile"),
    "damage_receipts": ("orphan", "{} receipts are of no known profile"),
    "damage_before": ("count", "of {} completions the one before, which reports count by, is another one"),
    "damage_totals": ("count", "the counts that reports are made of do not add up to the ledger"),
}
"""Statements that count what must not be there, each with the kind of damage and how it is told."""


def damage(database: Database, settle: Callable[[], None]) -> Iterator[Damage]:
    """Of `Store.damage`. What SQLite itself finds comes first, and ends it: no question about such a file is safe.

    Args:
        database: the store's.
        settle: puts in place where all profiles stand.
    """
    try:
        with database.use():
            found = [str(text) for (text,) in database.pragma(f"integrity_check({_SHOWN})") if text != "ok"]
    except StoreError as error:
        found = [error.message]
    if found:
        yield from (Damage("file", text) for text in found)
        return
    try:
        settle()
    except StoreError as error:
        if error.code != "store-corrupt":
            raise
        yield Damage("unreadable", error.message)
        return
    for statement, (code, message) in _COUNTED.items():
        with database.use():
            (number,) = database.one(statement)
        if number:
            yield Damage(code, message.format(number))
    differing = _differing_tallies(database)
    if differing:
        yield Damage("count", f"of the counts that reports are made of, {differing} are not those of a recount")


def _differing_tallies(database: Database) -> int:
    """How many counts by time are not those of a recount; a day at a time, for what is counted is sorted in memory."""
    with database.use():
        days = sorted({quarter // _DAY for (quarter,) in database.all("tallied_quarters")})
    found = 0
    for day in days:
        with database.use():
            found += database.all("differing_tallies", {"first": day * _DAY, "last": day * _DAY + _DAY - 1})[0][0]
    return found


def info(database: Database) -> StoreInfo:
    """Of `Store.info`."""
    with database.transaction("BEGIN"):
        completions, retractions = database.one("ledger_counts")
        ((size,),) = database.pragma("page_size")
        ((pages,),) = database.pragma("page_count")
        ((free,),) = database.pragma("freelist_count")
    sizes = {"in use": (pages - free) * size, "free": free * size}
    if database.in_file:
        with suppress(OSError):
            sizes["write-ahead log"] = Path(f"{database.name}-wal").stat().st_size
    return StoreInfo("sqlite", len(migrations()), completions, retractions, sizes)


def back_up(database: Database, path: str | os.PathLike[str]) -> None:
    """Of `SQLiteStore.backup`."""
    target = Path(path)
    if os.path.lexists(target):
        raise StoreError(f"{target} is there already", code="store-exists", hint="name a file that does not exist yet")
    part = f"{os.path.abspath(target)}.{os.urandom(4).hex()}.part"  # noqa: PTH100  see sqlite_schema
    try:
        _copy(database, part)
        os.replace(part, target)  # noqa: PTH105  what is at the path is a whole copy, or nothing
    except sqlite3.Error as error:
        raise store_error(error, str(target)) from error
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{target} cannot be written: {error}", code="store-open", hint="its folder must exist and be writable"
        ) from error
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError, ValueError):
                Path(part + ending).unlink()


def _copy(database: Database, path: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as target:
        if not database.in_file:
            with database.use():
                database.copy_to(target)
            return
        # A connection of its own, so that this process, too, can go on writing meanwhile. All pages in one step are
        # one snapshot; in several steps, every commit in between would begin the copy anew.
        with closing(sqlite3.connect(database.name, isolation_level=None)) as source:
            source.backup(target)
