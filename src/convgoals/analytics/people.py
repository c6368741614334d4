"""Passes over profiles and their kept facts, a bounded number at a time, and conditions on what a profile is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo
from itertools import islice
from typing import TypeAlias

from convgoals.errors import QuestionError
from convgoals.language import ast
from convgoals.language.condition import Condition, parse
from convgoals.predicates.filters import compile_filter
from convgoals.records import Fact, Properties, in_order
from convgoals.storage.base import StoredProfile
from convgoals.storage.reader import Reader

PASS = 1_000
"""How many profiles are loaded at a time."""

Test: TypeAlias = Callable[[Properties, tuple[str, ...]], bool]
"""Whether a profile with these properties and segments is meant."""


def each_profile(reader: Reader, ids: Iterable[str]) -> Iterator[tuple[str, StoredProfile]]:
    """The known ones of *ids* with their kept facts."""
    waiting = iter(ids)
    while some := list(islice(waiting, PASS)):
        found = reader.load(some)
        yield from ((profile_id, found[profile_id]) for profile_id in some if profile_id in found)


def every_fact(stored: StoredProfile) -> tuple[Fact, ...]:
    """All facts that are kept of a profile, those too that were given to some goals alone; of one id, one of those."""
    if not stored.scoped:
        return stored.facts
    found = {fact.id: fact for facts in (stored.facts, *stored.scoped.values()) for fact in facts}
    return tuple(in_order(found.values()))


def profile_condition(condition: Condition | str) -> Condition:
    """*condition*, parsed, which says something of a profile alone: its properties and its segments.

    Raises:
        GoalSyntaxError, GoalTypeError: it is no condition.
        QuestionError: it is about more than the profile (code ``audience``).
    """
    parsed = condition if isinstance(condition, Condition) else parse(condition)
    for node in ast.walk(parsed.root):
        if isinstance(node, (ast.EventOccurrence, ast.ChangeOccurrence, ast.ReceiptOccurrence, ast.Aggregate)):
            raise QuestionError(
                "an audience is a condition on what a profile is, and not on what happened",
                code="audience",
                hint='audience=\'profile.plan = "pro" and in segment "eu"\'',
            )
        if isinstance(node, (ast.Window, ast.Between, ast.Held)):
            raise QuestionError(
                "an audience is asked of one instant, so it has no window",
                code="audience",
                hint="audience='profile.plan = \"pro\"'",
            )
    return parsed


def compile_test(node: ast.Condition, timezone: tzinfo) -> Test:
    """The function that asks *node*, a `profile_condition`, of a profile."""
    match node:
        case ast.And(terms):
            parts = [compile_test(term, timezone) for term in terms]
            return lambda properties, segments: all(part(properties, segments) for part in parts)
        case ast.Or(terms):
            parts = [compile_test(term, timezone) for term in terms]
            return lambda properties, segments: any(part(properties, segments) for part in parts)
        case ast.Not(term):
            inner = compile_test(term, timezone)
            return lambda properties, segments: not inner(properties, segments)
        case ast.InSegment(segment):
            return lambda _, segments: segment in segments
        case _:
            holds = compile_filter(node, timezone)
            return lambda properties, _: holds({}, properties, [])
