"""Pictures and tables as HTML: bars by CSS, which fit any width; what needs axes as SVG, where that can be drawn."""

from __future__ import annotations

import re
from itertools import count

import attrs

from convgoals.analytics.tables import Table
from convgoals.charts import Bar, Bars, Column, Columns, Curve, Panels, Picture, draw, to_svg
from convgoals.errors import MissingExtraError
from convgoals.pages.markup import Markup, join, name, tag

WIDE, NARROW = 720, 328
"""The widths in pixels that an SVG is drawn in; the page shows the one that fits."""

# An image has no parts for those who hear it, and nobody sees the thousandth of a pixel: half of the bytes.
_ROLES = re.compile(
    r' (?:role="graphics-[a-z]+"|aria-roledescription="[^"]*"|aria-hidden="true"|pointer-events="none")'
)
_ELEMENT = re.compile(r"<[^<>]*>")
_LONG = re.compile(r"\d+\.\d{3,}")


@attrs.define
class Artist:
    """Draws what a page holds, and remembers whether it could draw SVG.

    Attributes:
        can_draw: whether the extra ``charts`` is there; found out when something is drawn.
    """

    can_draw: bool = True
    _numbers: count[int] = attrs.Factory(lambda: count(1))

    def figure(self, picture: Picture, *tables: Table, level: int = 3) -> Markup:
        """A picture with its finding above it, and the figures of *tables* below, to be unfolded."""
        key = f"figure-{next(self._numbers)}"
        return tag(
            "figure",
            tag(
                "figcaption",
                tag(f"h{level}", picture.title.replace(" %", "\N{NO-BREAK SPACE}%"), id=key),
                tag("p", picture.subtitle, class_="about") if picture.subtitle else None,
            ),
            self._drawn(picture),
            [tag("p", note, class_="note") for note in picture.notes],
            _unfold(tables) if tables else None,
            aria_labelledby=key,
        )

    def _drawn(self, picture: Picture) -> Markup:
        if isinstance(picture, Bars):
            several = any(bar.series for bar in picture.bars)
            return grid(picture) if several else bars(picture)
        if isinstance(picture, Panels):
            return join(self.figure(panel, level=4) for panel in picture.panels)
        empty = not (picture.points if isinstance(picture, Curve) else picture.columns)
        if empty:
            return tag("p", "Nothing to draw.", class_="note")
        if self.can_draw:
            try:
                return join(_svg(picture, WIDE, "wide"), _svg(picture, NARROW, "narrow"))
            except MissingExtraError:
                self.can_draw = False
        return columns(picture) if isinstance(picture, Columns) else steps(picture)


def _svg(picture: Picture, width: int, kind: str) -> Markup:
    bare = attrs.evolve(picture, title="", subtitle="", notes=())
    svg = _ROLES.sub("", to_svg(draw(bare, theme="page", width=width)))
    svg = _ELEMENT.sub(lambda element: _LONG.sub(lambda number: f"{float(number[0]):.4g}", element[0]), svg)
    label = tag("svg", role="img", aria_label=f"{picture.title}. {picture.subtitle}")
    # The renderer's own element gets our attributes; it is well-formed, and begins with its name.
    return Markup(f'<div class="svg {kind}">{label.removesuffix("></svg>")}{svg.removeprefix("<svg")}</div>')


# ---- by CSS alone


def bars(picture: Bars) -> Markup:
    """Bars as a list: the label, the figure, and below or between them the bar with its interval."""
    top = max([1e-300, *(max(bar.length, *(bar.interval or (0.0,))) for bar in picture.bars)])
    if picture.unit == "share" and top > 0.5:
        top = 1.0
    return join(
        tag("ul", [_bar(bar, top) for bar in picture.bars], class_="bars"),
        tag("p", f"Bars: {picture.axis}.", class_="note") if picture.bars and picture.axis else None,
    )


def _bar(bar: Bar, top: float) -> Markup:
    whisker = None
    if bar.interval is not None:
        low, high = (end / top * 100 for end in bar.interval)
        whisker = tag("i", style=f"left:{low:.2f}%;width:{max(0.0, high - low):.2f}%")
    return tag(
        "li",
        tag("span", name(bar.label), tag("small", bar.aside) if bar.aside else None, class_="label"),
        tag("span", bar.text, class_="figure"),
        tag(
            "span",
            tag("b", class_=bar.tone, style=f"width:{bar.length / top * 100:.2f}%"),
            whisker,
            class_="track",
            aria_hidden="true",
        ),
    )


def grid(picture: Bars) -> Markup:
    """Bars of several series as a table: a row for each label, a column for each series, a bar in each cell."""
    series = list(dict.fromkeys(bar.series for bar in picture.bars))
    top = max([1e-300, *(bar.length for bar in picture.bars)])
    columns_of = [[bar for bar in picture.bars if bar.series == each] for each in series]
    head = tag("tr", tag("td"), [tag("th", each, scope="col") for each in series])
    body = [
        tag(
            "tr",
            tag("th", name(row[0].label), scope="row"),
            [
                tag(
                    "td",
                    bar.text,
                    tag("b", class_=bar.tone, style=f"width:{bar.length / top * 100:.2f}%"),
                    class_="cell",
                )
                for bar in row
            ],
        )
        for row in zip(*columns_of, strict=True)
    ]
    return scrolled(tag("table", tag("thead", head), tag("tbody", body), class_="grid"), picture.title)


def _cell(bar: Bar, top: float) -> Markup:
    drawn = tag("b", class_=bar.tone, style=f"width:{bar.length / top * 100:.2f}%")
    return tag("td", bar.text, drawn, class_="cell")


def columns(picture: Columns) -> Markup:
    """Columns by CSS, with the first and the last label below: for where no SVG can be drawn."""
    top = max([1e-300, *(each.height for each in picture.columns)])
    drawn = [tag("b", class_=each.tone, style=f"height:{_height(each, top):.2f}%") for each in picture.columns]
    highest = max(picture.columns, key=lambda each: each.height)
    label = f"{picture.title}. From {picture.columns[0].label} to {picture.columns[-1].label}."
    return tag(
        "div",
        tag("div", drawn, class_="columns", role="img", aria_label=label),
        tag(
            "p",
            tag("span", picture.columns[0].label),
            tag("span", f"highest: {highest.text}"),
            tag("span", picture.columns[-1].label),
            class_="ends",
            aria_hidden="true",
        ),
    )


def _height(column: Column, top: float) -> float:
    return column.height / top * 100


def steps(picture: Curve) -> Markup:
    """A curve in words, by its named places: for where no SVG can be drawn."""
    return tag("ul", [tag("li", text) for _, _, text in picture.marks], class_="named")


def spark(values: list[int], label: str) -> Markup:
    """A small line of columns, without axes."""
    top = max(values, default=0)
    if not top:
        return tag("span", "–", class_="none")
    width = 100 / len(values)
    path = "".join(
        f"M{place * width:.2f} 20v{-max(0.6, value / top * 20):.2f}h{width * 0.82:.2f}V20z"
        for place, value in enumerate(values)
        if value
    )
    return tag(
        "svg",
        tag("path", d=path),
        class_="spark",
        viewBox="0 0 100 20",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


# ---- tables


def table(drawn: Table) -> Markup:
    """A table with its title, in a box that scrolls where it is too wide."""
    sides = [" num" if column.align == "right" else "" for column in drawn.columns]
    headed = any(column.name for column in drawn.columns)
    pictured = [not column.name and column.align != "right" for column in drawn.columns]
    head = [
        tag("td") if not column.name else tag("th", column.name, scope="col", class_=side.strip() or None)
        for column, side in zip(drawn.columns, sides, strict=True)
    ]
    rows = [
        tag(
            "tr",
            tag("th", name(row[0], fallback=""), scope="row"),
            [
                tag("td", cell, class_=side.strip() or None, aria_hidden="true" if is_picture and headed else None)
                for cell, side, is_picture in zip(row[1:], sides[1:], pictured[1:], strict=True)
            ],
        )
        for row in drawn.rows
    ]
    whole = tag(
        "table",
        tag("caption", drawn.title) if drawn.title else None,
        tag("thead", tag("tr", head)) if headed else None,
        tag("tbody", rows),
    )
    return join(scrolled(whole, drawn.title or "Table"), [tag("p", note, class_="note") for note in drawn.notes])


def scrolled(content: Markup, label: str) -> Markup:
    """*content* in a box that scrolls sideways, which a keyboard can reach."""
    return tag("div", content, class_="scroll", tabindex="0", role="region", aria_label=label)


def _unfold(tables: tuple[Table, ...]) -> Markup:
    return tag("details", tag("summary", "The figures"), [table(each) for each in tables])
