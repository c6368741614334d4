"""Sums of values that never round: of completions' values as they are, and of what is kept of them."""

from __future__ import annotations

import decimal
import functools
import math
from collections.abc import Iterable
from decimal import Decimal
from itertools import repeat
from operator import mul, truediv

import attrs

# Sums must not round, whatever the precision of the caller's thread; the C implementation only uses what it needs.
EXACT = decimal.Context(
    prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.InvalidOperation]
)
_MAX_EXPONENT = 1_000
_ZERO = Decimal(0)
_ONE = Decimal(1)
_CENT = Decimal("0.01")
_EXACT_CENTS = 10**15


@attrs.define
class Sum:
    """An exact running sum of values; what is no number (a boolean, NaN) is left out (semantics §3)."""

    total: Decimal = _ZERO
    count: int = 0

    def extend(self, values: Iterable[object]) -> None:
        """Adds *values*; ``None`` is no value."""
        known = [value for value in values if value is not None]
        if known:
            kinds = set(map(type, known))
            if kinds == {int}:  # the common cases at the speed of C
                self._add(Decimal(sum(known)), len(known))  # type: ignore[arg-type]
            elif kinds == {float}:
                self._floats(known)  # type: ignore[arg-type]
            elif kinds == {Decimal}:
                self._decimals(known)  # type: ignore[arg-type]
            else:
                for value in known:
                    self._any(value)

    def merge(self, other: Sum) -> None:
        """Adds what *other* has summed."""
        self._add(other.total, other.count)

    def _add(self, value: Decimal, count: int) -> None:
        self.total = EXACT.add(self.total, value)
        self.count += count

    def _floats(self, values: list[float]) -> None:
        """Floats by their shortest decimal form; amounts of money, as most are, several times faster than others.

        Where dividing a whole number of cents by 100 gives the float, that number of cents *is* its shortest form:
        up to 15 digits, no two decimals share a float.
        """
        try:
            cents = list(map(round, map(mul, values, repeat(100.0))))
        except (ValueError, OverflowError):  # a NaN or an infinity is among them
            for value in values:
                self._any(value)
            return
        # At the speed of C, where all are such amounts.
        if (
            -_EXACT_CENTS < min(cents) <= max(cents) < _EXACT_CENTS
            and list(map(truediv, cents, repeat(100.0))) == values
        ):
            self._add(EXACT.multiply(Decimal(sum(cents)), _CENT), len(values))
            return
        others = [
            (value, cent)
            for value, cent in zip(values, cents, strict=True)
            if cent / 100.0 != value or not -_EXACT_CENTS < cent < _EXACT_CENTS
        ]
        whole = sum(cents) - sum(cent for _, cent in others)
        self._add(EXACT.multiply(Decimal(whole), _CENT), len(values) - len(others))
        for value, _ in others:
            self._any(value)

    def _decimals(self, values: list[Decimal]) -> None:
        numbers = [value for value in values if -_MAX_EXPONENT <= value.adjusted() <= _MAX_EXPONENT]
        if not all(map(Decimal.is_finite, numbers)):
            numbers = [value for value in numbers if value.is_finite()]
        self._add(functools.reduce(EXACT.add, numbers, _ZERO), len(numbers))

    def _any(self, value: object) -> None:
        number = as_number(value)
        if number is not None:
            self._add(number, 1)


def as_number(value: object) -> Decimal | None:
    """The decimal that *value* stands for, a float its shortest form; ``None`` where it is no number (semantics §3)."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    if isinstance(value, float):
        return Decimal(repr(float(value))) if math.isfinite(value) else None
    number = Decimal(value)
    return number if number.is_finite() and abs(number.adjusted()) <= _MAX_EXPONENT else None


def shortest(number: Decimal) -> Decimal:
    """*number* without zeros at its end behind the point: equal sums are written alike, however they came about."""
    if number == number.to_integral_value():
        return EXACT.quantize(number, _ONE)
    return EXACT.normalize(number)
