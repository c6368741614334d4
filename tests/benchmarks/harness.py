"""Measuring side by side: contenders take turns in one process, round after round, and what counts are the ratios.

A ratio of two things measured in turns under the same load says the same on a laptop and on a busy server; a time
alone does not. So every benchmark reports ratios first, and nothing here fails because something was slow.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import attrs

Prepare: TypeAlias = Callable[[], Callable[[], object]]
"""Makes ready, outside the measured time, what is then run once and measured."""


@attrs.frozen
class Timing:
    """The seconds that one contender took, round by round."""

    seconds: tuple[float, ...]

    @property
    def best(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def times(self, other: Timing) -> float:
        """How many times as long as *other* this one took: the best against the best."""
        return self.best / other.best

    def median_times(self, other: Timing) -> float:
        """The median, over the rounds, of how many times as long as *other* this one took."""
        return statistics.median(mine / its for mine, its in zip(self.seconds, other.seconds, strict=True))


def race(
    contenders: Mapping[str, Prepare], *, rounds: int, clock: Callable[[], float] = time.process_time
) -> dict[str, Timing]:
    """Run all *contenders* in turn, *rounds* times over (A B A B …), after one turn each to warm up.

    The garbage collector stays on, and each contender pays for the objects that it makes. What was there before, such
    as the facts of a stream, is frozen: it is nobody's own, and walking over it again and again would only add noise.

    Args:
        contenders: by name, in the order of their turns; every other round goes the other way around.
        rounds: how often each is measured.
        clock: ``process_time`` leaves out what other programs do; where disk or other processes belong to the
            measured, take ``perf_counter``.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    for turn in range(rounds + 1):
        for name in order if turn % 2 else reversed(order):
            run = contenders[name]()
            gc.collect()
            gc.freeze()
            begun = clock()
            run()
            taken = clock() - begun
            gc.unfreeze()
            del run
            if turn:
                seconds[name].append(taken)
    return {name: Timing(tuple(taken)) for name, taken in seconds.items()}


def again(run: Callable[[], object]) -> Prepare:
    """A contender that needs nothing made ready."""
    return lambda: run


# ---- what was measured


@attrs.frozen
class Target:
    """What a figure should reach. It is reported, not asserted."""

    what: str
    measured: float
    wanted: float
    at_most: bool = False

    def __str__(self) -> str:
        reached = self.measured <= self.wanted if self.at_most else self.measured >= self.wanted
        bound = "at most" if self.at_most else "at least"
        return f"{'reached' if reached else 'MISSED '}  {self.what}: {figure(self.measured)} ({bound} {self.wanted:g})"


@attrs.frozen
class Report:
    """A table of what was measured, the targets, and remarks."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    targets: Sequence[Target] = ()
    remarks: Sequence[str] = ()

    def __str__(self) -> str:
        cells = [[figure(cell) for cell in row] for row in (self.columns, *self.rows)]
        widths = [max(len(row[index]) for row in cells) for index in range(len(self.columns))]
        lines = ["  ".join(_aligned(*pair) for pair in zip(row, widths, strict=True)).rstrip() for row in cells]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join((self.title, "=" * len(self.title), *lines, *map(str, self.targets), *self.remarks, ""))


def figure(cell: object) -> str:
    """A cell as text: three significant figures for a number with a fraction."""
    if not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) else str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"


def _aligned(cell: str, width: int) -> str:
    return cell.rjust(width) if cell[:1].isdigit() else cell.ljust(width)
