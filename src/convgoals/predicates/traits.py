"""What can be said of a node without stepping it; each a plain recursion over the kinds of nodes."""

from __future__ import annotations

from convgoals.predicates.aggregates import AggregateNode
from convgoals.predicates.base import Node
from convgoals.predicates.chains import ChainNode
from convgoals.predicates.logic import AndNode, InLastNode, NotNode, OccurrenceNode, OrNode
from convgoals.predicates.windows import AnchoredWindow, AnyWindow, BetweenNode, HeldNode, PropertyWindow

_NONE: frozenset[int] = frozenset()


def leaves(node: Node) -> frozenset[int]:
    """The leaves at which *node* looks."""
    match node:
        case OccurrenceNode(leaf) | InLastNode(leaf):
            return frozenset((leaf,))
        case AndNode(parts) | OrNode(parts):
            return _NONE.union(*(leaves(part) for part in parts))
        case AnchoredWindow(part, anchor) | AnyWindow(part, anchor):
            return leaves(part) | {anchor}
        case NotNode(part) | PropertyWindow(part) | BetweenNode(part) | HeldNode(part):
            return leaves(part)
        case AggregateNode():
            return frozenset(aggregator.leaf for aggregator in node.aggregators)
        case ChainNode():
            return node.leaves
        case _:
            return _NONE


def openers(node: Node) -> frozenset[int]:
    """The leaves that can move *node* from where it starts; until one does, no other leaf matters."""
    match node:
        case AnchoredWindow(_, anchor) | AnyWindow(_, anchor):
            return frozenset((anchor,))
        case PropertyWindow():
            return _NONE  # the profile alone opens it, and what was before is replayed
        case ChainNode():
            return frozenset((node.first,))
        case AndNode(parts) | OrNode(parts):
            return _NONE.union(*(openers(part) for part in parts))
        case NotNode(part) | BetweenNode(part) | HeldNode(part):
            return openers(part)
        case _:
            return leaves(node)


def can_open_true(node: Node) -> bool:
    """Whether *node* may hold, by time or a state alone, without an occurrence in its scope."""
    match node:
        case OccurrenceNode() | InLastNode() | ChainNode() | AnchoredWindow() | AnyWindow():
            return False
        case AndNode(parts):
            return all(can_open_true(part) for part in parts)
        case OrNode(parts):
            return any(can_open_true(part) for part in parts)
        case BetweenNode(part):
            return can_open_true(part)
        case _:
            return True


def restless(node: Node) -> bool:
    """Whether time may have made *node* false without announcing it, so that it has to be asked again."""
    match node:
        case InLastNode():
            return not node.exact
        case AggregateNode():
            return not node.exact and any(aggregator.expiry is not None for aggregator in node.aggregators)
        case AndNode(parts) | OrNode(parts):
            return any(restless(part) for part in parts)
        case _:
            return False


def can_wake(node: Node) -> bool:
    """Whether *node* ever announces that time alone may move it."""
    match node:
        case InLastNode() | AggregateNode():
            return node.exact
        case AndNode(parts) | OrNode(parts):
            return any(can_wake(part) for part in parts)
        case NotNode(part) | AnchoredWindow(part) | AnyWindow(part):
            return can_wake(part)
        case ChainNode():
            return node.absence is not None
        case PropertyWindow() | BetweenNode() | HeldNode():
            return True
        case _:
            return False
