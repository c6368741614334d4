"""Check a goals.toml: every mistake, each with its place, code and repair.

Goals, their examples, sources, schema and lint settings are checked; and, with a schema, the names and types that
goals speak of.
Where all is well, it prints nothing but a summary.

Exit codes: 0 all is well, 1 there are problems, 2 the file cannot be read.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from convgoals.cli import exits
from convgoals.cli.options import add_format, add_schema, find_schema, read_text
from convgoals.cli.problems import GoalsFile, Problem
from convgoals.cli.terminal import Terminal, counted
from convgoals.errors import ConvgoalsError, GoalDefinitionError, GoalError
from convgoals.goals import TABLES, goal_from_dict
from convgoals.lint import read_settings
from convgoals.sources.options import read_sources
from convgoals.suggest import did_you_mean


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("file", metavar="goals.toml", help="the file to check")
    add_schema(parser)
    add_format(parser, ("text", "json"))


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Check; see the module."""
    text = read_text(args.file)
    goals = 0
    try:
        document = GoalsFile(args.file, text)
    except GoalDefinitionError as error:
        problems = [Problem(args.file, None, None, error.line, error.column, error.code, error.message, error.hint)]
    else:
        problems = sorted(_problems(document, args.schema), key=_place)
        goals = document.count
    if args.format == "json":
        terminal.json({"file": args.file, "goals": goals, "problems": [each.to_dict() for each in problems]}, indent=2)
        return exits.FINDINGS if problems else exits.OK
    for problem in problems:
        terminal.line(f"{problem}\n")
    if problems:
        terminal.line(f"{counted(len(problems), 'problem')} in {args.file} ({counted(goals, 'goal')})")
        return exits.FINDINGS
    terminal.line(f"{args.file}: {counted(goals, 'goal')}, no problems")
    return exits.OK


def _example_problems(document: GoalsFile) -> Iterator[Problem]:
    """What is wrong with the examples of the goals that are right."""
    if not any("example" in table for _, table in document.tables()):
        return
    from convgoals.testing.examples import examples_of  # noqa: PLC0415  only files with examples pay for it

    for number, table in document.tables():
        try:
            goal = goal_from_dict(table)
        except GoalError:
            continue
        for found in examples_of(goal, table):
            if isinstance(found, GoalError):
                yield from document.problems(found, number, "example")


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


def _problems(document: GoalsFile, schema_file: str | None) -> Iterator[Problem]:
    for key in document.document:
        if key not in TABLES:
            error = GoalDefinitionError(
                f"there is no table `{key}`", code="unknown-key", hint=did_you_mean(key, TABLES)
            )
            yield from document.problems(error, table=(key,))
    try:
        if not document.tables():
            nothing = GoalDefinitionError("the file holds no goal", code="no-goal", hint="a goal is a [[goal]] table")
            yield from document.problems(nothing)
        try:
            schema = find_schema(schema_file, document.document)
        except GoalDefinitionError as error:
            yield from document.problems(error, table=("schema",))
            schema = None
        yield from document.goal_problems(schema)
        yield from _example_problems(document)
    except GoalDefinitionError as error:
        yield from document.problems(error)
    try:
        read_settings(document.document)
    except GoalDefinitionError as error:
        yield from document.problems(error, table=("lint",))
    try:
        read_sources(document.document, document.path)
    except ConvgoalsError as error:
        named = re.search(r"\[source\.([^\]]*)\]", error.message)
        yield from document.problems(error, table=("source", named[1]) if named else ("source",))
