"""The kept facts of profiles in SQLite: chains of chunks, one for what came in one batch, read from the latest back.

Appending is all that most batches do. Where the engine saves a state, which it does now and then, the latest chunks are
joined as far as they are not much larger than what came after them, and not large already: so long chains get short,
and each fact is written anew only a few times. Where facts are dropped, what is left of the chain is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from convgoals.instants import LATEST
from convgoals.records import Fact
from convgoals.storage.base import SavedState, StoredProfile
from convgoals.storage.chunks import Chunk, assemble, ids_in, join
from convgoals.storage.sqlite_database import Database
from convgoals.storage.sqlite_standings import Standing

_LARGEST = 1_000
"""How many facts a chunk may come to have by being joined: to read a part of a log, whole chunks are read."""

_LOOKED_AT = 1_000
"""How many of the latest chunks are looked at, to see which to join."""


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
        self, known: Mapping[str, Standing], after: int | None = None, until: int | None = None, *, resume: bool = False
    ) -> dict[str, StoredProfile]:
        """The profiles that stand like this, by their names; as `Store.load` says."""
        wanted = json.dumps([each.profile for each in known.values()])
        states = {number: SavedState(at, text) for number, at, text in self._database.all("states", (wanted,))}
        starts: dict[int, int] = {}
        if after is not None:
            starts = {each.profile: after for each in known.values()}
        elif resume:
            starts = {number: state.at for number, state in states.items()}
        whole = self._chunks(
            [each.facts for each in known.values() if each.facts is not None and each.profile not in starts]
        )
        found = {}
        for name, standing in known.items():
            start, head = starts.get(standing.profile), standing.facts
            chunks: Sequence[Chunk] = ()
            if head is not None:
                chunks = whole.get(head, ()) if start is None else self._chunks_between(head, start, until)
            found[name] = self._profile(name, standing, chunks, states.get(standing.profile), (start, until))
        return found

    def _chunks(self, heads: Sequence[int]) -> dict[int, list[Chunk]]:
        """All chunks of the chains that begin with *heads*, the oldest first."""
        chunks: dict[int, list[Chunk]] = {}
        if heads:
            for head, scope, text in self._database.all("chunks", (json.dumps(heads),)):
                chunks.setdefault(head, []).append((scope, text))
        for found in chunks.values():
            found.reverse()
        return chunks

    def chunks_of(self, known: Mapping[str, Standing]) -> dict[str, Sequence[Chunk]]:
        """All chunks of the profiles that stand like this, by their names; the oldest first."""
        whole = self._chunks([each.facts for each in known.values() if each.facts is not None])
        return {name: () if each.facts is None else whole.get(each.facts, ()) for name, each in known.items()}

    def _chunks_between(self, head: int, after: int, until: int | None) -> list[Chunk]:
        """The chunks of a chain that may have a fact later than *after* and not than *until*, the oldest first."""
        end = LATEST if until is None else until
        rows = self._database.all("chunks_between", {"head": head, "after": after, "until": end})
        return [(scope, text) for scope, text in reversed(rows) if text is not None]

    def _profile(
        self, name: str, standing: Standing, chunks: Iterable[Chunk], state: SavedState | None,
        between: tuple[int | None, int | None],
    ) -> StoredProfile:  # fmt: skip
        facts, scoped = self._database.decoded(assemble, name, chunks, *between)
        return StoredProfile(facts, standing.until or 0, standing.wake, state, scoped)

    def ids(self, head: int) -> set[str]:
        """The ids of everybody's facts in the chain that begins with *head*."""
        wanted = json.dumps([chunk for chunk, _ in self._database.all("chain", (head,))])
        found: set[str] = self._database.decoded(ids_in, self._database.all("chunk_texts", (wanted,)))
        return found

    # ---- writing

    def append(self, previous: int | None, facts: Sequence[Fact], text: str, scope: str | None) -> tuple[Any, ...]:
        """The row of a new chunk, for `write`; its id is ``last``."""
        self.last += 1
        first = last = facts[0].instant
        for fact in facts:
            instant = fact.instant
            if instant < first:
                first = instant
            elif instant > last:
                last = instant
        return self.last, previous, first, last, len(facts), scope, text

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write new chunks."""
        self._database.run_many("add_chunk", rows)

    def join(self, head: int) -> int:
        """Join the latest chunks of the chain that begins with *head*; returns its first chunk then."""
        chain = self._database.all("latest_chunks", (head, _LOOKED_AT))
        joined, size = 1, chain[0][1]
        while joined < len(chain) and chain[joined][1] <= 2 * size and size + chain[joined][1] <= _LARGEST:
            size += chain[joined][1]
            joined += 1
        if joined == 1:
            return head
        below = chain[joined - 1][2]
        return self._rewrite([row[0] for row in chain[:joined]], below, ()) or head

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
        wanted = json.dumps(chunks)
        joined, gone_receipts = self._database.decoded(join, self._database.all("chunk_texts", (wanted,)), gone)
        if receipts is not None:
            receipts += gone_receipts
        self._database.run("drop_these_chunks", wanted)
        for chunk in joined:
            self.last += 1
            self.write([(self.last, below, chunk.earliest, chunk.latest, chunk.number, chunk.scope, chunk.text)])
            below = self.last
        return below
