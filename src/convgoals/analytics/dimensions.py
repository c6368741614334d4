"""Breakdowns: the dimensions that completions can be cut by, and the rows that come of it.

An *exclusive* dimension (the channel, the goal's version) gives each completion one value; a profile stands in the
row of its first completion, so that the rows' profiles add up to the report's. A segment is not exclusive: a profile
stands in every segment in which it had a completion, and rows may add up to more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from operator import attrgetter
from typing import Any, Literal

import attrs

from convgoals.analytics.figures import Amount, Sum, total
from convgoals.analytics.stats import Interval, Proportion
from convgoals.errors import QuestionError
from convgoals.records import Completion
from convgoals.suggest import did_you_mean

Kind = Literal["value", "none", "others"]


@attrs.frozen
class Dimension:
    """Something to cut by.

    Attributes:
        name: what users call it.
        exclusive: whether a completion has exactly one value of it.
        group: what of a completion its values depend on.
        values: the values that a group stands for; ``None`` is "no value".
    """

    name: str
    exclusive: bool
    group: Callable[[Completion], Any]
    values: Callable[[Any], tuple[str | None, ...]]


DIMENSIONS: Mapping[str, Dimension] = {
    "channel": Dimension("channel", True, attrgetter("channel"), lambda channel: (channel,)),
    "segment": Dimension("segment", False, attrgetter("segments"), lambda segments: (*segments,) or (None,)),
    "version": Dimension("version", True, attrgetter("version"), lambda version: (str(version),)),
}


def dimension(name: str | None) -> Dimension | None:
    """The dimension of that name. Raises `QuestionError` (code ``dimension``)."""
    if name is None:
        return None
    if isinstance(name, str) and name in DIMENSIONS:
        return DIMENSIONS[name]
    known = ", ".join(DIMENSIONS)
    raise QuestionError(
        f"nothing can be broken down by {name!r:.80}",
        code="dimension",
        hint=did_you_mean(str(name), DIMENSIONS) or f"one of {known}",
    )


def check_limit(limit: int) -> int:
    """*limit* itself. Raises `QuestionError` (code ``limit``) where it is no number of rows."""
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise QuestionError(f"limit={limit!r:.40} is no number of rows", code="limit", hint="limit=10")
    return limit


@attrs.frozen
class Row:
    """One row of a breakdown.

    Attributes:
        key: the value; ``None`` for completions without one, and for the others.
        kind: ``"value"``, ``"none"`` (completions without a value), or ``"others"`` (all rows beyond the limit).
        completions: how many completions have that value.
        conversion: the row's converting profiles, of the *whole* audience of the report: the share of everyone who
            converted through it. (How many of the audience have the value without converting is not known here.)
        value: what the row's completions are worth.
    """

    key: str | None
    kind: Kind
    completions: int
    conversion: Proportion
    value: Amount

    @property
    def label(self) -> str:
        """The key, ``(none)`` or ``(others)``."""
        return label(self.key, self.kind)

    @property
    def converting_profiles(self) -> int:
        return self.conversion.count

    @property
    def rate(self) -> float | None:
        return self.conversion.rate

    @property
    def interval(self) -> Interval | None:
        return self.conversion.interval


def label(key: str | None, kind: Kind) -> str:
    """What a row is called."""
    return key if kind == "value" and key is not None else f"({kind})"


class Breakdown:
    """Collects the rows of one dimension while the completions of a report go by, in their order.

    What is kept is by group (a set of segments, say), not by value, so that the row of several values counts a
    completion or a profile that has two of them once.
    """

    def __init__(self, by: Dimension) -> None:
        self._by = by
        self._completions: Counter[Any] = Counter()
        self._first: Counter[Any] = Counter()
        self._members: defaultdict[Any, set[str]] = defaultdict(set)
        self._sums: defaultdict[Any, Sum] = defaultdict(Sum)

    def feed(self, completions: list[Completion], first: list[Completion]) -> Sum:
        """Takes in *completions*; *first* are those of them that are their profile's first in the report.

        Returns the sum of their values, which is made on the way: groups do not overlap.
        """
        together = Sum()
        group = self._by.group
        parts: defaultdict[Any, list[Completion]] = defaultdict(list)
        for completion in completions:
            parts[group(completion)].append(completion)
        for key, part in parts.items():
            self._completions[key] += len(part)
            values = Sum()
            values.extend([completion.value for completion in part])
            self._sums[key].merge(values)
            together.merge(values)
            if not self._by.exclusive:
                self._members[key].update([completion.profile_id for completion in part])
        if self._by.exclusive:
            self._first.update(map(group, first))
        return together

    def rows(self, audience: int, limit: int, confidence: float) -> tuple[Row, ...]:
        """The *limit* largest rows, by converting profiles, then completions, then name; and one for the others."""
        groups: defaultdict[str | None, list[Any]] = defaultdict(list)
        for group in self._completions:
            for key in self._by.values(group):
                groups[key].append(group)
        sizes = {key: self._profiles(parts) for key, parts in groups.items()}
        completions = {key: sum(self._completions[part] for part in parts) for key, parts in groups.items()}
        kept, rest = split(largest_first(sizes, completions), limit)

        def row(key: str | None, kind: Kind, parts: Collection[Any]) -> Row:
            conversion = Proportion(self._profiles(parts), audience, confidence)
            value = total(self._sums[part].amount() for part in parts)
            return Row(key, kind, sum(self._completions[part] for part in parts), conversion, value)

        listed = [row(key, "none" if key is None else "value", groups[key]) for key in kept]
        if rest:
            listed.append(row(None, "others", {part for key in rest for part in groups[key]}))
        return tuple(listed)

    def _profiles(self, groups: Collection[Any]) -> int:
        if self._by.exclusive:
            return sum(self._first[group] for group in groups)
        return len(set().union(*(self._members[group] for group in groups)))


def largest_first(sizes: Mapping[str | None, int], then: Mapping[str | None, int]) -> list[str | None]:
    """The keys by size, then by the second figure, then by name: an order that never depends on chance."""
    return sorted(sizes, key=lambda key: (-sizes[key], -then[key], key is None, key or ""))


def split(order: list[str | None], limit: int) -> tuple[list[str | None], list[str | None]]:
    """The first *limit* keys and the rest; one more is kept instead of a row for a single other."""
    return (order, []) if len(order) <= limit + 1 else (order[:limit], order[limit:])
