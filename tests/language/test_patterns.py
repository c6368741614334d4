"""Patterns of `matches`: those that some text could make slow are refused, the others are what people write."""

from __future__ import annotations

import itertools
import re
import sys
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backtracking_steps import compile_steps
from convgoals.errors import GoalSyntaxError
from convgoals.language.condition import parse
from convgoals.language.patterns import MAX_PATTERN, _core, compile_pattern, why_unsafe

SAFE = (
    r"^https?://", r"checkout", r"utm_source=\w+", r"\.(com|net)$", r"^[A-Z]{2}\d+$", r"order-\d+", r"(?i)sale",
    r"^/products/[^/]+/reviews$", r"@gmail\.com$", r"^.*checkout", r".*checkout.*", r"(?i).*sale", r"",
    r"^\d{1,2}/\d{1,2}/\d{4}$", r"\d{1,2}/\d{1,2}/\d{4}", r"(?i)iphone|ipad|android|windows phone", r"\w{1,64}@",
    r"^[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}$", r"^v\d+(\.\d+)*$", r"^\w+$", r"\bpurchase\b", r"\b\d+\b", r"a.{20}b",
    r"^[^@\s]+@\S+$", r"^\+?\d{7,15}$", r"[?&]utm_campaign=[^&]*", r"[?&]utm_campaign=spring(&|$)", r"^spring-.*-2026$",

    r"^(?:[a-z]+-)+\d+$", r"^[\u0430-\u044f]+\d$", r"(?i)^\u00e9t\u00e9+",
    r"^\u0661\u3000\u20ac+$", r"^a++b", r"\$\d+(?:\.\d\d)?", r"^$", r"a*", r"[\w-]+", r"colou?r", r"^.*[^\d].*",
)  # fmt: skip

SLOW = (
    r"(a+)+$", r"(a|a)*b", r"\d+\d+x", r"(a?){20}a{20}", r"^.*.*=.*$", r"\s+$", r"\d+x", r"foo.*bar",
    r"(?:\d+x|\d)*", r"1-((a+)+$)?", r"^(\w+\s?)*$", r"^(a|aa)+$",
    r"\w+@\w+", r"x*y", r"^.*a.*b.*c$", r"(x+x+)+y",
    r"^(\d+)*$", r"[a-z]{1,64}[a-z]{1,64}@", r"(?i)k+K", r"^\S+@\S+$", r".*.*=.*", r"(?m)^\s+$", r"[\u0430-\u044f]+$",
    r"(?i)\u017f+s", r"(?:(?:a+)b?)+c",
)  # fmt: skip

REFERRING = (r"(a)\1", r"(?P<x>a)(?P=x)", r"(?=a)b", r"(?!a)b", r"(?<=a)b", r"(?<!a)b", r"(a)?(?(1)b|c)")

WORDS = ["".join(letters) for size in (1, 2) for letters in itertools.product("a1 -", repeat=size)] + ["aab", "a1-"]
TAILS = ("", "!", "b", "\n", "x\n!")


@pytest.fixture(autouse=True)
def _no_re2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge as where the extra `re2` is not installed; the tests that are about it undo this."""
    monkeypatch.setitem(sys.modules, "re2", None)
    why_unsafe.cache_clear()
    compile_pattern.cache_clear()


def growth(pattern: str, texts: list[tuple[str, str]]) -> float:
    """The largest factor by which the steps of a search grow when a text grows to its double."""
    worst = 0.0
    for short, long in texts:
        program = compile_steps(pattern)
        program.search(short)
        before, program.steps = program.steps, 0
        program.search(long)
        worst = max(worst, program.steps / before)
    return worst


def doubling(size: int = 90) -> list[tuple[str, str]]:
    return [
        (word * (size // len(word)) + tail, word * (2 * size // len(word)) + tail) for word in WORDS for tail in TAILS
    ]


@pytest.mark.parametrize("pattern", SAFE)
def test_what_people_write_is_accepted(pattern: str) -> None:
    """Patterns of everyday use pass, without the extra."""
    assert why_unsafe(pattern) is None


@pytest.mark.parametrize("pattern", [*SLOW, *REFERRING, r"(a*)*", r"(.*)*", r"(?i)[\x00-\uffff]"])
def test_what_could_be_slow_is_refused(pattern: str) -> None:
    """A pattern that some text makes slow, or that cannot be told, is refused with a repair."""
    refusal = why_unsafe(pattern)
    assert refusal is not None
    assert refusal.code == "regex-unsafe"
    assert "convgoals[re2]" in refusal.hint


@pytest.mark.parametrize("pattern", [r"\s+$", r"\d+\d+x", r"x*y", r"(?:\d+x|\d)*", r"^.*a.*b.*c$"])
def test_the_step_counter_sees_quadratic_patterns(pattern: str) -> None:
    """The counter that judges the analyser does tell slow patterns from linear ones."""
    assert (
        growth(pattern, [(letter * 90 + "!", letter * 180 + "!") for letter in "a1 x"] + [("ab" * 45, "ab" * 90)]) > 3
    )


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"^(a|aa)+$", r"(a|a)*b", r"(x+x+)+y"])
def test_the_step_counter_sees_exponential_patterns(pattern: str) -> None:
    """… and those that multiply with each character from those that do not."""
    assert growth(pattern, [(letter * 9 + "!", letter * 13 + "!") for letter in "ax"]) > 4


quantifiers = st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "*?", "+?", "??", "*+", "++", "{2,}"])
atoms = st.sampled_from(["a", "b", "1", "-", " ", "[ab]", "[^a]", r"\d", r"\w", r"\s", r"\S", ".", "[a1-]", "(?:ab)"])
edges = st.sampled_from(["", "", "", "^", r"\b", r"\A"])
ends = st.sampled_from(["", "", "$", r"\b", "b", "!"])
pieces = st.recursive(
    st.builds("{}{}".format, atoms, quantifiers),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.builds("(?:{}){}".format, inner, quantifiers),
        st.builds("(?:{}|{}){}".format, inner, inner, quantifiers),
        st.builds("(?>{})".format, inner),
    ),
    max_leaves=5,
)
patterns = st.builds("{}{}{}".format, edges, pieces, ends)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(patterns)
def test_an_accepted_pattern_takes_linear_steps(pattern: str) -> None:
    """Whatever pattern is accepted, backtracking steps grow no faster than the text, on texts made to be bad."""
    if why_unsafe(pattern) is None:
        assert growth(_core(pattern), doubling()) < 3


@settings(max_examples=200, deadline=None)
@given(patterns, st.text("ab1- \n", max_size=12))
def test_the_step_counter_matches_as_re_does(pattern: str, text: str) -> None:
    """The counter is a matcher: where a pattern is accepted, it finds what `re` finds."""
    if why_unsafe(pattern) is None:
        assert compile_steps(pattern).search(text) == (re.search(pattern, text) is not None)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(patterns, st.text(max_size=20), st.text(r"a1.*+?{2,}()[]^$|\-&~:<=!Pd#", max_size=16)),
    st.text(max_size=9),
)
def test_any_text_is_judged_and_what_is_accepted_runs(pattern: str, text: str) -> None:
    """Each pattern gets a refusal or a search that finds what `re` finds; nothing raises, nothing warns."""
    if why_unsafe(pattern) is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = compile_pattern(pattern)(text) is not None
            assert found == (re.search(pattern, text) is not None)
    else:
        with pytest.raises(ValueError):
            compile_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        ("(", "no regular expression"),
        ("[[a]", "later versions of Python"),
        ("[a--b]", "later versions of Python"),
        ("a{2,1}", "no regular expression"),
        ("*a", "no regular expression"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, part: str) -> None:
    """Text that `re` cannot read, or would warn about, is refused as invalid."""
    refusal = why_unsafe(pattern)
    assert refusal is not None
    assert (refusal.code, part in refusal.message) == ("regex-invalid", True)


def test_sizes_are_bounded() -> None:
    """A pattern has a largest length and depth, and counted repetitions a largest extent."""
    for pattern in ("a" * (MAX_PATTERN + 1), "(" * 30 + "a" + ")" * 30, "(?:a{500}b{500}){9}"):
        refusal = why_unsafe(pattern)
        assert refusal is not None
        assert refusal.code == "regex-unsafe"
    assert why_unsafe("a" * MAX_PATTERN) is None


def test_a_goal_with_a_slow_pattern_is_refused_in_its_place() -> None:
    """The error of a goal points at the comparison, with the pattern's code and repair."""
    with pytest.raises(GoalSyntaxError) as caught:
        parse(r'event a where url matches "(a+)+$"')
    error = caught.value
    assert error.code == "regex-unsafe"
    assert error.span is not None
    assert error.text[error.span.start : error.span.end] == r'url matches "(a+)+$"'


def test_the_extra_runs_what_python_cannot_run_safely(monkeypatch: pytest.MonkeyPatch) -> None:
    """With RE2 a slow pattern is accepted and found in linear time; what RE2 does not know stays refused."""
    monkeypatch.delitem(sys.modules, "re2")
    pytest.importorskip("re2")
    why_unsafe.cache_clear()
    assert why_unsafe(r"(a+)+$") is None
    search = compile_pattern(r"(a+)+$")
    assert search("b" * 100 + "a" * 100_000) is not None
    assert search("a" * 100_000 + "!") is None
    assert search("\ud800") is None
    for pattern in REFERRING:
        assert why_unsafe(pattern) is not None
