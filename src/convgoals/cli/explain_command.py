"""Why a profile completed a goal, or why not: each part, what made it so, the nearest miss, and what is still missing.

From a store, or with --goals from files. With --misses, the reasons of all profiles, counted.

Exit codes: 0 all is well, 2 the command line, a goal or a file is wrong, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from typing import TYPE_CHECKING

from convgoals.cli import exits
from convgoals.cli.explaining import draw_explanation
from convgoals.cli.inputs import add_inputs, find_inputs
from convgoals.cli.options import InputError, add_format, number, open_existing, read_instant
from convgoals.cli.progress import Progress
from convgoals.cli.terminal import Terminal

if TYPE_CHECKING:
    from convgoals.engine.engine import GoalEngine


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--store", metavar="URL", help="the store to read, such as sqlite:///goals.db")
    parser.add_argument("--goals", metavar="goals.toml", help="instead of a store: goals, to be asked of files")
    parser.add_argument("--profile", metavar="ID", help="whom to explain")
    parser.add_argument("--goal", metavar="NAME", action="append", help="a goal; may be repeated (default: all active)")
    parser.add_argument(
        "--at", metavar="TIME", help="at this time: ISO 8601 with an offset (default: as far as is known)"
    )
    parser.add_argument("--misses", action="store_true", help="count the reasons of all profiles that did not convert")
    parser.add_argument("--limit", type=number(1), metavar="N", help="with --misses: look at the first N profiles only")
    add_format(parser, ("text", "json"))
    add_inputs(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Explain; see the module."""
    if (args.profile is None) == (not args.misses):
        raise InputError("whom to explain?", code="explain-whom", hint="--profile ID, or --misses for all profiles")
    if (args.store is None) == (args.goals is None):
        raise InputError("where to look?", code="explain-where", hint="--store URL, or --goals goals.toml and files")
    at = None if args.at is None else read_instant(args.at, "--at")
    with ExitStack() as stack:
        engine = stack.enter_context(open_existing(args.store)) if args.goals is None else _read(args, terminal, stack)
        names = args.goal or [goal.name for goal in engine.goals()]
        if args.misses:
            progress = stack.enter_context(Progress(terminal, "profiles"))
            misses = [
                engine.explain_misses(
                    name, at=at, limit=args.limit, on_progress=lambda count: progress.update(count, None)
                )
                for name in names
            ]
            progress.clear()
            if args.format == "json":
                terminal.json([each.to_dict() for each in misses], indent=2)
            else:
                for each in misses:
                    terminal.line(f"{each}\n")
        else:
            explanations = [engine.explain(name, args.profile, at) for name in names]
            if args.format == "json":
                terminal.json([each.to_dict() for each in explanations], indent=2)
            else:
                for explanation in explanations:
                    draw_explanation(explanation, terminal)
        if not names and args.format == "text":
            terminal.line("There are no goals.")
    return exits.OK


def _read(args: argparse.Namespace, terminal: Terminal, stack: ExitStack) -> GoalEngine:
    """An engine in memory that has read the files."""
    from convgoals.cli.feeding import feed  # noqa: PLC0415  only who names files pays for it
    from convgoals.engine.engine import GoalEngine  # noqa: PLC0415
    from convgoals.goals import load_document, read_goals  # noqa: PLC0415
    from convgoals.sources.options import read_sources  # noqa: PLC0415

    document = load_document(args.goals)
    goals = read_goals(document, args.goals)
    inputs = find_inputs(args, read_sources(document, args.goals), args.goals)
    engine = stack.enter_context(GoalEngine(goals))
    with Progress(terminal, "facts") as progress:
        fed = feed(
            engine, inputs, batch=1_000, on_rejected=lambda row: terminal.note(str(row)), on_progress=progress.update
        )
        progress.clear()
    if not fed.facts:
        terminal.note("the files hold no facts")
    return engine
