"""Lines that fit, whatever is written in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convgoals.texts import clean, cut, text_width, wrap


@given(st.text(max_size=80), st.integers(2, 30))
def test_lines_fit(text: str, width: int) -> None:
    """No line is wider than asked for, and together they say the whole text, but for spaces."""
    lines = wrap(text, width)
    assert all(text_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")


@given(st.text(max_size=80), st.integers(3, 30), st.integers(1, 3))
def test_so_many_lines_at_the_most(text: str, width: int, most: int) -> None:
    """With a limit there are no more lines, and one that was cut ends in an ellipsis."""
    lines = wrap(text, width, most)
    assert len(lines) <= most
    assert all(text_width(line) <= width for line in lines)
    assert lines == wrap(text, width) or lines[-1].endswith("…")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one two three", ["one two", "three"]),
        ("abcdefghijkl", ["abcdefgh", "ijkl"]),
        ("日本語日本語", ["日本語日", "本語"]),
        ("rate 12\N{NO-BREAK SPACE}% up", ["rate", "12\N{NO-BREAK SPACE}% up"]),
    ],
)
def test_where_lines_break(text: str, lines: list[str]) -> None:
    """Lines break at spaces; words that are too long break anywhere; wide characters take two columns."""
    assert wrap(text, 8) == lines


def test_cut() -> None:
    """What does not fit ends in an ellipsis."""
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcde…"
