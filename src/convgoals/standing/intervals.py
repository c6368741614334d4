"""Sets of instants, as intervals with both ends in: ascending, apart from one another, none empty."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeAlias

from convgoals.instants import BEGINNING

END = -BEGINNING
"""After every instant: the upper end of the scope "all of time"."""

Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = tuple[Interval, ...]

ALL_OF_TIME: Interval = (BEGINNING, END)
NEVER_SO: Intervals = ()


def tidy(intervals: Iterable[Interval]) -> Intervals:
    """Any intervals as a set: empty ones dropped, those that touch made one."""
    found: list[Interval] = []
    for first, last in sorted(intervals):
        if first > last:
            continue
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


def cut(intervals: Intervals, scope: Interval) -> Intervals:
    """The part that lies in *scope*."""
    pairs = ((max(first, scope[0]), min(last, scope[1])) for first, last in intervals)
    return tuple((first, last) for first, last in pairs if first <= last)


def both(one: Intervals, other: Intervals) -> Intervals:
    """What lies in both."""
    found: list[Interval] = []
    here = there = 0
    while here < len(one) and there < len(other):
        first, last = max(one[here][0], other[there][0]), min(one[here][1], other[there][1])
        if first <= last:
            found.append((first, last))
        if one[here][1] < other[there][1]:
            here += 1
        else:
            there += 1
    return tuple(found)


def without(intervals: Intervals, scope: Interval) -> Intervals:
    """The rest of *scope*."""
    found: list[Interval] = []
    at = scope[0]
    for first, last in intervals:
        if at < first:
            found.append((at, first - 1))
        at = last + 1
    if at <= scope[1]:
        found.append((at, scope[1]))
    return tuple(found)


def around(intervals: Intervals, instant: int) -> Interval | None:
    """The interval that *instant* lies in."""
    place = bisect_right(intervals, (instant, END)) - 1
    return intervals[place] if place >= 0 and intervals[place][1] >= instant else None
