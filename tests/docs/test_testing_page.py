"""The page on testing: its code runs from the top, its file passes, and what it shows is what is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from convgoals.cli import main
from convgoals.testing import assert_converts, load_examples, timeline

PAGE = (Path(__file__).parents[2] / "docs/testing.md").read_text(encoding="utf-8")


def test_the_page_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of code is true, one after the other."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 3
    scope: dict[str, object] = {"__name__": "__main__"}
    for block in blocks:
        exec(compile(block, "docs/testing.md", "exec"), scope)  # noqa: S102  our own page


def test_the_file_of_the_page_passes(tmp_path: Path) -> None:
    """The examples in the page's goals.toml come out as they say, and what is shown of a failure is what is said."""
    found = re.search(r"^```toml goals.toml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert found is not None
    file = tmp_path / "goals.toml"
    file.write_text(found[1], encoding="utf-8")
    assert main(["test", str(file)]) == 0
    goal = load_examples(file)[0].goal
    late = timeline().event("page_visit").after("3 days").event("purchase_completed", order_value=50)
    with pytest.raises(AssertionError) as caught:
        assert_converts(goal, late.after("5d").event("purchase_completed", order_value=80))
    assert f"```text\n{caught.value}\n```" in PAGE
