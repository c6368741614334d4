"""Writing the ledger of a SQLite store, and what is kept of it for reports, within the transaction of a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import TypeAlias

from convgoals.errors import StoreError
from convgoals.instants import to_instant
from convgoals.records import Completion, Retraction
from convgoals.storage import sqlite_kept, sqlite_ledger
from convgoals.storage.kept import Counted, Owner
from convgoals.storage.ledger_rows import Row, match_retractions, to_columns
from convgoals.storage.sqlite_database import Database
from convgoals.storage.sqlite_standings import Standing, Standings

Place: TypeAlias = tuple[int, int | None, int | None]
"""A known profile's number, its latest chunk of facts, and its latest completion."""

Ended: TypeAlias = tuple[int, int, int, int]
"""The seq, the profile, the track and the instant of a completion that is retracted."""


class Entries:
    """The ledger's end, and the numbers that it knows goals by.

    Args:
        database: where the ledger is.
        standings: ask where its profiles stand.

    Attributes:
        last: the last seq that was given.
    """

    def __init__(self, database: Database, standings: Standings) -> None:
        self.last = 0
        self._database = database
        self._standings = standings
        self._tracks: dict[tuple[str, int], int] = {}
        self._lane_of: dict[int, int] = {}

    def read(self, last: int) -> None:
        """Take what is at hand from the database; *last* is the last seq that was given."""
        self.last = last
        self._tracks = {track: number for number, track in sqlite_ledger.read_tracks(self._database).items()}
        self._find_lanes()

    def knows(self, goal: str) -> bool:
        """Whether the ledger has ever known *goal*."""
        return any(goal == name for name, _ in self._tracks)

    def rename(self, old: str, new: str) -> None:
        """Know a goal by another name."""
        self._database.run("rename_tracks", new, old)
        self._tracks = {(new if goal == old else goal, version): n for (goal, version), n in self._tracks.items()}

    def matched(self, entries: Sequence[Completion | Retraction]) -> list[Ended]:
        """The recorded completions that the retractions among *entries* end, in their order."""
        ending = [entry for entry in entries if isinstance(entry, Retraction)]
        tracks = [self._tracks.get((entry.goal, entry.version), 0) for entry in ending]
        matched = match_retractions(
            ((entry.profile_id, track, entry.completion) for entry, track in zip(ending, tracks, strict=True)),
            lambda name: self.recorded(self._standings.find(name)),
        )
        for entry, seq in zip(ending, matched, strict=True):
            if seq is None:
                raise StoreError(f"nothing is recorded that could be retracted: {entry}", code="retraction")
        return [self._database.one("ended", seq) for seq in matched]

    def recorded(self, standing: Standing | None) -> Iterator[Row]:
        """The rows of the completions of a profile that hold, the latest recorded first."""
        latest = None if standing is None else standing.completions
        return sqlite_ledger.recorded(self._database, latest, self.last)

    def write(
        self, entries: Sequence[Completion | Retraction], ended: Sequence[Ended], places: MutableMapping[str, Place]
    ) -> None:
        """Append *entries*; *ended* are the completions that the retractions end, in their order.

        All profiles have a place, which follows.
        """
        if not entries:
            return
        ending = iter(ended)
        seq, completions, retractions = self.last, [], []
        added: defaultdict[Owner, list[Counted]] = defaultdict(list)
        new: set[Owner] = set()
        for entry in entries:
            seq += 1
            if isinstance(entry, Retraction):
                retractions.append((next(ending)[0], to_instant(entry.recorded_at), entry.cause, seq))
                continue
            track = self._tracks.get((entry.goal, entry.version)) or self._add_track(entry.goal, entry.version)
            number, chunk, previous = places[entry.profile_id]
            owner = self._lane_of[track], number
            if previous is None:
                new.add(owner)
            columns = to_columns(entry)
            held = Counted(columns[0], columns[2] or "", seq, track, entry.channel, entry.value, columns[6])
            added[owner].append(held)
            completions.append((track, *columns, seq, previous, number))
            places[entry.profile_id] = (number, chunk, seq)
        before = sqlite_kept.record(self._database, added, self._by_owner(ended), self._lane_of, new)
        self._database.run_many("add_completion", [(*row, before[row[8]]) for row in completions])
        self._database.run_many("add_retraction", retractions)
        self.last = seq

    def forget(self, profile: int) -> int:
        """Erase all that the ledger says of *profile*; returns how many entries that were."""
        sqlite_kept.forget(self._database, profile, self._lane_of)
        return self._database.run("erase_retractions", profile) + self._database.run("erase_completions", profile)

    def _by_owner(self, ended: Sequence[Ended]) -> Mapping[Owner, Mapping[int, int]]:
        gone: defaultdict[Owner, dict[int, int]] = defaultdict(dict)
        for seq, profile, track, achieved in ended:
            gone[self._lane_of[track], profile][seq] = achieved
        return gone

    def _add_track(self, goal: str, version: int) -> int:
        track = self._tracks[goal, version] = max(self._tracks.values(), default=0) + 1
        self._database.run("add_track", track, goal, version)
        self._find_lanes()
        return track

    def _find_lanes(self) -> None:
        lanes: dict[str, int] = {}
        for (goal, _), number in self._tracks.items():
            lanes[goal] = min(number, lanes.get(goal, number))
        self._lane_of = {number: lanes[goal] for (goal, _), number in self._tracks.items()}
