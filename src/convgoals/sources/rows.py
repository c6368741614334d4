"""Rows → facts: a row is a dict of values by column; what it lacks or has wrong becomes the reason to reject it."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any

from convgoals.instants import EPOCH, read_iso, start_of_day, to_datetime, wall_to_instant, zone
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate
from convgoals.sources.options import NEEDED, Source
from convgoals.sources.segment import as_id
from convgoals.sources.values import CASTS, Misfit, guess

_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_INTEGER = re.compile(r"-?\d{1,18}(?:\.\d{1,9})?\Z", re.ASCII)


class RowReader:
    """Makes the facts of one file; built once, when its columns are known.

    Args:
        source: how to read it.
        columns: its columns, or ``None`` where each row has its own (NDJSON).
        where: the file, for messages.
        is_text: whether all values arrive as text (CSV), so that their types are to be found.

    Raises:
        SourceError: a column is missing (code ``column``).
    """

    def __init__(self, source: Source, columns: Iterable[str] | None, where: str, *, is_text: bool) -> None:
        names = None if columns is None else list(columns)
        self._columns = source.columns(names, where)
        self._name = Path(where).name.removesuffix(".gz")
        self._needed = NEEDED[source.kind]
        self._fixed = dict(source.fixed)
        self._kind = source.kind
        self._separator = source.separator
        self._unit = None if source.timestamp_unit == "iso" else _MICROSECONDS[source.timestamp_unit]
        self._zone = None if source.timezone is None else zone(source.timezone)
        self._chosen = source.properties
        self._spoken = frozenset(self._columns.values())
        self._casts: dict[str, Callable[[object], object]] = {
            column: CASTS[kind] for column, kind in source.types.items() if kind != "auto"
        }
        self._guess = is_text
        self._names = None if names is None else self._property_names(names)
        if "timestamp" in self._fixed:
            self._fixed["timestamp"] = _read_timestamp(self._fixed["timestamp"], None, self._zone)

    def wanted(self, columns: Iterable[str]) -> list[str]:
        """Those of *columns* that are looked at."""
        names = {*self._spoken, *(name for name, _ in self._names or ())}
        return [column for column in columns if column in names]

    def made_id(self, line: int, raw: object) -> str:
        """The id of a row that has none of its own: equal for equal rows at one line of files of one name."""
        text = raw.rstrip("\r\n") if isinstance(raw, str) else json.dumps(raw, default=str, sort_keys=True)
        return f"{self._name}:{line}:{zlib.crc32(text.encode('utf-8', 'backslashreplace')):08x}"

    def fact(self, row: Mapping[str, Any], line: int, raw: object) -> Fact:
        """The fact that *row* says, which stands at *line* and was written as *raw*.

        Raises:
            Misfit: a value is missing or not what it must be.
            FactError: the fact cannot be made of the values.
        """
        profile_id: Any = as_id(self._value(row, "profile_id"))
        timestamp: Any = self._timestamp(row)
        own: Any = as_id(self._value(row, "id"))
        id_ = self.made_id(line, raw) if own is None else own
        match self._kind:
            case "events":
                name: Any = as_id(self._value(row, "type"))
                return Event(name, profile_id, timestamp, self._properties(row), id_, self._channel(row))
            case "snapshots":
                segments = self._segments(row)
                properties = {name: value for name, value in self._properties(row).items() if value is not None}
                return ProfileSnapshot(profile_id, timestamp, properties, () if segments is None else segments, id_)
            case "updates":
                return ProfileUpdate(profile_id, timestamp, self._properties(row), self._segments(row), id_)
            case "receipts":
                campaign: Any = as_id(self._value(row, "campaign"))
                return CampaignReceipt(campaign, profile_id, timestamp, self._channel(row), id_)

    def _value(self, row: Mapping[str, Any], what: str) -> Any:
        if what in self._fixed:
            return self._fixed[what]
        column = self._columns.get(what)
        value = None if column is None else row.get(column)
        if (value is None or value == "") and what in self._needed:
            raise Misfit("missing", f"`{column}` is missing: it says the {what} of each row")
        return value

    def _timestamp(self, row: Mapping[str, Any]) -> Any:
        if "timestamp" in self._fixed:
            return self._fixed["timestamp"]
        return _read_timestamp(self._value(row, "timestamp"), self._unit, self._zone)

    def _channel(self, row: Mapping[str, Any]) -> Any:
        return as_id(self._value(row, "channel"))

    def _segments(self, row: Mapping[str, Any]) -> Any:
        value = self._value(row, "segments")
        if isinstance(value, str):
            return [name for part in value.split(self._separator) if (name := part.strip())]
        return value

    def _property_names(self, columns: Iterable[str]) -> tuple[tuple[str, Callable[[object], object] | None], ...]:
        """Each column that is a property, with how its values are to be read."""
        names = self._chosen if self._chosen is not None else [c for c in columns if c and c not in self._spoken]
        return tuple((name, self._casts.get(name)) for name in names)

    def _properties(self, row: Mapping[str, Any]) -> dict[str, Any]:
        names = self._property_names(row) if self._names is None else self._names
        properties: dict[str, Any] = {}
        for name, cast in names:
            value = row.get(name)
            if cast is not None and value is not None and (value != "" or not self._guess):
                try:
                    value = cast(value)
                except Misfit as misfit:
                    raise Misfit(misfit.code, f"`{name}`: {misfit.message}") from None
            elif self._guess and value is not None:
                value = guess(value)
            if value is not None or (not self._guess and name in row):
                properties[name] = value
        return properties


def _read_timestamp(value: Any, unit: int | None, timezone: tzinfo | None) -> Any:
    """The aware datetime that *value* stands for; or *value* itself, for the fact to refuse with its reasons."""
    if unit is not None:
        return _since_epoch(value, unit)
    if isinstance(value, str) and value.endswith(" UTC"):  # as BigQuery exports them
        value = f"{value[:-4]}Z"
    if timezone is None:
        return value
    moment = read_iso(value) if isinstance(value, str) else value
    try:
        if isinstance(moment, datetime):
            return moment if moment.tzinfo is not None else to_datetime(wall_to_instant(moment, timezone))
        if isinstance(moment, date):
            return to_datetime(start_of_day(moment, timezone))
    except (OverflowError, ValueError):
        raise Misfit("fact-timestamp", f"timestamp {value!s:.80} is out of range") from None
    return value


def _since_epoch(value: Any, unit: int) -> datetime:
    text = str(value) if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else value
    if isinstance(text, str) and _INTEGER.match(text):
        try:
            return EPOCH + timedelta(microseconds=int(Decimal(text) * unit))
        except OverflowError:
            pass
    raise Misfit("fact-timestamp", f"timestamp {value!r:.80} is no number of seconds, or of their parts, since 1970")
