"""Reading the ledger of a SQLite store, as it was at one moment, however long the reading takes.

The ledger is only appended to, so "as it was" is a number: nothing with a later ``seq`` counts. An iterator therefore
needs no transaction: it takes some rows at a time, and between two times holds nothing, so it hinders no writer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain

from convgoals.records import Completion, Retraction
from convgoals.storage import ledger_rows
from convgoals.storage.ledger_rows import FIRST_ROWS, ROWS, Row, Tracks
from convgoals.storage.passages import Passages, Stages
from convgoals.storage.passages_sql import Asking, Dialect
from convgoals.storage.sqlite_database import Database


def read_tracks(database: Database) -> dict[int, tuple[str, int]]:
    return {track: (goal, version) for track, goal, version in database.all("tracks")}


def recorded(database: Database, latest: int | None, entries: int) -> Iterator[Row]:
    """The rows of the completions of a profile that hold among the first *entries*, from the *latest* on back.

    More and more are read at a time.
    """
    number = FIRST_ROWS
    while latest is not None:
        with database.use():
            rows = database.all("recorded", {"latest": latest, "rows": number, "entries": entries})
        yield from (row for row in rows if not row[11])
        latest, number = rows[-1][10] if rows else None, min(4 * number, ROWS)


def history_of_profile(
    database: Database, tracks: Tracks, wanted: Collection[int], latest: int | None, as_of: int, *, retracted: bool
) -> Iterator[Completion]:
    """The completions of one profile under the *wanted* tracks, from its *latest* on back; of `Store.history`."""
    rows = database.all("profile_history", {"latest": latest, "as_of": as_of, "retracted": retracted})
    return ledger_rows.in_order((row for row in rows if row[1] in wanted), tracks)


def history(
    database: Database, tracks: Tracks, wanted: Collection[int], entries: int, as_of: int, *, retracted: bool
) -> Iterator[Completion]:
    """The completions of all profiles under the *wanted* tracks among the first *entries*; of `Store.history`."""

    def pages(track: int) -> Callable[[int, int], list[Row]]:
        asked = {"track": track, "entries": entries, "as_of": as_of, "retracted": retracted, "rows": ROWS}

        def page(achieved: int, seq: int) -> list[Row]:
            with database.use():
                return database.all("track_history", {**asked, "achieved": achieved, "seq": seq})

        return page

    return ledger_rows.merged((ledger_rows.rows_of_track(pages(track)) for track in sorted(wanted)), tracks)


def entries(database: Database, tracks: Tracks, last: int) -> Iterator[Completion | Retraction]:
    """The first *last* entries of the ledger."""

    def pages(name: str) -> Callable[[int], list[Row]]:
        def page(after: int) -> list[Row]:
            with database.use():
                return database.all(name, (after, last, ROWS))

        return page

    return ledger_rows.entries(pages("all_completions"), pages("all_retractions"), tracks)


_DIALECT = Dialect(
    parameter=":{name}",
    gathered="json_group_array({what}) FILTER (WHERE {where})",
    completions="completion INDEXED BY completion_profile",
    block=16_384,  # a million bytes of names or so, and never more than a text can have
)

_PASSED_OVER = 8
"""To find one completion and look whose it is costs as much as to pass over so many in the index by profile."""


class _Asked:
    """What the passages through a funnel are worked out from; within a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def row(self, text: str, values: Mapping[str, int]) -> Sequence[str]:
        row: Sequence[str] = self._database.put_together(text, values)[0]
        return row

    def moments(self, track: int, since: int, until: int, profiles: Sequence[int]) -> list[tuple[int, int]]:
        return self._database.all("moments_of", (json.dumps(profiles), track, since, until))

    def names(self, profiles: Sequence[int]) -> list[str]:
        return [name for (name,) in self._database.all("names", (json.dumps(profiles),))]


def passages(database: Database, tracks: Tracks, stages: Stages) -> Passages[str]:
    """Of `Reader.passages`; within a transaction."""
    wanted = stages.among(tracks)
    asking = Asking(_Asked(database), wanted, stages)
    completions = database.one("completions_of", json.dumps(list(chain.from_iterable(wanted))))[0]
    if completions * _PASSED_OVER < database.one("last_entry")[0]:
        return asking.from_rows(lambda track: database.all("moments", (track, *asking.span)))
    return asking.by_blocks(_DIALECT, database.one("last_profile")[0])
