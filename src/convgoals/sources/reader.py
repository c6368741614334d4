"""Files → facts, as a stream: in constant memory, each fact with its place, bad rows told apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias

from convgoals.errors import FactError, SourceError
from convgoals.records import Fact
from convgoals.sources.delimited import CsvRows
from convgoals.sources.lines import Lines, open_bytes
from convgoals.sources.ndjson import read_ndjson
from convgoals.sources.options import Format, Source
from convgoals.sources.parquet import ParquetRows
from convgoals.sources.rejects import Rejected
from convgoals.sources.rows import RowReader
from convgoals.sources.segment import fact_from_dict, is_call
from convgoals.sources.values import Misfit
from convgoals.suggest import did_you_mean

Rows: TypeAlias = Iterator[tuple[int, Any, "dict[str, Any] | Misfit"]]

FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""The format that a file's name says; ``.gz`` after it counts for nothing."""


_SHEETS = dict.fromkeys((".xls", ".xlsx", ".ods", ".numbers"), "it is a spreadsheet: save the sheet as CSV")


def format_of(path: str | Path) -> Format:
    """The format that the name of *path* says. Raises `SourceError` (code ``format``) if it says none."""
    suffix = Path(str(path).removesuffix(".gz")).suffix.lower()
    if suffix in FORMATS:
        return FORMATS[suffix]
    open_bytes(path).close()  # that it is not there, or no file, says more than its name
    raise SourceError(
        f"the name of {str(path)!r} does not say its format",
        code="format",
        hint=_SHEETS.get(suffix)
        or did_you_mean(suffix, FORMATS)
        or 'say it: format = "csv", "ndjson", "segment" or "parquet"',
    )


class FactReader(Iterator[tuple[int, "Fact | Rejected"]]):
    """The facts of a file, each with its position: the number of its row, from 1, bad rows counted.

    The position is what a run writes down with each batch, and what it goes on from after a stop. A row that has no id
    gets one from the file's name, its line and its content, so that reading a file twice doubles nothing, and files of
    one name in two folders do not meet.

    Args:
        path: a CSV, NDJSON or Parquet file; CSV and NDJSON may be gzip.
        source: which columns say what; by default those of the names of `Source`.
        after: how many rows to pass over, which have been processed before.

    Raises:
        SourceError: the file cannot be read, or has not the columns it needs. A bad row raises nothing, it comes as a
            `Rejected`.
        MissingExtraError: it is Parquet, and the extra is not installed.
    """

    def __init__(self, path: str | Path, source: Source | None = None, *, after: int = 0) -> None:
        self.path = str(path)
        self.source = Source() if source is None else source
        self._format: Format = format_of(path) if self.source.format == "auto" else self.source.format
        self._rows: Lines | ParquetRows
        try:
            items = self._open()
        except BaseException:
            self.close()
            raise
        self._items = self._facts(items, after)

    def _open(self) -> Rows:
        if self._format == "parquet":
            self._rows = parquet = ParquetRows(self.path)
            self._reader = RowReader(self.source, parquet.columns, self.path, is_text=False)
            parquet.wanted = self._reader.wanted(parquet.columns)
            return iter(parquet)
        self._rows = lines = Lines(self.path)
        if self._format == "csv":
            tabs = self.path.lower().removesuffix(".gz").endswith(".tsv")
            rows = CsvRows(lines, "\t" if tabs and self.source.delimiter is None else self.source.delimiter)
            self._reader = RowReader(self.source, rows.columns, self.path, is_text=True)
            return iter(rows)
        self._reader = RowReader(self.source, None, self.path, is_text=False)
        return read_ndjson(lines)

    def _facts(self, rows: Rows, after: int) -> Iterator[tuple[int, Fact | Rejected]]:
        try:
            for position, (line, raw, row) in enumerate(rows, start=1):
                if position > after:
                    yield position, self._item(line, raw, row)
        finally:
            self.close()

    def _item(self, line: int, raw: Any, row: dict[str, Any] | Misfit) -> Fact | Rejected:
        try:
            if isinstance(row, Misfit):
                raise row
            return self._fact(line, raw, row)
        except Misfit as misfit:
            code, reason = misfit.code, misfit.message
        except FactError as error:
            code, reason = error.code, f"{error.message}; {error.hint}" if error.hint else error.message
        return Rejected(self.path, line, code, reason, raw.rstrip("\r\n") if isinstance(raw, str) else raw)

    def _fact(self, line: int, raw: Any, row: dict[str, Any]) -> Fact:
        # An explicit `ndjson` is never taken for calls, so that plain rows may have any columns.
        if self._format == "segment" or (self._format == "ndjson" and self.source.format == "auto" and is_call(row)):
            if row.get("messageId") in (None, ""):
                row = {**row, "messageId": self._reader.made_id(line, raw)}
            return fact_from_dict(row)
        return self._reader.fact(row, line, raw)

    @property
    def progress(self) -> float | None:
        """How much of the file has been read, from 0 to 1; ``None`` where that is unknown, as in a pipe."""
        return self._rows.progress

    def __next__(self) -> tuple[int, Fact | Rejected]:
        return next(self._items)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; reading to its end does that too."""
        rows = getattr(self, "_rows", None)
        if rows is not None:
            rows.close()


def read_facts(path: str | Path, source: Source | None = None) -> Iterator[Fact]:
    """The facts of a file that must be clean, for scripts and notebooks.

    Args:
        path: as for `FactReader`, which lets bad rows pass and tells them.
        source: as there.

    Raises:
        SourceError: as `FactReader`; also at the first bad row, with its line (code that of the row).
    """
    with FactReader(path, source) as reader:
        for _, fact in reader:
            if isinstance(fact, Rejected):
                raise SourceError(str(fact), code=fact.code, hint="FactReader passes over bad rows and tells them")
            yield fact
