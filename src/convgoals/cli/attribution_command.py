"""Share out a goal's completions, and their value, among the campaigns or channels that came before them.

Exit codes: 0 all is well, 2 the command line is wrong or the question cannot be answered, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse

from convgoals.cli import exits
from convgoals.cli.options import add_audience, add_format, add_period, add_store, number, open_existing, read_span
from convgoals.cli.terminal import Terminal
from convgoals.cli.texts import write_csv
from convgoals.cli.writing import add_chart, check_chart, write_chart


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument("goal", metavar="GOAL", help="the goal")
    parser.add_argument(
        "--model", action="append", metavar="MODEL", help="a model of attribution; may be repeated (default: the usual)"
    )
    parser.add_argument(
        "--touchpoint",
        action="append",
        metavar="OCCURRENCE",
        help="what else is a touch, besides receipts: 'event ad_clicked'; may be repeated",
    )
    parser.add_argument("--window", metavar="SPAN", help="how long before a completion a touch may lie: '30 days'")
    parser.add_argument(
        "--by", default="campaign", metavar="WHAT", help="credit each campaign, or each channel (default: campaign)"
    )
    parser.add_argument("--half-life", metavar="SPAN", help="of the model time-decay (default: 7 days)")
    add_period(parser)
    add_audience(parser)
    parser.add_argument("--goal-version", type=number(1), metavar="N", help="only completions of this version")
    add_chart(parser, "completions or value (default: completions)")
    add_format(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Attribute; see the module."""
    half_life = None if args.half_life is None else read_span(args.half_life, "--half-life")
    given = {"models": args.model, "half_life": half_life, "touchpoints": args.touchpoint}
    check_chart(args)
    with open_existing(args.store) as engine:
        credit = engine.attribution(
            args.goal,
            window=args.window,
            by=args.by,
            since=args.since,
            until=args.until,
            timezone=args.timezone,
            audience=args.audience,
            version=args.goal_version,
            **{name: value for name, value in given.items() if value is not None},
        )
    write_chart(credit, args, terminal)
    if args.format == "json":
        terminal.json(credit.to_dict(), indent=2)
    elif args.format == "csv":
        write_csv(credit.rows(), terminal)
    else:
        terminal.tables(credit.tables())
    return exits.OK
