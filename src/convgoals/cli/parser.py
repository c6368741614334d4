"""The command line's grammar: every command with its options. What a command does stands in its own module."""

from __future__ import annotations

import argparse
import re
import sys
from importlib import import_module
from typing import Any, NoReturn

from convgoals.suggest import did_you_mean

COMMANDS = {
    "demo": "the sample goals over the sample data: see what it does",
    "run": "feed files through goals into a store",
    "goals": "list the goals of a store, with their completion rates",
    "report": "report goals: rate, trend, breakdown, change",
    "funnel": "goals as a funnel, with the drop-off between them",
    "compare": "goals side by side, each against the first",
    "campaigns": "campaigns side by side: recipients beside the others",
    "attribution": "the campaigns or channels that completions are owed to",
    "history": "the completions of a profile, of a goal, or all",
    "store": "look after a store: check it, move it, copy it, give back its space",
    "explain": "why a profile completed a goal, or why not",
    "diagnose": "what is amiss between goals and data",
    "check": "check goals.toml: every mistake, with its place and repair",
    "test": "run the examples of goals.toml",
    "diff": "what a change of goals.toml changes in meaning",
    "mutate": "change goals one detail at a time: which changes does no example notice?",
    "lint": "look for the pitfalls of conversion goals",
    "fmt": "format the conditions of goals.toml, or one condition",
    "describe": "say in plain English what a goal means",
}
"""Each command, which is a module of its own (``report_command``), with what it does in a few words.

The module has ``add(parser)`` and ``run(args, terminal)``, and its docstring is the command's help. It is imported when
its command is the one that is asked for.
"""


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
            near = did_you_mean(found[1], COMMANDS) or f"one of {', '.join(COMMANDS)}"
            message = f"there is no command `{found[1]}`\n  hint: {near}"
        raise UsageError(message, self.format_usage().rstrip())


class CommandParser(Parser):
    """The parser of one command, which gets its options when it is used."""

    def load(self) -> None:
        """Give it its options, if it has none yet."""
        if self.get_default("run") is not None:
            return
        module = import_module(f"convgoals.cli.{self.prog.rpartition(' ')[2]}_command")
        self.description = module.__doc__
        module.add(self)
        # The common options may stand on either side of the command; only one that is given sets anything.
        add_common(self)
        self.set_defaults(run=module.run)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As every parser; argparse calls it for the command that is asked for, and no other."""
        self.load()
        return super().parse_known_args(args, namespace)


class _Version(argparse.Action):
    """Looks the version up when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version  # noqa: PLC0415  it costs more than parsing

        sys.stdout.write(f"convgoals {version('convgoals')}\n")
        parser.exit()


def _formatter(prog: str) -> argparse.HelpFormatter:
    """A formatter that has room for the longest command: argparse forgets that commands are indented."""
    formatter = argparse.HelpFormatter(prog)
    formatter._action_max_length = max(map(len, COMMANDS)) + 4  # noqa: SLF001  it has no public way to say so
    return formatter


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = Parser(
        prog="convgoals",
        description="Conversion goals over your own customer data: feed facts, see who converted, when, and why.",
        epilog="Try `convgoals demo` first, and `convgoals COMMAND --help` for a command's options.",
        allow_abbrev=False,
        formatter_class=_formatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    add_common(parser, default=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    for name, summary in COMMANDS.items():
        commands.add_parser(
            name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
        )
    return parser


def add_common(parser: argparse.ArgumentParser, *, default: Any = argparse.SUPPRESS) -> None:
    """The options of every command."""
    parser.add_argument("--no-color", action="store_true", default=default, help="no colours, as with NO_COLOR set")
    parser.add_argument("--traceback", action="store_true", default=default, help="show where an error comes from")
