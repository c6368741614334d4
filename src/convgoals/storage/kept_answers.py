"""Answers to questions of reports from what is kept, for backends that keep it in tables; see kept.py.

Which statements are asked, and what their rows are, sql/queries.sql says, below "what reports ask of it".

What a period or a bucket cuts off inside of a quarter, an hour or a day that is counted as one comes from the ledger's
rows: those of a few quarters, found by an index.
"""

from __future__ import annotations

import functools
import json
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol, TypeAlias

import attrs

from convgoals.instants import DAY, HOUR
from convgoals.storage.codec import decode_number
from convgoals.storage.exact import EXACT, Sum
from convgoals.storage.kept import QUARTER, UNIT, bin_start, joined, key_channel, wait_bin
from convgoals.storage.summary import Part, Question, Summary, Waits, places

_BEGINNING = -(2**62)
_END = 2**62

Span: TypeAlias = tuple[int, int]
"""The first and the last of something, both in."""


class Database(Protocol):
    """What is asked, by the names of statements."""

    def all(self, name: str, values: Sequence[Any] = (), /) -> list[Any]:
        """The rows of a statement."""
        ...

    def one(self, name: str, /, *values: Any) -> Any:
        """The first row of a statement, or ``None``."""
        ...


class Repeats(NamedTuple):
    """Completions that are no first ones.

    Attributes:
        track, quarter: theirs.
        channel: theirs, where it is asked for.
        number: how many there are.
    """

    track: int
    quarter: int
    channel: str | None
    number: int


Days: TypeAlias = dict[tuple[int, int, bool], list[Repeats]]
"""What was asked already within one transaction: by track, instant, and whether by channel; see `_Answer`."""


def answer(
    database: Database, tracks: Mapping[int, int], question: Question, everyone: int, reached: int | None, days: Days
) -> Summary:
    """The answer to *question*, whatever version it asks for; within a transaction.

    Args:
        database: the store's.
        tracks: all tracks of the question's goal, with their versions.
        question: the question.
        everyone: as in `Summary`.
        reached: as there.
        days: what further questions within the same transaction need not ask again.
    """
    if not tracks:
        return Summary(Part(), frozenset(), {}, {}, Waits(), everyone, reached)
    found = _Answer(database, tracks, question, days)
    whole, parts, versions = found.parts()
    groups = {} if question.by is None else found.groups()
    return Summary(whole, versions, parts, groups, found.waits(), everyone, reached)


@attrs.define
class _Pile:
    """A part that is being counted."""

    completions: int = 0
    profiles: int = 0
    valued: int = 0
    units: int = 0
    rest: Decimal = Decimal(0)

    def add(self, completions: int, profiles: int, valued: int, units: int, rest: str | Decimal | None) -> None:
        self.completions += completions
        self.profiles += profiles
        self.valued += valued
        self.units += units
        if rest:
            self.rest = EXACT.add(self.rest, Decimal(rest))

    def part(self) -> Part:
        return Part(self.completions, self.profiles, self.valued, joined(self.units, self.rest))


class _Answer:
    def __init__(self, database: Database, tracks: Mapping[int, int], question: Question, days: Days) -> None:
        self._database = database
        self._days = days
        self._lane = min(tracks)
        self._tracks = tracks
        self._question = question
        self._since = _BEGINNING if question.since is None else question.since
        self._until = _END if question.until is None else question.until
        self._across = self._may_lie_across()

    def _may_lie_across(self) -> bool:
        """Whether a profile may have completions before the period and in it."""
        if self._question.since is None or not self._database.one("has_repeats", self._lane)[0]:
            return False
        return bool(self._database.one("begins_before", self._lane, self._since // QUARTER)[0])

    # ---- by time

    def parts(self) -> tuple[Part, dict[int, Part], frozenset[int]]:
        """The whole, the parts by the start of their bucket, and the versions."""
        piles: defaultdict[int, _Pile] = defaultdict(_Pile)
        versions = set()
        bucket = _bucket_finder(self._question.bucket)
        odd: set[int] = set()
        for quarter, track, completions, firsts, valued, units, rest in self._database.all(
            "tallies", (self._lane, *_within(self._since, self._until, QUARTER))
        ):
            start = self._whole_in(quarter, bucket)
            if start is None:
                odd.add(quarter)
            else:
                versions.add(self._tracks[track])
                piles[start].add(completions, firsts, valued, units, rest)
        for track, achieved, before, _, value in self._rows(odd, QUARTER):
            versions.add(self._tracks[track])
            _add_row(piles[bucket(achieved)[0]], value, first=self._is_first(before))
        if self._across:
            self._add_across(piles, bucket, odd)
        whole = _Pile()
        for pile in piles.values():
            whole.add(pile.completions, pile.profiles, pile.valued, pile.units, pile.rest)
        parts = {} if self._question.bucket is None else {start: pile.part() for start, pile in piles.items()}
        return whole.part(), parts, frozenset(versions)

    def _whole_in(self, quarter: int, bucket: Callable[[int], Span]) -> int | None:
        """The start of the bucket that a quarter lies wholly in, itself wholly in the period; or ``None``."""
        first, last = quarter * QUARTER, quarter * QUARTER + QUARTER - 1
        if first < self._since or last > self._until:
            return None
        start, end = bucket(first)
        return start if last < end else None

    def _add_across(self, piles: Mapping[int, _Pile], bucket: Callable[[int], Span], odd: Collection[int]) -> None:
        """Count those that are the first since the period began, but not the first of all."""
        day = self._since // DAY
        quarters = _within(self._since, self._until, QUARTER)
        for quarter, completions in self._database.all("repeats_across", (self._lane, *quarters, day)):
            if quarter not in odd:
                piles[bucket(quarter * QUARTER)[0]].profiles += completions
        for each in self._of_day:
            if each.quarter not in odd:
                piles[bucket(each.quarter * QUARTER)[0]].profiles += each.number

    @functools.cached_property
    def _of_day(self) -> Sequence[Repeats]:
        """Of the day in which the period begins, whose repeats lie across in part: those that come in the period."""
        start, by_channel = self._since // DAY * DAY, self._question.by == "channel"
        first, last = _within(self._since, self._until, QUARTER)
        found: list[Repeats] = []
        for track in self._tracks if start < self._since else ():
            of_track = self._days.get((track, self._since, by_channel))
            if of_track is None:
                asked = (track, start, self._since, self._since)
                of_track = self._days[track, self._since, by_channel] = self._ask_of_day(asked, by_channel=by_channel)
            found += [each for each in of_track if first <= each.quarter <= last]
        return found

    def _ask_of_day(self, asked: tuple[int, ...], *, by_channel: bool) -> list[Repeats]:
        track = asked[0]
        if by_channel:
            return [Repeats(track, *row) for row in self._database.all("channel_repeats_of_day", asked)]
        # All of them as one text, counted here: that takes the half of grouping them in SQL.
        counts = Counter(json.loads(self._database.one("repeats_of_day", *asked)[0]))
        return [Repeats(track, quarter, None, number) for quarter, number in counts.items()]

    def _is_first(self, before: int | None) -> bool:
        return before is None or before < self._since

    def _rows(self, units: Iterable[int], size: int) -> Iterator[tuple[int, int, int | None, str | None, Any]]:
        """The completions in the period in those units of time: track, achieved, before, channel, value."""
        for unit in sorted(units):
            first, last = max(unit * size, self._since), min(unit * size + size - 1, self._until)
            for track in self._tracks:
                for achieved, before, channel, value in self._database.all("held_between", (track, first, last)):
                    yield track, achieved, before, channel, decode_number(value)

    # ---- by channel or version

    def groups(self) -> dict[str | int | None, Part]:
        """The parts by channel, or by version."""
        by_version = self._question.by == "version"
        piles: defaultdict[str | int | None, _Pile] = defaultdict(_Pile)

        def pile(track: int, channel: str | None) -> _Pile:
            return piles[self._tracks[track] if by_version else channel]

        hours, odd = _split(self._since, self._until, HOUR)
        if hours is not None:
            asked = (self._lane, *hours)
            for track, key, completions, firsts, valued, high, low in self._database.all("group_tallies", asked):
                pile(track, key_channel(key)).add(completions, firsts, valued, (high << 32) + low, None)
            for track, key, rest in self._database.all("group_rests", asked):
                pile(track, key_channel(key)).add(0, 0, 0, 0, rest)
        for track, _, before, channel, value in self._rows(odd, HOUR):
            _add_row(pile(track, channel), value, first=self._is_first(before))
        if self._across and hours is not None:
            day = self._since // DAY
            for track, key, completions in self._database.all("group_repeats_across", (self._lane, *hours, day)):
                pile(track, key_channel(key)).profiles += completions
            for each in self._of_day:
                if hours[0] <= each.quarter * QUARTER // HOUR <= hours[1]:
                    pile(each.track, each.channel).profiles += each.number
        return {key: found.part() for key, found in piles.items()}

    # ---- times to convert

    def waits(self) -> Waits:
        """The times to convert."""
        if not any(self._database.one("has_waits", track)[0] for track in self._tracks):
            return Waits()
        days, odd_days = _split(self._since, self._until, DAY)
        if self._across:  # whose first completion is not the first of all, has one that is not among the bins
            days, odd_days = None, []
            odd = self._all_waits()
        else:
            odd = sorted(
                wait
                for day in odd_days
                for track in self._tracks
                for (wait,) in self._database.all(
                    "waits_between",
                    (track, max(day * DAY, self._since), min(day * DAY + DAY - 1, self._until)),
                )
            )
        bins: dict[int, int] = {}
        total = sum(odd)
        if days is not None:
            for number, completions, high, low in self._database.all("wait_tallies", (self._lane, *days)):
                bins[number] = completions
                total += (high << 32) + low
            for (rest,) in self._database.all("wait_rests", (self._lane, *days)):
                total += int(EXACT.multiply(Decimal(rest), Decimal(UNIT)))
        span = (0, -1) if days is None else (days[0] * DAY, days[1] * DAY + DAY - 1)
        ordered = _Ordered(self._database, tuple(self._tracks), bins, odd, span)
        if not ordered.count:
            return Waits()
        longest = ordered.at(ordered.count - 1)
        percentiles = {}
        for percent in self._question.percents:
            low, high = places(ordered.count, percent)
            percentiles[percent] = ordered.at(low), ordered.at(high)
        edges = () if self._question.edges is None else self._question.edges(longest)
        return Waits(ordered.count, total, longest, percentiles, tuple(map(ordered.up_to, edges)))

    def _all_waits(self) -> list[int]:
        found = []
        for track in self._tracks:
            asked = (track, self._since, self._until)
            found += self._database.all("waits_between", asked)
            found += self._database.all("waits_across", (*asked, self._since))
        return sorted(wait for (wait,) in found)


class _Ordered:
    """Times in order: most of them only counted, by bin, and read where one of them is asked for.

    Args:
        database: where they can be read.
        tracks: whose they are.
        bins: how many there are in each bin; in the order of the bins.
        odd: further ones, in order.
        span: when those in the bins were achieved.
    """

    def __init__(
        self, database: Database, tracks: tuple[int, ...], bins: Mapping[int, int], odd: list[int], span: Span
    ) -> None:
        self._database = database
        self._tracks = tracks
        self._odd = odd
        self._span = span
        self._numbers = list(bins)
        self._below = [0]
        for completions in bins.values():
            self._below.append(self._below[-1] + completions)
        self.count = self._below[-1] + len(odd)
        self._bin = functools.lru_cache(maxsize=4)(self._read_bin)

    def _read_bin(self, number: int) -> list[int]:
        span = (bin_start(number), bin_start(number + 1) - 1, *self._span)
        rows = [row for track in self._tracks for row in self._database.all("waits_of_bin", (track, *span))]
        return sorted(wait for (wait,) in rows)

    def at(self, place: int) -> int:
        """The one at that place, from 0."""
        low, high = 0, len(self._numbers)  # how many bins end at or before it
        while low < high:
            middle = (low + high) // 2
            end = bin_start(self._numbers[middle] + 1) - 1
            if self._below[middle + 1] + bisect_right(self._odd, end) <= place:
                low = middle + 1
            else:
                high = middle
        if low == len(self._numbers):
            return self._odd[place - self._below[low]]
        first = bisect_right(self._odd, bin_start(self._numbers[low - 1] + 1) - 1) if low else 0
        last = bisect_right(self._odd, bin_start(self._numbers[low] + 1) - 1)
        together = sorted(self._bin(self._numbers[low]) + self._odd[first:last])
        return together[place - self._below[low] - first]

    def up_to(self, edge: int) -> int:
        """How many are no longer than *edge*."""
        found = bisect_right(self._odd, edge)
        number = wait_bin(edge)
        place = bisect_right(self._numbers, number)
        if place and self._numbers[place - 1] == number:
            span = (bin_start(number), edge, *self._span)
            found += sum(self._database.one("count_waits", track, *span)[0] for track in self._tracks)
            place -= 1
        return found + self._below[place]


def _add_row(pile: _Pile, value: object, *, first: bool) -> None:
    amount = Sum()
    amount.extend((value,))
    pile.add(1, first, amount.count, 0, amount.total)


def _within(first: int, last: int, size: int) -> Span:
    """The units of time, of that size, that the instants from *first* to *last* lie in."""
    return first // size, last // size


def _split(first: int, last: int, size: int) -> tuple[Span | None, list[int]]:
    """The units of time that lie wholly between two instants, and those that do in part."""
    low, high = -(-first // size), (last + 1) // size - 1
    odd = sorted({unit for unit, instant in ((first // size, first), (last // size, last)) if not low <= unit <= high})
    return ((low, high) if low <= high else None), odd


def _bucket_finder(bucket: Callable[[int], Span] | None) -> Callable[[int], Span]:
    """The same function, quick where it is asked of one instant after another."""
    if bucket is None:
        return lambda instant: (_BEGINNING, _END)
    known: Span = (0, 0)

    def find(instant: int) -> Span:
        nonlocal known
        if not known[0] <= instant < known[1]:
            known = bucket(instant)
        return known

    return find
