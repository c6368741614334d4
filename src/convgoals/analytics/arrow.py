"""Rows as Arrow tables (extra ``parquet``): the only room of analytics that knows pyarrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from convgoals.errors import MissingExtraError

if TYPE_CHECKING:
    import pyarrow

_INSTANTS = frozenset({"since", "until", "start", "end"})
_TEXTS = frozenset({"key", "campaign", "channel", "label", "goal"})


def to_arrow(rows: Sequence[Mapping[str, Any]]) -> pyarrow.Table:
    """*rows* as a table: instants in UTC and spans, both in microseconds; exact decimals as the nearest floats.

    A column has its type also where nothing is in it. Raises `MissingExtraError` where pyarrow is not installed.
    """
    try:
        import pyarrow  # noqa: PLC0415  an extra
    except ImportError:
        raise MissingExtraError("Arrow tables", "parquet") from None
    types = {
        bool: pyarrow.bool_(),
        int: pyarrow.int64(),
        str: pyarrow.string(),
        datetime: pyarrow.timestamp("us", "UTC"),
        timedelta: pyarrow.duration("us"),
    }
    names = list(rows[0]) if rows else []
    columns = [
        pyarrow.array(
            [float(value) if isinstance(value, Decimal) else value for value in column],
            types.get(_kind(name, column), pyarrow.float64()),
        )
        for name, column in ((name, [row[name] for row in rows]) for name in names)
    ]
    return pyarrow.table(columns, names=names)


def _kind(name: str, column: Sequence[Any]) -> type:
    """The type of the values; where there is none, that which the column's name stands for."""
    for value in column:
        if value is not None:
            return type(value)
    if name in _INSTANTS:
        return datetime
    if name in _TEXTS:
        return str
    return timedelta if "time" in name else float
