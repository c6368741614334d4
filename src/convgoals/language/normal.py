"""Nodes → normal form: conditions that say the same, however they were put, become equal nodes.

Only rewrites that keep *what holds and what fires* are made (semantics §4): ``not not event a`` is left alone, for it
fires once where ``event a`` fires with every event. Not every pair of equivalent conditions is found; every pair that
is found is equivalent. A normal form is for comparing, not for showing.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import attrs

from convgoals.language import ast
from convgoals.language.format import format_node

FLIPPED: dict[str, Any] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""Each relation with its sides exchanged."""


def normal_form(node: ast.Condition) -> ast.Condition:
    """*node* with its parts in a fixed order, said in one way. Its nesting is bounded, so recursion is."""
    return _normal(node)  # type: ignore[no-any-return]


def is_pure(node: ast.Condition) -> bool:
    """Whether *node* is made of states alone, so that only *whether* it holds matters, not what fired it."""
    match node:
        case ast.InSegment():
            return True
        case ast.And(terms) | ast.Or(terms):
            return all(is_pure(term) for term in terms)
        case ast.Not(term):
            return is_pure(term)
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            return not any(isinstance(part, ast.Aggregate) for part in ast.walk(node))
        case _:
            return False


def negated(node: ast.Condition) -> ast.Condition:
    """The plain negation of a pure *node*, pushed down to its comparisons (semantics §3: two-valued)."""
    match node:
        case ast.Not(term):
            return term
        case ast.And(terms):
            return ast.Or(tuple(negated(term) for term in terms), span=node.span)
        case ast.Or(terms):
            return ast.And(tuple(negated(term) for term in terms), span=node.span)
        case ast.Compare("=" | "!=" as operator):
            return attrs.evolve(node, operator="!=" if operator == "=" else "=")
        case ast.Membership() | ast.Presence():
            return attrs.evolve(node, negated=not node.negated)
        case _:
            return ast.Not(node, span=node.span)


def _normal(node: Any) -> Any:
    """The normal form of any node: its parts first, then itself."""
    if isinstance(node, ast.Not) and is_pure(node.term):
        inner = negated(_normal(node.term))
        return inner if isinstance(inner, ast.Not) else _normal(inner)
    changed = {
        field.name: _part(getattr(node, field.name)) for field in attrs.fields(type(node)) if field.name != "span"
    }
    if isinstance(node, ast.EventOccurrence) and node.where is not None:
        changed["where"] = _listed(changed["where"])
    return _rewritten(type(node)(**changed))


def _part(value: Any) -> Any:
    if attrs.has(type(value)):
        return _normal(value)
    if isinstance(value, tuple):
        return tuple(_part(item) for item in value)
    return value


def _rewritten(node: Any) -> Any:
    match node:
        case ast.And(terms) | ast.Or(terms):
            kept = _distinct(terms)
            return kept[0] if len(kept) == 1 else type(node)(kept)
        case ast.Membership(value, options, negative):
            kept = _distinct(options)
            if len(kept) == 1:
                return ast.Compare("!=" if negative else "=", value, kept[0])
            return ast.Membership(value, kept, negative)
        case ast.Range(value, low, high) if is_pure(node):
            return ast.And(_distinct((ast.Compare(">=", value, low), ast.Compare("<=", value, high))))
        case ast.Compare(operator, left, right) if operator in FLIPPED and _rank(left) > _rank(right):
            return _rewritten(ast.Compare(FLIPPED[operator], right, left))
        case ast.Duration():
            return ast.Duration(((node.months, "month"), (node.microseconds, "microsecond")))
        case ast.DateTime(value) if value.tzinfo is not None:
            return ast.DateTime(value.astimezone(datetime.UTC))
        case _:
            return node


def _listed(node: Any) -> Any:
    """A filter in which ``x = 1 or x = 2`` is ``x in (1, 2)``: of a filter only whether it holds matters."""
    if isinstance(node, ast.Not):
        return ast.Not(_listed(node.term))
    if not isinstance(node, (ast.And, ast.Or)):
        return node
    operator, negative = ("!=", True) if isinstance(node, ast.And) else ("=", False)
    lists: dict[Any, list[Any]] = {}
    rest: list[Any] = []
    for term in map(_listed, node.terms):
        match term:
            case ast.Compare(found, value, right) if found == operator and isinstance(right, ast.LITERALS):
                lists.setdefault(value, []).append(right)
            case ast.Membership(value, options, is_negative) if is_negative == negative:
                lists.setdefault(value, []).extend(options)
            case _:
                rest.append(term)
    listed = [_rewritten(ast.Membership(value, tuple(options), negative)) for value, options in lists.items()]
    return _rewritten(type(node)((*rest, *listed)))


def _rank(value: ast.Value) -> tuple[bool, str]:
    """Literals stand on the right; of two properties, the first by name stands on the left."""
    return isinstance(value, ast.LITERALS), format_node(value)


def _distinct(nodes: Iterable[Any]) -> tuple[Any, ...]:
    return tuple({format_node(node): node for node in sorted(nodes, key=format_node)}.values())
