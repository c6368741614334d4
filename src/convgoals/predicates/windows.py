"""Windows and spans: ``within D of …``, ``between … and …``, ``for D`` (semantics §4).

A window's condition is a node of its own, opened at the anchor: what happened before is not in its scope. Once the
condition has held inside, the window holds for good; while open it goes on firing whenever the condition does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

import attrs

from convgoals.instants import BEGINNING, Shift
from convgoals.predicates.base import FEW, NEVER, Fired, Moment, Node, State, union
from convgoals.predicates.values import as_moment, dig
from convgoals.records import Fact


@attrs.frozen
class Inner:
    """A window's condition, and its cells: set back to *fresh* whenever the window opens."""

    node: Node
    start: int
    end: int
    fresh: tuple[Any, ...]

    def reset(self, state: State) -> None:
        """Nothing holds before the scope begins."""
        state[self.start : self.end] = self.fresh


@attrs.frozen
class AnchoredWindow:
    """``C within D of first O``, ``of last O``. Own cells: anchor, end, whether it is open."""

    at: int
    inner: Inner
    anchor: int
    end: Shift
    renews: bool
    """Whether a later anchor opens the window anew (``last``)."""
    outermost: bool

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        at = self.at
        if (state[at + 2] is None or self.renews) and moment.matches.get(self.anchor):
            state[at + 2] = t
            state[at + 3] = self.end(t)
            state[at + 4] = True
            self.inner.reset(state)
        return step_inside(self, state, t, moment) if state[at + 4] else None


@attrs.frozen
class PropertyWindow:
    """``C within D of profile.signup_at``.

    Own cells: anchor, end, whether it is open, the scope's beginning, and the value that the anchor was read from.
    The anchor is what the property says *now*, so it may lie in the past: C is then replayed from there.
    """

    at: int
    inner: Inner
    path: tuple[str, ...]
    zone: tzinfo
    end: Shift
    outermost: bool

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        at = self.at
        if state[at + 5] is None:
            state[at + 5] = t
        value = dig(moment.profile, self.path)
        if value is not state[at + 6]:
            state[at + 6] = value
            self._move(state, as_moment(value, self.zone), t, moment)
        anchor = state[at + 2]
        if anchor is not None and anchor > t:
            state[at + 1] = anchor
            return None
        if anchor is not None and not state[at + 4] and t <= state[at + 3]:
            state[at + 4] = True
            self.inner.reset(state)
        return step_inside(self, state, t, moment) if state[at + 4] else None

    def _move(self, state: State, anchor: int | None, t: int, moment: Moment) -> None:
        """The property says another anchor: open the window there."""
        at = self.at
        if anchor == state[at + 2]:
            return
        state[at + 1], state[at + 2], state[at + 4] = NEVER, anchor, False
        if anchor is None:
            return
        end = state[at + 3] = self.end(anchor)
        opening = max(anchor, state[at + 5])
        if opening < t <= end:
            state[at + 4] = True
            self.inner.reset(state)
            moment.replay(self.inner.node, state, opening, t)


def step_inside(window: AnchoredWindow | PropertyWindow, state: State, t: int, moment: Moment) -> Fired:
    """Step the condition of an open window, or close it."""
    at = window.at
    end = state[at + 3]
    if t > end:
        state[at + 4], state[at + 1] = False, NEVER
        return None
    node = window.inner.node
    fired = node.step(state, t, moment)
    wake = state[node.at + 1]
    state[at + 1] = wake if wake <= end else NEVER
    return latch(state, at, fired, state[node.at], state[at + 2], moment, window.outermost)


@attrs.frozen
class AnyWindow:
    """``C within D of any O``. Own cell: the open windows, the earliest first, each as (anchor, end, C's cells)."""

    at: int
    part: Node
    fresh: tuple[Any, ...]
    anchor: int
    end: Shift
    outermost: bool

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        at = self.at
        if moment.matches.get(self.anchor):
            self.open(state, t)
        windows = state[at + 2]
        if windows and (windows[0][1] < t or not self.end.keeps_order):
            windows = state[at + 2] = [window for window in windows if window[1] >= t]
        if not windows:
            state[at + 1] = NEVER
            return None
        fired: Fired = None
        holding = None  # the earliest anchor in whose window C holds
        through: list[tuple[int, Sequence[Fact]]] = []
        wake, inner_at = NEVER, self.part.at
        for anchor, end, inner in windows:
            found = self.part.step(inner, t, moment)
            if found is not None:
                fired = union(fired, found)
                through.append((anchor, found))
            if inner[inner_at] and holding is None:
                holding = anchor
            if inner[inner_at + 1] < wake and inner[inner_at + 1] <= end:
                wake = inner[inner_at + 1]
        state[at + 1] = wake
        fired = latch(state, at, fired, holding is not None, holding, moment, self.outermost)
        if through and self.outermost:
            moment.through = tuple(through)
        return fired

    def open(self, state: State, t: int) -> None:
        """Open a window at *t*."""
        opened = (t, self.end(t), list(self.fresh))
        windows = state[self.at + 2]
        if windows:
            if windows[0][1] < t:
                windows[:] = [window for window in windows if window[1] >= t]
            windows.append(opened)
        else:
            state[self.at + 2] = [opened]


@attrs.frozen
class AnyWindowOfOne:
    """``O within D of any A``, by far the most usual of its kind: O itself has no state that a window would narrow.

    Own cell: the list of the anchors, the earliest first, and so are their windows' ends; those whose windows have
    passed are dropped when they are many.
    """

    at: int
    leaf: int
    anchor: int
    end: Shift
    outermost: bool

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        if moment.matches.get(self.anchor):
            self.open(state, t)
        return self.reach(state, t, moment.matches.get(self.leaf), moment)

    def open(self, state: State, t: int) -> None:
        """Open a window at *t*."""
        anchors = state[self.at + 2]
        if anchors is None:
            state[self.at + 2] = [t]
            return
        if self.end.overtakes(anchors[-1], t):
            return  # whatever happens in this window happens in one that began before
        anchors.append(t)
        if len(anchors) > FEW:
            self.prune(anchors, t)

    def prune(self, anchors: list[int], t: int) -> None:
        """Drop the first half of *anchors* if their windows have passed."""
        half = len(anchors) // 2
        if self.end(anchors[half]) < t:
            del anchors[:half]

    def reach(self, state: State, t: int, found: Fired, moment: Moment) -> Fired:
        """What fires if *found* happens at *t*."""
        anchors, end = state[self.at + 2], self.end
        if not found or not anchors or end(anchors[-1]) < t:
            return None
        earliest = anchors[0] if end(anchors[0]) >= t else anchors[bisect_left(anchors, t, key=end)]
        return latch(state, self.at, found, True, earliest, moment, self.outermost)


@attrs.frozen
class BetweenNode:
    """``C between start and end``. Own cell: whether it has been opened."""

    at: int
    inner: Inner
    first: int
    last: int
    outermost: bool

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        at = self.at
        if t < self.first:
            return None
        if t > self.last:
            state[at + 1] = NEVER
            return None
        if not state[at + 2]:
            state[at + 2] = True
            self.inner.reset(state)
        node = self.inner.node
        fired = node.step(state, t, moment)
        wake = state[node.at + 1]
        state[at + 1] = wake if wake <= self.last else NEVER
        return latch(state, at, fired, state[node.at], self.first, moment, self.outermost)


@attrs.frozen
class HeldNode:
    """``S for D``. Own cell: since when S holds (``None`` while it does not)."""

    at: int
    part: Node
    expiry: Shift

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        at, inner = self.at, self.part.at
        was = state[at]
        self.part.step(state, t, moment)
        wake = state[inner + 1]
        if not state[inner]:
            state[at], state[at + 1], state[at + 2] = False, wake, None
            return None
        since = state[at + 2]
        if since is None:
            since = state[at + 2] = t
        due = BEGINNING if since == BEGINNING else self.expiry(since)
        holds = state[at] = due <= t
        state[at + 1] = wake if holds or wake < due else due
        return () if holds and not was else None


def latch(  # noqa: PLR0917  on the hottest path
    state: State, at: int, fired: Fired, holds: bool, anchor: int | None, moment: Moment, outermost: bool
) -> Fired:
    """What a window fires: what its condition does, or that its own truth has just become so."""
    if fired is None:
        if not holds or state[at]:
            return None
        fired = ()
    state[at] = True
    if outermost and anchor is not None:
        moment.through = ((anchor, fired),)
    return fired
