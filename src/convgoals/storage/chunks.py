"""Kept facts as backends with tables keep them: in chunks, one text of JSON for what came in one batch and scope."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

from convgoals.instants import BEGINNING, LATEST
from convgoals.records import Fact, in_order
from convgoals.storage.codec import decode_facts, dump_rows, load_rows, row_id, row_instant, row_is_receipt
from convgoals.storage.contents import NO_FACTS

Chunk: TypeAlias = tuple[str | None, str]
"""The scope and the text of a chunk."""


def assemble(
    profile_id: str, chunks: Iterable[Chunk], after: int | None = None, until: int | None = None
) -> tuple[tuple[Fact, ...], Mapping[str, tuple[Fact, ...]]]:
    """The facts of a profile, without a scope and by scope, each by ``(instant, id)``.

    Args:
        profile_id: whose they are.
        chunks: its chunks, the oldest first: of two facts with one id, the first that came stays.
        after: only those later than this instant, if it is given.
        until: only those at or before this instant, if it is given.
    """
    found: dict[str | None, dict[str | None, Fact]] = {}
    for scope, text in chunks:
        facts = found.setdefault(scope, {})
        for fact in decode_facts(profile_id, text):
            facts.setdefault(fact.id, fact)
    start = BEGINNING if after is None else after
    end = LATEST if until is None else until
    scopes = {
        scope: tuple(in_order(fact for fact in facts.values() if start < fact.instant <= end))
        for scope, facts in found.items()
    }
    everybody = scopes.pop(None, ())
    return everybody, {scope: facts for scope, facts in scopes.items() if scope and facts} or NO_FACTS


def ids_in(chunks: Iterable[Chunk]) -> set[str]:
    """The ids of the facts without a scope."""
    return {row_id(row) for scope, text in chunks if scope is None for row in load_rows(text)}


@attrs.frozen
class Joined:
    """What several chunks of one scope become as one.

    Attributes:
        scope: their scope.
        earliest: the earliest instant of a fact.
        latest: the latest instant of a fact.
        number: how many facts there are.
        text: the facts.
    """

    scope: str | None
    earliest: int
    latest: int
    number: int
    text: str


def join(chunks: Iterable[Chunk], gone: Collection[str] = ()) -> tuple[list[Joined], list[str]]:
    """One chunk a scope in the place of *chunks*, the oldest first, without the facts whose ids are *gone*.

    Returns:
        The chunks, none of them empty, and those of the ids that were receipts without a scope.
    """
    parts: dict[str | None, list[Sequence[object]]] = {}
    for scope, text in chunks:
        parts.setdefault(scope, []).extend(load_rows(text))
    receipts = [row_id(row) for row in parts.get(None, ()) if row_is_receipt(row) and row_id(row) in gone]
    joined = []
    for scope, rows in parts.items():
        left = [row for row in rows if row_id(row) not in gone]
        if left:
            instants = [row_instant(row) for row in left]
            joined.append(Joined(scope, min(instants), max(instants), len(left), dump_rows(left)))
    return joined, receipts
