"""Plain English: what is said for each kind of condition, and that nothing of the condition is left unsaid."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from convgoals.goals import Goal
from convgoals.language import ast
from convgoals.language.condition import parse
from convgoals.language.describe import describe, describe_counting
from convgoals.language.format import format_number
from convgoals.testing.strategies import conditions

BLOCKS = (Path(__file__).parent / "descriptions.txt").read_text(encoding="utf-8").strip().split("\n\n")
GOLDEN = dict(block.split("\n", 1) for block in BLOCKS)


@pytest.mark.parametrize("text", GOLDEN)
def test_conditions_are_described(text: str) -> None:
    """Each condition of ``descriptions.txt`` is said in the words that follow it there."""
    assert parse(text).describe() == GOLDEN[text]


def test_the_fixture_holds_canonical_conditions() -> None:
    """What stands in the fixture is what ``str`` gives, so a block cannot hide a typing mistake."""
    assert len(GOLDEN) == len(BLOCKS) >= 30
    assert [str(parse(text)) for text in GOLDEN] == list(GOLDEN)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions())
def test_nothing_is_left_unsaid(root: ast.Condition) -> None:
    """Every name, text, number, amount of time and pattern of any condition stands in its description."""
    said = describe(root)
    assert said.startswith("The goal is achieved when")
    for node in ast.walk(root):
        match node:
            case ast.EventOccurrence(word) | ast.ReceiptOccurrence(word) | ast.InSegment(word) | ast.Matches(_, word):
                assert f'"{word}"' in said
            case ast.Text(word):
                assert f'"{word}"' in said
            case ast.Property(_, path) | ast.ChangeOccurrence(path) | ast.PropertyAnchor(path):
                assert ".".join(path) in said
            case ast.Link(_, _, path, _) | ast.Absence(_, _, path) if path is not None:
                assert f"same {'.'.join(path)}" in said
            case ast.Number(value):
                assert format_number(value) in said
            case ast.Duration(parts):
                spoken = said.replace("in the last ", "in the last 1 ")  # "in the last month"
                assert all(f"{amount} {unit}" in said or f"{amount} {unit}" in spoken for amount, unit in parts)
            case _:
                pass


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions())
def test_a_negation_is_said(root: ast.Condition) -> None:
    """A condition and its negation are never described by the same words."""
    assert describe(root) != describe(ast.Not(root))


@pytest.mark.parametrize(
    ("counting", "sentence"),
    [
        ("once", "It counts once for each profile."),
        ("every", "It counts every time."),
        ("once per 30 days", "After it counted, it counts again once at least 30 days have passed."),
        ("once per day", "After it counted, it counts again once at least 1 day has passed."),
        ("once per order.id", "It counts the first time for each value of the event’s order.id."),
        ('once per "Order ID"', 'It counts the first time for each value of the event’s "Order ID".'),
    ],
)
def test_counting_is_described(counting: str, sentence: str) -> None:
    """Each way of counting has its sentence."""
    assert describe_counting(counting) == sentence


def test_a_goal_says_its_condition_and_its_counting() -> None:
    """A goal's description is the condition's, its window included, and how it counts."""
    goal = Goal("Purchase", "event purchase", within="7 days of first event page_visit", count="every")
    assert goal.describe() == (
        'The goal is achieved when the event "purchase" happens within 7 days (inclusive) of the first event '
        '"page_visit". It counts every time.'
    )


def test_counting_stands_below_a_list() -> None:
    """Where the condition is a list, the counting has a line of its own."""
    goal = Goal("Any", "event a or event b or event c or event d")
    assert goal.describe().splitlines()[-1] == "It counts once for each profile."
