"""What holds, what fires and what is completed, as the reference evaluator has it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from convgoals.goals import Goal
from convgoals.instants import BEGINNING, to_instant, zone
from convgoals.language import ast
from convgoals.language.condition import Condition
from convgoals.records import Fact
from convgoals.standing.completions import completions
from convgoals.standing.history import History
from convgoals.standing.intervals import ALL_OF_TIME, around
from convgoals.standing.log import Log
from convgoals.testing import logs, strategies
from convgoals.testing.reference import evaluate
from convgoals.testing.reference.conditions import fires, holds, instants
from convgoals.testing.reference.facts import read_log
from convgoals.testing.reference.spans import ALL_OF_TIME as EVERYWHERE

EXAMPLES = int(os.environ.get("CONVGOALS_EXAMPLES", "80"))
thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
ZONES = st.sampled_from(("UTC", "UTC", "America/New_York", "Asia/Kolkata"))


@st.composite
def goals(draw: Callable[[Any], Any]) -> Goal:
    """A goal of any shape."""
    return Goal(
        "g",
        Condition(draw(strategies.goal_conditions(max_depth=3))),
        count=draw(st.sampled_from(("once", "every", "every", "once per 1 day", "once per month", "once per x"))),
        timezone=draw(ZONES),
        since=draw(st.sampled_from((None, None, None, "2026-01-02"))),
    )


@given(goals(), logs.logs(), st.sampled_from((None, 3, 70)))
@thorough
def test_completions_are_those_of_the_reference(goal: Goal, log: list[Fact], days: int | None) -> None:
    """Worked out as intervals, the completions are the same, each with its trigger."""
    note(str(goal.condition))
    now = None if days is None else logs.START + timedelta(days=days)
    log = [fact for fact in log if now is None or fact.timestamp <= now]
    found = completions(goal, History(Log(log, zone(goal.timezone), None if now is None else to_instant(now))))
    expected = [(to_instant(each.achieved_at), each.trigger_id) for each in evaluate(goal, log, now)]
    assert [(each.at, each.trigger and each.trigger.id) for each in found] == expected


@given(strategies.conditions(max_depth=3), logs.logs(), ZONES)
@thorough
def test_every_part_holds_when_the_reference_says_so(root: ast.Condition, log: list[Fact], name: str) -> None:
    """At every instant at which anything may change, each part of a condition holds, and fires, alike."""
    note(str(Condition(root)))
    history = History(Log(log, zone(name), to_instant(logs.START) + 10 * 86_400_000_000))
    reference = read_log(log, zone(name))
    reference = attrs.evolve(reference, instants=instants(reference, root, history.log.now))
    outer = [root]
    while outer:
        part = outer.pop()
        if isinstance(part, (ast.And, ast.Or)):
            outer.extend(part.terms)
        elif isinstance(part, (ast.Not, ast.Held)):
            outer.append(part.term if isinstance(part, ast.Not) else part.condition)
        for instant in reference.instants:
            expected = holds(reference, part, instant, EVERYWHERE)
            assert (around(history.truth(part, ALL_OF_TIME), instant) is not None) == expected
            if instant > BEGINNING:
                triggers = fires(reference, part, instant, EVERYWHERE)
                ids = {None if each is None else reference.ids[each.fact] for each in triggers}
                found = history.firings(part).get(instant, frozenset())
                assert {None if each is None else history.log.facts[each.place].id for each in found} == ids
