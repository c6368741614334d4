"""Earlier states of a profile: from the nearest before a late fact its log is folded again, and not from the start.

Only profiles with many facts have rungs. The first may be *final*: what it was folded from is, but for what is still
needed, no longer kept, and no fact that comes can be earlier.
"""

from __future__ import annotations

from typing import Any

import attrs

from convgoals.engine.fold import STEP, Fold, ProfileRecord
from convgoals.predicates.base import NEVER, State
from convgoals.predicates.cells import copied, size
from convgoals.predicates.plan import Plan
from convgoals.records import Fact, Properties


@attrs.frozen(eq=False)
class Rung:
    """Where a profile stood.

    Attributes:
        at: the instant to which it had been folded, by facts and by time.
        properties: as of `ProfileRecord`.
        segments: as of `ProfileRecord`.
        cells: its own copy of the state.
        counted: its own copy.
    """

    at: int
    properties: Properties
    segments: tuple[str, ...]
    cells: State
    counted: dict[int, Any] | None


@attrs.define(eq=False)
class Trail:
    """What the engine remembers of a profile with many facts, besides where it stands.

    Attributes:
        rungs: earlier states, the earliest first.
        final: whether the first of them is final.
        saved: with how many facts the state was last saved to resume from; 0 if it never was.
        valid: whether what was saved then is still so.
        sketch: which ids were known when it was, so that not all facts need be read for them.
        strands: of a profile with facts of scopes: one for each view, the first that of everybody's facts alone.
    """

    rungs: list[Rung] = attrs.Factory(list)
    final: bool = False
    saved: int = 0
    valid: bool = False
    sketch: Any = None
    strands: tuple[Strand, ...] = ()

    def before(self, instant: int) -> int:
        """The place of the last rung before *instant*, or -1."""
        for place in range(len(self.rungs) - 1, -1, -1):
            if self.rungs[place].at < instant:
                return place
        return -1


@attrs.define(eq=False)
class Strand:
    """Where a profile stands for the goals of one view."""

    scopes: frozenset[str]
    plan: Plan
    record: ProfileRecord
    base: Rung | None = None
    """Its final state."""


def rung_of(record: ProfileRecord) -> Rung:
    """Where *record* stands, for later."""
    return Rung(record.last, record.properties, record.segments, copied(record.state), copied(record.counted))


def record_of(rung: Rung, plan: Plan) -> ProfileRecord:
    """A record that stands where *rung* does; its ids are still to be said."""
    record = ProfileRecord(plan)
    record.last = record.latest = rung.at
    record.properties, record.segments = rung.properties, rung.segments
    record.state, record.counted = copied(rung.cells), copied(rung.counted)
    record.wake = next_wake(plan, record.state)
    return record


def next_wake(plan: Plan, state: State) -> int:
    """The next instant at which time alone may move *state*."""
    wakes = (state[machine.root.at + 1] for _, machine in plan.timed if state[machine.at])
    return min(wakes, default=NEVER)


def stands_at(record: ProfileRecord, rung: Rung, plan: Plan) -> bool:
    """Whether *record* will go on from here as from *rung*: they may differ only in goals that are done with."""
    state, cells = record.state, rung.cells
    if record.properties != rung.properties or record.segments != rung.segments:
        return False
    if (record.counted or {}) != (rung.counted or {}):
        return False
    return state == cells or all(
        (not state[machine.at] and not cells[machine.at])
        or state[machine.at : machine.at + len(machine.template)]
        == cells[machine.at : machine.at + len(machine.template)]
        for machine in plan.machines
    )


def step_after(record: ProfileRecord) -> int:
    """With how many facts the next rung is due: copying a state should not cost more than what came since."""
    return len(record.ids) + max(STEP, 4 * size(record.state))


def climb(fold: Fold, record: ProfileRecord, facts: list[Fact] | tuple[Fact, ...], rungs: list[Rung]) -> None:
    """Fold ordered *facts*, all new to *record*, and put down rungs on the way."""
    start = 0
    while start < len(facts):
        end = min(len(facts), start + max(STEP, 4 * size(record.state)))
        while end < len(facts) and facts[end].instant == facts[end - 1].instant:
            end += 1
        fold.run(record, facts[start:end])
        if end < len(facts):
            rungs.append(rung_of(record))
        start = end
