"""The page on the engine: its code runs from the top, as one story."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_page_on_the_engine_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every assertion of the page is true, one block after the other."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/engine.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) > 5
    scope: dict[str, object] = {"__name__": "__main__"}
    for block in blocks:
        exec(compile(block, "docs/engine.md", "exec"), scope)  # noqa: S102  our own page


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs").glob("*.md")))
def test_every_page_is_found_from_the_index(page: str) -> None:
    """The index names every page, so that none is lost."""
    assert page == "index.md" or f"({page})" in (ROOT / "docs/index.md").read_text(encoding="utf-8")
