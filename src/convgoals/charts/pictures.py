"""Pictures as values: what is to be seen, with finished words; how it is drawn stands elsewhere.

Lengths and heights are plain floats; what is written beside them is text that was formatted once, where the figure is
known. A title says the finding, and says no more than there is evidence for.
"""

from __future__ import annotations

from typing import Literal

import attrs

Unit = Literal["share", "count", "amount"]
"""What an axis counts: shares of 1, whole numbers, or sums of values."""

Tone = Literal["main", "strong", "muted"]
"""How a mark stands out: as all others, as what the title speaks of, or stood back (rests, and what is not over)."""


@attrs.frozen
class Bar:
    """One horizontal bar, from zero.

    Attributes:
        label: what it is of.
        length: how long it is, in the unit of its picture; never below 0.
        text: what is written at its end.
        interval: the ends of its interval, or ``None``.
        tone: how it stands out.
        series: which of several bars of the same label it is; ``""`` where there is one.
        aside: a smaller second line below the label.
    """

    label: str
    length: float
    text: str
    interval: tuple[float, float] | None = None
    tone: Tone = "main"
    series: str = ""
    aside: str = ""


@attrs.frozen
class Bars:
    """Bars below each other; those of several series side by side in panels of one scale.

    Attributes:
        title: the finding.
        subtitle: what is drawn: of what, when, of how many.
        bars: from top to bottom; of several series, all labels of the first, then of the second …
        axis: what the lengths are.
        unit: their unit.
        notes: what else one must know to read it.
    """

    title: str
    subtitle: str
    bars: tuple[Bar, ...]
    axis: str
    unit: Unit = "share"
    notes: tuple[str, ...] = ()


@attrs.frozen
class Column:
    """One upright column.

    Attributes:
        label: what it is of; no two of a picture have the same.
        height: how high it is; 0 where there is nothing.
        text: its figure in words.
        tone: how it stands out; ``"muted"`` is not whole.
        interval: the ends of its interval, or ``None``.
    """

    label: str
    height: float
    text: str
    tone: Tone = "main"
    interval: tuple[float, float] | None = None


@attrs.frozen
class Columns:
    """Columns beside each other, as time or another order has them.

    Attributes:
        title: the finding.
        subtitle: what is drawn.
        columns: from left to right.
        axis: what the heights are.
        unit: their unit.
        notes: what else one must know to read it, such as what muted columns are.
    """

    title: str
    subtitle: str
    columns: tuple[Column, ...]
    axis: str
    unit: Unit = "count"
    notes: tuple[str, ...] = ()


@attrs.frozen
class Panels:
    """Several pictures of columns below each other, over the same labels, each with its own scale.

    Attributes:
        title: the finding.
        subtitle: what is drawn.
        panels: from top to bottom; the title of each is its name.
        notes: what else one must know to read it.
    """

    title: str
    subtitle: str
    panels: tuple[Columns, ...]
    notes: tuple[str, ...] = ()


@attrs.frozen
class Point:
    """A place of a curve: from *at* on it has *height*, with its interval."""

    at: float
    height: float
    low: float
    high: float


@attrs.frozen
class Curve:
    """A curve of steps with a band around it.

    Attributes:
        title: the finding.
        subtitle: what is drawn.
        points: by ``at``.
        ticks: places along the axis, with what is written there.
        axis: what the heights are, which are shares of 1.
        across: what goes from left to right.
        marks: places on the curve that are named: where, how high, and the words.
        notes: what else one must know to read it.
    """

    title: str
    subtitle: str
    points: tuple[Point, ...]
    ticks: tuple[tuple[float, str], ...]
    axis: str
    across: str
    marks: tuple[tuple[float, float, str], ...] = ()
    notes: tuple[str, ...] = ()


Picture = Bars | Columns | Panels | Curve
