"""Change goals one detail at a time, and see which changes their examples would not notice.

Comparisons, literals, windows, anchors, connectives and counting are changed. Changes that no example notices are
listed with the smallest timelines found that tell them apart, as examples ready to paste into goals.toml.

Exit codes: 0 every change is noticed, 1 some are not, 2 the file is wrong, or an example of it fails.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from convgoals.cli import exits
from convgoals.cli.options import InputError, add_format, number
from convgoals.cli.terminal import Terminal, counted
from convgoals.suggest import did_you_mean

if TYPE_CHECKING:
    from convgoals.review.mutate import MutationReport


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("file", metavar="goals.toml", help="the file whose goals and examples are tried")
    parser.add_argument("--goal", action="append", metavar="NAME", default=[], help="only this goal; repeatable")
    parser.add_argument(
        "--tries", type=number(1), default=1_000, metavar="N", help="timelines tried for each goal (default: 1000)"
    )
    add_format(parser, ("text", "json"))


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Mutate; see the module."""
    from convgoals.goals import load_document, read_goals  # noqa: PLC0415  only who gets here pays for it
    from convgoals.review.mutate import mutate  # noqa: PLC0415
    from convgoals.testing.examples import read_examples  # noqa: PLC0415

    document = load_document(args.file)
    goals = read_goals(document, args.file)
    names = [goal.name for goal in goals]
    for name in args.goal:
        if name not in names:
            raise InputError(f"{args.file} holds no goal {name[:80]!r}", hint=did_you_mean(name, names))
    examples = read_examples(document, goals, args.file)
    for example in examples:
        if example.failure():
            raise InputError(
                f"goal {example.goal.name!r}: example {example.name!r} fails, so it can notice nothing",
                hint=f"convgoals test {args.file}",
            )
    reports = [
        mutate(goal, [each for each in examples if each.goal is goal], tries=args.tries)
        for goal in goals
        if goal.name in (args.goal or names)
    ]
    if args.format == "json":
        terminal.json({"file": args.file, "goals": [_values(report) for report in reports]}, indent=2)
    else:
        for report in reports:
            _show(report, terminal)
    return exits.FINDINGS if any(report.survivors for report in reports) else exits.OK


def _show(report: MutationReport, terminal: Terminal) -> None:
    total = len(report.killed) + len(report.survivors)
    said = f"{counted(total, 'change')}, {len(report.killed)} noticed, {len(report.survivors)} not"
    terminal.heading(f"{report.goal.name}: {said} ({counted(report.examples, 'example')})")
    for mutant in report.alike:
        terminal.quiet(f"  no difference found in {report.tries:,} timelines: {mutant.change}")
    for example, survivors in report.offers():
        terminal.line()
        for survivor in survivors:
            terminal.line(f"  {survivor.mutant.kind}: {survivor.mutant.change}")
        terminal.line("  would be noticed by\n")
        terminal.line("\n".join(f"    {line}" for line in example.splitlines()))
    terminal.line()


def _values(report: MutationReport) -> dict[str, object]:
    return {
        "goal": report.goal.name,
        "examples": report.examples,
        "noticed": [{"kind": mutant.kind, "change": mutant.change} for mutant in report.killed],
        "survived": [
            {
                "kind": survivor.mutant.kind,
                "change": survivor.mutant.change,
                "condition": str(survivor.mutant.goal.condition),
                "example": survivor.example(),
            }
            for survivor in report.survivors
        ],
        "no_difference_found": [{"kind": mutant.kind, "change": mutant.change} for mutant in report.alike],
        "timelines_tried": report.tries,
    }
