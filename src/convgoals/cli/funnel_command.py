"""Goals as the stages of a funnel: how many got how far, how long it took, and who went no further.

Exit codes: 0 all is well, 2 the command line is wrong or the question cannot be answered, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse

from convgoals.cli import exits
from convgoals.cli.options import add_breakdown, add_confidence, add_format, add_period, add_store, open_existing
from convgoals.cli.terminal import Terminal
from convgoals.cli.texts import write_csv
from convgoals.cli.writing import add_chart, check_chart, write_chart


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument("goals", nargs="+", metavar="GOAL", help="the stages in order: two goals or more")
    parser.add_argument("--within", metavar="SPAN", help="how long after the first stage the last may be: '7 days'")
    parser.add_argument("--between", metavar="SPAN", help="how long after the stage before each may be")
    parser.add_argument(
        "--order",
        choices=("strict", "any"),
        default="strict",
        help="whether stages must come in order (default: strict)",
    )
    add_period(parser, "the first goal's")
    add_breakdown(parser)
    parser.add_argument(
        "--dropped", metavar="STAGE", help="print only the ids of the profiles that went no further than this stage"
    )
    add_confidence(parser)
    add_chart(parser, "stages, or groups with --by (default: stages)")
    add_format(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Show the funnel; see the module."""
    check_chart(args)
    with open_existing(args.store) as engine:
        funnel = engine.funnel(
            args.goals,
            within=args.within,
            between=args.between,
            order=args.order,
            breakdown=args.by,
            since=args.since,
            until=args.until,
            timezone=args.timezone,
            audience=args.audience,
            confidence=args.confidence,
            limit=args.limit,
        )
    write_chart(funnel, args, terminal)
    if args.dropped is not None:
        # A number is a stage's, unless a goal is called so.
        is_number = args.dropped.isascii() and args.dropped.isdigit() and len(args.dropped) < 4
        stage = int(args.dropped) if is_number and args.dropped not in args.goals else args.dropped
        ids = list(funnel.dropped(stage))
        if args.format == "json":
            terminal.json(ids, indent=2)
        else:
            for profile_id in ids:
                terminal.line(profile_id)
    elif args.format == "json":
        terminal.json(funnel.to_dict(), indent=2)
    elif args.format == "csv":
        write_csv(funnel.rows("groups" if args.by else "stages"), terminal)
    else:
        terminal.tables(funnel.tables())
    return exits.OK
