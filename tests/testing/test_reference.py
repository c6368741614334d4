"""The laws that follow from the semantics, held against the reference evaluator on small random logs."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import attrs
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from convgoals.errors import FactError
from convgoals.goals import Goal
from convgoals.instants import BEGINNING, to_instant, zone
from convgoals.language import ast
from convgoals.language.check import holds_of_nothing
from convgoals.language.condition import Condition, parse
from convgoals.records import Completion, Event, Fact, ProfileSnapshot
from convgoals.testing.logs import START, logs
from convgoals.testing.reference import evaluate, holds_at
from convgoals.testing.reference.conditions import fires, holds, instants
from convgoals.testing.reference.facts import Log, read_log
from convgoals.testing.reference.spans import ALL_OF_TIME
from convgoals.testing.strategies import conditions, goal_conditions

lawful = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
"""Conditions of every shape take a while to draw."""


def asked(log: Iterable[Fact], *roots: ast.Condition) -> Log:
    """A log with every instant at which any part of *roots* may change, and the microsecond before each."""
    read = read_log(log, zone("UTC"))
    until = to_instant(START + timedelta(days=70))
    found = {instant for root in roots for instant in instants(read, root, until)}
    return attrs.evolve(read, instants=tuple(sorted(found | {instant - 1 for instant in found if instant > BEGINNING})))


def truths(log: Log, root: ast.Condition) -> list[bool]:
    """Whether *root* holds, at every instant of *log*."""
    return [holds(log, root, instant, ALL_OF_TIME) for instant in log.instants]


def firings(log: Log, root: ast.Condition) -> list[frozenset[object]]:
    """What fires *root*, at every instant of *log*."""
    return [frozenset(fires(log, root, instant, ALL_OF_TIME)) for instant in log.instants]


strategies = functools.cache(conditions), functools.cache(goal_conditions)


@st.composite
def drawn(draw: st.DrawFn, max_depth: int) -> ast.Condition:
    """`conditions` under a short name: a draw that fails is noted with the name of its strategy."""
    return draw(strategies[0](max_depth=max_depth))


@st.composite
def drawn_goals(draw: st.DrawFn, max_depth: int) -> ast.Condition:
    """`goal_conditions` under a short name."""
    return draw(strategies[1](max_depth=max_depth))


small = drawn(1)


@given(logs(), small, small)
@lawful
def test_and_and_or_are_commutative(log: list[Fact], one: ast.Condition, other: ast.Condition) -> None:
    """The order of operands changes neither when a condition holds nor what fires it."""
    for kind in (ast.And, ast.Or):
        forward, backward = kind((one, other)), kind((other, one))
        read = asked(log, forward, backward)
        assert truths(read, forward) == truths(read, backward)
        assert firings(read, forward) == firings(read, backward)


@given(logs(), small, small)
@lawful
def test_de_morgan(log: list[Fact], one: ast.Condition, other: ast.Condition) -> None:
    """A negated ``and`` is the ``or`` of the negations, and the other way round."""
    read = asked(log, one, other)
    for kind, dual in ((ast.And, ast.Or), (ast.Or, ast.And)):
        assert truths(read, ast.Not(kind((one, other)))) == truths(read, dual((ast.Not(one), ast.Not(other))))


@given(logs(), drawn(2))
@lawful
def test_double_negation(log: list[Fact], root: ast.Condition) -> None:
    """Twice negated, a condition holds exactly when it does."""
    read = asked(log, root)
    assert truths(read, ast.Not(ast.Not(root))) == truths(read, root)
    assert truths(read, ast.Not(root)) == [not truth for truth in truths(read, root)]


@given(logs(), drawn(3))
@lawful
def test_what_fires_holds_and_what_becomes_so_fires(log: list[Fact], root: ast.Condition) -> None:
    """A condition fires only where it holds, and fires wherever it begins to."""
    read = asked(log, root)
    for instant in read.instants:
        now = holds(read, root, instant, ALL_OF_TIME)
        if fires(read, root, instant, ALL_OF_TIME):
            assert now
        elif now:
            assert holds(read, root, instant - 1, ALL_OF_TIME)


@given(logs(), drawn(2), st.randoms(use_true_random=False))
@lawful
def test_nothing_changes_between_the_instants(log: list[Fact], root: ast.Condition, chance: random.Random) -> None:
    """The instants at which a condition is asked are all at which it may change: between two of them none does."""
    read = read_log(log, zone("UTC"))
    until = to_instant(START + timedelta(days=70))
    known = instants(read, root, until)
    read = attrs.evolve(read, instants=known)
    for earlier, later in itertools.pairwise(known[1:]):
        between = chance.randint(earlier, later - 1)
        finer = attrs.evolve(read, instants=tuple(sorted({*known, between})), answers={})
        assert holds(finer, root, between, ALL_OF_TIME) == holds(read, root, earlier, ALL_OF_TIME)


@given(logs(), drawn_goals(3))
@lawful
def test_the_first_completion_is_at_the_first_instant_at_which_the_condition_holds(
    log: list[Fact], root: ast.Condition
) -> None:
    """Semantics §5: it follows from what fires, and nothing is complete before it holds."""
    now = START + timedelta(days=70)
    completions = evaluate(Goal("g", Condition(root), count="every"), log, now)
    read = asked(log, root)
    first = next((at for at in read.instants if log and holds(read, root, at, ALL_OF_TIME)), None)
    assert [to_instant(each.achieved_at) for each in completions[:1]] == ([] if first is None else [first])


@given(logs(), drawn_goals(3), st.randoms(use_true_random=False))
@lawful
def test_the_order_of_arrival_does_not_matter(log: list[Fact], root: ast.Condition, chance: random.Random) -> None:
    """Shuffled facts, and facts that come again, have the same completions."""
    goal = Goal("g", Condition(root), count="every", value="x")
    kept = list({fact.id: fact for fact in reversed(log)}.values())
    shuffled = chance.sample(kept, len(kept)) + kept[:2]
    assert essence(evaluate(goal, shuffled)) == essence(evaluate(goal, log))


def essence(completions: list[Completion]) -> list[str]:
    """Completions as text, so that a NaN is equal to itself."""
    return [repr(each) for each in completions]


@given(logs(), drawn_goals(2), st.sampled_from(("every", "once", "once per 1 day", "once per x")))
@lawful
def test_counting_leaves_out_and_adds_nothing(log: list[Fact], root: ast.Condition, count: str) -> None:
    """Whatever the counting mode, its completions are among those of ``every``, the first of which ``once`` takes."""
    now = START + timedelta(days=70)
    every = essence(evaluate(Goal("g", Condition(root), count="every"), log, now))
    counted = essence(evaluate(Goal("g", Condition(root), count=count), log, now))
    assert set(counted) <= set(every)
    if count == "once":
        assert counted == every[:1]
    if count == "once per 1 day":
        assert counted[:1] == every[:1]


@given(logs(), drawn_goals(3), st.integers(0, 100))
@lawful
def test_what_was_complete_stays_complete_as_time_passes(log: list[Fact], root: ast.Condition, hours: int) -> None:
    """Facts that all lie in the past fix the past: a later ``now`` only adds completions after the earlier one."""
    goal = Goal("g", Condition(root), count="every")
    latest = max((fact.timestamp for fact in log), default=START)
    early, late = latest + timedelta(hours=hours), latest + timedelta(days=70)
    known = essence(evaluate(goal, log, early))
    assert essence(evaluate(goal, log, late))[: len(known)] == known


@given(drawn(3))
@lawful
def test_a_goal_that_is_not_refused_as_vacuous_never_holds_of_no_facts(root: ast.Condition) -> None:
    """What holds of an empty log at some time is vacuous; without dates that cut time, nothing else is."""
    read = asked([], root)
    if any(truths(read, root)):
        assert holds_of_nothing(root)
    elif not any(isinstance(node, ast.Between) for node in ast.walk(root)):
        assert not holds_of_nothing(root)


def test_holds_at_looks_at_one_instant() -> None:
    """`holds_at` asks the condition itself, at any instant, and facts after it do not count."""
    log = [Event("a", "p", "2026-01-01T00:00:00Z", id="1"), Event("b", "p", "2026-01-03T00:00:00Z", id="2")]
    condition = parse("event a in last 7 days and not event b")
    assert not holds_at(condition, log, datetime(2025, 12, 31, tzinfo=UTC))
    assert holds_at(condition, log, datetime(2026, 1, 1, tzinfo=UTC))
    assert holds_at(condition, log, datetime(2026, 1, 2, 23, tzinfo=UTC))
    assert not holds_at(condition, log, datetime(2026, 1, 3, tzinfo=UTC))
    assert holds_at(parse("not event a"), [], START)


def test_holds_at_reads_dates_in_the_time_zone() -> None:
    """A day is a day of the time zone that is asked for."""
    log = [Event("a", "p", "2026-01-01T23:30:00Z", id="1")]
    condition = parse("event a between 2026-01-02 and 2026-01-02")
    at = datetime(2026, 1, 5, tzinfo=UTC)
    assert holds_at(condition, log, at, timezone="Europe/Berlin")
    assert not holds_at(condition, log, at)


def test_facts_of_two_profiles_are_refused() -> None:
    """A goal is evaluated for one profile; the error has a code of its own."""
    log = [Event("a", "p", "2026-01-01T00:00:00Z"), Event("a", "q", "2026-01-01T00:00:00Z")]
    with pytest.raises(FactError) as caught:
        evaluate(Goal("g", "event a"), log)
    assert caught.value.code == "several-profiles"


def test_a_completion_says_what_it_is_of() -> None:
    """Goal, version and profile are there, and what becomes known is known at once."""
    goal = Goal("signup", "event a", value=5)
    (found,) = evaluate(goal, [Event("a", "p", "2026-01-01T00:00:00Z", id="1", channel="web")])
    assert found == Completion("signup", 1, "p", START, START, "1", "web", (), 5, None)


def test_a_fact_without_an_id_is_called_by_its_place() -> None:
    """The reference's fresh ids tell the place among the facts that it was given."""
    log = [Event("b", "p", "2026-01-01T00:00:00Z"), Event("a", "p", "2026-01-01T00:00:00Z")]
    assert [each.trigger_id for each in evaluate(Goal("g", "event a"), log)] == ["fresh-1"]


@pytest.mark.parametrize("value", [object(), b"x", {1, 2}, 1j, range(3)], ids=repr)
def test_data_of_no_known_type_is_ill_typed(value: object) -> None:
    """Values that the language does not know make every comparison false, are set, and raise nothing."""
    log: list[Fact] = [
        ProfileSnapshot("p", "2026-01-01T00:00:00Z", {"x": value}, id="1"),
        Event("a", "p", "2026-01-02T00:00:00Z", {"x": value}, id="2"),
    ]
    for text in ("x = 1", "x > 1", "x < 2026-01-01T00:00", 'x contains "a"', "length(x) = 1", "x = x", "x + 1 is set"):
        assert evaluate(Goal("g", f"event a where {text}"), log) == []
    assert evaluate(Goal("g", "event a within 1 month of profile.x"), log) == []
    assert evaluate(Goal("g", "event a where x is set"), log)[0].trigger_id == "2"
    assert evaluate(Goal("g", "profile.x changes"), log)[0].trigger_id == "1"


@pytest.mark.parametrize("value", [datetime.max, datetime.min, date.max, date.min], ids=repr)  # noqa: DTZ901
@pytest.mark.parametrize("timezone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_the_ends_of_the_calendar(value: date, timezone: str) -> None:
    """The first and the last day that a calendar knows raise nothing, wherever they are."""
    log: list[Fact] = [
        ProfileSnapshot("p", "2026-01-01T00:00:00Z", {"x": value}, id="1"),
        Event("a", "p", "2026-01-02T00:00:00Z", {"x": value}, id="2"),
    ]
    for text in ("within 1 month of profile.x", "where x = 2026-01-01", "where x = 2026-01-01T00:00"):
        assert evaluate(Goal("g", f"event a {text}", timezone=timezone), log) == []


def test_assumptions_of_these_laws() -> None:
    """The drawn logs and conditions meet: of many goals some complete, by an occurrence and by time."""
    kinds: set[bool] = set()

    @given(logs(), drawn_goals(2))
    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def collect(log: list[Fact], root: ast.Condition) -> None:
        assume(log)
        for each in evaluate(Goal("g", Condition(root)), log, START + timedelta(days=70)):
            kinds.add(each.trigger_id is None)

    collect()
    assert kinds == {True, False}
