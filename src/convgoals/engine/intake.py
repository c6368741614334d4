"""What comes in at the door: facts of any kind and form, sorted by profile, each with an id."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import attrs

from convgoals.engine.fold import rise
from convgoals.errors import ConvgoalsError, FactError
from convgoals.instants import BEGINNING, Shift, read_iso, to_datetime, to_instant
from convgoals.language.parse import parse_duration
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate, identified
from convgoals.sources.segment import fact_from_dict

_OWNER = attrgetter("profile_id")
_FACTS = frozenset({Event, ProfileSnapshot, ProfileUpdate, CampaignReceipt})


@attrs.frozen
class Rejection:
    """A fact that came later than the engine's ``lateness`` allows.

    Attributes:
        fact: the fact, untouched.
        latest: the timestamp that had been reached by then, that it is too late for.
    """

    fact: Fact
    latest: datetime


@attrs.define
class Sorted:
    """A batch, sorted.

    Attributes:
        groups: the facts by profile, in the order in which they came.
        rejections: those that came too late.
        latest: the latest instant of all facts so far.
        untidy: the profiles whose facts did not come each later than the one before.
    """

    latest: int
    groups: dict[str, list[Fact]] = attrs.Factory(dict)
    rejections: list[Rejection] = attrs.Factory(list)
    untidy: set[str] = attrs.Factory(set)


def owners(batch: Iterable[Fact], aliases: Mapping[str, str]) -> Iterator[str]:
    """Whose the facts of *batch* are, one after the other; worked out only as far as it is looked at."""
    names = map(_OWNER, batch)
    return (aliases.get(name, name) for name in names) if aliases else names


class Intake:
    """Sorts batches. Fresh ids are unique over all engines and restarts.

    Args:
        lateness: how much later than the latest fact a fact may come, such as ``"30 days"``.
    """

    def __init__(self, lateness: str | None) -> None:
        self.shift: Shift | None = None
        if lateness is not None:
            duration = parse_duration(lateness)
            self.shift = Shift(duration.months, duration.microseconds)
        self._prefix = f"{os.urandom(10).hex()}-"
        self._count = 0

    @staticmethod
    def read(facts: Iterable[Fact | Mapping[str, Any]]) -> Sequence[Fact]:
        """The facts of a batch; what is no fact raises `FactError`, and nothing of the batch is taken."""
        if isinstance(facts, (Mapping, str)) or type(facts) in _FACTS:
            raise FactError("process takes several facts, not one", code="fact", hint="process([fact])")
        batch: Sequence[Any] = facts if isinstance(facts, (list, tuple)) else list(facts)
        if not _FACTS.issuperset(map(type, batch)):
            batch = [given if type(given) in _FACTS else _as_fact(given) for given in batch]
        return batch

    def sort(self, batch: Sequence[Fact], latest: int, aliases: Mapping[str, str], floor: int = BEGINNING) -> Sorted:
        """Sort a batch by profile.

        Args:
            batch: the facts.
            latest: the instant that had been reached before them.
            aliases: which identities became which.
            floor: a fact before this instant comes too late, whatever the lateness.
        """
        found = Sorted(latest)
        if self.shift is not None or floor > BEGINNING:
            batch = self._in_time(batch, found, floor)
        groups: defaultdict[str, list[Fact]] = defaultdict(list)
        last, rising = BEGINNING, True
        for fact in batch:
            profile_id = fact.profile_id
            if aliases:
                profile_id = aliases.get(profile_id, profile_id)
            groups[profile_id].append(fact if fact.id is not None else self._identify(fact))
            instant = fact.instant
            if instant <= last:
                rising = False
                found.latest = max(found.latest, last)
            last = instant
        found.latest = max(found.latest, last)
        found.groups = dict(groups)
        if not rising:
            found.untidy.update(
                name for name, group in groups.items() if len(group) > 1 and not rise([fact.instant for fact in group])
            )
        return found

    def sort_all(self, batch: Sequence[Fact], aliases: Mapping[str, str]) -> dict[str, list[Fact]]:
        """A batch by profile, however late its facts are."""
        groups: dict[str, list[Fact]] = {}
        for fact in batch:
            groups.setdefault(aliases.get(fact.profile_id, fact.profile_id), []).append(
                fact if fact.id is not None else self._identify(fact)
            )
        return groups

    def _identify(self, fact: Fact) -> Fact:
        self._count += 1
        return identified(fact, f"{self._prefix}{self._count:012x}")

    def _in_time(self, batch: Sequence[Fact], found: Sorted, floor: int) -> list[Fact]:
        """Those of *batch* that do not come too late; each is judged by the latest fact before it."""
        kept, shift = [], self.shift
        for fact in batch:
            if fact.instant > found.latest:
                found.latest = fact.instant
            elif fact.instant < floor or (shift is not None and shift(fact.instant) < found.latest):
                found.rejections.append(Rejection(fact, to_datetime(found.latest)))
                continue
            kept.append(fact)
        return kept


def _as_fact(given: object) -> Fact:
    if isinstance(given, Mapping):
        return fact_from_dict(given)
    raise FactError(
        f"{given!r:.80} is no fact",
        code="fact",
        hint="an Event, ProfileSnapshot, ProfileUpdate or CampaignReceipt, or a dict in the Segment form",
    )


def as_instant(moment: datetime | str) -> int:
    """The instant that an aware datetime or ISO 8601 text with an offset names."""
    found = read_iso(moment) if isinstance(moment, str) else moment
    if not isinstance(found, datetime) or found.utcoffset() is None:
        raise ConvgoalsError(
            f"{moment!r:.80} is no instant: it must be an aware datetime, or ISO 8601 text with an offset",
            code="instant",
            hint="datetime.now(timezone.utc)",
        )
    return to_instant(found)
