"""Occurrences, states and connectives (semantics §4, the first rows)."""

from __future__ import annotations

import attrs

from convgoals.instants import Shift
from convgoals.language import ast
from convgoals.predicates.base import NEVER, Fired, Moment, Node, State, union
from convgoals.predicates.filters import Filter


@attrs.frozen
class OccurrenceNode:
    """An occurrence: it has happened from its first on, and fires with each."""

    at: int
    leaf: int

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        found = moment.matches.get(self.leaf)
        if found:
            state[self.at] = True
            return found
        return None


@attrs.frozen
class InLastNode:
    """``O in last D``. Own cell: until when it holds."""

    at: int
    leaf: int
    expiry: Shift
    exact: bool

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        at = self.at
        found = moment.matches.get(self.leaf)
        until = state[at + 2]
        if found:
            own = self.expiry(t)
            if until is None or until < own:
                until = state[at + 2] = own
        holds = state[at] = until is not None and t <= until
        if self.exact:
            state[at + 1] = until + 1 if holds else NEVER
        return found or None


@attrs.frozen
class StateNode:
    """A comparison on the profile as it is now."""

    at: int
    test: Filter
    where: ast.Comparison

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        was = state[self.at]
        holds = state[self.at] = bool(self.test((), moment.profile, moment.notes))
        return () if holds and not was else None


@attrs.frozen
class SegmentNode:
    """``in segment s``."""

    at: int
    segment: str

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        was = state[self.at]
        holds = state[self.at] = self.segment in moment.segments
        return () if holds and not was else None


@attrs.frozen
class AndNode:
    """Holds where all do, and fires with the triggers of any."""

    at: int
    parts: tuple[Node, ...]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        fired: Fired = None
        holds, wake = True, NEVER
        for part in self.parts:
            found = part.step(state, t, moment)
            at = part.at
            if found is not None:
                fired = found if fired is None else union(fired, found)
            if not state[at]:
                holds = False
            if state[at + 1] < wake:
                wake = state[at + 1]
        state[self.at] = holds
        state[self.at + 1] = wake
        return fired if holds else None


@attrs.frozen
class OrNode:
    """Holds where one does, and fires with the triggers of those that hold."""

    at: int
    parts: tuple[Node, ...]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        fired: Fired = None
        holds, wake = False, NEVER
        for part in self.parts:
            found = part.step(state, t, moment)
            at = part.at
            if state[at]:
                holds = True
                if found is not None:
                    fired = found if fired is None else union(fired, found)
            if state[at + 1] < wake:
                wake = state[at + 1]
        state[self.at] = holds
        state[self.at + 1] = wake
        return fired


@attrs.frozen
class NotNode:
    """Holds where its part does not, and fires when it becomes so."""

    at: int
    part: Node

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        was, inner = state[self.at], self.part.at
        self.part.step(state, t, moment)
        holds = state[self.at] = not state[inner]
        state[self.at + 1] = state[inner + 1]
        return () if holds and not was else None
