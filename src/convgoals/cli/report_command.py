"""Report goals: completions, rate and its interval, trend, breakdown, and the change against another period.

Exit codes: 0 all is well, 2 the command line is wrong or the question cannot be answered, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse
from typing import Any

from convgoals.cli import exits
from convgoals.cli.options import add_breakdown, add_every, add_format, add_period, add_store, number, open_existing
from convgoals.cli.terminal import Terminal
from convgoals.cli.texts import write_csv


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument(
        "--goal", action="append", metavar="NAME", help="a goal to report; may be repeated (default: all active goals)"
    )
    add_period(parser)
    add_every(parser)
    add_breakdown(parser)
    parser.add_argument(
        "--baseline", choices=("previous",), help="compare with the period before of the same length (needs --since)"
    )
    parser.add_argument("--goal-version", type=number(1), metavar="N", help="only completions of this version")
    parser.add_argument(
        "--part",
        choices=("figures", "trend", "breakdown"),
        help="the rows of --format csv (default: breakdown with --by, else trend)",
    )
    add_format(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Report; see the module."""
    with open_existing(args.store) as engine:
        names = args.goal or [goal.name for goal in engine.goals()]
        reports = [
            engine.report(
                name,
                since=args.since,
                until=args.until,
                every=args.every,
                timezone=args.timezone,
                breakdown=args.by,
                audience=args.audience,
                limit=args.limit,
                baseline=args.baseline,
                version=args.goal_version,
            )
            for name in names
        ]
    if args.format == "json":
        terminal.json([report.to_dict() for report in reports], indent=2)
    elif args.format == "csv":
        part: Any = args.part or ("breakdown" if args.by else "trend")
        write_csv([{"goal": report.goal} | row for report in reports for row in report.rows(part)], terminal)
    else:
        for report in reports:
            terminal.tables(report.tables())
        if not reports:
            terminal.line("The store holds no goals.")
    return exits.OK
