"""How single values are written for machines."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any


def csv_cell(value: Any) -> Any:
    """A value as a CSV cell: instants in ISO 8601, spans in seconds, decimals in full, nothing for ``None``."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return value
