"""The figures that results are made of: amounts, durations, and the sums and medians behind them, all exact."""

from __future__ import annotations

import decimal
import functools
import math
from bisect import bisect_right
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import attrs

from convgoals.analytics.stats import Proportion
from convgoals.storage import exact
from convgoals.storage.exact import EXACT, as_number

__all__ = ["EXACT", "Amount", "Durations", "Figures", "Sum", "as_decimal", "as_number", "durations", "total"]

_ROUNDED = decimal.Context(prec=28)
_ZERO = Decimal(0)


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
class Bin:
    """One bar of a histogram: how many took longer than ``low`` and no longer than ``high``; the first, 0 as well."""

    low: timedelta
    high: timedelta
    count: int


@attrs.frozen
class Durations:
    """How long something took, over those of whom it is known.

    Attributes:
        count: of how many it is known.
        median: half took no longer; between two middle ones, their mean (to a microsecond); ``None`` of nobody.
        p25, p75, p90: percentiles, interpolated linearly between neighbours.
        p10, p95: the same.
        mean: to a microsecond.
        histogram: from 0 to the longest, in bins of one round width, empty ones too; they add up to ``count``.
    """

    count: int = 0
    median: timedelta | None = None
    p25: timedelta | None = None
    p75: timedelta | None = None
    p90: timedelta | None = None
    p10: timedelta | None = None
    p95: timedelta | None = None
    mean: timedelta | None = None
    histogram: tuple[Bin, ...] = ()


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


class Sum(exact.Sum):
    """An exact running sum of values; what is no number (a boolean, NaN) is left out (semantics §3)."""

    def amount(self) -> Amount:
        """The sum so far."""
        return Amount(self.total, self.count)


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
    known = list(spans)
    if not known:
        return Durations()
    # As floats they sort several times faster, and a float holds the microseconds of 285 years exactly.
    seconds = sorted(map(timedelta.total_seconds, known))
    return Durations(
        len(seconds),
        median=_percentile(seconds, 50),
        p25=_percentile(seconds, 25),
        p75=_percentile(seconds, 75),
        p90=_percentile(seconds, 90),
        p10=_percentile(seconds, 10),
        p95=_percentile(seconds, 95),
        mean=sum(known, timedelta(0)) / len(known),
        histogram=_histogram(seconds),
    )


MAX_BINS = 14

_DAY = 86_400
# fmt: off
_WIDTHS = (
    1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    *(days * _DAY for days in (1, 2, 7, 14, 30, 60, 90, 180, 365)),
)
# fmt: on
"""Round widths of a histogram's bins, in seconds; longer ones are whole years."""


def _histogram(ordered: list[float]) -> tuple[Bin, ...]:
    longest = ordered[-1]
    width = next(
        (width for width in _WIDTHS if longest <= width * MAX_BINS),
        365 * _DAY * math.ceil(longest / (365 * _DAY * MAX_BINS)),
    )
    edges = [width * number for number in range(1, max(1, math.ceil(longest / width)) + 1)]
    ends = [bisect_right(ordered, edge) for edge in edges]
    return tuple(
        Bin(timedelta(seconds=edge - width), timedelta(seconds=edge), end - start)
        for edge, start, end in zip(edges, [0, *ends], ends, strict=False)
    )


def _percentile(ordered: list[float], percent: int) -> timedelta:
    place, rest = divmod((len(ordered) - 1) * percent, 100)
    low = timedelta(seconds=ordered[place])
    if rest == 0:
        return low
    return low + (timedelta(seconds=ordered[place + 1]) - low) * rest / 100
