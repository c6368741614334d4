"""Semantics §4, the rows of ``followed by``: tuples of different occurrences, found by trying them all."""

from __future__ import annotations

from convgoals.language import ast
from convgoals.records import Event
from convgoals.testing.reference.comparisons import equal, lookup, value_of
from convgoals.testing.reference.facts import Log, remembered
from convgoals.testing.reference.occurrences import Occurrence, happened
from convgoals.testing.reference.spans import Scope, later

Match = tuple[Occurrence, ...]


@remembered
def matches(log: Log, chain: ast.Chain, scope: Scope) -> tuple[Match, ...]:
    """Every way in which the chain's occurrences (all but a ``not followed``) happened in the scope."""
    found: list[Match] = [(first,) for first in happened(log, chain.first) if first.at in scope]
    for link in chain.links:
        found = [
            (*match, following)
            for match in found
            for following in happened(log, link.occurrence)
            if following.at in scope and links(log, link, match, following)
        ]
    return tuple(found)


def links(log: Log, link: ast.Link, match: Match, following: Occurrence) -> bool:
    """Whether *following* continues *match* as the link asks."""
    before = match[-1]
    return (
        _is_other(following, match)
        and before.at <= following.at
        and (link.within is None or following.at <= later(log, before.at, link.within))
        and (link.same is None or carry_the_same(log, before, following, link.same))
        and (link.without is None or not comes_between(log, link.without, before, following))
    )


def _is_other(occurrence: Occurrence, match: Match) -> bool:
    return all(occurrence.fact != taken.fact for taken in match)


def comes_between(log: Log, without: ast.Occurrence, before: Occurrence, following: Occurrence) -> bool:
    """Whether another such occurrence than these two lies between them, ends in."""
    return any(
        before.at <= other.at <= following.at and _is_other(other, (before, following))
        for other in happened(log, without)
    )


def carry_the_same(log: Log, one: Occurrence, other: Occurrence, path: tuple[str, ...]) -> bool:
    """Whether both are events that carry equal values of that property."""
    first, second = log.facts[one.fact], log.facts[other.fact]
    return (
        isinstance(first, Event)
        and isinstance(second, Event)
        and equal(
            value_of(lookup(first.properties, path), log.timezone),
            value_of(lookup(second.properties, path), log.timezone),
            log.timezone,
        )
    )


@remembered
def deadlines(log: Log, chain: ast.Chain, scope: Scope) -> tuple[int, ...]:
    """The deadlines in the scope that passed without what a ``not followed within D by`` speaks of."""
    absence = chain.absence
    if absence is None:
        return ()
    passed = []
    for match in matches(log, chain, scope):
        deadline = later(log, match[-1].at, absence.within)
        came = any(
            match[-1].at <= other.at <= deadline
            and _is_other(other, match)
            and (absence.same is None or carry_the_same(log, match[-1], other, absence.same))
            for other in happened(log, absence.occurrence)
        )
        if deadline in scope and not came:
            passed.append(deadline)
    return tuple(passed)
