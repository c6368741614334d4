"""The corpus, held against the reference evaluator and the parser."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from convgoals.errors import GoalError
from convgoals.goals import Goal
from convgoals.language.patterns import why_unsafe
from convgoals.testing.reference import evaluate
from corpus_cases import Case, cases, evaluations, refusals, written


@pytest.mark.parametrize("case", evaluations(), ids=lambda case: case.id)
def test_the_reference_finds_exactly_the_completions(case: Case) -> None:
    """Given the facts, the goal has the completions that the corpus says."""
    case.check(evaluate(Goal(**case.goal), case.facts, case.now))


@pytest.mark.parametrize("case", written(), ids=lambda case: case.id)
def test_the_order_of_arrival_does_not_matter(case: Case) -> None:
    """The same facts in the opposite order give the same completions; of two with one id, the first received stays."""
    first = {fact.id: fact for fact in reversed(case.facts) if fact.id is not None}
    kept = [fact for fact in case.facts if fact.id is None or first[fact.id] is fact]
    case.check(evaluate(Goal(**case.goal), reversed(kept), case.now))


@pytest.fixture
def _no_re2(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Judge patterns as where the extra `re2` is not installed."""
    monkeypatch.setitem(sys.modules, "re2", None)
    why_unsafe.cache_clear()
    yield
    why_unsafe.cache_clear()


@pytest.mark.usefixtures("_no_re2")
@pytest.mark.parametrize("case", refusals(), ids=lambda case: case.id)
def test_a_refused_goal_has_the_code_and_a_place(case: Case) -> None:
    """Making the goal raises one error of the tree, with exactly the code that the corpus says."""
    with pytest.raises(GoalError) as caught:
        Goal(**case.goal)
    assert caught.value.code == case.error
    if caught.value.span is not None:
        assert 0 <= caught.value.span.start <= caught.value.span.end <= len(caught.value.text)


def test_the_corpus_names_each_case_once() -> None:
    """No two cases have the same id, so that a failure names its case."""
    ids = [case.id for case in cases()]
    assert len(ids) == len(set(ids))


def test_the_corpus_says_no_pair_twice() -> None:
    """No two cases ask the same goal of the same facts."""
    pairs = [(repr(case.goal), repr(case.facts), repr(case.now)) for case in evaluations()]
    assert not [pair for pair, times in Counter(pairs).items() if times > 1]


def test_the_corpus_is_large() -> None:
    """At least 300 cases are written one by one, besides the tables of comparisons, and 80 goals are refused."""
    assert len(written()) >= 300
    assert len(refusals()) >= 80
