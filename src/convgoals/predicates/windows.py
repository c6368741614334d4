"""Windows and spans: ``within D of …``, ``between … and …``, ``for D`` (semantics §4).

A window's condition is a node of its own, opened at the anchor: what happened before is not in its scope. Once the
condition has held inside, the window holds for good; it goes on firing with the condition's occurrences while open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

import attrs

from convgoals.instants import BEGINNING
from convgoals.predicates.base import NEVER, Fired, Moment, Node, State, union
from convgoals.predicates.values import as_moment, dig
from convgoals.records import Fact


@attrs.frozen
class AnchoredWindow:
    """``C within D of first O``, ``of last O``. Own state: anchor, end, and C's state while open (else ``None``)."""

    part: Node
    anchor: int
    end: Callable[[int], int]
    renews: bool
    """Whether a later anchor opens the window anew (``last``)."""
    outermost: bool

    def start(self) -> State:
        return [False, NEVER, None, None, None]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        anchor = state[2]
        if (anchor is None or self.renews) and moment.matches.get(self.anchor):
            anchor = state[2] = t
            state[3] = self.end(t)
            state[4] = self.part.start()
        inner = state[4]
        if inner is None:
            return None
        if t > state[3]:
            state[4], state[1] = None, NEVER
            return None
        fired = self.part.step(inner, t, moment)
        state[1] = inner[1] if inner[1] <= state[3] else NEVER
        return _latch(state, fired, inner[0], anchor, moment, self.outermost)


@attrs.frozen
class AnyWindow:
    """``C within D of any O``. Own state: the open windows, the earliest first, each as (anchor, end, C's state)."""

    part: Node
    anchor: int
    end: Callable[[int], int]
    outermost: bool

    def start(self) -> State:
        return [False, NEVER, []]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        windows = state[2]
        if windows and windows[0][1] < t:
            windows = state[2] = [window for window in windows if window[1] >= t]
        if moment.matches.get(self.anchor):
            windows.append([t, self.end(t), self.part.start()])
        fired: Fired = None
        firing = holding = None  # the earliest anchors through which an occurrence fires, and C holds
        wake = NEVER
        for anchor, end, inner in windows:
            found = self.part.step(inner, t, moment)
            if found:
                fired = union(fired, found)
                firing = anchor if firing is None else firing
            if inner[0] and holding is None:
                holding = anchor
            if inner[1] < wake and inner[1] <= end:
                wake = inner[1]
        state[1] = wake
        through = firing if fired else holding
        return _latch(state, fired, holding is not None, through, moment, self.outermost)


@attrs.frozen
class PropertyWindow:
    """``C within D of profile.signup_at``.

    Own state: anchor, end, C's state while open, the scope's beginning, and the value that the anchor was read from.
    The anchor is what the property says *now*, so it may lie in the past: C is then replayed from there.
    """

    part: Node
    path: tuple[str, ...]
    zone: tzinfo
    end: Callable[[int], int]
    outermost: bool

    def start(self) -> State:
        return [False, NEVER, None, None, None, None, None]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        if state[5] is None:
            state[5] = t
        value = dig(moment.profile, self.path)
        if value is not state[6]:
            state[6] = value
            anchor = as_moment(value, self.zone)
        else:
            anchor = state[2]
        if anchor != state[2]:
            state[2], state[3], state[4] = anchor, None, None
            if anchor is not None:
                state[3] = self.end(anchor)
                opening = max(anchor, state[5])
                if opening < t <= state[3]:
                    state[4] = moment.replay(self.part, opening, t)
        if anchor is None or t > state[3]:
            state[4], state[1] = None, NEVER
            return None
        if anchor > t:
            state[1] = anchor
            return None
        if state[4] is None:
            state[4] = self.part.start()
        inner = state[4]
        fired = self.part.step(inner, t, moment)
        state[1] = inner[1] if inner[1] <= state[3] else NEVER
        return _latch(state, fired, inner[0], anchor, moment, self.outermost)


@attrs.frozen
class BetweenNode:
    """``C between start and end``. Own state: C's state while open (else ``None``)."""

    part: Node
    first: int
    last: int
    wakes: bool
    """Whether C may become so by the opening alone, so that it must not be missed."""
    outermost: bool

    def start(self) -> State:
        return [False, self.first if self.wakes else NEVER, None]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        if t < self.first:
            return None
        if t > self.last:
            state[2], state[1] = None, NEVER
            return None
        if state[2] is None:
            state[2] = self.part.start()
        inner = state[2]
        fired = self.part.step(inner, t, moment)
        state[1] = inner[1] if inner[1] <= self.last else NEVER
        return _latch(state, fired, inner[0], self.first, moment, self.outermost)


@attrs.frozen
class HeldNode:
    """``S for D``. Own state: since when S holds (``None`` while it does not), and S's state."""

    part: Node
    expiry: Callable[[int], int]

    def start(self) -> State:
        return [False, NEVER, None, self.part.start()]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        was, inner = state[0], state[3]
        self.part.step(inner, t, moment)
        wake = inner[1]
        if not inner[0]:
            state[0], state[1], state[2] = False, wake, None
            return None
        if state[2] is None:
            state[2] = t
        due = BEGINNING if state[2] == BEGINNING else self.expiry(state[2])
        holds = state[0] = due <= t
        state[1] = wake if holds or wake < due else due
        return () if holds and not was else None


def _latch(
    state: State, fired: Fired, holds: bool, anchor: int | None, moment: Moment, outermost: bool
) -> Sequence[Fact] | None:
    """What a window fires: the condition's occurrences, or that its own truth has just become so."""
    if fired:
        state[0] = True
    elif holds and not state[0]:
        state[0] = True
        fired = ()
    else:
        return None
    if outermost and moment.anchor is None:
        moment.anchor = anchor
    return fired
