"""Values that logs must hold to try a goal: texts for patterns, and what fits several comparisons at once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from convgoals import parse
from convgoals.language import ast
from convgoals.testing.fitting import fitting
from convgoals.testing.matching import MOST, texts_for


@pytest.mark.parametrize(
    "pattern",
    [
        "^ab+c$", "a|b|c", "^(https?)://[a-z]+\\.example\\.com/\\d{3}", "[^abc]x", "[^x-z]", "\\w+@\\w+", "^$",
        ".{2,5}z", "(?i)shoes", "\\s\\S\\D", "[\\d]", "[^\\w]", "(a(b(c)?)?)+", "x*?y", "^[^\\s]+$",
        "\\W", "(?>ab)c", "a++b",
    ],
)  # fmt: skip
def test_a_pattern_gets_texts_that_match(pattern: str) -> None:
    """The first text matches; others nearly do, and one that does not is among them where there is any."""
    texts = list(texts_for(pattern))
    assert re.search(pattern, texts[0])
    assert all(len(text) <= MOST + 1 for text in texts)


@pytest.mark.parametrize("pattern", ["(", "(?=b)a", "\\z", "a{2}{3}{"])
def test_a_pattern_that_is_not_understood(pattern: str) -> None:
    """What cannot be read, or met, gets no text that is said to match."""
    for text in texts_for(pattern):
        assert re.search(pattern, text)


def values_of(where: str) -> dict[str, list[Any]]:
    return {".".join(subject.path): values for subject, values in fitting(parse(f"event a where ({where})").root)}


def test_one_text_for_several_comparisons() -> None:
    """A text that begins, holds and ends as asked comes first; then some that do so in part."""
    found = values_of('url starts with "https" and url contains "shop" and url ends with ".pdf"')["url"]
    assert found[:4] == ["httpsshop.pdf", "https-.pdf", "xhttps.pdf", "https.pdfx"]


def test_lists_and_texts_of_a_length() -> None:
    """A list of the length that is asked for, with its members; one longer and one shorter; and texts."""
    found = values_of('length(tags) >= 2 and tags contains "vip"')["tags"]
    assert found[:2] == [["vip", "other 1"], "vi"]
    assert [len(value) for value in found] == [2, 2, 3, 3, 1, 1]
    assert values_of("length(name) between 1 and 1000")["name"][0] == ["other 1"]
    assert values_of("tags contains 3")["tags"] == [[3]]


def test_comparisons_that_their_own_literals_meet() -> None:
    """What a literal meets by itself needs nothing more."""
    assert values_of("x > 5 and y = 1 and z in (1, 2) and u is set and profile.plan = x") == {}
    assert list(fitting(ast.EventOccurrence("a", None))) == []
