"""What all charts share: title, colours, and how axes write their numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from convgoals.charts.pictures import Unit
from convgoals.charts.theme import Theme
from convgoals.texts import wrap

FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'Liberation Sans', Arial, sans-serif"
SIZE = 12
LETTER = 6.3
"""How many pixels a character of that size takes, about, on the generous side."""

_NUMBERS: dict[Unit, str] = {
    "share": "format(datum.value * 100, '~g') + ' %'",
    "count": "format(datum.value, datum.value < 1e15 ? '~s' : '.0e')",
    "amount": "format(datum.value, datum.value < 1e15 ? '~s' : '.0e')",
}


def framed(chart: Any, theme: Theme, width: int, title: str, subtitle: str, notes: Sequence[str]) -> Any:
    """*chart* with its words above it, if it has a title, in lines that fit *width*, and its colours."""
    if title:
        chart = chart.properties(title=_title(theme, width, title, [subtitle, *notes]))
    return (
        chart.properties(background=theme.ground or "transparent", padding=8 if title else 2)
        .configure(font=FONT, aria=False)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=theme.soft,
            titleColor=theme.soft,
            labelFontSize=SIZE,
            titleFontSize=SIZE,
            titleFontWeight="normal",
            gridColor=theme.line,
            domainColor=theme.line,
            tickColor=theme.line,
        )
    )


def _title(theme: Theme, width: int, title: str, below: Sequence[str]) -> alt.TitleParams:
    lines = [line for text in below if text for line in _lines(text, width / (LETTER * 0.95))]
    return alt.TitleParams(
        text=_lines(title, width / (LETTER * 1.36)),
        subtitle=lines or alt.Undefined,
        anchor="start",
        frame="bounds",
        color=theme.ink,
        subtitleColor=theme.soft,
        fontSize=16,
        fontWeight=600,
        subtitleFontSize=SIZE,
        lineHeight=20,
        subtitleLineHeight=16,
        subtitlePadding=6,
        offset=14,
    )


def _lines(text: str, width: float) -> list[str]:
    """*text* in lines; a number stays with its percent sign."""
    return wrap(text.replace(" %", "\N{NO-BREAK SPACE}%"), int(width))


def unit_axis(unit: Unit, title: str, values: Sequence[float], **more: Any) -> alt.Axis:
    """An axis of numbers of that *unit*, written at *values*."""
    return alt.Axis(
        title=title or None,
        values=list(values),
        labelExpr=_NUMBERS[unit],
        domain=False,
        ticks=False,
        labelPadding=6,
        **more,
    )


def round_values(top: float, unit: Unit, most: int) -> list[float]:
    """Round numbers from 0 to *top*, *most* steps or fewer; whole ones of counts, and no share above 1."""
    least = top / max(1, most)
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10, 20) if power * factor >= least * (1 - 1e-9))
    if unit == "count":
        step = max(1.0, step) if step != 2.5 else 5.0
    end = min(top, 1.0) if unit == "share" else top
    return [step * number for number in range(int(end / step + 1e-9) + 1)]


def data(rows: list[dict[str, Any]]) -> Any:
    """Rows that stand in the specification itself."""
    return alt.InlineData(values=rows)
