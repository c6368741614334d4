"""What the data looked like to the goals: wrong types, and event types that no goal listens to (semantics §3)."""

from __future__ import annotations

from collections import Counter

from convgoals.predicates.plan import Plan
from convgoals.predicates.values import Notes

MAX_TYPES = 1_000
"""How many different event types are counted; the rest is hostile or a mistake, and counted together."""


class Diagnostics:
    """Counts since the engine was opened or its goals changed.

    Attributes:
        ill_typed: how often a comparison met a value of the wrong type, by (goal, property, type).
        unheard: how often an event came that no goal listens to, by its type.
    """

    def __init__(self, plan: Plan) -> None:
        self._names = [machine.goal.name for machine in plan.machines]
        self.ill_typed: Counter[tuple[str, str, str]] = Counter()
        self.unheard: Counter[str] = Counter()

    def note(self, slot: int, notes: Notes) -> None:
        """Count comparisons of goal *slot* that met a value of the wrong type."""
        for label, kind in notes:
            self.ill_typed[self._names[slot], label, kind] += 1

    def saw_unheard(self, kind: str, count: int) -> None:
        """Count events of a type that no goal listens to."""
        if kind in self.unheard or len(self.unheard) < MAX_TYPES:
            self.unheard[kind] += count
