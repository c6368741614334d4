"""What the grammar cannot say and needs no data: every mistake of a condition, all in one go.

`check` finds what is wrong with any condition; `check_goal` adds what is wrong with it *as a goal*. What a `Schema`
knows about events and properties is checked in ``schema.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import attrs

from convgoals.errors import GoalError, GoalSyntaxError, GoalTypeError
from convgoals.language import ast
from convgoals.language.contradictions import contradictions
from convgoals.language.format import format_node, format_path
from convgoals.language.patterns import why_unsafe
from convgoals.language.slips import aggregate_problems, bare_name_problems, date_problems, replaced, write

MAX_LINKS = 8
"""How many links a chain may have."""

MAX_OPTIONS = 500
"""How many values a list may have."""

MAX_PATTERNS = 10
"""How many ``matches`` a condition may have: each is judged, and run on every event."""

MAX_PROBLEMS = 20
"""How many problems an error carries at the most."""


def check(root: ast.Condition) -> None:
    """Raise what is wrong with *root*: one error, with all that was found in its ``problems``."""
    raise_all(_problems(root))


def check_goal(root: ast.Condition) -> None:
    """Raise if *root* cannot be a goal: it would be complete before it began (semantics §5)."""
    if holds_of_nothing(root):
        raise GoalTypeError(
            "this holds of a profile about which nothing is known, so every profile would have achieved it already",
            code="vacuous",
            span=root.span,
            hint=f"say what must happen too, for example: event signup and {_grouped(root)}",
        )


def raise_all(problems: Iterable[GoalError]) -> None:
    """Raise the first of *problems*, in the order of the text, carrying all of them; or nothing."""
    found = sorted(problems, key=lambda problem: problem.span.start if problem.span else -1)
    if found:
        found[0].problems = tuple(found[:MAX_PROBLEMS])
        raise found[0]


def _problems(root: ast.Condition) -> Iterator[GoalError]:
    yield from aggregate_problems(root)
    yield from date_problems(root)
    patterns = 0
    for node in ast.walk(root):
        match node:
            case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
                patterns += isinstance(node, ast.Matches)
                if patterns > MAX_PATTERNS:
                    yield GoalSyntaxError(
                        f"a condition has at most {MAX_PATTERNS} patterns",
                        code="too-long",
                        span=node.span,
                        hint="join patterns by `|`, or use `in`, `contains`, `starts with` or `ends with`",
                    )
                    return
                yield from _comparison_problems(node)
            case ast.Between(_, start, end) if _is_backwards(start, end):
                yield GoalTypeError(
                    "this span ends before it starts, so nothing can lie in it",
                    code="never-true",
                    span=start.span.to(end.span) if start.span and end.span else node.span,
                    hint=write([format_node(replaced(root, node, ast.Between(node.condition, end, start)))]),
                )
            case ast.Chain(_, links) if len(links) > MAX_LINKS:
                yield GoalSyntaxError(
                    f"a chain has at most {MAX_LINKS} links",
                    code="too-long",
                    span=node.span,
                    hint="make it two conditions, joined by `or`, or ask for what the values have in common",
                )
            case ast.Chain():
                yield from _same_problems(root, node)
            case _:
                pass
    misplaced = list(bare_name_problems(root, check))
    yield from misplaced
    if not misplaced:  # what a misplaced name says is not yet known
        yield from contradictions(root)


def _comparison_problems(node: ast.Comparison) -> Iterator[GoalError]:
    if not any(isinstance(part, (ast.Property, ast.Aggregate)) for part in ast.walk(node)):
        yield GoalTypeError(
            "this compares fixed values, so it says nothing about a profile",
            code="constant",
            span=node.span,
            hint=_quoted_name(node) or "name a property: `profile.plan`, or a bare name in a `where`",
        )
    if isinstance(node, ast.Matches):
        reason = why_unsafe(node.pattern)
        if reason is not None:
            yield GoalSyntaxError(reason.message, code=reason.code, span=node.span, hint=reason.hint)
    if isinstance(node, ast.Membership) and len(node.options) > MAX_OPTIONS:
        yield GoalSyntaxError(f"a list has at most {MAX_OPTIONS} values", code="too-long", span=node.span)


def _quoted_name(node: ast.Comparison) -> str:
    """How ``"Order Id" = 3`` is written, which was probably meant as a property's name."""
    subject = node.left if isinstance(node, ast.Compare) else node.value
    if not isinstance(subject, ast.Text) or not subject.value:
        return ""
    return f"in quotes, a text; the property of that name is {format_node(ast.Property('event', (subject.value,)))}"


def _same_problems(root: ast.Condition, node: ast.Chain) -> Iterator[GoalError]:
    """``with same p`` compares the properties of two events, so both ends must be events."""
    before: ast.Occurrence = node.first
    for link in (*node.links, node.absence):
        if link is None:
            continue
        for end in (before, link.occurrence):
            if link.same is not None and not isinstance(end, ast.EventOccurrence):
                yield GoalTypeError(
                    f"`with same {format_path(link.same)}` compares two events, and `{format_node(end)}` is none",
                    code="same-without-event",
                    span=link.span,
                    hint=write([format_node(replaced(root, link, attrs.evolve(link, same=None)))]),
                )
        before = link.occurrence


def _is_backwards(start: ast.Date | ast.DateTime, end: ast.Date | ast.DateTime) -> bool:
    first, last = start.value, end.value
    if isinstance(start, ast.DateTime) and isinstance(end, ast.DateTime):
        if (start.value.tzinfo is None) != (end.value.tzinfo is None):
            return False  # which comes first depends on the goal's time zone
        return start.value > end.value
    first_day = start.value.date() if isinstance(start, ast.DateTime) else first
    last_day = end.value.date() if isinstance(end, ast.DateTime) else last
    return first_day > last_day


def _grouped(root: ast.Condition) -> str:
    text = format_node(root)
    return f"({text})" if isinstance(root, (ast.Or, ast.Window, ast.Between, ast.Held)) else text


# ---- does it hold of an empty log?


def holds_of_nothing(node: ast.Condition) -> bool:
    """Whether *node* may at some time hold of a profile with an empty log (semantics §5, ``vacuous``)."""
    match node:
        case ast.And(terms):
            return all(holds_of_nothing(term) for term in terms)
        case ast.Or(terms):
            return any(holds_of_nothing(term) for term in terms)
        case ast.Not(term):
            return not _always_holds_of_nothing(term)
        case ast.Between(condition) | ast.Held(condition):
            return holds_of_nothing(condition)
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            return _compares_nothing(node)
        case _:
            return False


def _always_holds_of_nothing(node: ast.Condition) -> bool:
    """Whether *node* holds of a profile with an empty log at every time."""
    match node:
        case ast.And(terms):
            return all(_always_holds_of_nothing(term) for term in terms)
        case ast.Or(terms):
            return any(_always_holds_of_nothing(term) for term in terms)
        case ast.Not(term):
            return not holds_of_nothing(term)
        case ast.Held(condition):
            return _always_holds_of_nothing(condition)
        case ast.Between():
            return False  # not outside its span
        case _:
            return holds_of_nothing(node)


def _nothing(value: ast.Value) -> Fraction | ast.LiteralValue | None:
    """What *value* is of an empty log: a number, another literal, or ``None`` for missing."""
    match value:
        case ast.Aggregate("count" | "sum" | "distinct"):
            return Fraction(0)
        case ast.Number(number):
            return Fraction(number)
        case ast.Arithmetic(operator, left, right):
            first, second = _nothing(left), _nothing(right)
            if not isinstance(first, Fraction) or not isinstance(second, Fraction):
                return None
            if operator == "/":
                return None if second == 0 else first / second
            return first + second if operator == "+" else first - second if operator == "-" else first * second
        case ast.Text() | ast.Boolean() | ast.Date() | ast.DateTime():
            return value
        case _:
            return None


def _compares_nothing(node: ast.Comparison) -> bool:
    match node:
        case ast.Presence(value, negated):
            return (_nothing(value) is not None) != negated
        case ast.Membership(value, options, negated):
            found = _nothing(value)
            return (found is not None and any(_nothing(option) == found for option in options)) != negated
        case ast.Range(value, low, high):
            found, least, most = _nothing(value), _nothing(low), _nothing(high)
            numbers = isinstance(found, Fraction) and isinstance(least, Fraction)
            return numbers and isinstance(most, Fraction) and least <= found <= most  # type: ignore[operator]
        case ast.Compare(operator, left, right):
            first, second = _nothing(left), _nothing(right)
            if operator in ("=", "!="):
                return (first is not None and second is not None and first == second) == (operator == "=")
            if not isinstance(first, Fraction) or not isinstance(second, Fraction):
                return False
            return {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}.get(
                operator, False
            )
        case _:
            return False
