"""Occurrences, states and connectives (semantics §4, the first rows)."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from convgoals.predicates.base import NEVER, Fired, Moment, Node, State, union
from convgoals.predicates.filters import Filter


@attrs.frozen
class OccurrenceNode:
    """An occurrence: it has happened from its first on, and fires with each."""

    leaf: int

    def start(self) -> State:
        return [False, NEVER]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        found = moment.matches.get(self.leaf)
        if found:
            state[0] = True
            return found
        return None


@attrs.frozen
class InLastNode:
    """``O in last D``. Own state: until when it holds."""

    leaf: int
    expiry: Callable[[int], int]
    exact: bool

    def start(self) -> State:
        return [False, NEVER, -NEVER]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        found = moment.matches.get(self.leaf)
        if found:
            state[2] = self.expiry(t)
        holds = state[0] = t <= state[2]
        if self.exact:
            state[1] = state[2] + 1 if holds else NEVER
        return found or None


@attrs.frozen
class StateNode:
    """A comparison on the profile as it is now."""

    test: Filter

    def start(self) -> State:
        return [False, NEVER]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        was = state[0]
        holds = state[0] = bool(self.test((), moment.profile, moment.notes))
        return () if holds and not was else None


@attrs.frozen
class SegmentNode:
    """``in segment s``."""

    segment: str

    def start(self) -> State:
        return [False, NEVER]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        was = state[0]
        holds = state[0] = self.segment in moment.segments
        return () if holds and not was else None


@attrs.frozen
class AndNode:
    """Holds where all do, and fires with the triggers of any. Own state: the parts' states."""

    parts: tuple[Node, ...]

    def start(self) -> State:
        return [False, NEVER, [part.start() for part in self.parts]]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        fired: Fired = None
        holds, wake = True, NEVER
        for part, inner in zip(self.parts, state[2], strict=False):
            found = part.step(inner, t, moment)
            if found is not None:
                fired = found if fired is None else union(fired, found)
            if not inner[0]:
                holds = False
            if inner[1] < wake:
                wake = inner[1]
        state[0] = holds
        state[1] = wake
        return fired if holds else None


@attrs.frozen
class OrNode:
    """Holds where one does, and fires with the triggers of those that hold. Own state: the parts' states."""

    parts: tuple[Node, ...]

    def start(self) -> State:
        return [False, NEVER, [part.start() for part in self.parts]]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        fired: Fired = None
        holds, wake = False, NEVER
        for part, inner in zip(self.parts, state[2], strict=False):
            found = part.step(inner, t, moment)
            if inner[0]:
                holds = True
                if found is not None:
                    fired = found if fired is None else union(fired, found)
            if inner[1] < wake:
                wake = inner[1]
        state[0] = holds
        state[1] = wake
        return fired


@attrs.frozen
class NotNode:
    """Holds where its part does not, and fires when it becomes so. Own state: the part's state."""

    part: Node

    def start(self) -> State:
        return [False, NEVER, self.part.start()]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        was, inner = state[0], state[2]
        self.part.step(inner, t, moment)
        holds = state[0] = not inner[0]
        state[1] = inner[1]
        return () if holds and not was else None
