"""Filters and values compiled once for all the logs that are asked: to compile takes longer than to read a log."""

from __future__ import annotations

import functools
from datetime import tzinfo
from typing import Generic, TypeVar

from convgoals.language import ast
from convgoals.predicates.filters import Evaluation, Filter, compile_filter, compile_value

_Node = TypeVar("_Node")

_KEPT = 1_000
"""How many are kept, those that were asked for last."""


class _Same(Generic[_Node]):
    """A node by its identity: to compare nodes, or to hash them, is to walk through them. It is kept alive by this."""

    __slots__ = ("node",)

    def __init__(self, node: _Node) -> None:
        self.node = node

    def __hash__(self) -> int:
        return id(self.node)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.node is other.node


def filter_of(node: ast.Condition, timezone: tzinfo) -> Filter:
    """As `compile_filter`; of a comparison its aggregates are given in the order of `aggregates_in`."""
    return _filter(_Same(node), timezone)


def value_of(node: ast.Value, timezone: tzinfo) -> Evaluation:
    """As `compile_value`."""
    return _value(_Same(node), timezone)


def equality_with(literal: ast.Value, timezone: tzinfo) -> Filter:
    """Whether the event's property ``value`` equals *literal*."""
    return _equality(_Same(literal), timezone)


def aggregates_in(node: ast.Condition) -> tuple[ast.Aggregate, ...]:
    """The aggregates in *node*, as they come in the text."""
    return tuple(part for part in ast.walk(node) if isinstance(part, ast.Aggregate))


@functools.lru_cache(_KEPT)
def _filter(same: _Same[ast.Condition], timezone: tzinfo) -> Filter:
    return compile_filter(same.node, timezone, aggregates_in(same.node))


@functools.lru_cache(_KEPT)
def _value(same: _Same[ast.Value], timezone: tzinfo) -> Evaluation:
    return compile_value(same.node, timezone)


@functools.lru_cache(_KEPT)
def _equality(same: _Same[ast.Value], timezone: tzinfo) -> Filter:
    return compile_filter(ast.Compare("=", ast.Property("event", ("value",)), same.node), timezone)
