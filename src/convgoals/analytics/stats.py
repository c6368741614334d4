"""Uncertainty: intervals for rates, tests for differences, correction for many tests.

Plain `math`, no dependency: the formulas are short, and the tests hold them against statsmodels. Nothing here knows
what a goal is; counts go in, frozen values come out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from fractions import Fraction

import attrs

from convgoals.errors import QuestionError

CONFIDENCE = 0.95
"""The confidence of every interval unless another is asked for."""

SIGNIFICANCE = 0.05
"""A p-value (corrected, where there are many) from here on up is called no evidence."""

FEW = 5
"""With fewer expected conversions, or non-conversions, than this in a group, the normal approximation is poor."""

_EXACT_UP_TO = 1_000
"""Discordant pairs up to which McNemar's test is exact; beyond, the normal approximation agrees to many digits."""


@attrs.frozen
class Interval:
    """A confidence interval, both ends in; ``confidence`` is the share of such intervals that hold the true value."""

    low: float
    high: float
    confidence: float = CONFIDENCE


@attrs.frozen
class Proportion:
    """So many of so many, with its rate and its uncertainty.

    Attributes:
        count: how many did; never more than ``total``.
        total: how many could have: the denominator.
        confidence: of the interval.
    """

    count: int
    total: int
    confidence: float = CONFIDENCE

    @property
    def exact(self) -> Fraction | None:
        """The rate as an exact number; ``None`` of nobody."""
        return Fraction(self.count, self.total) if self.total else None

    @property
    def rate(self) -> float | None:
        """``count / total``, the nearest float, between 0 and 1; ``None`` of nobody."""
        return self.count / self.total if self.total else None

    @property
    def interval(self) -> Interval | None:
        """The Wilson score interval of the rate; ``None`` of nobody."""
        return wilson(self.count, self.total, self.confidence) if self.total else None


@attrs.frozen
class Difference:
    """How far one rate lies above another, and whether that may be chance.

    Attributes:
        first, second: the two proportions; the difference is ``second - first``.
        interval: of the difference, on the scale of rates; ``None`` where one of them is of nobody.
        p_value: two-sided, of "the true rates are equal"; ``None`` where one of them is of nobody.
        corrected_p_value: the same after Holm's correction, where it is one of several; else equal to ``p_value``.
        paired: whether both are about the same profiles (then it is McNemar's test, and Newcombe's paired interval).
        approximate: whether there are too few conversions for the normal approximation to be good.
    """

    first: Proportion
    second: Proportion
    interval: Interval | None
    p_value: float | None
    corrected_p_value: float | None
    paired: bool = False
    approximate: bool = False

    @property
    def difference(self) -> float | None:
        """The second rate less the first; ``None`` where one of them is of nobody."""
        if self.first.rate is None or self.second.rate is None:
            return None
        return self.second.rate - self.first.rate

    @property
    def evidence(self) -> bool:
        """Whether the (corrected) p-value lies below 0.05."""
        return self.corrected_p_value is not None and self.corrected_p_value < SIGNIFICANCE


def check_confidence(confidence: float) -> float:
    """*confidence* itself. Raises `QuestionError` (code ``confidence``) if it is not strictly between 0 and 1."""
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 < confidence < 1:
        raise QuestionError(
            f"confidence={confidence!r:.40} does not lie between 0 and 1", code="confidence", hint="confidence=0.95"
        )
    return float(confidence)


@functools.lru_cache(maxsize=64)
def critical_value(confidence: float) -> float:
    """The z with *confidence* of the standard normal distribution between -z and z (1.96 for 0.95)."""
    tail = (1 - confidence) / 2
    z = 0.0
    # Newton's method from the left: the distribution is concave above 0, so every step falls short, and none
    # overshoots; the number of steps only guards against rounding at the very end.
    for _ in range(200):
        step = (_upper_tail(z) - tail) * math.sqrt(2 * math.pi) * math.exp(z * z / 2)
        z += step
        if step <= 1e-15 * z:
            break
    return z


def _upper_tail(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2


def wilson(count: int, total: int, confidence: float = CONFIDENCE) -> Interval:
    """The Wilson score interval of *count* of *total* (which must not be 0)."""
    z = critical_value(confidence)
    rate = count / total
    shrink = 1 + z * z / total
    centre = (rate + z * z / (2 * total)) / shrink
    half = z * math.sqrt(rate * (1 - rate) / total + z * z / (4 * total * total)) / shrink
    # At the ends the formula gives exactly 0 and 1; rounding must not make it 1e-17 or hide the rate.
    low = 0.0 if count == 0 else min(max(0.0, centre - half), rate)
    high = 1.0 if count == total else max(min(1.0, centre + half), rate)
    return Interval(low, high, confidence)


def difference(first: Proportion, second: Proportion) -> Difference:
    """Two proportions of different profiles: Newcombe's hybrid score interval, and the pooled z-test."""
    confidence = first.confidence
    if first.interval is None or second.interval is None or first.rate is None or second.rate is None:
        return Difference(first, second, None, None, None)
    d = second.rate - first.rate
    low = d - math.hypot(second.rate - second.interval.low, first.interval.high - first.rate)
    high = d + math.hypot(second.interval.high - second.rate, first.rate - first.interval.low)
    p = _pooled_z(first, second)
    pooled = (first.count + second.count) / (first.total + second.total)
    smallest = min(first.total, second.total) * min(pooled, 1 - pooled)
    return Difference(
        first, second, Interval(max(-1.0, low), min(1.0, high), confidence), p, p, approximate=smallest < FEW
    )


def _pooled_z(first: Proportion, second: Proportion) -> float:
    pooled = (first.count + second.count) / (first.total + second.total)
    variance = pooled * (1 - pooled) * (1 / first.total + 1 / second.total)
    if variance == 0:  # nobody converted, or everybody did: the rates are equal, and nothing speaks against it
        return 1.0
    return min(1.0, math.erfc(abs(second.count / second.total - first.count / first.total) / math.sqrt(2 * variance)))


def paired_difference(
    both: int, only_first: int, only_second: int, neither: int, confidence: float = CONFIDENCE
) -> Difference:
    """Two proportions of the *same* profiles, of which *both* did both, *only_first* the first alone, and so on.

    Newcombe's interval for paired proportions (his method 10), and McNemar's test (exact up to 1,000 discordant pairs).
    """
    total = both + only_first + only_second + neither
    first = Proportion(both + only_first, total, confidence)
    second = Proportion(both + only_second, total, confidence)
    if first.interval is None or second.interval is None or first.rate is None or second.rate is None:
        return Difference(first, second, None, None, None, paired=True)
    phi = _correlation(both, only_first, only_second, neither)
    d = second.rate - first.rate
    low = d - _joined(second.rate - second.interval.low, first.interval.high - first.rate, phi)
    high = d + _joined(second.interval.high - second.rate, first.rate - first.interval.low, phi)
    p = mcnemar(only_first, only_second)
    interval = Interval(max(-1.0, low), min(1.0, high), confidence)
    return Difference(first, second, interval, p, p, paired=True)


def _joined(a: float, b: float, phi: float) -> float:
    return math.sqrt(max(0.0, a * a - 2 * phi * a * b + b * b))


def _correlation(both: int, only_first: int, only_second: int, neither: int) -> float:
    """Phi of the fourfold table, a positive one with Newcombe's continuity correction."""
    margins = (both + only_first) * (only_second + neither) * (both + only_second) * (only_first + neither)
    if margins == 0:
        return 0.0
    excess: float = both * neither - only_first * only_second
    if excess > 0:
        excess = max(0.0, excess - (both + only_first + only_second + neither) / 2)
    return excess / math.sqrt(margins)


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p-value of "as many go the one way as the other" for the pairs that differ."""
    pairs = only_first + only_second
    if pairs == 0:
        return 1.0
    if pairs > _EXACT_UP_TO:
        return math.erfc(abs(only_first - only_second) / math.sqrt(2 * pairs))
    tail = sum(math.comb(pairs, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, float(Fraction(2 * tail, 2**pairs)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values after Holm's step-down correction, in their places."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = highest
    return corrected


def correct(differences: Sequence[Difference | None]) -> list[Difference | None]:
    """The same differences with Holm's correction over all that have a p-value."""
    tested = [index for index, d in enumerate(differences) if d is not None and d.p_value is not None]
    values = holm([d.p_value for d in differences if d is not None and d.p_value is not None])
    corrected = list(differences)
    for index, value in zip(tested, values, strict=True):
        one = differences[index]
        corrected[index] = None if one is None else attrs.evolve(one, corrected_p_value=value)
    return corrected
