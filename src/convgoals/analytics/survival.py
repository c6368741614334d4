"""How many have converted after how long, where it is not yet known of all: the Kaplan–Meier estimate.

Whoever is still open counts for as long as it has been, and then no more: it is *censored*. Whoever missed counts until
its window closed. What is estimated is the share that has converted by each time since entry.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import attrs

from convgoals.analytics.stats import CONFIDENCE, Interval, critical_value
from convgoals.instants import MICROSECOND

MAX_POINTS = 1_000
"""How many points a curve shows at the most; where more times are known, some are left out, none is moved."""

_ROUNDING = 1e-12
"""A product of many factors that is a half may come out a little above it."""


@attrs.frozen
class CurvePoint:
    """The estimate at a time at which somebody converted.

    Attributes:
        time: since entry.
        at_risk: how many had neither converted nor been censored just before.
        converted: how many converted at exactly this time.
        share: the estimated share that has converted by then.
        interval: of the share, by the log-log transformation (Greenwood's variance); ``None`` where the share is 1,
            for which there is none.
    """

    time: timedelta
    at_risk: int
    converted: int
    share: float
    interval: Interval | None


@attrs.frozen
class Curve:
    """The Kaplan–Meier curve of a goal: the share of those who entered that has converted by each time since.

    Attributes:
        profiles: how many entered.
        converted: how many of them converted.
        censored: how many did not, or not yet.
        median: by when half have converted; ``None`` where the curve does not reach a half.
        points: in order of time, only times at which somebody converted; between them the curve is level.
    """

    profiles: int = 0
    converted: int = 0
    censored: int = 0
    median: timedelta | None = None
    points: tuple[CurvePoint, ...] = ()

    def share_at(self, time: timedelta) -> float:
        """The estimated share that has converted by *time* since entry (to the latest of `points` before it)."""
        return max((point.share for point in self.points if point.time <= time), default=0.0)


def curve(spans: Iterable[tuple[timedelta, bool]], confidence: float = CONFIDENCE) -> Curve:
    """The curve of profiles of which is known how long they took, or have been open, and whether they converted."""
    converted: Counter[int] = Counter()
    ended: Counter[int] = Counter()
    for span, did in spans:
        time = span // MICROSECOND
        ended[time] += 1
        if did:
            converted[time] += 1
    everyone = at_risk = sum(ended.values())
    left, spread = 1.0, 0.0
    median = None
    points = []
    z = critical_value(confidence)
    for time in sorted(ended):
        events = converted[time]
        if events:
            left *= 1 - events / at_risk
            spread += events / (at_risk * (at_risk - events)) if at_risk > events else math.inf
            share = 1 - left if at_risk > events else 1.0
            span = timedelta(microseconds=time)
            points.append(CurvePoint(span, at_risk, events, share, _interval(left, spread, z, confidence)))
            if median is None and share >= 0.5 - _ROUNDING:
                median = span
        at_risk -= ended[time]
    did_convert = sum(converted.values())
    return Curve(everyone, did_convert, everyone - did_convert, median, _thinned(points))


def _interval(left: float, spread: float, z: float, confidence: float) -> Interval | None:
    if not 0 < left < 1 or math.isinf(spread):
        return None
    # log(-log S) is nearly normal, and what comes of it cannot leave 0 to 1.
    half = z * math.sqrt(spread) / abs(math.log(left))
    low, high = left ** math.exp(half), left ** math.exp(-half)
    return Interval(1 - high, 1 - low, confidence)


def _thinned(points: list[CurvePoint]) -> tuple[CurvePoint, ...]:
    if len(points) <= MAX_POINTS:
        return tuple(points)
    places = {round(place * (len(points) - 1) / (MAX_POINTS - 1)) for place in range(MAX_POINTS)}
    return tuple(points[place] for place in sorted(places))
