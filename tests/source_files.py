"""Small files of facts, and what comes of reading them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

from convgoals.sources import FactReader, Rejected, Source

if TYPE_CHECKING:
    from convgoals.records import Fact


def write(folder: Path, text: str | bytes, name: str = "events.csv") -> Path:
    """A file of that text; gzip where the name says so."""
    content = text.encode() if isinstance(text, str) else text
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def read(path: Path, source: Source | None = None, *, after: int = 0) -> tuple[list[Fact], list[Rejected]]:
    """The facts of a file, and its bad rows."""
    facts: list[Fact] = []
    rejected: list[Rejected] = []
    with FactReader(path, source, after=after) as reader:
        for _, item in reader:
            if isinstance(item, Rejected):
                rejected.append(item)
            else:
                facts.append(item)
    return facts, rejected


def codes(rejected: list[Rejected]) -> list[tuple[int, str]]:
    """The line and code of each bad row."""
    return [(item.line, item.code) for item in rejected]
