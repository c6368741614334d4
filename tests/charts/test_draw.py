"""Charts of any picture, drawn offline; skipped where the extra ``charts`` is not installed."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convgoals.charts import Bar, Bars, Column, Columns, Curve, Panels, Picture, Point, draw, save, to_png, to_svg
from convgoals.errors import MissingExtraError, QuestionError

HOSTILE = ['<script>alert("1")</script>', "' + alert(1) + '", "שלום עולם", "日本語" * 20, "W" * 90, "", "a\nb\u202ec"]

BARS = Bars(
    "Email converts best",
    "by channel",
    tuple(Bar(label, 0.5 / (place + 1), "5 · 50.0 %", (0.01, 0.6)) for place, label in enumerate(HOSTILE)),
    "rate",
)
COLUMNS = Columns(
    "Twelve months",
    "by month",
    tuple(Column(f"2026-{month:02}", month * 1000.0, f"{month},000", "muted") for month in range(1, 13)),
    "completions",
)
CURVE = Curve(
    "Half convert within 3 d",
    "time to convert",
    (Point(0, 0, 0, 0), Point(3.0, 0.5, 0.4, 0.6)),
    ((0.0, "0"), (3.0, "'3' d")),
    "converted",
    "since entry",
    ((3.0, 0.5, "median"),),
)
PICTURES: dict[str, Picture] = {
    "bars": BARS,
    "no bars": Bars("Nothing", "all time", (), "rate"),
    "zeros": Bars("Nothing", "all time", (Bar("email", 0.0, "0"),), "completions", "count"),
    "huge": Bars("Much", "all time", (Bar("a", 1e300, "1e300"), Bar("b", 1.0, "1")), "value", "amount"),
    "series": Bars("Models", "all", tuple(Bar("c", 1.0, "1", series=name) for name in ("first", "last")), "", "count"),
    "columns": COLUMNS,
    "no columns": Columns("Nothing", "by day", (), "completions"),
    "zero columns": Columns("Nothing", "by day", (Column("a", 0.0, "0"),), "completions"),
    "400 columns": Columns("Days", "", tuple(Column(str(n), n % 30, str(n)) for n in range(400)), "completions"),
    "rates": Columns(
        "Rates", "", (Column("a", 0.2, "20 %", interval=(0.1, 0.3)), Column("b", 0.0, "0 %")), "", "share"
    ),
    "panels": Panels("Two goals", "by month", (COLUMNS, COLUMNS)),
    "curve": CURVE,
    "no curve": Curve("Nobody", "time to convert", (), ((0.0, "0"),), "converted", "since entry"),
}


def words(svg: str) -> list[str]:
    """The texts of an SVG, which must be well-formed and hold no script."""
    tree = ElementTree.fromstring(svg)  # noqa: S314  what we have drawn ourselves
    names = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert names <= {"svg", "rect", "g", "path", "text", "line", "tspan", "defs", "clipPath", "title"}
    return ["".join(element.itertext()) for element in tree.iter() if element.tag.endswith("}text")]


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("theme", ["light", "dark", "page"])
def test_every_picture_is_drawn(name: str, theme: str) -> None:
    """Every picture is drawn in every theme, with its title and what is written beside its marks."""
    pytest.importorskip("altair")
    picture = PICTURES[name]
    drawn = " ".join(words(to_svg(draw(picture, theme=theme))))
    assert picture.title in drawn
    if isinstance(picture, Bars):
        assert all(bar.text in drawn for bar in picture.bars)


def test_hostile_labels_are_texts() -> None:
    """Whatever a label holds is written as it is, on one line or cut, and runs nowhere."""
    pytest.importorskip("altair")
    drawn = words(to_svg(draw(BARS, width=900)))
    assert '<script>alert("1")</script>' in drawn
    assert any(text.startswith("日本語日本語") for text in drawn)
    assert "a\\nb\\u202ec" in drawn


def test_bars_begin_at_zero() -> None:
    """The scale of every bar and column begins at zero, and no interval lies beyond its end."""
    pytest.importorskip("altair")
    for picture in (BARS, PICTURES["huge"], COLUMNS):
        spec = draw(picture).to_dict()
        found = [scale["domain"] for scale in _scales(spec) if "domain" in scale]
        assert found
        assert all(low == 0 for low, _ in found)


def _scales(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        own = [value for key, value in node.items() if key == "scale" and isinstance(value, dict)]
        return own + [scale for value in node.values() for scale in _scales(value)]
    if isinstance(node, list):
        return [scale for value in node for scale in _scales(value)]
    return []


def test_a_specification_stands_by_itself() -> None:
    """The Vega-Lite specification is plain JSON with its data inside, and draws the same picture as the chart."""
    pytest.importorskip("altair")
    spec = json.loads(json.dumps(draw(BARS).to_dict(), allow_nan=False))
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert "url" not in json.dumps(spec)
    assert words(to_svg(spec)) == words(to_svg(draw(BARS)))


def test_files(tmp_path: Path) -> None:
    """The end of a file's name says as what a chart is written."""
    pytest.importorskip("altair")
    chart = draw(COLUMNS, width=300)
    assert save(chart, tmp_path / "a.PNG").read_bytes().startswith(b"\x89PNG")
    assert save(chart, str(tmp_path / "a.svg")).read_text(encoding="utf-8").startswith("<svg")
    assert json.loads(save(chart, tmp_path / "a.json").read_text(encoding="utf-8")) == chart.to_dict()
    assert len(to_png(chart, scale=1)) < len(to_png(chart, scale=3))


def test_files_of_no_kind(tmp_path: Path) -> None:
    """Another end is told, and nothing is written."""
    with pytest.raises(QuestionError, match=r"a\.jpg") as caught:
        save({}, tmp_path / "a.jpg")
    assert caught.value.code == "chart-format"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", [0, -5, 239, 3.5, True, "wide"])
def test_widths(width: Any) -> None:
    """A chart has a width that can be drawn on."""
    with pytest.raises(QuestionError) as caught:
        draw(BARS, width=width)
    assert caught.value.code == "width"


@pytest.mark.parametrize("module", ["altair", "vl_convert"])
def test_without_the_extra(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, its name and how it is installed are told."""
    pytest.importorskip("altair")
    chart = draw(BARS).to_dict()
    monkeypatch.setitem(sys.modules, module, None)
    for name in [name for name in sys.modules if name.startswith("convgoals.charts.altair_")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtraError, match=r"pip install 'convgoals\[charts\]'"):
        draw(BARS) if module == "altair" else to_svg(chart)


@settings(max_examples=200)
@given(st.floats(1e-6, 1e12), st.sampled_from(["share", "count", "amount"]), st.integers(2, 8))
def test_round_values(top: float, unit: Any, most: int) -> None:
    """Ticks begin at zero, are evenly spaced, no more than asked for, and within the scale; counts are whole."""
    values = pytest.importorskip("convgoals.charts.altair_frame", exc_type=ImportError).round_values(top, unit, most)
    assert values[0] == 0
    assert len(values) <= most + 1
    assert values[-1] <= (min(top, 1.0) if unit == "share" else top) * (1 + 1e-6)
    steps = [b - a for a, b in itertools.pairwise(values)]
    assert all(abs(step - steps[0]) < 1e-6 * top for step in steps)
    if unit == "count":
        assert all(value == int(value) for value in values)
