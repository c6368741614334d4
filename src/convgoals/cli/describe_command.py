"""Say in plain English what goals mean: all of a goals.toml, some of them, or one condition.

Exit codes: 0 all is well, 2 a condition or the file cannot be read.
"""

from __future__ import annotations

import argparse

from convgoals.cli import exits
from convgoals.cli.conditions import add_condition, given_condition
from convgoals.cli.options import InputError, add_format
from convgoals.cli.terminal import Terminal
from convgoals.suggest import did_you_mean


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_condition(parser)
    parser.add_argument("--goal", action="append", metavar="NAME", help="only this goal of the file; may be repeated")
    add_format(parser, ("text", "json"))


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Describe; see the module."""
    from convgoals.goals import load_goals  # noqa: PLC0415  only commands that need it pay for it
    from convgoals.language.condition import parse  # noqa: PLC0415
    from convgoals.language.describe import describe  # noqa: PLC0415

    condition = given_condition(args)
    if condition is not None:
        if args.goal:
            raise InputError("--goal chooses among the goals of a file", hint="leave it out")
        parsed = parse(condition)
        text = describe(parsed.root)
        if args.format == "json":
            terminal.json({"when": str(parsed), "description": text}, indent=2)
        else:
            terminal.line(text)
        return exits.OK
    goals = {goal.name: goal for goal in load_goals(args.file)}
    for name in args.goal or ():
        if name not in goals:
            raise InputError(f"{args.file} holds no goal {name!r}", code="unknown-goal", hint=did_you_mean(name, goals))
    chosen = [goals[name] for name in args.goal] if args.goal else list(goals.values())
    if args.format == "json":
        terminal.json([{"name": goal.name, "description": goal.describe()} for goal in chosen], indent=2)
        return exits.OK
    for index, goal in enumerate(chosen):
        if index:
            terminal.line()
        terminal.heading(goal.name)
        terminal.line(goal.describe())
    return exits.OK
