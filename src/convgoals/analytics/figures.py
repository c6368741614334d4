"""The figures that results are made of: amounts, durations, and the sums and medians behind them, all exact."""

from __future__ import annotations

import decimal
import functools
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import attrs

from convgoals.analytics.stats import Proportion
from convgoals.instants import DAY, MICROSECOND, SECOND
from convgoals.storage import exact
from convgoals.storage.exact import EXACT, as_number, shortest
from convgoals.storage.summary import Waits, waits_of

__all__ = [
    "EXACT",
    "PERCENTS",
    "Amount",
    "Bin",
    "Durations",
    "Figures",
    "Sum",
    "as_decimal",
    "as_number",
    "bin_edges",
    "durations",
    "durations_of",
    "from_waits",
    "total",
]

_ROUNDED = decimal.Context(prec=28)
_ZERO = Decimal(0)


@attrs.frozen
class Amount:
    """What completions are worth together.

    Attributes:
        sum: of their values, exact; 0 where none has a value.
        count: how many completions have a value that is a number.
    """

    sum: Decimal = attrs.field(default=_ZERO, converter=shortest)
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


PERCENTS = (10, 25, 50, 75, 90, 95)

MAX_BINS = 14

_DAY = 86_400
# fmt: off
_WIDTHS = (
    1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    *(days * _DAY for days in (1, 2, 7, 14, 30, 60, 90, 180, 365)),
)
# fmt: on
"""Round widths of a histogram's bins, in seconds; longer ones are whole years."""


def durations(spans: Iterable[timedelta]) -> Durations:
    """The summary of *spans*."""
    return durations_of([span // MICROSECOND for span in spans])


def durations_of(spans: Sequence[int]) -> Durations:
    """The summary of *spans* in microseconds."""
    return from_waits(waits_of(spans, PERCENTS, bin_edges))


def from_waits(waits: Waits) -> Durations:
    """The summary of times of which `PERCENTS` and `bin_edges` were asked for."""
    if not waits.count:
        return Durations()
    edges = bin_edges(waits.longest)
    width = edges[0]
    return Durations(
        waits.count,
        median=_percentile(waits, 50),
        p25=_percentile(waits, 25),
        p75=_percentile(waits, 75),
        p90=_percentile(waits, 90),
        p10=_percentile(waits, 10),
        p95=_percentile(waits, 95),
        mean=timedelta(microseconds=round(Fraction(waits.total, waits.count))),
        histogram=tuple(
            Bin(timedelta(microseconds=edge - width), timedelta(microseconds=edge), end - start)
            for edge, start, end in zip(edges, [0, *waits.within], waits.within, strict=False)
        ),
    )


def bin_edges(longest: int) -> list[int]:
    """Where the bins of a histogram end, in microseconds: of one round width, the last at the longest or after it."""
    width = next(
        (width * SECOND for width in _WIDTHS if longest <= width * SECOND * MAX_BINS),
        365 * DAY * -(-longest // (365 * DAY * MAX_BINS)),
    )
    return [width * number for number in range(1, max(1, -(-longest // width)) + 1)]


def _percentile(waits: Waits, percent: int) -> timedelta:
    low, high = (timedelta(microseconds=wait) for wait in waits.percentiles[percent])
    return low + (high - low) * ((waits.count - 1) * percent % 100) / 100
