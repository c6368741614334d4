"""The one pass over a goal's completions from which every figure of a report comes."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime, timedelta, tzinfo
from operator import attrgetter
from typing import Any

import attrs

from convgoals.analytics.buckets import bucket_at, bucket_label, buckets
from convgoals.analytics.dimensions import Breakdown, Dimension
from convgoals.analytics.figures import Amount, Figures, Sum, durations, from_waits, total
from convgoals.analytics.periods import Period
from convgoals.analytics.selection import check_counts, clip
from convgoals.analytics.standings import Outcomes
from convgoals.analytics.stats import Proportion
from convgoals.instants import MICROSECOND, to_datetime, to_instant
from convgoals.records import Completion
from convgoals.storage import summary
from convgoals.storage.recount import new_among
from convgoals.storage.summary import Summary, Waits

_ACHIEVED_AT = attrgetter("achieved_at")
_VERSION = attrgetter("version")


@attrs.frozen
class Bucket:
    """One bucket of a trend.

    Attributes:
        start: its first instant (UTC).
        end: the first instant after it (UTC).
        label: what clocks and calendars in the report's time zone call it.
        completions: how many completions it holds.
        converting_profiles: how many profiles have their first completion of the period in it, so that the buckets
            add up to the report's.
        value: what its completions are worth.
        unfinished: whether time has not yet reached its end, so that its figures may still grow.
        cut: whether the period leaves out a part of it.
        conversion: of a trend by when profiles entered: those that entered in the bucket, and how many converted.
        outcomes: of such a trend: how it went with them.
    """

    start: datetime
    end: datetime
    label: str
    completions: int
    converting_profiles: int
    value: Amount
    unfinished: bool
    cut: bool
    conversion: Proportion | None = None
    outcomes: Outcomes | None = None


def bucket_row(bucket: Bucket) -> dict[str, Any]:
    """A bucket as a flat dict, but for what only a trend by when profiles entered has."""
    return {
        "start": bucket.start,
        "end": bucket.end,
        "label": bucket.label,
        "completions": bucket.completions,
        "converting_profiles": bucket.converting_profiles,
        "unfinished": bucket.unfinished,
        "cut": bucket.cut,
        "value_sum": bucket.value.sum,
        "value_mean": bucket.value.mean,
    }


@attrs.define
class Part:
    """What one bucket has so far."""

    completions: int = 0
    profiles: int = 0
    sum: Sum = attrs.Factory(Sum)


class Tally:
    """Collects the figures of one period while the completions go by in their order."""

    def __init__(
        self, period: Period, *, every: str | None, timezone: tzinfo, breakdown: Dimension | None = None
    ) -> None:
        self.period = period
        self.profiles: set[str] = set()
        self.versions: set[int] = set()
        self.breakdown = None if breakdown is None else Breakdown(breakdown)
        self.parts: dict[datetime, Part] = {}
        self._every = every
        self._timezone = timezone
        self._whole = Part()
        self._anchors: list[timedelta] = []
        self._converting: int | None = None
        self._waits: Waits | None = None
        self._bucket: tuple[datetime, datetime] | None = None
        self._last: datetime | None = None

    def feed(self, completions: list[Completion]) -> None:
        """Takes in the next completions; they must come by ``achieved_at``."""
        kept = clip(completions, self.period)
        if not kept:
            return
        self._last = kept[-1].achieved_at
        self.versions.update(map(_VERSION, kept))
        if self._every is None:
            self.add(self._whole, kept)
            return
        index = 0
        while index < len(kept):
            start, end = self.bucket_of(kept[index].achieved_at, self._every)
            stop = bisect_left(kept, end, lo=index, key=_ACHIEVED_AT)
            self.add(self.parts.setdefault(start, Part()), kept[index:stop])
            index = stop

    def take(self, answer: Summary) -> None:
        """Takes in a store's answer in the place of the completions; who converted is then not known, only how many."""
        self.versions.update(answer.versions)
        self._converting = answer.whole.profiles
        self._waits = answer.waits
        if self._every is None:
            self._whole = _part(answer.whole)
        for start, part in answer.parts.items():
            self.parts[to_datetime(start)] = _part(part)
        self._last = max(self.parts, default=None)
        if self.breakdown is not None:
            self.breakdown.take(answer.groups)

    def bucket_span(self, instant: int) -> tuple[int, int]:
        """The bucket that *instant* lies in, as a store is asked for it."""
        start, end = bucket_at(to_datetime(instant), str(self._every), self._timezone)
        return to_instant(start), to_instant(end)

    def figures(self, audience: int, confidence: float) -> Figures:
        """The figures of the whole period."""
        converting = len(self.profiles) if self._converting is None else self._converting
        check_counts(converting, audience)
        parts = [self._whole, *self.parts.values()]
        return Figures(
            completions=sum(part.completions for part in parts),
            conversion=Proportion(converting, audience, confidence),
            value=total(part.sum.amount() for part in parts),
            time_to_convert=durations(self._anchors) if self._waits is None else from_waits(self._waits),
        )

    def trend(self, reached: datetime | None) -> tuple[Bucket, ...]:
        """Every bucket from the beginning of the period (or the first completion) to its end, or to *reached*."""
        if self._every is None:
            return ()
        first = self.period.since if self.period.since is not None else min(self.parts, default=None)
        last = _latest(reached, self._last)
        if last is not None and self.period.until is not None:
            last = min(last, self.period.until)
        if first is None or last is None or first > last:
            return ()
        return tuple(
            self.finish(start, end, reached) for start, end in buckets(first, last, self._every, self._timezone)
        )

    def bucket_of(self, moment: datetime, every: str) -> tuple[datetime, datetime]:
        if self._bucket is None or not self._bucket[0] <= moment < self._bucket[1]:
            self._bucket = bucket_at(moment, every, self._timezone)
        return self._bucket

    def add(self, part: Part, completions: list[Completion]) -> None:
        first = new_among(completions, self.profiles)
        part.completions += len(completions)
        part.profiles += len(first)
        self._anchors += [completion.since_anchor for completion in first if completion.since_anchor is not None]
        if self.breakdown is None:
            part.sum.extend([completion.value for completion in completions])
        else:
            part.sum.merge(self.breakdown.feed(completions, first))

    def finish(self, start: datetime, end: datetime, reached: datetime | None) -> Bucket:
        part = self.parts.get(start) or Part()
        since, until = self.period.since, self.period.until
        return Bucket(
            start=start,
            end=end,
            label=bucket_label(start, str(self._every), self._timezone),
            completions=part.completions,
            converting_profiles=part.profiles,
            value=part.sum.amount(),
            unfinished=reached is None or reached < end,
            cut=(since is not None and since > start) or (until is not None and until < end - MICROSECOND),
        )


def _part(part: summary.Part) -> Part:
    return Part(part.completions, part.profiles, Sum(part.sum, part.valued))


def _latest(first: datetime | None, second: datetime | None) -> datetime | None:
    known = [moment for moment in (first, second) if moment is not None]
    return max(known, default=None)
