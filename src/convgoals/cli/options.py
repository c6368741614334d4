"""What several commands share: their options, and how they open a store."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convgoals.errors import ConvgoalsError, GoalError, StoreError
from convgoals.instants import read_iso

if TYPE_CHECKING:
    from convgoals.engine.engine import GoalEngine
    from convgoals.language.schema import Schema

FORMATS = ("text", "json", "csv")


class InputError(ConvgoalsError):
    """What was given on the command line cannot be used."""

    default_code = "input"


def add_store(parser: argparse.ArgumentParser) -> None:
    """``--store``, of commands that read what a run has written."""
    parser.add_argument("--store", required=True, metavar="URL", help="the store to read, such as sqlite:///goals.db")


def add_format(parser: argparse.ArgumentParser, choices: tuple[str, ...] = FORMATS) -> None:
    """``--format``."""
    parser.add_argument("--format", choices=choices, default="text", help="how to print the result (default: text)")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")


def add_period(parser: argparse.ArgumentParser, whose: str = "the goal's") -> None:
    """``--since``, ``--until`` and ``--timezone``."""
    parser.add_argument("--since", metavar="DATE", help="leave out completions before this date or datetime")
    parser.add_argument("--until", metavar="DATE", help="leave out completions after this date (it counts whole)")
    parser.add_argument("--timezone", metavar="ZONE", help=f"zone of dates and days (default: {whose})")


def add_every(parser: argparse.ArgumentParser) -> None:
    """``--every``."""
    parser.add_argument(
        "--every", default="day", metavar="SIZE", help="trend by hour, day, week, month or quarter (default: day)"
    )


def add_breakdown(parser: argparse.ArgumentParser) -> None:
    """``--by``, ``--limit`` and ``--audience``."""
    parser.add_argument("--by", metavar="DIMENSION", help=f"break down by {DIMENSIONS}")
    add_limit(parser)
    add_audience(parser)


DIMENSIONS = "channel, segment, campaign, version, or a property: profile.plan, event.category"


def add_limit(parser: argparse.ArgumentParser) -> None:
    """``--limit``."""
    parser.add_argument("--limit", type=number(1), default=10, metavar="N", help="rows of a breakdown (default: 10)")


def add_audience(parser: argparse.ArgumentParser, *, entered: bool = False) -> None:
    """``--audience``; those who *entered* are asked for of one goal at a time."""
    words = "all profiles, recipients of the goal's campaign" + (", those who entered" if entered else "")
    parser.add_argument(
        "--audience",
        metavar="WHO",
        help=f"who counts: {words}, or a condition such as 'profile.plan = \"pro\"' "
        "(default: recipients if there is a campaign, else all)",
    )


def add_confidence(parser: argparse.ArgumentParser) -> None:
    """``--confidence``."""
    parser.add_argument(
        "--confidence",
        type=_share,
        default=0.95,
        metavar="SHARE",
        help="of intervals, between 0 and 1 (default: 0.95)",
    )


def _share(text: str) -> float:
    try:
        found = float(text) if len(text) <= 24 else 0.0
    except ValueError:
        found = 0.0
    if not 0 < found < 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} does not lie between 0 and 1")
    return found


def number(least: int) -> Callable[[str], int]:
    """A type of option: a whole number of at least *least*."""

    def read(text: str) -> int:
        try:
            found = int(text) if len(text) <= 12 else None
        except ValueError:
            found = None
        if found is None or found < least:
            raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number of at least {least}")
        return found

    return read


def add_schema(parser: argparse._ActionsContainer) -> None:
    """``--schema``."""
    parser.add_argument(
        "--schema",
        metavar="FILE",
        help="a schema in TOML, or a tracking plan in JSON (default: the [schema] table of goals.toml, if it has one)",
    )


def find_schema(file: str | None, document: Mapping[str, Any]) -> Schema | None:
    """The schema in *file*, or else in the tables of ``goals.toml``. Raises `GoalDefinitionError`."""
    from convgoals.language.schema import Schema  # noqa: PLC0415  only who has one pays for it

    if file is not None:
        return Schema.from_json_schema(file) if file.lower().endswith(".json") else Schema.from_toml(file)
    return Schema.from_toml(document) if "schema" in document else None


def read_span(text: str, option: str) -> timedelta:
    """An exact span given on the command line. Raises `InputError` (code ``span``)."""
    from convgoals.language.parse import parse_duration  # noqa: PLC0415  only who has one pays for it

    try:
        duration = parse_duration(text)
    except GoalError as error:
        raise InputError(
            f"{option} {text[:80]!r} is no span of time: {error.message}", code="span", hint=f"{option} '7 days'"
        ) from None
    if duration.months:
        raise InputError(
            f"{option} {text[:80]!r} has months or years, which are not always as long",
            code="span",
            hint=f"{option} '30 days'",
        )
    return timedelta(microseconds=duration.microseconds)


def read_instant(text: str, option: str) -> datetime:
    """An instant given on the command line. Raises `InputError` (code ``instant``)."""
    moment = read_iso(text)
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment
    raise InputError(
        f"{option} {text[:80]!r} is no instant: it needs a date, a time and an offset",
        code="instant",
        hint=f"such as {option} {text if isinstance(moment, date) and len(text) == 10 else '2026-01-31'}T12:00:00Z",
    )


def read_text(path: str) -> str:
    """The text of a file, its line ends as they are. Raises `InputError` (code ``file``)."""
    try:
        return Path(path).read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no UTF-8: byte {error.start} is none of it", code="file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}", code="file") from None


def check_output(path: str, option: str, read: Iterable[str]) -> None:
    """Refuse, before anything is done, to write to a place that cannot be written or that would destroy what is *read*.

    Args:
        path: where *option* says to write.
        option: the option.
        read: the files, and the URLs of stores, that the command reads.

    Raises:
        InputError: code ``file``.
    """
    try:
        place = Path(path).resolve()
        problem = (
            "is a directory" if place.is_dir() else "" if place.parent.is_dir() else "lies in no folder that exists"
        )
        kept = [Path(each.partition(":///")[2] if ":///" in each else each).resolve() for each in read]
    except (OSError, ValueError) as error:
        raise InputError(f"{option} {path!r:.200}: {error}", code="file") from None
    if place in [*kept, *(file.with_name(file.name + more) for file in kept for more in ("-wal", "-shm"))]:
        problem = "is read too, and writing would destroy it"
    if problem:
        raise InputError(f"{option}: {path} {problem}", code="file", hint=f"name another file: {option} FILE")


def open_existing(url: str) -> GoalEngine:
    """An engine over a store that a run has made. Raises `StoreError` where there is none to read."""
    from convgoals.engine.engine import GoalEngine  # noqa: PLC0415  only commands that need it pay for it

    return GoalEngine(store=existing(url))


def existing(url: str) -> str:
    """*url*, of a store that a run has made. Raises `StoreError` where there is none to read."""
    scheme, found, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme == "memory" or (found and scheme == "sqlite" and not rest.strip("/")):
        raise StoreError(
            f"the store {url!r} is in memory, so it is empty in every new process",
            code="store-empty",
            hint="name a durable one: --store sqlite:///goals.db",
        )
    if found and scheme == "sqlite" and not _exists(rest.removeprefix("/")):
        raise StoreError(
            f"there is no store {url!r}",
            code="store-missing",
            hint="is the path right? `convgoals run --store …` makes one (sqlite:///file, sqlite:////absolute/file)",
        )
    if found and scheme in ("postgresql", "postgres"):
        from convgoals.storage.open import exists_in_postgres  # noqa: PLC0415  as above

        if not exists_in_postgres(url):
            raise StoreError(
                "there is no store in this PostgreSQL database, or not in this schema",
                code="store-missing",
                hint="are database and `?schema=…` right? `convgoals run --store …` makes one",
            )
    return url


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
