"""Report goals: completions, rate and its interval, trend, breakdown, and the change against another period.

Exit codes: 0 all is well, 2 the command line is wrong or the question cannot be answered, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse
import csv
from typing import TYPE_CHECKING, Any

from convgoals.cli import exits
from convgoals.cli.options import add_breakdown, add_format, add_period, add_store, number, open_existing
from convgoals.cli.terminal import Terminal
from convgoals.cli.texts import csv_cell

if TYPE_CHECKING:
    from convgoals.analytics.goal_report import GoalReport


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument(
        "--goal", action="append", metavar="NAME", help="a goal to report; may be repeated (default: all active goals)"
    )
    add_period(parser)
    parser.add_argument(
        "--every", default="day", metavar="SIZE", help="trend by hour, day, week, month or quarter (default: day)"
    )
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
        _print_csv(reports, args.part or ("breakdown" if args.by else "trend"), terminal)
    else:
        for report in reports:
            terminal.tables(report.tables())
        if not reports:
            terminal.line("The store holds no goals.")
    return exits.OK


def _print_csv(reports: list[GoalReport], part: Any, terminal: Terminal) -> None:
    rows = [{"goal": report.goal} | row for report in reports for row in report.rows(part)]
    if not rows:
        return
    writer = csv.writer(terminal.out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([csv_cell(value) for value in row.values()])
