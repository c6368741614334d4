"""A curve of steps as an Altair chart, with a band around it and names on it."""

from __future__ import annotations

import json
from typing import Any

import altair as alt

from convgoals.charts.altair_frame import SIZE, data, framed, round_values, unit_axis
from convgoals.charts.pictures import Curve
from convgoals.charts.theme import Theme

HEIGHT = 220
EDGE = 60


def draw_curve(picture: Curve, theme: Theme, width: int) -> Any:
    """The chart of *picture*, *width* pixels wide."""
    rows = [{"at": p.at, "height": p.height, "low": p.low, "high": p.high} for p in picture.points]
    names: list[dict[str, Any]] = [{"at": at, "height": height, "text": text} for at, height, text in picture.marks]
    end = max([p.at for p in picture.points] + [at for at, _ in picture.ticks], default=1.0) or 1.0
    top = max((p.high for p in picture.points), default=0.0)
    x_scale = alt.Scale(domain=[0, end], nice=False)
    highest = min(1.0, top * 1.1) or 1.0
    y_scale = alt.Scale(domain=[0, highest], nice=False)
    x: Any = alt.X("at:Q", scale=x_scale, axis=_axis(picture))
    y: Any = alt.Y("height:Q", scale=y_scale, axis=unit_axis("share", "", round_values(highest, "share", 4)))
    source = alt.Chart(data(rows))
    layers = [
        source.mark_area(interpolate="step-after", color=theme.main, opacity=0.18).encode(
            x=x, y=alt.Y("low:Q", scale=y_scale), y2="high:Q"
        ),
        source.mark_line(interpolate="step-after", color=theme.main, strokeWidth=2).encode(x=x, y=y),
    ]
    for late in (False, True):
        named = [each for each in names if (each["at"] > end * 0.6) is late]
        layers += _named(named, x_scale, y_scale, theme, late=late) if named else []
    chart = alt.layer(*layers).properties(width=width - EDGE - 16, height=HEIGHT)
    return framed(chart, theme, width, picture.title, picture.subtitle, picture.notes)


def _named(
    names: list[dict[str, Any]], x_scale: alt.Scale, y_scale: alt.Scale, theme: Theme, *, late: bool
) -> list[Any]:
    """Places on the curve with their words: below to the right, or, *late* on it, above to the left."""
    source = alt.Chart(data(names))
    place: Any = {"x": alt.X("at:Q", scale=x_scale), "y": alt.Y("height:Q", scale=y_scale)}
    shift: Any = {"align": "right", "dx": -8, "dy": -10} if late else {"align": "left", "dx": 8, "dy": 10}
    return [
        source.mark_point(filled=True, size=55, color=theme.strong, opacity=1).encode(**place),
        source.mark_text(color=theme.ink, fontSize=SIZE, **shift).encode(**place, text="text:N"),
    ]


def _axis(picture: Curve) -> alt.Axis:
    """The ticks with their own words: spans of time have no decimal marks."""
    chosen = "".join(f"abs(datum.value - {at!r}) < 1e-6 ? {json.dumps(text)} : " for at, text in picture.ticks)
    return alt.Axis(
        title=picture.across,
        values=[at for at, _ in picture.ticks],
        labelExpr=f"{chosen}''",
        grid=False,
        ticks=False,
        labelPadding=6,
        titleAnchor="end",
    )
