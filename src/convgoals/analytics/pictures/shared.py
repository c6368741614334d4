"""What the pictures of several results share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from convgoals.analytics import tables
from convgoals.analytics.stats import CONFIDENCE, Proportion
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
    groups, notes = _groups(buckets, every)
    columns = tuple(
        Column(
            group[0].label,
            float(sum(bucket.completions for bucket in group)),
            tables.count_text(sum(bucket.completions for bucket in group)),
            "muted" if any(bucket.unfinished or bucket.cut for bucket in group) else "main",
        )
        for group in groups
    )
    if buckets and any(bucket.cut for bucket in buckets):
        notes = ("Grey: the period leaves out a part of it, or it is not over yet.", *notes)
    elif buckets and buckets[-1].unfinished:
        notes = (f"Grey: the last {every} is not over yet.", *notes)
    return Columns(title, subtitle, columns, "completions", notes=notes)


def cohorts(buckets: Sequence[Bucket], title: str, subtitle: str, every: str) -> Columns:
    """The rates of those who entered in each of *buckets*; where some are still open, it stands back."""
    groups, notes = _groups(buckets, every)
    columns = []
    for group in groups:
        parts = [bucket.conversion for bucket in group if bucket.conversion is not None]
        found = Proportion(
            sum(part.count for part in parts),
            sum(part.total for part in parts),
            parts[0].confidence if parts else CONFIDENCE,
        )
        still_open = sum(bucket.outcomes.open for bucket in group if bucket.outcomes is not None)
        columns.append(
            Column(
                group[0].label,
                found.rate or 0.0,
                tables.rate_text(found.rate),
                "muted" if still_open or any(bucket.unfinished or bucket.cut for bucket in group) else "main",
                interval(found),
            )
        )
    if any(column.tone == "muted" for column in columns):
        notes = ("Grey: some of them may still convert, or the period leaves out a part.", *notes)
    return Columns(title, subtitle, tuple(columns), "rate", "share", notes)


def _groups(buckets: Sequence[Bucket], every: str) -> tuple[list[Sequence[Bucket]], tuple[str, ...]]:
    """*buckets* in groups that have a column each, and what must be said of that."""
    together = max(1, -(-len(buckets) // MOST_COLUMNS))
    groups = [buckets[start : start + together] for start in range(0, len(buckets), together)]
    return groups, (f"Each column adds up {together} {every}s.",) if together > 1 else ()
