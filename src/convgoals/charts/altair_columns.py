"""Columns as Altair charts, one picture of them or several below each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from convgoals.charts.altair_frame import LETTER, SIZE, data, framed, round_values, unit_axis
from convgoals.charts.pictures import Column, Columns, Panels
from convgoals.charts.theme import Theme
from convgoals.texts import text_width, wrap

HEIGHT = 200
LOW = 56
EDGE = 56
"""What the axis of heights takes at the left."""

WIDEST = 64
"""How wide a column gets."""

SPOKEN = 14
"""Up to so many columns have their figures written above them, where those are short enough."""


def draw_columns(picture: Columns, theme: Theme, width: int) -> Any:
    """The chart of *picture*, *width* pixels wide."""
    plot = width - EDGE - 16
    chart = _columns(picture, theme, plot, HEIGHT if picture.columns else LOW, ticks=True, across=True)
    return framed(chart, theme, width, picture.title, picture.subtitle, picture.notes)


def draw_panels(picture: Panels, theme: Theme, width: int) -> Any:
    """The chart of several, with the labels below the last."""
    plot = width - EDGE - 16
    last = len(picture.panels) - 1
    charts = [
        _columns(panel, theme, plot, LOW, ticks=False, across=index == last).properties(
            title=alt.TitleParams(
                text=wrap(panel.title, int(plot / (LETTER * 1.1))),
                anchor="start",
                frame="group",
                fontSize=SIZE,
                color=theme.ink,
                offset=4,
            )
        )
        for index, panel in enumerate(picture.panels)
    ]
    return framed(alt.vconcat(*charts, spacing=10), theme, width, picture.title, picture.subtitle, picture.notes)


def _columns(picture: Columns, theme: Theme, plot: int, height: int, *, ticks: bool, across: bool) -> Any:
    columns = picture.columns
    rows = [_row(each, theme) for each in columns]
    source = alt.Chart(data(rows))
    many = len(columns) > 60
    axis = alt.Axis(
        title=None, labelAngle=0, values=_shown(columns, plot), ticks=False, labelPadding=6, labelOverlap=False
    )
    x: Any = alt.X(
        "label:O",
        sort=None,
        axis=axis if across else None,
        scale=alt.Scale(paddingInner=0 if many else 0.25, paddingOuter=0 if many else 0.1),
    )
    top = max((_reach(each) for each in columns), default=0.0)
    spoken = ticks and _fit(columns, plot)
    scale = alt.Scale(domain=[0, top * (1.12 if spoken else 1.02)] if top > 0 else [0, 1], nice=False)
    values = round_values(top, picture.unit, 4) if ticks else [top]
    y: Any = alt.Y(
        "height:Q",
        scale=scale,
        axis=unit_axis(picture.unit, "", values),
    )
    tooltip = [alt.Tooltip("label:N", title="when"), alt.Tooltip("text:N", title="figure")]
    wide: Any = {"size": WIDEST} if columns and plot * 0.75 / len(columns) > WIDEST else {}
    bars = source.mark_bar(**wide).encode(x=x, y=y, color=alt.Color("colour:N", scale=None), tooltip=tooltip)
    layers = [bars]
    if any(each.interval for each in columns):
        whisker = source.transform_filter("isValid(datum.low)").mark_rule(color=theme.whisker, strokeWidth=1.3)
        layers.append(whisker.encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"))
    if spoken:
        above = alt.Y("reach:Q", scale=scale)
        layers.append(source.mark_text(dy=-7, color=theme.ink, fontSize=SIZE - 1).encode(x=x, y=above, text="text:N"))
    return alt.layer(*layers).properties(width=plot, height=height)


def _row(column: Column, theme: Theme) -> dict[str, Any]:
    low, high = column.interval or (None, None)
    return {
        "label": column.label,
        "height": column.height,
        "low": low,
        "high": high,
        "reach": _reach(column),
        "text": column.text,
        "colour": theme.tone(column.tone),
    }


def _reach(column: Column) -> float:
    """How high a column goes, its interval included."""
    return max(column.height, column.interval[1] if column.interval else 0.0)


def _fit(columns: Sequence[Column], plot: int) -> bool:
    """Whether each column has room for its figure above it."""
    if not 0 < len(columns) <= SPOKEN:
        return False
    return max(text_width(each.text) for each in columns) * LETTER <= plot / len(columns)


def _shown(columns: Sequence[Column], plot: int) -> list[str]:
    """The labels that are written: the first, the last if it has room, and every so many between."""
    if not columns:
        return []
    need = max(text_width(each.label) for each in columns) * LETTER + 14
    step = max(1, -(-len(columns) * need // plot))
    return [each.label for each in columns[:: int(step)]]
