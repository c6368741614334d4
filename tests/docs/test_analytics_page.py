"""The page on analytics does what it says: its Python runs from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "analytics.md"


def test_its_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    """The blocks share their names, and what they assert holds."""
    for needed in ("pandas", "pyarrow"):
        pytest.importorskip(needed)
    names: dict[str, object] = {"__name__": "__main__"}
    text = PAGE.read_text(encoding="utf-8")
    for code in re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        exec(compile(code, PAGE.name, "exec"), names)  # noqa: S102  our own page
    assert "visit" in capsys.readouterr().out


def test_every_code_is_on_the_page() -> None:
    """The table has each code that a question can be refused with, and no other."""
    sources = Path(__file__).parents[2] / "src" / "convgoals"
    if not sources.is_dir():
        pytest.skip("the sources of the package are not here")
    raised: set[str] = set()
    for room in ("analytics", "charts", "pages"):
        for path in (sources / room).rglob("*.py"):
            raised |= set(re.findall(r'code="([a-z-]+)"', path.read_text(encoding="utf-8")))
    section = PAGE.read_text(encoding="utf-8").partition("## What cannot be answered")[2]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, flags=re.MULTILINE)) == raised - {"store-inconsistent"}
