"""How far profiles get through the stages of a funnel: what a store is asked, what it answers, and how to work it out.

A profile reaches stage k if it has completions c1 <= c2 <= … <= ck of the first k stages, none of them later than the
window after c1. It counts once, at the furthest stage that any choice of its completions reaches, and by the earliest
choice that reaches it: the earliest c1 that leads there, then the earliest c2 that still does, and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

import attrs

Key = TypeVar("Key", str, int)
Moment = TypeVar("Moment", datetime, int)

_NEVER = 2**62
"""Later than all of time, with or without a window; this one object, so that it is told at a glance."""


@attrs.frozen
class Stages:
    """The stages of a funnel.

    Attributes:
        goals: each stage's goal, with the version of it that counts; ``None``: all versions do.
        since: the first instant at which completions count; ``None``: from the beginning.
        until: the last instant at which they do; ``None``: to the end.
        within: how long after its first stage a profile may reach the others, in microseconds; ``None``: for ever.
    """

    goals: Sequence[tuple[str, int | None]]
    since: int | None = None
    until: int | None = None
    within: int | None = None

    def among(self, tracks: Mapping[int, tuple[str, int]]) -> list[list[int]]:
        """The numbers of each stage's tracks, among *tracks*: by their numbers, goals and versions."""
        return [
            [number for number, (goal, version) in tracks.items() if goal == wanted and only in (None, version)]
            for wanted, only in self.goals
        ]


@attrs.frozen
class Passages(Generic[Key]):
    """How far everyone got.

    Attributes:
        waits: for each stage but the first, the times from the one before, in microseconds: one of each profile that
            reached it, in any order.
        stopped: for each stage the profiles that reached it and went no further, in any order.
    """

    waits: Sequence[Sequence[int]]
    stopped: Sequence[Sequence[Key]]

    def named(self, names: Callable[[Sequence[Key]], Sequence[str]]) -> Passages[str]:
        """The same, the profiles by their *names*."""
        return Passages(self.waits, list(map(names, self.stopped)))


class Moments(NamedTuple):
    """When the completions of a stage were achieved, in any order.

    Attributes:
        profiles: whose each was, by number: one of 0 and on for each profile of the funnel.
        instants: when.
    """

    profiles: Sequence[int]
    instants: Sequence[int]


def numbered(stages: Iterable[tuple[Iterable[Key], Iterable[int]]]) -> tuple[list[Key], list[Moments]]:
    """The profiles of the first stage, by number, and the moments of all stages: theirs, the others' are left out.

    Args:
        stages: the profiles and the instants of each stage's completions.
    """
    numbers: dict[Key, int] = {}
    found: list[Moments] = []
    for profiles, instants in stages:
        if not found:
            found.append(Moments([numbers.setdefault(who, len(numbers)) for who in profiles], list(instants)))
            continue
        known = [(numbers[who], at) for who, at in zip(profiles, instants, strict=True) if who in numbers]
        found.append(Moments([number for number, _ in known], [at for _, at in known]))
    return list(numbers), found


def pass_through(stages: Sequence[Moments], profiles: int, within: int | None) -> Passages[int]:
    """The passages through *stages*, where everything is at hand, of profiles by number.

    From a given first completion the earliest next one is the right one to take, so of each stage one instant is kept
    for each profile. Only where a window begins at one of several completions is there more to choose.

    Args:
        stages: the moments of each stage.
        profiles: how many numbers there are.
        within: as in `Stages`.
    """
    start = [_NEVER] * profiles
    for who, at in zip(*stages[0], strict=True):
        if at < start[who]:
            start[who] = at
    reached = [start]
    deadlines = None if within is None else [at + within for at in start]
    for moments in stages[1:]:
        reached.append(_next(reached[-1], moments, deadlines))
    if within is not None:
        _weigh(stages, within, reached)
    return _told(reached)


def _told(reached: Sequence[Sequence[int]]) -> Passages[int]:
    waits, stopped = [], []
    there = [who for who, at in enumerate(reached[0]) if at is not _NEVER]
    for before, stage in pairwise(reached):
        further = [who for who in there if stage[who] is not _NEVER]
        waits.append([stage[who] - before[who] for who in further])
        stopped.append([who for who in there if stage[who] is _NEVER])
        there = further
    return Passages(waits, [*stopped, there])


def _next(before: Sequence[int], moments: Moments, deadlines: Sequence[int] | None) -> list[int]:
    """When each profile reaches the next stage, or `_NEVER`."""
    stage = [_NEVER] * len(before)
    if deadlines is None:
        for who, at in zip(*moments, strict=True):
            if before[who] <= at < stage[who]:
                stage[who] = at
        return stage
    for who, at in zip(*moments, strict=True):
        if before[who] <= at < stage[who] and at <= deadlines[who]:
            stage[who] = at
    return stage


def _weigh(stages: Sequence[Moments], within: int, reached: Sequence[list[int]]) -> None:
    """Let those go further whom a later first completion leads further than the earliest does."""
    if len(set(stages[0].profiles)) == len(stages[0].profiles):  # as where goals are completed once
        return
    again = {who for who, times in Counter(stages[0].profiles).items() if times > 1}
    stuck: set[int] = set()
    for here, following, moments in zip(reached, reached[1:], stages[1:], strict=False):
        # Whoever has no completion of the next stage at all is not led there by any choice.
        next_ones = again.intersection(moments.profiles) if again else ()
        stuck.update(who for who in next_ones if here[who] < _NEVER <= following[who])
    lists: dict[int, list[list[int]]] = {who: [[] for _ in stages] for who in stuck}
    for number, moments in enumerate(stages if stuck else ()):
        for who, at in zip(*moments, strict=True):
            if who in stuck:
                lists[who][number].append(at)
    for who, times in lists.items():
        for stage, at in zip(reached, furthest(list(map(sorted, times)), lambda at: at + within), strict=False):
            stage[who] = at


def furthest(stages: Sequence[Sequence[Moment]], within: Callable[[Moment], Moment] | None) -> list[Moment]:
    """The completions of one profile that are chosen, out of those of each stage, which are in order.

    Args:
        stages: the instants of each stage's completions.
        within: from a first completion, the last instant that is still within the window.
    """
    places = [0] * len(stages)
    best: list[Moment] = []
    for start in stages[0] if stages else ():
        deadline = None if within is None else within(start)
        chain = [start]
        for index in range(1, len(stages)):
            times, place = stages[index], places[index]
            while place < len(times) and times[place] < chain[-1]:
                place += 1
            places[index] = place  # a later start never needs an earlier one, so all starts together are one pass
            if place == len(times) or (deadline is not None and times[place] > deadline):
                break
            chain.append(times[place])
        if len(chain) > len(best):
            best = chain
        if within is None or len(best) == len(stages):
            break
    return best
