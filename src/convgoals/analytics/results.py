"""What all results share: they are data, and they can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import attrs

from convgoals.analytics.arrow import to_arrow
from convgoals.analytics.figures import Amount
from convgoals.analytics.stats import Difference, Proportion
from convgoals.analytics.tables import Table, to_html, to_text
from convgoals.charts.draw import draw
from convgoals.charts.pictures import Picture
from convgoals.charts.theme import LIGHT, Theme
from convgoals.errors import QuestionError
from convgoals.suggest import did_you_mean

if TYPE_CHECKING:
    import pyarrow
    from altair import TopLevelMixin


class Result:
    """A frozen result. Each has documented fields, ``tables()``, and the forms below."""

    __slots__ = ()

    def tables(self) -> tuple[Table, ...]:
        """What the result says, as tables for any face to draw."""
        raise NotImplementedError

    def pictures(self) -> dict[str, Picture]:
        """What there is to see in the result, as values for any face to draw, by the part that it is of."""
        raise NotImplementedError

    def picture(self, part: str | None = None) -> Picture:
        """One of `pictures`: that of *part*, or the first. Raises `QuestionError` (code ``part``)."""
        parts = self.pictures()
        found: Picture = pick(next(iter(parts)) if part is None else part, parts, "picture")
        return found

    def chart(self, part: str | None = None, *, theme: Theme | str = LIGHT, width: int = 640) -> TopLevelMixin:
        """An Altair chart of `picture`: ``chart().to_dict()`` is a Vega-Lite specification.

        `convgoals.charts` renders it to SVG and PNG (``to_svg``, ``to_png``, ``save``), without a network.

        Args:
            part: what is drawn; the result's first picture, unless given.
            theme: ``"light"``, ``"dark"``, or a `convgoals.charts.Theme`.
            width: of the whole chart, in pixels.

        Raises:
            MissingExtraError: the extra ``charts`` is not installed.
            QuestionError: there is no such part, theme or width.
        """
        return draw(self.picture(part), theme=theme, width=width)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values that JSON can say.

        Instants are ISO 8601 text, spans are seconds, exact decimals and fractions are text, rates are floats.
        """
        return cast("dict[str, Any]", to_plain(self))

    def to_json(self, *, indent: int | None = None) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    def rows(self, part: Any = None) -> list[dict[str, Any]]:
        """A part of the result as a list of flat dicts, as ``pandas.DataFrame`` and ``polars.DataFrame`` take them."""
        raise NotImplementedError

    def to_arrow(self, part: str | None = None) -> pyarrow.Table:
        """`rows` of that *part*, or of the first, as an Arrow table: what DuckDB, polars and Parquet files take.

        Instants are in UTC, exact decimals become the nearest floats; a part without rows has no columns.

        Raises:
            MissingExtraError: the extra ``parquet`` is not installed.
            QuestionError: there is no such part.
        """
        return to_arrow(self.rows() if part is None else self.rows(part))

    def __str__(self) -> str:
        return "\n\n".join(map(to_text, self.tables()))

    def _repr_html_(self) -> str:
        return "".join(map(to_html, self.tables()))


def to_plain(value: Any) -> Any:
    """*value* as dicts, lists, text, numbers, booleans and ``None``."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (Decimal, Fraction)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if attrs.has(type(value)):
        return {name: to_plain(getattr(value, name)) for name in _names(type(value))}
    return [to_plain(item) for item in value]


def _names(kind: type[Any]) -> Sequence[str]:
    """The fields that are said of a value of that *kind*, what follows from them included where readers want it."""
    if kind is Proportion:
        return ("count", "total", "rate", "interval")
    if kind is Amount:
        return ("sum", "count", "mean")
    names = [field.name for field in attrs.fields(kind) if not field.name.startswith("_")]
    return [*names, "difference", "evidence"] if kind is Difference else names


def proportion_row(proportion: Proportion, prefix: str = "") -> dict[str, Any]:
    """The columns that a proportion has among `rows`."""
    interval = proportion.interval
    return {
        f"{prefix}rate": proportion.rate,
        f"{prefix}rate_low": None if interval is None else interval.low,
        f"{prefix}rate_high": None if interval is None else interval.high,
    }


def pick(part: str, parts: Mapping[str, Any], what: str = "rows") -> Any:
    """The *part* of a result that is asked for. Raises `QuestionError` (code ``part``)."""
    if part in parts:
        return parts[part]
    raise QuestionError(
        f"the result has no {what} {part!r:.60}",
        code="part",
        hint=did_you_mean(str(part), parts) or f"one of {', '.join(parts)}",
    )
