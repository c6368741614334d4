"""Evaluate the sample goals over the sample data that come with convgoals, and show what a store can tell.

All is kept in an SQLite file: a temporary one, removed at the end, unless --store names one or --keep keeps it.

Exit codes: 0 all is well, 2 the command line is wrong, 3 the store cannot be written.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import shlex
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from convgoals.analytics.tables import (
    Column,
    Table,
    bar,
    count_text,
    interval_text,
    number_column,
    rate_text,
    span_text,
    spark,
)
from convgoals.cli import exits
from convgoals.cli.drawing import GONE, with_pictures
from convgoals.cli.goals_command import goal_rows, goals_table
from convgoals.cli.options import InputError
from convgoals.cli.progress import Progress
from convgoals.cli.terminal import Terminal, counted

if TYPE_CHECKING:
    from convgoals.analytics.funnel_result import Funnel
    from convgoals.analytics.goal_report import GoalReport


ORIGIN = "Real data: a year of a grocery chain's loyalty panel (84.51 / dunnhumby, CC0)."
FEATURED = "Coupon redeemed"
"""The goal that is shown in detail."""
STAGES = ("Campaign 18 received", "Shopped after campaign 18", "Campaign 18 coupon redeemed")
"""The stages of the funnel."""


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--store", metavar="URL", help="keep all in this store, such as sqlite:///demo.db")
    parser.add_argument("--keep", action="store_true", help="do not remove the temporary store")


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Show the demo; see the module."""
    with ExitStack() as stack:
        if args.store is not None:
            store = args.store
        else:
            directory = tempfile.mkdtemp(prefix="convgoals-demo-")
            if not args.keep:
                stack.callback(_remove, Path(directory))
            store = f"sqlite:///{Path(directory) / 'demo.db'}"
        _show(store, terminal, removed=args.store is None and not args.keep)
    return exits.OK


def _remove(directory: Path) -> None:
    for file in directory.iterdir():
        file.unlink()
    directory.rmdir()


def _show(store: str, terminal: Terminal, *, removed: bool) -> None:
    from convgoals.cli.feeding import feed  # noqa: PLC0415  only commands that need it pay for it
    from convgoals.cli.inputs import Input  # noqa: PLC0415
    from convgoals.engine.engine import GoalEngine  # noqa: PLC0415
    from convgoals.goals import load_goals  # noqa: PLC0415
    from convgoals.instants import to_datetime  # noqa: PLC0415
    from convgoals.samples import GOALS  # noqa: PLC0415
    from convgoals.sources.options import load_sources  # noqa: PLC0415
    from convgoals.storage.open import open_store, without_password  # noqa: PLC0415

    goals = load_goals(GOALS)
    inputs = [Input(source.file, source) for source in load_sources(GOALS).values() if source.file is not None]
    with GoalEngine(store=(kept := open_store(store))) as engine:
        others = {goal.name for goal in engine.goals(archived=True)} - {goal.name for goal in goals}
        if others:
            raise InputError(
                f"the store {without_password(store)!r} holds other goals, such as {min(others)!r}: "
                "the demo leaves it alone",
                code="demo-store",
                hint="name a new file: --store sqlite:///demo.db",
            )
        for goal in goals:
            engine.add(goal)
        with Progress(terminal, "facts") as progress:
            fed = feed(engine, inputs, batch=1_000, on_progress=progress.update)
            reached = kept.reached()
            if reached is not None:
                engine.advance(to_datetime(reached))
            seconds = progress.seconds
        facts = fed.facts.total()
        read = f"{counted(facts, 'fact')} in {seconds:.1f} s" if facts else "all facts were here already"
        terminal.heading(f"convgoals demo: {counted(len(goals), 'goal')}, {read}")
        terminal.quiet(ORIGIN)
        terminal.quiet(f"Store: {without_password(store)}{' (removed at the end; --keep keeps it)' if removed else ''}")
        terminal.line()
        terminal.table(goals_table(goal_rows(engine), terminal.width()))
        report = engine.report(FEATURED, every="week", breakdown="channel")
        terminal.table(trend_table(report))
        terminal.table(breakdown_table(report))
        terminal.table(funnel_table(engine.funnel(STAGES), terminal.width()))
    _what_next(without_password(store), terminal, removed=removed)


def trend_table(report: GoalReport) -> Table:
    """A goal's figures with its trend as one line: what fits into a small terminal."""
    line = spark([bucket.completions for bucket in report.trend])
    rows = [
        ("completions", f"{count_text(report.completions)} by {count_text(report.converting_profiles)} profiles"),
        ("completion rate", f"{rate_text(report.rate)} of {count_text(report.audience)} profiles"),
        ("95 % interval", interval_text(report.interval)),
    ]
    if report.time_to_convert.count:
        rows.append(("time to convert", f"{span_text(report.time_to_convert.median)} (median)"))
    if report.trend:
        top = max(report.trend, key=lambda bucket: bucket.completions)
        rows.append((f"trend by {report.every}", line))
        rows.append(
            ("", f"{report.trend[0].label} to {report.trend[-1].label}, most in {top.label}: {top.completions:,}")
        )
    return Table(report.goal, (Column(""), Column("")), tuple(rows))


def breakdown_table(report: GoalReport) -> Table:
    """The breakdown with bars."""
    top = max((row.converting_profiles for row in report.breakdown), default=0) or 1
    rows = tuple(
        (
            row.label,
            count_text(row.completions),
            count_text(row.converting_profiles),
            rate_text(row.converting_profiles / (report.converting_profiles or 1)),
            bar(row.converting_profiles / top),
        )
        for row in report.breakdown
    )
    columns = (
        Column(str(report.dimension)),
        number_column("completions"),
        number_column("profiles"),
        number_column("share"),
        Column(""),
    )
    return Table(f"{report.goal} by {report.dimension}", columns, rows)


def funnel_table(funnel: Funnel, width: int) -> Table:
    """The funnel with its drop-off."""
    rows = tuple(
        (
            f"{stage.number}. {stage.goal}",
            count_text(stage.count),
            rate_text(stage.overall.rate),
            *_drop(stage.count, funnel.stages[stage.number - 2].count if stage.number > 1 else None),
        )
        for stage in funnel.stages
    )
    columns = (
        Column("stage"),
        number_column("profiles"),
        number_column("of first"),
        number_column("drop-off"),
        number_column(""),
    )
    rates = [0.0, *(stage.overall.rate or 0.0 for stage in funnel.stages)]
    draw = [functools.partial(_funnel_bar, rate, before) for before, rate in itertools.pairwise(rates)]
    return with_pictures(Table("Funnel, in this order", columns, rows), "", draw, width)


def _funnel_bar(rate: float, before: float, width: int) -> str:
    """What is left of the first stage, and what was lost since the stage *before*."""
    full = bar(rate, width)
    return full + GONE * (len(bar(before, width)) - len(full))


def _drop(count: int, before: int | None) -> tuple[str, str]:
    """How many, and what share, went no further than the stage before."""
    if not before:
        return "", ""
    return f"-{before - count:,}", rate_text((before - count) / before)


def _what_next(store: str, terminal: Terminal, *, removed: bool) -> None:
    steps = []
    if removed:
        store = "sqlite:///demo.db"
        steps.append((f"convgoals demo --store {store}", "# keeps the store, to ask it more:"))
    steps += [
        (f"convgoals report --store {store} --goal {shlex.quote(FEATURED)}", ""),
        (f"convgoals report --store {store} --html report.html", "# all of it as a page"),
        (f"convgoals history --store {store} --limit 10", ""),
    ]
    terminal.heading("What next")
    for command, why in steps:
        terminal.line(f"  {command}" + (f"   {why}" if why else ""))
