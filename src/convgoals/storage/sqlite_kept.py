"""What a SQLite store keeps for reports, changed with each batch; see kept.py for what it is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from convgoals.storage.codec import decode_number
from convgoals.storage.exact import EXACT
from convgoals.storage.kept import ENDED, Cell, Changes, Counted, Neighbours, Owner, follow, joined, text_key
from convgoals.storage.sqlite_database import Database

_FULL = 2**62
"""Beyond this a sum of units moves to the rest, so that no column, and no sum of two, ever overflows."""

_SMALL = 2**36
"""Below this a sum of units is added without looking: it takes more than a hundred million batches to overflow."""


def record(
    database: Database,
    added: Mapping[Owner, Sequence[Counted]],
    ended: Mapping[Owner, Mapping[int, int]],
    lane_of: Mapping[int, int],
    new: Collection[Owner],
) -> dict[int, int | None]:
    """Bring what is kept up to a batch, before its completions are written; returns each new one's ``before``.

    Args:
        database: within a transaction.
        added: new completions.
        ended: those that no longer hold, with their instants.
        lane_of: the lanes of tracks.
        new: owners who are known to have had no completions.
    """
    tracks: defaultdict[int, list[int]] = defaultdict(list)
    for track, lane in lane_of.items():
        tracks[lane].append(track)

    def instants(statement: str, owner: Owner, *values: int) -> list[int]:
        lane, profile = owner
        found = [database.one(statement, profile, track, *values) for track in tracks[lane]]
        return [row[0] for row in found if row is not None]

    known = [(owner, [owner[1], track]) for owner in added if owner not in new for track in tracks[owner[0]]]
    found = database.all("latest_held", (json.dumps([wanted for _, wanted in known]),)) if known else ()
    latest: dict[Owner, int] = {}
    for (owner, _), (achieved,) in zip(known, found, strict=True):
        if achieved is not None and achieved > latest.get(owner, ENDED):
            latest[owner] = achieved

    def around(owner: Owner, first: int, last: int) -> Neighbours:
        lane, profile = owner
        before = max(instants("held_before", owner, first), default=None)
        after = min(instants("held_after", owner, last), default=last)
        rows = [row for track in tracks[lane] for row in database.all("held", (profile, track, first, after))]
        return Neighbours(before, map(_held, rows))

    changes, before = follow(added, ended, latest.get, around)
    _apply(database, changes)
    database.run_many("set_before", [(ENDED, seq) for seqs in ended.values() for seq in seqs])
    return before


def _held(row: tuple[Any, ...]) -> tuple[Counted, int | None]:
    achieved, trigger, seq, track, channel, value, anchor, before = row
    return Counted(achieved, trigger, seq, track, channel, decode_number(value), anchor), before


def forget(database: Database, profile: int, lane_of: Mapping[int, int]) -> None:
    """Count the completions of *profile* no more, before they are erased."""
    changes = Changes()
    for held, before in map(_held, database.all("all_held", (profile,))):
        changes.count(lane_of[held.track], held, before, -1)
    _apply(database, changes)


def _apply(database: Database, changes: Changes) -> None:
    channels = {text_key(key): cell for key, cell in changes.channels.items()}
    channel_repeats = {text_key(key): n for key, n in changes.channel_repeats.items()}
    _apply_cells(database, ("tally", "add_tally", "set_tally", "drop_tally"), changes.tallies)
    _apply_cells(database, ("channel_tally", "add_channel_tally", "set_channel_tally", "drop_channel_tally"), channels)
    _apply_cells(database, ("wait_tally", "add_wait_tally", "set_wait_tally", "drop_wait_tally"), changes.waits)
    _apply_counts(database, ("add_repeats", "drop_repeats"), changes.repeats)
    _apply_counts(database, ("add_channel_repeats", "drop_channel_repeats"), channel_repeats)
    database.run_many("set_before", [(before, seq) for seq, before in changes.before.items()])


def _apply_cells(database: Database, names: tuple[str, str, str, str], cells: Mapping[tuple[Any, ...], Cell]) -> None:
    name, add_some, set_one, drop_one = names
    added, kept, dropped = [], [], []
    for key, cell in cells.items():
        if cell.completions > 0 and not cell.rest and -_SMALL < cell.units < _SMALL:  # as mostly
            added.append((cell.completions, cell.firsts, cell.valued, cell.units, *key))
            continue
        if not cell:
            continue
        completions, firsts, valued, units, rest = database.one(name, *key) or (0, 0, 0, 0, None)
        if completions + cell.completions == 0:
            dropped.append(key)
            continue
        units += cell.units
        left = EXACT.add(Decimal(rest or 0), cell.rest)
        if not -_FULL < units < _FULL:
            left, units = EXACT.add(left, joined(units)), 0
        counts = completions + cell.completions, firsts + cell.firsts, valued + cell.valued
        kept.append((*counts, units, str(left) if left else None, *key))
    database.run_many(add_some, added)
    database.run_many(set_one, kept)
    database.run_many(drop_one, dropped)


def _apply_counts(database: Database, names: tuple[str, str], counts: Mapping[tuple[Any, ...], int]) -> None:
    add_some, drop_none = names
    database.run_many(add_some, [(n, *key) for key, n in counts.items() if n])
    database.run_many(drop_none, [key for key, n in counts.items() if n < 0])
