"""What can never be true is refused, what is left can be, and rewriting to a normal form changes no answer."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convgoals.errors import GoalTypeError
from convgoals.language import ast
from convgoals.language.condition import parse
from convgoals.language.contradictions import always_true, contradictions, never_true
from convgoals.language.normal import is_pure, normal_form
from convgoals.testing.reference.comparisons import MISSING, Value, compares, value_of

NEVER = {
    "event e where (a > 5 and a < 3)": "a < 3",
    "event e where (a >= 5 and a < 5)": "a < 5",
    "event e where (a = 1 and a = 2)": "a = 2",
    'event e where (a = 1 and b = 2 and a = "1")': 'a = "1"',
    "event e where a between 5 and 3": "a between 5 and 3",
    'event e where a between 5 and "x"': 'a between 5 and "x"',
    "event e where a > true": "a > true",
    "event e where (a in (1, 2) and a in (3, 4))": "a in (3, 4)",
    "event e where (a in (1, 2) and a != 1 and a != 2)": "a != 2",
    'event e where (a in ("x", "y") and a starts with "z")': 'a starts with "z"',
    'event e where (a starts with "x" and a starts with "y")': 'a starts with "y"',
    'event e where (a ends with "x" and a ends with "y")': 'a ends with "y"',
    "event e where (a is set and a is not set)": "a is not set",
    "event e where (a > 5 and a is not set)": "a is not set",
    'event e where (a > 5 and a matches "x")': 'a matches "x"',
    "event e where (a = true and a != true)": "a != true",
    "event e where (a > 5 and not a > 3)": "not a > 3",
    "event e where (a > 5 and not (a > 3 or b = 1))": "a > 3",
    "event e where (5 < a and 3 > a)": "3 > a",
    "event e where (a >= 2026-03-01 and a < 2026-03-01)": "a < 2026-03-01",
    "event e where (a > 2026-03-01T00:00Z and a < 2026-03-01T01:00+02:00)": "a < 2026-03-01T01:00+02:00",
    "event e where (a > 2026-03-05T00:00 and a < 2026-03-01T00:00)": "a < 2026-03-01T00:00",
    "event e where (a > 5 and a < 2026-03-01)": "a < 2026-03-01",
    "event e where length(a) < 0": "length(a) < 0",
    'event e where length(a) = "x"': 'length(a) = "x"',
    'event e where lower(a) = "Pro"': 'lower(a) = "Pro"',
    'event e where lower(a) contains "P"': 'lower(a) contains "P"',
    'event e where a + 1 = "2"': 'a + 1 = "2"',
    "event e and count(event a) < 0": "count(event a) < 0",
    "count(event a) > 2 and count(event a) < 3": "count(event a) < 3",
    "event e and not event e": "event e",
    'event e and not (in segment "vip") and in segment "vip"': 'in segment "vip"',
    "profile.a = 1 and event e and profile.a = 2": "profile.a = 2",
    "event e or (profile.a = 1 and profile.a = 2)": "profile.a = 2",
    "event e and not (profile.a = 1 and profile.a = 2)": "profile.a = 2",
    "event e and count(event a where (x > 1 and x < 0)) = 0": "x < 0",
    'profile.a changes from "x" to "x"': 'profile.a changes from "x" to "x"',
    "((not event a) for 25 hours) within 24 hours of first event b": "25 hours",
    "(event a not followed within 14 days by event b) within 7 days of first event a": "14 days",
    "(profile.a = 1) for 2 months between 2026-01-01 and 2026-01-31": "2 months",
    "((((profile.a = 1) for 3 days) within 1 month of first event a) within 2 days of any event b)": "3 days",
}  # fmt: skip

POSSIBLE = (
    "event e where (a > 5 and a < 7 and a != 6)",
    "event e where (a >= 5 and a <= 5)",
    "event e where (a = 1 or a = 2)",
    "event e where (a != 1 and a != 2)",
    "event e where (a != true and a != false)",
    'event e where (a = 2026-01-01 and a = "2026-01-01")',
    'event e where (a >= 2026-01-01 and a starts with "2026")',
    "event e where (a = 2026-01-01 and a = 2026-01-01T12:00Z)",
    "event e where (a > 2026-03-01T02:30 and a < 2026-03-01T02:15)",
    'event e where (a contains 1 and a contains "x")',
    'event e where (a starts with "x" and a starts with "xy")',
    "event e where (not a > 5 and not a <= 5)",
    "event e where (length(a) > 1 and a is set)",
    "event e where (a.b = 1 and a.c = 2)",
    "event e where (a = 1 and profile.a = 2)",
    'event e where lower(a) starts with "é"',
    "count(event a) > 2 and count(event b) < 3",
    "count(event a in last 1 day) > 2 and count(event a) < 3",
    "event e and not event f",
    "event e where a = 1 and event e where a = 2",
    "profile.a changes from 2026-01-01 to 2026-01-01",
    'profile.a changes from "x" to "y"',
    "((not event a) for 24 hours) within 24 hours of first event b",
    "((profile.a = 1) for 30 days) within 1 month of first event b",
    "(event a not followed within 7 days by event b) within 7 days of first event a",
)  # fmt: skip


@pytest.mark.parametrize("text", NEVER)
def test_what_can_never_be_true_is_refused(text: str) -> None:
    """The error has the code ``never-true``, points to the part that took the last possibility, and has a repair."""
    with pytest.raises(GoalTypeError) as caught:
        parse(text)
    error = caught.value
    assert error.code == "never-true"
    assert error.span is not None
    assert text[error.span.start : error.span.end] == NEVER[text]
    assert error.hint


@pytest.mark.parametrize("text", POSSIBLE)
def test_what_may_be_true_is_taken(text: str) -> None:
    """Where some value could pass, nothing is refused: only what is certain counts."""
    assert list(contradictions(parse(text).root)) == []


def test_all_contradictions_are_found_in_one_go() -> None:
    """Several contradictions are several problems of one error, in the order of the text."""
    text = "(event a where (x > 2 and x < 1)) or (profile.p = 1 and profile.p = 2) or count(event b) < 0"
    with pytest.raises(GoalTypeError) as caught:
        parse(text)
    places = [problem.span for problem in caught.value.problems]
    assert [text[place.start : place.end] for place in places if place] == [
        "x < 1",
        "profile.p = 2",
        "count(event b) < 0",
    ]


def test_two_values_of_one_property_become_a_list() -> None:
    """The commonest contradiction, `and` written for `or`, is repaired in the hint."""
    with pytest.raises(GoalTypeError) as caught:
        parse('event e where (country = "DE" and country = "AT")')
    assert caught.value.hint == 'one of them: country in ("DE", "AT")'


# ---- held against the reference's comparisons

UTC = datetime.UTC
DATA: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 0.5, 1.5, Decimal("2.5"), float("nan"), "", "u", "U", "uv", "v", "2026-01-02",
    "2026-01-03",
    "2026-01-02T12:00:00Z", datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 12, tzinfo=UTC),
    datetime.datetime(2026, 1, 3, tzinfo=UTC), [], [1], ["u"], [1, "u", None], {}, {"x": 1},
)  # fmt: skip
LITERALS = (
    ast.Number(0), ast.Number(1), ast.Number(2), ast.Number(Decimal("0.5")), ast.Text(""), ast.Text("u"), ast.Text("U"),
    ast.Text("uv"), ast.Text("2026-01-02"), ast.Boolean(True), ast.Boolean(False), ast.Date(datetime.date(2026, 1, 2)),
    ast.Date(datetime.date(2026, 1, 3)), ast.DateTime(datetime.datetime(2026, 1, 2, 12, tzinfo=UTC)),
    ast.DateTime(datetime.datetime(2026, 1, 2, 12)), ast.DateTime(datetime.datetime(2026, 1, 5)),  # noqa: DTZ001
)  # fmt: skip
P = ast.Property("event", ("p",))
SUBJECTS = (P, P, P, ast.Call("length", P), ast.Call("lower", P), ast.Arithmetic("+", P, ast.Number(1)))

literals = st.sampled_from(LITERALS)
subjects = st.sampled_from(SUBJECTS)
operators = st.sampled_from(("=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "ends with"))
comparisons: st.SearchStrategy[Any] = st.one_of(
    st.builds(ast.Compare, operators, subjects, literals),
    st.builds(ast.Compare, operators, literals, subjects),
    st.builds(ast.Membership, subjects, st.lists(literals, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(ast.Range, subjects, literals, literals),
    st.builds(ast.Presence, subjects, st.booleans()),
    st.builds(ast.Matches, subjects, st.sampled_from(("^u", "v$"))),
)
parts = st.one_of(comparisons, st.builds(ast.Not, comparisons))
either = st.builds(ast.Or, st.lists(parts, min_size=2, max_size=3).map(tuple))
conjunctions = st.builds(
    ast.And, st.lists(st.one_of(parts, either, st.builds(ast.Not, either)), min_size=2, max_size=4).map(tuple)
)


def passes(node: ast.Condition, raw: object) -> bool:
    """Whether an event whose property ``p`` is *raw* passes the filter, as the reference reads comparisons."""

    def read(part: object) -> Value:
        return MISSING if raw is None else value_of(raw, UTC)

    match node:
        case ast.And(terms):
            return all(passes(term, raw) for term in terms)
        case ast.Or(terms):
            return any(passes(term, raw) for term in terms)
        case ast.Not(term):
            return not passes(term, raw)
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            return compares(node, read, UTC)
        case _:
            raise AssertionError(node)


@settings(max_examples=500)
@given(conjunctions)
def test_nothing_passes_what_is_refused(node: ast.Condition) -> None:
    """Whatever the value is, it does not pass a conjunction that was found to be contradictory."""
    if never_true(node):
        assert not any(passes(node, raw) for raw in DATA)


@settings(max_examples=500)
@given(st.one_of(comparisons, either))
def test_everything_passes_what_is_always_true(node: ast.Condition) -> None:
    """Whatever the value is, it passes a comparison or an ``or`` that was found to be always true."""
    if always_true(node):
        assert all(passes(node, raw) for raw in DATA)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("count(event a) >= 0", True),
        ("count(event a) > 0", False),
        ("event a or not event a", True),
        ("profile.a = 1 or profile.a != 1", True),
        ("profile.a > 1 or profile.a <= 1", False),
        ("profile.a is set or profile.a is not set", True),
        ("event a", False),
    ],
)
def test_what_is_always_true(text: str, expected: bool) -> None:
    """Two-valued logic decides: a missing value passes neither of two orderings."""
    assert always_true(parse(text).root) is expected


@settings(max_examples=300)
@given(conjunctions, st.booleans())
def test_a_normal_form_means_the_same(node: ast.Condition, negate: bool) -> None:
    """Rewriting a filter to its normal form changes no answer, and a normal form is its own."""
    root = ast.Not(node) if negate else node
    whole = normal_form(ast.EventOccurrence("e", root))
    assert isinstance(whole, ast.EventOccurrence)
    assert whole.where is not None
    for normal in (normal_form(root), whole.where):
        assert [passes(normal, raw) for raw in DATA] == [passes(root, raw) for raw in DATA]
    assert normal_form(normal_form(root)) == normal_form(root)
    assert normal_form(whole) == whole


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("event a and event b", "event b and event a"),
        ("event a or (event b or event a)", "event b or event a"),
        ("event a where (x = 1 and y = 2)", "event a where (y = 2 and x = 1)"),
        ("event a where 5 < x", "event a where x > 5"),
        ("event a where x in (1)", "event a where x = 1"),
        ("event a where x in (2, 1, 2)", "event a where x in (1, 2)"),
        ("event a where (not x = 1)", "event a where x != 1"),
        ("event a where (not (x = 1 or y = 2))", "event a where (x != 1 and y != 2)"),
        ("event a where (not not x = 1)", "event a where x = 1"),
        ("event a where x between 1 and 2", "event a where (x <= 2 and x >= 1)"),
        ("event a where (x = 1 or x = 2)", "event a where x in (2, 1)"),
        ("event a where (x != 1 and x not in (2, 3))", "event a where not x in (3, 2, 1)"),
        ("event a where (y = 1 or (z = 2 and (x = 1 or 2 = x)))", "event a where (y = 1 or (x in (1, 2) and z = 2))"),
        ("event a in last 7 days", "event a in last 1 week"),
        ("event a between 2026-01-01T00:00Z and 2027-01-01", "event a between 2026-01-01T01:00+01:00 and 2027-01-01"),
    ],
)
def test_two_ways_to_say_one_thing(one: str, other: str) -> None:
    """Order, sides, lists of one, De Morgan and units make no difference."""
    assert normal_form(parse(one).root) == normal_form(parse(other).root)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("not not event a and event b", "event a and event b"),
        ("event e and count(event a) != 3", "event e and not count(event a) = 3"),
        ("event a in last 30 days", "event a in last 1 month"),
        ("event a where x > 1", "event a where (not x <= 1)"),
        ("profile.x = 1 or profile.x = 2", "profile.x in (1, 2)"),
    ],
)
def test_what_fires_otherwise_stays_apart(one: str, other: str) -> None:
    """What holds alike but fires otherwise, or only nearly alike, is not called the same."""
    assert normal_form(parse(one).root) != normal_form(parse(other).root)


def test_states_alone_are_pure() -> None:
    """Occurrences and aggregates fire with something; only of states it does not matter what made them so."""
    assert is_pure(parse("profile.a = 1 and not in segment x").root)
    assert not is_pure(parse("count(event a) = 1").root)
    assert not is_pure(parse("event a and profile.b = 1").root)
