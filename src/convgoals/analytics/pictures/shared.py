"""What the pictures of several results share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from convgoals.analytics import tables
from convgoals.analytics.stats import Proportion
from convgoals.analytics.tally import Bucket
from convgoals.charts.pictures import Column, Columns
from convgoals.texts import clean, cut

MOST_COLUMNS = 400
"""So many buckets have a column each; of more, neighbours are added up."""

NAME = 60
"""How much of a name a title quotes, in characters."""


def name(text: str) -> str:
    """A goal's or row's name as titles quote it."""
    return cut(clean(text), NAME)


def size(number: Decimal | Fraction | float) -> float:
    """*number* as a length on paper: 0 where it is below zero, and the largest float where none holds it."""
    try:
        found = float(number)
    except OverflowError:
        found = math.inf
    return min(max(found, 0.0), 1e300)


def interval(proportion: Proportion) -> tuple[float, float] | None:
    """The ends of the rate's interval."""
    found = proportion.interval
    return None if found is None else (found.low, found.high)


def trend(buckets: Sequence[Bucket], title: str, subtitle: str, every: str) -> Columns:
    """The completions of *buckets* as columns; those that are not whole stand back."""
    together = -(-len(buckets) // MOST_COLUMNS)
    groups = [buckets[start : start + together] for start in range(0, len(buckets), max(1, together))]
    columns = tuple(
        Column(
            group[0].label,
            float(sum(bucket.completions for bucket in group)),
            tables.count_text(sum(bucket.completions for bucket in group)),
            "muted" if any(bucket.unfinished or bucket.cut for bucket in group) else "main",
        )
        for group in groups
    )
    notes = []
    if buckets and any(bucket.cut for bucket in buckets):
        notes.append("Grey: the period leaves out a part of it, or it is not over yet.")
    elif buckets and buckets[-1].unfinished:
        notes.append(f"Grey: the last {every} is not over yet.")
    if together > 1:
        notes.append(f"Each column adds up {together} {every}s.")
    return Columns(title, subtitle, columns, "completions", notes=tuple(notes))
