"""Breakdowns: the rows that a dimension cuts a report into. Which dimensions there are is said in `cuts`.

An *exclusive* dimension (the channel, the goal's version, a property) gives each completion one value; a profile
stands in the row of its first completion, so that the rows' profiles add up to the report's. A segment or a campaign is
not exclusive: a profile stands in each row in which it had a completion, and rows may add up to more.

Where it is known of every profile of the audience which values it has, a row has a rate of its own, and is compared
with the rest of the audience. Otherwise rows are shares of one audience, and compared with the largest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import attrs

from convgoals.analytics.figures import Amount, Sum, total
from convgoals.analytics.stats import Difference, Interval, Proportion, correct, difference, paired_difference
from convgoals.errors import QuestionError
from convgoals.records import Completion
from convgoals.storage.summary import Part

Kind = Literal["value", "none", "others"]


@attrs.frozen
class Dimension:
    """Something to cut by.

    Attributes:
        name: what users call it.
        exclusive: whether a completion has exactly one value of it.
        groups: what of each of some completions its values depend on.
        values: the values that a group stands for; ``None`` is "no value".
        members: each profile of the audience with its group, where that is known.
        begins: where a member converts in a row only through a completion of that row, one after the campaign: when
            each campaign began. Then of all others those count who completed the goal at or after that.
    """

    name: str
    exclusive: bool
    groups: Callable[[list[Completion]], Iterable[Any]]
    values: Callable[[Any], tuple[str | None, ...]]
    members: Callable[[], Iterator[tuple[str, Any]]] | None = None
    begins: Mapping[str, datetime] | None = None


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
            converted through it.
        value: what the row's completions are worth.
        own: of the audience's profiles that have the value themselves, at the time of the report, those that
            converted (of a campaign: at or after its receipt); ``None`` where it is not known who has it.
        difference: with ``own``: from the rate of the rest of the audience (first; of a campaign: those of the rest who
            converted at or after the first time that anybody received it) to that of the row (second).
            Without: from the share of the largest row (first) to that of this one (second), which is of the same
            profiles and so paired; ``None`` for that row itself. With Holm's correction over all rows; ``None`` for
            the others.
    """

    key: str | None
    kind: Kind
    completions: int
    conversion: Proportion
    value: Amount
    own: Proportion | None = None
    difference: Difference | None = None

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
        self._latest: dict[str, datetime] = {}  # each profile's latest completion, where it matters
        self._ends: defaultdict[Any, list[datetime]] = defaultdict(list)  # the same of the members of each group

    def feed(self, completions: list[Completion], first: list[Completion]) -> Sum:
        """Takes in *completions*; *first* are those of them that are their profile's first in the report.

        Returns the sum of their values, which is made on the way: groups do not overlap.
        """
        together = Sum()
        parts: defaultdict[Any, list[Completion]] = defaultdict(list)
        for group, completion in zip(self._by.groups(completions), completions, strict=True):
            parts[group].append(completion)
        if self._by.begins is not None:
            self._latest.update((completion.profile_id, completion.achieved_at) for completion in completions)
        firsts = set(map(id, first)) if self._by.exclusive else frozenset()
        for key, part in parts.items():
            if firsts:
                self._first[key] += sum(map(firsts.__contains__, map(id, part)))
            self._completions[key] += len(part)
            values = Sum()
            values.extend([completion.value for completion in part])
            self._sums[key].merge(values)
            together.merge(values)
            if not self._by.exclusive:
                self._members[key].update([completion.profile_id for completion in part])
        return together

    def take(self, groups: Mapping[Any, Part]) -> None:
        """Takes in a store's answer in the place of the completions; only for what gives each exactly one value."""
        for group, part in groups.items():
            self._completions[group] = part.completions
            self._first[group] = part.profiles
            self._sums[group] = Sum(part.sum, part.valued)

    def rows(self, audience: int, limit: int, confidence: float, converted: Collection[str]) -> tuple[Row, ...]:
        """The *limit* largest rows, by converting profiles, then completions, then name; and one for the others.

        Args:
            audience: how many profiles the audience has.
            limit: of rows.
            confidence: of the intervals.
            converted: the converting profiles of the report.
        """
        have, did = self._having(converted)
        groups: defaultdict[str | None, list[Any]] = defaultdict(list)
        for group in {**self._completions, **have}:
            for key in self._by.values(group):
                groups[key].append(group)
        sizes = {key: self._profiles(parts) for key, parts in groups.items()}
        completions = {key: sum(self._completions[part] for part in parts) for key, parts in groups.items()}
        kept, rest = split(largest_first(sizes, completions), limit)

        def row(key: str | None, kind: Kind, parts: Collection[Any]) -> Row:
            profiles = self._profiles(parts)
            own = None
            if self._by.members is not None:
                # Without any value there is nothing to convert through.
                after = self._by.begins is not None
                through = {part for part in parts if after and self._by.values(part) != (None,)}
                converting = self._profiles(through) + sum(did[part] for part in parts if part not in through)
                own = Proportion(converting, sum(have[part] for part in parts), confidence)
            return Row(
                key,
                kind,
                sum(self._completions[part] for part in parts),
                Proportion(profiles, audience, confidence),
                total(self._sums[part].amount() for part in parts if part in self._sums),
                own,
            )

        def against(listed: Row, largest: Row) -> Difference | None:
            if listed.own is not None:
                others = have.total() - listed.own.total
                converting = self._others(listed.key, set(groups[listed.key]), did)
                return difference(Proportion(converting, others, confidence), listed.own)
            if listed is largest:
                return None
            neither = audience - largest.conversion.count - listed.conversion.count
            return paired_difference(0, largest.conversion.count, listed.conversion.count, neither, confidence)

        listed = [row(key, "none" if key is None else "value", groups[key]) for key in kept]
        differences = correct([against(each, listed[0]) for each in listed])
        listed = [attrs.evolve(each, difference=found) for each, found in zip(listed, differences, strict=True)]
        if rest:
            listed.append(row(None, "others", {part for key in rest for part in groups[key]}))
        return tuple(listed)

    def _having(self, converted: Collection[str]) -> tuple[Counter[Any], Counter[Any]]:
        """How many of the audience belong to each group, and how many of those converted."""
        have: Counter[Any] = Counter()
        did: Counter[Any] = Counter()
        if self._by.members is not None:
            for profile_id, group in self._by.members():
                have[group] += 1
                if profile_id in converted:
                    did[group] += 1
                    if self._by.begins is not None:
                        self._ends[group].append(self._latest[profile_id])
        return have, did

    def _others(self, key: str | None, parts: Collection[Any], did: Mapping[Any, int]) -> int:
        """How many converted of the members that have not that value, since it is one that they could have had."""
        if self._by.begins is None or key is None:
            return sum(number for part, number in did.items() if part not in parts)
        begins = self._by.begins[key]
        return sum(begins <= latest for part, ends in self._ends.items() if part not in parts for latest in ends)

    def _profiles(self, groups: Collection[Any]) -> int:
        if self._by.exclusive:
            return sum(self._first[group] for group in groups)
        return len(set().union(*(self._members[group] for group in groups if group in self._members)))


def largest_first(sizes: Mapping[str | None, int], then: Mapping[str | None, int]) -> list[str | None]:
    """The keys by size, then by the second figure, then by name: an order that never depends on chance."""
    return sorted(sizes, key=lambda key: (-sizes[key], -then[key], key is None, key or ""))


def split(order: list[str | None], limit: int) -> tuple[list[str | None], list[str | None]]:
    """The first *limit* keys and the rest; one more is kept instead of a row for a single other."""
    return (order, []) if len(order) <= limit + 1 else (order[:limit], order[limit:])
