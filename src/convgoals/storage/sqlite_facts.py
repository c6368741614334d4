"""The kept facts of profiles in SQLite: chains of chunks, one for what came in one batch, read from the latest back.

Appending is all that most batches do. Where the engine saves a state, which it does now and then, the latest chunks are
joined as far as they are not much smaller than what came after them: a chain grows by the logarithm of its facts, and
each fact is written anew as often. Where facts are dropped, what is left of the chain is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from convgoals.errors import StoreError
from convgoals.instants import BEGINNING
from convgoals.records import Fact
from convgoals.storage.base import NO_FACTS, SavedState, StoredProfile
from convgoals.storage.codec import UNREADABLE, decode_facts, dump_rows, load_rows, row_id, row_instant, row_is_receipt
from convgoals.storage.sqlite_database import Database

Chunk: TypeAlias = tuple[str | None, str]
"""The scope and the text of a chunk."""

ENDLESS = 2**62
"""Later than every instant."""

_by_order = attrgetter("instant", "id")


class FactChains:
    """Reads and writes the chunks of one database, within its transactions.

    Args:
        database: where they are.

    Attributes:
        last: the latest id of a chunk that was given; to be set to what the database says.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.last = 0

    # ---- reading

    def load(
        self,
        numbers: Mapping[int, tuple[str, int, int | None]],
        after: int | None = None,
        until: int | None = None,
        *,
        resume: bool = False,
    ) -> dict[str, StoredProfile]:
        """The profiles of these numbers, each given with its name, ``until`` and ``wake``; as `Store.load` says."""
        wanted = json.dumps(list(numbers))
        states = {number: SavedState(at, text) for number, at, text in self._database.all("states", (wanted,))}
        starts: dict[int, int] = {}
        if after is not None:
            starts = dict.fromkeys(numbers, after)
        elif resume:
            starts = {number: state.at for number, state in states.items()}
        chunks = self.chunks([number for number in numbers if number not in starts])
        for number, start in starts.items():
            chunks[number] = self._chunks_between(number, start, until)
        return {
            name: self._profile(
                numbers[number], chunks.get(number, ()), states.get(number), (starts.get(number), until)
            )
            for number, (name, _, _) in numbers.items()
        }

    def chunks(self, numbers: Sequence[int]) -> dict[int, list[Chunk]]:
        """All chunks of these profiles, the oldest first."""
        chunks: dict[int, list[Chunk]] = {}
        if numbers:
            for number, scope, text in self._database.all("chunks", (json.dumps(numbers),)):
                chunks.setdefault(number, []).append((scope, text))
        for found in chunks.values():
            found.reverse()
        return chunks

    def _chunks_between(self, number: int, after: int, until: int | None) -> list[Chunk]:
        """The chunks of a profile that may have a fact later than *after* and not than *until*, the oldest first."""
        end = ENDLESS if until is None else until
        rows = self._database.all("chunks_between", {"profile": number, "after": after, "until": end})
        return [(scope, text) for scope, text in reversed(rows) if text is not None]

    def _profile(
        self, known: tuple[str, int, int | None], chunks: Iterable[Chunk], state: SavedState | None,
        between: tuple[int | None, int | None],
    ) -> StoredProfile:  # fmt: skip
        name, until, wake = known
        start = BEGINNING if between[0] is None else between[0]
        end = ENDLESS if between[1] is None else between[1]
        found: dict[str | None, dict[str | None, Fact]] = {}
        for scope, text in chunks:
            facts = found.setdefault(scope, {})
            for fact in self.decoded(decode_facts, name, text):
                facts.setdefault(fact.id, fact)  # of two facts with one id, the first that came stays
        scopes = {
            scope: tuple(sorted((f for f in facts.values() if start < f.instant <= end), key=_by_order))
            for scope, facts in found.items()
        }
        everybody = scopes.pop(None, ())
        scoped = {scope: facts for scope, facts in scopes.items() if scope and facts} or NO_FACTS
        return StoredProfile(everybody, until, wake, state, scoped)

    def decoded(self, decode: Callable[..., Any], *values: Any) -> Any:
        """What *decode* makes of what the database holds. Raises `StoreError` (code ``store-corrupt``)."""
        try:
            return decode(*values)
        except UNREADABLE as error:
            raise StoreError(
                f"{self._database.name} holds a record that cannot be read: {error}",
                code="store-corrupt",
                hint="it was damaged, or changed by another program: restore it from a backup",
            ) from error

    def ids(self, head: int) -> set[str]:
        """The ids of everybody's facts in the chain that begins with *head*."""
        wanted = json.dumps([chunk for chunk, _ in self._database.all("chain", (head,))])
        texts = [text for scope, text in self._database.all("chunk_texts", (wanted,)) if scope is None]
        return {row_id(row) for text in texts for row in self.decoded(load_rows, text)}

    # ---- writing

    def append(
        self, previous: int | None, facts: Sequence[Fact], text: str, scope: str | None = None
    ) -> tuple[Any, ...]:
        """The row of a new chunk, for `write`; its id is ``last``."""
        self.last += 1
        instants = [fact.instant for fact in facts]
        return self.last, previous, min(instants), max(instants), len(facts), scope, text

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write new chunks."""
        self._database.run_many("add_chunk", rows)

    def join(self, head: int) -> int:
        """Join the latest chunks of the chain that begins with *head*; returns its first chunk then."""
        chain = self._database.all("chain", (head,))
        joined, size = 1, chain[0][1]
        while joined < len(chain) and chain[joined][1] <= 2 * size:
            size += chain[joined][1]
            joined += 1
        if joined == 1:
            return head
        below = chain[joined][0] if joined < len(chain) else None
        return self._rewrite([chunk for chunk, _ in chain[:joined]], below, ()) or head

    def drop(self, head: int, gone: Collection[str]) -> tuple[int | None, list[str]]:
        """Leave out the facts of these ids from the chain that begins with *head*.

        Returns:
            Its first chunk then, and those of the ids that were receipts of everybody.
        """
        chunks = [chunk for chunk, _ in self._database.all("chain", (head,))]
        receipts: list[str] = []
        return self._rewrite(chunks, None, frozenset(gone), receipts), receipts

    def _rewrite(
        self, chunks: Sequence[int], below: int | None, gone: Collection[str], receipts: list[str] | None = None
    ) -> int | None:
        """Put one chunk a scope in the place of *chunks*, above *below*; returns the uppermost."""
        parts: dict[str | None, list[str]] = {}
        wanted = json.dumps(chunks)
        for scope, text in self._database.all("chunk_texts", (wanted,)):
            parts.setdefault(scope, []).append(text)
        self._database.run("drop_these_chunks", wanted)
        for scope, texts in parts.items():
            rows = [row for text in texts for row in self.decoded(load_rows, text)]
            if receipts is not None and scope is None:
                receipts += [row_id(row) for row in rows if row_is_receipt(row) and row_id(row) in gone]
            rows = [row for row in rows if row_id(row) not in gone]
            if rows:
                self.last += 1
                instants = list(map(row_instant, rows))
                first, last = min(instants), max(instants)
                self.write([(self.last, below, first, last, len(rows), scope, dump_rows(rows))])
                below = self.last
        return below
