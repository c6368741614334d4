"""An export back into an empty store of any backend: all of it, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from convgoals.care.exporting import record_lines
from convgoals.care.lines import (
    ORDER,
    Identity,
    Position,
    Profile,
    Reached,
    Record,
    check_header,
    from_line,
    read_end,
)
from convgoals.errors import SourceError, StoreError
from convgoals.records import CampaignReceipt, Completion, Retraction
from convgoals.storage.base import Batch, ProfileChange, SavedGoal, Store
from convgoals.storage.codec import UNREADABLE

_BATCH = 1_000
"""How many records are committed together, at the most."""

_BATCH_BYTES = 8_000_000
"""How many bytes of records are committed together, unless a single record is longer."""

_LONGEST = 2**30
"""The longest line that is read, in bytes: a profile with some ten million facts."""


def import_store(file: BinaryIO, store: Store, *, on_progress: Callable[[int], None] | None = None) -> int:
    """Fill an empty store with an export.

    The file is read to its end before anything is written, so a damaged one changes nothing. Then it is read again
    into the store, within one `Store.writing`; last, the store is exported, which must give the same bytes. If anything
    fails there, an SQLite or PostgreSQL store stays empty; a store in memory is to be thrown away.

    Args:
        file: the export, from its start; it is read several times, so it must be seekable.
        store: an empty store.
        on_progress: called with the number of lines that have been written, now and then.

    Returns:
        How many lines there were.

    Raises:
        SourceError: the file is no export (code ``export-foreign``), one of a newer form (``export-newer``), damaged
            (``export-damaged``) or without its end (``export-truncated``); the message has the line.
        StoreError: the store is not empty (code ``store-not-empty``), or cannot be written.
    """
    start = file.tell()
    for _ in read_records(file):
        pass
    file.seek(start)
    with store.writing():
        _refuse_full(store)
        number = 1
        try:
            filling = _Filling(store)
            for number, size, record in read_records(file):
                filling.add(record, size)
                if on_progress is not None and number % _BATCH == 0:
                    on_progress(number)
            filling.finish()
        except StoreError as error:
            if error.code != "retraction":
                raise
            raise _damaged(number, "here, or shortly before, a retraction ends nothing that is recorded") from error
        file.seek(start)
        return _compare(file, store)


def _compare(file: BinaryIO, store: Store) -> int:
    """Hold what *store* would export to what it was filled with; the number of lines."""
    number = 0
    for number, line in enumerate(record_lines(store), start=1):
        if line != file.readline():
            raise _damaged(number, "the store would not give it back as it stands")
    if read_end(file.readline().decode()) is None:
        raise _damaged(number + 1, "the store would not give it back")
    return number + 1


def _refuse_full(store: Store) -> None:
    held = store.info().completions or store.profile_count() or store.goals() or store.aliases() or store.positions()
    if held or store.reached() is not None:
        raise StoreError("the store is not empty", code="store-not-empty", hint="import into a new one")


def read_records(file: BinaryIO) -> Iterator[tuple[int, int, Record]]:
    """The records of an export, each with its line number and size; only after the last one are they known to be whole.

    Raises:
        SourceError: as `import_store` says.
    """
    digest, number, part = hashlib.sha256(), 0, 0
    previous: Record | None = None
    while line := file.readline(_LONGEST + 1):
        number += 1
        if len(line) > _LONGEST:
            raise _damaged(number, f"it is longer than {_LONGEST:,} bytes")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _damaged(number, f"it is no UTF-8 ({error.reason} at byte {error.start})") from None
        if number == 1:
            check_header(text)
            digest.update(line)
            continue
        end = read_end(text)
        if end is not None:
            _check_end(file, line, number, end, digest.hexdigest())
            return
        if not line.endswith(b"\n"):
            raise _truncated(number)
        digest.update(line)
        try:
            record = from_line(text)
        except UNREADABLE as error:
            raise _damaged(number, str(error).partition("\n")[0] or type(error).__name__) from error
        here = ORDER[type(record)]
        if here < part or (here == part and not _follows(previous, record)):
            raise _damaged(number, "it is not in its place, or there is another one of it")
        part, previous = here, record
        yield number, len(line), record
    if not number:
        check_header("")
    raise _truncated(number)


def _follows(previous: Record | None, record: Record) -> bool:
    """Whether *record* may come after another one of its part."""
    match previous, record:
        case (Profile(), Profile()):
            return previous.profile_id < record.profile_id
        case (Identity(), Identity()):
            return previous.old < record.old
        case (Position(), Position()):
            return previous.source < record.source
        case (_, Reached()):
            return False
        case _:
            return True


def _check_end(file: BinaryIO, line: bytes, number: int, end: tuple[int, str], digest: str) -> None:
    lines, expected = end
    if lines != number - 1:
        raise _damaged(number, f"{lines:,} lines were written before it, but there are {number - 1:,}")
    if digest != expected:
        raise _damaged(number, "the digest is another one: in some line before it, something was changed")
    if not line.endswith(b"\n") or file.read(1):
        raise _damaged(number + line.endswith(b"\n"), "the export should end here")


def _damaged(number: int, why: str) -> SourceError:
    return SourceError(
        f"line {number}: the export is damaged: {why}",
        code="export-damaged",
        hint="nothing was imported; take another copy, or export anew",
    )


def _truncated(number: int) -> SourceError:
    return SourceError(
        f"line {number}: the export breaks off here",
        code="export-truncated",
        hint="nothing was imported; export anew, or copy the file again",
    )


class _Filling:
    """Gathers records into batches, and commits them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._aliases: dict[str, str] = {}
        self._goals: list[SavedGoal] = []
        self._profiles: dict[str, ProfileChange] = {}
        self._entries: list[Completion | Retraction] = []
        self._recorded: set[tuple[object, ...]] = set()
        self._positions: dict[str, int | str] = {}
        self._dropped: dict[str, list[CampaignReceipt]] = {}
        self._reached: int | None = None
        self._count = self._size = 0

    def add(self, record: Record, size: int) -> None:
        self._count += 1
        self._size += size
        match record:
            case SavedGoal():
                self._goals.append(record)
            case Profile():
                self._add_profile(record)
            case Identity(old, new):
                self._aliases[old] = new
            case Completion() | Retraction():
                self._add_entry(record)
            case Position(source, at):
                self._positions[source] = at
            case Reached(instant):
                self._reached = instant
        if self._count >= _BATCH or self._size >= _BATCH_BYTES:
            self._commit()

    def _add_profile(self, profile: Profile) -> None:
        stored = profile.stored
        self._profiles[profile.profile_id] = ProfileChange(
            stored.facts, stored.until, stored.wake, stored.state, (), stored.scoped
        )
        for receipt in profile.receipts:
            self._dropped.setdefault(profile.profile_id, []).append(receipt)

    def _drop_receipts(self) -> None:
        """Have the profiles at hand keep receipts, and drop them; of several with one id, one at a time."""
        while self._dropped:
            now = {
                name: {str(receipt.id): receipt for receipt in reversed(receipts)}
                for name, receipts in self._dropped.items()
            }
            self._store.commit(
                Batch({name: ProfileChange(tuple(each.values()), 0, None) for name, each in now.items()})
            )
            self._store.commit(
                Batch({name: ProfileChange((), 0, None, None, tuple(each)) for name, each in now.items()})
            )
            rest = {
                name: [receipt for receipt in receipts if now[name][str(receipt.id)] is not receipt]
                for name, receipts in self._dropped.items()
            }
            self._dropped = {name: receipts for name, receipts in rest.items() if receipts}

    def _add_entry(self, entry: Completion | Retraction) -> None:
        key = entry.goal, entry.version, entry.profile_id, entry.achieved_at
        if isinstance(entry, Completion):
            self._recorded.add(key)
        elif key in self._recorded:  # a retraction ends what was recorded in a batch before its own
            self._commit()
        if entry.profile_id in self._aliases:
            # What became another is known until all that the ledger says of it has been written.
            self._profiles.setdefault(entry.profile_id, ProfileChange((), 0, None))
        self._entries.append(entry)

    def _commit(self, merged: tuple[tuple[str, str], ...] = ()) -> None:
        self._drop_receipts()
        self._store.commit(
            Batch(
                profiles=self._profiles,
                entries=tuple(self._entries),
                reached=self._reached,
                positions=self._positions,
                goals=tuple(self._goals),
                merged=merged,
            )
        )
        self._goals, self._profiles, self._entries, self._positions = [], {}, [], {}
        self._recorded.clear()
        self._count = self._size = 0

    def finish(self) -> None:
        """Commit what is left, and then let the identities become what they became."""
        self._commit()
        if self._aliases:
            self._commit(tuple(self._aliases.items()))
