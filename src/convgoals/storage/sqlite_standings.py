"""Where the profiles of a SQLite store stand, within its transactions.

A batch changes where some hundred profiles stand, each on a page of its own: written in place, that would be most of
what a batch writes. So it is appended to a journal as one row, and put in place for many batches at once. What is in
the journal counts; each process has it at hand.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from convgoals.storage.halves import is_whole
from convgoals.storage.sqlite_database import Database

_FEW = 16
"""Up to so many profiles of a batch are put in place at once, unless one of them is in the journal."""

_PROFILES = 16_384
"""From how many profiles in the journal on they are put in place."""

_BATCHES = 256
"""From how many batches in the journal on."""


class Standing(NamedTuple):
    """Where one profile stands.

    Attributes:
        profile: its number.
        until: the instant to which the ledger has been brought; ``None``: not a known profile.
        wake: the next instant at which time alone may complete a goal.
        facts: its latest chunk of facts.
        completions: the seq of its latest completion.
    """

    profile: int
    until: int | None = None
    wake: int | None = None
    facts: int | None = None
    completions: int | None = None


_NOTHING = -(2**63)
"""What stands in the journal for ``None``: no instant and no number."""

_number = itemgetter(0)

Row: TypeAlias = tuple[int, int | None, int | None, int | None, int | None]
"""A standing as a plain tuple: there are many, and those the garbage collector passes over."""


class Standings:
    """Reads and writes where the profiles of one database stand.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.drop_cached()

    def drop_cached(self) -> None:
        """Forget what is at hand of the journal."""
        self._fresh: dict[int, Row] = {}
        self._batches: tuple[int, int] | None = None  # the first and the last that are in the journal and at hand

    def read(self) -> None:
        """Have at hand what is in the journal now."""
        first, last = self._database.one("fresh_batches")
        if first is None:
            self.drop_cached()
            return
        if self._batches is None or self._batches[0] != first:  # what was before has been put in place
            self._fresh.clear()
            self._batches = first, 0
        for (packed,) in self._database.all("fresh_standings", (self._batches[1],)):
            self._fresh.update(self._database.decoded(_unpacked, packed))
        self._batches = first, last

    def find(self, name: str) -> Standing | None:
        """Where the identity *name* stands; ``None``: it was never named."""
        row = self._database.one("find_profile", name)
        return None if row is None else Standing(*self._fresh.get(row[0], row))

    def find_all(self, names: Iterable[str]) -> dict[str, Standing]:
        """Where the known profiles among *names* stand."""
        rows = self._database.among("find_profiles", list(filter(is_whole, names)))
        found = {row[0]: Standing(*self._fresh.get(row[1], row[1:])) for row in rows}
        return {name: standing for name, standing in found.items() if standing.until is not None}

    def due(self, instant: int) -> list[str]:
        """The profiles to wake at or before *instant*, the earliest first, then by name."""
        fresh = self._fresh
        found = [(wake, name) for profile, wake, name in self._database.all("due", (instant,)) if profile not in fresh]
        waking = {profile: wake for profile, _, wake, _, _ in fresh.values() if wake is not None and wake <= instant}
        names = self._database.all("names_of", (json.dumps(list(waking)),)) if waking else ()
        found += [(waking[profile], name) for profile, name in names]
        return [name for _, name in sorted(found)]

    def write(self, standings: Sequence[Row]) -> None:
        """Change where known profiles stand. Raises `OverflowError` for what no column holds."""
        fresh = self._fresh
        if len(standings) <= _FEW and not any(row[0] in fresh for row in standings):
            self._put_in_place(standings)
            return
        number = self._database.insert("add_fresh", _packed(standings))
        first = number if self._batches is None else self._batches[0]
        self._batches = first, number
        fresh.update(zip(map(_number, standings), standings, strict=True))
        if len(fresh) >= _PROFILES or number - first >= _BATCHES:
            self.settle()

    def settle(self) -> None:
        """Put everything in place, and empty the journal."""
        if self._fresh:
            self._put_in_place(sorted(self._fresh.values()))
            self._database.run("drop_fresh")
            self.drop_cached()

    def _put_in_place(self, standings: Iterable[Row]) -> None:
        self._database.run_many("set_standing", [(*rest, number) for number, *rest in standings])


def _packed(standings: Iterable[Row]) -> bytes:
    numbers = array("q", [_NOTHING if each is None else each for each in chain.from_iterable(standings)])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _unpacked(packed: bytes) -> dict[int, Row]:
    """What one row of the journal says, by profile."""
    numbers = array("q", packed)
    if sys.byteorder == "big":
        numbers.byteswap()
    each = iter([None if number == _NOTHING else number for number in numbers])
    return {row[0]: row for row in zip(each, each, each, each, each, strict=True)}  # type: ignore[misc]
