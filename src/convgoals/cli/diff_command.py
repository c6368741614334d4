"""Say what a change of goals.toml changes: for each goal whether its meaning is another, not whether its text is.

A goal is identical, wider, narrower or different; for the last three, the smallest timeline found is shown on which the
versions disagree, with what each makes of it. With --events (and the other options for files), or with --store, also
over real history: which profiles are gained and lost, and the completions by month.

Exit codes: 0 nothing changes in meaning (or --exit-zero), 1 something does, 2 a file is wrong, 3 the store cannot be
read.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from convgoals.cli import exits
from convgoals.cli.inputs import KINDS, add_inputs, find_inputs
from convgoals.cli.options import InputError, number, open_existing
from convgoals.cli.terminal import Terminal, counted

if TYPE_CHECKING:
    from convgoals.records import Fact
    from convgoals.review.diff import GoalDiff
    from convgoals.review.history import HistoryDiff


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("old", metavar="old.toml", help="the goals before the change")
    parser.add_argument("new", metavar="new.toml", help="the goals after it")
    parser.add_argument("--store", metavar="URL", help="also compare over the facts that this store has kept")
    parser.add_argument(
        "--tries", type=number(1), default=2_000, metavar="N", help="timelines tried for each goal (default: 2000)"
    )
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 also where something changes")
    parser.add_argument(
        "--format", choices=("text", "markdown", "json"), default="text", help="how to print (default: text)"
    )
    add_inputs(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Compare; see the module."""
    from convgoals.goals import load_goals  # noqa: PLC0415  only who gets here pays for it
    from convgoals.review.diff import diff  # noqa: PLC0415

    diffs = diff(load_goals(args.old), load_goals(args.new), tries=args.tries)
    history = _history(args, diffs, terminal)
    _show(args, terminal, diffs, history)
    changed = any(each.changed for each in diffs)
    return exits.FINDINGS if changed and not args.exit_zero else exits.OK


def _history(args: argparse.Namespace, diffs: list[GoalDiff], terminal: Terminal) -> list[HistoryDiff]:
    from convgoals.review.history import kept_facts, over_history  # noqa: PLC0415

    given = any(getattr(args, option) for option in KINDS)
    if given and args.store is not None:
        raise InputError("files and --store cannot be given together", hint="leave one of them out")
    if given:
        return over_history(diffs, _facts_of_files(args, terminal))
    if args.store is None:
        return []
    open_existing(args.store).close()  # it says what is wrong with the place, if anything is
    from convgoals.storage.open import open_store  # noqa: PLC0415

    with closing(open_store(args.store)) as store:
        return over_history(diffs, kept_facts(store), kept=True)


def _facts_of_files(args: argparse.Namespace, terminal: Terminal) -> Iterator[Fact]:
    from convgoals.goals import load_document  # noqa: PLC0415
    from convgoals.sources.options import read_sources  # noqa: PLC0415
    from convgoals.sources.reader import FactReader  # noqa: PLC0415
    from convgoals.sources.rejects import Rejected  # noqa: PLC0415

    rejected = 0
    for each in find_inputs(args, read_sources(load_document(args.new), args.new), args.new):
        with FactReader(each.path, each.source) as reader:
            for _, item in reader:
                if isinstance(item, Rejected):
                    rejected += 1
                else:
                    yield item
    if rejected:
        terminal.note(f"left out as no facts: {counted(rejected, 'row')}; `convgoals run` says which and why")


def _show(args: argparse.Namespace, terminal: Terminal, diffs: list[GoalDiff], history: list[HistoryDiff]) -> None:
    from convgoals.review import rendering  # noqa: PLC0415

    if args.format == "json":
        by_name = {each.name: each for each in history}
        listed = [rendering.as_values(each, by_name.get(each.name)) for each in diffs]
        terminal.json({"old": args.old, "new": args.new, "goals": listed}, indent=2)
        return
    lines: Iterable[str] = rendering.as_markdown(diffs, history)
    if args.format == "text":
        lines = rendering.as_text(diffs, history)
    for line in lines:
        terminal.line(line)
    if args.format == "text":
        changed = sum(1 for each in diffs if each.changed)
        terminal.line(f"{args.old} → {args.new}: {counted(len(diffs), 'goal')}, {changed} changed in meaning")
