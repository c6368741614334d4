"""What can be said of a node without stepping it; each a plain recursion over the kinds of nodes."""

from __future__ import annotations

from convgoals.predicates.aggregates import AggregateNode
from convgoals.predicates.base import Node
from convgoals.predicates.chains import ChainNode
from convgoals.predicates.logic import AndNode, InLastNode, NotNode, OccurrenceNode, OrNode, SegmentNode, StateNode
from convgoals.predicates.windows import (
    AnchoredWindow,
    AnyWindow,
    AnyWindowOfOne,
    BetweenNode,
    HeldNode,
    PropertyWindow,
)

_NONE: frozenset[int] = frozenset()


def leaves(node: Node) -> frozenset[int]:  # noqa: PLR0911  one case a kind
    """The leaves at which *node* looks."""
    match node:
        case OccurrenceNode() | InLastNode():
            return frozenset((node.leaf,))
        case AndNode(_, parts) | OrNode(_, parts):
            return _NONE.union(*(leaves(part) for part in parts))
        case AnchoredWindow():
            return leaves(node.inner.node) | {node.anchor}
        case AnyWindow():
            return leaves(node.part) | {node.anchor}
        case AnyWindowOfOne():
            return frozenset((node.leaf, node.anchor))
        case PropertyWindow() | BetweenNode():
            return leaves(node.inner.node)
        case NotNode() | HeldNode():
            return leaves(node.part)
        case AggregateNode():
            return frozenset(aggregator.leaf for aggregator in node.aggregators)
        case ChainNode():
            return node.leaves
        case _:
            return _NONE


def reads(node: Node) -> bool:
    """Whether a change of the profile alone may change what *node* says."""
    match node:
        case StateNode() | SegmentNode() | PropertyWindow() | AggregateNode():
            return True
        case AndNode(_, parts) | OrNode(_, parts):
            return any(reads(part) for part in parts)
        case NotNode() | HeldNode() | AnyWindow():
            return reads(node.part)
        case AnchoredWindow() | BetweenNode():
            return reads(node.inner.node)
        case _:
            return False


def quiet(node: Node) -> bool:
    """Whether *node* stays as it starts until an occurrence reaches it, so that opening it needs no step."""
    match node:
        case OccurrenceNode() | InLastNode() | ChainNode() | AnchoredWindow() | AnyWindow() | AnyWindowOfOne():
            return True
        case AndNode(_, parts) | OrNode(_, parts):
            return all(quiet(part) for part in parts)
        case BetweenNode():
            return quiet(node.inner.node)
        case _:
            return False


def restless(node: Node) -> bool:
    """Whether time may have made *node* false without announcing it, so that it has to be asked again."""
    match node:
        case InLastNode():
            return not node.exact
        case AggregateNode():
            return not node.exact and any(aggregator.expiry is not None for aggregator in node.aggregators)
        case AndNode(_, parts) | OrNode(_, parts):
            return any(restless(part) for part in parts)
        case _:
            return False


def can_wake(node: Node) -> bool:
    """Whether *node* ever announces that time alone may move it."""
    match node:
        case InLastNode() | AggregateNode():
            return node.exact
        case AndNode(_, parts) | OrNode(_, parts):
            return any(can_wake(part) for part in parts)
        case NotNode() | AnyWindow():
            return can_wake(node.part)
        case AnchoredWindow():
            return can_wake(node.inner.node)
        case ChainNode():
            return node.absence is not None
        case PropertyWindow() | BetweenNode() | HeldNode():
            return True
        case _:
            return False
