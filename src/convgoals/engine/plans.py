"""The plans of an engine: of all live goals, and of those that are evaluated over the same facts of a profile.

A goal that was given a history of its own by ``backfill`` sees the facts of its scopes besides everybody's. Profiles
that have no such facts, which are nearly all, are folded through the plan of all goals.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping

import attrs

from convgoals.goals import Goal
from convgoals.predicates.compile import Machine
from convgoals.predicates.plan import Plan, make_plan
from convgoals.storage.base import SavedGoal

CELLS = 1
"""The number of what nodes keep in their cells; to be raised when that changes, for saved states hold it."""


@attrs.frozen
class View:
    """Goals that see the same facts of a profile: everybody's, and those of *scopes*."""

    scopes: frozenset[str]
    plan: Plan


class Plans:
    """The live ones of *saved* goals, and how a profile's facts are divided among them.

    Attributes:
        saved: all goals by name, in the order in which they were first saved.
        whole: the plan of all live goals.
        slots: the slot of each live goal in ``whole``, by name.
    """

    def __init__(self, saved: Mapping[str, SavedGoal]) -> None:
        self.saved = dict(saved)
        self._live = [each for each in saved.values() if not each.archived]
        self._places = {name: place for place, name in enumerate(self.saved)}
        self._scopes = frozenset(scope for each in self._live for scope in each.scopes)
        self._views: dict[frozenset[str], tuple[View, ...]] = {}
        self.whole = _plan(self._live)
        self.slots = {each.goal.name: slot for slot, each in enumerate(self._live)}

    def views(self, scopes: Iterable[str]) -> tuple[View, ...]:
        """The views of a profile that has facts in *scopes*; the first is the one of everybody's facts alone."""
        present = self._scopes.intersection(scopes)
        if not present:
            return (View(present, self.whole),)
        found = self._views.get(present)
        if found is None:
            groups: dict[frozenset[str], list[SavedGoal]] = {frozenset(): []}
            for each in self._live:
                groups.setdefault(present.intersection(each.scopes), []).append(each)
            found = self._views[present] = tuple(View(seen, _plan(goals)) for seen, goals in groups.items())
        return found

    def of_goals(self, view: View, names: frozenset[str]) -> View:
        """The part of a view that is of some goals only."""
        mine = [self.saved[machine.goal.name] for machine in view.plan.machines if machine.goal.name in names]
        return View(view.scopes, _plan(mine))

    def key(self, machine: Machine) -> str:
        """What a goal's part of a saved state is called: neither a new name nor another goal changes it."""
        return f"{self._places[machine.goal.name]}.{machine.version}"


def _plan(goals: Iterable[SavedGoal]) -> Plan:
    several = tuple(goals)
    # What a goal is worth is told apart too: 1, 1.0 and Decimal("1") are equal, and not the same.
    return _plan_of(
        tuple((each.goal, each.version) for each in several), tuple(repr(each.goal.value) for each in several)
    )


@functools.lru_cache(maxsize=128)
def _plan_of(goals: tuple[tuple[Goal, int], ...], values: tuple[str, ...]) -> Plan:
    """Plans are immutable, and dear to make: an engine that is opened again in one process need not make them anew."""
    return make_plan(goals)


def likeness(machine: Machine) -> str:
    """What a goal's cells mean: a part of a saved state is of use only to a machine of the same likeness."""
    goal = machine.goal
    since = None if goal.since is None else goal.since.isoformat()
    parts = (CELLS, str(goal.condition), goal.count, goal.timezone, since, len(machine.template))
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
