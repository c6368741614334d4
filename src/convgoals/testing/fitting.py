"""Values that fit several comparisons of one property at once, and values that nearly do.

Each comparison alone is met by its own literal; ``url starts with "https" and url ends with ".pdf"``, lengths, members
of lists and patterns are met by nothing that stands in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convgoals.language import ast
from convgoals.testing.matching import texts_for

LONGEST = 30
"""The longest list or text that is made for a comparison of a length."""


def fitting(node: ast.Node) -> Iterator[tuple[ast.Property, list[Any]]]:
    """For each property of which *node* asks such things: the values to try, those that fit first."""
    asked: dict[ast.Property, list[ast.Comparison]] = {}
    for part in ast.walk(node):
        if isinstance(part, ast.COMPARISONS):
            subject = part.left if isinstance(part, ast.Compare) else part.value
            while isinstance(subject, ast.Call):
                subject = subject.argument
            if isinstance(subject, ast.Property):
                asked.setdefault(subject, []).append(part)
    for subject, parts in asked.items():
        values = [*_patterned(parts), *_affixed(parts), *_sized(parts)]
        if values:
            yield subject, values


def _patterned(parts: Sequence[ast.Comparison]) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, ast.Matches):
            yield from texts_for(part.pattern)


def _affixed(parts: Sequence[ast.Comparison]) -> Iterator[Any]:
    """A text with every beginning, middle and end that is asked for; then with something before, and after."""
    said: dict[str, list[str]] = {"starts with": [], "contains": [], "ends with": []}
    for part in parts:
        match part:
            case ast.Compare(operator, _, ast.Text(text)) if operator in said:
                said[operator].append(text)
            case _:
                continue
    start, end = (max(said[operator], key=len, default="") for operator in ("starts with", "ends with"))
    if start or end:
        yield f"{start}{''.join(said['contains'])}{end}"
        yield f"{start}-{end}"
        yield f"x{start}{end}"
        yield f"{start}{end}x"


def _sized(parts: Sequence[ast.Comparison]) -> Iterator[Any]:
    """Lists and texts of the lengths that are asked for, and one more and less; lists have the members asked for."""
    members = [part.right.value for part in parts if _asks_for_member(part)]  # type: ignore[union-attr]
    sizes: list[int] = []
    for part in parts:
        subject = part.left if isinstance(part, ast.Compare) else part.value
        if isinstance(subject, ast.Call) and subject.function == "length":
            asked = [int(each.value) for each in ast.walk(part) if isinstance(each, ast.Number)]
            sizes += [size + more for size in asked for more in (0, 1, -1)]
    for size in dict.fromkeys(each for each in sizes if 0 <= each <= LONGEST):
        yield [*members, *(f"other {number}" for number in range(1, size + 1))][:size]
        yield f"{''.join(map(str, members))}{'x' * size}"[:size]
    if members and not sizes:
        yield members


def _asks_for_member(part: ast.Comparison) -> bool:
    return isinstance(part, ast.Compare) and part.operator == "contains" and isinstance(part.right, ast.LITERALS)
