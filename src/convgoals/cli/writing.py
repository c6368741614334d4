"""What commands write to files: a chart of a result, and pages."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from convgoals.cli.options import InputError
from convgoals.cli.terminal import Terminal

if TYPE_CHECKING:
    from convgoals.analytics.results import Result


def add_chart(parser: argparse.ArgumentParser, pictures: str) -> None:
    """``--chart``, ``--picture`` and ``--theme``; *pictures* says which there are."""
    parser.add_argument("--chart", metavar="FILE", help="also draw a chart into FILE: .svg, .png or .json (Vega-Lite)")
    parser.add_argument("--picture", metavar="PART", help=f"what the chart shows: {pictures}")
    parser.add_argument(
        "--theme", choices=("light", "dark"), default="light", help="the chart's colours (default: light)"
    )


def check_chart(args: argparse.Namespace) -> None:
    """Refuses what can be refused before anything is asked. Raises `QuestionError` or `InputError`."""
    if args.chart is not None:
        from convgoals.charts.draw import check_format  # noqa: PLC0415  only who draws pays for it

        check_format(Path(args.chart))
    elif args.picture is not None:
        raise InputError("--picture says what --chart shows", code="option", hint="--chart chart.svg")


def write_chart(result: Result, args: argparse.Namespace, terminal: Terminal, part: str | None = None) -> None:
    """The chart that was asked for, if one was; *part* is shown unless ``--picture`` names another."""
    if args.chart is None:
        return
    from convgoals.charts.draw import save  # noqa: PLC0415  only who draws pays for it

    chart = result.chart(args.picture or part, theme=args.theme)
    try:
        save(chart, args.chart)
    except (OSError, ValueError) as error:
        raise not_written(args.chart, error) from None
    terminal.note(f"Wrote {args.chart}.")


def write_text(path: str, text: str) -> None:
    """*text* into a file. Raises `InputError` (code ``file``)."""
    try:
        Path(path).write_bytes(text.encode())
    except (OSError, ValueError) as error:
        raise not_written(path, error) from None


def not_written(path: str, error: Exception) -> InputError:
    """The error to raise where *path* could not be written."""
    return InputError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}", code="file")
