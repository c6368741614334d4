"""Semantics §2: occurrences happen at an instant, states hold over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from convgoals.language import ast
from convgoals.records import CampaignReceipt, Event, ProfileSnapshot, ProfileUpdate
from convgoals.testing.reference.comparisons import (
    MISSING,
    Value,
    compares,
    equal,
    literal,
    lookup,
    same,
    value_of,
)
from convgoals.testing.reference.facts import Log, Profile, after, profile_at, profile_facts, remembered


class Occurrence(NamedTuple):
    """Something that happened: when, and the place of its fact in the log. Different facts, different occurrences."""

    at: int
    fact: int


@remembered
def happened(log: Log, node: ast.Occurrence) -> tuple[Occurrence, ...]:
    """Every such occurrence in the whole log."""
    match node:
        case ast.EventOccurrence(kind, where):
            return tuple(
                Occurrence(fact.instant, place)
                for place, fact in enumerate(log.facts)
                if isinstance(fact, Event) and fact.type == kind
                if where is None or filter_holds(log, where, Occurrence(fact.instant, place))
            )
        case ast.ReceiptOccurrence(campaign):
            return tuple(
                Occurrence(fact.instant, place)
                for place, fact in enumerate(log.facts)
                if isinstance(fact, CampaignReceipt) and fact.campaign == campaign
            )
        case ast.ChangeOccurrence():
            return tuple(_changes(log, node))


def _changes(log: Log, node: ast.ChangeOccurrence) -> Iterator[Occurrence]:
    """Each snapshot or update at which the property's value becomes another."""
    profile = Profile()
    for place in profile_facts(log):
        fact = log.facts[place]
        assert isinstance(fact, (ProfileSnapshot, ProfileUpdate))  # noqa: S101  says it to the type checker
        before = value_of(lookup(profile.properties, node.path), log.timezone)
        profile = after(profile, fact)
        now = value_of(lookup(profile.properties, node.path), log.timezone)
        if (
            not same(before, now, log.timezone)
            and (node.before is None or equal(before, literal(node.before, log.timezone), log.timezone))
            and (node.after is None or equal(now, literal(node.after, log.timezone), log.timezone))
        ):
            yield Occurrence(fact.instant, place)


def value_of_event(log: Log, occurrence: Occurrence) -> Callable[[ast.Property], Value]:
    """What a property is at an occurrence: the event's own, or the profile's at the event's timestamp."""

    def read(node: ast.Property) -> Value:
        if node.owner == "profile":
            return value_of_profile(log, occurrence.at)(node)
        fact = log.facts[occurrence.fact]
        return value_of(lookup(fact.properties, node.path), log.timezone) if isinstance(fact, Event) else MISSING

    return read


def value_of_profile(log: Log, instant: int) -> Callable[[ast.Property], Value]:
    """What a property of the profile is at *instant*, looking at the whole log."""
    return lambda node: value_of(lookup(profile_at(log, instant).properties, node.path), log.timezone)


def filter_holds(log: Log, node: ast.Condition, occurrence: Occurrence) -> bool:
    """Whether the filter of a ``where`` holds of an event."""
    match node:
        case ast.And(terms):
            return all(filter_holds(log, term, occurrence) for term in terms)
        case ast.Or(terms):
            return any(filter_holds(log, term, occurrence) for term in terms)
        case ast.Not(term):
            return not filter_holds(log, term, occurrence)
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            return compares(node, value_of_event(log, occurrence), log.timezone)
        case _:
            raise AssertionError(f"{type(node).__name__} stands in no filter")
