"""Which columns of a file say what: options, or a ``[source]`` table in ``goals.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import attrs

from convgoals.errors import ConvgoalsError, SourceError
from convgoals.goals import load_document
from convgoals.instants import zone
from convgoals.sources.values import KINDS
from convgoals.suggest import did_you_mean

FactKind: TypeAlias = Literal["events", "snapshots", "updates", "receipts"]
Format: TypeAlias = Literal["auto", "csv", "ndjson", "segment", "parquet"]
Unit: TypeAlias = Literal["iso", "s", "ms", "us"]

FIXABLE = ("type", "timestamp", "channel", "campaign")
"""What may be the same for all rows of a file, without a column."""
COLUMNS = ("type", "profile_id", "timestamp", "id", "channel", "campaign", "segments")
"""What a column may say; each is also the name of the column where no other is given."""
NEEDED: Mapping[FactKind, tuple[str, ...]] = {
    "events": ("type", "profile_id", "timestamp"),
    "snapshots": ("profile_id", "timestamp"),
    "updates": ("profile_id", "timestamp"),
    "receipts": ("campaign", "profile_id", "timestamp"),
}


def _one_of(options: tuple[str, ...]) -> Any:
    def check(source: Source, attribute: attrs.Attribute[Any], value: object) -> None:
        if value not in options:
            name = attribute.name if isinstance(attribute.name, str) else ""
            hint = did_you_mean(value, options) if isinstance(value, str) else ""
            raise SourceError(f"{name}={value!r:.80} is none of {', '.join(options)}", code="source-option", hint=hint)

    return check


def _text(source: Source, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not isinstance(value, str) or not value):
        raise SourceError(
            f"{attribute.name}={value!r:.80} is no name of a column",
            code="source-option",
            hint=f'{attribute.name} = "…"; what is the same for all rows goes into fixed = {{ {attribute.name} = … }}',
        )


def _names(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise SourceError(f"properties={value!r:.80} is no list of columns", code="source-option", hint='["plan"]')
    return tuple(value)


def _types(source: Source, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping):
        raise SourceError(f"types={value!r:.80} is no table", code="source-option", hint='types = { zip = "text" }')
    for column, kind in value.items():
        if kind not in KINDS:
            raise SourceError(
                f"types: {column!r} is of no type {kind!r:.80}", code="source-option", hint=f"one of {', '.join(KINDS)}"
            )


def _fixed(source: Source, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Mapping):
        raise SourceError(f"fixed={value!r:.80} is no table", code="source-option", hint='fixed = { type = "sale" }')
    for name, constant in value.items():
        if name not in FIXABLE:
            raise SourceError(
                f"fixed: `{name}` cannot be the same for all rows",
                code="source-option",
                hint=did_you_mean(str(name), FIXABLE) or f"one of {', '.join(FIXABLE)}",
            )
        fits = isinstance(constant, str) or (name == "timestamp" and isinstance(constant, datetime))
        if not fits or constant == "":
            raise SourceError(f"fixed: {name}={constant!r:.80} is no {name}", code="source-option")


def _zone(source: Source, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    try:
        zone(value)
    except (ConvgoalsError, TypeError) as error:
        hint = error.hint if isinstance(error, ConvgoalsError) else 'such as "Europe/Berlin"'
        raise SourceError(f"timezone={value!r:.80} is no time zone", code="source-option", hint=hint) from None


def _character(source: Source, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not isinstance(value, str) or len(value) != 1 or value in '"\r\n\0'):
        raise SourceError(f"delimiter={value!r:.80} is no single character", code="source-option", hint='such as ";"')


@attrs.frozen(kw_only=True)
class Source:
    """How the rows of a file are read as facts.

    Attributes:
        kind: what each row is: ``events``, profile ``snapshots``, profile ``updates`` or campaign ``receipts``.
        format: ``csv``, ``ndjson`` (an object a line), ``segment`` (a call a line), ``parquet``; ``auto`` goes by the
            name of the file, and reads each line of NDJSON as a call if it has the form of one.
        type, profile_id, timestamp, id, channel, campaign, segments: the column that says it. ``None``: the column of
            that same name, if there is one.
        fixed: what is the same for all rows: of ``type``, ``timestamp``, ``channel`` and ``campaign``.
        properties: the columns that become properties; ``None``: all that say nothing else.
        types: what columns hold, where that is not left to each value (``auto``): ``text``, ``number``, ``boolean`` or
            ``json``. A value that is not so makes its row a bad one.
        timezone: the zone of timestamps without an offset, such as ``"Europe/Berlin"``; also dates are then read, as
            the start of the day. ``None``: such a row is a bad one.
        timestamp_unit: ``iso`` for ISO 8601, or the unit of numbers since 1970 in UTC: ``s``, ``ms`` or ``us``.
        separator: what stands between the segments in one cell.
        delimiter: what stands between cells of a CSV file; ``None``: a tab for ``.tsv``, else a comma.
        file: the file, where the source itself names it; `load_sources` resolves it from the TOML's directory.

    Raises:
        SourceError: an option is wrong (code ``source-option``).
    """

    kind: FactKind = attrs.field(default="events", validator=_one_of(get_args(FactKind)))
    format: Format = attrs.field(default="auto", validator=_one_of(get_args(Format)))
    type: str | None = attrs.field(default=None, validator=_text)
    profile_id: str | None = attrs.field(default=None, validator=_text)
    timestamp: str | None = attrs.field(default=None, validator=_text)
    id: str | None = attrs.field(default=None, validator=_text)
    channel: str | None = attrs.field(default=None, validator=_text)
    campaign: str | None = attrs.field(default=None, validator=_text)
    segments: str | None = attrs.field(default=None, validator=_text)
    fixed: Mapping[str, Any] = attrs.field(factory=dict, validator=_fixed)
    properties: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    types: Mapping[str, str] = attrs.field(factory=dict, validator=_types)
    timezone: str | None = attrs.field(default=None, validator=_zone)
    timestamp_unit: Unit = attrs.field(default="iso", validator=_one_of(get_args(Unit)))
    separator: str = attrs.field(default=",", validator=_text)
    delimiter: str | None = attrs.field(default=None, validator=_character)
    file: str | None = attrs.field(default=None, validator=_text)

    def __attrs_post_init__(self) -> None:
        for name in self.fixed:
            if getattr(self, name) is not None:
                raise SourceError(
                    f"`{name}` is both fixed and said by the column {getattr(self, name)!r}", code="source-option"
                )

    def columns(self, present: Iterable[str] | None, where: str) -> dict[str, str]:
        """Which column says what, among those *present*.

        Args:
            present: the columns of the file; ``None`` where each row has its own, so that nothing can be missing.
            where: the file, for messages.

        Raises:
            SourceError: a column that is needed, or named, is not there (code ``column``).
        """
        known = None if present is None else list(present)
        found: dict[str, str] = {}
        for name in COLUMNS:
            if name in self.fixed:
                continue
            column = getattr(self, name)
            if known is None or (column or name) in known:
                found[name] = column or name
            elif column is not None or name in NEEDED[self.kind]:
                raise _missing(name, column or name, known, where)
        for column in (*(self.properties or ()), *self.types):
            if known is not None and column not in known:
                raise _missing(None, column, known, where)
        return found


def _missing(name: str | None, column: str, known: list[str], where: str) -> SourceError:
    listed = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
    hint = did_you_mean(column, known) or f"its columns are {listed}"
    if name is not None and name == column:
        hint += f'; say which one it is: {name} = "…"'
    return SourceError(f"{where} has no column {column!r}", code="column", hint=hint)


# ---- goals.toml

_OPTIONS = tuple(field.name for field in attrs.fields(Source))
_TABLES = ("fixed", "types")


def load_sources(path: str | Path) -> dict[str, Source]:
    """The sources of a ``goals.toml`` by name: those of its ``[source.NAME]`` tables.

    The options stand as in `Source`. A lone ``[source]`` table is the source ``events``.

    Raises:
        SourceError: a table or an option is wrong (codes ``source-option``, ``unknown-key``).
        GoalDefinitionError: the file is no TOML, or cannot be read.
    """
    return read_sources(load_document(path), path)


def read_sources(document: Mapping[str, Any], path: str | Path = "goals.toml") -> dict[str, Source]:
    """The sources of a ``goals.toml`` that has been read already; *path* is where it stands."""
    table = document.get("source", {})
    if not isinstance(table, Mapping):
        raise SourceError(f"{path}: sources stand in tables", code="source-option", hint="[source] or [source.NAME]")
    lone = any(key in _TABLES or not isinstance(value, Mapping) for key, value in table.items())
    named = {"events": table} if lone else table
    sources: dict[str, Source] = {}
    for name, options in named.items():
        where = f"{path}: [source]" if lone else f"{path}: [source.{name}]"
        for key in options:
            if key not in _OPTIONS:
                raise SourceError(
                    f"{where} has an unknown key `{key}`",
                    code="unknown-key",
                    hint=did_you_mean(key, _OPTIONS) or "fields of several sources stand in [source.NAME] tables",
                )
        try:
            source = Source(**options)
        except SourceError as error:
            raise SourceError(f"{where}: {error.message}", code=error.code, hint=error.hint) from None
        if source.file is not None:
            source = attrs.evolve(source, file=str(Path(path).parent / source.file))
        sources[name] = source
    return sources
