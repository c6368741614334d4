"""The log of one profile as a goal reads it: its facts in order, the profile over time, and what occurred."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple

from convgoals.errors import FactError
from convgoals.instants import BEGINNING, Shift
from convgoals.language import ast
from convgoals.predicates.values import canonical, dig, unchanged
from convgoals.records import (
    CampaignReceipt,
    Event,
    Fact,
    ProfileSnapshot,
    ProfileUpdate,
    Properties,
    identified,
    in_order,
)
from convgoals.standing.compiled import equality_with, filter_of

Test = Callable[[Any, Mapping[str, Any], list[tuple[str, str]]], bool]


class Profile(NamedTuple):
    """What is known of a profile from an instant on."""

    since: int
    properties: Properties
    segments: tuple[str, ...]


class Occurrence(NamedTuple):
    """Something that happened: when, and the place of its fact in the log. Different facts, different occurrences."""

    at: int
    place: int


class Log:
    """The facts of one profile up to an instant, without duplicates (semantics §1).

    Args:
        facts: in the order in which they were received; two with the same id are one, and the first stays.
        timezone: the goal's.
        now: the time that has been reached; facts after it do not count. If ``None``, the latest fact’s.
        is_known: whether the profile is known by ``now`` even where none of its facts is among *facts*.

    Attributes:
        facts: by instant, then id; a fact without an id is called ``fresh-`` and its place among those given.
        now: the time that has been reached.
        profiles: the profile after each instant at which it changed, ascending; the first is that of nothing known.
    """

    def __init__(
        self, facts: Iterable[Fact], timezone: tzinfo, now: int | None = None, *, is_known: bool = False
    ) -> None:
        kept: dict[str, Fact] = {}
        for place, given in enumerate(facts):
            fact = given if given.id is not None else identified(given, f"fresh-{place}")
            kept.setdefault(fact.id or "", fact)
        ordered = in_order(kept.values())
        self.timezone = timezone
        self.now = now if now is not None else ordered[-1].instant if ordered else 0
        self.facts = tuple(fact for fact in ordered if fact.instant <= self.now)
        self.is_known = is_known or bool(self.facts)
        self.profiles = self._profiles()
        self._since = [profile.since for profile in self.profiles]
        self._occurrences: dict[int, tuple[ast.Occurrence, tuple[Occurrence, ...]]] = {}

    @property
    def known_since(self) -> int | None:
        """The instant of the profile's first fact; `BEGINNING` where it is known, but not since when."""
        return self.facts[0].instant if self.facts else BEGINNING if self.is_known else None

    def _profiles(self) -> list[Profile]:
        found = [Profile(BEGINNING, {}, ())]
        for fact in self.facts:
            if isinstance(fact, (ProfileSnapshot, ProfileUpdate)):
                after = self._after(found[-1], fact)
                if found[-1].since == fact.instant:
                    found[-1] = after
                else:
                    found.append(after)
        return found

    @staticmethod
    def _after(profile: Profile, fact: ProfileSnapshot | ProfileUpdate) -> Profile:
        if isinstance(fact, ProfileSnapshot):
            return Profile(fact.instant, fact.properties, fact.segments)
        merged = {**profile.properties, **fact.properties}
        present = {name: value for name, value in merged.items() if value is not None}
        return Profile(fact.instant, present, profile.segments if fact.segments is None else fact.segments)

    def profile_at(self, instant: int) -> Profile:
        """The profile once every fact at or before *instant* has applied."""
        return self.profiles[bisect_right(self._since, instant) - 1]

    def later(self, instant: int, duration: ast.Duration) -> int:
        """The last instant within *duration* of *instant*; months in the goal's time zone."""
        if instant == BEGINNING:  # what held at the beginning of time has held for longer than any span
            return BEGINNING
        return Shift(duration.months, duration.microseconds, self.timezone)(instant)

    # ---- occurrences (semantics §2)

    def occurrences(self, node: ast.Occurrence) -> tuple[Occurrence, ...]:
        """Every such occurrence, in order."""
        known = self._occurrences.get(id(node))
        if known is None:  # the node is kept too: as long as it lives, no other has its identity
            known = self._occurrences[id(node)] = (node, tuple(self._find(node)))
        return known[1]

    def _find(self, node: ast.Occurrence) -> list[Occurrence]:
        if isinstance(node, ast.ChangeOccurrence):
            return self._changes(node)
        test = None
        if isinstance(node, ast.EventOccurrence) and node.where is not None:
            test = filter_of(node.where, self.timezone)
        return [
            Occurrence(fact.instant, place)
            for place, fact in enumerate(self.facts)
            if self._is_like(node, fact)
            if test is None or test(properties_of(fact), self.profile_at(fact.instant).properties, [])
        ]

    @staticmethod
    def _is_like(node: ast.EventOccurrence | ast.ReceiptOccurrence, fact: Fact) -> bool:
        if isinstance(node, ast.EventOccurrence):
            return isinstance(fact, Event) and fact.type == node.type
        return isinstance(fact, CampaignReceipt) and fact.campaign == node.campaign

    def all_changes(self, path: tuple[str, ...]) -> list[tuple[Occurrence, Any, Any]]:
        """Each snapshot or update at which a property became another value, with the value before and after."""
        found: list[tuple[Occurrence, Any, Any]] = []
        profile = self.profiles[0]
        for place, fact in enumerate(self.facts):
            if isinstance(fact, (ProfileSnapshot, ProfileUpdate)):
                before = dig(profile.properties, path)
                profile = self._after(profile, fact)
                after = dig(profile.properties, path)
                if not unchanged(before, after, self.timezone):
                    found.append((Occurrence(fact.instant, place), before, after))
        return found

    def _changes(self, node: ast.ChangeOccurrence) -> list[Occurrence]:
        tests: list[tuple[int, Test]] = [
            (side, equality_with(wanted, self.timezone))
            for side, wanted in ((1, node.before), (2, node.after))
            if wanted is not None
        ]
        return [
            change[0]
            for change in self.all_changes(node.path)
            if all(test({"value": change[side]}, {}, []) for side, test in tests)
        ]

    def key(self, occurrence: Occurrence, path: tuple[str, ...]) -> Hashable | None:
        """What the property of an event is the same as; ``None`` for what is the same as nothing."""
        fact = self.facts[occurrence.place]
        return canonical(dig(fact.properties, path), self.timezone) if isinstance(fact, Event) else None


def of_one_profile(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """*facts*, all of one profile; no facts are of no profile.

    Raises:
        FactError: they are of several (code ``several-profiles``).
    """
    given = tuple(facts)
    if len({fact.profile_id for fact in given}) > 1:
        raise FactError(
            "these facts are of several profiles, and a goal is asked of one",
            code="several-profiles",
            hint="give each profile's facts alone",
        )
    return given


def properties_of(fact: Fact) -> Properties:
    """The properties of an event; those of a profile's own facts and of receipts are no event's."""
    return fact.properties if isinstance(fact, Event) else {}
