"""Bars as Altair charts: labels at their left, figures at their right, intervals across their ends."""

from __future__ import annotations

from typing import Any

import altair as alt
import attrs

from convgoals.charts.altair_frame import LETTER, SIZE, data, framed, round_values, unit_axis
from convgoals.charts.pictures import Bar, Bars
from convgoals.charts.theme import Theme
from convgoals.texts import text_width, wrap

ROW = 30
LINE = 15
GAP = 18


@attrs.frozen
class _Panel:
    """Where bars are drawn: the scale that all panels share, and the room that each has."""

    picture: Bars
    theme: Theme
    width: float
    height: float
    top: float

    @property
    def scale(self) -> alt.Scale:
        return alt.Scale(domain=[0, self.top], nice=False, zero=True)


def draw_bars(picture: Bars, theme: Theme, width: int) -> Any:
    """The chart of *picture*, *width* pixels wide."""
    series = list(dict.fromkeys(bar.series for bar in picture.bars)) or [""]
    labels = _label_lines(picture, width, len(series))
    room = max((text_width(line) for lines in labels for line in lines), default=0) * LETTER + 12
    across = max(60.0, (width - room - 16 - GAP * (len(series) - 1)) / len(series))
    lines = max((len(each) for each in labels), default=1)
    height = max(1, len(labels)) * (ROW + LINE * (lines - 1))
    panel = _Panel(picture, theme, across, height, _top(picture, across))
    panels = [_draw_series(panel, name, [] if index else labels) for index, name in enumerate(series)]
    chart = panels[0] if len(panels) == 1 else alt.hconcat(*panels, spacing=GAP)
    return framed(chart, theme, width, picture.title, picture.subtitle, picture.notes)


def _label_lines(picture: Bars, width: int, series: int) -> list[list[str]]:
    """The lines of each label: at most two of the name, and what stands aside."""
    first = [bar for bar in picture.bars if bar.series == picture.bars[0].series]
    fit = max(10, int(width * (0.36 if series < 2 else 0.26) / LETTER))
    return [[*wrap(bar.label, fit, 2), *(wrap(bar.aside, fit, 1) if bar.aside else [])] for bar in first]


def _top(picture: Bars, across: float) -> float:
    """The right end of the scale: so far out that the figure beside each bar has room."""
    reach = [(max(bar.length, bar.interval[1] if bar.interval else 0.0), text_width(bar.text)) for bar in picture.bars]
    top = max(
        (length * across / max(across * 0.2, across - letters * LETTER - 14) for length, letters in reach), default=0
    )
    return top if top > 0 else 1.0


def _draw_series(panel: _Panel, name: str, labels: list[list[str]]) -> Any:
    bars = [bar for bar in panel.picture.bars if bar.series == name]
    rows = [_row(index, bar, panel.theme, labels[index] if labels else []) for index, bar in enumerate(bars)]
    source = alt.Chart(data(rows))
    y: Any = alt.Y("row:O", axis=None, sort=None, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.15))
    unit = panel.picture.unit
    values = round_values(panel.top, unit, max(2, int(panel.width / 80)))
    axis = unit_axis(unit, panel.picture.axis, values, titleAnchor="start")
    x: Any = alt.X("length:Q", scale=panel.scale, axis=axis)
    shown = [alt.Tooltip("label:N", title="what"), alt.Tooltip("text:N", title="figure")]
    words: Any = {"color": panel.theme.ink, "fontSize": SIZE}
    layers = [
        source.mark_bar().encode(x=x, y=y, color=alt.Color("colour:N", scale=None), tooltip=shown),
        *(_whiskers(source, panel, y) if any(bar.interval for bar in bars) else ()),
        source.mark_text(align="left", dx=7, **words).encode(x=alt.X("reach:Q", scale=panel.scale), y=y, text="text:N"),
    ]
    if labels:
        layers += _labels(source, labels, y, words)
    chart = alt.layer(*layers).properties(width=round(panel.width), height=panel.height)
    if not name:
        return chart
    return chart.properties(title=alt.TitleParams(text=name, anchor="start", frame="group", **words))


def _labels(source: Any, labels: list[list[str]], y: Any, words: dict[str, Any]) -> list[Any]:
    """What stands at the left of each bar, level with its middle however many lines it has."""
    limit = max(text_width(line) for lines in labels for line in lines) * LETTER + 4
    layers = []
    for count in sorted({len(lines) for lines in labels}):
        text = source.transform_filter(f"datum.lines.length == {count}").mark_text(
            align="right", baseline="middle", dy=-LINE * (count - 1) / 2, lineHeight=LINE, limit=limit, **words
        )
        layers.append(text.encode(x=alt.value(-10), y=y, text="lines:N"))
    return layers


def _whiskers(source: Any, panel: _Panel, y: Any) -> list[Any]:
    """An interval as a thin line with ends; where there is none, nothing."""
    known = source.transform_filter("isValid(datum.low)")
    line: Any = {"color": panel.theme.whisker}
    return [
        known.mark_rule(strokeWidth=1.3, **line).encode(x=alt.X("low:Q", scale=panel.scale), x2="high:Q", y=y),
        *(
            known.mark_tick(thickness=1.3, size=9, **line).encode(x=alt.X(f"{end}:Q", scale=panel.scale), y=y)
            for end in ("low", "high")
        ),
    ]


def _row(index: int, bar: Bar, theme: Theme, lines: list[str]) -> dict[str, Any]:
    low, high = bar.interval or (None, None)
    return {
        "row": index,
        "label": bar.label,
        "lines": lines,
        "length": bar.length,
        "low": low,
        "high": high,
        "reach": max(bar.length, high or 0.0),
        "text": bar.text,
        "colour": theme.tone(bar.tone),
    }
