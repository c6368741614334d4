"""Colours that can be told from their ground."""

from __future__ import annotations

import pytest

from convgoals.charts import DARK, LIGHT, PAGE, THEMES, Theme
from convgoals.charts.theme import find_theme
from convgoals.errors import QuestionError


def luminance(colour: str) -> float:
    """The relative luminance that WCAG 2 defines."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(theme: Theme) -> None:
    """Words have a contrast of 4.5 : 1 to the ground, marks of 3 : 1, and intervals show on their bars."""
    assert theme.ground is not None
    for words in (theme.ink, theme.soft):
        assert contrast(words, theme.ground) >= 4.5
    for mark in (theme.main, theme.strong, theme.muted):
        assert contrast(mark, theme.ground) >= 3
    assert contrast(theme.whisker, theme.main) >= 2.5


def test_names() -> None:
    """A theme is found by its name, and one of one's own is taken as it is."""
    assert find_theme("dark") is THEMES["dark"] is DARK
    assert find_theme(PAGE) is PAGE


def test_unknown() -> None:
    """Another name is told, with what was meant."""
    with pytest.raises(QuestionError, match="did you mean `dark`") as caught:
        find_theme("drak")
    assert caught.value.code == "theme"
