"""Values, comparisons and occurrences → English: the words that ``describe.py`` puts into sentences.

The words are exact: a negation says that a missing value passes it, a span that its end is included, and an event's
filter stands in parentheses, so that nothing after it can be read as part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from convgoals.language import ast
from convgoals.language.format import format_datetime, format_duration, format_number, quote

Mood: TypeAlias = Literal["happens", "has happened", "has not happened"]

_WORD = re.compile(r"[^\W\d]\w*\Z")

_RELATIONS = {
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
    "contains": "contains",
    "starts with": "starts with",
    "ends with": "ends with",
}
_NEGATED_RELATIONS = {
    "=": "is not",
    "!=": "is",
    "<": "is not less than",
    "<=": "is not at most",
    ">": "is not more than",
    ">=": "is not at least",
    "contains": "does not contain",
    "starts with": "does not start with",
    "ends with": "does not end with",
}
_IN_TIME = {"<": "before", "<=": "on or before", ">": "after", ">=": "on or after"}
_IN_ORDER = {"<": "before", "<=": "at or before", ">": "after", ">=": "at or after"}

_OVER = {
    "sum": "the sum of {} over the {}",
    "avg": "the average of {} over the {}",
    "min": "the smallest {} of the {}",
    "max": "the largest {} of the {}",
    "distinct": "the number of different values of {} over the {}",
}
_SYMBOLS = {"+": "+", "-": "−", "*": "×", "/": "÷"}


def listed(parts: Iterable[str], word: str) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *before, last = parts
    return f"{', '.join(before)} {word} {last}" if before else last


def say_path(path: tuple[str, ...]) -> str:
    return ".".join(part if _WORD.match(part) else quote(part) for part in path)


def say_duration(duration: ast.Duration) -> str:
    """The span, and that its end counts: the one rule for every edge (semantics §4)."""
    return f"{format_duration(duration)} (inclusive)"


def say_last(duration: ast.Duration) -> str:
    """``in the last 30 days (inclusive)``; ``in the last month (inclusive)``."""
    span = say_duration(duration)
    return f"in the last {span.removeprefix('1 ') if len(duration.parts) == 1 else span}"


# ---- values


def say_value(node: ast.Value, *, its: str = "its ", then: str = "") -> str:
    """*node* as a noun.

    Args:
        node: any value.
        its: what stands before an event's property.
        then: what stands after a profile's property: `` at that moment`` in a filter.
    """
    match node:
        case ast.Text(text):
            return quote(text)
        case ast.Number(number):
            return format_number(number)
        case ast.Boolean(truth):
            return "true" if truth else "false"
        case ast.Date(day):
            return day.isoformat()
        case ast.DateTime(moment):
            return format_datetime(moment)
        case ast.Property("event", path):
            return its + say_path(path)
        case ast.Property(_, path):
            return f"the profile’s {say_path(path)}{then}"
        case _:
            return _say_computed(node, its=its, then=then)


def _say_computed(node: ast.Arithmetic | ast.Call | ast.Aggregate, *, its: str, then: str) -> str:
    match node:
        case ast.Arithmetic(operator, left, right):
            first, second = (_operand(side, its=its, then=then) for side in (left, right))
            return f"{first} {_SYMBOLS[operator]} {second}"
        case ast.Call("lower", argument):
            return f"{_operand(argument, its=its, then=then)} in small letters"
        case ast.Call(_, argument):
            return f"the length of {_operand(argument, its=its, then=then)}"
        case ast.Aggregate(_, None, occurrence, last):
            return f"the number of {say_noun(occurrence, plural=True)}{_say_last(last)}"
        case ast.Aggregate(function, value, occurrence, last):
            what = _operand(value, its="", then=" at that moment") if value is not None else ""
            return _OVER[function].format(what, say_noun(occurrence, plural=True)) + _say_last(last)


def _operand(node: ast.Value, *, its: str, then: str) -> str:
    text = say_value(node, its=its, then=then)
    return f"({text})" if isinstance(node, ast.Arithmetic) else text


def _say_last(last: ast.Duration | None) -> str:
    return "" if last is None else f" {say_last(last)}"


# ---- comparisons


def say_comparison(node: ast.Comparison, *, negated: bool = False, then: str = "") -> str:
    """*node* as a clause; of a negation it says so where a missing value passes (semantics §3: two-valued)."""
    subject = say_value(_subject(node), then=then)
    missing = " (or is missing)" if _can_be_missing(_subject(node)) else ""
    match node:
        case ast.Compare(operator, _, right):
            other = say_value(right, then=then)
            passes = missing if (operator == "!=") != negated or (negated and operator != "!=") else ""
            return f"{subject} {_relation(operator, right, negated=negated)} {other}{passes}"
        case ast.Membership(_, options, not_in):
            values = [say_value(option) for option in options]
            if not_in != negated:
                return f"{subject} is {'not' if len(values) == 1 else 'none of'} {', '.join(values)}{missing}"
            return f"{subject} is {'' if len(values) == 1 else 'one of '}{', '.join(values)}"
        case ast.Range(_, low, high):
            span = f"between {say_value(low, then=then)} and {say_value(high, then=then)} (both included)"
            return f"{subject} is not {span}{missing}" if negated else f"{subject} is {span}"
        case ast.Matches(_, pattern):
            verb = "does not match" if negated else "matches"
            return f"{subject} {verb} the pattern {quote(pattern)}{missing if negated else ''}"
        case ast.Presence(_, is_not_set):
            return f"{subject} is {'not ' if is_not_set != negated else ''}set"


def _subject(node: ast.Comparison) -> ast.Value:
    return node.left if isinstance(node, ast.Compare) else node.value


def _can_be_missing(value: ast.Value) -> bool:
    return not isinstance(value, (*ast.LITERALS, ast.Aggregate)) or (
        isinstance(value, ast.Aggregate) and value.function in ("avg", "min", "max")
    )


def _relation(operator: str, right: ast.Value, *, negated: bool) -> str:
    words = _IN_TIME if isinstance(right, ast.Date) else _IN_ORDER
    if operator in words and isinstance(right, (ast.Date, ast.DateTime, ast.Text)):
        verb = (
            ("does not sort" if negated else "sorts") if isinstance(right, ast.Text) else "is not" if negated else "is"
        )
        return f"{verb} {words[operator]}"
    return (_NEGATED_RELATIONS if negated else _RELATIONS)[operator]


def say_filter(node: ast.Condition, *, negated: bool = False) -> str:
    """What stands after ``where``: profile properties are those of the event's moment."""
    match node:
        case ast.And(terms):
            joined = listed((_inner_filter(term) for term in terms), "and")
            return f"it is not so that ({joined})" if negated else joined
        case ast.Or(terms):
            joined = listed((_inner_filter(term) for term in terms), "or")
            return f"it is not so that (either {joined})" if negated else f"either {joined}"
        case ast.Not(term):
            return say_filter(term) if negated else say_filter(term, negated=True)
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            return say_comparison(node, negated=negated, then=" at that moment")
        case _:  # the grammar and the builder let nothing else into a filter
            raise AssertionError(f"{type(node).__name__} in a filter")


def _inner_filter(node: ast.Condition) -> str:
    text = say_filter(node)
    return f"({text})" if isinstance(node, (ast.And, ast.Or)) else text


# ---- occurrences


def say_noun(node: ast.Occurrence, *, plural: bool = False) -> str:
    """*node* as a noun without an article."""
    s = "s" if plural else ""
    match node:
        case ast.EventOccurrence(kind, where):
            return f"event{s} {quote(kind)}" + ("" if where is None else f" (where {say_filter(where)})")
        case ast.ChangeOccurrence(path):
            return f"change{s} of the profile’s {say_path(path)}{_from_to(node)}"
        case ast.ReceiptOccurrence(campaign):
            return f"receipt{s} of the campaign {quote(campaign)}"


def say_occurrence(node: ast.Occurrence, mood: Mood) -> str:
    """*node* as a clause."""
    match node:
        case ast.EventOccurrence():
            return f"the {say_noun(node)} {mood}"
        case ast.ChangeOccurrence(path):
            verb = {"happens": "changes", "has happened": "has changed", "has not happened": "has not changed"}[mood]
            return f"the profile’s {say_path(path)} {verb}{_from_to(node)}"
        case ast.ReceiptOccurrence(campaign):
            verb = {"happens": "is", "has happened": "has been", "has not happened": "has not been"}[mood]
            return f"the campaign {quote(campaign)} {verb} received"


def _from_to(node: ast.ChangeOccurrence) -> str:
    before = "" if node.before is None else f" from {say_value(node.before)}"
    return before + ("" if node.after is None else f" to {say_value(node.after)}")
