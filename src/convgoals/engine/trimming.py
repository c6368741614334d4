"""Which properties of events are kept: those that a goal can read, and those that the host names (semantics §7).

Properties of profiles are all kept: a goal still to come is evaluated from the snapshot in force on, whatever it reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from convgoals.goals import Goal, OncePerProperty
from convgoals.language import ast
from convgoals.language.parse import parse_path
from convgoals.records import Event
from convgoals.storage.base import Changes

WHOLE = 20
"""The batches in which the first so many events of a type come stay whole: what is in them tells diagnostics what a
property may have been meant to be."""


def event_types(goal: Goal) -> frozenset[str]:
    """The types of events that a goal looks at."""
    return frozenset(node.type for node in ast.walk(goal.condition.root) if isinstance(node, ast.EventOccurrence))


def event_properties(goal: Goal) -> frozenset[str]:
    """The properties that a goal may read of an event; of nested ones, the outermost name."""
    names = set()
    for node in ast.walk(goal.condition.root):
        if isinstance(node, ast.Property) and node.owner == "event":
            names.add(node.path[0])
        if isinstance(node, ast.Chain):
            links = (*node.links, *(() if node.absence is None else (node.absence,)))
            names.update(link.same[0] for link in links if link.same is not None)
    if isinstance(goal.value, str):
        names.add(parse_path(goal.value)[0])
    if isinstance(goal.counting, OncePerProperty):
        names.add(goal.counting.path[0])
    return frozenset(names)


class Reads:
    """What must be kept of events, for a store that writes them down.

    Args:
        goals: the goals, those that are archived included, for they may be restored.
        more: properties that are kept of all events.
    """

    def __init__(self, goals: Iterable[Goal], more: Iterable[str]) -> None:
        self._waiting: dict[str, frozenset[str]] = {}
        self._seen: Counter[str] = Counter()
        self.now: dict[str, frozenset[str]] = {}
        everywhere = frozenset(more)
        for goal in goals:
            names = event_properties(goal) | everywhere
            for kind in event_types(goal):
                self._waiting[kind] = self._waiting.get(kind, frozenset()) | names

    def kept(self, changes: Changes) -> None:
        """Take notice of a batch that was kept: of which types there have been enough whole events."""
        if not self._waiting:
            return
        self._seen.update(fact.type for facts in changes.facts.values() for fact in facts if isinstance(fact, Event))
        for kind in [kind for kind in self._waiting if self._seen[kind] >= WHOLE]:
            self.now[kind] = self._waiting.pop(kind)
