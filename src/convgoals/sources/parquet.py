"""Parquet, by record batch (extra ``parquet``): the only room that knows pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from convgoals.errors import MissingExtraError, SourceError
from convgoals.sources.lines import open_bytes
from convgoals.sources.values import Misfit

BATCH_ROWS = 4_096


class ParquetRows:
    """The rows of a Parquet file: ``(number of the row, the row, the row or what is wrong)`` each.

    Attributes:
        columns: the names of its columns.

    Raises:
        MissingExtraError: pyarrow is not installed.
        SourceError: the file is not there (code ``file``), is no Parquet (``format``), is damaged (``damaged``), two
            columns have one name (``header``).
    """

    def __init__(self, path: str | Path) -> None:
        try:
            import pyarrow  # noqa: PLC0415  an extra
            import pyarrow.parquet  # noqa: PLC0415
        except ImportError:
            raise MissingExtraError("reading Parquet", "parquet") from None
        self._arrow = pyarrow
        self.path = str(path)
        self._bytes = open_bytes(path)
        try:
            self._file = pyarrow.parquet.ParquetFile(self._bytes)
        except (pyarrow.ArrowException, OSError) as error:
            self._bytes.close()
            raise SourceError(f"{self.path} is no Parquet file: {error}", code="format") from None
        self.columns: list[str] = self._file.schema_arrow.names
        twice = next((name for i, name in enumerate(self.columns) if name in self.columns[:i]), None)
        if twice is not None:
            self.close()
            raise SourceError(f"{self.path} has two columns {twice!r}", code="header", hint="rename one of them")
        self.wanted: Sequence[str] = self.columns
        self._done = 0

    @property
    def progress(self) -> float:
        """How much of the rows has been read, from 0 to 1."""
        rows = self._file.metadata.num_rows
        return self._done / rows if rows else 1.0

    def __iter__(self) -> Iterator[tuple[int, Any, dict[str, Any] | Misfit]]:
        self._check_types()
        batches = self._file.iter_batches(batch_size=BATCH_ROWS, columns=list(self.wanted))
        while True:
            try:
                batch = next(batches, None)
                rows = [] if batch is None else self._readable(batch).to_pylist()
            except (self._arrow.ArrowException, OSError, ValueError) as error:
                raise SourceError(
                    f"{self.path} is damaged after row {self._done}: {error}",
                    code="damaged",
                    hint="what came before it has been read; get the file again and run once more",
                ) from None
            if batch is None:
                return
            for row in rows:
                self._done += 1
                yield self._done, row, row

    def _check_types(self) -> None:
        """Refuse the columns that no property can be."""
        types = self._arrow.types
        for name in self.wanted:
            kind = self._file.schema_arrow.field(name).type
            if types.is_duration(kind) or types.is_time(kind) or types.is_interval(kind) or types.is_map(kind):
                raise SourceError(
                    f"{self.path}: the column {name!r} is a {kind}, which no property can be",
                    code="column",
                    hint="leave it out with properties = […]",
                )

    def _readable(self, batch: Any) -> Any:
        """*batch* with bytes as text, and with instants in microseconds: Python's datetimes know nothing finer."""
        arrow = self._arrow
        fields = []
        for field in batch.schema:
            kind = field.type
            if arrow.types.is_dictionary(kind):
                kind = kind.value_type
            if arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind):
                kind = arrow.string()
            elif arrow.types.is_timestamp(kind):
                kind = arrow.timestamp("us", tz=kind.tz)
            fields.append(field.with_type(kind))
        columns = [column.cast(field.type, safe=False) for column, field in zip(batch.columns, fields, strict=True)]
        return arrow.Table.from_arrays(columns, schema=arrow.schema(fields))

    def close(self) -> None:
        """Close the file."""
        self._bytes.close()
