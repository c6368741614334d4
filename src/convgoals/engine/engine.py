"""`GoalEngine`: the house's front door."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from types import TracebackType
from typing import Any, Literal, Self

import attrs

from convgoals.engine.batch import BatchRun
from convgoals.engine.diagnostics import Diagnostics
from convgoals.engine.fold import ProfileRecord
from convgoals.engine.identity import merge
from convgoals.engine.intake import Intake, Rejection, as_instant, owners
from convgoals.engine.keeping import Keeping
from convgoals.engine.lifecycle import PASS, Lifecycle
from convgoals.engine.plans import Plans
from convgoals.engine.pruning import last_before
from convgoals.engine.questions import CLOCK, FLOOR, Questions
from convgoals.engine.restoring import Restorer
from convgoals.engine.scopes import Scopes
from convgoals.engine.trimming import Reads
from convgoals.errors import ConvgoalsError, UnknownGoalError
from convgoals.goals import Goal
from convgoals.instants import BEGINNING, to_datetime, to_instant
from convgoals.predicates.plan import Plan
from convgoals.records import Completion, Fact, Retraction
from convgoals.storage.base import NOBODY, Batch, Held, SavedGoal, Store
from convgoals.storage.bounded import Bound, weight_of
from convgoals.storage.identities import Identities
from convgoals.storage.open import open_store
from convgoals.suggest import did_you_mean

CACHED_PROFILES = 200_000
"""Of how many profiles the states are kept at hand, at the most; others are folded again when a fact comes."""

CACHED_BYTES = 112 * 2**20
"""How many bytes these states may take."""

Change = Completion | Retraction


class GoalEngine(Questions, Lifecycle, Keeping):
    """Feeds facts through goals, and keeps the history of completions.

    Args:
        goals: goals to save at once; those already saved under the same name are updated, as by `add`.
        store: where everything is kept: ``"memory://"``, ``"sqlite:///goals.db"``, ``"sqlite://"``,
            ``"postgresql://…"`` (extra ``postgres``) or a `Store`.
        schema: a `Schema` against which goals are checked when they are saved.
        lateness: how much later than the latest fact a fact may come, such as ``"30 days"``; no limit if ``None``.
        keep: ``"relevant"`` keeps the facts that some goal looks at, and all that is not an event; ``"all"`` keeps
            every fact. What is not kept is not known later: to a new goal, or as the duplicate of another fact. Of
            events, a store that writes them down gets the properties that some goal can read; memory holds the events.
        keep_properties: properties of events to keep besides, for reports and goals still to come.
        on_change: called with the completions and retractions of a batch, once, after it was committed.
        on_rejected: called with each `Rejection`, after the batch that it came with was committed.

    An engine is a context manager, and may be used by several threads; calls that change it wait for one another.

    Raises:
        StoreError: the store cannot be opened.
        GoalTypeError: a goal does not fit *schema*.
    """

    def __init__(
        self,
        goals: Iterable[Goal] = (),
        *,
        store: str | Store = "memory://",
        schema: Any = None,
        lateness: str | None = None,
        keep: Literal["relevant", "all"] = "relevant",
        keep_properties: Iterable[str] = (),
        on_change: Callable[[Sequence[Change]], None] | None = None,
        on_rejected: Callable[[Rejection], None] | None = None,
    ) -> None:
        if keep not in ("relevant", "all"):
            raise ConvgoalsError(f"keep={keep!r} is neither 'relevant' nor 'all'", code="keep")
        self._intake = Intake(lateness)
        self._schema = schema
        if isinstance(keep_properties, str):
            raise ConvgoalsError(
                f"keep_properties={keep_properties!r} must be several names", code="keep", hint="('category',)"
            )
        self._keep_all = keep == "all"
        self._keep_properties = frozenset(keep_properties)
        self._on_change = on_change
        self._on_rejected = on_rejected
        self._lock = threading.RLock()
        self._store = open_store(store) if isinstance(store, str) else store
        self._records: dict[str, ProfileRecord] = {}
        self._scoped: set[str] = set()  # those of them that have facts in scopes
        self._bound = Bound(CACHED_BYTES, CACHED_PROFILES, lambda record: weight_of(record, (Plan,)))
        self._aliases = Identities()
        self._saved: dict[str, SavedGoal] = {}
        self.rejected_count = 0
        self._generation: int | None = None
        self._held: Held | None = None
        self._tells_revisions = False
        wanted = list(goals)
        try:
            self._read_store()
            changes: list[Change] = []
            if self._changed(wanted):  # whoever only reads waits for no writer
                with self._changing():
                    changes = self._save(wanted)
        except BaseException:
            self._store.close()
            raise
        self._announce(changes)

    # ---- life

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the store; a closed engine raises `StoreError`. Everything processed is kept already."""
        with self._lock:
            self._store.close()

    def _read_store(self) -> None:
        """Take the goals, clock and identities from the store; drop what is known of profiles, if it may not hold."""
        before = None if self._generation is None else self._saved
        self._generation = self._store.generation()
        self._saved = {saved.goal.name: saved for saved in self._store.goals()}
        self._aliases = Identities(self._store.aliases())
        reached = self._store.reached()
        self._reached = BEGINNING if reached is None else reached
        clock = self._store.positions().get(CLOCK)
        self._clock = BEGINNING if clock is None else int(clock)
        floor = self._store.positions().get(FLOOR)
        self._floor = BEGINNING if floor is None else int(floor)
        if before is None or before != self._saved:
            self._use(Plans(self._saved))
        elif not self._tells_revisions:
            self._drop_records()

    def _drop_records(self) -> None:
        self._records.clear()
        self._scoped.clear()

    def _use(self, plans: Plans) -> None:
        self._plans = plans
        self._drop_records()
        goals = [saved.goal for saved in plans.saved.values()]
        self._reads = Reads(() if self._keep_all else goals, self._keep_properties)
        self._diagnostics = Diagnostics(plans.whole)

    def _refresh(self) -> None:
        """Notice what another process has committed."""
        if self._store.generation() != self._generation:
            self._read_store()
        elif self._held is not None:
            reached = self._store.reached()
            if reached is not None and reached > self._reached:
                self._reached = reached

    @contextmanager
    def _changing(self, whose: Callable[[], Iterable[str]] | None = None) -> Iterator[None]:
        """A block that reads and then commits, with no other writer in between.

        Args:
            whose: gives the profiles that are changed, as identities are known; asked again if those have changed.
                Everything may be changed without it.
        """
        with self._lock:
            while True:
                aliases = self._aliases
                with self._store.writing(None if whose is None else whose()) as held:
                    self._held, self._tells_revisions = held, held is not None
                    try:
                        self._refresh()
                        if whose is not None and held is not None and self._aliases is not aliases:
                            continue  # what is held may not be what the facts belong to now
                        yield
                    finally:
                        self._held = None
                    generation, self._generation = self._generation, None
                self._generation = generation  # had leaving the block failed, everything would be read again
                return

    # ---- goals (semantics §7)

    def goals(self, *, archived: bool = False) -> list[Goal]:
        """The live goals, in the order in which they were first saved; with *archived*, also the archived ones."""
        with self._lock:
            self._refresh()
            return [saved.goal for saved in self._saved.values() if archived or not saved.archived]

    def saved_goals(self) -> list[SavedGoal]:
        """All goals with their versions, the archived ones included."""
        with self._lock:
            self._refresh()
            return list(self._saved.values())

    def _saved_goal(self, name: str | Goal) -> SavedGoal:
        wanted = name.name if isinstance(name, Goal) else name
        found = self._saved.get(wanted)
        if found is None:
            raise UnknownGoalError(f"there is no goal {wanted!r} here", hint=did_you_mean(str(wanted), self._saved))
        return found

    # ---- facts

    def process(
        self, facts: Iterable[Fact | Mapping[str, Any]], *, checkpoint: Mapping[str, int | str] | None = None
    ) -> list[Change]:
        """Take a batch of facts: all of it, or, if anything raises, nothing.

        Args:
            facts: facts of any profiles in any order; dicts in the Segment form are taken too.
            checkpoint: how far each source has been read, kept with the batch; see `checkpoint`.

        Returns:
            What changed: completions, and retractions of those that no longer hold, by ``achieved_at``.

        Raises:
            FactError: something in *facts* is no fact.
            StoreError: the batch could not be made durable.

        Implements semantics §§1, 5 and 6.
        """
        for name in (CLOCK, FLOOR):
            if checkpoint is not None and name in checkpoint:
                raise ConvgoalsError(f"{name!r} is no name for a source", code="checkpoint", hint="call advance(now)")
        batch = self._intake.read(facts)
        with self._lock:
            with self._changing(lambda: owners(batch, self._aliases)):
                intake = self._intake.sort(batch, self._reached, self._aliases, self._floor)
                groups = intake.groups
                if not groups and not checkpoint and not intake.rejections:
                    return []
                run = self._run(self._plans, intake.latest)
                try:
                    self._load(groups)
                    if self._scoped:
                        intake.untidy |= self._scoped.intersection(groups)
                    run.add_all(groups, intake.untidy)
                    changes = self._commit(run, Batch(positions=dict(checkpoint or {})))
                except BaseException:
                    for profile_id in groups:  # where they stood before is what the store says
                        self._records.pop(profile_id, None)
                    raise
            self._bound_cache()
            for kind, count in run.unheard.items():
                self._diagnostics.saw_unheard(kind, count)
            self.rejected_count += len(intake.rejections)
            if self._on_rejected is not None:
                for rejection in intake.rejections:
                    self._on_rejected(rejection)
            return self._announce(changes)

    def _load(self, profile_ids: Collection[str]) -> None:
        """Have the records of *profile_ids* at hand: loaded from the store, or new."""
        records = self._records
        if self._held is None:
            missing = [profile_id for profile_id in profile_ids if profile_id not in records]
        else:
            now = self._held.revisions(profile_ids)
            missing = [
                each for each in profile_ids if each not in records or records[each].revision != now.get(each, 0)
            ]
        if missing:
            known = Restorer(self._plans, self._store, self._clock).records(missing)
            for profile_id in missing:
                record = records[profile_id] = known.get(profile_id) or ProfileRecord(self._plans.whole)
                if record.trail is not None and record.trail.strands:
                    self._scoped.add(profile_id)

    def _bound_cache(self) -> None:
        self._bound.hold(self._records)

    def advance(self, now: datetime | str) -> list[Change]:
        """Let time pass: complete what time alone completes up to *now*, each at its exact instant.

        Args:
            now: an aware datetime or ISO 8601 text; one before the last is ignored, for time does not run back.

        Returns:
            The completions, by ``achieved_at``.
        """
        instant = as_instant(now)
        with self._lock:
            with self._changing():
                if instant <= self._clock:
                    return []
                run = self._run(self._plans, max(instant, self._reached), clock=instant)
                due = self._store.due(instant)
                try:
                    for start in range(0, len(due), PASS):
                        part = due[start : start + PASS]
                        self._load(part)
                        for profile_id in part:
                            run.pass_time(profile_id)
                    changes = self._commit(run, Batch(positions={CLOCK: instant}))
                except BaseException:
                    for profile_id in due:
                        self._records.pop(profile_id, None)
                    raise
                self._clock = instant
            self._bound_cache()
            return self._announce(changes)

    def _run(self, plans: Plans, reached: int | None = None, clock: int | None = None) -> BatchRun:
        at = self._reached if reached is None else reached
        return BatchRun(
            plans,
            self._store,
            self._records,
            self._clock if clock is None else clock,
            recorded_at=to_datetime(at if at > BEGINNING else 0),
            keep_all=self._keep_all,
            final=self._final(at),
            note=self._diagnostics.note,
        )

    def _final(self, reached: int) -> int:
        """The instant up to which no fact can come any more, once time has reached an instant."""
        shift = self._intake.shift
        horizon = BEGINNING if shift is None or reached == BEGINNING else last_before(shift, reached)
        return max(horizon, self._floor - 1)

    def _commit(self, run: BatchRun, batch: Batch) -> list[Change]:
        """Make the run durable, and return what changed by ``achieved_at``, retractions before completions."""
        retractions = sorted(run.retractions, key=_change_order)
        completions = sorted(run.completions, key=_change_order)
        changes: list[Change] = [*retractions, *completions]
        reached = to_instant(run.recorded_at)
        if BEGINNING < run.long.pruned_to >= self._floor:
            floor = max(run.long.pruned_to + 1, int(self._store.positions().get(FLOOR, BEGINNING)))
            batch = attrs.evolve(batch, positions={**batch.positions, FLOOR: floor})
        self._store.commit(
            attrs.evolve(
                batch,
                profiles=run.changes,
                reads=self._reads.now,
                entries=tuple(changes),
                reached=reached if reached > self._reached and (run.changes or batch.positions) else None,
            )
        )
        self._reads.kept(run.changes)
        self._reached = max(self._reached, reached) if run.changes or batch.positions else self._reached
        if self._held is not None:
            for profile_id in run.changes:
                if profile_id in self._records:
                    self._records[profile_id].revision = self._held.next
        self._floor = max(self._floor, int(batch.positions.get(FLOOR, BEGINNING)))
        return changes

    def _announce(self, changes: list[Change]) -> list[Change]:
        if changes and self._on_change is not None:
            self._on_change(tuple(changes))
        return changes

    # ---- identity (semantics §6)

    def merge(self, anonymous_id: str, known_id: str) -> list[Change]:
        """Make two profiles one: *known_id* gets the facts of *anonymous_id*, now and in the future.

        Merging again changes nothing. Returns what changed: the completions are those of the union of the two logs.
        """
        with self._lock:
            with self._changing():
                changes = self._merge(anonymous_id, known_id)
            return self._announce(changes)

    def _merge(self, anonymous_id: str, known_id: str) -> list[Change]:
        old = self._aliases.get(anonymous_id, anonymous_id)
        new = self._aliases.get(known_id, known_id)
        if old == new:
            return []
        known = self._store.load([old, new])
        stored = known.get(old, NOBODY), known.get(new, NOBODY)
        scopes = Scopes(self._saved)
        more = scopes.handed_on(*stored)
        plans = Plans(scopes.saved) if scopes.changed else self._plans
        run = self._run(plans)
        if known:  # otherwise there is but a name for another, and no profile yet
            merge(run, old, new, stored, more, self._saved.values())
        changes = self._commit(run, Batch(merged=((old, new),), goals=scopes.changed_goals()))
        self._aliases.merge(old, new)
        self._records.pop(old, None)
        self._records.pop(new, None)
        if scopes.changed:
            self._saved = scopes.saved
            self._use(plans)
        return changes

    def forget(self, profile_id: str) -> None:
        """Erase a profile everywhere: facts, state, ledger, and the identities that became it (semantics §6)."""
        with self._changing():
            current = self._aliases.get(profile_id, profile_id)
            self._store.forget(current)
            self._aliases.forget(current)
            self._records.pop(current, None)


_change_order = attrgetter("achieved_at", "profile_id", "goal")
"""What goes before what among changes; those of one goal at one instant come in the order of their triggers' ids."""
