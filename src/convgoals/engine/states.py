"""Saved states: what a profile's facts came to, as text, goal by goal.

The text is JSON. A goal's part has the goal's place among the saved ones and its version for a name, and says what its
cells mean, so that another goal, a new name or a new version leaves it as it is. What is *final* is all that is left of
facts that are no longer kept; ``now`` is no more than a short cut, and can be thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs

from convgoals.engine.known import Sketch
from convgoals.engine.plans import Plans, likeness
from convgoals.engine.rungs import Rung
from convgoals.errors import FactError, StoreError
from convgoals.instants import BEGINNING
from convgoals.predicates.cells import decoded, encoded
from convgoals.predicates.compile import Machine
from convgoals.predicates.plan import Plan
from convgoals.records import Properties
from convgoals.storage.base import SavedState
from convgoals.storage.codec import decode_value, encode_value

FORMAT = 1
"""The number of the form of the text."""


@attrs.frozen
class Part:
    """A saved state of the goals that see the same facts.

    Attributes:
        scopes: the scopes whose facts they see.
        at: the instant to which the facts had been folded.
        properties: the profile's properties then.
        segments: its segments then.
        goals: by the goal's key: likeness, cells, and what has counted, as they are written.
    """

    scopes: frozenset[str]
    at: int
    properties: Properties
    segments: tuple[str, ...]
    goals: dict[str, Any]

    def rung(self, plans: Plans, plan: Plan) -> tuple[Rung, list[Machine]]:
        """The state of the goals of *plan*, and those of them that it does not know."""
        cells, counted, missing = list(plan.template), {}, []
        for slot, machine in enumerate(plan.machines):
            like, own, seen = self.goals.get(plans.key(machine), (None, (), None))
            if like != likeness(machine):
                missing.append(machine)
                continue
            cells[machine.at : machine.at + len(machine.template)] = decoded(own)
            if seen is not None:
                counted[slot] = decoded(seen)
        return Rung(self.at, self.properties, self.segments, cells, counted or None), missing


@attrs.frozen
class Saved:
    """What a saved state says.

    Attributes:
        final: the final parts, one for each view that there was; empty if all facts are kept.
        now: the state to go on from, of everybody's facts.
        sketch: the ids of the facts that ``now`` covers.
    """

    final: tuple[Part, ...] = ()
    now: Part | None = None
    sketch: Sketch | None = None

    @property
    def final_at(self) -> int:
        """The instant up to which it is final."""
        return max((part.at for part in self.final), default=BEGINNING)


NOTHING = Saved()


def read(state: SavedState | None) -> Saved:
    """What *state* says. Raises `StoreError` where it cannot be read."""
    if state is None:
        return NOTHING
    try:
        found = json.loads(state.text)
        if found["format"] != FORMAT:
            raise StoreError(
                "a profile's saved state was written by another version of convgoals",
                code="store-newer",
                hint="pip install --upgrade convgoals",
            )
        sketch = None if found["now"] is None else Sketch.read(found["ids"], found["number"])
        now = None if found["now"] is None else _part(found["now"])
        return Saved(tuple(map(_part, found["final"])), now, sketch)
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise StoreError(
            f"a profile's saved state cannot be read: {error}",
            code="store-corrupt",
            hint="it was damaged, or changed by another program: restore the store from a backup",
        ) from error


def _part(found: Any) -> Part:
    scopes, at, properties, segments, goals = found
    return Part(frozenset(scopes), at, decode_value(properties), tuple(segments), goals)


def write(saved: Saved) -> SavedState:
    """The text of *saved*. Raises `FactError` where a property of the profile cannot be said."""
    now = saved.now
    text = json.dumps(
        {
            "format": FORMAT,
            "final": [_parted(part) for part in saved.final],
            "now": None if now is None else _parted(now),
            "ids": None if saved.sketch is None or now is None else saved.sketch.text(),
            "number": 0 if saved.sketch is None else saved.sketch.number,
        },
        separators=(",", ":"),
    )
    return SavedState(BEGINNING if now is None else now.at, text)


def _parted(part: Part) -> list[Any]:
    return [sorted(part.scopes), part.at, encode_value(part.properties), list(part.segments), part.goals]


def part_of(plans: Plans, plan: Plan, rung: Rung, scopes: Iterable[str] = ()) -> Part | None:
    """*rung* as a part; ``None`` where a property of the profile cannot be said."""
    try:
        encode_value(rung.properties)
    except FactError:
        return None
    counted = rung.counted or {}
    goals = {
        plans.key(machine): [
            likeness(machine),
            encoded(rung.cells[machine.at : machine.at + len(machine.template)]),
            encoded(counted[slot]) if slot in counted else None,
        ]
        for slot, machine in enumerate(plan.machines)
    }
    return Part(frozenset(scopes), rung.at, rung.properties, rung.segments, goals)


def without(saved: Saved, keys: Iterable[str]) -> SavedState:
    """The final parts of *saved* without those of some goals, and no state to go on from."""
    gone = frozenset(keys)
    return write(
        Saved(
            tuple(
                attrs.evolve(part, goals={key: goal for key, goal in part.goals.items() if key not in gone})
                for part in saved.final
            )
        )
    )
