"""Tables on a terminal: fitted to its width, and drawn by rich."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs

from convgoals.analytics.tables import NOTHING, Column, Table
from convgoals.texts import clean, text_width

if TYPE_CHECKING:
    from rich.console import Console

GONE = "░"
"""What a bar is filled up with, for what is no longer there."""

_PICTURES = frozenset(f"▁▂▃▄▅▆▇█▏▎▍▌▋▊▉{GONE}")
_SPARED = ("interval", "")
"""The columns that a narrow terminal does without: first the intervals, then the bars, which have no heading."""


def with_pictures(table: Table, heading: str, draw: Sequence[Callable[[int], str]], width: int) -> Table:
    """*table* with one more column: what *draw* draws, a row each, as wide as *width* has room for."""
    room = max(len(heading), 6, min(24, width - table_width(table) - 2))
    return attrs.evolve(
        table,
        columns=(*table.columns, Column(heading)),
        rows=tuple((*row, each(room)) for row, each in zip(table.rows, draw, strict=True)),
    )


def narrowed(table: Table, width: int) -> Table:
    """*table* without the columns that can be spared, as far as it takes to fit into *width*; it says so below."""
    left_out: list[str] = []
    for name in _SPARED:
        if table_width(table) <= width:
            break
        kept = [
            index
            for index, column in enumerate(table.columns)
            if column.name != name or (not name and not all(_is_picture(row[index]) for row in table.rows))
        ]
        if len(kept) < len(table.columns):
            left_out += [name] if name else []
            table = attrs.evolve(
                table,
                columns=tuple(table.columns[index] for index in kept),
                rows=tuple(tuple(row[index] for index in kept) for row in table.rows),
            )
    if left_out:
        note = f"The terminal is too narrow for: {', '.join(left_out)}."
        table = attrs.evolve(table, notes=(*table.notes, note))
    return table


def table_width(table: Table) -> int:
    """How many columns of a terminal *table* takes, its title and notes aside."""
    cells = zip([column.name for column in table.columns], *table.rows, strict=True)
    return sum(max(map(text_width, each)) + 2 for each in cells) - 2


def draw(console: Console, table: Table) -> None:
    """Draw a table with rich, and an empty line after it."""
    from rich import box  # noqa: PLC0415  the extra, and only when something is drawn
    from rich.table import Table as RichTable  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    heads = any(column.name for column in table.columns)
    drawn = RichTable(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_header=heads,
        header_style="dim",
        pad_edge=False,
        show_edge=False,
    )
    for column in table.columns:
        right = column.align == "right"
        drawn.add_column(Text(clean(column.name)), justify="right" if right else "left", no_wrap=right)
    for row in table.rows:
        drawn.add_row(*(Text.assemble(*_styled(cell)) for cell in row))
    if table.title:
        console.print(Text(clean(table.title), style="bold"))
    console.print(drawn)
    for note in table.notes:
        console.print(Text(clean(note), style="dim"))
    console.print()


def _styled(cell: str) -> list[tuple[str, str]]:
    """The cell in parts, each with its style."""
    if _is_picture(cell):
        full = cell.rstrip(GONE)
        return [(full, "cyan"), (cell[len(full) :], "dim")]
    return [(clean(cell), "dim" if cell == NOTHING else "")]


def _is_picture(cell: str) -> bool:
    return _PICTURES.issuperset(cell)
