"""``A followed by B …`` over a log: the ways in which it came about, and the deadlines that passed (semantics §4)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from convgoals.language import ast
from convgoals.standing.intervals import END, Interval
from convgoals.standing.log import Log, Occurrence


class Way(NamedTuple):
    """How far a chain came.

    Two ways with the same last occurrence go on alike unless they took other facts at its very instant, so no more is
    told apart; *before* is one of the ways that led here.
    """

    last: Occurrence
    taken: frozenset[int]
    before: Way | None

    def occurrences(self) -> tuple[Occurrence, ...]:
        """The occurrences, in the chain's order."""
        found = []
        way: Way | None = self
        while way is not None:
            found.append(way.last)
            way = way.before
        return tuple(reversed(found))


def begin(log: Log, chain: ast.Chain, scope: Interval) -> list[Way]:
    """The ways that the chain's first occurrence begins."""
    return [
        Way(first, frozenset((first.place,)), None)
        for first in log.occurrences(chain.first)
        if scope[0] <= first.at <= scope[1]
    ]


def follow(log: Log, link: ast.Link, ways: list[Way], scope: Interval) -> list[Way]:
    """All ways on from *ways* over one link."""
    found: dict[tuple[Occurrence, frozenset[int]], Way] = {}
    candidates = log.occurrences(link.occurrence)
    for way in ways:
        limit = scope[1] if link.within is None else min(scope[1], log.later(way.last.at, link.within))
        for following in candidates[bisect_left(candidates, (way.last.at, -1)) :]:
            if following.at > limit:
                break
            if following.place in way.taken or not carries_the_same(log, link.same, way.last, following):
                continue
            if link.without is not None and between(log, link.without, way.last, following) is not None:
                continue
            taken = way.taken | {following.place} if following.at == way.last.at else frozenset((following.place,))
            found.setdefault((following, taken), Way(following, taken, way))
    return list(found.values())


def carries_the_same(log: Log, path: tuple[str, ...] | None, one: Occurrence, other: Occurrence) -> bool:
    """Whether both are events with equal values of the property that *path* leads to, if there is such a demand."""
    if path is None:
        return True
    key = log.key(one, path)
    return key is not None and key == log.key(other, path)


def between(log: Log, without: ast.Occurrence, one: Occurrence, other: Occurrence) -> Occurrence | None:
    """An occurrence, none of the two, that lies between them, ends in."""
    found = log.occurrences(without)
    for each in found[bisect_left(found, (one.at, -1)) : bisect_right(found, (other.at, END))]:
        if each.place not in (one.place, other.place):
            return each
    return None


def ways(log: Log, chain: ast.Chain, scope: Interval) -> list[Way]:
    """Every way in which the whole chain, but for a ``not followed``, came about in the scope."""
    found = begin(log, chain, scope)
    for link in chain.links:
        found = follow(log, link, found, scope)
    return found


def undoing(log: Log, absence: ast.Absence, way: Way) -> Occurrence | None:
    """What came in time though it should not have."""
    deadline = log.later(way.last.at, absence.within)
    found = log.occurrences(absence.occurrence)
    for other in found[bisect_left(found, (way.last.at, -1)) :]:
        if other.at > deadline:
            return None
        if other.place not in way.taken and carries_the_same(log, absence.same, way.last, other):
            return other
    return None


def deadlines(log: Log, chain: ast.Chain, absence: ast.Absence, scope: Interval) -> list[tuple[int, Way]]:
    """The deadlines in the scope that pass, or will if nothing more happens, each with the way that it ends."""
    found = []
    for way in ways(log, chain, scope):
        deadline = log.later(way.last.at, absence.within)
        if scope[0] <= deadline <= scope[1] and undoing(log, absence, way) is None:
            found.append((deadline, way))
    return sorted(found, key=lambda each: each[0])
