"""One batch: facts × predicates → what changes, profile by profile.

In order, a profile's facts are folded onto where it stands. A fact at or before the instant already folded is *late*:
the profile is folded again from its kept facts, and what the ledger says of it is compared with what it should say.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import attrs

from convgoals.engine.fold import Firing, Fold, ProfileRecord, ignore_notes
from convgoals.engine.long_logs import LongLogs
from convgoals.engine.plans import Plans, View
from convgoals.engine.restoring import Folded, Restorer, renumbered, visible
from convgoals.engine.rungs import Strand, Trail
from convgoals.engine.states import read
from convgoals.errors import StoreError
from convgoals.instants import BEGINNING, SECOND, to_datetime, to_instant
from convgoals.predicates.base import NEVER
from convgoals.predicates.plan import Plan
from convgoals.predicates.values import Notes
from convgoals.records import Completion, Event, Fact, Retraction, completed, in_order
from convgoals.storage.base import Changes, ProfileChange, Store, StoredProfile

_particulars = attrgetter(
    "goal", "version", "profile_id", "achieved_at", "trigger_id", "channel", "segments", "value", "since_anchor"
)
"""All that a completion says but when it was recorded."""


_STRIDE = 7
"""Of more profiles than these, every so many are looked at: those with many facts come in many batches. A prime, so
that time that runs in whole hours or days has its turns too."""


class _AtHand:
    """The profile at hand, and what the fold asks for its facts.

    It is not the run itself that is asked: the run knows the fold, and two objects that know each other are freed by
    the garbage collector alone, with the whole batch.
    """

    __slots__ = ("_store", "kept", "profile_id")

    def __init__(self, store: Store) -> None:
        self._store = store
        self.profile_id = ""
        self.kept: Sequence[Fact] = ()

    def facts(self) -> Sequence[Fact]:
        """Those that the store has, and those *kept* of this batch, in order."""
        stored = self._store.load([self.profile_id]).get(self.profile_id)
        return in_order((*(stored.facts if stored else ()), *self.kept))


class BatchRun:
    """Collects what one batch changes; nothing is durable before the store has committed it.

    Args:
        plans: the live goals.
        store: asked for the kept facts and the completions of profiles that must be folded again.
        records: where the profiles at hand stand; one that has to be folded again is replaced.
        clock: the instant of the last ``advance``.
        recorded_at: the time that the engine has reached with this batch.
        keep_all: whether to keep facts that no goal looks at.
        final: the instant up to which no fact can come any more.
        note: where ill-typed comparisons are noted.

    Attributes:
        unrecorded: goals and versions of which the ledger has nothing that holds, of any profile.
    """

    def __init__(
        self,
        plans: Plans,
        store: Store,
        records: dict[str, ProfileRecord],
        clock: int,
        *,
        recorded_at: datetime,
        keep_all: bool,
        final: int,
        note: Callable[[int, Notes], None],
    ) -> None:
        self.plans = plans
        self.plan = plans.whole
        self.store = store
        self.clock = clock
        self.keep_all = keep_all
        self.records = records
        self.changes = Changes()
        self.completions: list[Completion] = []
        self.retractions: list[Retraction] = []
        self.recorded_at = recorded_at
        self.unheard: Counter[str] = Counter()
        self.unrecorded: frozenset[tuple[str, int]] = frozenset()
        self._live = frozenset((machine.goal.name, machine.version) for machine in self.plan.machines)
        self._at_hand = _AtHand(store)
        self._fold = Fold(self.plan, self._at_hand.facts, note, self.unheard)
        self.long = LongLogs(plans, store, final)
        self.restorer = Restorer(plans, store, clock)

    def add_all(self, groups: Mapping[str, Sequence[Fact]], untidy: Container[str]) -> None:
        """Take all facts of this batch.

        Args:
            groups: the facts by profile; all these profiles are at hand.
            untidy: the profiles whose facts do not come each later than the one before.
        """
        records, take, clock, keep_all = self.records, self._fold.take, self.clock, self.keep_all
        out, kept, until, wake = self._fold.out, self.changes.facts, self.changes.until, self.changes.wake
        at_hand = self._at_hand
        for profile_id, facts in groups.items():
            record = records[profile_id]
            if facts[0].instant <= record.last or profile_id in untidy:
                records[profile_id] = self._add_untidy(profile_id, record, facts)
                continue
            at_hand.profile_id, at_hand.kept = profile_id, facts
            kept[profile_id] = take(record, facts, keep_all)
            latest = record.latest
            if out or record.wake <= latest or latest < clock:
                self._finish(profile_id, record)
                continue
            until[profile_id] = latest
            if record.wake < NEVER:
                wake[profile_id] = record.wake
        self._settle(groups)

    def _settle(self, profile_ids: Collection[str]) -> None:
        """See to the earlier states of profiles that have many facts; of many profiles, some, each time others."""
        stride = 1 if len(profile_ids) <= _STRIDE else _STRIDE
        turn = to_instant(self.recorded_at) // SECOND % stride
        for profile_id in itertools.islice(profile_ids, turn, None, stride):
            record = self.records[profile_id]
            if len(record.ids) >= record.full:
                self.long.settle(profile_id, record, self.changes)

    def _add_untidy(self, profile_id: str, record: ProfileRecord, facts: Sequence[Fact]) -> ProfileRecord:
        """Take a profile's *facts* in whatever order; returns its record, a new one if it was folded again."""
        if record.trail is not None and record.trail.strands:
            return self._add_to_strands(profile_id, record, facts)
        self._at_hand.profile_id, self._at_hand.kept = profile_id, facts
        ordered, passing = self._new(facts, record.ids)
        record.latest = max(record.latest, passing, ordered[-1].instant if ordered else BEGINNING)
        rest = ordered
        if ordered and ordered[0].instant <= record.last:
            if record.trail is None:
                stored = self.store.load([profile_id]).get(profile_id)
                return self.refold(profile_id, stored, ordered, cause=ordered[0].id, latest=record.latest)
            rest = [fact for fact in ordered if fact.instant > record.last]
            record = self._fold_in(profile_id, record, ordered[: len(ordered) - len(rest)], rest)
        self._at_hand.kept = ordered
        self._fold.run(record, rest)
        self.changes.facts[profile_id] = ordered
        self._finish(profile_id, record)
        return record

    def _new(self, facts: Sequence[Fact], ids: Container[str | None]) -> tuple[list[Fact], int]:
        """Those of *facts* to be kept whose ids are new, ordered; and the latest instant of those that are not kept."""
        latest, events = BEGINNING, self.plan.events
        if not self.keep_all and any(type(fact) is Event and fact.type not in events for fact in facts):
            heard: dict[str | None, Fact] = {}
            for fact in facts:
                if fact.id in ids or fact.id in heard:
                    continue  # a duplicate is no fact: it moves no time
                if type(fact) is Event and fact.type not in events:
                    self.unheard[fact.type] += 1
                    latest = max(latest, fact.instant)
                else:
                    heard[fact.id] = fact
            return in_order(heard.values()), latest
        # Of those with one id, the first stays.
        return in_order({fact.id: fact for fact in reversed(facts) if fact.id not in ids}.values()), latest

    def _finish(self, profile_id: str, record: ProfileRecord) -> None:
        """Let time pass for the profile, and write down what fired."""
        fold = self._fold
        until = record.latest if record.latest > self.clock else self.clock
        if record.wake <= until:
            fold.pass_time(record, until)
        if fold.out:
            plan, recorded_at = self.plan, self.recorded_at
            self.completions += [completion_of(plan, profile_id, firing, recorded_at) for firing in fold.out]
            fold.out.clear()
        self.changes.until[profile_id] = until
        if record.wake < NEVER:
            self.changes.wake[profile_id] = record.wake

    def _fold_in(
        self, profile_id: str, record: ProfileRecord, late: Sequence[Fact], rest: Sequence[Fact]
    ) -> ProfileRecord:
        """Fold *late* facts of a long log in; *rest* are those that follow in order."""
        until = max(record.last, self.clock) if not rest else min(max(record.last, self.clock), rest[0].instant - 1)
        found, had, fires = self.long.fold_in(profile_id, record, late, until)
        found.ids.update(dict.fromkeys(fact.id for fact in late))
        gone = [completion_of(self.plan, profile_id, firing, self.recorded_at) for firing in had]
        wanted = [completion_of(self.plan, profile_id, firing, self.recorded_at) for firing in fires]
        unmatched = Counter(map(_particulars, gone))
        unmatched.subtract(map(_particulars, wanted))
        changed = {particulars for particulars, number in unmatched.items() if number > 0}
        same = [completion for completion in gone if _particulars(completion) not in changed]
        recorded = self._as_recorded(profile_id, changed, len(gone) - len(same))
        self._correct([*same, *recorded], wanted, late[0].id)
        self.long.corrected(profile_id, found, self.changes)
        return found

    def _as_recorded(self, profile_id: str, wanted: Container[Any], number: int) -> list[Completion]:
        """The *number* completions of these particulars, as the ledger has them."""
        matching = (each for each in self.store.recorded(profile_id) if _particulars(each) in wanted)
        found = list(itertools.islice(matching, number))
        if len(found) < number:
            raise StoreError(
                f"the ledger of {profile_id!r:.80} lacks completions that its facts gave",
                code="store-corrupt",
                hint="it was changed by another program: restore the store from a backup",
            )
        return found

    def _add_to_strands(self, profile_id: str, record: ProfileRecord, facts: Sequence[Fact]) -> ProfileRecord:
        """Take the *facts* of a profile that has facts of scopes; returns the record of everybody's facts alone."""
        trail: Trail = record.trail
        kept, passing = self._new(facts, record.ids)
        heard = [
            fact
            for fact in reversed(facts)
            if self.keep_all or type(fact) is not Event or fact.type in self.plan.events
        ]
        whole = self._with(profile_id, kept, max([record.latest, passing, *(fact.instant for fact in kept)]))
        for strand in trail.strands:
            fresh = {fact.id: fact for fact in heard if fact.id not in strand.record.ids}
            self._add_to_strand(profile_id, strand, in_order(fresh.values()), passing, whole)
        first = trail.strands[0].record
        first.trail, first.full = trail, NEVER
        self._change_strands(profile_id, trail, kept)
        return first

    def _with(self, profile_id: str, kept: Sequence[Fact], latest: int) -> Callable[[], StoredProfile]:
        """What the store will have of a profile with the *kept* facts of this batch; loaded when it is asked for."""

        @functools.cache
        def whole() -> StoredProfile:
            stored = self.store.load([profile_id]).get(profile_id) or StoredProfile((), BEGINNING)
            facts = tuple(in_order((*stored.facts, *kept)))
            return attrs.evolve(stored, facts=facts, until=max(stored.until, latest, self.clock))

        return whole

    def _add_to_strand(
        self,
        profile_id: str,
        strand: Strand,
        fresh: Sequence[Fact],
        latest: int,
        whole: Callable[[], StoredProfile],
    ) -> None:
        if fresh and fresh[0].instant <= strand.record.last:
            view = View(strand.scopes, strand.plan)
            folded = self.restorer.fold(profile_id, whole(), read(whole().state), view)
            self.correct(profile_id, folded, fresh[0].id)
            strand.record, strand.base = folded.strand.record, folded.strand.base
            return
        fold = Fold(strand.plan, lambda: visible(whole(), strand.scopes), ignore_notes, {})
        fold.run(strand.record, fresh)
        strand.record.latest = max(strand.record.latest, latest)
        fold.pass_time(strand.record, max(strand.record.latest, self.clock))
        self.completions += [completion_of(strand.plan, profile_id, each, self.recorded_at) for each in fold.out]

    def _change_strands(self, profile_id: str, trail: Trail, kept: Sequence[Fact]) -> None:
        until = max(trail.strands[0].record.latest, self.clock)
        wake = min(strand.record.wake for strand in trail.strands)
        self.changes.put(profile_id, ProfileChange(tuple(kept), until, wake if wake < NEVER else None))

    def correct(
        self,
        profile_id: str,
        folded: Folded,
        cause: str | None = None,
        recorded: Sequence[Completion] | None = None,
        carried: Sequence[Completion] = (),
    ) -> None:
        """Correct what the ledger says of the goals of a strand that was folded again.

        Args:
            profile_id: whom.
            folded: the strand.
            cause: the id of the fact that made this necessary.
            recorded: what may have to be retracted; unless given, what is recorded of the goals after the final state.
            carried: what is to be recorded besides what has fired.
        """
        plan, base = folded.strand.plan, folded.strand.base
        goals = {(machine.goal.name, machine.version): slot for slot, machine in enumerate(plan.machines)}
        mine = (
            []
            if goals.keys() <= self.unrecorded
            else [each for each in self.store.completions(profile_id=profile_id) if (each.goal, each.version) in goals]
        )
        final = BEGINNING if base is None else base.at
        fired = list(folded.fired)
        settled = {(each.goal, each.version) for each in mine if to_instant(each.achieved_at) <= final}
        for slot, firings in folded.before.items():
            machine = plan.machines[slot]
            if (machine.goal.name, machine.version) not in settled:
                fired = renumbered(firings, slot) + fired
        if recorded is None:
            recorded = [each for each in mine if to_instant(each.achieved_at) > final]
        wanted = [completion_of(plan, profile_id, firing, self.recorded_at) for firing in fired]
        self._correct(recorded, [*carried, *wanted], cause)

    def retract(self, completions: Iterable[Completion]) -> None:
        """Retract what no single fact has undone."""
        self.retractions += [Retraction(completion, self.recorded_at) for completion in completions]

    def pass_time(self, profile_id: str) -> None:
        """Let time alone do what it does for a profile at hand."""
        trail = self.records[profile_id].trail
        if trail is not None and trail.strands:
            for strand in trail.strands:
                self._add_to_strand(profile_id, strand, (), strand.record.latest, self._with(profile_id, (), BEGINNING))
            self._change_strands(profile_id, trail, ())
            return
        self._at_hand.profile_id, self._at_hand.kept = profile_id, ()
        self.changes.facts[profile_id] = ()
        self._finish(profile_id, self.records[profile_id])

    def refold(
        self,
        profile_id: str,
        stored: StoredProfile | None,
        new: Sequence[Fact] = (),
        *,
        cause: str | None = None,
        latest: int = BEGINNING,
    ) -> ProfileRecord:
        """Fold a profile from its kept facts and *new* ones, and correct what the ledger says of it.

        Args:
            profile_id: whom.
            stored: what the store has of it.
            new: facts to keep that it has not got yet.
            cause: the id of the fact that made this necessary.
            latest: the instant of the profile's latest fact, kept or not, where that is known.
        """
        facts = in_order((*stored.facts, *new)) if stored else list(new)
        record, fired = fold_all(self.plan, facts, max(latest, self.clock, stored.until if stored else BEGINNING))
        wanted = [self._completion(profile_id, firing) for firing in fired]
        recorded = [c for c in self.store.completions(profile_id=profile_id) if (c.goal, c.version) in self._live]
        self._correct(recorded, wanted, cause)
        wake = record.wake if record.wake < NEVER else None
        self.changes.put(profile_id, ProfileChange(tuple(new), record.latest, wake))
        return record

    def _correct(self, recorded: Sequence[Completion], wanted: Sequence[Completion], cause: str | None) -> None:
        """Retract what is recorded and not wanted, and record what is wanted and not recorded."""
        if not recorded:
            self.completions += wanted
            return
        unmatched: dict[Any, list[Completion]] = {}
        for completion in recorded:
            unmatched.setdefault(_particulars(completion), []).append(completion)
        for completion in wanted:
            same = unmatched.get(_particulars(completion))
            if same:
                same.pop(0)
            else:
                self.completions.append(completion)
        for rest in unmatched.values():
            for completion in rest:
                self.retractions.append(Retraction(completion, self.recorded_at, cause))

    def _completion(self, profile_id: str, firing: Firing) -> Completion:
        return completion_of(self.plan, profile_id, firing, self.recorded_at)


def completion_of(plan: Plan, profile_id: str, firing: Firing, recorded_at: datetime) -> Completion:
    """What is recorded of a firing of one of *plan*'s goals."""
    slot, t, trigger, anchor, segments = firing
    machine = plan.machines[slot]
    since = None if anchor is None else timedelta(0, 0, t - anchor)
    if trigger is None:
        at, fact_id, channel = to_datetime(t), None, None
    else:
        at, fact_id, channel = trigger.timestamp, trigger.id, getattr(trigger, "channel", None)
    return completed(
        machine.goal.name, machine.version, profile_id, at, recorded_at, fact_id, channel, segments,
        machine.value(trigger), since,
    )  # fmt: skip


def fold_all(plan: Plan, facts: Sequence[Fact], until: int) -> tuple[ProfileRecord, list[Firing]]:
    """Where a profile stands after all its kept *facts*, in order, and time up to *until*; and all that fired."""
    record = ProfileRecord(plan)
    fold = Fold(plan, lambda: facts, ignore_notes, {})
    fold.run(record, facts)
    record.latest = max(record.latest, until)  # a fact that was not kept may have been the latest
    fold.pass_time(record, record.latest)
    return record, fold.out
