"""Why a comparison is false: the value that there was, and the one that it needs."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from convgoals.explain.model import MissKind
from convgoals.explain.words import family, say_value
from convgoals.instants import read_iso
from convgoals.language import ast
from convgoals.language.format import format_node, quote
from convgoals.language.wording import listed

Read: TypeAlias = Callable[[ast.Value], Any]
"""The raw value of any expression, ``None`` where it is missing or ill-typed."""

Holds: TypeAlias = Callable[[ast.Comparison], bool]

_NEEDS = {
    "=": "needs to be {}",
    "!=": "needs to be anything but {}",
    "<": "needs less than {}",
    "<=": "needs at most {}",
    ">": "needs more than {}",
    ">=": "needs at least {}",
    "contains": "needs to contain {}",
    "starts with": "needs to start with {}",
    "ends with": "needs to end with {}",
}
_MUST_NOT = {
    "=": "must not be {}",
    "!=": "needs to be {}",
    "<": "must not be less than {}",
    "<=": "must not be {} or less",
    ">": "must not be more than {}",
    ">=": "must not be {} or more",
    "contains": "must not contain {}",
    "starts with": "must not start with {}",
    "ends with": "must not end with {}",
}
_IN_TIME = {
    "<": "needs to be before {}",
    "<=": "needs to be {} or before",
    ">": "needs to be after {}",
    ">=": "needs to be {} or after",
}
_NOT_IN_TIME = {
    "<": "must not be before {}",
    "<=": "must not be {} or before",
    ">": "must not be after {}",
    ">=": "must not be {} or after",
}
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


class Reason(NamedTuple):
    """Why one comparison stands in the way.

    Attributes:
        kind: the reason as a stable word.
        text: the reason with the values at hand.
        general: the same without them.
    """

    kind: MissKind
    text: str
    general: str


def failing(node: ast.Condition, holds: Holds, *, wanted: bool = True) -> Iterator[ast.Comparison | ast.Not]:
    """The comparisons of a filter that keep it from being *wanted*; one that must be false stands in a ``Not``."""
    match node:
        case ast.And(terms) | ast.Or(terms):
            for term in terms:
                yield from failing(term, holds, wanted=wanted)
        case ast.Not(term):
            yield from failing(term, holds, wanted=not wanted)
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            if holds(node) != wanted:
                yield node if wanted else ast.Not(node)
        case _:
            raise AssertionError(f"{type(node).__name__} in a filter")


def reason(node: ast.Comparison, read: Read, *, was: str = "is", negated: bool = False) -> Reason:
    """Why *node* is false; *negated*: why it is true though it must not be.

    Args:
        node: the comparison.
        read: gives the values of its sides.
        was: the verb, ``is`` of a state and ``was`` of an event.
        negated: whether it is the other way round.
    """
    subject, demand = _demand(node, read, negated=negated)
    name = format_node(subject)
    value = read(subject)
    general = f"{name} {demand}"
    if negated:
        shown = "is missing" if value is None else f"{was} {say_value(value)}"
        return Reason("wrong value", f"{name} {shown}, {demand}", general)
    if value is None:
        return _no_value(subject, read, demand, was) or Reason(
            "missing value", f"{name} {was} missing, {demand}", f"{name} missing: {demand}"
        )
    wrong = _wrong_type(node, subject, value, read)
    if wrong:
        return Reason(
            "wrong type",
            f"{name} arrived as {family(value)} ({say_value(value)}), and {demand}",
            f"{name} arrived as {family(value)}: {demand}",
        )
    return Reason("wrong value", f"{name} {was} {say_value(value)}, {demand}", general)


def _no_value(subject: ast.Value, read: Read, demand: str, was: str) -> Reason | None:
    """Of a computed value that there is none of: which of its properties is to blame."""
    if isinstance(subject, (ast.Property, ast.Aggregate)):
        return None
    name = format_node(subject)
    for part in ast.walk(subject):
        if isinstance(part, ast.Property):
            value = read(part)
            if value is None:
                return Reason(
                    "missing value",
                    f"{name} has no value, for {format_node(part)} {was} missing; it {demand}",
                    f"{format_node(part)} missing: {name} {demand}",
                )
            if family(value) != "a number" or _is_call(subject):
                return Reason(
                    "wrong type",
                    f"{name} has no value, for {format_node(part)} arrived as {family(value)}; it {demand}",
                    f"{format_node(part)} arrived as {family(value)}: {name} {demand}",
                )
    return Reason("wrong value", f"{name} has no value; it {demand}", f"{name} has no value: it {demand}")


def _is_call(node: ast.Value) -> bool:
    return isinstance(node, ast.Call)


def _demand(node: ast.Comparison, read: Read, *, negated: bool) -> tuple[ast.Value, str]:
    """What the comparison is about, and what it asks of it."""
    match node:
        case ast.Compare(operator, left, right):
            if isinstance(left, ast.LITERALS) and operator in _FLIPPED:
                left, right, operator = right, left, _FLIPPED[operator]  # type: ignore[assignment]
            in_time = isinstance(right, (ast.Date, ast.DateTime)) and operator in _IN_TIME
            words = (_NOT_IN_TIME if negated else _IN_TIME) if in_time else _MUST_NOT if negated else _NEEDS
            return left, words[operator].format(_other(right, read))
        case ast.Membership(value, options, not_in):
            shown = [format_node(option) for option in options]
            if len(shown) > 6:
                shown = [*shown[:5], f"{len(shown) - 5} others"]
            if not_in != negated:
                return value, f"must not be {listed(shown, 'or')}"
            return value, f"needs to be {listed(shown, 'or')}"
        case ast.Range(value, low, high):
            span = f"between {_other(low, read)} and {_other(high, read)}"
            return value, f"{'must not' if negated else 'needs to'} be {span}"
        case ast.Matches(value, pattern):
            return value, f"{'must not' if negated else 'needs to'} match the pattern {quote(pattern)}"
        case ast.Presence(value, is_not_set):
            return value, "must not be set" if is_not_set != negated else "needs to be set"


def _other(node: ast.Value, read: Read) -> str:
    """The side that the subject is compared with: a literal as it is, anything else with its value."""
    text = format_node(node)
    return text if isinstance(node, ast.LITERALS) else f"{text} ({say_value(read(node))})"


def _wrong_type(node: ast.Comparison, subject: ast.Value, value: Any, read: Read) -> bool:
    """Whether *value* is of a type that can never do."""
    if not isinstance(subject, ast.Property):
        return False
    found = family(value)
    match node:
        case ast.Presence():
            return False
        case ast.Matches() | ast.Compare("starts with" | "ends with"):
            return found != "text"
        case ast.Compare("contains"):
            return found not in ("text", "a list")
        case ast.Compare(_, left, right):
            return not _fits(value, read(right) if right is not subject else read(left), right, left)
        case ast.Membership(_, options):
            return not any(_fits(value, read(option), option) for option in options)
        case ast.Range(_, low):
            return not _fits(value, read(low), low)


def _fits(value: Any, other: Any, *nodes: ast.Value) -> bool:
    if any(isinstance(node, (ast.Date, ast.DateTime)) for node in nodes):
        return isinstance(value, datetime.date) or (isinstance(value, str) and read_iso(value) is not None)
    return other is None or family(value) == family(other)
