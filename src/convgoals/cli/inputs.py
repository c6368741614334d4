"""Which files a run reads, and how: options over ``[source]`` tables over the names of columns themselves."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from convgoals.cli.options import InputError
from convgoals.errors import SourceError
from convgoals.sources.options import COLUMNS, Source
from convgoals.suggest import did_you_mean

KINDS: Mapping[str, Any] = {
    "events": "events",
    "profiles": "snapshots",
    "updates": "updates",
    "receipts": "receipts",
}
"""The options that name files, and what each row of such a file is."""

_FLAGS = {
    "input_format": ("format", tuple(KINDS)),
    "profile_id": ("profile_id", tuple(KINDS)),
    "timestamp": ("timestamp", tuple(KINDS)),
    "timestamp_unit": ("timestamp_unit", tuple(KINDS)),
    "naive_timezone": ("timezone", tuple(KINDS)),
    "delimiter": ("delimiter", tuple(KINDS)),
    "type": ("type", ("events",)),
    "id": ("id", ("events",)),
    "channel": ("channel", ("events",)),
    "campaign": ("campaign", ("receipts",)),
    "segments": ("segments", ("profiles", "updates")),
}
"""Each flag: the key of `Source` that it sets, and for which files."""

_PLAIN_KEYS = (*COLUMNS, "format", "timezone", "timestamp_unit", "separator", "delimiter")
_KEYS = (*_PLAIN_KEYS, "properties", "fixed.type", "fixed.timestamp", "fixed.channel", "fixed.campaign", "types.…")


@attrs.frozen
class Input:
    """A file to read.

    Attributes:
        path: the file.
        source: how.
    """

    path: str
    source: Source


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """The options that say what is read, and how."""
    files = parser.add_argument_group(
        "files", "CSV, NDJSON or Parquet; each option may be repeated. Without any, the `file` of each [source.NAME]."
    )
    files.add_argument("--events", action="append", metavar="FILE", default=[], help="a file of events")
    files.add_argument("--profiles", action="append", metavar="FILE", default=[], help="a file of profile snapshots")
    files.add_argument("--updates", action="append", metavar="FILE", default=[], help="a file of profile updates")
    files.add_argument("--receipts", action="append", metavar="FILE", default=[], help="a file of campaign receipts")
    columns = parser.add_argument_group(
        "columns", "Without these, [source] tables of goals.toml say what a column means, or else its own name."
    )
    columns.add_argument("--profile-id", metavar="COLUMN", help="whose row it is")
    columns.add_argument("--timestamp", metavar="COLUMN", help="when it was")
    columns.add_argument("--type", metavar="COLUMN", help="the type of an event")
    columns.add_argument("--id", metavar="COLUMN", help="the id of an event; a row seen again is then no second event")
    columns.add_argument("--channel", metavar="COLUMN", help="the channel of an event")
    columns.add_argument("--campaign", metavar="COLUMN", help="the campaign of a receipt")
    columns.add_argument("--segments", metavar="COLUMN", help="the segments of a profile")
    columns.add_argument(
        "--input-format", metavar="FORMAT", help="csv, ndjson, segment or parquet (default: as the file's name says)"
    )
    columns.add_argument("--delimiter", metavar="C", help="what stands between the cells of a CSV file (default: ,)")
    columns.add_argument("--timestamp-unit", metavar="UNIT", help="iso, or s, ms or us since 1970 (default: iso)")
    columns.add_argument("--naive-timezone", metavar="ZONE", help="zone of timestamps without an offset")
    columns.add_argument(
        "--set",
        action="append",
        metavar="[FILES.]KEY=VALUE",
        default=[],
        help="any key of a [source] table, for all files or, as in `receipts.id=receipt_no`, for some: "
        f"{', '.join(_KEYS)}".replace("…", "COLUMN"),
    )


def find_inputs(args: argparse.Namespace, sources: Mapping[str, Source], goals_file: str) -> list[Input]:
    """The files that the command line, or else ``goals.toml``, names.

    Raises:
        InputError: none is named, or an option is wrong.
        SourceError: an option of a source is wrong.
    """
    given = [(option, path) for option in KINDS for path in getattr(args, option)]
    inputs = []
    settings = [_setting(text) for text in args.set]
    if given:
        for option, path in given:
            source = _with_options(_base(sources, option, path), option, args, settings)
            inputs.append(Input(path, source))
    else:
        for source in sources.values():
            if source.file is not None:
                option = next(name for name, kind in KINDS.items() if kind == source.kind)
                inputs.append(Input(source.file, _with_options(source, option, args, settings)))
    if not inputs:
        raise InputError(
            "there is nothing to read",
            code="no-input",
            hint=f'--events FILE, or a table [source.events] with file = "…" in {goals_file}',
        )
    paths = [Path(each.path).absolute() for each in inputs]
    twice = next((inputs[index].path for index, path in enumerate(paths) if path in paths[:index]), None)
    if twice is not None:
        raise InputError(f"{twice} is named twice", code="input")
    return inputs


def _base(sources: Mapping[str, Source], option: str, path: str) -> Source:
    """The table that describes a file: the one that names it, else of the option's name, else alone of its kind."""
    kind = KINDS[option]
    for source in sources.values():
        if source.file is not None and Path(source.file).absolute() == Path(path).absolute():
            return source
    named = sources.get(option)
    if named is not None:
        fits = named.kind == kind or (option == "profiles" and named.kind == "updates")
        return named if fits else attrs.evolve(named, kind=kind)
    same = [source for source in sources.values() if source.kind == kind]
    return same[0] if len(same) == 1 else Source(kind=kind)


@attrs.frozen
class _Setting:
    files: str | None
    key: str
    value: str


def _setting(text: str) -> _Setting:
    """What a ``--set`` says."""
    left, equals, value = text.partition("=")
    files, _, key = left.strip().partition(".")
    if files not in KINDS:
        files, key = "", left.strip()
    known = key in _PLAIN_KEYS or key == "properties" or key.startswith(("fixed.", "types."))
    if not equals or not known:
        said = f"{key[:80]!r} is no key of a source" if equals else f"{text[:80]!r} is no [FILES.]KEY=VALUE"
        raise InputError(
            f"--set: {said}",
            code="input",
            hint=did_you_mean(key, _KEYS) or "for example --set profile_id=user_id, or --set receipts.campaign=name",
        )
    return _Setting(files or None, key, value)


def _with_options(source: Source, option: str, args: argparse.Namespace, settings: list[_Setting]) -> Source:
    """*source* with what the command line says of files of that kind."""
    changes: dict[str, Any] = {}
    for flag, (key, options) in _FLAGS.items():
        value = getattr(args, flag)
        if value is not None and option in options:
            changes[key] = value
    fixed: dict[str, Any] = dict(source.fixed)
    types: dict[str, Any] = dict(source.types)
    for setting in settings:
        if setting.files not in (None, option):
            continue
        table, _, name = setting.key.partition(".")
        if table == "fixed":
            fixed[name] = setting.value
        elif table == "types":
            types[name] = setting.value
        elif table == "properties":
            changes[table] = tuple(part.strip() for part in setting.value.split(",") if part.strip())
        else:
            changes[table] = setting.value
    for key in changes:
        fixed.pop(key, None)  # a column that is named now is no longer the same for all rows
    for key in fixed:
        if key not in source.fixed:
            changes[key] = None
    try:
        return attrs.evolve(source, **changes, fixed=fixed, types=types)
    except SourceError as error:
        raise SourceError(f"--{option}: {error.message}", code=error.code, hint=error.hint) from None
