"""The store in memory: nothing is durable, everything else holds."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import attrs
from sortedcontainers import SortedSet

from convgoals.errors import StoreError
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Completion, Fact, Retraction
from convgoals.storage.base import (
    NO_FACTS,
    Batch,
    Changes,
    Damage,
    SavedGoal,
    StoredProfile,
    StoreInfo,
)
from convgoals.storage.identities import Identities
from convgoals.storage.likeness import Likeness, from_facts
from convgoals.storage.memory_facts import LONG, Rest, between, tidy
from convgoals.storage.memory_ledger import Ledger
from convgoals.storage.passages import Passages, Stages
from convgoals.storage.recount import Recounting


class MemoryStore(Recounting):
    """A store whose whole content is its own objects; see `Store` for each method's law.

    What it knows of a profile stands in dicts of plain values, not in an object for each profile: of those there are
    many, and the garbage collector would look at each of them again and again.
    """

    def __init__(self) -> None:
        self._facts: dict[str, list[Fact]] = {}  # the kept facts of each known profile, the tidy ones first
        self._tidy: dict[str, int] = {}  # how many of them are in order, and all different; the others are as they came
        self._until: dict[str, int] = {}
        self._wake: dict[str, int] = {}  # of those that time alone may move
        self._rest: dict[str, Rest] = {}
        self._ledger = Ledger(self._facts)
        self._wakes: SortedSet = SortedSet()
        self._goals: dict[str, SavedGoal] = {}
        self._aliases = Identities()
        self._positions: dict[str, int | str] = {}
        self._receivers: dict[str, set[str]] = {}
        self._reached: int | None = None
        self._closed = False

    def _open(self) -> None:
        if self._closed:
            raise StoreError("this store is closed", code="store-closed", hint="open a new engine")

    @contextmanager
    def writing(self, profile_ids: Iterable[str] | None = None) -> Iterator[None]:
        self._open()
        yield  # nobody else writes here: an engine's own threads wait for one another

    def load(
        self, profile_ids: Iterable[str], *, after: int | None = None, until: int | None = None, resume: bool = False
    ) -> dict[str, StoredProfile]:
        self._open()
        found = {}
        for profile_id in profile_ids:
            if profile_id not in self._facts:
                continue
            reached, wake, rest = self._until[profile_id], self._wake.get(profile_id), self._rest.get(profile_id)
            if rest is None:
                found[profile_id] = StoredProfile(between(self._kept(profile_id), after, until), reached, wake)
                continue
            start = rest.state.at if resume and rest.state is not None else after
            later = {scope: between(facts, start, until) for scope, facts in rest.scoped.items()}
            scoped = {scope: facts for scope, facts in later.items() if facts} or NO_FACTS
            kept = between(self._kept(profile_id), start, until)
            found[profile_id] = StoredProfile(kept, reached, wake, rest.state, scoped)
        return found

    def _kept(self, profile_id: str) -> list[Fact]:
        """A profile's facts by ``(instant, id)``; of several with one id, the first received."""
        facts = self._facts[profile_id]
        if self._tidy.get(profile_id, 0) < len(facts):
            if len(facts) < LONG:
                facts = self._facts[profile_id] = tidy(facts)
            else:
                self._more(profile_id).sort_in(facts, self._tidy.get(profile_id, 0))
            self._tidy[profile_id] = len(facts)
        return facts

    def _more(self, profile_id: str) -> Rest:
        if profile_id not in self._rest:
            self._rest[profile_id] = Rest()
        return self._rest[profile_id]

    def dropped_receipts(self, profile_ids: Iterable[str]) -> dict[str, tuple[CampaignReceipt, ...]]:
        self._open()
        found = {}
        for profile_id in profile_ids:
            rest = self._rest.get(profile_id)
            if rest is not None and rest.receipts:
                found[profile_id] = tuple(
                    CampaignReceipt(campaign, profile_id, to_datetime(instant), channel, fact_id)
                    for (campaign, fact_id), (instant, channel) in sorted(rest.receipts.items())
                )
        return found

    def profile_ids(self) -> Iterator[str]:
        self._open()
        return iter(sorted(self._facts))

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
        changes = batch.profiles
        everything = list(itertools.chain.from_iterable(changes.facts.values()))
        scoped = [fact for scopes in changes.scoped.values() for facts in scopes.values() for fact in facts]
        if None in [fact.id for fact in everything] or None in [fact.id for fact in scoped]:
            raise StoreError("a fact must have an id to be kept", code="fact-id")
        matched = self._ledger.matched(batch.entries)
        for old, new in batch.merged:
            self._hand_on_receipts(old, new)
            self._drop_profile(old)
            self._aliases.merge(old, new)
        for profile_id, dropped in changes.dropped.items():
            self._drop_facts(profile_id, dropped)
        known = self._facts
        for profile_id, facts in changes.facts.items():
            kept = known.get(profile_id)
            if kept is None:
                known[profile_id] = list(facts)
            else:
                kept += facts
        self._until.update(changes.until)
        for profile_id in (changes.facts.keys() & self._wake.keys()) | changes.wake.keys():
            self._set_wake(profile_id, changes.wake.get(profile_id))
        self._change_rest(changes)
        if CampaignReceipt in map(type, everything):
            for profile_id in changes.facts:
                for campaign, _, _ in self._receipts_of(profile_id):
                    self._receivers.setdefault(campaign, set()).add(profile_id)
        self._ledger.append(batch.entries, matched)
        for saved in batch.goals:
            self._goals[saved.goal.name] = saved
        self._positions.update(batch.positions)
        if batch.reached is not None and (self._reached is None or batch.reached > self._reached):
            self._reached = batch.reached

    def _change_rest(self, changes: Changes) -> None:
        for profile_id, state in changes.state.items():
            self._more(profile_id).state = state if state.text else None
        for profile_id, scopes in changes.scoped.items():
            known = self._more(profile_id).scoped
            for scope, facts in scopes.items():
                if facts:
                    known[scope] = tidy([*known.get(scope, ()), *facts])

    def _drop_facts(self, profile_id: str, dropped: Collection[str]) -> None:
        if profile_id not in self._facts:
            return
        gone, rest, kept = frozenset(dropped), self._more(profile_id), []
        for fact in self._kept(profile_id):
            if fact.id not in gone:
                kept.append(fact)
            elif isinstance(fact, CampaignReceipt):
                rest.receipts.setdefault((fact.campaign, str(fact.id)), (fact.instant, fact.channel))
        self._facts[profile_id], self._tidy[profile_id], rest.ids = kept, len(kept), None
        for scope, facts in list(rest.scoped.items()):
            rest.scoped[scope] = [fact for fact in facts if fact.id not in gone]
            if not rest.scoped[scope]:
                del rest.scoped[scope]

    def _hand_on_receipts(self, old: str, new: str) -> None:
        """Receipts whose facts were dropped become those of the identity that *old* becomes."""
        rest = self._rest.get(old)
        if rest is None or not rest.receipts:
            return
        known = self._more(new).receipts
        for (campaign, fact_id), receipt in rest.receipts.items():
            known.setdefault((campaign, fact_id), receipt)
            self._receivers.setdefault(campaign, set()).add(new)

    def _set_wake(self, profile_id: str, wake: int | None) -> None:
        before = self._wake.pop(profile_id, None)
        if wake is not None:
            self._wake[profile_id] = wake
        if before == wake:
            return
        if before is not None:
            self._wakes.discard((before, profile_id))
        if wake is not None:
            self._wakes.add((wake, profile_id))

    def _drop_profile(self, profile_id: str) -> None:
        """Forget a profile's facts; its part of the ledger stays."""
        if self._facts.pop(profile_id, None) is not None:
            del self._until[profile_id]
            self._set_wake(profile_id, None)
            for column in (self._tidy, self._rest):
                column.pop(profile_id, None)
            self._ledger.leave(profile_id)
            for receivers in self._receivers.values():
                receivers.discard(profile_id)

    def rename(self, old: str, new: str) -> None:
        self._open()
        if old not in self._goals or new in self._goals or self._ledger.knows(new):
            raise StoreError(f"goal {old!r} cannot become {new!r}", code="rename")
        self._ledger.rename(old, new)
        self._goals = {
            new if name == old else name: attrs.evolve(saved, goal=saved.goal.renamed(new)) if name == old else saved
            for name, saved in self._goals.items()
        }

    def goals(self) -> list[SavedGoal]:
        self._open()
        return list(self._goals.values())

    def entries(self) -> Iterator[Completion | Retraction]:
        self._open()
        return self._ledger.entries()

    def history(
        self, goal: str | None = None, profile_id: str | None = None, as_of: datetime | None = None,
        include_retracted: bool = False,
    ) -> Iterator[Completion]:  # fmt: skip
        self._open()
        current = None if profile_id is None else self._aliases.get(profile_id, profile_id)
        return self._ledger.history(goal, current, as_of, retracted=include_retracted)

    def recorded(self, profile_id: str) -> Iterator[Completion]:
        self._open()
        return self._ledger.recorded(self._aliases.get(profile_id, profile_id))

    def completions(
        self, goal: str | None = None, *, version: int | None = None, profile_id: str | None = None
    ) -> Iterator[Completion]:
        self._open()
        if goal is not None and profile_id is None:
            found = self._ledger.held_in_order(goal)
        else:
            found = self.history(goal, profile_id)
        return found if version is None else (c for c in found if c.version == version)

    def passages(self, stages: Stages) -> Passages[str]:
        self._open()
        return self._ledger.passages(stages)

    def profiles_at(self, instant: int, profile_ids: Iterable[str]) -> Iterator[Likeness]:
        self._open()
        known = self._facts
        return (from_facts(who, self._kept(who), instant) for who in profile_ids if who in known)

    def profile_count(self) -> int:
        self._open()
        return len(self._facts)

    def recipients(self, campaign: str) -> Iterable[tuple[str, int]]:
        self._open()
        found = []
        for profile_id in sorted(self._receivers.get(campaign, ())):
            instants = [instant for of, instant, _ in self._receipts_of(profile_id) if of == campaign]
            if instants:  # a receipt whose id was known already is none
                found.append((profile_id, min(instants)))
        return tuple(found)

    def _receipts_of(self, profile_id: str) -> list[tuple[str, int, str | None]]:
        """A profile's receipts as campaign, instant, channel; those whose facts were dropped among them."""
        rest = self._rest.get(profile_id)
        dropped = {} if rest is None else rest.receipts
        found = [(campaign, *receipt) for (campaign, _), receipt in dropped.items()]
        kept = [fact for fact in self._kept(profile_id) if isinstance(fact, CampaignReceipt)]
        return found + [(f.campaign, f.instant, f.channel) for f in kept if (f.campaign, f.id) not in dropped]

    def receipts(self) -> Iterator[tuple[str, int, str, str | None]]:
        self._open()
        found = [
            (profile_id, instant, campaign, channel)
            for profile_id in set().union(*self._receivers.values())
            for campaign, instant, channel in self._receipts_of(profile_id)
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
        gone = {current, *self._aliases.of(current)}
        for each in gone:
            self._drop_profile(each)
        self._aliases.forget(current)
        self._ledger.erase(gone)

    def generation(self) -> int:
        self._open()
        return 0

    def info(self) -> StoreInfo:
        self._open()
        return StoreInfo("memory", 0, *self._ledger.counts())

    def damage(self) -> Iterator[Damage]:
        self._open()
        return iter(())  # nothing but its own methods reaches what it is made of

    def compact(self) -> None:
        self._open()

    def close(self) -> None:
        self._closed = True
