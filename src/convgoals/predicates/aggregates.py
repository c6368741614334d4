"""``count``, ``sum``, ``avg``, ``min``, ``max`` and ``distinct`` over occurrences (semantics §4).

Sums are kept as exact decimals, so that the order in which values came cannot show. Each aggregate keeps what its
value needs and no more: a number, or, with ``in last D``, the occurrences that still count, the earliest first, each
with the instant after which it no longer does.
"""

from __future__ import annotations

import decimal
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from convgoals.predicates.base import NEVER, Fired, Moment, State, union
from convgoals.predicates.filters import Filter
from convgoals.predicates.values import is_usable, number
from convgoals.records import Fact

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
class Aggregator:
    """One aggregate: which occurrences count, with what value, and for how long.

    State: what is kept (by function), and the deque of ``(expiry, value)`` if bounded by ``in last``.
    """

    function: str
    leaf: int
    value: Callable[[Fact, Moment], Any] | None
    """The value of an occurrence, or ``None`` if it has none that counts; no function for ``count``."""
    expiry: Callable[[int], int] | None

    def start(self) -> State:
        empty: Any = {"distinct": dict, "count": int, "sum": int, "avg": int}.get(self.function, lambda: None)()
        return [empty, 0, None if self.expiry is None else deque()]

    def step(self, state: State, t: int, moment: Moment) -> Sequence[Fact]:
        """Let expire what expires, count what happens, and return the occurrences that count."""
        entries = state[2]
        if entries is not None:
            while entries and entries[0][0] < t:
                self._remove(state, entries.popleft()[1])
        found = moment.matches.get(self.leaf)
        if not found:
            return ()
        value_of = self.value
        if value_of is None:
            state[1] += len(found)
            if entries is not None and self.expiry is not None:
                end = self.expiry(t)
                entries.extend((end, None) for _ in found)
            return found
        counted = []
        for fact in found:
            value = value_of(fact, moment)
            if value is not None:
                counted.append(fact)
                self._add(state, value, t)
        return counted

    def _add(self, state: State, value: Any, t: int) -> None:
        state[1] += 1
        if self.function in ("sum", "avg"):
            state[0] = _plus(state[0], value)
        elif self.function == "distinct":
            state[0][value] = state[0].get(value, 0) + 1
        elif self.expiry is None:
            better = min if self.function == "min" else max
            state[0] = value if state[0] is None else better(state[0], value)
        else:
            # Only an entry with no better one after it can ever be the least (or the greatest).
            entries = state[2]
            while entries and not _beats(self.function, entries[-1][1], value):
                entries.pop()
        if self.expiry is not None:
            state[2].append((self.expiry(t), value))

    def _remove(self, state: State, value: Any) -> None:
        state[1] -= 1
        if self.function in ("sum", "avg"):
            state[0] = _plus(state[0], -value)
        elif self.function == "distinct":
            left = state[0][value] - 1
            if left:
                state[0][value] = left
            else:
                del state[0][value]

    def result(self, state: State) -> Any:
        """The aggregate's value now; ``None`` (missing) for those that have none without values."""
        if self.function == "count":
            return state[1]
        if self.function == "distinct":
            return len(state[0])
        if self.function == "sum":
            return state[0]
        if self.function == "avg":
            return Fraction(state[0]) / state[1] if state[1] else None
        if self.expiry is None:
            return state[0]
        return state[2][0][1] if state[2] else None

    def wake(self, state: State) -> int:
        """The next instant at which time alone changes the value."""
        return state[2][0][0] + 1 if state[2] else NEVER


def _beats(function: str, kept: Any, value: Any) -> bool:
    return bool(kept < value) if function == "min" else bool(kept > value)


def _plus(total: Any, value: Any) -> Any:
    """Exact: decimals stay decimals, and once a fraction has come in (from a division) it is fractions."""
    if isinstance(value, Fraction) or isinstance(total, Fraction):
        return Fraction(total) + Fraction(value)
    return _EXACT.add(Decimal(total), value)


@attrs.frozen
class AggregateNode:
    """A comparison over aggregates, and perhaps the profile. Own state: the aggregates' states."""

    test: Filter
    aggregators: tuple[Aggregator, ...]
    exact: bool

    def start(self) -> State:
        return [False, NEVER, [aggregator.start() for aggregator in self.aggregators]]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        counted: Sequence[Fact] = ()
        wake = NEVER
        results = []
        for aggregator, inner in zip(self.aggregators, state[2], strict=False):
            found = aggregator.step(inner, t, moment)
            if found:
                counted = union(found, counted or None) or ()
            results.append(aggregator.result(inner))
            if self.exact:
                wake = min(wake, aggregator.wake(inner))
        was = state[0]
        holds = state[0] = bool(self.test(results, moment.profile, moment.notes))
        state[1] = wake
        if not holds:
            return None
        return counted or (None if was else ())
