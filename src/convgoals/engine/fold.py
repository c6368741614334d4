"""The fold: a profile's facts, instant by instant, through the machines of a plan (semantics §§4 and 5).

A profile's state is nothing but this fold over its kept facts, so it can be thrown away and made again at any time.
Facts must come in the order of their instants, all facts of one instant together; what comes late is the caller's to
handle, by folding again from the start.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from convgoals.goals import Every, OncePerDuration, OncePerProperty
from convgoals.instants import BEGINNING, shifter
from convgoals.predicates.base import DONE, NEVER, NO_PROPERTIES, Moment, Node, State
from convgoals.predicates.compile import Machine, counting_key
from convgoals.predicates.plan import Plan, make_plan
from convgoals.predicates.values import Notes
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate, Properties

Firing: TypeAlias = tuple[int, int, Fact | None, int | None, tuple[str, ...]]
"""A completion to be: the goal's slot, the instant, the trigger, the window's anchor, the profile's segments."""

Touched: TypeAlias = dict[int, dict[int, list[Fact]]]
"""The goals that an instant concerns, by slot, each with the facts that match its leaves."""

by_order = attrgetter("instant", "id")
"""The order in which the facts of a profile are folded."""


class ProfileRecord:
    """Where the fold stands for one profile.

    Attributes:
        ids: the ids of its kept facts.
        last: the last instant that was folded, by a fact or by time.
        latest: the latest of its facts, kept or not.
        properties: the profile's properties after ``last``.
        segments: its segments after ``last``.
        states: by slot: ``None`` where the goal has seen nothing yet, `DONE`, or the root node's state.
        counted: by slot, for goals that count once per something: what has counted.
        wake: no later than the next instant at which time alone may move a state.
    """

    __slots__ = ("counted", "ids", "last", "latest", "properties", "segments", "states", "wake")

    def __init__(self, plan: Plan) -> None:
        self.ids: set[str] = set()
        self.last = BEGINNING
        self.latest = BEGINNING
        self.properties: Properties = NO_PROPERTIES
        self.segments: tuple[str, ...] = ()
        self.states: list[State | None] = [None] * len(plan.machines)
        self.counted: dict[int, Any] = {}
        self.wake = NEVER
        for slot in plan.eager:
            state = self.states[slot] = plan.machines[slot].fresh()
            self.wake = min(self.wake, state[1])


class Fold:
    """Moves profile records over facts and time.

    Args:
        plan: the goals.
        history: the kept facts of the profile at hand, in order; asked only where a condition looks back.
        notes: where ill-typed comparisons are noted, as ``(slot, property, type)``.
    """

    def __init__(self, plan: Plan, history: Callable[[], Sequence[Fact]], notes: Callable[[int, Notes], None]) -> None:
        self.plan = plan
        self.out: list[Firing] = []
        self._history = history
        self._note = notes
        self._notes: Notes = []
        self._moment = Moment(self._notes, self._replay)
        self._record = ProfileRecord(plan)
        self._t = BEGINNING

    def run(self, record: ProfileRecord, facts: Sequence[Fact]) -> None:
        """Fold *facts*, all later than ``record.last``, in the order of `by_order`."""
        handlers, states, moment = self.plan.handlers, record.states, self._moment
        self._record = record
        moment.profile, moment.segments = record.properties, record.segments
        index, size = 0, len(facts)
        while index < size:
            fact = facts[index]
            t = fact.instant
            index += 1
            if type(fact) is Event and t < record.wake and (index == size or facts[index].instant != t):
                # An event alone at its instant: by far the most common case.
                handler = handlers.get(fact.type)
                if handler is not None:
                    self._t = t
                    wake = handler(states, fact, t, record.properties, moment, self._fire, self._noted)
                    if wake < record.wake:
                        record.wake = wake
            else:
                start = index - 1
                while index < size and facts[index].instant == t:
                    index += 1
                self.pass_time(record, t - 1)
                self._run_instant(record, t, facts[start:index])
            record.last = t

    def pass_time(self, record: ProfileRecord, until: int) -> None:
        """Let time alone do what it does up to *until*, that instant included."""
        while record.wake <= until:
            t = record.wake
            self._step(record, t, self._due(record, t))
            record.last = max(record.last, t)

    def _due(self, record: ProfileRecord, t: int) -> Touched:
        return {slot: {} for slot, state in enumerate(record.states) if state is not None and state[1] <= t}

    def _run_instant(self, record: ProfileRecord, t: int, facts: Sequence[Fact]) -> None:
        """All facts of one instant: first the profile's, then what happened, then the goals, each once."""
        touched = self._due(record, t)
        gather(self.plan, record, facts, touched, self._notes, self._note)
        self._step(record, t, touched)
        record.last = max(record.last, t)

    def _step(self, record: ProfileRecord, t: int, touched: Touched) -> None:
        """Step the touched goals at *t*, in the order of their slots."""
        moment, states = self._moment, record.states
        self._record, self._t = record, t
        moment.profile, moment.segments = record.properties, record.segments
        for slot in sorted(touched):
            state = states[slot]
            if state is DONE:
                continue
            machine = self.plan.machines[slot]
            if state is None:
                state = states[slot] = machine.fresh()
            moment.matches, moment.goal = touched[slot], machine
            fired = machine.root.step(state, t, moment)
            if fired is not None:
                self._fire(slot, fired)
            if self._notes:
                self._noted(slot, self._notes)
        record.wake = min((state[1] for state in states if state is not None), default=NEVER)

    # ---- counting (semantics §5)

    def _noted(self, slot: int, notes: Notes) -> None:
        self._note(slot, notes)
        notes.clear()

    def _fire(self, slot: int, fired: Sequence[Fact]) -> None:
        """Turn what fired into completions, as the goal counts."""
        moment, record, t, machine = self._moment, self._record, self._t, self.plan.machines[slot]
        anchor, moment.anchor = moment.anchor, None
        if t < machine.since:
            return
        triggers: Sequence[Fact | None] = fired or (None,)
        if len(triggers) > 1:
            triggers = sorted(triggers, key=by_order)
        if machine.once:
            self.out.append((slot, t, triggers[0], anchor, record.segments))
            record.states[slot] = DONE
            return
        counting = machine.goal.counting
        for trigger in triggers:
            if isinstance(counting, Every) or self._counts(record, slot, counting, machine, trigger, t):
                self.out.append((slot, t, trigger, anchor, record.segments))

    def _counts(
        self, record: ProfileRecord, slot: int, counting: Any, machine: Machine, trigger: Fact | None, t: int
    ) -> bool:
        timezone = machine.zone
        if isinstance(counting, OncePerDuration):
            last = record.counted.get(slot)
            shift = shifter(counting.duration.months, counting.duration.microseconds, timezone)
            if last is not None and shift(last) > t:
                return False
            record.counted[slot] = t
            return True
        if not isinstance(counting, OncePerProperty) or trigger is None:
            return False
        key = counting_key(counting, timezone)(trigger)
        seen = record.counted.setdefault(slot, set())
        if key is None or key in seen:
            return False
        seen.add(key)
        return True

    # ---- looking back

    def _replay(self, node: Node, start: int, end: int) -> State:
        """The state of *node*, a part of the goal at hand, opened at *start*, over the kept facts before *end*."""
        machine: Machine = self._moment.goal
        state = node.start()
        plan = _plan_of(machine)
        past = ProfileRecord(plan)
        moment = Moment([], self._replay)
        opened = False

        def step(t: int, matches: Mapping[int, Sequence[Fact]]) -> None:
            moment.matches, moment.profile, moment.segments = matches, past.properties, past.segments
            node.step(state, t, moment)

        for t, facts in instants(self._history(), end):
            if not opened and t > start:
                step(start, {})
            while start < t and state[1] < t:
                step(state[1], {})
            opened = t >= start
            touched: Touched = {}
            gather(plan, past, facts, touched, [], ignore_notes)
            if opened:
                step(t, touched.get(0, {}))
        if not opened:
            step(start, {})
        while state[1] < end:
            step(state[1], {})
        return state


@functools.lru_cache(maxsize=1_000)
def _plan_of(machine: Machine) -> Plan:
    return make_plan([machine])


def ignore_notes(slot: int, notes: Notes) -> None:
    """Notes of facts that are looked at again have been taken already."""


def apply_profile_fact(record: ProfileRecord, fact: ProfileSnapshot | ProfileUpdate) -> None:
    """Make the profile what a snapshot or update says it is (semantics §1)."""
    if isinstance(fact, ProfileSnapshot):
        record.properties, record.segments = fact.properties, fact.segments
        return
    merged = {**record.properties, **fact.properties}
    record.properties = {name: value for name, value in merged.items() if value is not None}
    if fact.segments is not None:
        record.segments = fact.segments


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
