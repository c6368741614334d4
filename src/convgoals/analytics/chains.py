"""How far one profile got through a funnel, and by which of its completions: pure functions over lists of instants.

Each list holds the instants of one stage's completions, in order. What is chosen is decided so that it can be said in
a sentence: **the furthest stage that any choice reaches, and of the choices that reach it the earliest** (the earliest
first completion that gets there, then the earliest second one that still does, and so on).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from convgoals.storage.passages import furthest

Deadline = Callable[[datetime], datetime]
"""From an instant, the last instant that is still within the span of it."""

Times = Sequence[datetime]

_NEVER = datetime.max.replace(tzinfo=UTC)


def in_order(stages: Sequence[Times], within: Deadline | None, between: Deadline | None) -> list[datetime]:
    """The chosen c1 <= c2 <= … <= ck: all within *within* of c1, and each within *between* of the one before.

    Neighbours may be simultaneous. Empty if there is no first completion.
    """
    if between is None:
        return furthest(stages, within)
    if all(len(times) <= 1 for times in stages):
        return _only(stages, within, between)
    return _linked(stages, within, between)


def _only(stages: Sequence[Times], within: Deadline | None, between: Deadline) -> list[datetime]:
    """With one completion a stage at the most, as is the rule, there is nothing to choose."""
    chain: list[datetime] = []
    deadline = _NEVER
    for times in stages:
        if not times or (chain and not chain[-1] <= times[0] <= min(deadline, between(chain[-1]))):
            break
        if not chain and within is not None:
            deadline = within(times[0])
        chain.append(times[0])
    return chain


def _linked(stages: Sequence[Times], within: Deadline | None, between: Deadline) -> list[datetime]:
    """With a limit between neighbours the earliest next one may be a dead end, so ends are computed from behind."""
    for length in range(len(stages), 0, -1):
        ends = _earliest_ends(stages[:length], between)
        for start, end in zip(stages[0], ends[0], strict=True):
            deadline = _NEVER if within is None else within(start)
            if end is not None and end <= deadline:
                return _follow(stages[:length], ends, start, deadline)
    return []


def _earliest_ends(stages: Sequence[Times], between: Deadline) -> list[list[datetime | None]]:
    """For each completion of each stage the earliest last completion that can be reached from it, or ``None``."""
    ends: list[list[datetime | None]] = [list(stages[-1])]
    for stage in range(len(stages) - 2, -1, -1):
        following, known = stages[stage + 1], ends[0]
        lowest = _PrefixMinimum(len(following))
        inserted = len(following)
        here: list[datetime | None] = []
        for moment in reversed(stages[stage]):
            first = bisect_left(following, moment)
            while inserted > first:
                inserted -= 1
                end = known[inserted]
                if end is not None:
                    lowest.insert(inserted, end)
            # Only completions from `first` on are in it, so a prefix of it is the range that is asked for. A search,
            # not a moving end: with calendar months a later instant may have the earlier deadline.
            here.append(lowest.before(bisect_right(following, between(moment))))
        here.reverse()
        ends.insert(0, here)
    return ends


def _follow(
    stages: Sequence[Times], ends: Sequence[Sequence[datetime | None]], start: datetime, deadline: datetime
) -> list[datetime]:
    """The earliest chain from *start* that ends in time; *ends* say that there is one."""
    chain = [start]
    for times, known in zip(stages[1:], ends[1:], strict=True):
        place = bisect_left(times, chain[-1])
        while (end := known[place]) is None or end > deadline:
            place += 1
        chain.append(times[place])
    return chain


class _PrefixMinimum:
    """A Fenwick tree: insert at a place, ask for the least before a place, each in logarithmic time."""

    def __init__(self, size: int) -> None:
        self._least: list[datetime | None] = [None] * (size + 1)

    def insert(self, place: int, value: datetime) -> None:
        place += 1
        while place < len(self._least):
            known = self._least[place]
            if known is None or value < known:
                self._least[place] = value
            place += place & -place

    def before(self, place: int) -> datetime | None:
        least: datetime | None = None
        while place > 0:
            known = self._least[place]
            if known is not None and (least is None or known < least):
                least = known
            place -= place & -place
        return least


def in_any_order(stages: Sequence[Times], within: Deadline | None) -> list[datetime]:
    """The chosen completion of each of the first k stages, whatever their order, all within *within* of the earliest.

    Of the choices that reach the largest k: the one that begins earliest, then the earliest completions after that.
    """
    if within is None:
        chosen = []
        for times in stages:
            if not times:
                break
            chosen.append(times[0])
        return chosen
    places = [0] * len(stages)
    best: list[datetime] = []
    for start in sorted({moment for times in stages for moment in times}):
        deadline = within(start)
        chosen = []
        for index, times in enumerate(stages):
            place = places[index]
            while place < len(times) and times[place] < start:
                place += 1
            places[index] = place
            if place == len(times) or times[place] > deadline:
                break
            chosen.append(times[place])
        if len(chosen) > len(best):
            best = chosen
        if len(best) == len(stages):
            break
    return best
