"""The fold: a profile's facts, instant by instant, through the machines of a plan (semantics §§4 and 5).

A profile's state is nothing but this fold over its kept facts, so it can be thrown away and made again at any time.
Facts must come in the order of their instants, all facts of one instant together; what comes late is the caller's to
handle, by folding again from the start.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from convgoals.goals import Every, OncePerDuration, OncePerProperty
from convgoals.instants import BEGINNING, Shift
from convgoals.predicates.base import NEVER, NO_PROPERTIES, Moment, Node, State
from convgoals.predicates.compile import Machine, counting_key
from convgoals.predicates.plan import Plan, make_plan
from convgoals.predicates.values import Notes
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate, Properties, by_order

Firing: TypeAlias = tuple[int, int, Fact | None, int | None, tuple[str, ...]]
"""A completion to be: the goal's slot, the instant, the trigger, the window's anchor, the profile's segments."""

Touched: TypeAlias = dict[int, dict[int, list[Fact]]]
"""The goals that an instant concerns, by slot, each with the facts that match its leaves."""

STEP = 128
"""How many facts a profile must have for its earlier states to be remembered, and again until the next of them."""


class ProfileRecord:
    """Where the fold stands for one profile.

    Attributes:
        ids: the ids of its kept facts; a dict without values, for unlike a set it costs the garbage collector nothing.
        last: the last instant that was folded, by a fact or by time.
        latest: the latest of its facts, kept or not.
        properties: the profile's properties after ``last``.
        segments: its segments after ``last``.
        state: the cells of all goals, by the plan's layout.
        counted: by slot, for goals that count once per something: what has counted; ``None`` before anything has.
        wake: no later than the next instant at which time alone may move a state.
        revision: the profile's in the store, where that tells revisions.
        full: with how many facts there is something to be done about its earlier states.
        trail: its earlier states, a `Trail`, once there are any.
    """

    __slots__ = (
        "counted", "full", "ids", "last", "latest", "properties", "revision", "segments", "state", "trail", "wake",
    )  # fmt: skip

    def __init__(self, plan: Plan) -> None:
        self.ids: dict[str | None, None] = {}
        self.last = BEGINNING
        self.latest = BEGINNING
        self.properties: Properties = NO_PROPERTIES
        self.segments: tuple[str, ...] = ()
        self.state: State = list(plan.template)
        self.counted: dict[int, Any] | None = None
        self.wake = plan.wake
        self.revision = 0
        self.full = STEP
        self.trail: Any = None


class Fold(Moment):
    """Moves profile records over facts and time; it is the moment at which they stand, as the nodes see it.

    Two objects that know each other would be freed by the garbage collector alone, with all that they hold, and there
    is a fold for each batch.

    Args:
        plan: the goals.
        history: the kept facts of the profile at hand, in order; asked only where a condition looks back.
        notes: where ill-typed comparisons are noted: takes the goal's slot and the notes.
        unheard: counts events by type, those that no goal listens to.
    """

    __slots__ = ("_history", "_note", "_record", "_unheard", "plan")

    _record: ProfileRecord  # the one at hand

    def __init__(
        self,
        plan: Plan,
        history: Callable[[], Sequence[Fact]],
        notes: Callable[[int, Notes], None],
        unheard: dict[str, int],
    ) -> None:
        super().__init__()
        self.plan = plan
        self._history = history
        self._note = notes
        self._unheard = unheard

    def take(  # noqa: C901, PLR0912, PLR0915  the hot loop, in line
        self, record: ProfileRecord, facts: Sequence[Fact], keep_all: bool
    ) -> Sequence[Fact]:
        """Fold those of *facts* that are new to the record and matter, and return them.

        The facts come each later than the one before, the first later than ``record.last``. With *keep_all*, also the
        events that no goal listens to are returned.
        """
        state, ids, handler_of = record.state, record.ids, self.plan.handlers.get
        self._record = record
        self.profile, self.segments = record.properties, record.segments
        skipped: set[int] | None = None
        unheard = BEGINNING
        due = record.wake
        for fact in facts:
            t = fact.instant
            fact_id = fact.id
            if fact_id not in ids:
                if type(fact) is Event:
                    handler = handler_of(fact.type)
                    if handler is not None:
                        ids[fact_id] = None
                        if t < due:
                            # An event alone at its instant: by far the most common case.
                            wake = handler(state, fact, t, self)
                            if wake < due:
                                due = record.wake = wake
                            continue
                        self._take_slowly(record, fact, t)
                        due = record.wake
                        continue
                    if keep_all:
                        ids[fact_id] = None
                        continue
                    self._unheard[fact.type] = self._unheard.get(fact.type, 0) + 1
                    unheard = t
                else:
                    ids[fact_id] = None
                    if t < due and isinstance(fact, (ProfileSnapshot, ProfileUpdate)):
                        self.before = record.properties
                        apply_profile_fact(record, fact)
                        self.profile, self.segments = record.properties, record.segments
                        wake = self.plan.handlers[None](state, fact, t, self)
                        if wake < due:
                            due = record.wake = wake
                        continue
                    self._take_slowly(record, fact, t)
                    due = record.wake
                    continue
            if skipped is None:
                skipped = set()
            skipped.add(id(fact))
        if skipped is None:
            record.last = t
            if t > record.latest:
                record.latest = t
            return facts
        # A duplicate is no fact: the profile's time does not run to its timestamp.
        fresh = [fact for fact in facts if id(fact) not in skipped]
        if fresh:
            record.last = max(record.last, fresh[-1].instant)
        record.latest = max(record.latest, unheard, record.last if fresh else BEGINNING)
        return fresh

    def _take_slowly(self, record: ProfileRecord, fact: Fact, t: int) -> None:
        self.pass_time(record, t - 1)
        self._run_instant(record, t, (fact,))

    def run(self, record: ProfileRecord, facts: Sequence[Fact]) -> None:
        """Fold *facts*, all new and later than ``record.last``, in the order of `by_order`, ties together."""
        if rise([fact.instant for fact in facts]):
            if facts:
                self.take(record, facts, True)
            return
        for t, together in instants(facts, NEVER):
            if len(together) == 1:
                self.take(record, together, True)
            else:
                record.ids.update(dict.fromkeys(fact.id for fact in together))
                self.pass_time(record, t - 1)
                self._run_instant(record, t, together)
        if facts and facts[-1].instant > record.latest:
            record.latest = facts[-1].instant

    def pass_time(self, record: ProfileRecord, until: int) -> None:
        """Let time alone do what it does up to *until*, that instant included."""
        while record.wake <= until:
            t = record.wake
            self._step(record, t, self._due(record, t))
            record.last = max(record.last, t)

    def _due(self, record: ProfileRecord, t: int) -> Touched:
        state = record.state
        return {slot: {} for slot, machine in self.plan.timed if state[machine.at] and state[machine.root.at + 1] <= t}

    def _run_instant(self, record: ProfileRecord, t: int, facts: Sequence[Fact]) -> None:
        """All facts of one instant: first the profile's, then what happened, then the goals, each once."""
        touched = self._due(record, t)
        gather(self.plan, record, facts, touched, self.notes, self._note)
        self._step(record, t, touched)
        record.last = max(record.last, t)

    def _step(self, record: ProfileRecord, t: int, touched: Touched) -> None:
        """Step the touched goals at *t*, in the order of their slots."""
        state = record.state
        self._record = record
        self.profile, self.segments = record.properties, record.segments
        for slot in sorted(touched) if len(touched) > 1 else touched:
            machine = self.plan.machines[slot]
            if not state[machine.at]:
                continue
            self.matches, self.goal, self.through = touched[slot], machine, ()
            fired = machine.root.step(state, t, self)
            if fired is not None:
                self.fire(slot, fired, t)
            if self.notes:
                self.noted(slot, self.notes)
        record.wake = soonest(self.plan, state)

    # ---- counting (semantics §5)

    def noted(self, slot: int, notes: Notes) -> None:
        self._note(slot, notes)
        notes.clear()

    def fire(self, slot: int, fired: Sequence[Fact], t: int) -> None:
        """Turn what fired into completions, as the goal counts."""
        record, machine = self._record, self.plan.machines[slot]
        if t < machine.since:
            return
        triggers: Sequence[Fact | None] = fired or (None,)
        if len(triggers) > 1:
            triggers = sorted(triggers, key=by_order)
        if machine.once:
            self.out.append((slot, t, triggers[0], _anchor(machine, self, triggers[0]), record.segments))
            record.state[machine.at] = False
            return
        counting = machine.goal.counting
        for trigger in triggers:
            if isinstance(counting, Every) or self._counts(record, slot, counting, machine, trigger, t):
                self.out.append((slot, t, trigger, _anchor(machine, self, trigger), record.segments))

    def _counts(
        self, record: ProfileRecord, slot: int, counting: Any, machine: Machine, trigger: Fact | None, t: int
    ) -> bool:
        timezone = machine.zone
        if record.counted is None:
            record.counted = {}
        counted = record.counted
        if isinstance(counting, OncePerDuration):
            last = counted.get(slot)
            shift = Shift(counting.duration.months, counting.duration.microseconds, timezone)
            if last is not None and shift(last) > t:
                return False
            counted[slot] = t
            return True
        if not isinstance(counting, OncePerProperty) or trigger is None:
            return False
        key = counting_key(counting, timezone)(trigger)
        seen = counted.setdefault(slot, set())
        if key is None or key in seen:
            return False
        seen.add(key)
        return True

    # ---- looking back

    def replay(self, node: Node, state: State, start: int, end: int) -> None:
        """Step *node*, a part of the goal at hand that opens at *start*, over the kept facts before *end*."""
        machine: Machine = self.goal
        wake = node.at + 1
        plan = plan_of(machine)
        past = ProfileRecord(plan)
        moment = _Past(self)
        opened = False

        def step(t: int, matches: Mapping[int, Sequence[Fact]]) -> None:
            moment.matches, moment.profile, moment.segments = matches, past.properties, past.segments
            node.step(state, t, moment)

        for t, facts in instants(self._history(), end):
            if not opened and t > start:
                step(start, {})
            while start < t and state[wake] < t:
                step(state[wake], {})
            opened = t >= start
            touched: Touched = {}
            gather(plan, past, facts, touched, [], ignore_notes)
            if opened:
                step(t, touched.get(0, {}))
        if not opened:
            step(start, {})
        while state[wake] < end:
            step(state[wake], {})


class _Past(Moment):
    """A moment of what is looked back at: nothing fires there anew, and what was noted has been."""

    __slots__ = ("_fold",)

    def __init__(self, fold: Fold) -> None:
        super().__init__()
        self._fold = fold

    def replay(self, node: Node, state: State, start: int, end: int) -> None:
        self._fold.replay(node, state, start, end)


@functools.lru_cache(maxsize=1_000)
def plan_of(machine: Machine) -> Plan:
    """The plan of one goal alone."""
    return make_plan([(machine.goal, machine.version)])


def soonest(plan: Plan, state: State) -> int:
    """The first instant at which time alone may complete a goal; a record's ``wake`` is that one or a sooner one."""
    wake = NEVER
    for _, machine in plan.timed:
        if state[machine.at] and state[machine.root.at + 1] < wake:
            wake = state[machine.root.at + 1]
    return wake


def ignore_notes(slot: int, notes: Notes) -> None:
    """Notes of facts that are looked at again have been taken already."""


def _anchor(machine: Machine, moment: Moment, trigger: Fact | None) -> int | None:
    """The anchor of the first window through which *trigger* (or, without one, a change) fired the goal."""
    if not machine.windowed:
        return None
    for anchor, fired in moment.through:
        if trigger is None or (fired and trigger is fired[0]) or any(trigger is fact for fact in fired):
            return anchor
    return None


def apply_profile_fact(record: ProfileRecord, fact: ProfileSnapshot | ProfileUpdate) -> None:
    """Make the profile what a snapshot or update says it is (semantics §1)."""
    if isinstance(fact, ProfileSnapshot):
        record.properties, record.segments = fact.properties, fact.segments
        return
    merged = {**record.properties, **fact.properties}
    if type(None) in map(type, fact.properties.values()):
        merged = {name: value for name, value in merged.items() if value is not None}
    record.properties = merged
    if fact.segments is not None:
        record.segments = fact.segments


def rise(times: Sequence[int]) -> bool:
    """Whether each instant is later than the one before."""
    return all(map(operator.lt, times, itertools.islice(times, 1, None)))


def instants(facts: Sequence[Fact], end: int) -> list[tuple[int, list[Fact]]]:
    """Ordered facts before *end*, together by instant."""
    found: list[tuple[int, list[Fact]]] = []
    for fact in facts:
        if fact.instant >= end:
            break
        if found and found[-1][0] == fact.instant:
            found[-1][1].append(fact)
        else:
            found.append((fact.instant, [fact]))
    return found


def gather(  # noqa: C901  one branch for each kind of fact
    plan: Plan,
    record: ProfileRecord,
    facts: Sequence[Fact],
    touched: Touched,
    notes: Notes,
    note: Callable[[int, Notes], None],
) -> None:
    """Apply the facts of one instant to the profile, and add to *touched* which goals they concern, by which leaves.

    The profile's own facts come first: an event is seen with the profile as it is at the event's timestamp.
    """

    def found(slot: int, index: int, fact: Fact) -> None:
        touched.setdefault(slot, {}).setdefault(index, []).append(fact)

    def noted(slot: int) -> None:
        if notes:
            note(slot, notes)
            notes.clear()

    for fact in facts:
        if isinstance(fact, (ProfileSnapshot, ProfileUpdate)):
            before = record.properties
            apply_profile_fact(record, fact)
            for slot in plan.readers:
                touched.setdefault(slot, {})
            for slot, leaf in plan.changes:
                if leaf.matches(before, record.properties, notes):
                    found(slot, leaf.index, fact)
                noted(slot)
    for fact in facts:
        if isinstance(fact, Event):
            for slot, leaves in plan.events.get(fact.type, ()):
                for index, test in leaves:
                    if test is None or test(fact.properties, record.properties, notes):
                        found(slot, index, fact)
                noted(slot)
        elif isinstance(fact, CampaignReceipt):
            for slot, index in plan.receipts.get(fact.campaign, ()):
                found(slot, index, fact)
