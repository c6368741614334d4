"""What the data looked like to the goals: wrong types, and event types that no goal listens to (semantics §3)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from convgoals.predicates.plan import Plan
from convgoals.predicates.values import Notes

if TYPE_CHECKING:
    from convgoals.engine.diagnosis import GoalDiagnosis

MAX_TYPES = 1_000
"""How many different event types are counted; the rest is hostile or a mistake, and counted together."""


class Diagnostics:
    """What the data looked like to the goals.

    The counters are since the engine was opened or its goals changed; *goals* is worked out from the kept facts, and so
    knows what came before that too.

    Attributes:
        ill_typed: how often a comparison met a value of the wrong type, by (goal, property, type).
        unheard: how often an event came that no goal listens to, by its type.
        goals: for each live goal, what never came, never arrived or arrived in the wrong type.
        looked_at: how many profiles *goals* looked at.
        complete: whether these were all, and all of their facts are kept; if not, "never" means "not among them".
    """

    def __init__(self, plan: Plan) -> None:
        self._names = [machine.goal.name for machine in plan.machines]
        self.ill_typed: Counter[tuple[str, str, str]] = Counter()
        self.unheard: Counter[str] = Counter()
        self.goals: tuple[GoalDiagnosis, ...] = ()
        self.looked_at = 0
        self.complete = False

    def note(self, slot: int, notes: Notes) -> None:
        """Count comparisons of goal *slot* that met a value of the wrong type."""
        for label, kind in notes:
            self.ill_typed[self._names[slot], label, kind] += 1

    def saw_unheard(self, kind: str, count: int) -> None:
        """Count events of a type that no goal listens to."""
        if kind in self.unheard or len(self.unheard) < MAX_TYPES:
            self.unheard[kind] += count
