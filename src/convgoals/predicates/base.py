"""What every compiled condition is: a small state machine that steps over instants.

A node is immutable and shared; its state is a list that the caller holds, of plain values, so that it can be stored
and dropped. ``state[0]`` is whether the node holds, ``state[1]`` the next instant at which time alone may change that
(`NEVER` if none); the rest is the node's own. ``step`` moves the state to an instant, which must be later than the
one before, and returns what fires there:

- ``None``: nothing fires;
- ``()``: it has just become so, by no occurrence (the ``–`` of semantics §4);
- occurrences: the facts at this instant that fire it.

Between two steps nothing may happen that the node would have had to see: no fact that matches one of its leaves, no
change of the profile if it reads it, no ``state[1]``. A step at an instant where nothing happens is harmless.

A node compiled *exact* must announce every change by time in ``state[1]``. Elsewhere a node may leave out those that
only make it false, since nothing can fire by that; it is asked again at the next step anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from convgoals.predicates.values import Notes
from convgoals.records import Fact, Properties

NEVER = 2**63
"""Later than every instant."""

DONE: Final[list[Any]] = [True, NEVER]
"""The state of a goal that counts once and has been completed: it is not evaluated any more."""

State: TypeAlias = list[Any]
Fired: TypeAlias = Sequence[Fact] | None
Replay: TypeAlias = Callable[["Node", int, int], State]
"""``replay(node, start, end)``: the state of *node*, opened at *start*, over the kept facts before *end*."""

NO_PROPERTIES: Properties = {}


class Moment:
    """All that is so at one instant, as the nodes of one goal see it. Reused from instant to instant.

    Attributes:
        matches: the facts at this instant by the leaf that they match.
        profile: the profile's properties at this instant.
        segments: the profile's segments at this instant.
        notes: where ill-typed comparisons are noted.
        anchor: the anchor through whose window something fired, set by the goal's outermost window.
        goal: the machine that is being stepped, where it may look back.
        replay: gives a node that opens in the past the state that it has by now.
    """

    __slots__ = ("anchor", "goal", "matches", "notes", "profile", "replay", "segments")

    def __init__(self, notes: Notes, replay: Replay) -> None:
        self.matches: Mapping[int, Sequence[Fact]] = {}
        self.profile: Properties = NO_PROPERTIES
        self.segments: tuple[str, ...] = ()
        self.notes = notes
        self.anchor: int | None = None
        self.goal: Any = None
        self.replay = replay


class Node(Protocol):
    """A compiled condition."""

    def start(self) -> State:
        """The state just before the node's scope: nothing holds there."""
        ...

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        """Move *state* to the instant *t* and return what fires there."""
        ...


def union(first: Fired, second: Fired) -> Fired:
    """What fires when either does; each occurrence once."""
    if not first:
        return second if second is not None else first
    if not second or second is first:
        return first
    seen = {id(fact) for fact in first}
    return (*first, *(fact for fact in second if id(fact) not in seen))
