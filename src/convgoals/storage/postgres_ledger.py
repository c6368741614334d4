"""Reading the ledger of a PostgreSQL store, as it was at one moment, however long the reading takes.

Batches that are written at the same time may commit in another order than their entries are numbered in, so "as it was"
is no number here, but a snapshot: which transactions had committed. The server names that snapshot when an iterator
begins, and says of each entry whether its transaction was in it. So an iterator needs no transaction that lasts: it
takes some rows at a time, and between two times holds nothing, so it hinders no writer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from convgoals.instants import to_instant
from convgoals.records import Completion, Retraction
from convgoals.storage import ledger_rows
from convgoals.storage.ledger_rows import ENDLESS, ROWS, Row
from convgoals.storage.passages import Passages, Stages
from convgoals.storage.passages_sql import Asking, Dialect
from convgoals.storage.postgres_database import Database, Session
from convgoals.storage.postgres_text import from_text, optional_from_text, writable


@attrs.frozen
class Moment:
    """What there was when an iterator began.

    Attributes:
        snapshot: the server's name for which transactions had committed.
        settled: entries up to this number were there, whatever their transactions.
        own: the transaction of this thread's block, whose entries were there too …
        own_last: … up to this number.
    """

    snapshot: str
    settled: int
    own: str = "0"
    own_last: int = 0

    @property
    def values(self) -> dict[str, Any]:
        """Parameters of the statements that ask for what there was."""
        return attrs.asdict(self)


def read_tracks(rows: Iterable[Row]) -> dict[int, tuple[str, int]]:
    """Goals and versions by their numbers, from the rows of the statement ``tracks``."""
    return {number: (from_text(goal), version) for number, goal, version in rows}


def from_columns(columns: Sequence[Any]) -> list[Any]:
    """The columns of a completion, its names as they were."""
    achieved, recorded, trigger, channel, *rest = columns
    return [achieved, recorded, optional_from_text(trigger), optional_from_text(channel), *rest]


def _named(rows: Iterable[Row]) -> list[Row]:
    """Rows of completions, with the names as they were."""
    return [(*row[:2], *from_columns(row[2:9]), from_text(row[9]), *row[10:]) for row in rows]


_DIALECT = Dialect(
    parameter="%({name})s",
    gathered="coalesce(json_agg({what}) FILTER (WHERE {where}), '[]')::text",
    completions="completion",
    block=1_000_000,
)


class _Asked:
    """What the passages through a funnel are worked out from; within a transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def row(self, text: str, values: Mapping[str, int]) -> Sequence[str]:
        row: Sequence[str] = self._session.put_together(text, values)[0]
        return row

    def moments(self, track: int, since: int, until: int, profiles: Sequence[int]) -> list[tuple[int, int]]:
        return self._session.all("moments_of", (list(profiles), track, since, until))

    def names(self, profiles: Sequence[int]) -> list[str]:
        return [name for (name,) in self._session.all("names", (list(profiles),))]


def passages(session: Session, stages: Stages) -> Passages[str]:
    """Of `Reader.passages`; within a transaction."""
    tracks = read_tracks(session.all("tracks"))
    asking = Asking(_Asked(session), stages.among(tracks), stages)
    found = asking.by_blocks(_DIALECT, session.one("last_profile")[0])
    return found.named(lambda texts: list(map(from_text, texts)))


class Ledger:
    """The questions about the ledger of *database*."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def history(
        self,
        goal: str | None,
        version: int | None,
        profile_id: str | None,
        as_of: datetime | None,
        moment: Moment | None,
        *,
        retracted: bool,
    ) -> Iterator[Completion]:
        """Of `Store.history` and `Reader.completions`; *moment* is needed where no profile is named."""
        tracks = read_tracks(self._database.all("tracks"))
        wanted = {
            number
            for number, track in tracks.items()
            if (goal is None or track[0] == goal) and (version is None or track[1] == version)
        }
        asked = {"as_of": ENDLESS if as_of is None else to_instant(as_of), "retracted": retracted, "rows": ROWS}
        if moment is None:
            rows = [
                row
                for text in writable([profile_id or ""])
                for row in self._database.all("profile_history", {**asked, "profile": text})
            ]
            return ledger_rows.in_order((row for row in _named(rows) if row[1] in wanted), tracks)
        streams = [ledger_rows.rows_of_track(self._pages(track, {**asked, **moment.values})) for track in wanted]
        return ledger_rows.merged(streams, tracks)

    def _pages(self, track: int, asked: Mapping[str, Any]) -> Callable[[int, int], list[Row]]:
        def page(achieved: int, seq: int) -> list[Row]:
            values = {**asked, "track": track, "achieved": achieved, "seq": seq}
            return _named(self._database.all("track_history", values))

        return page

    def recorded(self, profile_id: str, moment: Moment) -> Iterator[Completion]:
        """Of `Store.recorded`."""
        names = writable([profile_id])
        if not names:
            return iter(())
        tracks = read_tracks(self._database.all("tracks"))
        asked = {**moment.values, "profile": names[0]}

        def page(before: int, rows: int) -> list[Row]:
            return _named(self._database.all("recorded", {**asked, "before": before, "rows": rows}))

        return (ledger_rows.from_row(row, tracks) for row in ledger_rows.latest_first(page))

    def entries(self, moment: Moment) -> Iterator[Completion | Retraction]:
        """Of `Store.entries`."""
        asked = {**moment.values, "rows": ROWS}

        def completions(after: int) -> list[Row]:
            return _named(self._database.all("all_completions", {**asked, "after": after}))

        def retractions(after: int) -> list[Row]:
            rows = _named(self._database.all("all_retractions", {**asked, "after": after}))
            return [(*row[:12], optional_from_text(row[12])) for row in rows]

        return ledger_rows.entries(completions, retractions, read_tracks(self._database.all("tracks")))
