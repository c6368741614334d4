"""One batch: facts × predicates → what changes, profile by profile.

In order, a profile's facts are folded onto where it stands. A fact at or before the instant already folded is *late*:
the profile is folded again from its kept facts, and what the ledger says of it is compared with what it should say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from convgoals.engine.fold import Firing, Fold, ProfileRecord, by_order, ignore_notes
from convgoals.instants import BEGINNING, to_datetime
from convgoals.predicates.base import NEVER
from convgoals.predicates.plan import Plan
from convgoals.predicates.values import Notes
from convgoals.records import Completion, Event, Fact, Retraction
from convgoals.storage.base import Changes, ProfileChange, Store, StoredProfile

_particulars = attrgetter(
    "goal", "version", "profile_id", "achieved_at", "trigger_id", "channel", "segments", "value", "since_anchor"
)
"""All that a completion says but when it was recorded."""


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
        return sorted((*(stored.facts if stored else ()), *self.kept), key=by_order)


class BatchRun:
    """Collects what one batch changes; nothing is durable before the store has committed it.

    Args:
        plan: the live goals.
        store: asked for the kept facts and the completions of profiles that must be folded again.
        records: where the profiles at hand stand; one that has to be folded again is replaced.
        clock: the instant of the last ``advance``.
        recorded_at: the time that the engine has reached with this batch.
        keep_all: whether to keep facts that no goal looks at.
        note: where ill-typed comparisons are noted.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        records: dict[str, ProfileRecord],
        clock: int,
        *,
        recorded_at: datetime,
        keep_all: bool,
        note: Callable[[int, Notes], None],
    ) -> None:
        self.plan = plan
        self.store = store
        self.clock = clock
        self.keep_all = keep_all
        self.records = records
        self.changes = Changes()
        self.completions: list[Completion] = []
        self.retractions: list[Retraction] = []
        self.recorded_at = recorded_at
        self.unheard: Counter[str] = Counter()
        self._at_hand = _AtHand(store)
        self._fold = Fold(plan, self._at_hand.facts, note, self.unheard)

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

    def _add_untidy(self, profile_id: str, record: ProfileRecord, facts: Sequence[Fact]) -> ProfileRecord:
        """Take a profile's *facts* in whatever order; returns its record, a new one if it was folded again."""
        self._at_hand.profile_id, self._at_hand.kept = profile_id, facts
        ids, events = record.ids, self.plan.events
        unheard = [fact for fact in facts if type(fact) is Event and fact.type not in events]
        self.unheard.update(fact.type for fact in unheard)
        dropped = () if self.keep_all else unheard
        passed = {id(fact) for fact in dropped}
        fresh = {fact.id: fact for fact in reversed(facts) if fact.id not in ids and id(fact) not in passed}
        for fact in (*fresh.values(), *dropped):
            if fact.instant > record.latest:
                record.latest = fact.instant
        ordered = sorted(fresh.values(), key=by_order)
        if ordered and ordered[0].instant <= record.last:
            stored = self.store.load([profile_id]).get(profile_id)
            return self.refold(profile_id, stored, ordered, cause=ordered[0].id, latest=record.latest)
        self._at_hand.kept = ordered
        self._fold.run(record, ordered)
        self.changes.facts[profile_id] = ordered
        self._finish(profile_id, record)
        return record

    def _finish(self, profile_id: str, record: ProfileRecord) -> None:
        """Let time pass for the profile, and write down what fired."""
        fold = self._fold
        until = record.latest if record.latest > self.clock else self.clock
        if record.wake <= until:
            fold.pass_time(record, until)
        if fold.out:
            self.completions.extend([self._completion(profile_id, firing) for firing in fold.out])
            fold.out.clear()
        self.changes.until[profile_id] = until
        if record.wake < NEVER:
            self.changes.wake[profile_id] = record.wake

    def pass_time(self, profile_id: str) -> None:
        """Let time alone do what it does for a profile at hand."""
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
        others: Sequence[str] = (),
    ) -> ProfileRecord:
        """Fold a profile from its kept facts and *new* ones, and correct what the ledger says of it.

        Args:
            profile_id: whom.
            stored: what the store has of it.
            new: facts to keep that it has not got yet.
            cause: the id of the fact that made this necessary.
            latest: the instant of the profile's latest fact, kept or not, where that is known.
            others: profiles that become this one: what the ledger says of them is retracted.
        """
        facts = sorted((*stored.facts, *new), key=by_order) if stored else list(new)
        record, fired = fold_all(self.plan, facts, max(latest, self.clock, stored.until if stored else BEGINNING))
        live = {(machine.goal.name, machine.version) for machine in self.plan.machines}
        wanted = [self._completion(profile_id, firing) for firing in fired]
        recorded = [c for c in self.store.completions(profile_id=profile_id) if (c.goal, c.version) in live]
        for other in others:
            recorded.extend(self.store.completions(profile_id=other))
        self._correct(recorded, wanted, cause)
        wake = record.wake if record.wake < NEVER else None
        self.changes.put(profile_id, ProfileChange(tuple(new), record.latest, wake))
        return record

    def _correct(self, recorded: list[Completion], wanted: list[Completion], cause: str | None) -> None:
        """Retract what is recorded and not wanted, and record what is wanted and not recorded."""
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
        slot, t, trigger, anchor, segments = firing
        machine = self.plan.machines[slot]
        since = None if anchor is None else timedelta(0, 0, t - anchor)
        if trigger is None:
            at, fact_id, channel = to_datetime(t), None, None
        else:
            at, fact_id, channel = trigger.timestamp, trigger.id, getattr(trigger, "channel", None)
        return Completion(
            machine.goal.name, machine.version, profile_id, at, self.recorded_at, fact_id, channel, segments,
            machine.value(trigger), since,
        )  # fmt: skip


def fold_all(plan: Plan, facts: Sequence[Fact], until: int) -> tuple[ProfileRecord, list[Firing]]:
    """Where a profile stands after all its kept *facts*, in order, and time up to *until*; and all that fired."""
    record = ProfileRecord(plan)
    fold = Fold(plan, lambda: facts, ignore_notes, Counter())
    fold.run(record, facts)
    record.latest = max(record.latest, until)  # a fact that was not kept may have been the latest
    fold.pass_time(record, record.latest)
    return record, fold.out
