"""What a newcomer meant: from the place where reading failed to a message that names the mistake and its repair."""

from __future__ import annotations

from typing import Any

from convgoals.errors import GoalSyntaxError, Span


def explain_mistake(text: str, failure: Any, entry: str) -> GoalSyntaxError:
    """The error to raise for *failure*, lark's ``UnexpectedInput``, met while reading *text* as *entry*."""
    start = failure.pos_in_stream if failure.pos_in_stream is not None and failure.pos_in_stream >= 0 else len(text)
    token = getattr(failure, "token", None)
    if token is None or token.type == "$END":
        start = min(start, len(text)) if token is None else len(text)
    end = len(text) if start >= len(text) else start + max(1, len(token or "x"))
    found = "the end" if start >= len(text) else f"`{text[start:end]}`"
    return GoalSyntaxError(f"{found} is not expected here", code="syntax", span=Span(start, min(end, max(len(text), start))))
