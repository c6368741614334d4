"""What is amiss between goals and data: events that never came, properties that never arrived or in the wrong type.

It looks at all facts that the store has kept. Events that no goal listens to are kept only by `run --keep all`.

Exit codes: 0 all is well, 1 something is amiss, 2 the command line is wrong, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse

import attrs

from convgoals.cli import exits
from convgoals.cli.options import add_format, add_store, number, open_existing
from convgoals.cli.terminal import Terminal, counted


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument("--limit", type=number(1), metavar="N", help="look at the first N profiles only (default: all)")
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 also where something is amiss")
    add_format(parser, ("text", "json"))


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Diagnose; see the module."""
    with open_existing(args.store) as engine:
        found = engine.diagnostics(profiles=args.limit)
    problems = {each.goal: list(each.problems()) for each in found.goals}
    if args.format == "json":
        goals = [
            attrs.asdict(each) | {"never_reached": each.never_reached, "problems": problems[each.goal]}
            for each in found.goals
        ]
        terminal.json({"looked_at": found.looked_at, "complete": found.complete, "goals": goals}, indent=2)
    else:
        rest = "" if found.complete else ", the first by id: what never came may yet be among the others"
        terminal.line(f"Looked at {counted(found.looked_at, 'profile')}{rest}.")
        for each in found.goals:
            if problems[each.goal]:
                terminal.line()
                reached = ": nothing that it listens to has ever come" if each.never_reached else ""
                terminal.heading(f"{each.goal}{reached}")
                for problem in problems[each.goal]:
                    terminal.line(f"  {problem}")
        if not any(problems.values()):
            terminal.line("Nothing is amiss." if found.goals else "There are no goals.")
    return exits.FINDINGS if any(problems.values()) and not args.exit_zero else exits.OK
