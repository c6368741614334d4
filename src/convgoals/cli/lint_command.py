"""Look for the pitfalls of conversion goals: goals that are right and yet will disappoint.

Each finding has a stable code, a reason and a repair. The [lint] table of goals.toml switches codes off, for all goals
or for one; --disable does it for one run.

Exit codes: 0 nothing was found, 1 there are findings, 2 the file cannot be read or something in it is wrong.
"""

from __future__ import annotations

import argparse

import attrs

from convgoals.cli import exits
from convgoals.cli.options import InputError, add_format, read_text
from convgoals.cli.problems import GoalsFile, Problem
from convgoals.cli.terminal import Terminal, counted
from convgoals.lint import RULES, Finding, lint_document
from convgoals.suggest import did_you_mean


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("file", nargs="?", metavar="goals.toml", help="the file to look at")
    parser.add_argument("--disable", action="append", default=[], metavar="CODE", help="leave a code out; repeatable")
    parser.add_argument("--rules", action="store_true", help="list all codes, with what they look for, and exit")
    add_format(parser, ("text", "json"))


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Lint; see the module."""
    if args.rules:
        _list_rules(args, terminal)
        return exits.OK
    if args.file is None:
        raise InputError("there is nothing to look at", hint="convgoals lint goals.toml")
    disabled = {_code(name) for name in args.disable}
    document = GoalsFile(args.file, read_text(args.file))
    findings = [each for each in lint_document(document.document, args.file) if each.code not in disabled]
    placed = [(finding, _line(document, finding)) for finding in findings]
    if args.format == "json":
        listed = [{"file": args.file, "line": line, **attrs.asdict(finding)} for finding, line in placed]
        terminal.json(listed, indent=2)
    else:
        for finding, line in placed:
            problem = Problem(
                args.file, None, finding.goal, line, None if line is None else 1,
                f"{finding.code} {finding.rule}", finding.message, finding.hint,
            )  # fmt: skip
            terminal.line(f"{problem}\n")
        found = counted(len(findings), "finding") if findings else "no findings"
        terminal.line(f"{args.file}: {counted(document.count, 'goal')}, {found}")
    return exits.FINDINGS if findings else exits.OK


def _code(name: str) -> str:
    """The code of a rule that is called by its code or its name."""
    for rule in RULES:
        if name in (rule.code, rule.name):
            return rule.code
    known = [name for rule in RULES for name in (rule.code, rule.name)]
    raise InputError(f"there is no rule {name[:60]!r}", hint=did_you_mean(name, known) or "--rules lists them")


def _line(document: GoalsFile, finding: Finding) -> int | None:
    """The line of the goal's name."""
    for number, _ in document.tables():
        if finding.goal is not None and document.name(number) == finding.goal:
            return document.line(number, "name")
    return None


def _list_rules(args: argparse.Namespace, terminal: Terminal) -> None:
    if args.format == "json":
        terminal.json([{"code": rule.code, "rule": rule.name, "about": rule.about} for rule in RULES], indent=2)
        return
    width = max(len(rule.name) for rule in RULES)
    for rule in RULES:
        terminal.line(f"{rule.code}  {rule.name:{width}}  {rule.about}")
