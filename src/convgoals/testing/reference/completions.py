"""Semantics §5: the completions of one profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from convgoals.goals import Every, Goal, Once, OncePerDuration, OncePerProperty
from convgoals.instants import BEGINNING, to_datetime, to_instant, zone
from convgoals.language import ast
from convgoals.language.condition import Condition
from convgoals.language.parse import parse_path
from convgoals.records import Completion, Event, Fact, ProfileSnapshot, ProfileUpdate
from convgoals.testing.reference.comparisons import Value, equal, lookup, number, value_of
from convgoals.testing.reference.conditions import fires, holds, instants, open_windows
from convgoals.testing.reference.facts import Log, profile_at, read_log
from convgoals.testing.reference.occurrences import Occurrence
from convgoals.testing.reference.spans import ALL_OF_TIME, later


def evaluate(goal: Goal, facts: Iterable[Fact], now: datetime | None = None) -> list[Completion]:
    """The completions of *goal* by the one profile that *facts* are about.

    Args:
        goal: what to evaluate.
        facts: one profile's log, in any order.
        now: the time that has been reached, an aware datetime; the latest fact's if that is later, or without it.

    Returns:
        By ``achieved_at``, then the trigger's id. ``recorded_at`` is ``achieved_at`` and the version is 1, for the
        reference knows neither arrival nor history. A trigger without an id is called by its place, ``fresh-0`` …

    Raises:
        FactError: the facts are of several profiles. Implements semantics §§1-5.
    """
    log = read_log(facts, zone(goal.timezone))
    if not log.facts:
        return []  # a goal that holds of an empty log is refused when it is made
    root = goal.condition.root
    until = max(fact.instant for fact in log.facts)
    if now is not None:
        until = max(until, to_instant(now))
    log = attrs.evolve(log, instants=instants(log, root, until))
    since = BEGINNING if goal.since is None else to_instant(goal.since)
    fired = (firing for firing in _firings(log, root) if firing[0] >= since)
    return [_completion(goal, log, at, trigger) for at, trigger in _counting(goal, log, fired)]


def holds_at(condition: Condition, facts: Iterable[Fact], at: datetime, *, timezone: str = "UTC") -> bool:
    """Whether *condition* holds at an instant of the profile that *facts* are about.

    Args:
        condition: what to ask.
        facts: one profile's log, in any order.
        at: an aware datetime; facts after it do not count.
        timezone: the IANA zone of the condition's dates, months and days.

    Raises:
        FactError: the facts are of several profiles. Implements semantics §4.
    """
    log = read_log(facts, zone(timezone))
    log = attrs.evolve(log, instants=instants(log, condition.root, to_instant(at)))
    return holds(log, condition.root, to_instant(at), ALL_OF_TIME)


def _firings(log: Log, root: ast.Condition) -> Iterator[tuple[int, Occurrence | None]]:
    """At each instant one firing for each triggering occurrence, by id; or one without a trigger."""
    for instant in log.instants:
        triggers = fires(log, root, instant, ALL_OF_TIME)
        occurrences = sorted((each for each in triggers if each is not None), key=lambda each: log.ids[each.fact])
        for occurrence in occurrences:
            yield instant, occurrence
        if triggers and not occurrences:
            yield instant, None


def _counting(
    goal: Goal, log: Log, fired: Iterable[tuple[int, Occurrence | None]]
) -> Iterator[tuple[int, Occurrence | None]]:
    """The firings that count, by the goal's counting mode."""
    counted: list[int] = []
    met: list[Value] = []
    for instant, trigger in fired:
        match goal.counting:
            case Once():
                counts = not counted
            case Every():
                counts = True
            case OncePerDuration(duration):
                counts = not counted or later(log, counted[-1], duration) <= instant
            case OncePerProperty(path):
                value = value_of(_of_trigger(log, trigger, path), log.timezone)
                # What does not equal itself (missing, null, a NaN) is no value.
                counts = equal(value, value, log.timezone) and not any(equal(value, one, log.timezone) for one in met)
                met.append(value)
        if counts:
            counted.append(instant)
            yield instant, trigger


def _of_trigger(log: Log, trigger: Occurrence | None, path: tuple[str, ...]) -> Any:
    """The raw property of the fact that triggered, ``None`` without one."""
    fact = None if trigger is None else log.facts[trigger.fact]
    return lookup(fact.properties, path) if isinstance(fact, (Event, ProfileSnapshot, ProfileUpdate)) else None


def _completion(goal: Goal, log: Log, instant: int, trigger: Occurrence | None) -> Completion:
    achieved_at = to_datetime(instant)
    anchor = _anchor(log, goal.condition.root, instant, trigger)
    return Completion(
        goal=goal.name,
        version=1,
        profile_id=log.facts[0].profile_id,
        achieved_at=achieved_at,
        recorded_at=achieved_at,
        trigger_id=None if trigger is None else log.ids[trigger.fact],
        channel=None if trigger is None else getattr(log.facts[trigger.fact], "channel", None),
        segments=profile_at(log, instant).segments,
        value=_value(goal, log, trigger),
        since_anchor=None if anchor is None else timedelta(microseconds=instant - anchor),
    )


def _value(goal: Goal, log: Log, trigger: Occurrence | None) -> int | float | Decimal | None:
    """The goal's number, or the trigger's property if that is a number."""
    if not isinstance(goal.value, str):
        return goal.value
    raw = _of_trigger(log, trigger, parse_path(goal.value))
    if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal)):
        return None
    return raw if isinstance(number(raw), Fraction) else None


def _anchor(log: Log, root: ast.Condition, instant: int, trigger: Occurrence | None) -> int | None:
    """The anchor of the outermost window through which the completion came, the earliest of several.

    The outermost window is the first in the text; a completion comes through it if the window fires with the
    completion's trigger and only ``and`` and ``or`` stand around it, which pass triggers on.
    """
    window = next((node for node in ast.walk(root) if isinstance(node, (ast.Window, ast.Between))), None)
    if window is None or not _passes_on(root, window) or trigger not in fires(log, window, instant, ALL_OF_TIME):
        return None
    open_now = open_windows(log, window, instant, ALL_OF_TIME)
    for anchor, scope in open_now.items():
        if trigger in fires(log, window.condition, instant, scope):
            return anchor
    # It fired for having become so: through the first anchor in whose window the condition holds.
    return next(anchor for anchor, scope in open_now.items() if holds(log, window.condition, instant, scope))


def _passes_on(root: ast.Condition, window: ast.Window | ast.Between) -> bool:
    """Whether the triggers of *window* become those of *root*."""
    if isinstance(root, (ast.And, ast.Or)):
        return any(_passes_on(term, window) for term in root.terms)
    return root is window
