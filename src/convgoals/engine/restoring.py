"""Where a profile stands, made again from what a store has of it: kept facts, and perhaps a saved state.

Without a saved state it is a fold over all kept facts. With a final one it is a fold over the facts after it; a goal
that the final state does not know, because it is new, was archived or has been given facts of its own, is folded over
what is kept from before, and goes on from what the ledger says of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from convgoals.engine.fold import STEP, Firing, Fold, ProfileRecord, apply_profile_fact, ignore_notes, plan_of
from convgoals.engine.known import KnownIds
from convgoals.engine.plans import Plans, View
from convgoals.engine.rungs import Rung, Strand, Trail, climb, record_of, step_after
from convgoals.engine.states import Part, Saved, read
from convgoals.goals import Once, OncePerDuration
from convgoals.instants import BEGINNING, to_instant
from convgoals.predicates.base import NEVER
from convgoals.predicates.compile import Machine
from convgoals.records import Fact, ProfileSnapshot, ProfileUpdate, in_order
from convgoals.storage.base import Store, StoredProfile


@attrs.define
class Folded:
    """A strand that was folded again.

    Attributes:
        strand: where it stands now.
        fired: what fired after its final state.
        before: what the goals that the final state did not know fired up to it, by their slots in the strand's plan.
        rungs: what was put down on the way.
    """

    strand: Strand
    fired: list[Firing]
    before: dict[int, list[Firing]]
    rungs: list[Rung]


class Restorer:
    """Makes records of profiles again.

    Args:
        plans: the goals.
        store: where the profiles are kept.
        clock: the instant of the last ``advance``.
    """

    def __init__(self, plans: Plans, store: Store, clock: int) -> None:
        self._plans = plans
        self._store = store
        self._clock = clock

    def records(self, profile_ids: Iterable[str]) -> dict[str, ProfileRecord]:
        """The records of those that are known."""
        stored = self._store.load(profile_ids, resume=True)
        found = {}
        for profile_id, each in stored.items():
            found[profile_id] = self.record(profile_id, each)
            found[profile_id].revision = each.revision
        return found

    def record(self, profile_id: str, stored: StoredProfile) -> ProfileRecord:
        """The record of a profile, loaded to be resumed."""
        saved = read(stored.state)
        if saved.now is not None:
            record = self._resumed(profile_id, stored, saved, saved.now)
            if record is not None:
                return record
            stored = self._store.load([profile_id])[profile_id]
        folded = [self.fold(profile_id, stored, saved, view) for view in self.views(stored, saved)]
        first = folded[0].strand
        record = first.record
        if len(folded) > 1:
            record.trail = Trail(strands=tuple(each.strand for each in folded))
        elif first.base is not None or len(record.ids) >= STEP:
            base = [] if first.base is None else [first.base]
            record.trail = Trail([*base, *folded[0].rungs], final=first.base is not None)
            record.full = step_after(record)
        if stored.scoped:
            record.full = NEVER  # its state cannot be resumed from: that would not tell which scopes there are
        return record

    def views(self, stored: StoredProfile, saved: Saved) -> tuple[View, ...]:
        """How the live goals see this profile."""
        return self._plans.views({*stored.scoped, *(scope for part in saved.final for scope in part.scopes)})

    def _resumed(self, profile_id: str, stored: StoredProfile, saved: Saved, now: Part) -> ProfileRecord | None:
        """The record that goes on from a saved state; ``None`` if that does not know all goals."""
        plan, sketch = self._plans.whole, saved.sketch
        rung, missing = now.rung(self._plans, plan)
        final = [part.rung(self._plans, plan) for part in saved.final]
        if missing or sketch is None or any(unknown for _, unknown in final):
            return None
        record = record_of(rung, plan)
        record.ids = KnownIds(sketch, lambda: [fact.id for fact in self._store.load([profile_id])[profile_id].facts])
        trail = Trail([*(each for each, _ in final), rung], bool(final), sketch.number, True, sketch)
        fold = Fold(plan, lambda: self._store.load([profile_id])[profile_id].facts, ignore_notes, {})
        climb(fold, record, stored.facts, trail.rungs)
        record.latest = max(record.latest, stored.until)
        fold.pass_time(record, record.latest)
        record.trail, record.full = trail, step_after(record)
        return record

    def fold(
        self, profile_id: str, stored: StoredProfile, saved: Saved, view: View, done: frozenset[Any] = frozenset()
    ) -> Folded:
        """Fold one strand of a profile again; *done* are goals and versions that were achieved for once and all."""
        facts, plan = visible(stored, view.scopes), view.plan
        before: dict[int, list[Firing]] = {}
        base = self._base(profile_id, saved, view, facts, before) if saved.final else None
        record = ProfileRecord(plan)
        if base is not None:
            for machine in plan.machines:
                if (machine.goal.name, machine.version) in done:
                    base.cells[machine.at] = False
            record = record_of(base, plan)
            record.ids = {fact.id: None for fact in facts if fact.instant <= base.at}
        rungs: list[Rung] = []
        fold = Fold(plan, lambda: facts, ignore_notes, {})
        climb(fold, record, facts[len(record.ids) :], rungs)
        record.latest = max(record.latest, _reached(stored, view.scopes, self._clock))
        fold.pass_time(record, record.latest)
        return Folded(Strand(view.scopes, plan, record, base), fold.out, before, rungs)

    def _base(
        self, profile_id: str, saved: Saved, view: View, facts: Sequence[Fact], before: dict[int, list[Firing]]
    ) -> Rung:
        """The final state of a view's goals."""
        at = saved.final_at
        plan = view.plan
        part = next((each for each in saved.final if each.scopes == view.scopes), None)
        if part is None:
            profile = ProfileRecord(plan)
            for fact in facts:
                if fact.instant <= at and isinstance(fact, (ProfileSnapshot, ProfileUpdate)):
                    apply_profile_fact(profile, fact)
            part = Part(view.scopes, at, profile.properties, profile.segments, {})
        rung, missing = part.rung(self._plans, plan)
        counted = rung.counted or {}
        slots = {machine.at: slot for slot, machine in enumerate(plan.machines)}
        for machine in missing:
            slot = slots[machine.at]
            alone, before[slot] = self._caught_up(profile_id, machine, facts, at)
            rung.cells[machine.at : machine.at + len(machine.template)] = alone.state
            if alone.counted:
                counted[slot] = alone.counted[0]
        return attrs.evolve(rung, counted=counted or None)

    def _caught_up(
        self, profile_id: str, machine: Machine, facts: Sequence[Fact], at: int
    ) -> tuple[ProfileRecord, list[Firing]]:
        """Where a goal stands alone at a final instant that it was not there for, and what it fired up to it."""
        plan = plan_of(machine)
        record = ProfileRecord(plan)
        fold = Fold(plan, lambda: facts, ignore_notes, {})
        fold.run(record, [fact for fact in facts if fact.instant <= at])
        fold.pass_time(record, at)
        name, version = machine.goal.name, machine.version
        recorded = self._store.completions(name, version=version, profile_id=profile_id)
        achieved = [instant for instant in (to_instant(each.achieved_at) for each in recorded) if instant <= at]
        counting = machine.goal.counting
        if achieved and isinstance(counting, Once):
            record.state[0] = False
        if achieved and isinstance(counting, OncePerDuration):
            counted = record.counted or {}
            record.counted = counted | {0: max(achieved[-1], counted.get(0, BEGINNING))}
        return record, fold.out


def _reached(stored: StoredProfile, scopes: Iterable[str], clock: int) -> int:
    """The instant to which time has run for goals that see *scopes*, besides the facts that they see."""
    if not scopes or not stored.facts or stored.until > max(fact.instant for fact in stored.facts):
        return stored.until  # by a clock, or a fact that was not kept: that holds for all
    return min(clock, stored.until)  # beyond it by one of everybody's facts, which may be none to them


def visible(stored: StoredProfile, scopes: Iterable[str]) -> tuple[Fact, ...]:
    """The facts of everybody and those of *scopes*, in order.

    Where one of a scope shares its id with one of everybody's, it came first, or it would not have been kept.
    """
    own: dict[str | None, Fact] = {fact.id: fact for scope in scopes for fact in stored.scoped.get(scope, ())}
    if not own:
        return stored.facts
    rest = [fact for fact in stored.facts if fact.id not in own]
    return tuple(in_order([*rest, *own.values()]))


def renumbered(firings: Iterable[Firing], slot: int) -> list[Firing]:
    """What a goal fired alone, as what it fires at *slot*."""
    return [(slot, *firing[1:]) for firing in firings]


def scoped_with(stored: StoredProfile, more: Mapping[str, Sequence[Fact]]) -> StoredProfile:
    """*stored* with *more* facts in scopes."""
    scoped = dict(stored.scoped)
    for scope, facts in more.items():
        scoped[scope] = tuple(in_order([*scoped.get(scope, ()), *facts]))
    return attrs.evolve(stored, scoped=scoped)
