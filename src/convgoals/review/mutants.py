"""Goals changed in one detail: comparisons, literals, windows, anchors, connectives and counting."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import attrs

from convgoals.errors import GoalError
from convgoals.goals import Goal, goal_to_dict
from convgoals.language import ast
from convgoals.language.format import format_node
from convgoals.review.diff import meaning

_OPERATORS: dict[str, tuple[Any, ...]] = {
    "=": ("!=",),
    "!=": ("=",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "starts with": ("contains",),
    "ends with": ("contains",),
}

_ANCHORS: tuple[Any, ...] = ("first", "last", "any")


@attrs.frozen
class Mutant:
    """A goal with one detail changed.

    Attributes:
        goal: the changed goal.
        kind: what was changed: ``comparison``, ``literal``, ``window``, ``anchor``, ``connective`` or ``counting``.
        change: the change in words.
    """

    goal: Goal
    kind: str
    change: str


def mutants(goal: Goal) -> Iterator[Mutant]:
    """Every mutant of *goal* that is a goal and says something else, each once."""
    seen = {meaning(goal)}
    written = {key: value for key, value in goal_to_dict(goal).items() if key != "within"}
    changes = [
        ("counting", f"count {goal.count} → {count}", {**written, "when": str(goal.condition), "count": count})
        for count in ("once", "every")
        if count != goal.count
    ]
    changes += [
        (kind, change, {**written, "when": format_node(root)}) for kind, change, root in _roots(goal.condition.root)
    ]
    for kind, change, arguments in changes:
        try:
            mutant = Goal(**arguments)
        except GoalError:  # a change that makes no goal is no mutant
            continue
        if meaning(mutant) not in seen:
            seen.add(meaning(mutant))
            yield Mutant(mutant, kind, change)


def _roots(root: Any) -> Iterator[tuple[str, str, Any]]:
    """The whole condition with one node changed, for each node and change."""
    for kind, replacement in _changes(root):
        yield kind, _said(root, replacement), replacement
    for field in attrs.fields(type(root)):
        value = getattr(root, field.name)
        if attrs.has(type(value)) and field.name != "span":
            for kind, change, inner in _roots(value):
                where = " (in the anchor)" if field.name == "anchor" and kind != "anchor" else ""
                yield kind, f"{change}{where}", attrs.evolve(root, **{field.name: inner})
        elif isinstance(value, tuple):
            for place, item in enumerate(value):
                if attrs.has(type(item)):
                    for kind, change, inner in _roots(item):
                        changed = (*value[:place], inner, *value[place + 1 :])
                        yield kind, change, attrs.evolve(root, **{field.name: changed})


def _said(before: Any, after: Any) -> str:
    return f"{format_node(before)} → {format_node(after)}"


def _changes(node: Any) -> Iterator[tuple[str, Any]]:  # noqa: C901, PLR0912, PLR0915  one case for each node
    """What *node* may become, with the kind of the change."""
    match node:
        case ast.Compare(operator):
            for other in _OPERATORS.get(operator, ()):
                yield "comparison", attrs.evolve(node, operator=other)
        case ast.Membership(_, options) | ast.Membership(_, options, _):
            yield "comparison", attrs.evolve(node, negated=not node.negated)
            for place in range(len(options) if len(options) > 1 else 0):
                yield "literal", attrs.evolve(node, options=(*options[:place], *options[place + 1 :]))
        case ast.Presence():
            yield "comparison", attrs.evolve(node, negated=not node.negated)
        case ast.Range(value, low, high):
            yield "comparison", ast.And((ast.Compare(">", value, low), ast.Compare("<=", value, high)))
            yield "comparison", ast.And((ast.Compare(">=", value, low), ast.Compare("<", value, high)))
        case ast.Number(value):
            yield "literal", ast.Number(value + 1)
            yield "literal", ast.Number(value - 1)
        case ast.Text(value):
            yield "literal", ast.Text(f"{value} other")
        case ast.Boolean(value):
            yield "literal", ast.Boolean(not value)
        case ast.Date(value):
            yield "literal", ast.Date(value + datetime.timedelta(days=1))
        case ast.Duration(parts):
            yield "window", ast.Duration((*parts, (1, "microsecond")) if parts[-1][1] != "microsecond" else parts)
            yield "window", ast.Duration(tuple((amount * 2, unit) for amount, unit in parts))
            yield "window", ast.Duration(tuple((max(1, amount // 2), unit) for amount, unit in parts))
        case ast.OccurrenceAnchor(which):
            for other in _ANCHORS:
                if other != which:
                    yield "anchor", attrs.evolve(node, which=other)
        case ast.And(terms) | ast.Or(terms):
            yield "connective", (ast.Or if isinstance(node, ast.And) else ast.And)(terms)
            for place in range(len(terms)):
                rest = (*terms[:place], *terms[place + 1 :])
                yield "connective", rest[0] if len(rest) == 1 else type(node)(rest)
        case ast.Not(term):
            yield "connective", term
        case ast.Window(condition) | ast.Between(condition) | ast.Held(condition):
            yield "window", condition
        case ast.InLast(occurrence):
            yield "window", occurrence
        case ast.Aggregate(last=last) if last is not None:
            yield "window", attrs.evolve(node, last=None)
        case ast.EventOccurrence(_, where) if where is not None:
            yield "connective", attrs.evolve(node, where=None)
        case ast.ChangeOccurrence(_, before, after):
            if before is not None:
                yield "connective", attrs.evolve(node, before=None)
            if after is not None:
                yield "connective", attrs.evolve(node, after=None)
        case ast.Link():
            for name in ("within", "same", "without"):
                if getattr(node, name) is not None:
                    left: dict[str, Any] = {name: None}
                    yield "window" if name == "within" else "connective", attrs.evolve(node, **left)
        case ast.Absence(same=same) if same is not None:
            yield "connective", attrs.evolve(node, same=None)
        case ast.Chain(first, links, None) if len(links) == 1:
            yield "connective", ast.And((first, links[0].occurrence))
        case _:
            return
