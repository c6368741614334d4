"""Compare goals side by side: the same period, the same audience, each against the first.

Exit codes: 0 all is well, 2 the command line is wrong or the question cannot be answered, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse

from convgoals.cli import exits
from convgoals.cli.options import (
    add_audience,
    add_confidence,
    add_every,
    add_format,
    add_period,
    add_store,
    open_existing,
)
from convgoals.cli.terminal import Terminal
from convgoals.cli.texts import write_csv
from convgoals.cli.writing import add_chart, check_chart, write_chart


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument("goals", nargs="+", metavar="GOAL", help="two goals or more; the first is compared with")
    add_period(parser, "the first goal's")
    add_every(parser)
    add_audience(parser)
    add_confidence(parser)
    add_chart(parser, "rates or trend (default: rates)")
    add_format(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Compare; see the module."""
    check_chart(args)
    with open_existing(args.store) as engine:
        comparison = engine.compare(
            args.goals,
            since=args.since,
            until=args.until,
            timezone=args.timezone,
            every=args.every,
            audience=args.audience,
            confidence=args.confidence,
        )
    write_chart(comparison, args, terminal)
    if args.format == "json":
        terminal.json(comparison.to_dict(), indent=2)
    elif args.format == "csv":
        write_csv(comparison.rows(), terminal)
    else:
        terminal.tables(comparison.tables())
    return exits.OK
