"""Conditions given on the command line: ``-e CONDITION``, or one on standard input."""

from __future__ import annotations

import argparse
import sys

from convgoals.cli.options import InputError

MAX_INPUT = 100_000
"""How much of standard input is read at the most: a condition is far shorter."""


def add_condition(parser: argparse.ArgumentParser) -> None:
    """The file, or ``-e``; with neither, or ``-``, the condition is read from standard input."""
    parser.add_argument("file", nargs="?", metavar="goals.toml", help="the file; `-` or none: a condition on stdin")
    parser.add_argument("-e", "--expression", metavar="CONDITION", help="a condition, instead of a file")


def given_condition(args: argparse.Namespace) -> str | None:
    """The condition that the command line gives, or ``None`` where it names a file. Raises `InputError`."""
    if args.expression is not None:
        if args.file is not None:
            raise InputError("a file and -e cannot be given together", hint="leave one of them out")
        return str(args.expression)
    if args.file is not None and args.file != "-":
        return None
    if args.file is None and sys.stdin is not None and sys.stdin.isatty():
        raise InputError("there is nothing to read", hint="name a file, or give a condition: -e 'event signup'")
    return _read_stdin()


def _read_stdin() -> str:
    if sys.stdin is None:
        raise InputError("standard input is closed")
    try:
        return sys.stdin.read(MAX_INPUT).strip()
    except UnicodeDecodeError as error:
        raise InputError(f"standard input is no {error.encoding}: {error.reason}") from None
