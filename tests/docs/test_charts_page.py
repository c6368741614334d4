"""The page on charts does what it says: its Python runs from top to bottom, and its table names every picture."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from convgoals import Event, Goal, GoalEngine

PAGE = Path(__file__).parents[2] / "docs" / "charts.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_its_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks share their names, what they assert holds, and the files that they write are there."""
    pytest.importorskip("altair")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for code in re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL):
        exec(compile(code, PAGE.name, "exec"), names)  # noqa: S102  our own page
    assert {path.name for path in tmp_path.iterdir()} == {"trend.svg", "report.html"}
    assert "<script>" not in str(names["spec"])


def test_its_table_has_every_picture() -> None:
    """The table names the pictures of each result, and no other."""
    rows = re.findall(r"^\| `(report|compare|funnel|campaigns|attribution)` \| (.*) \|$", TEXT, flags=re.MULTILINE)
    named = {result: set(re.findall(r"`(\w+)`", cell)) for result, cell in rows}
    with GoalEngine([Goal("a", "event a within 1 day of first event a", value=1), Goal("b", "event b")]) as engine:
        engine.process([Event("a", "x", "2026-01-02T00:00:00Z")])
        found = {
            "report": engine.report("a", breakdown="channel", baseline=("2026-01-01", "2026-01-01"), outcomes=True),
            "compare": engine.compare(["a", "b"]),
            "funnel": engine.funnel(["a", "b"], breakdown="channel"),
            "campaigns": engine.campaigns("a"),
            "attribution": engine.attribution("a"),
        }
        assert named == {result: set(value.pictures()) for result, value in found.items()}


def test_links_lead_somewhere() -> None:
    """Every link leads to a file."""
    for target in re.findall(r"\]\(([^)#]+)", TEXT):
        assert (PAGE.parent / target).exists(), target
