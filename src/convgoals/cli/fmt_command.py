"""Format conditions: one spelling for each meaning.

In a goals.toml only the text of `when` and `within` changes; comments, layout and all other keys stay as they are, and
so do line breaks and comments inside a condition. Without --check or --write the formatted file is printed.
A single condition, given by -e or on standard input, is printed formatted.

Exit codes: 0 all is well, 1 with --check: something is not formatted, 2 a condition or the file cannot be read.
"""

from __future__ import annotations

import argparse
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from convgoals.cli import exits
from convgoals.cli.conditions import add_condition, given_condition
from convgoals.cli.layout import has_comment, laid_out
from convgoals.cli.options import InputError, read_text
from convgoals.cli.problems import GoalsFile, Problem
from convgoals.cli.terminal import Terminal, counted
from convgoals.cli.toml_places import TomlString, line_and_column, replaced
from convgoals.errors import GoalError

if TYPE_CHECKING:
    from convgoals.language.condition import Condition


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_condition(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="change nothing; exit with 1 if something would change")
    how.add_argument("--write", action="store_true", help="write the file back")


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Format; see the module."""
    condition = given_condition(args)
    if condition is not None:
        return _format_condition(condition, args, terminal)
    text = read_text(args.file)
    document = GoalsFile(args.file, text)
    changes, problems = _changes(document)
    if problems:
        for problem in problems:
            terminal.note(f"{problem}\n")
        terminal.error(f"{args.file} cannot be formatted: {counted(len(problems), 'condition')} cannot be read")
        return exits.BAD_INPUT
    formatted = replaced(text, changes)
    _check_rest(document, changes, formatted)
    if args.check:
        for string, _ in changes:
            line, column = line_and_column(text, string.start)
            terminal.line(f"{args.file}:{line}:{column}: `{string.path[-1]}` is not formatted")
        return exits.FINDINGS if changes else exits.OK
    if not args.write:
        terminal.raw(formatted)
        return exits.OK
    if changes:
        _write(args.file, formatted)
    terminal.note(f"{args.file}: {counted(len(changes), 'condition')} formatted")
    return exits.OK


def _format_condition(text: str, args: argparse.Namespace, terminal: Terminal) -> int:
    from convgoals.language.condition import parse  # noqa: PLC0415  lark is only for those who need it

    if args.write:
        raise InputError("--write needs a file", hint="convgoals fmt --write goals.toml")
    formatted = str(parse(text))
    if has_comment(text):
        formatted = laid_out(formatted, text)
    if args.check:
        return exits.OK if formatted == text else exits.FINDINGS
    terminal.line(formatted)
    return exits.OK


def _changes(document: GoalsFile) -> tuple[list[tuple[TomlString, str]], list[Problem]]:
    """The strings to change, with what they become; and the conditions that cannot be read."""
    changes: list[tuple[TomlString, str]] = []
    problems: list[Problem] = []
    for number, _ in document.tables():
        for key in ("when", "within"):
            string = document.string(number, key)
            if string is None:
                continue
            try:
                formatted = formatted_condition(string.value) if key == "when" else formatted_window(string.value)
            except GoalError as error:
                problems.extend(document.problems(error, number, key))
                continue
            if formatted != string.value:
                changes.append((string, formatted))
    return changes, problems


def formatted_condition(text: str) -> str:
    """A condition in canonical words, with its own line breaks and comments. Raises `GoalError`."""
    from convgoals.language.condition import parse  # noqa: PLC0415

    condition: Condition = parse(text)
    kept = laid_out(str(condition), text)
    try:
        return kept if parse(kept) == condition else str(condition)
    except GoalError:  # a line break that the words around it do not bear
        return str(condition)


def formatted_window(text: str) -> str:
    """A goal's window in canonical words. Raises `GoalError`."""
    from convgoals.language.format import format_duration, format_node  # noqa: PLC0415
    from convgoals.language.parse import parse_window  # noqa: PLC0415

    duration, anchor = parse_window(text)
    return f"{format_duration(duration)} of {format_node(anchor)}"


def _check_rest(document: GoalsFile, changes: list[tuple[TomlString, str]], formatted: str) -> None:
    """Nothing but the conditions may have changed: a formatter that could break a file is worse than none."""
    wanted = tomllib.loads(document.text)
    for string, value in changes:
        table = wanted["goal"][string.path[1]]
        table[string.path[2]] = value
    if tomllib.loads(formatted) != wanted:
        raise AssertionError("formatting changed more than conditions")


def _write(path: str, text: str) -> None:
    """Write the file in one step, so that it is never half written."""
    target = Path(path).resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(text.encode("utf-8"))
        beside.chmod(target.stat().st_mode)
        beside.replace(target)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror or error}", code="file") from None
