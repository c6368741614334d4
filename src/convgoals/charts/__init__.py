"""Pictures of results: as values that any face can draw, and as charts by Altair, drawn offline (extra ``charts``).

A result says what there is to see as `Picture` values, as it says its tables as `Table` values; this room knows nothing
of goals. `draw` makes an Altair chart of one (its ``to_dict()`` is a Vega-Lite specification), `to_svg`, `to_png` and
`save` render it without a network or a browser.
"""

from __future__ import annotations

from convgoals.charts.draw import draw, save, to_png, to_svg
from convgoals.charts.pictures import Bar, Bars, Column, Columns, Curve, Panels, Picture, Point
from convgoals.charts.theme import DARK, LIGHT, PAGE, THEMES, Theme

__all__ = [
    "DARK",
    "LIGHT",
    "PAGE",
    "THEMES",
    "Bar",
    "Bars",
    "Column",
    "Columns",
    "Curve",
    "Panels",
    "Picture",
    "Point",
    "Theme",
    "draw",
    "save",
    "to_png",
    "to_svg",
]
