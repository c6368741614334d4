"""Looking after a PostgreSQL store: what is damaged in it, how large it is, and space that is given back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from convgoals.storage.base import Damage, StoreInfo
from convgoals.storage.postgres_database import Database
from convgoals.storage.postgres_schema import migrations

_COUNTED: Mapping[str, tuple[str, str]] = {
    "damage_profiles": ("count", "the number of known profiles that is kept is wrong by {}"),
    "damage_entries": ("ledger-gap", "the ledger lacks entries that were never erased, or has more: {}"),
    "damage_shared_entries": ("ledger-gap", "{} numbers of the ledger are a completion's and a retraction's at once"),
    "damage_identities": ("orphan", "{} identities became one that is not there, or are not gone themselves"),
    "damage_wakes": ("orphan", "{} identities that became others still have a time to wake"),
    "damage_chunks": ("orphan", "{} groups of facts are of no known profile"),
    "damage_completions": ("orphan", "{} completions are of no profile, or of no goal"),
    "damage_retractions": ("orphan", "{} retractions end no completion before them"),
    "damage_states": ("orphan", "{} saved states are of no known profile"),
    "damage_receipts": ("orphan", "{} receipts are of no known profile"),
    "damage_before": ("count", "of {} completions the one before, which reports count by, is another one"),
    "damage_tallies": ("count", "of the counts that reports are made of, {} are not those of a recount, or lack"),
}
"""Statements that count what must not be there, each with the kind of damage and how it is told."""


def damage(database: Database) -> Iterator[Damage]:
    """Of `Store.damage`."""
    for statement, (code, message) in _COUNTED.items():
        (number,) = database.one(statement)
        if number:
            yield Damage(code, message.format(number))


def info(database: Database) -> StoreInfo:
    """Of `Store.info`."""
    completions, retractions = database.one("ledger_counts")
    return StoreInfo("postgresql", len(migrations()), completions, retractions, dict(database.all("sizes")))
