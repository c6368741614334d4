"""Which regular expressions no text can make slow (semantics §3)."""

from __future__ import annotations

import re

import attrs


@attrs.frozen
class Refusal:
    code: str
    message: str
    hint: str = ""


def why_unsafe(pattern: str) -> Refusal | None:
    """Why *pattern* is refused, or ``None``."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return Refusal("regex-invalid", f"this is no regular expression: {error}")
    return None
