"""NDJSON: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convgoals.errors import SourceError
from convgoals.sources.lines import MAX_LINE, Lines, has_foreign_bytes
from convgoals.sources.values import Misfit, read_json


def read_ndjson(lines: Lines) -> Iterator[tuple[int, str, dict[str, Any] | Misfit]]:
    """The rows of an NDJSON file: ``(line, raw text, the object or what is wrong)`` each; empty lines are none.

    Raises:
        SourceError: the file is one JSON array or an object over many lines (code ``format``).
    """
    is_first = True
    for number, line in lines:
        text = line.strip()
        if not text:
            continue
        if is_first and (text[0] == "[" or text == "{"):
            command = "jq -c '.[]'" if text[0] == "[" else "jq -c ."
            raise SourceError(
                f"{lines.path} is JSON, but not one object a line", code="format", hint=f"{command} {lines.path}"
            )
        is_first = False
        yield number, line, _row(text, is_cut=lines.too_long)


def _row(text: str, *, is_cut: bool) -> dict[str, Any] | Misfit:
    if is_cut:
        return Misfit("too-long", f"the row has more than {MAX_LINE:,} characters")
    if "\0" in text:
        return Misfit("nul", "the row holds a NUL character")
    if has_foreign_bytes(text):
        return Misfit("encoding", "the row holds bytes that are no UTF-8")
    try:
        value = read_json(text)
    except Misfit as misfit:
        return misfit
    return value if isinstance(value, dict) else Misfit("json", "the row is no JSON object")
