"""A strict funnel of everyone with nothing to weigh: the quick way, over instants alone.

Where nothing limits neighbours, and a window begins at the one first completion that each profile has, the earliest
next completion is the right one to take. Then a stage is a dict from profile to instant, made in one expression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import attrs

from convgoals.storage.summary import Moments

_NEVER = 2**63


@attrs.frozen
class Passages:
    """How far everyone got.

    Attributes:
        stages: for each stage, when each profile that got there did; in the first, in the order of the completions.
    """

    stages: Sequence[Mapping[str, int]]

    def times(self) -> list[list[int]]:
        """For each stage but the first, the times from the one before, in microseconds."""
        return [
            [at - before[profile_id] for profile_id, at in stage.items()] for before, stage in pairwise(self.stages)
        ]

    def by_furthest(self) -> tuple[tuple[str, ...], ...]:
        """The profiles by the furthest stage that they reached, each in the order of their first completion."""
        furthest = dict.fromkeys(self.stages[0], 0)
        for number, stage in enumerate(self.stages):
            furthest.update(dict.fromkeys(stage, number))
        found: list[list[str]] = [[] for _ in self.stages]
        for profile_id, number in furthest.items():
            found[number].append(profile_id)
        return tuple(map(tuple, found))


def pass_through(moments: Sequence[Moments], within: int | None) -> Passages | None:
    """The way of each of the first's profiles; ``None`` where a window may begin at more than one completion.

    Args:
        moments: of each goal.
        within: how long after its first stage a profile may reach the others, in microseconds; ``None``: for ever.
    """
    profiles, instants = moments[0]
    first = dict(zip(profiles, instants, strict=True))
    if len(first) < len(profiles):
        if within is not None:
            return None
        first = {}
        for profile_id, at in zip(profiles, instants, strict=True):
            first.setdefault(profile_id, at)
    stages = [first]
    for later in moments[1:]:
        earliest = stages[-1].get
        # From behind, so that of several completions the earliest is the last to be put down.
        coming = zip(reversed(later.profiles), reversed(later.instants), strict=True)
        if within is None:
            stages.append({who: at for who, at in coming if earliest(who, _NEVER) <= at})
        else:
            stages.append({who: at for who, at in coming if earliest(who, _NEVER) <= at <= first[who] + within})
    return Passages(stages)
