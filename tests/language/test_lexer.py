"""The Pygments lexer: it knows the language's words, loses no character, and is found by its name."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygments.token import Comment, Error, Keyword, Literal, Name, Number, Operator, Punctuation, String, Token

from convgoals.errors import MissingExtraError
from convgoals.language import ast
from convgoals.language.format import format_node
from convgoals.language.lexer import GoalLexer
from convgoals.testing.strategies import conditions


def tokens(text: str) -> list[tuple[object, str]]:
    """The tokens of *text* that are not white space."""
    return [(kind, word) for kind, word in GoalLexer(stripnl=False, ensurenl=False).get_tokens(text) if word.strip()]


def test_a_goal_is_coloured() -> None:
    """Keywords, names, operators, literals and spans each have their colour."""
    text = 'event purchase where (order_value >= 0.5 and currency in ("USD")) within 7 days of first event "Page Visit"'
    assert tokens(text) == [
        (Keyword, "event"),
        (Name.Class, "purchase"),
        (Keyword, "where"),
        (Punctuation, "("),
        (Name.Attribute, "order_value"),
        (Operator, ">="),
        (Number, "0.5"),
        (Operator.Word, "and"),
        (Name.Attribute, "currency"),
        (Operator.Word, "in"),
        (Punctuation, "("),
        (String, '"USD"'),
        (Punctuation, ")"),
        (Punctuation, ")"),
        (Keyword, "within"),
        (Number.Integer, "7"),
        (Keyword.Type, "days"),
        (Keyword, "of"),
        (Keyword, "first"),
        (Keyword, "event"),
        (Name.Class, '"Page Visit"'),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("event a between 2026-01-31 and 2026-02-01T12:00:00.5+02:00", Literal.Date, "2026-02-01T12:00:00.5+02:00"),
        ("event a in last P1DT12H", Literal.Date, "P1DT12H"),
        ("event a in last 36h", Keyword.Type, "h"),
        ("event a # why", Comment.Single, "# why"),
        ("profile.plan = 1", Name.Builtin, "profile"),
        ("profile.last = 1", Name.Attribute, "last"),
        ("event first", Name.Class, "first"),
        ("campaign within received", Name.Class, "within"),
        ("count(event a) > 1", Name.Function, "count"),
        ("event a where count > 1", Name.Attribute, "count"),
        ("event a where gift = TRUE", Keyword.Constant, "TRUE"),
        ("event a AND event b", Operator.Word, "AND"),
        ("event a && event b", Operator, "&&"),
        ("event a where x = “y”", String, "“y”"),
    ],
)
def test_each_kind_of_word_has_its_colour(text: str, kind: object, word: str) -> None:
    """Names stay names where the grammar takes them so, whatever they are."""
    assert (kind, word) in tokens(text)


def test_every_word_of_the_grammar_is_known() -> None:
    """Each keyword of ``goal.lark`` is coloured as one: a word added there must be added here."""
    grammar = resources.files("convgoals.language").joinpath("goal.lark").read_text(encoding="utf-8")
    found = re.findall(r"^[A-Z_]+\.3: /(?:\(\?:the\\s\+\)\?)?\(?([a-z|]+)(?:\\b|\[|\\s|\))", grammar, re.MULTILINE)
    keywords = {word for group in found for word in group.split("|")} - {"years"}
    assert len(keywords) > 30
    for keyword in keywords:
        ((kind, _), *_) = tokens(f"{keyword} x")
        assert kind in Keyword or kind in Operator, keyword


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(conditions())
def test_canonical_text_has_no_unknown_character(root: ast.Condition) -> None:
    """Of any condition's canonical text every character belongs to a token of a known kind."""
    text = format_node(root)
    found = list(GoalLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(word for _, word in found) == text
    assert all(kind not in Error and kind is not Token.Text for kind, _ in found)


@settings(max_examples=300)
@given(st.text())
def test_no_character_is_lost(text: str) -> None:
    """Whatever the text, what is coloured is that text."""
    found = GoalLexer(stripnl=False, ensurenl=False).get_tokens_unprocessed(text)
    assert "".join(word for _, _, word in found) == text


def test_the_entry_point_leads_to_it() -> None:
    """Pygments finds the lexer through the package's entry point."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, name = project["project"]["entry-points"]["pygments.lexers"]["convgoals"].partition(":")
    assert getattr(importlib.import_module(module), name) is GoalLexer
    assert "goal" in GoalLexer.aliases


def test_without_pygments_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing the lexer without Pygments says what to install."""
    for module in [name for name in sys.modules if name.partition(".")[0] == "pygments"]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "pygments", None)
    monkeypatch.delitem(sys.modules, "convgoals.language.lexer")
    with pytest.raises(MissingExtraError, match=r"extra 'pygments'") as caught:
        importlib.import_module("convgoals.language.lexer")
    assert caught.value.hint == "pip install 'convgoals[pygments]'"
