"""Counts, sums and the like over a log, and the comparisons that they stand in (semantics §4)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from convgoals.language import ast
from convgoals.predicates.values import canonical, number
from convgoals.standing.compiled import aggregates_in, filter_of, value_of
from convgoals.standing.intervals import END, Interval, Intervals, tidy
from convgoals.standing.log import Log, Occurrence, properties_of


class Tally:
    """One aggregate in one scope: what it counts, and its value at any instant."""

    def __init__(self, log: Log, node: ast.Aggregate, scope: Interval) -> None:
        self.node = node
        self.counted: list[Occurrence] = []
        self.values: list[Any] = []
        evaluate = None if node.value is None else value_of(node.value, log.timezone)
        for each in log.occurrences(node.occurrence):
            if not scope[0] <= each.at <= scope[1]:
                continue
            value: Any = 1
            if evaluate is not None:
                fact = log.facts[each.place]
                found = evaluate(properties_of(fact), log.profile_at(each.at).properties, [])
                value = canonical(found, log.timezone) if node.function == "distinct" else number(found)
            if value is not None:
                self.counted.append(each)
                self.values.append(value)
        self._ats = [each.at for each in self.counted]
        self.ends = [END if node.last is None else log.later(at, node.last) for at in self._ats]

    def within(self, instant: int) -> list[int]:
        """Which of the counted occurrences count at *instant*, by their places."""
        return [place for place in range(bisect_right(self._ats, instant)) if self.ends[place] >= instant]

    def at(self, instant: int) -> Any:
        """The value at *instant*; ``None`` where it is missing."""
        chosen = [self.values[place] for place in self.within(instant)]
        match self.node.function:
            case "count":
                return len(chosen)
            case "distinct":
                return len(set(chosen))
            case "sum":
                return sum(chosen)
            case "avg":
                return Fraction(sum(chosen)) / len(chosen) if chosen else None
            case "min":
                return min(chosen, default=None)
            case _:
                return max(chosen, default=None)


class Comparing:
    """A comparison as a state: over the profile, and over aggregates in one scope."""

    def __init__(self, log: Log, node: ast.Comparison, scope: Interval) -> None:
        self.log = log
        self.scope = scope
        self.tallies = tuple(Tally(log, part, scope) for part in aggregates_in(node))
        self._test = filter_of(node, log.timezone)

    def at(self, instant: int) -> bool:
        """Whether it is true at an instant of the scope."""
        given: Any = tuple(tally.at(instant) for tally in self.tallies) if self.tallies else {}
        return bool(self._test(given, self.log.profile_at(instant).properties, []))

    def truth(self) -> Intervals:
        """When it is true."""
        first, last = self.scope
        points = sorted({first, *(point for point in self._points() if first < point <= last)})
        ends = [point - 1 for point in points[1:]] + [last]
        return tidy((point, end) for point, end in zip(points, ends, strict=True) if self.at(point))

    def _points(self) -> Iterator[int]:
        """The instants at which anything it looks at changes."""
        yield from (profile.since for profile in self.log.profiles)
        for tally in self.tallies:
            yield from (each.at for each in tally.counted)
            yield from (end + 1 for end in tally.ends if end < END)
