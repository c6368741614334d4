"""The corpus, held against the engine: in order, backwards, fact by fact, and all at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from convgoals import Completion, Goal, GoalEngine
from convgoals.records import Fact
from corpus_cases import Case, evaluations, written

Feed = Callable[[GoalEngine, Sequence[Fact]], None]


def at_once(engine: GoalEngine, facts: Sequence[Fact]) -> None:
    engine.process(facts)


def one_by_one(engine: GoalEngine, facts: Sequence[Fact]) -> None:
    for fact in facts:
        engine.process([fact])


def in_order(engine: GoalEngine, facts: Sequence[Fact]) -> None:
    one_by_one(engine, sorted(_first_of_each_id(facts), key=lambda fact: fact.instant))


def backwards(engine: GoalEngine, facts: Sequence[Fact]) -> None:
    one_by_one(engine, sorted(_first_of_each_id(facts), key=lambda fact: fact.instant, reverse=True))


def _first_of_each_id(facts: Sequence[Fact]) -> list[Fact]:
    """Of several facts with one id the first received stays, whatever the order of arrival is made to be."""
    kept: dict[object, Fact] = {}
    for number, fact in enumerate(facts):
        kept.setdefault(number if fact.id is None else fact.id, fact)
    return list(kept.values())


@pytest.mark.parametrize("case", evaluations(), ids=lambda case: case.id)
def test_the_engine_finds_exactly_the_completions(case: Case) -> None:
    """Given the facts, the history holds the completions that the corpus says."""
    hold(case, at_once)


@pytest.mark.parametrize("feed", [one_by_one, in_order, backwards], ids=lambda feed: feed.__name__)
@pytest.mark.parametrize("case", written(), ids=lambda case: case.id)
def test_the_arrival_of_the_facts_does_not_matter(case: Case, feed: Feed) -> None:
    """Fact by fact, in the order of time and against it, the completions are the same."""
    hold(case, feed)


def hold(case: Case, feed: Feed) -> None:
    """Hold an engine that is fed by *feed* against the case."""
    with GoalEngine([Goal(**case.goal)]) as engine:
        feed(engine, case.facts)
        if case.now is not None:
            engine.advance(case.now)
        found: list[Completion] = list(engine.history())
        case.check(found)
