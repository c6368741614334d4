"""The command line's grammar: every command with its options. What a command does stands in its own module."""

from __future__ import annotations

import argparse
import re
import sys
from importlib.metadata import version
from typing import Any, NoReturn

from convgoals.cli import (
    check_command,
    demo_command,
    describe_command,
    fmt_command,
    funnel_command,
    goals_command,
    history_command,
    report_command,
    run_command,
)
from convgoals.suggest import did_you_mean

COMMANDS: tuple[Any, ...] = (
    demo_command,
    run_command,
    goals_command,
    report_command,
    funnel_command,
    history_command,
    check_command,
    fmt_command,
    describe_command,
)
"""A module each, with ``NAME``, ``HELP``, ``add(parser)`` and ``run(args, terminal)``; its docstring is its help."""


class UsageError(Exception):
    """The command line is wrong."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.message = message
        self.usage = usage


class Parser(argparse.ArgumentParser):
    """A parser that raises, so that errors are shown in one way."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        found = re.match(r"argument COMMAND: invalid choice: '([^']*)'", message)
        if found is not None:
            names = [module.NAME for module in COMMANDS]
            near = did_you_mean(found[1], names) or f"one of {', '.join(names)}"
            message = f"there is no command `{found[1]}`\n  hint: {near}"
        raise UsageError(message, self.format_usage().rstrip())


class _Version(argparse.Action):
    """Looks the version up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        sys.stdout.write(f"convgoals {version('convgoals')}\n")
        parser.exit()


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = Parser(
        prog="convgoals",
        description="Conversion goals over your own customer data: feed facts, see who converted, when, and why.",
        epilog="Try `convgoals demo` first, and `convgoals COMMAND --help` for a command's options.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    _add_common(parser, default=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)
    for module in COMMANDS:
        command = commands.add_parser(
            module.NAME,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add(command)
        # The common options may stand on either side of the command; only one that is given sets anything.
        _add_common(command, default=argparse.SUPPRESS)
        command.set_defaults(run=module.run)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, default: Any) -> None:
    parser.add_argument("--no-color", action="store_true", default=default, help="no colours, as with NO_COLOR set")
    parser.add_argument("--traceback", action="store_true", default=default, help="show where an error comes from")
