"""Bytes → lines: the one place that opens files of facts, with every bound that hostile bytes call for.

A line is read with its number and never longer than `MAX_LINE` characters: the rest of a longer one is skipped, so
that a file without any line break cannot fill the memory. What is gzip is read as such whatever its name says. Bytes
that are no UTF-8 come through as lone surrogates, for the reader of the rows to refuse with their line.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

from convgoals.errors import SourceError

MAX_LINE = 1_000_000
"""The longest line, in characters."""

_FOREIGN = {
    b"PK\x03\x04": ("a zip file or a spreadsheet", "unpack it, or save the sheet as CSV"),
    b"\xff\xfe": ("UTF-16", "save it as UTF-8"),
    b"\xfe\xff": ("UTF-16", "save it as UTF-8"),
    b"(\xb5/\xfd": ("zstandard-compressed", "unpack it with `zstd -d`"),
    b"BZh": ("bzip2-compressed", "unpack it with `bunzip2`"),
    b"\xfd7zXZ": ("xz-compressed", "unpack it with `unxz`"),
    b"SQLite format 3": ("an SQLite database", "export a table as CSV"),
}


def open_bytes(path: str | Path) -> io.BufferedReader:
    """The file's bytes, as they stand on the disk.

    Raises:
        SourceError: it is not there, is a directory, or may not be read (code ``file``).
    """
    try:
        return Path(path).open("rb")
    except FileNotFoundError:
        raise SourceError(f"there is no file {str(path)!r}", code="file", hint=_nearby(Path(path))) from None
    except IsADirectoryError:
        raise SourceError(f"{path} is a directory", code="file", hint="name the files in it, one run each") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{str(path)!r} cannot be read: {reason}", code="file") from None


def _nearby(path: Path) -> str:
    """The compressed, or uncompressed, twin that may have been meant, or standard input."""
    if str(path) == "-":
        return "standard input is the file /dev/stdin; its format must be said, such as csv"
    twin = path.with_suffix("") if path.suffix == ".gz" else path.with_name(path.name + ".gz")
    return f"there is {str(twin)!r}" if path.name and twin.is_file() else "is the path right?"


class Lines(Iterator[tuple[int, str]]):
    """The lines of a text file, numbered from 1, with their ends as they are.

    Attributes:
        number: the number of the line that was read last.
        too_long: whether that line was longer than `MAX_LINE`, and was cut.

    Raises:
        SourceError: as `open_bytes`; also where the file is of another kind (code ``format``) or its compressed data
            breaks off (code ``damaged``).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.number = 0
        self.too_long = False
        self._raw = open_bytes(path)
        try:
            self.size = os.fstat(self._raw.fileno()).st_size
            first = self._raw.peek(16)[:16]
        except OSError as error:
            self._raw.close()
            raise SourceError(f"{self.path} cannot be read: {error.strerror or error}", code="file") from None
        for magic, (kind, hint) in _FOREIGN.items():
            if first.startswith(magic):
                self._raw.close()
                raise SourceError(f"{self.path} is {kind}", code="format", hint=hint)
        plain = gzip.GzipFile(fileobj=self._raw) if first.startswith(b"\x1f\x8b") else self._raw
        # newline="" keeps a carriage return inside quotes as it is, and still ends lines at \n, \r and \r\n.
        self._text = io.TextIOWrapper(plain, encoding="utf-8-sig", errors="surrogateescape", newline="")

    @property
    def progress(self) -> float | None:
        """How much of the file has been read, from 0 to 1; ``None`` where that is unknown, as in a pipe."""
        if self._raw.closed:
            return 1.0
        return min(self._raw.tell() / self.size, 1.0) if self.size else None

    def __next__(self) -> tuple[int, str]:
        line = self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.too_long = len(line) >= MAX_LINE and line[-1] not in "\r\n"
        if self.too_long:
            rest = line
            while rest and rest[-1] not in "\r\n":
                rest = self._read()
        return self.number, line

    def _read(self) -> str:
        try:
            return self._text.readline(MAX_LINE)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceError(
                f"{self.path} is damaged after line {self.number}: {error}",
                code="damaged",
                hint="what came before it has been read; get the file again and run once more",
            ) from None
        except OSError as error:
            raise SourceError(f"{self.path} cannot be read: {error.strerror or error}", code="file") from None

    def close(self) -> None:
        """Close the file."""
        self._text.close()
        self._raw.close()


def has_foreign_bytes(line: str) -> bool:
    """Whether *line* holds bytes that are no UTF-8."""
    if line.isascii():
        return False
    try:
        line.encode()
    except UnicodeEncodeError:
        return True
    return False
