"""Tables as values, and their plain-text and HTML forms.

A result says what it has to say as `Table` values; each face (plain text here, a terminal in colour, a notebook)
draws them in its own way. Cells are finished text: numbers are formatted once, by the helpers below.
"""

from __future__ import annotations

import html
import itertools
import math
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import attrs

from convgoals.analytics.stats import Difference, Interval, Proportion
from convgoals.texts import clean, text_width

Align = Literal["left", "right"]

NOTHING = "–"
"""What stands in a cell where there is no figure."""

_LEVELS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@attrs.frozen
class Column:
    """A column's heading, and to which side its cells are set."""

    name: str
    align: Align = "left"


def number_column(name: str) -> Column:
    """A column of figures, set to the right."""
    return Column(name, "right")


@attrs.frozen
class Table:
    """A table to be drawn.

    Attributes:
        title: what it is about.
        columns: their headings.
        rows: the cells, finished text, as many a row as there are columns.
        notes: sentences that belong below it.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return to_text(self)


# ---- drawing


def to_text(table: Table) -> str:
    """The table as plain text: title, headings, a rule, the rows, the notes. No line ends in a space."""
    rows = [[clean(cell) for cell in row] for row in table.rows]
    heads = [clean(column.name) for column in table.columns]
    widths = [max(map(text_width, cells)) for cells in zip(heads, *rows, strict=True)]
    lines = [clean(table.title)] if table.title else []
    if any(heads):
        lines += [_line(heads, widths, table.columns), "  ".join("─" * width for width in widths)]
    lines += [_line(row, widths, table.columns) for row in rows]
    lines += [f"  {clean(note)}" for note in table.notes]
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    padded = [
        " " * (width - text_width(cell)) + cell if column.align == "right" else cell + " " * (width - text_width(cell))
        for cell, width, column in zip(cells, widths, columns, strict=True)
    ]
    return "  ".join(padded).rstrip()


def to_html(table: Table) -> str:
    """The table as an HTML fragment; whatever it holds is escaped."""
    sides = [' style="text-align: right"' if column.align == "right" else "" for column in table.columns]
    head = "".join(
        f'<th scope="col"{side}>{_escape(column.name)}</th>' for side, column in zip(sides, table.columns, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{side}>{_escape(cell)}</td>" for side, cell in zip(sides, row, strict=True)) + "</tr>"
        for row in table.rows
    )
    notes = "".join(f"<p>{_escape(note)}</p>" for note in table.notes)
    caption = f"<caption>{_escape(table.title)}</caption>" if table.title else ""
    thead = f"<thead><tr>{head}</tr></thead>" if any(column.name for column in table.columns) else ""
    return f'<table class="convgoals">{caption}{thead}<tbody>{body}</tbody></table>{notes}'


def _escape(text: str) -> str:
    return html.escape(clean(text), quote=True)


# ---- little pictures


def spark(values: Sequence[float], width: int = 60) -> str:
    """A line of bars, one a value, none below 0; more values than *width* are added up in even groups."""
    if not values:
        return ""
    if len(values) > width:
        edges = [len(values) * index // width for index in range(width + 1)]
        values = [sum(values[low:high]) for low, high in itertools.pairwise(edges)]
    top = max(values)
    if top <= 0:
        return _LEVELS[0] * len(values)
    # A bucket with something in it must not look empty, so the lowest bar is kept for zero.
    return "".join(_LEVELS[0] if v <= 0 else _LEVELS[max(1, math.ceil(v / top * 8) - 1)] for v in values)


def bar(share: float, width: int = 20) -> str:
    """A bar of *width* characters at the most, to an eighth of one, for a share between 0 and 1."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    if share > 0:
        eighths = max(1, eighths)
    full, rest = divmod(eighths, 8)
    return _EIGHTHS[8] * full + (_EIGHTHS[rest] if rest else "")


# ---- figures as text


def count_text(count: int) -> str:
    """``1,234``."""
    return f"{count:,}"


def rate_text(rate: float | None) -> str:
    """``12.3 %``; two digits that count where it is small, so that a rate above 0 does not read 0."""
    return NOTHING if rate is None else f"{_percent(rate)} %"


def _percent(rate: float) -> str:
    percent = rate * 100
    if percent == 0 or abs(percent) >= 1:
        return f"{percent:.1f}"
    return f"{percent:.{min(9, 1 - math.floor(math.log10(abs(percent))))}f}"


def interval_text(interval: Interval | None) -> str:
    """``10.1–14.9 %``."""
    return NOTHING if interval is None else f"{_percent(interval.low)}–{_percent(interval.high)} %"


def proportion_cells(proportion: Proportion) -> tuple[str, str]:
    """The rate and its interval."""
    return rate_text(proportion.rate), interval_text(proportion.interval)


def amount_text(amount: Decimal | None) -> str:
    """``1,234.50``: two decimal places; in scientific form where that would take too many characters."""
    if amount is None:
        return NOTHING
    if amount and not -5 < amount.adjusted() < 16:
        return f"{amount:.3e}"
    return f"{amount:,.2f}" if not amount or amount.adjusted() >= -2 else f"{amount:.4f}"


def fraction_text(number: Fraction) -> str:
    """An exact fraction to two decimal places."""
    return amount_text(Decimal(round(number * 100)).scaleb(-2))


def span_text(span: timedelta | None) -> str:
    """``3 d 4 h``: the two largest units."""
    if span is None:
        return NOTHING
    if span < timedelta(0):
        return f"-{span_text(-span)}"
    if span < timedelta(seconds=1):
        return "0 s" if not span else f"{span / timedelta(milliseconds=1):.3g} ms"
    seconds = span // timedelta(seconds=1)
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    for index, (unit, size) in enumerate(units):
        if seconds >= size:
            first, rest = divmod(seconds, size)
            parts = [f"{first:,} {unit}"]
            if index + 1 < len(units) and rest >= units[index + 1][1]:
                parts.append(f"{rest // units[index + 1][1]} {units[index + 1][0]}")
            return " ".join(parts)
    raise AssertionError("a span of a second or more has a unit")


def p_text(p: float | None) -> str:
    """``p = 0.032``, ``p < 0.001``."""
    if p is None:
        return NOTHING
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}" if p >= 0.1 else f"p = {p:.3f}"


def points_text(difference: Difference) -> str:
    """``+1.1 points (0.4 to 1.8)``."""
    if difference.difference is None or difference.interval is None:
        return NOTHING
    low, high = _percent(difference.interval.low), _percent(difference.interval.high)
    return f"{_signed(difference.difference)} points ({low} to {high})"


def _signed(rate: float) -> str:
    text = _percent(rate)
    return text if rate <= 0 else f"+{text}"


def verdict(difference: Difference, first: str, second: str) -> str:
    """What a difference says, in one sentence; *first* and *second* are what the two rates are called."""
    if difference.difference is None or difference.corrected_p_value is None:
        empty = first if difference.first.rate is None else second
        return f"No comparison of {first} and {second}: {empty} has no audience."
    figures = f"{rate_text(difference.first.rate)} against {rate_text(difference.second.rate)}"
    interval = f"{points_text(difference)}, {p_text(difference.corrected_p_value)}"
    caution = "; few conversions, so take it with caution" if difference.approximate else ""
    if not difference.evidence:
        return f"No evidence of a difference between {first} and {second}: {figures}, {interval}{caution}."
    side = "higher" if difference.difference > 0 else "lower"
    return f"The rate of {second} is {side} than that of {first}: {figures}, {interval}{caution}."
