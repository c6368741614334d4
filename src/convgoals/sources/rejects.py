"""Rows that are no facts: each is told with its place and reason, and the run goes on."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from convgoals.errors import SourceError

MAX_SHOWN = 10_000
"""How many characters of a row are kept, so that a hostile file cannot make the rejects larger than memory."""


_SURROGATE = re.compile("[\ud800-\udfff]")


def shown(row: object) -> str:
    r"""A row as text that any encoding can hold: bytes that were no UTF-8 show as ``\xff``."""
    text = row if isinstance(row, str) else json.dumps(row, default=str, ensure_ascii=False)
    extra = len(text) - MAX_SHOWN
    if extra > 0:
        text = f"{text[:MAX_SHOWN]}… (+{extra:,} characters)"
    return text if text.isascii() else _SURROGATE.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


@attrs.frozen
class Rejected:
    """A row that is no fact.

    Attributes:
        file: the file, as it was named.
        line: where the row starts, from 1 and with the header counted; in Parquet, the number of the row.
        code: what is wrong, a stable word such as ``"ragged"``.
        reason: the same in a sentence, with the repair where there is one.
        row: the row as text, of a bounded length.
    """

    file: str
    line: int
    code: str
    reason: str
    row: str = attrs.field(converter=shown)

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason} [{self.code}]"

    def to_dict(self) -> dict[str, Any]:
        """The attributes by name, for JSON."""
        return attrs.asdict(self)


class RejectsFile:
    """A sink for rejected rows: a JSON object a line. A context manager; the file is made with the first row.

    Raises:
        SourceError: the file cannot be written (code ``rejects``).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.count = 0
        self._file: Any = None

    def write(self, rejected: Rejected) -> None:
        """Append one row."""
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8")
            self._file.write(json.dumps(rejected.to_dict(), ensure_ascii=False) + "\n")
        except OSError as error:
            raise SourceError(f"{self.path} cannot be written: {error.strerror or error}", code="rejects") from None
        self.count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
