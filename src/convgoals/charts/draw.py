"""From a picture to an Altair chart, and from a chart to SVG and PNG, offline: the only room that knows vl-convert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convgoals.charts.pictures import Bars, Columns, Panels, Picture
from convgoals.charts.theme import LIGHT, Theme, find_theme
from convgoals.errors import MissingExtraError, QuestionError

if TYPE_CHECKING:
    import altair

Chart = Any
"""An Altair chart of any kind, or the dict that it is as Vega-Lite."""

NARROWEST = 240


def draw(picture: Picture, *, theme: Theme | str = LIGHT, width: int = 640) -> altair.TopLevelMixin:
    """An Altair chart of *picture*; its ``to_dict()`` is a Vega-Lite specification, which holds its data.

    Args:
        picture: what is to be seen.
        theme: ``"light"``, ``"dark"``, ``"page"`` (CSS variables, for an SVG inside a page), or a `Theme`.
        width: how wide the whole chart is, in pixels, about; 240 at least.

    Raises:
        MissingExtraError: the extra ``charts`` is not installed.
        QuestionError: there is no such theme (code ``theme``), or the width is no width (``width``).
    """
    colours = find_theme(theme)
    if isinstance(width, bool) or not isinstance(width, int) or width < NARROWEST:
        raise QuestionError(f"width={width!r:.40} is no width of a chart", code="width", hint="width=640, 240 at least")
    try:
        from convgoals.charts.altair_bars import draw_bars  # noqa: PLC0415  an extra
        from convgoals.charts.altair_columns import draw_columns, draw_panels  # noqa: PLC0415
        from convgoals.charts.altair_curve import draw_curve  # noqa: PLC0415
    except ImportError as error:
        raise _missing(error) from None
    chart: altair.TopLevelMixin
    if isinstance(picture, Bars):
        chart = draw_bars(picture, colours, width)
    elif isinstance(picture, Columns):
        chart = draw_columns(picture, colours, width)
    elif isinstance(picture, Panels):
        chart = draw_panels(picture, colours, width)
    else:
        chart = draw_curve(picture, colours, width)
    return chart


def to_svg(chart: Chart) -> str:
    """The chart as SVG. Raises `MissingExtraError` where the extra ``charts`` is not installed."""
    converter, spec, version = _ready(chart)
    svg: str = converter.vegalite_to_svg(spec, vl_version=version)
    return svg


def to_png(chart: Chart, *, scale: float = 2.0) -> bytes:
    """The chart as PNG, *scale* pixels to each of the chart's. Raises `MissingExtraError` without ``charts``."""
    converter, spec, version = _ready(chart)
    png: bytes = converter.vegalite_to_png(spec, vl_version=version, scale=scale)
    return png


def save(chart: Chart, path: str | Path) -> Path:
    """Writes the chart to a file, as what its name ends in: ``.svg``, ``.png``, or ``.json`` (Vega-Lite).

    Raises:
        MissingExtraError: the extra ``charts`` is not installed.
        QuestionError: the name ends in nothing of these (code ``chart-format``).
        OSError: the file cannot be written.
    """
    file = Path(path)
    kind = check_format(file)
    if kind == ".png":
        file.write_bytes(to_png(chart))
    elif kind == ".svg":
        file.write_text(to_svg(chart), encoding="utf-8")
    else:
        file.write_text(json.dumps(_spec(chart), ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return file


def check_format(file: Path) -> str:
    """What the file's name ends in. Raises `QuestionError` (code ``chart-format``) where no chart is written so."""
    kind = file.suffix.lower()
    if kind in (".svg", ".png", ".json"):
        return kind
    raise QuestionError(
        f"no chart is written as {file.name!r:.80}", code="chart-format", hint="a name that ends in .svg, .png or .json"
    )


def _ready(chart: Chart) -> tuple[Any, dict[str, Any], str]:
    try:
        import vl_convert  # noqa: PLC0415  an extra
    except ImportError as error:
        raise _missing(error) from None
    spec = _spec(chart)
    # ".../vega-lite/v6.4.1.json": the renderer has several versions, and takes the one that the chart was made for.
    version = str(spec["$schema"]).rpartition("/v")[2].removesuffix(".json")
    return vl_convert, spec, ".".join(version.split(".")[:2])


def _spec(chart: Chart) -> dict[str, Any]:
    spec: dict[str, Any] = chart if isinstance(chart, dict) else chart.to_dict()
    return spec


def _missing(error: ImportError) -> Exception:
    if (error.name or "").partition(".")[0] in ("altair", "vl_convert"):
        return MissingExtraError("drawing charts", "charts")
    return error
