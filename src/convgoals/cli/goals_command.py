"""List the goals of a store: completions, converting profiles, completion rate and status of each.

Exit codes: 0 all is well, 2 the command line is wrong, 3 the store cannot be read.
"""

from __future__ import annotations

import argparse
import csv
import functools
from typing import TYPE_CHECKING, Any

from convgoals.analytics.tables import Column, Table, count_text, number_column, rate_text, spark
from convgoals.cli import exits
from convgoals.cli.drawing import with_pictures
from convgoals.cli.options import add_format, add_store, open_existing
from convgoals.cli.terminal import Terminal

if TYPE_CHECKING:
    from convgoals.engine.engine import GoalEngine


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_store(parser)
    parser.add_argument("--archived", action="store_true", help="also list archived goals")
    add_format(parser)


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """List; see the module."""
    with open_existing(args.store) as engine:
        rows = goal_rows(engine, archived=args.archived)
    if args.format == "json":
        terminal.json(rows, indent=2)
    elif args.format == "csv":
        writer = csv.DictWriter(terminal.out, _FIELDS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif rows:
        terminal.table(goals_table(rows, terminal.width()))
    else:
        terminal.line("The store holds no goals.")
    return exits.OK


_FIELDS = ("name", "status", "version", "completions", "converting_profiles", "audience", "rate", "when", "within")


def goal_rows(engine: GoalEngine, *, archived: bool = False) -> list[dict[str, Any]]:
    """What the list says of each goal."""
    rows = []
    for saved in engine.saved_goals():
        if saved.archived and not archived:
            continue
        report = engine.report(saved.goal, every="week")
        rows.append(
            {
                "name": saved.goal.name,
                "status": "archived" if saved.archived else "active",
                "version": saved.version,
                "completions": report.completions,
                "converting_profiles": report.converting_profiles,
                "audience": report.audience,
                "rate": report.rate,
                "when": saved.goal.when,
                "within": saved.goal.within,
                "campaign": saved.goal.campaign,
                "trend_by_week": [bucket.completions for bucket in report.trend],
            }
        )
    return rows


def goals_table(rows: list[dict[str, Any]], width: int) -> Table:
    """The list as a table, with each goal's trend drawn where *width* has room for it."""
    columns = (
        Column("goal"),
        number_column("completions"),
        number_column("profiles"),
        number_column("rate"),
        Column("status"),
    )
    cells = tuple(
        (
            row["name"],
            count_text(row["completions"]),
            count_text(row["converting_profiles"]),
            rate_text(row["rate"]),
            row["status"],
        )
        for row in rows
    )
    notes = ("The completion rate is of all profiles; of the recipients, where a goal is linked to a campaign.",)
    table = Table("Goals", columns, cells, notes)
    if not any(len(row["trend_by_week"]) > 1 for row in rows):
        return table
    return with_pictures(table, "trend", [functools.partial(spark, row["trend_by_week"]) for row in rows], width)
