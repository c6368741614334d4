"""Why a profile did, or did not: a timeline, and beside it each part of the goal with what held and what missed.

The parts are asked of the reference evaluator, so what is told never disagrees with the semantics.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from convgoals.instants import to_datetime, to_instant, zone
from convgoals.language import ast
from convgoals.language.format import format_datetime, format_duration, format_node
from convgoals.records import Event
from convgoals.testing.outcomes import Outcome
from convgoals.testing.reference.comparisons import MISSING, lookup
from convgoals.testing.reference.conditions import (
    aggregate,
    first_achieved,
    held_since,
    holds,
    instants,
    open_windows,
    seen,
)
from convgoals.testing.reference.facts import Log, profile_at, read_log
from convgoals.testing.reference.occurrences import Occurrence, filter_holds
from convgoals.testing.reference.spans import ALL_OF_TIME, Scope
from convgoals.testing.timelines import short_span, shown_value

SHOWN = 5
"""How many events a part is told of at the most."""


def tell(outcome: Outcome) -> str:
    """The timeline, what came of it, and why, as lines of text."""
    lines = [f"goal {outcome.goal.name!r}: {outcome.goal.condition}"]
    if outcome.goal.count != "once":
        lines[0] += f" (count {outcome.goal.count})"
    lines += ["", "timeline"]
    lines += [f"  {line}" for line in _timeline(outcome)]
    lines += ["", standing(outcome)]
    lines += [f"  {line}" for line in parts(outcome)]
    return "\n".join(lines)


def _timeline(outcome: Outcome) -> Iterator[str]:
    """Each step with its instant; those that complete the goal are marked."""
    timeline = outcome.timeline
    at, steps = timeline.start, timeline.lines()
    done = {completion.trigger_id for completion in outcome.completions}
    for place, step in enumerate(steps):
        fact = timeline.facts[place] if place < len(timeline.facts) else None
        at = timeline.reached if fact is None else fact.timestamp
        mark = "  <- completes" if fact is not None and fact.id in done else ""
        mark = "  (later, does not count)" if at > outcome.at else mark
        yield f"{format_datetime(at)}  {step}{mark}"
    for completion in outcome.completions:
        if completion.trigger_id is None:
            yield f"{format_datetime(completion.achieved_at)}  <- completed by time or a state"


def standing(outcome: Outcome) -> str:
    """Where the profile stands, and when, in a line."""
    return f"at {format_datetime(outcome.at)}: {_standing(outcome)}"


def _standing(outcome: Outcome) -> str:
    count = len(outcome.completions)
    if count:
        return f"converted, {'once' if count == 1 else f'{count} times'}"
    if outcome.until is None:
        return outcome.status
    end = to_instant(outcome.until)
    if outcome.status == "open":
        return f"open until {format_datetime(outcome.until)}"
    late = short_span(to_instant(outcome.at) - end)
    return f"{outcome.status}: the window closed {late} before, at {format_datetime(outcome.until)}"


def parts(outcome: Outcome) -> list[str]:
    """Each part of the condition: whether it holds when it is judged, and what is missing."""
    facts = [fact for fact in outcome.timeline.facts if fact.timestamp <= outcome.at]
    instant = to_instant(outcome.at)
    log = read_log(facts, zone(outcome.goal.timezone))
    log = attrs.evolve(log, instants=instants(log, outcome.goal.condition.root, instant))
    return list(_part(log, outcome.goal.condition.root, instant, ALL_OF_TIME, ""))


def _part(log: Log, node: ast.Condition, instant: int, scope: Scope, indent: str) -> Iterator[str]:
    held = holds(log, node, instant, scope)
    mark = f"{indent}{'held  ' if held else 'missed'}"
    below = f"{indent}  "
    match node:
        case ast.And(terms) | ast.Or(terms):
            yield f"{mark}  {'all' if isinstance(node, ast.And) else 'one'} of"
            for term in terms:
                yield from _part(log, term, instant, scope, below)
        case ast.Not(term):
            yield f"{mark}  not"
            yield from _part(log, term, instant, scope, below)
        case ast.Window() | ast.Between():
            yield f"{mark}  {_window_words(node)}"
            yield from _in_window(log, node, instant, scope, below)
        case ast.Held(condition, duration):
            since = held_since(log, condition, instant, scope)
            so_far = "it does not hold now" if since is None else f"so since {_since(since)}"
            yield f"{mark}  for {format_duration(duration)}: {so_far}"
            yield from _part(log, condition, instant, scope, below)
        case _:
            yield f"{mark}  {format_node(node)}{_values(log, node, instant, scope)}"
            if not held:
                yield from (f"{below}{line}" for line in _misses(log, node, instant, scope))


def _window_words(node: ast.Window | ast.Between) -> str:
    if isinstance(node, ast.Between):
        return f"between {format_node(node.start)} and {format_node(node.end)}"
    return f"within {format_duration(node.duration)} of {format_node(node.anchor)}"


def _since(instant: int) -> str:
    return format_datetime(to_datetime(instant)) if instant > -(2**61) else "the beginning"


def _in_window(log: Log, node: ast.Window | ast.Between, instant: int, scope: Scope, indent: str) -> Iterator[str]:
    """The windows that opened, and how what is asked stood in each at its end, or now."""
    achieved = first_achieved(log, node, scope)
    if achieved is not None and achieved <= instant:
        for window in list(open_windows(log, node, achieved, scope).values())[:SHOWN]:
            if holds(log, node.condition, achieved, window):
                yield f"{indent}achieved at {_since(achieved)}, {_place_in(window, achieved)}"
                return
    found: dict[int, Scope] = {}
    for earlier in (*log.instants, instant):
        if earlier <= instant and earlier in scope:
            found.update(open_windows(log, node, earlier, scope))
    if not found:
        yield f"{indent}no window has opened"
    for window in list(found.values())[:SHOWN]:
        last = min(window.last, instant)
        yield f"{indent}window from {_since(window.first)} to {_since(window.last)}"
        yield from _part(log, node.condition, last, window, f"{indent}  ")
        late = _first_after(log, node.condition, window, instant)
        if late is not None:
            yield f"{indent}  came at {_since(late)}, {short_span(late - window.last)} too late"


def _place_in(window: Scope, instant: int) -> str:
    return f"{short_span(instant - window.first)} after the window opened at {_since(window.first)}"


def _first_after(log: Log, node: ast.Condition, window: Scope, instant: int) -> int | None:
    """When the condition came after the window had closed, as if the window had stayed open."""
    longer = Scope(window.first, instant)
    after = (each for each in (*log.instants, instant) if window.last < each <= instant)
    before = holds(log, node, min(window.last, instant), longer)
    return None if before else next((each for each in after if holds(log, node, each, longer)), None)


def _values(log: Log, node: ast.Condition, instant: int, scope: Scope) -> str:
    """What the properties and counts of a comparison are."""
    if not isinstance(node, ast.COMPARISONS):
        return ""
    found = []
    for part in ast.walk(node):
        if isinstance(part, ast.Aggregate):
            value: Any = aggregate(log, part, instant, scope)
            found.append(f"{part.function} is {_plain(value)}")
        elif isinstance(part, ast.Property) and part.owner == "profile":
            value = lookup(profile_at(log, instant).properties, part.path)
            found.append(f"{format_node(part)} is {_plain(value)}")
    return f"   ({', '.join(dict.fromkeys(found))})" if found else ""


def _plain(value: Any) -> str:
    if value is None or value is MISSING:
        return "not set"
    if isinstance(value, Fraction):
        return f"{Decimal(value.numerator) / Decimal(value.denominator):.12g}".rstrip()
    return shown_value(value)


def _misses(log: Log, node: ast.Condition, instant: int, scope: Scope) -> Iterator[str]:
    """For an occurrence that did not come: the events of its type that came, and what each of them lacked."""
    for part in ast.walk(node):
        if not isinstance(part, ast.EventOccurrence):
            continue
        bare = seen(log, ast.EventOccurrence(part.type), instant, scope)
        if not bare:
            yield f"no event {part.type} in time"
        for occurrence in bare[:SHOWN] if part.where is not None else ():
            lacks = [*_lacks(log, part.where, occurrence)]
            if lacks:
                yield f"{log.ids[occurrence.fact]}: {'; '.join(lacks)}"


def _lacks(log: Log, node: ast.Condition | None, occurrence: Occurrence) -> Iterator[str]:
    """The comparisons of a filter that an event fails, with the values that it has, and by how much."""
    if node is None or filter_holds(log, node, occurrence):
        return
    if isinstance(node, (ast.And, ast.Or)):
        for term in node.terms:
            yield from _lacks(log, term, occurrence)
        return
    fact = log.facts[occurrence.fact]
    values = []
    for part in ast.walk(node):
        if isinstance(part, ast.Property):
            own = part.owner == "event" and isinstance(fact, Event)
            properties = fact.properties if own else profile_at(log, occurrence.at).properties  # type: ignore[union-attr]
            value = lookup(properties, part.path)
            values.append(f"{format_node(part)} is {_plain(value)}{_by_how_much(node, value)}")
    yield f"{format_node(node)} misses, {', '.join(values)}"


def _by_how_much(node: ast.Condition, value: Any) -> str:
    match node:
        case ast.Compare("<" | "<=" | ">" | ">=", ast.Property(), ast.Number(literal)) if isinstance(
            value, (int, Decimal, float)
        ) and not isinstance(value, bool):
            off = abs(Decimal(str(value)) - Decimal(literal))
            return f" ({f'by {off.normalize():f}' if off else 'exactly the bound'})" if off.is_finite() else ""
    return ""
