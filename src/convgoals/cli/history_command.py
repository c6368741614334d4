"""The history of completions, by the time at which they were achieved.

With --as-of, what was known then. JSON is an array with a completion a line, so that long histories stream.

Exit codes: 0 all is well, 2 the command line is wrong, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import attrs

from convgoals.analytics.tables import NOTHING, Column, Table, amount_text, count_text, number_column, span_text
from convgoals.cli import exits
from convgoals.cli.options import add_format, add_store, number, open_existing, read_instant
from convgoals.cli.terminal import Terminal
from convgoals.cli.texts import csv_cell
from convgoals.records import Completion

SHOWN = 1_000
"""How many completions the table shows unless ``--limit`` says otherwise; JSON and CSV have no such limit."""


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument("--profile", metavar="ID", help="only of this profile")
    parser.add_argument("--goal", metavar="NAME", help="only of this goal")
    parser.add_argument("--as-of", metavar="TIME", help="as was known at this time: ISO 8601 with an offset")
    parser.add_argument("--include-retracted", action="store_true", help="also those that no longer hold")
    parser.add_argument(
        "--limit", type=number(1), metavar="N", help=f"at most N completions (default: {SHOWN} as text, else all)"
    )
    add_format(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print the history; see the module."""
    as_of = None if args.as_of is None else read_instant(args.as_of, "--as-of")
    with open_existing(args.store) as engine:
        found = iter(engine.history(args.profile, args.goal, as_of, args.include_retracted))
        if args.format == "json":
            _print_json(islice(found, args.limit), terminal)
        elif args.format == "csv":
            _print_csv(islice(found, args.limit), terminal)
        else:
            _print_table(found, args.limit or SHOWN, terminal)
    return exits.OK


def completion_dict(completion: Completion) -> dict[str, Any]:
    """A completion as plain values: instants in ISO 8601, spans in seconds, exact decimals as text."""
    from convgoals.analytics.results import to_plain  # noqa: PLC0415

    plain: dict[str, Any] = to_plain(completion)
    return plain


def _print_json(found: Iterator[Completion], terminal: Terminal) -> None:
    terminal.raw("[")
    for index, completion in enumerate(found):
        terminal.raw(",\n" if index else "\n")
        terminal.raw(json.dumps(completion_dict(completion)))
    terminal.raw("\n]\n")


def _print_csv(found: Iterable[Completion], terminal: Terminal) -> None:
    writer = csv.writer(terminal.out, lineterminator="\n")
    names = [field.name for field in attrs.fields(Completion)]
    writer.writerow(names)
    for completion in found:
        writer.writerow([csv_cell(getattr(completion, name)) for name in names])


def _print_table(found: Iterator[Completion], limit: int, terminal: Terminal) -> None:
    shown = list(islice(found, limit))
    more = next(found, None) is not None
    if not shown:
        terminal.line("There are no completions.")
        return
    valued = any(completion.value is not None for completion in shown)
    rows = tuple(
        (
            completion.achieved_at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00"),
            completion.profile_id,
            completion.goal if completion.version == 1 else f"{completion.goal} (version {completion.version})",
            NOTHING if completion.channel is None else completion.channel,
            *((_value_text(completion),) if valued else ()),
            span_text(completion.since_anchor),
        )
        for completion in shown
    )
    columns = (
        Column("achieved (UTC)"),
        Column("profile"),
        Column("goal"),
        Column("channel"),
        *((number_column("value"),) if valued else ()),
        number_column("since anchor"),
    )
    notes = (f"The first {count_text(limit)}; --limit shows more, --format csv shows all.",) if more else ()
    terminal.table(Table("History", columns, rows, notes))


def _value_text(completion: Completion) -> str:
    from convgoals.analytics.figures import as_number  # noqa: PLC0415

    return amount_text(as_number(completion.value))
