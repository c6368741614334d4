"""Texts that match a pattern, and texts that nearly do: no random text ever meets ``^ab+c$``."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Private, but in one place since 3.11: a pattern in its parsed form says what a text needs.
from re import _constants as ops
from re import _parser
from typing import Any

MOST = 60
"""How many characters a text may have."""

_CATEGORIES = {
    ops.CATEGORY_DIGIT: "7", ops.CATEGORY_NOT_DIGIT: "x", ops.CATEGORY_SPACE: " ", ops.CATEGORY_NOT_SPACE: "x",
    ops.CATEGORY_WORD: "x", ops.CATEGORY_NOT_WORD: "-",
}  # fmt: skip


def texts_for(pattern: str) -> Iterator[str]:
    """A few texts for *pattern*: those that match it come first; none where it is not understood."""
    try:
        parsed = _parser.parse(pattern)
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):  # what re2 takes may be more
        return
    found = list(dict.fromkeys("".join(_pieces(parsed, more))[:MOST] for more in (0, 1, 2)))
    good = [text for text in found if compiled.search(text)]
    yield from good
    for text in good[:1]:
        yield from (text[:-1], text[1:], f"x{text}", f"{text}x", text.upper())


def _pieces(items: Any, more: int) -> Iterator[str]:
    """Texts that together match *items*: what may repeat does so *more* often than it must; *more* picks the branch."""
    for op, argument in items:
        match op:
            case ops.LITERAL:
                yield chr(argument)
            case ops.NOT_LITERAL:
                yield "x" if argument != ord("x") else "y"
            case ops.ANY:
                yield "x"
            case ops.IN:
                yield _one_of(argument)
            case ops.SUBPATTERN:
                yield from _pieces(argument[3], more)
            case ops.BRANCH:
                branches = argument[1]
                yield from _pieces(branches[more % len(branches)], more)
            case ops.MAX_REPEAT | ops.MIN_REPEAT | ops.POSSESSIVE_REPEAT:
                least, most, inner = argument
                for _ in range(min(least + more, most, MOST)):
                    yield from _pieces(inner, more)
            case ops.ATOMIC_GROUP:
                yield from _pieces(argument, more)
            case _:  # anchors and assertions take no characters; a text that fails them is left out
                continue


def _one_of(choices: Any) -> str:
    """A character that a class takes."""
    negated = choices[0][0] is ops.NEGATE
    taken = [(op, argument) for op, argument in choices if op is not ops.NEGATE]
    if negated:
        return next((each for each in "xyz7- _~" if not any(_is_in(each, *choice) for choice in taken)), "x")
    op, argument = taken[0]
    if op is ops.LITERAL:
        return chr(argument)
    return chr(argument[0]) if op is ops.RANGE else _CATEGORIES.get(argument, "x")


def _is_in(character: str, op: Any, argument: Any) -> bool:
    if op is ops.LITERAL:
        return bool(ord(character) == argument)
    if op is ops.RANGE:
        low, high = argument
        return bool(low <= ord(character) <= high)
    return argument in _CATEGORIES and re.match(_CLASSES[argument], character) is not None


_CLASSES = {
    ops.CATEGORY_DIGIT: r"\d", ops.CATEGORY_NOT_DIGIT: r"\D", ops.CATEGORY_SPACE: r"\s", ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w", ops.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
