"""CSV: records of cells under a header, one bad record costing no other.

A quote that is never closed would swallow the records after it. So a record that does not end within `MAX_SPAN` lines
is refused for its first line alone, and the lines after it are read again as records of their own.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from convgoals.errors import SourceError
from convgoals.sources.lines import MAX_LINE, Lines, has_foreign_bytes
from convgoals.sources.values import Misfit

MAX_SPAN = 100
"""The most lines that one record may span, by line breaks inside quotes."""


class _UnclosedQuoteError(Exception):
    pass


class _Feed:
    """Hands lines to ``csv.reader``, remembers those of the record at hand, and can hand them out again."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._again: deque[tuple[int, str, bool]] = deque()
        self.taken: list[tuple[int, str, bool]] = []
        self._size = 0

    def begin(self) -> None:
        self.taken = []
        self._size = 0

    def give_back(self) -> None:
        """All lines of the record but its first are to be read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_SPAN or self._size >= MAX_LINE:
            raise _UnclosedQuoteError
        if self._again:
            item = self._again.popleft()
        else:
            number, line = next(self._lines)
            item = (number, line, self._lines.too_long)
        self.taken.append(item)
        self._size += len(item[1])
        return item[1]


class CsvRows:
    """The rows of a CSV file: ``(line, raw text, cells by column or what is wrong)`` each.

    Attributes:
        columns: the header.

    Raises:
        SourceError: there is no header, or two columns have one name (code ``header``), or its cells seem to be
            delimited otherwise (``delimiter``).
    """

    def __init__(self, lines: Lines, delimiter: str | None) -> None:
        self._feed = _Feed(lines)
        self._reader = csv.reader(self._feed, delimiter=delimiter or ",", strict=True)
        self.columns = self._header(lines.path, delimiter)

    def _header(self, path: str, delimiter: str | None) -> list[str]:
        for _, raw, cells in self._records():
            if isinstance(cells, Misfit):
                raise SourceError(f"{path}: the header cannot be read: {cells.message}", code="header")
            twice = next((name for i, name in enumerate(cells) if name and name in cells[:i]), None)
            if twice is not None:
                raise SourceError(f"{path} has two columns {twice!r}", code="header", hint="rename one in the header")
            other = next((mark for mark in ";\t|" if mark in raw), None)
            if delimiter is None and len(cells) == 1 and other is not None:
                raise SourceError(
                    f"{path}: the header has one cell, {cells[0][:80]!r}",
                    code="delimiter",
                    hint=f"delimiter = {other!r}",
                )
            return cells
        raise SourceError(f"{path} is empty", code="header", hint="its first line names the columns")

    def __iter__(self) -> Iterator[tuple[int, str, dict[str, str] | Misfit]]:
        columns, width = self.columns, len(self.columns)
        for line, raw, cells in self._records():
            if isinstance(cells, Misfit):
                yield line, raw, cells
            elif len(cells) != width:
                has = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                yield line, raw, Misfit("ragged", f"the row has {has}, and the header {width}")
            else:
                yield line, raw, dict(zip(columns, cells, strict=True))

    def _records(self) -> Iterator[tuple[int, str, list[str] | Misfit]]:
        feed, reader = self._feed, self._reader
        while True:
            feed.begin()
            cells: list[str] | Misfit
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (_UnclosedQuoteError, csv.Error) as error:
                feed.give_back()
                cells = _misfit(error)
            line, raw, too_long = feed.taken[0]
            if len(feed.taken) > 1:
                raw = "".join(part for _, part, _ in feed.taken)
                too_long = any(cut for _, _, cut in feed.taken)
            if too_long:
                cells = Misfit("too-long", f"the row has more than {MAX_LINE:,} characters")
            elif "\0" in raw:
                cells = Misfit("nul", "the row holds a NUL character")
            elif has_foreign_bytes(raw):
                cells = Misfit("encoding", "the row holds bytes that are no UTF-8")
            if cells:  # an empty line is no record
                yield line, raw, cells


def _misfit(error: Exception) -> Misfit:
    if "field limit" in str(error):
        return Misfit("too-long", f"a cell has more than {csv.field_size_limit():,} characters")
    if isinstance(error, _UnclosedQuoteError) or "end of data" in str(error):
        return Misfit("quoting", f"a quote is opened and not closed within {MAX_SPAN} lines")
    return Misfit("quoting", 'something follows a closing quote; inside quotes, a quote is written twice: ""')
