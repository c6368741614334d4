"""Colours for paper and screens: told apart by those who see few colours, and on light and dark grounds.

The hues are those of Okabe and Ito's palette. Marks have a contrast of 3 : 1 or more to the ground, words 4.5 : 1
or more; the tests compute it.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from convgoals.charts.pictures import Tone
from convgoals.errors import QuestionError
from convgoals.suggest import did_you_mean


@attrs.frozen
class Theme:
    """The colours of a chart, as CSS has them.

    Attributes:
        ground: behind everything; ``None`` leaves what is there.
        ink: words.
        soft: words that stand back.
        line: axes and grids.
        main, strong, muted: marks, by tone.
        whisker: intervals, on marks and on the ground.
    """

    ground: str | None
    ink: str
    soft: str
    line: str
    main: str
    strong: str
    muted: str
    whisker: str

    def tone(self, tone: Tone) -> str:
        """The colour of marks of that *tone*."""
        return {"main": self.main, "strong": self.strong, "muted": self.muted}[tone]


LIGHT = Theme(
    ground="#ffffff",
    ink="#1b1f24",
    soft="#57606a",
    line="#d8dee4",
    main="#0072b2",
    strong="#c14a00",
    muted="#7f8a96",
    whisker="#1b1f24",
)
DARK = Theme(
    ground="#14181d",
    ink="#e8ebee",
    soft="#a3adb8",
    line="#39414b",
    main="#3d9bd6",
    strong="#f0883e",
    muted="#78838f",
    whisker="#f4f6f8",
)
PAGE = Theme(
    ground=None,
    ink="var(--ink)",
    soft="var(--soft)",
    line="var(--line)",
    main="var(--main)",
    strong="var(--strong)",
    muted="var(--muted)",
    whisker="var(--whisker)",
)
"""For an SVG inside a page that sets these CSS variables, so that the page's light and dark modes reach into it."""

THEMES: Mapping[str, Theme] = {"light": LIGHT, "dark": DARK, "page": PAGE}


def find_theme(theme: Theme | str) -> Theme:
    """The theme of that name, or *theme* itself. Raises `QuestionError` (code ``theme``)."""
    if isinstance(theme, Theme):
        return theme
    if isinstance(theme, str) and theme in THEMES:
        return THEMES[theme]
    raise QuestionError(
        f"there is no theme {theme!r:.60}",
        code="theme",
        hint=did_you_mean(str(theme), THEMES) or f"one of {', '.join(THEMES)}, or a Theme",
    )
