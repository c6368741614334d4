"""Reading the ledger of a SQLite store, as it was at one moment, however long the reading takes.

The ledger is only appended to, so "as it was" is a number: nothing with a later ``seq`` counts. An iterator therefore
needs no transaction: it takes some rows at a time, and between two times holds nothing, so it hinders no writer.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeAlias

from convgoals.errors import StoreError
from convgoals.instants import MICROSECOND, to_datetime, to_instant
from convgoals.records import Completion, Retraction
from convgoals.storage.codec import UNREADABLE, decode_number, encode_number
from convgoals.storage.sqlite_database import Database

Tracks: TypeAlias = Mapping[int, tuple[str, int]]
"""Goals and versions by the numbers that the ledger knows them by."""

Columns: TypeAlias = tuple[int, int, str | None, str | None, str | None, int | float | str | None, int | None]
"""achieved, recorded, trigger_id, channel, segments, value, since_anchor"""

ROWS = 1_000
"""How many rows an iterator takes at a time."""

ENDLESS = 2**63 - 1


def to_columns(completion: Completion) -> Columns:
    """What a row says of *completion*, but for its goal and profile."""
    anchor = completion.since_anchor
    return (
        to_instant(completion.achieved_at),
        to_instant(completion.recorded_at),
        completion.trigger_id,
        completion.channel,
        json.dumps(completion.segments, ensure_ascii=False) if completion.segments else None,
        encode_number(completion.value),
        None if anchor is None else anchor // MICROSECOND,
    )


def from_row(row: tuple[Any, ...], tracks: Tracks) -> Completion:
    """The completion of a row: ``seq, track, *Columns, the profile's name``, and whatever follows.

    Raises:
        StoreError: something else has changed the row (code ``store-corrupt``).
    """
    seq, track, achieved, recorded, trigger, channel, segments, value, anchor, profile_id = row[:10]
    try:
        goal, version = tracks[track]
        return Completion(
            goal,
            version,
            profile_id,
            to_datetime(achieved),
            to_datetime(recorded),
            trigger,
            channel,
            tuple(json.loads(segments)) if segments else (),
            decode_number(value) if type(value) is str else value,
            None if anchor is None else timedelta(microseconds=anchor),
        )
    except UNREADABLE as error:
        raise _unreadable(seq, error) from error


def _retraction_from_row(row: tuple[Any, ...], tracks: Tracks) -> Retraction:
    """The retraction of a row: that of its completion, then ``seq, recorded, cause``."""
    completion, (seq, recorded, cause) = from_row(row, tracks), row[10:13]
    try:
        return Retraction(completion, to_datetime(recorded), cause)
    except UNREADABLE as error:
        raise _unreadable(seq, error) from error


def _unreadable(seq: int, error: Exception) -> StoreError:
    return StoreError(
        f"entry {seq} of the ledger cannot be read: {error}",
        code="store-corrupt",
        hint="it was damaged, or changed by another program: restore the store from a backup",
    )


def essence(track: int, columns: Columns) -> tuple[object, ...]:
    """What two records of one completion share, whenever each was recorded."""
    value = decode_number(columns[5])
    if isinstance(value, (float, Decimal)) and value != value:  # noqa: PLR0124  NaN equals NaN here
        value = columns[5]
    return (track, columns[0], *columns[2:5], value, columns[6])


_FIRST_ROWS = 16
"""How many completions of a profile are read at first where the latest are asked for."""


def read_tracks(database: Database) -> dict[int, tuple[str, int]]:
    return {track: (goal, version) for track, goal, version in database.all("tracks")}


def recorded(database: Database, name: str) -> Iterator[tuple[Any, ...]]:
    """The rows of the completions of a profile that hold, the latest recorded first; more and more at a time."""
    with database.use():
        found = database.one("latest_completion", name)
    latest, number = (None if found is None else found[0]), _FIRST_ROWS
    while latest is not None:
        with database.use():
            rows = database.all("recorded", {"latest": latest, "rows": number})
        yield from (row for row in rows if not row[11])
        latest, number = rows[-1][10] if rows else None, min(4 * number, ROWS)


def history_of_profile(
    database: Database, tracks: Tracks, wanted: Collection[int], profile: int, as_of: int, *, retracted: bool
) -> Iterator[Completion]:
    """The completions of one profile under the *wanted* tracks; of `Store.history`."""
    rows = database.all("profile_history", {"profile": profile, "as_of": as_of, "retracted": retracted})
    ordered = sorted((_order(row, tracks), row) for row in rows if row[1] in wanted)
    return (from_row(row, tracks) for _, row in ordered)


def history(
    database: Database, tracks: Tracks, wanted: Collection[int], entries: int, as_of: int, *, retracted: bool
) -> Iterator[Completion]:
    """The completions of all profiles under the *wanted* tracks among the first *entries*; of `Store.history`."""
    streams = [_of_track(database, tracks, track, entries, as_of, retracted) for track in sorted(wanted)]
    for _, row in heapq.merge(*streams):
        yield from_row(row, tracks)


def _of_track(
    database: Database, tracks: Tracks, track: int, entries: int, as_of: int, retracted: bool
) -> Iterator[tuple[Any, ...]]:
    rows = _rows_of_track(database, track, entries, as_of, retracted)
    for _, together in groupby(rows, key=_achieved):
        yield from sorted((_order(row, tracks), row) for row in together)


def _rows_of_track(
    database: Database, track: int, entries: int, as_of: int, retracted: bool
) -> Iterator[tuple[Any, ...]]:
    """By ``achieved``, then ``seq``."""
    asked = {"track": track, "entries": entries, "as_of": as_of, "retracted": retracted, "rows": ROWS}
    seq, achieved = -1, -ENDLESS
    while True:
        with database.use():
            rows = database.all("track_history", {**asked, "achieved": achieved, "seq": seq})
        yield from rows
        if len(rows) < ROWS:
            return
        seq, _, achieved = rows[-1][:3]


def _achieved(row: tuple[Any, ...]) -> int:
    achieved: int = row[2]
    return achieved


def _order(row: tuple[Any, ...], tracks: Tracks) -> tuple[int, str, str, str, int]:
    """By ``achieved_at``, profile, goal and trigger; records of one completion in the order of the ledger."""
    return row[2], row[9], tracks[row[1]][0], row[4] or "", row[0]


def entries(database: Database, tracks: Tracks, last: int) -> Iterator[Completion | Retraction]:
    """The first *last* entries of the ledger."""
    completions = ((row[0], from_row(row, tracks)) for row in _ledger(database, "all_completions", 0, last))
    retractions = (
        (row[10], _retraction_from_row(row, tracks)) for row in _ledger(database, "all_retractions", 10, last)
    )
    both: Iterator[tuple[int, Completion | Retraction]] = heapq.merge(
        completions, retractions, key=lambda each: each[0]
    )
    for _, entry in both:
        yield entry


def _ledger(database: Database, name: str, place: int, last: int) -> Iterator[tuple[Any, ...]]:
    after = 0
    while True:
        with database.use():
            rows = database.all(name, (after, last, ROWS))
        yield from rows
        if len(rows) < ROWS:
            return
        after = rows[-1][place]
