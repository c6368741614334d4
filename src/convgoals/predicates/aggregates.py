"""``count``, ``sum``, ``avg``, ``min``, ``max`` and ``distinct`` over occurrences (semantics §4).

Sums are kept as exact decimals, so that the order in which values came cannot show. Each aggregate keeps what its
value needs and no more: a number, or, with ``in last D``, the occurrences that still count, the earliest first, each
with the instant after which it no longer does.
"""

from __future__ import annotations

import decimal
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter
from typing import Any

import attrs

from convgoals.instants import Shift
from convgoals.language import ast
from convgoals.predicates.base import FEW, NEVER, Fired, Moment, State, union
from convgoals.predicates.filters import Filter
from convgoals.predicates.values import is_usable, number
from convgoals.records import Fact

_end = itemgetter(0)

_EXACT = decimal.Context(prec=20_000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.Inexact])
"""Holds every sum of numbers within ``values.MAX_EXPONENT`` without rounding."""


def summand(value: object) -> Decimal | Fraction | None:
    """*value* as a number that adds and compares exactly, or ``None`` if it is no number."""
    if type(value) is Decimal:
        return value if is_usable(value) else None
    exact = number(value)
    if exact is None:
        return None
    if isinstance(exact, int):
        return Decimal(exact)
    return exact if isinstance(value, Fraction) else Decimal(repr(value)) if isinstance(value, float) else value  # type: ignore[return-value]


@attrs.frozen
class Counter:
    """``count(O [in last D])``.

    Cells: how many count, and, with ``in last``, the list of until when each does, the earliest first; those that have
    passed are dropped when they are many.
    """

    at: int
    leaf: int
    expiry: Shift | None

    def step(self, state: State, t: int, moment: Moment) -> Sequence[Fact]:
        """Let expire what expires, count what happens, and return the occurrences that count."""
        found = moment.matches.get(self.leaf, ())
        self.add(state, t, len(found))
        return found

    def add(self, state: State, t: int, number: int) -> int:
        """Count *number* occurrences at *t*; returns how many count then."""
        at = self.at
        if self.expiry is None:
            count = state[at] = state[at] + number
            return int(count)
        ends = state[at + 1]
        if ends is None:
            if not number:
                return 0
            ends = state[at + 1] = []
        if number:
            end = self.expiry(t)
            place = len(ends) if not ends or ends[-1] <= end else bisect_right(ends, end)
            ends[place:place] = [end] * number
        passed = bisect_left(ends, t) if ends and ends[0] < t else 0
        if passed > FEW and passed > len(ends) // 2:
            del ends[:passed]
            passed = 0
        count = state[at] = len(ends) - passed
        return int(count)

    def result(self, state: State) -> Any:
        """How many count now."""
        return state[self.at]

    def wake(self, state: State) -> int:
        """The next instant at which time alone changes the value."""
        ends, count = state[self.at + 1], state[self.at]
        return ends[-count] + 1 if ends and count else NEVER


@attrs.frozen
class Aggregator:
    """``sum``, ``avg``, ``min``, ``max`` or ``distinct``: which occurrences count, with what value, and for how long.

    Cells: what is kept of the values (by function), how many count, and the deque of ``(expiry, value)`` if bounded by
    ``in last``; containers are made when first needed.
    """

    at: int
    function: str
    leaf: int
    value: Callable[[Fact, Moment], Any]
    """The value of an occurrence, or ``None`` if it has none that counts."""
    expiry: Shift | None

    def step(self, state: State, t: int, moment: Moment) -> Sequence[Fact]:
        """Let expire what expires, count what happens, and return the occurrences that count."""
        at = self.at
        entries = state[at + 2]
        if entries is not None:
            while entries and entries[0][0] < t:
                self._remove(state, entries.popleft()[1])
        found = moment.matches.get(self.leaf)
        if not found:
            return ()
        if self.expiry is not None and entries is None:
            state[at + 2] = deque()
        counted = []
        for fact in found:
            value = self.value(fact, moment)
            if value is not None:
                counted.append(fact)
                self._add(state, value, t)
        return counted

    def _add(self, state: State, value: Any, t: int) -> None:
        at, function = self.at, self.function
        state[at + 1] += 1
        if function in ("sum", "avg"):
            state[at] = _plus(state[at] or 0, value)
        elif function == "distinct":
            if state[at] is None:
                state[at] = {}
            state[at][value] = state[at].get(value, 0) + 1
        elif self.expiry is None:
            better = min if function == "min" else max
            state[at] = value if state[at] is None else better(state[at], value)
        if self.expiry is not None:
            self._keep(state[at + 2], self.expiry(t), value)

    def _keep(self, entries: deque[tuple[int, Any]], end: int, value: Any) -> None:
        """Have *value* among the *entries* until it expires at *end*."""
        place = len(entries)
        if entries and entries[-1][0] > end:
            place = bisect_right(entries, end, key=_end)
        if self.function in ("min", "max"):
            # Only an entry with no better one that stays as long can ever be the least (or the greatest).
            if place < len(entries) and not _beats(self.function, value, entries[place][1]):
                return
            while place and not _beats(self.function, entries[place - 1][1], value):
                place -= 1
                del entries[place]
        entries.insert(place, (end, value))

    def _remove(self, state: State, value: Any) -> None:
        at = self.at
        state[at + 1] -= 1
        if self.function in ("sum", "avg"):
            state[at] = _plus(state[at], -value)
        elif self.function == "distinct":
            left = state[at][value] - 1
            if left:
                state[at][value] = left
            else:
                del state[at][value]

    def result(self, state: State) -> Any:
        """The aggregate's value now; ``None`` (missing) for those that have none without values."""
        kept, count, entries = state[self.at : self.at + 3]
        if self.function == "distinct":
            return len(kept or ())
        if self.function == "sum":
            return kept or 0
        if self.function == "avg":
            return Fraction(kept) / count if count else None
        if self.expiry is None:
            return kept
        return entries[0][1] if entries else None

    def wake(self, state: State) -> int:
        """The next instant at which time alone changes the value."""
        entries = state[self.at + 2]
        return entries[0][0] + 1 if entries else NEVER


def _beats(function: str, kept: Any, value: Any) -> bool:
    return bool(kept < value) if function == "min" else bool(kept > value)


def _plus(total: Any, value: Any) -> Any:
    """Exact: decimals stay decimals, and once a fraction has come in (from a division) it is fractions."""
    if isinstance(value, Fraction) or isinstance(total, Fraction):
        return Fraction(total) + Fraction(value)
    return _EXACT.add(Decimal(total), value)


@attrs.frozen
class AggregateNode:
    """A comparison over aggregates, and perhaps the profile."""

    at: int
    test: Filter
    aggregators: tuple[Aggregator | Counter, ...]
    exact: bool
    where: ast.Comparison

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        counted: Sequence[Fact] = ()
        wake = NEVER
        results = []
        for aggregator in self.aggregators:
            found = aggregator.step(state, t, moment)
            if found:
                counted = union(found, counted or None) or ()
            results.append(aggregator.result(state))
            if self.exact:
                wake = min(wake, aggregator.wake(state))
        was = state[self.at]
        holds = state[self.at] = bool(self.test(results, moment.profile, moment.notes))
        state[self.at + 1] = wake
        if not holds:
            return None
        return counted or (None if was else ())
