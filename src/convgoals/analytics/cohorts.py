"""Figures by when profiles entered: a cohort's windows run on past the end of the period that it entered in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, tzinfo

import attrs

from convgoals.analytics.buckets import buckets
from convgoals.analytics.dimensions import Dimension
from convgoals.analytics.periods import Period
from convgoals.analytics.standings import Standings
from convgoals.analytics.stats import Proportion
from convgoals.analytics.tally import Bucket, Part, Tally
from convgoals.records import Completion


class CohortTally(Tally):
    """Collects the figures of the profiles that entered in one period, whenever they complete the goal."""

    def __init__(
        self,
        period: Period,
        standings: Standings,
        members: Mapping[str, datetime],
        *,
        every: str | None,
        timezone: tzinfo,
        breakdown: Dimension | None = None,
        final_only: bool = False,
        confidence: float,
    ) -> None:
        super().__init__(period, every=every, timezone=timezone, breakdown=breakdown)
        self._standings = standings
        self._members = members
        self._final_only = final_only
        self._confidence = confidence
        self._by_bucket: defaultdict[datetime, list[str]] = defaultdict(list)
        self._start_of: dict[str, datetime | None] = dict.fromkeys(members)
        if every is not None:
            for profile_id, entered in sorted(members.items(), key=lambda item: (item[1], item[0])):
                start = self._start_of[profile_id] = self.bucket_of(entered, every)[0]
                self._by_bucket[start].append(profile_id)

    def feed(self, completions: list[Completion]) -> None:
        """Takes in the next completions; they must come by ``achieved_at``."""
        self.versions.update(completion.version for completion in completions)
        if self._every is None:
            self.add(self._whole, completions)
            return
        found: defaultdict[datetime | None, list[Completion]] = defaultdict(list)
        for completion in completions:
            found[self._start_of[completion.profile_id]].append(completion)
        for start, some in found.items():
            if start is not None:
                self.add(self.parts.setdefault(start, Part()), some)

    def trend(self, reached: datetime | None) -> tuple[Bucket, ...]:
        """Every bucket from the beginning of the period (or the first entry) to its end, or to *reached*."""
        since, until = self.period.since, self.period.until
        first = since if since is not None else min(self._members.values(), default=None)
        last = reached if until is None or reached is None else min(reached, until)
        if self._every is None or first is None or last is None or first > last:
            return ()
        return tuple(
            self.finish(start, end, reached) for start, end in buckets(first, last, self._every, self._timezone)
        )

    def finish(self, start: datetime, end: datetime, reached: datetime | None) -> Bucket:
        ids = self._by_bucket.get(start, [])
        counted = self._standings.final(ids) if self._final_only else ids
        bucket = super().finish(start, end, reached)
        return attrs.evolve(
            bucket,
            conversion=Proportion(bucket.converting_profiles, len(counted), self._confidence),
            outcomes=self._standings.count(ids),
        )
