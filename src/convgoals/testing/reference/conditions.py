"""Semantics §4: when a condition holds, and what fires it.

`holds` and `fires` are the table of the section, row by row. Both are asked at an instant and inside a scope; only
facts at or before the instant and inside the scope count (`seen`), and outside its scope nothing holds.
"""

from __future__ import annotations

import bisect
from fractions import Fraction
from typing import Any

from convgoals.instants import BEGINNING
from convgoals.language import ast
from convgoals.testing.reference.chains import deadlines, matches
from convgoals.testing.reference.comparisons import (
    MISSING,
    Value,
    compares,
    equal,
    evaluate_value,
)
from convgoals.testing.reference.facts import Log, profile_at, remembered
from convgoals.testing.reference.occurrences import Occurrence, happened, value_of_event, value_of_profile
from convgoals.testing.reference.spans import Scope, anchor_of_property, end_of, later, start_of


def seen(log: Log, node: ast.Occurrence, instant: int, scope: Scope) -> list[Occurrence]:
    """The occurrences that count at *instant*: those at or before it, in the scope."""
    return [each for each in happened(log, node) if each.at <= instant and each.at in scope]


# ---- holds


@remembered
def holds(log: Log, node: ast.Condition, instant: int, scope: Scope) -> bool:  # noqa: C901, PLR0911  the rows of the table
    """Whether the condition holds at *instant* inside *scope*."""
    if instant not in scope:
        return False
    match node:
        case ast.EventOccurrence() | ast.ChangeOccurrence() | ast.ReceiptOccurrence():
            return bool(seen(log, node, instant, scope))
        case ast.InLast(occurrence, duration):
            return any(instant <= later(log, each.at, duration) for each in seen(log, occurrence, instant, scope))
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            return compares(node, lambda part: _read(log, part, instant, scope), log.timezone)
        case ast.InSegment(segment):
            return segment in profile_at(log, instant).segments
        case ast.And(terms):
            return all(holds(log, term, instant, scope) for term in terms)
        case ast.Or(terms):
            return any(holds(log, term, instant, scope) for term in terms)
        case ast.Not(term):
            return not holds(log, term, instant, scope)
        case ast.Chain(absence=None):
            return any(match[-1].at <= instant for match in matches(log, node, scope))
        case ast.Chain():
            return any(deadline <= instant for deadline in deadlines(log, node, scope))
        case ast.Window() | ast.Between():
            since = first_achieved(log, node, scope)
            return since is not None and since <= instant
        case ast.Held(condition, duration):
            since = held_since(log, condition, instant, scope)
            return since is not None and later(log, since, duration) <= instant


def becomes_so(log: Log, node: ast.Condition, instant: int, scope: Scope) -> bool:
    """Whether it holds at *instant* and did not one microsecond before."""
    return holds(log, node, instant, scope) and not holds(log, node, instant - 1, scope)


# ---- fires

NOTHING: frozenset[Occurrence | None] = frozenset()
IT_BECAME_SO: frozenset[Occurrence | None] = frozenset([None])
"""The trigger ``–`` of the semantics."""


@remembered
def fires(  # noqa: C901, PLR0912  the rows of the table
    log: Log, node: ast.Condition, instant: int, scope: Scope
) -> frozenset[Occurrence | None]:
    """The triggers of the condition at *instant*, ``None`` for "it has just become so"; empty: it does not fire."""
    if not holds(log, node, instant, scope):
        return NOTHING
    triggers: list[Occurrence | None] = []
    match node:
        case ast.EventOccurrence() | ast.ChangeOccurrence() | ast.ReceiptOccurrence():
            return _now(seen(log, node, instant, scope), instant)
        case ast.InLast(occurrence):
            return _now(seen(log, occurrence, instant, scope), instant)
        case ast.And(terms) | ast.Or(terms):
            return NOTHING.union(*(fires(log, term, instant, scope) for term in terms))
        case ast.Chain(absence=None):
            return _now([match[-1] for match in matches(log, node, scope)], instant)
        case ast.Chain():
            return IT_BECAME_SO if instant in deadlines(log, node, scope) else NOTHING
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            for part in ast.walk(node):
                if isinstance(part, ast.Aggregate):
                    triggers += _now([each for each, _ in counted(log, part, instant, scope)], instant)
        case ast.Window() | ast.Between():
            for window in open_windows(log, node, instant, scope).values():
                triggers += fires(log, node.condition, instant, window)
        case ast.Not() | ast.InSegment() | ast.Held():
            pass
    if not triggers and becomes_so(log, node, instant, scope):
        return IT_BECAME_SO
    return frozenset(triggers)


def _now(occurrences: list[Occurrence], instant: int) -> frozenset[Occurrence | None]:
    return frozenset(each for each in occurrences if each.at == instant)


# ---- count, sum, avg, min, max, distinct


def counted(log: Log, node: ast.Aggregate, instant: int, scope: Scope) -> list[tuple[Occurrence, Value]]:
    """The occurrences that an aggregate counts, each with its value: those whose value fits are left."""
    found: list[tuple[Occurrence, Value]] = []
    for each in seen(log, node.occurrence, instant, scope):
        if node.last is not None and instant > later(log, each.at, node.last):
            continue
        value: Value = Fraction(1)
        if node.value is not None:
            value = evaluate_value(node.value, value_of_event(log, each), log.timezone)
        # For `distinct` every value fits, and what does not even equal itself (missing, a NaN) is no value.
        fits = equal(value, value, log.timezone) if node.function == "distinct" else isinstance(value, Fraction)
        if fits:
            found.append((each, value))
    return found


def aggregate(log: Log, node: ast.Aggregate, instant: int, scope: Scope) -> Value:
    """The number that an aggregate is at *instant*."""
    values: list[Any] = [value for _, value in counted(log, node, instant, scope)]
    if node.function == "count":
        return Fraction(len(values))
    if node.function == "distinct":
        different: list[Value] = []
        for value in values:
            if not any(equal(value, other, log.timezone) for other in different):
                different.append(value)
        return Fraction(len(different))
    if node.function == "sum":
        return Fraction(sum(values))
    if not values:
        return MISSING
    if node.function == "avg":
        return Fraction(sum(values)) / len(values)
    return Fraction(min(values) if node.function == "min" else max(values))


def _read(log: Log, part: ast.Property | ast.Aggregate, instant: int, scope: Scope) -> Value:
    if isinstance(part, ast.Aggregate):
        return aggregate(log, part, instant, scope)
    return value_of_profile(log, instant)(part)


# ---- within, between


def open_windows(log: Log, node: ast.Window | ast.Between, instant: int, scope: Scope) -> dict[int, Scope]:
    """The windows open at *instant*, by their anchors, the earliest first: the scope that each narrows to."""
    if isinstance(node, ast.Between):
        spans = {start_of(log, node): end_of(log, node)}
    else:
        spans = {at: later(log, at, node.duration) for at in _anchors(log, node.anchor, instant, scope)}
    return {at: scope.narrowed(at, end) for at, end in spans.items() if at <= instant <= end}


def _anchors(log: Log, anchor: ast.Anchor, instant: int, scope: Scope) -> list[int]:
    if isinstance(anchor, ast.PropertyAnchor):
        at = anchor_of_property(log, anchor, instant)
        return [] if at is None else [at]
    found = sorted({each.at for each in seen(log, anchor.occurrence, instant, scope)})
    return {"first": found[:1], "last": found[-1:], "any": found}[anchor.which]


@remembered
def first_achieved(log: Log, node: ast.Window | ast.Between, scope: Scope) -> int | None:
    """The first instant in the scope at which the condition was achieved inside the window.

    "At some u ≤ t" is true from the first such u on.
    """
    for instant in instants_in(log, scope):
        windows = open_windows(log, node, instant, scope).values()
        if any(holds(log, node.condition, instant, window) for window in windows):
            return instant
    return None


# ---- for


def held_since(log: Log, node: ast.Condition, instant: int, scope: Scope) -> int | None:
    """The first instant of the scope from which on the condition has held at every instant up to *instant*.

    "At every instant of [t - D, t]" is read forward: it held from some s on, and s + D is at or before t. The earliest
    s of an unbroken run reaches its s + D first.
    """
    since = None
    for earlier in reversed((*instants_in(log, scope.narrowed(BEGINNING, instant)), instant)):
        if not holds(log, node, earlier, scope):
            break
        since = earlier
    return since


# ---- the instants at which anything may change


@remembered
def instants_in(log: Log, scope: Scope) -> tuple[int, ...]:
    """The instants of the log that lie in *scope*."""
    first = bisect.bisect_left(log.instants, scope.first)
    return log.instants[first : bisect.bisect_right(log.instants, scope.last)]


def instants(log: Log, root: ast.Condition, until: int) -> tuple[int, ...]:
    """Every instant up to *until* at which the truth of any part of *root* may change, in any scope; and many others.

    Truth changes with a fact, at a window's anchor and at the two ends of a ``between``; or a span of time after an
    instant at which a part changed (a deadline; something held for so long), or a microsecond after that (a window's
    end, which is still in it).
    """
    first = {BEGINNING, until}
    first |= {fact.instant for fact in log.facts}
    for node in ast.walk(root):
        if isinstance(node, ast.Between):
            first |= {start_of(log, node), end_of(log, node), end_of(log, node) + 1}
        if isinstance(node, ast.PropertyAnchor):
            anchors = [anchor_of_property(log, node, fact.instant) for fact in log.facts]
            first |= {at for at in anchors if at is not None}

    def changes(node: ast.Node) -> set[int]:
        below = set(first)
        durations = []
        for child in ast.children(node):
            if isinstance(child, ast.Duration):
                durations.append(child)
            else:
                below |= changes(child)
        ends = {later(log, each, duration) for duration in durations for each in below}
        found = below | ends | {end + 1 for end in ends}
        return {each for each in found if each <= until}

    return tuple(sorted(changes(root)))
