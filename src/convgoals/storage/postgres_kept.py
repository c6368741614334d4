"""What a PostgreSQL store keeps for reports, changed with each batch; see kept.py for what it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from convgoals.storage.codec import decode_number
from convgoals.storage.kept import ENDED, Cell, Changes, Counted, Key, Neighbours, Owner, follow, joined, text_key
from convgoals.storage.postgres_database import Session
from convgoals.storage.postgres_text import from_text, optional_from_text, to_text

_TEXTS: Final = {
    "group_tallies": 1, "group_rests": 1, "group_repeats_across": 1, "channel_repeats_of_day": 1, "held_between": 2,
}  # fmt: skip
"""Where in their rows the statements that reports ask have a name."""


class Asked:
    """The statements that reports ask, on one connection, with names as they were."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self, name: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of the statement *name*."""
        rows = self._session.all(name, values)
        place = _TEXTS.get(name)
        if place is None:
            return rows
        return [(*row[:place], optional_from_text(row[place]), *row[place + 1 :]) for row in rows]

    def one(self, name: str, *values: Any) -> Any:
        """The first row of the statement *name*."""
        return self._session.one(name, *values)


class Following:
    """What one batch changes of what is kept.

    Args:
        session: within its transaction.
        lane_of: the lanes of tracks.
        new: profiles that are known to have had no completions.
    """

    def __init__(self, session: Session, lane_of: Mapping[int, int], new: Collection[int]) -> None:
        self._session = session
        self._new = new
        self._tracks: defaultdict[int, list[int]] = defaultdict(list)
        for track, lane in lane_of.items():
            self._tracks[lane].append(track)
        self._latest: dict[Owner, int] = {}

    def record(
        self, added: Mapping[Owner, Sequence[Counted]], ended: Mapping[Owner, Mapping[int, int]]
    ) -> tuple[Changes, dict[int, int | None]]:
        """What is to be applied, and each new completion's ``before``, from the state before the batch.

        Args:
            added: new completions.
            ended: those that no longer hold, with their instants.
        """
        self._read_latest([owner for owner in added if owner[1] not in self._new])
        changes, before = follow(added, ended, self._latest.get, self._around)
        for seqs in ended.values():
            changes.before.update(dict.fromkeys(seqs, ENDED))
        return changes, before

    def _read_latest(self, owners: Sequence[Owner]) -> None:
        asked = [(profile, track, lane) for lane, profile in owners for track in self._tracks[lane]]
        if not asked:
            return
        lanes = {track: lane for _, track, lane in asked}
        profiles, tracks, _ = zip(*asked, strict=True)
        for profile, track, achieved in self._session.all("latest_held", (list(profiles), list(tracks))):
            owner = lanes[track], profile
            self._latest[owner] = max(achieved, self._latest.get(owner, achieved))

    def _around(self, owner: Owner, first: int, last: int) -> Neighbours:
        lane, profile = owner
        tracks = self._tracks[lane]
        (before,) = self._session.one("held_before", profile, tracks, first)
        (after,) = self._session.one("held_after", profile, tracks, last)
        rows = self._session.all("held", (profile, tracks, first, last if after is None else after))
        return Neighbours(before, map(_held, rows))


def _held(row: tuple[Any, ...]) -> tuple[Counted, int | None]:
    achieved, trigger, seq, track, channel, value, anchor, before = row
    number = None if value is None else decode_number(value)
    return Counted(achieved, from_text(trigger), seq, track, optional_from_text(channel), number, anchor), before


def forget(session: Session, profile: int, lane_of: Mapping[int, int]) -> None:
    """Count the completions of *profile* no more, before they are erased."""
    changes = Changes()
    for held, before in map(_held, session.all("all_held", (profile,))):
        changes.count(lane_of[held.track], held, before, -1)
    apply(session, changes)


def lanes(tracks: Mapping[tuple[str, int], int]) -> dict[int, int]:
    """The lane of each track: the first track of its goal."""
    first: dict[str, int] = {}
    for (goal, _), number in tracks.items():
        first[goal] = min(number, first.get(goal, number))
    return {number: first[goal] for (goal, _), number in tracks.items()}


def apply(session: Session, changes: Changes) -> None:
    """Write what is changed; in one order of tables and keys, so that nobody waits in a circle."""
    _send(session, "set_before", [(before, seq) for seq, before in sorted(changes.before.items())])
    _send(session, "add_tallies", _cells(changes.tallies))
    channels = {_text_key(key): cell for key, cell in changes.channels.items()}
    _send(session, "add_channel_tallies", _cells(channels))
    _send(session, "add_repeats", [(*key, number) for key, number in changes.repeats.items() if number])
    repeats = [(*_text_key(key), number) for key, number in changes.channel_repeats.items() if number]
    _send(session, "add_channel_repeats", repeats)
    waits = [(*key, cell.completions, _total(cell)) for key, cell in changes.waits.items() if cell]
    _send(session, "add_waits", waits)


def _cells(cells: Mapping[Key, Cell]) -> list[Key]:
    return [
        (*key, cell.completions, cell.firsts, cell.valued, _total(cell)) for key, cell in cells.items() if cell
    ]  # fmt: skip


def _total(cell: Cell) -> str:
    return str(joined(cell.units, cell.rest))


def _text_key(key: Key) -> Key:
    *rest, channel = text_key(key)
    return (*rest, to_text(channel))


def _send(session: Session, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        session.send(name, [list(column) for column in zip(*rows, strict=True)])
