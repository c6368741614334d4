"""The identities of a SQLite store, within its transactions: who was ever named, and who is a known profile.

The places of many known profiles are at hand, so that a batch need not look for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convgoals.storage.bounded import Bound, weight_of
from convgoals.storage.sqlite_database import Database
from convgoals.storage.sqlite_entries import Place
from convgoals.storage.sqlite_standings import Standing, Standings

_PLACES = 100_000
"""How many profiles' places are kept at hand, at the most."""

_PLACES_BYTES = 32 * 2**20
"""How many bytes they may take."""

_UNKNOWN_YET = 0
"""The instant to which a profile's ledger has been brought as long as no other has been written."""


class Identities:
    """Finds, adds, merges and erases the identities of one database.

    Args:
        database: where they are.
        standings: ask where they stand.

    Attributes:
        places: of known profiles, as many as are at hand.
        profiles: how many profiles are known; to be set to what the database says.
    """

    def __init__(self, database: Database, standings: Standings) -> None:
        self._database = database
        self._standings = standings
        self._bound = Bound(_PLACES_BYTES, _PLACES, weight_of)
        self.read(0, 0)

    def read(self, last: int, profiles: int) -> None:
        """Drop what is at hand; *last* is the last number that was given, and so many profiles are known."""
        self.places: dict[str, Place] = {}
        self.profiles = profiles
        self._last = last
        self._absent: set[str] = set()
        self._knows_all = not last  # whether no identity is in the database that has no place at hand

    def bound(self) -> None:
        """Have no more at hand than may be."""
        if self._bound.hold(self.places):
            self._knows_all = False
        if len(self._absent) > _PLACES:  # of those that never were committed; they can be looked for again
            self._absent.clear()

    def find(self, name: str) -> Standing | None:
        """Where an identity stands that was ever named, or ``None``."""
        if self._knows_all and name not in self.places:  # a new store takes in its first profiles without a search
            self._absent.add(name)
            return None
        try:
            found = self._standings.find(name)
        except UnicodeEncodeError:  # what cannot be kept is not known
            return None
        if found is None:
            self._absent.add(name)
        elif found.until is not None:
            self.places[name] = found.profile, found.facts, found.completions
        return found

    def current(self, name: str) -> Standing | None:
        """Where the identity stands that *name* is now."""
        try:
            row = self._database.one("current_name", name)
        except UnicodeEncodeError:
            return None
        return None if row is None else self._standings.find(row[0])

    def make_known(self, names: Iterable[str]) -> None:
        """Make these known profiles; from here on all have a place at hand."""
        places, absent, made = self.places, self._absent, []
        for name in dict.fromkeys(name for name in names if name not in places):
            found = None if name in absent else self.find(name)
            if found is None:
                self._last += 1
                found = Standing(self._last)
                made.append((found.profile, name))
            elif found.until is None:
                self._database.run("make_known", _UNKNOWN_YET, found.profile)
            if found.until is None:
                self.profiles += 1
            places[name] = found.profile, found.facts, found.completions
        absent.clear()
        self._add(made, _UNKNOWN_YET)

    def _add(self, made: Sequence[tuple[int, str]], until: int | None) -> None:
        self._database.run_many("add_profile", made)
        self._database.run_many("add_standing", [(number, until) for number, _ in made])

    def merge(self, old: str, new: str) -> None:
        """Let *old* be *new* from now on, without its facts; all standings are in place."""
        self._knows_all = False
        numbers = []
        for name in (old, new):
            found = self.find(name)
            if found is None:
                self._last += 1
                found = Standing(self._last)
                self._add([(found.profile, name)], None)
            self.places.pop(name, None)
            self._absent.discard(name)
            numbers.append(found.profile)
            if name == old and found.until is not None:
                self.profiles -= 1
        gone, stays = numbers
        self._database.run("drop_chunks", gone)
        self._database.run("drop_state", gone)
        self._database.run("hand_on_receipts", stays, gone)
        self._database.run("drop_receipts", gone)
        self._database.run("drop_standing", gone)
        self._database.run("set_alias", None, stays)
        self._database.run("follow_aliases", stays, gone)
        self._database.run("set_alias", stays, gone)

    def same_person(self, profile: int) -> list[int]:
        """The numbers of an identity that became no other, and of those that became it."""
        return [number for (number,) in self._database.all("same_person", (profile, profile))]

    def erase(self, profile: int) -> None:
        """Erase an identity with its facts, when its entries in the ledger are erased; all standings are in place."""
        self.profiles -= self._database.one("is_known", profile)[0]
        for statement in ("drop_chunks", "drop_state", "drop_receipts", "erase_standing", "erase_profile"):
            self._database.run(statement, profile)
        self.places.clear()
        self._absent.clear()
        self._knows_all = False
