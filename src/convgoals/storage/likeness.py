"""What profiles are at an instant: their properties and segments, as snapshots and updates up to then say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from convgoals.records import Fact, ProfileSnapshot, ProfileUpdate, Properties
from convgoals.storage.chunks import Chunk
from convgoals.storage.codec import load_rows, row_id, row_instant, row_of_profile


class Likeness(NamedTuple):
    """What a profile is at an instant.

    Attributes:
        profile_id: who.
        properties: its properties, not to be changed.
        segments: the segments that it is in, sorted.
    """

    profile_id: str
    properties: Properties = MappingProxyType({})
    segments: tuple[str, ...] = ()

    def after(self, properties: Properties, segments: Sequence[str] | None, *, whole: bool) -> Likeness:
        """What it is after a snapshot (*whole*) or an update (semantics §1)."""
        if whole:
            return Likeness(self.profile_id, properties, tuple(segments or ()))
        merged = {**self.properties, **properties}
        present = {name: value for name, value in merged.items() if value is not None}
        return Likeness(self.profile_id, present, self.segments if segments is None else tuple(segments))


def from_facts(profile_id: str, facts: Iterable[Fact], instant: int) -> Likeness:
    """What a profile is once every one of its *facts* (in their order) at or before *instant* has applied."""
    found = Likeness(profile_id)
    for fact in facts:
        if fact.instant > instant:
            break
        if isinstance(fact, (ProfileSnapshot, ProfileUpdate)):
            found = found.after(fact.properties, fact.segments, whole=isinstance(fact, ProfileSnapshot))
    return found


def from_chunks(profile_id: str, chunks: Iterable[Chunk], instant: int) -> Likeness:
    """The same out of a profile's chunks, the oldest first; facts that say nothing of it are not made."""
    rows: dict[str, Any] = {}
    for scope, text in chunks:
        if scope is None:
            for row in load_rows(text):
                rows.setdefault(row_id(row), row)
    said = [
        (row_instant(row), fact_id, found)
        for fact_id, row in rows.items()
        if row_instant(row) <= instant and (found := row_of_profile(row)) is not None
    ]
    if len(said) > 1:
        said.sort(key=lambda each: each[:2])
    likeness = Likeness(profile_id)
    for _, _, (properties, segments, whole) in said:
        likeness = likeness.after(properties, segments, whole=whole)
    return likeness
