"""Campaigns side by side: how many of those who received each completed a goal, beside those who did not receive it.

The difference says what came after a receipt, and not what it caused.

Exit codes: 0 all is well, 2 the command line is wrong or the question cannot be answered, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse

from convgoals.cli import exits
from convgoals.cli.options import add_audience, add_confidence, add_format, add_period, add_store, number, open_existing
from convgoals.cli.terminal import Terminal
from convgoals.cli.texts import write_csv
from convgoals.cli.writing import add_chart, check_chart, write_chart


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument("goal", metavar="GOAL", help="the goal")
    parser.add_argument(
        "--campaign",
        action="append",
        metavar="NAME",
        help="a campaign; may be repeated (default: all)",
    )
    parser.add_argument("--window", metavar="SPAN", help="how long after a receipt a completion may lie: '14 days'")
    add_period(parser)
    add_audience(parser)
    parser.add_argument("--goal-version", type=number(1), metavar="N", help="only completions of this version")
    add_confidence(parser)
    add_chart(parser, "campaigns")
    add_format(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Compare campaigns; see the module."""
    check_chart(args)
    with open_existing(args.store) as engine:
        report = engine.campaigns(
            args.goal,
            args.campaign,
            window=args.window,
            since=args.since,
            until=args.until,
            timezone=args.timezone,
            audience=args.audience,
            confidence=args.confidence,
            version=args.goal_version,
        )
    write_chart(report, args, terminal)
    if args.format == "json":
        terminal.json(report.to_dict(), indent=2)
    elif args.format == "csv":
        write_csv(report.rows(), terminal)
    elif report.campaigns:
        terminal.tables(report.tables())
    else:
        terminal.line("Nobody has received a campaign.")
    return exits.OK
