"""Nodes → canonical text: one spelling for each meaning, stable, and read back as equal nodes."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from convgoals.language import ast

_NAME = re.compile(r"[^\W\d]\w*\Z")
_VALUE_WORD = re.compile(r"(?:true|false|not|null)\Z", re.IGNORECASE)
"""Words that a filter reads as something else, so that a property of that name is written ``event.true``."""

_OWNER = re.compile(r"(?:event|profile)\Z", re.IGNORECASE)
"""Words that a dot makes an owner, so that a property ``x`` nested in one of that name is ``event.profile.x``."""

_MUST_ESCAPE = re.compile(r'\\(?=[ntru"\'\\\x00-\x1f\x7f]|\Z)|"|[\x00-\x1f\x7f]')
_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text: str) -> str:
    """*text* in double quotes; a backslash is doubled only where it would be read as an escape."""

    def escape(match: re.Match[str]) -> str:
        character = match[0]
        if character in ('"', "\\"):
            return "\\" + character
        return _SHORT_ESCAPES.get(character, f"\\u{ord(character):04x}")

    return f'"{_MUST_ESCAPE.sub(escape, text)}"'


def format_name(name: str) -> str:
    """A name as it stands after ``event`` or a dot: bare where the grammar allows it."""
    return name if _NAME.match(name) else quote(name)


def format_path(path: tuple[str, ...]) -> str:
    return ".".join(format_name(part) for part in path)


def format_duration(duration: ast.Duration) -> str:
    return " ".join(f"{amount} {unit}{'' if amount == 1 else 's'}" for amount, unit in duration.parts)


def format_number(value: int | Decimal) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def format_datetime(value: datetime.datetime) -> str:
    text = value.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def format_property(node: ast.Property) -> str:
    if node.owner == "profile":
        return f"profile.{format_path(node.path)}"
    first = node.path[0]
    bare = _NAME.match(first) and not _VALUE_WORD.match(first) and not (len(node.path) > 1 and _OWNER.match(first))
    return format_path(node.path) if bare else f"event.{format_path(node.path)}"


_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


def format_node(node: ast.Node) -> str:  # noqa: C901, PLR0911, PLR0912  one case for each node, as flat as a table
    """The canonical text of *node*. Its nesting is bounded, so recursion is."""
    match node:
        case ast.Text(value):
            return quote(value)
        case ast.Number(value):
            return format_number(value)
        case ast.Boolean(value):
            return "true" if value else "false"
        case ast.Date(value):
            return value.isoformat()
        case ast.DateTime(value):
            return format_datetime(value)
        case ast.Property():
            return format_property(node)
        case ast.Arithmetic(operator, left, right):
            level = _PRECEDENCE[operator]
            return f"{_operand(left, level)} {operator} {_operand(right, level + 1)}"
        case ast.Call(function, argument):
            return f"{function}({format_node(argument)})"
        case ast.Aggregate(function, value, occurrence, last):
            of = "" if value is None else f"{format_node(value)} of "
            return f"{function}({of}{format_node(occurrence)}{_in_last(last)})"
        case ast.Compare(operator, left, right):
            return f"{format_node(left)} {operator} {format_node(right)}"
        case ast.Membership(value, options, negated):
            listed = ", ".join(format_node(option) for option in options)
            return f"{format_node(value)} {'not in' if negated else 'in'} ({listed})"
        case ast.Range(value, low, high):
            return f"{format_node(value)} between {format_node(low)} and {format_node(high)}"
        case ast.Matches(value, pattern):
            return f"{format_node(value)} matches {quote(pattern)}"
        case ast.Presence(value, negated):
            return f"{format_node(value)} is {'not ' if negated else ''}set"
        case ast.Duration():
            return format_duration(node)
        case ast.And(terms):
            return " and ".join(_grouped(term, (ast.Or, *_SUFFIXED)) for term in terms)
        case ast.Or(terms):
            return " or ".join(_grouped(term, _SUFFIXED) for term in terms)
        case ast.Not(term):
            return f"not {_grouped(term, (ast.And, ast.Or, *_SUFFIXED))}"
        case ast.EventOccurrence(kind, where):
            return f"event {format_name(kind)}" + ("" if where is None else f" where {_filter(where)}")
        case ast.ChangeOccurrence(path, before, after):
            start = "" if before is None else f" from {format_node(before)}"
            end = "" if after is None else f" to {format_node(after)}"
            return f"profile.{format_path(path)} changes{start}{end}"
        case ast.ReceiptOccurrence(campaign):
            return f"campaign {quote(campaign)} received"
        case ast.InSegment(segment):
            return f"in segment {quote(segment)}"
        case ast.InLast(occurrence, duration):
            return f"{format_node(occurrence)}{_in_last(duration)}"
        case ast.Link(occurrence, within, same, without):
            span = "" if within is None else f" within {format_duration(within)}"
            but = "" if without is None else f" without {format_node(without)}"
            return f"followed{span} by {format_node(occurrence)}{_same(same)}{but}"
        case ast.Absence(occurrence, within, same):
            return f"not followed within {format_duration(within)} by {format_node(occurrence)}{_same(same)}"
        case ast.Chain(first, links, absence):
            parts = (first, *links) if absence is None else (first, *links, absence)
            return " ".join(format_node(part) for part in parts)
        case ast.OccurrenceAnchor(which, occurrence):
            return f"{which} {format_node(occurrence)}"
        case ast.PropertyAnchor(path):
            return f"profile.{format_path(path)}"
        case ast.Window(condition, duration, anchor):
            return f"{_subject(condition)} within {format_duration(duration)} of {format_node(anchor)}"
        case ast.Between(condition, start_, end_):
            return f"{_subject(condition)} between {format_node(start_)} and {format_node(end_)}"
        case ast.Held(condition, duration):
            return f"{_subject(condition)} for {format_duration(duration)}"


_SUFFIXED = (ast.Window, ast.Between, ast.Held)
_LOOSE = (ast.And, ast.Or, ast.Not, *_SUFFIXED)


def _grouped(node: ast.Condition, kinds: tuple[type, ...]) -> str:
    text = format_node(node)
    return f"({text})" if isinstance(node, kinds) else text


def _subject(node: ast.Condition) -> str:
    """What a suffix follows: in parentheses wherever a reader could wonder how far it reaches."""
    return _grouped(node, (*_LOOSE, ast.Chain))


def _filter(node: ast.Condition) -> str:
    return _grouped(node, (ast.And, ast.Or, ast.Not))


def _operand(node: ast.Value, level: int) -> str:
    text = format_node(node)
    return f"({text})" if isinstance(node, ast.Arithmetic) and _PRECEDENCE[node.operator] < level else text


def _in_last(duration: ast.Duration | None) -> str:
    return "" if duration is None else f" in last {format_duration(duration)}"


def _same(path: tuple[str, ...] | None) -> str:
    return "" if path is None else f" with same {format_path(path)}"
