"""Reading the ledger of a SQLite store, as it was at one moment, however long the reading takes.

The ledger is only appended to, so "as it was" is a number: nothing with a later ``seq`` counts. An iterator therefore
needs no transaction: it takes some rows at a time, and between two times holds nothing, so it hinders no writer.
"""

from __future__ import annotations

import operator
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import compress, count, islice

from convgoals.records import Completion, Retraction
from convgoals.storage import ledger_rows
from convgoals.storage.ledger_rows import ENDLESS, ROWS, Row, Tracks
from convgoals.storage.sqlite_database import Database
from convgoals.storage.summary import Moments, Question

_FIRST_ROWS = 16
"""How many completions of a profile are read at first where the latest are asked for."""


def read_tracks(database: Database) -> dict[int, tuple[str, int]]:
    return {track: (goal, version) for track, goal, version in database.all("tracks")}


def recorded(database: Database, name: str) -> Iterator[Row]:
    """The rows of the completions of a profile that hold, the latest recorded first; more and more at a time."""
    with database.use():
        latest, entries = database.one("latest_completion", name) or (None, 0)
    return _recorded(database, latest, entries)


def _recorded(database: Database, latest: int | None, entries: int) -> Iterator[Row]:
    number = _FIRST_ROWS
    while latest is not None:
        with database.use():
            rows = database.all("recorded", {"latest": latest, "rows": number, "entries": entries})
        yield from (row for row in rows if not row[11])
        latest, number = rows[-1][10] if rows else None, min(4 * number, ROWS)


def history_of_profile(
    database: Database, tracks: Tracks, wanted: Collection[int], profile: int, as_of: int, *, retracted: bool
) -> Iterator[Completion]:
    """The completions of one profile under the *wanted* tracks; of `Store.history`."""
    rows = database.all("profile_history", {"profile": profile, "as_of": as_of, "retracted": retracted})
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


def moments(database: Database, tracks: Tracks, questions: Sequence[Question]) -> list[Moments]:
    """Of `Reader.moments`; within a transaction."""
    names: dict[int, str] = {}
    found = []
    for place, question in enumerate(questions):
        since = -ENDLESS if question.since is None else question.since
        until = ENDLESS if question.until is None else question.until
        chosen = [
            number
            for number, (goal, version) in tracks.items()
            if goal == question.goal and question.version in (None, version)
        ]
        instants = array("q")
        profiles: list[str] = []
        for track in chosen:
            if place == 0:
                for rows in database.batches("named_moments", (track, since, until)):
                    instants.extend([row[0] for row in rows])
                    profiles += [row[1] for row in rows]
                    names.update([(row[2], row[1]) for row in rows])
            else:
                for rows in database.batches("moments", (track, since, until)):
                    known = [(achieved, name) for achieved, number in rows if (name := names.get(number)) is not None]
                    instants.extend([row[0] for row in known])
                    profiles += [row[1] for row in known]
        if len(chosen) > 1:
            order = sorted(range(len(instants)), key=instants.__getitem__)
            instants, profiles = array("q", [instants[at] for at in order]), [profiles[at] for at in order]
        found.append(Moments(_simultaneous_in_order(profiles, instants), instants))
    return found


def _simultaneous_in_order(profiles: list[str], instants: array[int]) -> list[str]:
    """The profiles of ordered instants, those of one instant by their ids."""
    done = 0
    for first in compress(count(), map(operator.eq, instants, islice(instants, 1, None))):
        if first >= done:
            done = first + 2
            while done < len(instants) and instants[done] == instants[first]:
                done += 1
            profiles[first:done] = sorted(profiles[first:done])
    return profiles
