"""Which goals see which facts: scopes are names for sets of goals that were given the same history (semantics §7)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

import attrs

from convgoals.records import Fact
from convgoals.storage.base import SavedGoal, StoredProfile


class Scopes:
    """The scopes of *saved* goals, and new ones as they are needed.

    Attributes:
        saved: the goals, with their new scopes.
        changed: the names of those that have got one.
    """

    def __init__(self, saved: Mapping[str, SavedGoal]) -> None:
        self.saved = dict(saved)
        self.changed: set[str] = set()

    def readers(self, scope: str) -> frozenset[str]:
        """The goals that see the facts of a scope."""
        return frozenset(name for name, each in self.saved.items() if scope in each.scopes)

    def changed_goals(self) -> tuple[SavedGoal, ...]:
        """The goals that have got a scope."""
        return tuple(each for name, each in self.saved.items() if name in self.changed)

    def assign(self, goals: frozenset[str], facts: Iterable[Fact], stored: StoredProfile) -> dict[str, list[Fact]]:
        """*facts* by the scopes in which *goals* are to see them, without what a goal sees already of *stored*.

        Of several facts with one id, the first counts.
        """
        everybody = {fact.id for fact in stored.facts}
        seen: dict[str | None, frozenset[str]] = {}
        for scope, known in stored.scoped.items():
            for fact in known:
                seen[fact.id] = seen.get(fact.id, frozenset()) | self.readers(scope)
        found: dict[str, list[Fact]] = {}
        for fact in facts:
            lacking = goals - seen.get(fact.id, frozenset())
            if fact.id in everybody or not lacking:
                continue
            seen[fact.id] = goals | seen.get(fact.id, frozenset())
            found.setdefault(self._scope_of(lacking), []).append(fact)
        return found

    def handed_on(self, gone: StoredProfile, stays: StoredProfile) -> dict[str, list[Fact]]:
        """The facts in scopes that come from a profile that becomes another."""
        found: dict[str, list[Fact]] = {}
        for scope, facts in gone.scoped.items():
            for name, mine in self.assign(self.readers(scope), facts, stays).items():
                found.setdefault(name, []).extend(mine)
        return found

    def _scope_of(self, goals: frozenset[str]) -> str:
        """The scope that *goals* and no others see."""
        known = {scope for each in self.saved.values() for scope in each.scopes}
        for scope in sorted(known):
            if self.readers(scope) == goals:
                return scope
        new = next(name for name in map(str, itertools.count(1)) if name not in known)
        for name in goals:
            self.saved[name] = attrs.evolve(self.saved[name], scopes=(*self.saved[name].scopes, new))
        self.changed |= goals
        return new
