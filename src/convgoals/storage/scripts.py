"""The SQL of the backends, which stands in files below ``sql``: named statements, and migrations by their number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files


def named_statements(*path: str) -> Mapping[str, str]:
    """The statements of a file by name: each stands below a line ``-- name: …``, and ends with a semicolon."""
    text = files("convgoals.storage").joinpath("sql", *path).read_text(encoding="utf-8")
    text = re.sub(r"^---- .*\n", "", text, flags=re.MULTILINE)
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)
    return {name: statement.strip().removesuffix(";") for name, statement in zip(parts[1::2], parts[2::2], strict=True)}


def numbered_scripts(*folder: str) -> tuple[str, ...]:
    """The files ``0001_….sql`` and on of a folder, in their order."""
    found = {}
    for entry in files("convgoals.storage").joinpath("sql", *folder).iterdir():
        numbered = re.fullmatch(r"(\d{4})_\w+\.sql", entry.name)
        if numbered:
            found[int(numbered[1])] = entry.read_text(encoding="utf-8")
    return tuple(found[number] for number in range(1, len(found) + 1))
