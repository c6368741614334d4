"""A whole store as lines of text, which any backend takes back."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator

from convgoals.care.lines import HEADER, Identity, Position, Profile, Reached, Record, end_line, to_line
from convgoals.errors import StoreError
from convgoals.storage.base import Store

_PASS = 1_000
"""How many profiles are loaded at a time."""


def export_store(store: Store) -> Iterator[bytes]:
    """The lines of a store's export, each with its end; see `convgoals.care.lines`.

    The store is read as it is when the first line is asked for; other writers wait until the last line was taken, or
    the iterator is closed. What is held at a time are a thousand profiles, and all identities that became others.

    Raises:
        StoreError: the store cannot be read, or holds text with half a surrogate pair (code ``store-text``).
        StoreBusyError: another writer was in the way for longer than the backend waits.
        FactError: a store in memory holds a value that cannot be written.
    """
    with store.writing():
        digest, count = hashlib.sha256(), 0
        for line in record_lines(store):
            digest.update(line)
            count += 1
            yield line
        yield f"{end_line(count, digest.hexdigest())}\n".encode()


def record_lines(store: Store) -> Iterator[bytes]:
    """All lines but the last; to be read while no one writes."""
    yield f"{HEADER}\n".encode()
    for record in records(store):
        try:
            yield f"{to_line(record)}\n".encode()
        except UnicodeEncodeError as error:
            raise StoreError(
                f"text with half a surrogate pair cannot be written: … {error.object[error.start :][:20]!r} …",
                code="store-text",
                hint="only a store in memory takes it; forget the profile that it is of",
            ) from error


def records(store: Store) -> Iterator[Record]:
    """All that *store* holds, in the order of an export."""
    yield from store.goals()
    waiting = store.profile_ids()
    while names := list(itertools.islice(waiting, _PASS)):
        found, receipts = store.load(names), store.dropped_receipts(names)
        for name in names:
            yield Profile(name, found[name], receipts.get(name, ()))
    for old, new in sorted(store.aliases().items()):
        yield Identity(old, new)
    yield from store.entries()
    for source, at in sorted(store.positions().items()):
        yield Position(source, at)
    reached = store.reached()
    if reached is not None:
        yield Reached(reached)
