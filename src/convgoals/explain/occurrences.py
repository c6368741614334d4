"""Why something has not happened, as far as a window reaches: what came too late, too early, or with another value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convgoals.explain.comparing import Reason, failing, reason
from convgoals.explain.words import say_came, say_instant, say_never_came, say_span, say_value
from convgoals.language import ast
from convgoals.language.format import format_name, format_node, format_path, quote
from convgoals.predicates.filters import FilterCompiler, compile_filter
from convgoals.predicates.values import dig
from convgoals.records import Event, Fact
from convgoals.standing.history import History
from convgoals.standing.intervals import ALL_OF_TIME, Interval
from convgoals.standing.log import Log, Occurrence, properties_of


def near_miss(history: History, node: ast.Occurrence, scope: Interval) -> tuple[Reason, tuple[Fact, ...]]:
    """Why no such occurrence lies in *scope*, and the facts that came nearest."""
    log = history.log
    outside = log.occurrences(node)
    if outside:
        return _out_of_time(log, node, outside, scope)
    if isinstance(node, ast.EventOccurrence) and node.where is not None:
        found = _refused(log, node, node.where, scope)
        if found is not None:
            return found
    if isinstance(node, ast.ChangeOccurrence):
        return _other_change(log, node, scope)
    never = say_never_came(node)
    if node != (plain := _without_filter(node)):
        return _never(history, plain, scope)
    return Reason("never came", never, never), ()


def _without_filter(node: ast.Occurrence) -> ast.Occurrence:
    return ast.EventOccurrence(node.type) if isinstance(node, ast.EventOccurrence) else node


def _never(history: History, plain: ast.Occurrence, scope: Interval) -> tuple[Reason, tuple[Fact, ...]]:
    """Why not even without its filter."""
    outside = history.log.occurrences(plain)
    if outside:
        return _out_of_time(history.log, plain, outside, scope)
    never = say_never_came(plain)
    return Reason("never came", never, never), ()


def _out_of_time(
    log: Log, node: ast.Occurrence, outside: tuple[Occurrence, ...], scope: Interval
) -> tuple[Reason, tuple[Fact, ...]]:
    """It happened, but before the window or after it: the one that came nearest."""

    def distance(each: Occurrence) -> int:
        return each.at - scope[1] if each.at > scope[1] else scope[0] - each.at

    nearest = min(outside, key=distance)
    came = say_came(node)
    fact = log.facts[nearest.place]
    when = f"at {say_instant(nearest.at)}"
    if nearest.at > scope[1]:
        return Reason(
            "too late",
            f"{came} {say_span(distance(nearest))} after the window closed, {when}",
            f"{came} after the window closed",
        ), (fact,)
    return Reason(
        "too early",
        f"{came} {say_span(distance(nearest))} before the window opened, {when}",
        f"{came} before the window opened",
    ), (fact,)


def event_reader(log: Log, fact: Fact) -> Callable[[ast.Value], Any]:
    """Reads expressions of an event's filter."""
    profile = log.profile_at(fact.instant).properties

    def read(node: ast.Value) -> Any:
        if isinstance(node, ast.Property):
            return dig(properties_of(fact) if node.owner == "event" else profile, node.path)
        if isinstance(node, ast.LITERALS):
            return node.value
        compiler = FilterCompiler(log.timezone)
        return compiler.function(compiler.value(node))(properties_of(fact), profile, [])

    return read


def _refused(
    log: Log, node: ast.EventOccurrence, where: ast.Condition, scope: Interval
) -> tuple[Reason, tuple[Fact, ...]] | None:
    """Of the events of that type in the window, the one that fails the fewest comparisons, the latest of several."""
    best: tuple[int, int, Fact, list[ast.Comparison | ast.Not]] | None = None
    for fact in log.facts:
        if not isinstance(fact, Event) or fact.type != node.type or not scope[0] <= fact.instant <= scope[1]:
            continue
        properties, profile = fact.properties, log.profile_at(fact.instant).properties

        def holds(each: ast.Comparison, given: Any = properties, also: Any = profile) -> bool:
            return bool(compile_filter(each, log.timezone)(given, also, []))

        failed = list(failing(where, holds))
        if best is None or (len(failed), -fact.instant) <= (best[0], -best[1]):
            best = len(failed), fact.instant, fact, failed
    if best is None:
        return None
    fact, failed = best[2], best[3]
    reasons = [_reason(each, event_reader(log, fact)) for each in failed]
    name = format_name(node.type)
    first = reasons[0]
    text = f"{name} came at {say_instant(fact.instant)}, but {'; '.join(each.text for each in reasons[:4])}"
    return Reason(first.kind, text, f"{name}: {first.general}"), (fact,)


def _reason(node: ast.Comparison | ast.Not, read: Callable[[ast.Value], Any]) -> Reason:
    if isinstance(node, ast.Not):
        return reason(node.term, read, was="was", negated=True)  # type: ignore[arg-type]  # `failing` puts comparisons there
    return reason(node, read, was="was")


def _other_change(log: Log, node: ast.ChangeOccurrence, scope: Interval) -> tuple[Reason, tuple[Fact, ...]]:
    """The property changed otherwise, or never."""
    name = f"profile.{format_path(node.path)}"
    changes = [each for each in log.all_changes(node.path) if scope[0] <= each[0].at <= scope[1]]
    if changes:
        occurrence, before, after = changes[-1]
        text = f"{name} changed from {say_value(before)} to {say_value(after)} at {say_instant(occurrence.at)}"
        wanted = format_node(node).removeprefix(f"{name} changes")
        return Reason("wrong value", f"{text}, not{wanted}", f"{name} changed, but not{wanted}"), (
            log.facts[occurrence.place],
        )
    value = dig(log.profile_at(min(log.now, scope[1])).properties, node.path)
    never = f"{name} has not changed"
    within = "" if scope == ALL_OF_TIME else " in the window"
    return Reason("never came", f"{never}{within}; it is {say_value(value)}", f"{never}{within}"), ()


def segment_reason(segment: str, segments: tuple[str, ...], *, negated: bool = False) -> Reason:
    """Why the profile is not in a segment."""
    if negated:
        return Reason("not so", f"the profile is in segment {quote(segment)}", f"in segment {quote(segment)}")
    others = f"; it is in {', '.join(map(quote, segments[:5]))}" if segments else "; it is in no segment"
    general = f"not in segment {quote(segment)}"
    return Reason("not so", f"the profile is {general}{others}", general)
