"""The figures that results are made of: amounts, durations, and the sums and medians behind them, all exact."""

from __future__ import annotations

import decimal
import functools
import math
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import attrs

from convgoals.analytics.stats import Proportion

# Sums must not round, whatever the precision of the caller's thread; the C implementation only uses what it needs.
EXACT = decimal.Context(
    prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.InvalidOperation]
)
_ROUNDED = decimal.Context(prec=28)
_MAX_EXPONENT = 1_000
_ZERO = Decimal(0)
_CENT = Decimal("0.01")
_EXACT_CENTS = 10**15


@attrs.frozen
class Amount:
    """What completions are worth together.

    Attributes:
        sum: of their values, exact; 0 where none has a value.
        count: how many completions have a value that is a number.
    """

    sum: Decimal = _ZERO
    count: int = 0

    @property
    def mean(self) -> Decimal | None:
        """``sum / count`` to 28 digits; ``None`` where no completion has a value."""
        return _ROUNDED.divide(self.sum, Decimal(self.count)) if self.count else None


@attrs.frozen
class Durations:
    """How long something took, over those of whom it is known.

    Attributes:
        count: of how many it is known.
        median: half took no longer; between two middle ones, their mean (to a microsecond); ``None`` of nobody.
        p25, p75, p90: percentiles, interpolated linearly between neighbours.
    """

    count: int = 0
    median: timedelta | None = None
    p25: timedelta | None = None
    p75: timedelta | None = None
    p90: timedelta | None = None


@attrs.frozen
class Figures:
    """What is said of a goal, whatever the part of its completions.

    Attributes:
        completions: how many completions there are.
        conversion: the converting profiles, each counted once, of the audience.
        value: what the completions are worth.
        time_to_convert: from the anchor of the goal's outermost window to each converting profile's first completion,
            where that is known.
    """

    completions: int
    conversion: Proportion
    value: Amount = Amount()
    time_to_convert: Durations = Durations()


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

    def amount(self) -> Amount:
        """The sum so far."""
        return Amount(self.total, self.count)

    def _add(self, value: Decimal, count: int) -> None:
        self.total = EXACT.add(self.total, value)
        self.count += count

    def _floats(self, values: list[float]) -> None:
        """Floats by their shortest decimal form; amounts of money, as most are, several times faster than others.

        Where dividing a whole number of cents by 100 gives the float, that number of cents *is* its shortest form:
        up to 15 digits, no two decimals share a float.
        """
        try:
            cents = [round(value * 100.0) for value in values]
        except (ValueError, OverflowError):  # a NaN or an infinity is among them
            for value in values:
                self._any(value)
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


def as_decimal(number: Fraction) -> Decimal:
    """The decimal nearest to *number*, to 28 digits: a float could not hold every sum."""
    return _ROUNDED.divide(Decimal(number.numerator), Decimal(number.denominator))


def total(amounts: Iterable[Amount]) -> Amount:
    """Several amounts as one, exact."""
    listed = list(amounts)
    return Amount(
        functools.reduce(EXACT.add, (amount.sum for amount in listed), _ZERO), sum(amount.count for amount in listed)
    )


def durations(spans: Iterable[timedelta]) -> Durations:
    """The summary of *spans*."""
    # As floats they sort several times faster, and a float holds the microseconds of 285 years exactly.
    seconds = sorted(map(timedelta.total_seconds, spans))
    if not seconds:
        return Durations()
    return Durations(
        len(seconds),
        median=_percentile(seconds, 50),
        p25=_percentile(seconds, 25),
        p75=_percentile(seconds, 75),
        p90=_percentile(seconds, 90),
    )


def _percentile(ordered: list[float], percent: int) -> timedelta:
    place, rest = divmod((len(ordered) - 1) * percent, 100)
    low = timedelta(seconds=ordered[place])
    if rest == 0:
        return low
    return low + (timedelta(seconds=ordered[place + 1]) - low) * rest / 100
