"""The page on explanations: its code runs from the top, and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from convgoals.explain.model import MissKind

PAGE = (Path(__file__).parents[2] / "docs/explain.md").read_text(encoding="utf-8")


def test_the_page_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """Every assertion is true, and each text is what the block before it printed."""
    scope: dict[str, object] = {"__name__": "__main__"}
    shown = 0
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL):
        if language == "python":
            exec(compile(block, "docs/explain.md", "exec"), scope)  # noqa: S102  our own page
        else:
            assert capsys.readouterr().out == block
            shown += 1
    assert shown == 3


def test_every_kind_of_miss_has_its_row() -> None:
    """The table has each kind, and no other."""
    rows = re.findall(r"^\| `([a-z ]+)` \|", PAGE, flags=re.MULTILINE)
    assert rows == list(get_args(MissKind))
