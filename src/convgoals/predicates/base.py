"""What every compiled condition is: a small state machine that steps over instants.

A node is immutable and shared. Its state is some cells of a flat list that the caller holds, one list for all goals of
a profile, so that it costs little and can be copied, stored and dropped: ``state[at]`` is whether the node holds,
``state[at + 1]`` the next instant at which time alone may change that (`NEVER` if none); the cells after it are the
node's own. ``step`` moves the node to an instant, which must be later than the one before, and returns what fires:

- ``None``: nothing fires;
- ``()``: it has just become so, by no occurrence (the ``–`` of semantics §4);
- occurrences: the facts at this instant that fire it.

Between two steps nothing may happen that the node would have had to see: no fact that matches one of its leaves, no
change of the profile if it reads it, no ``state[at + 1]``. A step at an instant where nothing happens is harmless.

A node compiled *exact* must announce every change by time in ``state[at + 1]``. Elsewhere a node may leave out those
that only make it false, since nothing can fire by that; it is asked again at the next step anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from convgoals.predicates.values import Notes
from convgoals.records import Fact, Properties

NEVER = 2**63
"""Later than every instant."""

FEW = 32
"""So many entries of a list may have passed before it is worth dropping them."""

State: TypeAlias = list[Any]
Fired: TypeAlias = Sequence[Fact] | None

NO_PROPERTIES: Properties = {}


class Moment:
    """All that is so at one instant, as the nodes of one goal see it. Reused from instant to instant.

    This one is of no profile: nothing fires at it. See `convgoals.engine.fold.Fold`.

    Attributes:
        matches: the facts at this instant by the leaf that they match.
        profile: the profile's properties at this instant.
        segments: the profile's segments at this instant.
        before: the profile's properties before this instant, where a profile fact stands at it alone.
        notes: where ill-typed comparisons are noted.
        through: what fired through the goal's outermost window, by the anchor of the window, the earliest first.
        goal: the machine that is being stepped, where it may look back.
        out: where ``fire`` puts completions to be.
    """

    __slots__ = ("before", "goal", "matches", "notes", "out", "profile", "segments", "through")

    def __init__(self) -> None:
        self.matches: Mapping[int, Sequence[Fact]] = {}
        self.before: Properties = NO_PROPERTIES
        self.profile: Properties = NO_PROPERTIES
        self.segments: tuple[str, ...] = ()
        self.notes: Notes = []
        self.through: tuple[tuple[int, Sequence[Fact]], ...] = ()
        self.goal: Any = None
        self.out: list[Any] = []

    def fire(self, slot: int, fired: Sequence[Fact], t: int) -> None:
        """Take what fired of the goal at *slot* at the instant *t*."""

    def noted(self, slot: int, notes: Notes) -> None:
        """Take the notes of the goal at *slot*."""

    def replay(self, node: Node, state: State, start: int, end: int) -> None:
        """Step *node*, just opened at *start*, over the kept facts before *end*."""
        raise AssertionError("before all facts there is nothing to replay")


class Node(Protocol):
    """A compiled condition."""

    @property
    def at(self) -> int:
        """The first of the node's cells."""
        ...

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        """Move the node's cells to the instant *t* and return what fires there."""
        ...


class Layout:
    """Hands out cells, and collects what they hold at first: only what is immutable, for profiles share it.

    Args:
        base: the place of the first cell.
    """

    def __init__(self, base: int) -> None:
        self.base = base
        self.cells: list[Any] = []

    @property
    def end(self) -> int:
        """The place after the last cell."""
        return self.base + len(self.cells)

    def allot(self, *own: Any) -> int:
        """The place of a node's cells: that it does not hold, that time will not move it, and its *own*."""
        at = self.end
        self.cells += (False, NEVER, *own)
        return at

    def allot_bare(self, *cells: Any) -> int:
        """The place of cells that are no node's."""
        at = self.end
        self.cells += cells
        return at

    def since(self, start: int) -> tuple[Any, ...]:
        """What the cells from *start* on hold at first."""
        return tuple(self.cells[start - self.base :])


def union(first: Fired, second: Fired) -> Fired:
    """What fires when either does; each occurrence once."""
    if not first:
        return second if second is not None else first
    if not second or second is first:
        return first
    seen = {id(fact) for fact in first}
    return (*first, *(fact for fact in second if id(fact) not in seen))
