"""The ledger as rows of a table, whichever database keeps it: completions to columns and back, and their order.

A row is ``seq, track, *Columns, the profile's name``, and whatever follows.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, TypeAlias

from convgoals.errors import StoreError
from convgoals.instants import MICROSECOND, to_datetime, to_instant
from convgoals.records import Completion, Retraction
from convgoals.storage.codec import UNREADABLE, decode_number, encode_number

Tracks: TypeAlias = Mapping[int, tuple[str, int]]
"""Goals and versions by the numbers that the ledger knows them by."""

Columns: TypeAlias = tuple[int, int, str | None, str | None, str | None, int | float | str | None, int | None]
"""achieved, recorded, trigger_id, channel, segments, value, since_anchor"""

Row: TypeAlias = tuple[Any, ...]

ROWS = 1_000
"""How many rows an iterator takes at a time."""

FIRST_ROWS = 16
"""How many completions of a profile are read at first where the latest are asked for; then more and more at a time."""

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


def from_row(row: Row, tracks: Tracks) -> Completion:
    """The completion of a row.

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


def _retraction_from_row(row: Row, tracks: Tracks) -> Retraction:
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


def essence(track: int, columns: Sequence[Any]) -> tuple[object, ...]:
    """What two records of one completion share, whenever each was recorded."""
    value = decode_number(columns[5])
    if isinstance(value, (float, Decimal)) and value != value:  # noqa: PLR0124  NaN equals NaN here
        value = columns[5]
    return (track, columns[0], *columns[2:5], value, columns[6])


def in_order(rows: Iterable[Row], tracks: Tracks) -> Iterator[Completion]:
    """The completions of *rows* in the order of `Store.history`."""
    return (from_row(row, tracks) for _, row in sorted((_order(row, tracks), row) for row in rows))


def merged(streams: Iterable[Iterable[Row]], tracks: Tracks) -> Iterator[Completion]:
    """The completions of several streams of rows, each by ``achieved``, in the order of `Store.history`."""
    for _, row in heapq.merge(*(_ordered(stream, tracks) for stream in streams)):
        yield from_row(row, tracks)


def _ordered(rows: Iterable[Row], tracks: Tracks) -> Iterator[tuple[Any, Row]]:
    for _, together in groupby(rows, key=_achieved):
        yield from sorted((_order(row, tracks), row) for row in together)


def _achieved(row: Row) -> int:
    achieved: int = row[2]
    return achieved


def _order(row: Row, tracks: Tracks) -> tuple[int, str, str, str, int]:
    """By ``achieved_at``, profile, goal and trigger; records of one completion in the order of the ledger."""
    return row[2], row[9], tracks[row[1]][0], row[4] or "", row[0]


def rows_of_track(page: Callable[[int, int], list[Row]]) -> Iterator[Row]:
    """All rows of a track by ``achieved``, then ``seq``; *page* gives the first `ROWS` that come after such a pair."""
    achieved, seq = -ENDLESS, -1
    while True:
        rows = page(achieved, seq)
        yield from rows
        if len(rows) < ROWS:
            return
        seq, _, achieved = rows[-1][:3]


def entries(
    completions: Callable[[int], list[Row]], retractions: Callable[[int], list[Row]], tracks: Tracks
) -> Iterator[Completion | Retraction]:
    """The ledger in its order; both functions give the first `ROWS` rows that come after a ``seq``.

    The rows of retractions are those of what they end, with their own ``seq``, ``recorded`` and ``cause`` at the end.
    """
    ended = ((row[10], _retraction_from_row(row, tracks)) for row in _paged(retractions, 10))
    made: Iterator[tuple[int, Completion | Retraction]] = (
        (row[0], from_row(row, tracks)) for row in _paged(completions, 0)
    )
    for _, entry in heapq.merge(made, ended, key=lambda each: each[0]):
        yield entry


def _paged(page: Callable[[int], list[Row]], place: int) -> Iterator[Row]:
    after = 0
    while True:
        rows = page(after)
        yield from rows
        if len(rows) < ROWS:
            return
        after = rows[-1][place]


def latest_first(page: Callable[[int, int], list[Row]]) -> Iterator[Row]:
    """The rows of a profile's completions that hold, the latest recorded first.

    *page* gives so many rows with a ``seq`` below one, the latest first; their last column says whether they were
    retracted.
    """
    before, number = ENDLESS, FIRST_ROWS
    while True:
        rows = page(before, number)
        yield from (row for row in rows if not row[-1])
        if len(rows) < number:
            return
        before, number = rows[-1][0], min(4 * number, ROWS)


def match_retractions(
    ending: Iterable[tuple[str, int, Completion]], recorded: Callable[[str], Iterator[Row]]
) -> list[int | None]:
    """Which recorded completion each retraction ends: the ``seq`` of the latest that is the same, ``None`` for none.

    Args:
        ending: of each retraction the profile, the track, and the completion.
        recorded: gives the rows of a profile's completions that hold, the latest recorded first; no more of them are
            read than are needed.
    """
    rows: dict[str, Iterator[Row]] = {}
    passed: dict[str, dict[tuple[object, ...], list[int]]] = {}
    matched: list[int | None] = []
    for name, track, completion in ending:
        wanted = essence(track, to_columns(completion))
        same = passed.setdefault(name, {}).setdefault(wanted, [])
        if name not in rows:
            rows[name] = recorded(name)
        for row in rows[name] if not same else ():
            found = essence(row[1], row[2:9])
            passed[name].setdefault(found, []).append(row[0])
            if found == wanted:
                break
        matched.append(same.pop(0) if same else None)
    return matched
