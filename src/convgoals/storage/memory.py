"""The store in memory: nothing is durable, everything else holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs
from sortedcontainers import SortedDict, SortedSet

from convgoals.errors import StoreError
from convgoals.records import CampaignReceipt, Completion, Fact, Retraction
from convgoals.storage.base import Batch, SavedGoal, StoredProfile


class _Profile:
    """A profile's kept facts by id, and its part of the ledger."""

    __slots__ = ("entries", "facts", "until", "wake")

    def __init__(self) -> None:
        self.facts: dict[str, Fact] = {}
        self.entries: list[_Entry] = []
        self.until = 0
        self.wake: int | None = None


@attrs.define(eq=False)
class _Entry:
    completion: Completion
    retraction: Retraction | None = None


def _same(left: Completion, right: Completion) -> bool:
    """Whether two records are of one completion, whenever each was recorded."""
    return attrs.evolve(left, recorded_at=right.recorded_at) == right


def _order(completion: Completion) -> tuple[datetime, str, str, str]:
    return completion.achieved_at, completion.profile_id, completion.goal, completion.trigger_id or ""


def _fact_order(fact: Fact) -> tuple[int, str]:
    return fact.instant, fact.id or ""


class MemoryStore:
    """A store whose whole content is its own objects; see `Store` for each method's law."""

    def __init__(self) -> None:
        self._profiles: dict[str, _Profile] = {}
        self._ledger: list[Completion | Retraction] = []
        self._entries: list[_Entry] = []
        self._wakes: SortedSet = SortedSet()
        self._goals: dict[str, SavedGoal] = {}
        self._aliases: dict[str, str] = {}
        self._positions: dict[str, int | str] = {}
        self._recipients: dict[str, SortedDict] = {}
        self._reached: int | None = None
        self._closed = False

    def _open(self) -> None:
        if self._closed:
            raise StoreError("this store is closed", code="store-closed", hint="open a new engine")

    def load(self, profile_ids: Iterable[str]) -> dict[str, StoredProfile]:
        self._open()
        found = {}
        for profile_id in profile_ids:
            profile = self._profiles.get(profile_id)
            if profile is not None:
                facts = tuple(sorted(profile.facts.values(), key=_fact_order))
                found[profile_id] = StoredProfile(facts, profile.until)
        return found

    def profile_ids(self) -> Iterator[str]:
        self._open()
        return iter(sorted(self._profiles))

    def due(self, instant: int) -> list[str]:
        self._open()
        found = []
        for wake, profile_id in self._wakes:
            if wake > instant:
                break
            found.append(profile_id)
        return found

    def commit(self, batch: Batch) -> None:
        self._open()
        retracted = self._matched_retractions(batch)
        for old, new in batch.merged:
            self._drop_profile(old)
            self._aliases = {a: new if b == old else b for a, b in self._aliases.items()} | {old: new}
        for profile_id, change in batch.profiles.items():
            profile = self._profiles.get(profile_id)
            if profile is None:
                profile = self._profiles[profile_id] = _Profile()
            for fact in change.facts:
                if fact.id is None:
                    raise StoreError("a fact must have an id to be kept", code="fact-id")
                if profile.facts.setdefault(fact.id, fact) is fact and type(fact) is CampaignReceipt:
                    self._receive(fact, profile_id)
            profile.until = change.until
            if profile.wake != change.wake:
                self._set_wake(profile_id, profile, change.wake)
        for entry in batch.entries:
            self._ledger.append(entry)
            if isinstance(entry, Retraction):
                retracted[id(entry)].retraction = entry
            else:
                self._record(entry)
        for saved in batch.goals:
            self._goals[saved.goal.name] = saved
        self._positions.update(batch.positions)
        if batch.reached is not None:
            self._reached = batch.reached

    def _matched_retractions(self, batch: Batch) -> dict[int, _Entry]:
        """Which recorded completion each retraction ends, found before anything is changed."""
        matched: dict[int, _Entry] = {}
        for entry in batch.entries:
            if isinstance(entry, Retraction):
                profile = self._profiles.get(entry.profile_id)
                candidates = reversed(profile.entries) if profile else iter(())
                taken = set(map(id, matched.values()))
                for candidate in candidates:
                    free = candidate.retraction is None and id(candidate) not in taken
                    if free and _same(candidate.completion, entry.completion):
                        matched[id(entry)] = candidate
                        break
                else:
                    raise StoreError(f"nothing is recorded that could be retracted: {entry}", code="retraction")
        return matched

    def _record(self, completion: Completion) -> None:
        entry = _Entry(completion)
        self._entries.append(entry)
        profile = self._profiles.get(completion.profile_id)
        if profile is None:
            profile = self._profiles[completion.profile_id] = _Profile()
        profile.entries.append(entry)

    def _receive(self, receipt: CampaignReceipt, profile_id: str) -> None:
        first = self._recipients.setdefault(receipt.campaign, SortedDict())
        first[profile_id] = min(first.get(profile_id, receipt.instant), receipt.instant)

    def _set_wake(self, profile_id: str, profile: _Profile, wake: int | None) -> None:
        if profile.wake is not None:
            self._wakes.discard((profile.wake, profile_id))
        if wake is not None:
            self._wakes.add((wake, profile_id))
        profile.wake = wake

    def _drop_profile(self, profile_id: str) -> None:
        """Forget a profile's facts; its part of the ledger stays."""
        profile = self._profiles.pop(profile_id, None)
        if profile is not None:
            self._set_wake(profile_id, profile, None)
            for recipients in self._recipients.values():
                recipients.pop(profile_id, None)

    def goals(self) -> list[SavedGoal]:
        self._open()
        return list(self._goals.values())

    def entries(self) -> Iterator[Completion | Retraction]:
        self._open()
        return iter(tuple(self._ledger))

    def history(
        self, goal: str | None = None, profile_id: str | None = None, as_of: datetime | None = None,
        include_retracted: bool = False,
    ) -> Iterator[Completion]:  # fmt: skip
        self._open()
        if profile_id is None:
            entries = self._entries
        else:
            profile = self._profiles.get(self._aliases.get(profile_id, profile_id))
            entries = profile.entries if profile else []

        def known(entry: _Entry) -> bool:
            if as_of is not None and entry.completion.recorded_at > as_of:
                return False
            ended = entry.retraction is not None and (as_of is None or entry.retraction.recorded_at <= as_of)
            return include_retracted or not ended

        found = [e.completion for e in entries if (goal is None or e.completion.goal == goal) and known(e)]
        return iter(sorted(found, key=_order))

    def completions(
        self, goal: str | None = None, *, version: int | None = None, profile_id: str | None = None
    ) -> Iterator[Completion]:
        found = self.history(goal, profile_id)
        return found if version is None else (c for c in found if c.version == version)

    def profile_count(self) -> int:
        self._open()
        return len(self._profiles)

    def recipients(self, campaign: str) -> Iterable[tuple[str, int]]:
        self._open()
        return tuple(self._recipients.get(campaign, {}).items())

    def receipts(self) -> Iterator[tuple[str, int, str, str | None]]:
        self._open()
        found = [
            (profile_id, fact.instant, fact.campaign, fact.channel)
            for profile_id, profile in self._profiles.items()
            for fact in profile.facts.values()
            if isinstance(fact, CampaignReceipt)
        ]
        return iter(sorted(found, key=lambda row: (row[0], row[1], row[2], row[3] or "")))

    def reached(self) -> int | None:
        self._open()
        return self._reached

    def aliases(self) -> dict[str, str]:
        self._open()
        return dict(self._aliases)

    def positions(self) -> dict[str, int | str]:
        self._open()
        return dict(self._positions)

    def forget(self, profile_id: str) -> None:
        self._open()
        current = self._aliases.get(profile_id, profile_id)
        gone = {current} | {old for old, new in self._aliases.items() if new == current}
        for each in gone:
            self._drop_profile(each)
            self._aliases.pop(each, None)
        self._entries = [entry for entry in self._entries if entry.completion.profile_id not in gone]
        self._ledger = [entry for entry in self._ledger if entry.profile_id not in gone]

    def generation(self) -> int:
        self._open()
        return 0

    def close(self) -> None:
        self._closed = True
