"""How single values are written for machines."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from convgoals.cli.terminal import Terminal


def write_csv(rows: Sequence[Mapping[str, Any]], terminal: Terminal) -> None:
    """*rows* as CSV with a head line; nothing at all where there is no row."""
    if not rows:
        return
    writer = csv.writer(terminal.out, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([csv_cell(value) for value in row.values()] for row in rows)


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
