"""How large a condition may be: what is past a bound is refused before it is slow to read, to check or to print."""

from __future__ import annotations

import re
from typing import Any

import attrs

from convgoals.errors import GoalSyntaxError, Span
from convgoals.language import ast
from convgoals.language.format import format_node

MAX_TEXT = 10_000
MAX_WORDS = 1_200
MAX_DEPTH = 60
_MOST_GROWTH = 8  # a control character is written as the six of its escape, `1s` as `1 second`

_WORD = re.compile(r"""\"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\w+|[^\w\s]""")


def check_depth(node: object) -> None:
    level: list[Any] = [part for part in (node if isinstance(node, tuple) else (node,)) if attrs.has(type(part))]
    for _ in range(MAX_DEPTH):
        level = [below for above in level for below in ast.children(above)]
        if not level:
            return
    raise GoalSyntaxError(
        f"the condition is nested more than {MAX_DEPTH} deep",
        code="too-deep",
        span=level[0].span,
        hint="split it into several goals, or use `in (…)` for a list of values",
    )


def check_size(text: str, what: str) -> None:
    """Refuse what is too long to be read in a few milliseconds."""
    problem = ""
    if len(text) > MAX_TEXT:
        problem = f"the {what} has {len(text):,} characters, and {MAX_TEXT:,} are allowed"
    elif len(text) > MAX_WORDS:
        words = len(_WORD.findall(text))
        if words > MAX_WORDS:
            problem = f"the {what} has {words:,} words and signs, and {MAX_WORDS:,} are allowed"
    if problem:
        raise GoalSyntaxError(
            problem,
            code="too-long",
            text=text[:MAX_TEXT],
            span=Span(0, min(len(text), MAX_TEXT)),
            hint="make it two goals, or shorten its lists",
        )


def check_canonical_size(text: str, node: Any) -> None:
    """Refuse a text whose canonical text would be too long to be read again: short forms and escapes grow."""
    if len(text) * _MOST_GROWTH > MAX_WORDS and not isinstance(node, tuple):  # windows and paths are no longer written
        try:
            check_size(format_node(node), "canonical text")
        except GoalSyntaxError as error:
            error.text, error.span = text, node.span
            raise
