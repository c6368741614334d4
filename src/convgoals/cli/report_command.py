"""Report goals: completions, rate and its interval, trend, breakdown, and the change against another period.

As text, JSON or CSV; as a chart (--chart); or as a page to send around (--html), which shows all goals, side by side
and one by one, and funnels (--funnel).

Exit codes: 0 all is well, 2 the command line is wrong or the question cannot be answered, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from convgoals.cli import exits
from convgoals.cli.options import (
    DIMENSIONS,
    InputError,
    add_audience,
    add_confidence,
    add_format,
    add_limit,
    add_period,
    add_store,
    number,
    open_existing,
)
from convgoals.cli.terminal import Terminal, counted
from convgoals.cli.texts import write_csv
from convgoals.cli.writing import add_chart, check_chart, write_chart, write_text

if TYPE_CHECKING:
    from convgoals.analytics.goal_report import GoalReport
    from convgoals.analytics.measure import By
    from convgoals.engine.engine import GoalEngine


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument(
        "--goal", action="append", metavar="NAME", help="a goal to report; may be repeated (default: all active goals)"
    )
    add_period(parser)
    parser.add_argument(
        "--every",
        metavar="SIZE",
        help="trend by hour, day, week, month or quarter (default: day; on a page, what suits the period)",
    )
    parser.add_argument(
        "--by",
        action="append",
        metavar="DIMENSION",
        help=f"break down by {DIMENSIONS}; for a page it may be repeated (default: channel and segment)",
    )
    add_limit(parser)
    add_audience(parser, entered=True)
    parser.add_argument(
        "--cohort", action="store_true", help="the period is when profiles entered; they count whenever they convert"
    )
    parser.add_argument(
        "--final-only", action="store_true", help="leave out of the audience those who may still convert"
    )
    parser.add_argument(
        "--outcomes",
        action=argparse.BooleanOptionalAction,
        help="say how many are open or missed, and by when those who entered convert (a page does so by itself)",
    )
    parser.add_argument(
        "--baseline",
        choices=("previous", "none"),
        help="compare with the period before of the same length (needs --since; a page does so by itself)",
    )
    parser.add_argument("--goal-version", type=number(1), metavar="N", help="only completions of this version")
    parser.add_argument(
        "--part",
        choices=("figures", "trend", "breakdown", "histogram", "curve"),
        help="the rows of --format csv (default: breakdown with --by, else trend)",
    )
    add_confidence(parser)
    add_chart(parser, "trend, breakdown, baseline, time or curve (default: breakdown with --by, else trend)")
    parser.add_argument("--html", metavar="FILE", help="write a page into FILE instead, which needs no network")
    parser.add_argument(
        "--funnel",
        action="append",
        nargs="+",
        metavar="GOAL",
        help="show these goals on the page as the stages of a funnel; may be repeated",
    )
    parser.add_argument("--title", metavar="TEXT", help="the title of the page")
    add_format(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Report; see the module."""
    check_chart(args)
    _check(args)
    with open_existing(args.store) as engine:
        if args.html is not None:
            _write_page(engine, args, terminal)
            return exits.OK
        names = args.goal or [goal.name for goal in engine.goals()]
        if args.chart is not None and len(names) != 1:
            raise InputError("a chart shows one goal", code="option", hint="name it with --goal")
        reports = [_report(engine, name, args) for name in names]
    part: Any = args.part or ("breakdown" if args.by else "trend")
    if args.format == "json":
        terminal.json([report.to_dict() for report in reports], indent=2)
    elif args.format == "csv":
        write_csv([{"goal": report.goal} | row for report in reports for row in report.rows(part)], terminal)
    else:
        for report in reports:
            terminal.tables(report.tables())
        if not reports:
            terminal.line("The store holds no goals.")
    for report in reports:
        write_chart(report, args, terminal, "breakdown" if args.by else "trend")
    return exits.OK


def _check(args: argparse.Namespace) -> None:
    """Refuses options that do not go together."""
    if args.html is None:
        for option in ("funnel", "title"):
            if getattr(args, option) is not None:
                raise InputError(f"--{option} is for a page", code="option", hint="--html report.html")
        if len(args.by or ()) > 1:
            raise InputError("one --by at a time, but for a page", code="option", hint="--html report.html")
        return
    for option, given in (
        ("chart", args.chart is not None),
        ("format", args.format != "text"),
        ("part", args.part is not None),
        ("goal-version", args.goal_version is not None),
    ):
        if given:
            raise InputError(f"--html and --{option} do not go together", code="option", hint="run the command twice")


def _report(engine: GoalEngine, name: str, args: argparse.Namespace) -> GoalReport:
    return engine.report(
        name,
        since=args.since,
        until=args.until,
        every=args.every or "day",
        timezone=args.timezone,
        breakdown=args.by[0] if args.by else None,
        audience=args.audience,
        limit=args.limit,
        baseline=None if args.baseline == "none" else args.baseline,
        version=args.goal_version,
        confidence=args.confidence,
        by=_cut(args),
        final_only=args.final_only,
        outcomes=bool(args.outcomes) or "curve" in (args.part, args.picture),
    )


def _cut(args: argparse.Namespace) -> By:
    return "entered" if args.cohort else "converted"


def _write_page(engine: GoalEngine, args: argparse.Namespace, terminal: Terminal) -> None:
    from convgoals.pages import report_page  # noqa: PLC0415  only who writes a page pays for it

    baseline: Any = args.baseline or ("none" if args.since is None else "previous")
    given = {"title": args.title, "breakdowns": args.by}
    page = report_page(
        engine,
        goals=args.goal,
        since=args.since,
        until=args.until,
        every=args.every,
        timezone=args.timezone,
        audience=args.audience,
        limit=args.limit,
        baseline=None if baseline == "none" else baseline,
        confidence=args.confidence,
        by=_cut(args),
        final_only=args.final_only,
        outcomes=args.outcomes is not False,
        funnels=args.funnel or (),
        made_at=datetime.now(UTC),
        **{name: value for name, value in given.items() if value is not None},
    )
    write_text(args.html, page)
    goals = counted(len(args.goal or engine.goals()), "goal")
    terminal.line(f"Wrote {args.html}: {goals}, {len(page.encode()) / 1000:,.0f} kB.")
