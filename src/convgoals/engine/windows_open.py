"""What a saved or cached state knows of a goal's outermost window, where the fact that opened it is no longer kept."""

from __future__ import annotations

from operator import itemgetter

from convgoals.predicates.base import State
from convgoals.predicates.compile import Machine
from convgoals.predicates.windows import AnchoredWindow, AnyWindow, AnyWindowOfOne


def latest_window(machine: Machine, state: State) -> tuple[int, int] | None:
    """The anchor and the last instant of the window that closes last, if the whole condition is a window at facts."""
    root = machine.root
    match root:
        case AnchoredWindow():
            anchor, end = state[root.at + 2 : root.at + 4]
            return None if anchor is None else (anchor, end)
        case AnyWindow():
            windows = ((anchor, end) for anchor, end, _ in state[root.at + 2] or ())
            return max(windows, key=itemgetter(1), default=None)
        case AnyWindowOfOne():
            anchors = state[root.at + 2]
            return (anchors[-1], root.end(anchors[-1])) if anchors else None
        case _:
            return None
