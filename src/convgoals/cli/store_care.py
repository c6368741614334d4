"""What ``convgoals store …`` does, an action a function; each one's docstring is its help."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import attrs

from convgoals.cli import exits
from convgoals.cli.options import InputError, existing, read_instant
from convgoals.cli.progress import Progress
from convgoals.cli.terminal import Terminal, counted
from convgoals.errors import StoreError
from convgoals.instants import read_iso

if TYPE_CHECKING:
    from convgoals.storage.base import Store

_OWN = "@"
"""What the names of positions begin with that are the engine's own: its clock, and what it has made final."""

SHOWN = 50
"""How many findings are told one by one; all of them are counted."""


def show_info(args: argparse.Namespace, terminal: Terminal) -> int:
    """What a store is: its backend and schema, how much it holds, how many bytes it takes, how far it was fed."""
    from convgoals.instants import to_datetime  # noqa: PLC0415

    with _opened(args.store) as store:
        info, goals, reached = store.info(), store.goals(), store.reached()
        found: dict[str, Any] = {
            "kind": info.kind,
            "schema": info.schema,
            "profiles": store.profile_count(),
            "identities": len(store.aliases()),
            "completions": info.completions,
            "retractions": info.retractions,
            "goals": [
                {"name": each.goal.name, "version": each.version, "archived": each.archived} for each in goals
            ],
            "positions": {source: at for source, at in sorted(store.positions().items()) if source[:1] != _OWN},
            "reached": None if reached is None else to_datetime(reached).isoformat(),
            "bytes": dict(info.sizes),
        }  # fmt: skip
    if args.format == "json":
        terminal.json(found, indent=2)
        return exits.OK
    live = sum(not each.archived for each in goals)
    terminal.heading(f"{info.kind} store, schema {info.schema}")
    terminal.line(f"  {counted(found['profiles'], 'profile')}, {_identities(found['identities'])}")
    terminal.line(f"  {counted(info.completions, 'completion')}, {counted(info.retractions, 'retraction')}")
    terminal.line(f"  {counted(live, 'live goal')}, {len(goals) - live} archived")
    terminal.line(f"  time has reached {found['reached'] or 'nothing yet'}")
    for source, at in found["positions"].items():
        terminal.line(f"  {source} read up to {at}")
    for part, size in info.sizes.items():
        terminal.line(f"  {part}: {size:,} bytes")
    return exits.OK


def check(args: argparse.Namespace, terminal: Terminal) -> int:
    """Check that a store is whole, and says of its profiles what a replay of their facts gives.

    Writers wait until it is done: of a store in use, check a backup. Exit code 1 says that something was found.
    """
    from convgoals.care.check import check_store  # noqa: PLC0415

    sample = None if args.all else args.sample
    with _opened(args.store) as store, Progress(terminal, "profiles", wanted=args.format == "text") as progress:
        of = store.profile_count() if sample is None else min(sample, store.profile_count())
        found = check_store(
            store, sample=sample, seed=args.seed, on_progress=lambda done: progress.update(done, done / max(of, 1))
        )
    if args.format == "json":
        terminal.json(
            {
                "whole": found.whole,
                "profiles": found.profiles,
                "complete": found.complete,
                "found": found.found,
                "findings": [attrs.asdict(each) for each in found.findings],
            },
            indent=2,
        )
        return exits.OK if found.whole else exits.FINDINGS
    for each in found.findings[:SHOWN]:
        of_whom = "" if each.profile_id is None else f" {each.profile_id}:"
        terminal.line(f"{each.code}:{of_whom} {each.message}")
    if found.found > SHOWN:
        terminal.line(f"… and {found.found - SHOWN:,} more")
    how = "all" if found.complete else "a sample"
    terminal.line(
        f"Replayed {counted(found.profiles, 'profile')} ({how}): "
        + ("the store is whole." if found.whole else f"{counted(found.found, 'thing')} wrong.")
    )
    return exits.OK if found.whole else exits.FINDINGS


def export(args: argparse.Namespace, terminal: Terminal) -> int:
    """Write a whole store as lines of JSON, which fill an empty store of any backend.

    One store has one export: the same records are the same bytes. Writers wait until it is done: of a store in use,
    export a backup. A file is there whole, or not at all.
    """
    from convgoals.care.exporting import export_store  # noqa: PLC0415

    with _opened(args.store) as store, Progress(terminal, "lines", wanted=args.file != "-") as progress:
        with _output(args.file, terminal) as out:
            count = 0
            for count, line in enumerate(export_store(store), start=1):
                out.write(line)
                progress.update(count, None)
        if args.file != "-":
            progress.clear()
            terminal.line(f"Wrote {counted(count, 'line')} to {args.file}.")
    return exits.OK


def bring(args: argparse.Namespace, terminal: Terminal) -> int:
    """Fill an empty store with an export.

    The export is read to its end before anything is written, and the store is compared with it after that: a damaged
    file, or a disk that is full, leaves the store empty.
    """
    from convgoals.care.importing import import_store  # noqa: PLC0415
    from convgoals.storage.open import open_store  # noqa: PLC0415

    url = args.store
    if url.partition("://")[0].lower() == "memory" or url.lower() in ("sqlite://", "sqlite:///:memory:"):
        existing(url)  # refuses it: nobody could ever read what was imported
    with (
        _input(args.file) as file,
        closing(open_store(url)) as store,
        Progress(terminal, "lines") as progress,
    ):
        count = import_store(file, store, on_progress=lambda done: progress.update(done, None))
    terminal.line(f"Imported {counted(count, 'line')}: the store gives back the same.")
    return exits.OK


def back_up(args: argparse.Namespace, terminal: Terminal) -> int:
    """Copy an SQLite store into a new file, while others go on reading and writing.

    Other stores have tools of their own: pg_dump for PostgreSQL.
    """
    with _opened(args.store) as store:
        backup = getattr(store, "backup", None)
        if backup is None:
            raise StoreError(
                f"a {store.info().kind} store is not copied by convgoals",
                code="store-backup",
                hint="pg_dump makes backups of PostgreSQL; `convgoals store export` writes any store as lines of JSON",
            )
        backup(args.to)
    terminal.line(f"Copied to {args.to}: {Path(args.to).stat().st_size:,} bytes.")
    return exits.OK


def vacuum(args: argparse.Namespace, terminal: Terminal) -> int:
    """Drop facts that can no longer matter, and give back the space of what was dropped and erased.

    A fact can no longer matter if none before it can come any more, be it for --lateness or by --before; what it
    came to is kept, and so is history. Without either, only space is given back.
    """
    from convgoals.engine.engine import GoalEngine  # noqa: PLC0415

    final = None if args.before is None else _moment(args.before)
    with (
        GoalEngine(store=existing(args.store), lateness=args.lateness) as engine,
        Progress(terminal, "profiles") as progress,
    ):
        dropped = engine.vacuum(final, on_progress=lambda done: progress.update(done, None))
    with _opened(args.store) as store:
        before = sum(store.info().sizes.values())
        store.compact()
        after = sum(store.info().sizes.values())
    terminal.line(f"{counted(dropped, 'fact')} dropped, {max(before - after, 0):,} bytes given back.")
    return exits.OK


def _moment(text: str) -> datetime:
    """A date, which is its beginning in UTC, or an instant."""
    moment = read_iso(text)
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return read_instant(text, "--before")


# ---- where from and where to


@contextmanager
def _opened(url: str) -> Iterator[Store]:
    from convgoals.storage.open import open_store  # noqa: PLC0415  only commands that need it pay for it

    with closing(open_store(existing(url))) as store:
        yield store


@contextmanager
def _output(path: str, terminal: Terminal) -> Iterator[IO[bytes]]:
    """Stdout for ``-``; else a file that takes its name when it is whole."""
    if path == "-":
        terminal.out.flush()
        out = getattr(terminal.out, "buffer", io.BytesIO())  # where stdout was closed, there is nobody to write to
        yield out
        out.flush()
        return
    part = Path(f"{path}.{os.urandom(4).hex()}.part")
    try:
        with part.open("xb") as out:
            yield out
        part.replace(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}", code="file") from None
    finally:
        with suppress(OSError, ValueError):
            part.unlink()


@contextmanager
def _input(path: str) -> Iterator[Any]:
    """A file that can be read twice; what comes from a pipe is put into a temporary one first."""
    try:
        with open(0 if path == "-" else path, "rb", closefd=path != "-") as given:
            if given.seekable():
                yield given
                return
            with tempfile.TemporaryFile() as kept:
                shutil.copyfileobj(given, kept)
                kept.seek(0)
                yield kept
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}", code="file") from None
    except ValueError as error:  # a path that no system allows
        raise InputError(f"{path!r:.200}: {error}", code="file") from None


def _identities(number: int) -> str:
    return f"{number:,} identit{'y' if number == 1 else 'ies'} that became others"
