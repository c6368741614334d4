"""The engine gives exactly the completions of the reference evaluator, however the facts arrive."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import attrs
import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from convgoals import Completion, Event, Goal, GoalEngine
from convgoals.language import ast
from convgoals.language.condition import Condition
from convgoals.records import Fact
from convgoals.testing import logs, strategies
from convgoals.testing.reference import evaluate

EXAMPLES = int(os.environ.get("CONVGOALS_EXAMPLES", "60"))

thorough = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
"""Goals of every shape take a while to draw; that is no news."""

COUNTING = st.sampled_from(("once", "every", "every", "once per 1 day", "once per month", "once per x"))
ZONES = st.sampled_from(("UTC", "UTC", "America/New_York", "Asia/Kolkata"))


@st.composite
def goals(draw: Callable[[Any], Any], max_depth: int = 3) -> Goal:
    """A goal of any shape."""
    condition = Condition(draw(strategies.goal_conditions(max_depth=max_depth)))
    return Goal(
        draw(st.sampled_from(("g", "h"))),
        condition,
        count=draw(COUNTING),
        timezone=draw(ZONES),
        value=draw(st.sampled_from((None, 5, "x"))),
        since=draw(st.sampled_from((None, None, None, "2026-01-02"))),
    )


def expected(goal: Goal, facts: Sequence[Fact], now: datetime | None) -> list[tuple[object, ...]]:
    """The reference's completions, without what arrival alone decides."""
    return [essence(completion) for completion in evaluate(goal, facts, now)]


def essence(completion: Completion) -> tuple[object, ...]:
    found = attrs.asdict(completion)
    for arrival in ("recorded_at", "version", "goal"):
        del found[arrival]
    return tuple(found.values())


def kept(goal: Goal, log: Sequence[Fact]) -> list[Fact]:
    """*log* without events that the goal does not look at: engines forget them and their ids, if not told otherwise."""
    types = {node.type for node in ast.walk(goal.condition.root) if isinstance(node, ast.EventOccurrence)}
    return [fact for fact in log if not isinstance(fact, Event) or fact.type in types]


def recorded(engine: GoalEngine, goal: Goal) -> list[tuple[object, ...]]:
    return [essence(completion) for completion in engine.history(goal=goal)]


@st.composite
def arrivals(draw: Callable[[Any], Any]) -> tuple[list[list[Fact]], datetime | None]:
    """A log cut into batches, with facts that come twice, and perhaps a last ``advance``."""
    log = draw(logs.logs())
    again = draw(st.lists(st.sampled_from(log), max_size=2)) if log else []
    stream = log + again
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    batches = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    now = draw(st.sampled_from((None, None, logs.START + timedelta(days=3), logs.START + timedelta(days=70))))
    return batches, now


@given(goals(), arrivals(), st.sampled_from(("all", "relevant")))
@thorough
def test_any_arrival(
    goal: Goal, arrival: tuple[list[list[Fact]], datetime | None], keep: Literal["all", "relevant"]
) -> None:
    """In any order, in any batches, with duplicates, the completions are those of the set of facts."""
    batches, now = arrival
    note(str(goal.condition))
    engine = GoalEngine([goal], keep=keep)
    seen: list[Fact] = []
    for each in batches:
        batch = each if keep == "all" else kept(goal, each)
        engine.process(batch)
        seen.extend(batch)
        assert recorded(engine, goal) == expected(goal, seen, None)
    event(f"{min(3, len(recorded(engine, goal)))} completions")
    if now is not None:
        engine.advance(now)
        assert recorded(engine, goal) == expected(goal, seen, now)


@given(goals(), logs.logs(), st.randoms(use_true_random=False))
@thorough
def test_time_passing_between_facts(goal: Goal, log: list[Fact], random: Any) -> None:
    """Advancing the clock between facts, even beyond facts still to come, changes no completion in the end."""
    note(str(goal.condition))
    engine = GoalEngine([goal], keep="all")
    latest = None
    for count, fact in enumerate(log, start=1):
        engine.process([fact])
        if random.random() < 0.5:
            latest = max(latest or logs.START, logs.START + timedelta(hours=random.randrange(0, 120)))
            engine.advance(latest)
        assert recorded(engine, goal) == expected(goal, log[:count], latest)


@given(goals(max_depth=2), logs.logs("p"), logs.logs("q"), st.booleans())
@thorough
def test_merging(goal: Goal, mine: list[Fact], theirs: list[Fact], late: bool) -> None:
    """Merging two profiles gives the completions of the union of their logs; later facts follow."""
    renamed = [attrs.evolve(fact, id=f"q{fact.id}") for fact in theirs]
    engine = GoalEngine([goal], keep="all")
    engine.process(mine)
    cut = len(renamed) // 2 if late else len(renamed)
    engine.process(renamed[:cut])
    engine.merge("q", "p")
    engine.merge("q", "p")
    engine.process(renamed[cut:])
    union = [*mine, *(attrs.evolve(fact, profile_id="p") for fact in renamed)]
    assert recorded(engine, goal) == expected(goal, union, None)


@given(st.lists(goals(max_depth=1), min_size=2, max_size=4), arrivals())
@thorough
def test_several_goals_side_by_side(several: list[Goal], arrival: tuple[list[list[Fact]], datetime | None]) -> None:
    """Each goal of an engine has the completions that it would have alone."""
    named = [
        Goal(f"goal {number}", goal.condition, count=goal.count, value=goal.value, timezone=goal.timezone)
        for number, goal in enumerate(several)
    ]
    batches, now = arrival
    engine = GoalEngine(named, keep="all")
    for batch in batches:
        engine.process(batch)
    if now is not None:
        engine.advance(now)
    for goal in named:
        assert recorded(engine, goal) == expected(goal, [fact for batch in batches for fact in batch], now)


@given(goals(max_depth=2), goals(max_depth=2), logs.logs())
@thorough
def test_adding_a_goal_later(first: Goal, second: Goal, log: list[Fact]) -> None:
    """A goal that is saved later is evaluated over all that is kept, here everything."""
    second = Goal("later", second.condition, count=second.count, timezone=second.timezone)
    with GoalEngine([first], keep="all") as engine:
        engine.process(log)
        engine.add(second)
        assert recorded(engine, second) == expected(second, log, None)
        assert recorded(engine, first) == expected(first, log, None)


@pytest.mark.parametrize("url", ["memory://"])
def test_no_facts(url: str) -> None:
    """Without facts there is nothing, whatever the time."""
    with GoalEngine([Goal("g", "event a")], store=url) as engine:
        assert engine.process([]) == []
        assert engine.advance("2030-01-01T00:00:00Z") == []
        assert list(engine.history()) == []


@pytest.mark.parametrize("within", ["6 hours", "1 month"])
@pytest.mark.parametrize("size", [7, 120])
def test_many_windows_of_any(within: str, size: int) -> None:
    """More windows than are kept once they have passed give what all of them give, in order or not."""
    chance = random.Random(5)  # noqa: S311  a fixed seed, and no secret
    minutes = sorted(chance.sample(range(3_000), 120))
    log: list[Fact] = [
        Event(chance.choice("aaaab"), "p", logs.START + timedelta(minutes=minute), id=str(minute)) for minute in minutes
    ]
    goal = Goal("g", f"event b within {within} of any event a", count="every")
    for order in (log, chance.sample(log, len(log))):
        with GoalEngine([goal]) as engine:
            for start in range(0, len(order), size):
                engine.process(order[start : start + size])
            assert [essence(each) for each in engine.history()] == expected(goal, log, None)
