"""Attribution that learns from all journeys: Markov's removal effect, and Shapley's value.

Both give shares that add up to exactly 1 (or credits that add up to exactly what is shared), as fractions.

**Markov.** A journey is a walk: from the start over its touches to conversion, or to nowhere. How often each step is
followed by which gives a chain, and in it the probability of converting. A channel's *removal effect* is the part of
that probability that is lost if every step to it leads nowhere; the credit is in proportion to it. It needs the
journeys that led nowhere, too.

**Shapley.** A set of channels is worth what was completed with touches of these channels alone. A channel is owed what
it adds to a set, in the mean over all orders in which the channels can come together.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

from convgoals.errors import QuestionError

K = TypeVar("K", bound=Hashable)

MAX_SHAPLEY = 12
"""All sets of the channels are looked at: one channel more is twice the work."""

MAX_MARKOV = 200
"""The work grows with the cube of the channels."""

_START = 0


def check_number(model: str, number: int) -> None:
    """Raises `QuestionError` (code ``channels``) where there are more channels than *model* can take."""
    most = {"shapley": MAX_SHAPLEY, "markov": MAX_MARKOV}.get(model, number)
    if number > most:
        raise QuestionError(
            f'the model "{model}" takes {most} channels at the most, and these journeys have {number}',
            code="channels",
            hint='by="channel", fewer touchpoints, a shorter window, or another model',
        )


def markov(converted: Mapping[tuple[K, ...], int], lost: Mapping[tuple[K, ...], int]) -> dict[K, Fraction]:
    """Each channel's share by removal effect; empty where no journey with a touch converted.

    Args:
        converted: the journeys that converted, and how many there are of each; those without a touch do not count.
        lost: the journeys that did not.

    Raises:
        QuestionError: there are too many channels (code ``channels``).
    """
    channels = list(dict.fromkeys(key for path in (*converted, *lost) for key in path))
    check_number("markov", len(channels))
    place = {key: number for number, key in enumerate(channels, start=1)}
    steps: defaultdict[int, Counter[int]] = defaultdict(Counter)
    ends: Counter[int] = Counter()
    for paths, did in ((converted, True), (lost, False)):
        for path, times in paths.items():
            walk = [_START, *(place[key] for key in path)]
            for here, there in pairwise(walk):
                steps[here][there] += times
            steps[walk[-1]][-1] += times
            if did and path:
                ends[walk[-1]] += times
    if not ends:
        return {}
    totals = {state: counts.total() for state, counts in steps.items()}
    # What is asked of a removed channel follows from how often it is visited and how it goes on from there: who would
    # have come to it is lost, and converted from there with the probability that everyone has there.
    size = len(channels)
    matrix = [
        [float(row == column) - steps[row][column] / totals[row] for column in range(1, size + 1)]
        for row in range(1, size + 1)
    ]
    visits = _inverse(matrix)
    leave = [ends[state] / totals[state] for state in range(1, size + 1)]
    converts = [math.fsum(map(float.__mul__, row, leave)) for row in visits]
    first = [steps[_START][state] / totals[_START] for state in range(1, size + 1)]
    effects = []
    for number in range(size):
        seen = math.fsum(first[row] * visits[row][number] for row in range(size)) / visits[number][number]
        effects.append(Fraction(max(0.0, seen * converts[number])))
    whole = sum(effects)
    return {key: effect / whole for key, effect in zip(channels, effects, strict=True)}


def _inverse(matrix: list[list[float]]) -> list[list[float]]:
    """The inverse of *matrix*, by Gauss and Jordan with the largest pivot of each column.

    From every channel the walk can end, so there is one.
    """
    size = len(matrix)
    rows = [[*row, *(float(number == column) for column in range(size))] for number, row in enumerate(matrix)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda number: abs(rows[number][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        scale = rows[column][column]
        lead = rows[column] = [value / scale for value in rows[column]]
        for number, row in enumerate(rows):
            factor = row[column]
            if number != column and factor:
                rows[number] = [value - factor * other for value, other in zip(row, lead, strict=True)]
    return [row[size:] for row in rows]


def shapley(worth: Mapping[frozenset[K], Fraction]) -> dict[K, Fraction]:
    """What each channel is owed, which together is exactly all of *worth*.

    Args:
        worth: what was completed with touches of exactly these channels; what was without a touch does not count.

    Raises:
        QuestionError: there are too many channels (code ``channels``).
    """
    channels: Sequence[K] = list(dict.fromkeys(key for touched in worth for key in touched))
    check_number("shapley", len(channels))
    size = len(channels)
    if not size:
        return {}
    values = [Fraction(0)] * (1 << size)
    for touched, amount in worth.items():
        if touched:
            values[sum(1 << number for number, key in enumerate(channels) if key in touched)] += amount
    for number in range(size):  # from "exactly these" to "these alone": sums over all subsets
        for members in range(1 << size):
            if members >> number & 1:
                values[members] += values[members ^ 1 << number]
    orders = [math.factorial(before) * math.factorial(size - before - 1) for before in range(size)]
    owed = {}
    for number, key in enumerate(channels):
        added = Fraction(0)
        for members in range(1 << size):
            if not members >> number & 1:
                gain = values[members | 1 << number] - values[members]
                if gain:
                    added += orders[members.bit_count()] * gain
        owed[key] = added / math.factorial(size)
    return owed
