"""Sets of characters as numbers: a bit for each of the first 256, and four for the kinds of all others.

A set may come out too large, never too small: what is disjoint here is disjoint.
"""

from __future__ import annotations

import re

# Private, but in one place since 3.11: the names of the parts of a parsed pattern.
from re import _constants as ops
from typing import Any

ONE_CHARACTER = frozenset({ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN})
"""The parts of a pattern that take exactly one character."""

_CHARACTERS = range(256)
_OTHER_DIGIT, _OTHER_LETTER, _OTHER_SPACE, _OTHER = (1 << (256 + kind) for kind in range(4))
ALL = (1 << 260) - 1
_FOLDED_BEYOND = frozenset("ksi\u00e5\u00b5\u00ff\u00df")
"""Lower-case letters that are also, ignoring case, a character beyond the first 256."""


def _mask(test: Any) -> int:
    return sum(1 << code for code in _CHARACTERS if test(chr(code)))


_DIGIT = _mask(str.isdecimal) | _OTHER_DIGIT
_SPACE = _mask(str.isspace) | _OTHER_SPACE
WORD = _mask(lambda c: c.isalnum() or c == "_") | _OTHER_DIGIT | _OTHER_LETTER
_CATEGORIES = {
    ops.CATEGORY_DIGIT: _DIGIT,
    ops.CATEGORY_NOT_DIGIT: ALL & ~_mask(lambda c: "0" <= c <= "9"),
    ops.CATEGORY_SPACE: _SPACE,
    ops.CATEGORY_NOT_SPACE: ALL & ~_mask(lambda c: c in " \t\n\r\f\v"),
    ops.CATEGORY_WORD: WORD,
    ops.CATEGORY_NOT_WORD: ALL & ~_mask(lambda c: c.isascii() and (c.isalnum() or c == "_")),
}


def _one(code: int) -> int:
    if code < len(_CHARACTERS):
        return 1 << code
    character = chr(code)
    if character.isdecimal():
        return _OTHER_DIGIT
    if character.isalnum():
        return _OTHER_LETTER
    return _OTHER_SPACE if character.isspace() else _OTHER


def _any_case(code: int) -> int:
    """The characters that are *code* where case is ignored."""
    character = chr(code)
    mask = _one(code)
    for variant in {*character.lower(), *character.upper(), *character.upper().lower()}:
        mask |= _one(ord(variant)) | (_OTHER_LETTER if variant in _FOLDED_BEYOND else 0)
    return mask


def _range(low: int, high: int, ignore_case: bool) -> int:
    end = min(high, len(_CHARACTERS) - 1)
    mask = 0
    if low <= end:
        mask = sum(1 << code for code in range(low, end + 1))
        if ignore_case:
            for code in range(low, end + 1):
                mask |= _any_case(code)
    if high > end:
        mask |= _OTHER_DIGIT | _OTHER_LETTER | _OTHER_SPACE | _OTHER
        if ignore_case:  # a few of them are, ignoring case, among the first 256
            for character in _FOLDED_BEYOND:
                mask |= _any_case(ord(character))
    return mask


def _only(code: int) -> int:
    """The set of *code* where it can be told from all others, and nothing where it cannot: for complements."""
    return 1 << code if code < len(_CHARACTERS) else 0


_OPPOSITES = {
    ops.CATEGORY_DIGIT: ops.CATEGORY_NOT_DIGIT,
    ops.CATEGORY_NOT_DIGIT: ops.CATEGORY_DIGIT,
    ops.CATEGORY_SPACE: ops.CATEGORY_NOT_SPACE,
    ops.CATEGORY_NOT_SPACE: ops.CATEGORY_SPACE,
    ops.CATEGORY_WORD: ops.CATEGORY_NOT_WORD,
    ops.CATEGORY_NOT_WORD: ops.CATEGORY_WORD,
}


def characters(op: Any, argument: Any, flags: int) -> int:
    """The set that the part *op* of a pattern takes, one of `ONE_CHARACTER`."""
    ignore_case = bool(flags & re.IGNORECASE)
    if op is ops.ANY:
        return ALL if flags & re.DOTALL else ALL & ~_one(ord("\n"))
    if op is ops.LITERAL:
        return _any_case(argument) if ignore_case else _one(argument)
    if op is ops.NOT_LITERAL:
        return ALL & ~_only(argument)
    negated = argument[0][0] is ops.NEGATE
    mask = 0
    for kind, part in argument[1:] if negated else argument:
        mask |= _surely(kind, part) if negated else _maybe(kind, part, ignore_case)
    return ALL & ~mask if negated else mask


def _maybe(op: Any, argument: Any, ignore_case: bool) -> int:
    """At least the characters that a part of a class in brackets stands for."""
    if op is ops.CATEGORY:
        return _CATEGORIES[argument]
    if op is ops.RANGE:
        low, high = argument
        return _range(low, high, ignore_case=ignore_case)
    return _any_case(argument) if ignore_case else _one(argument)


def _surely(op: Any, argument: Any) -> int:
    """At most those characters: what a complement may leave out."""
    if op is ops.CATEGORY:
        return ALL & ~_CATEGORIES[_OPPOSITES[argument]]
    if op is ops.RANGE:
        low, high = argument
        return _range(low, min(high, len(_CHARACTERS) - 1), ignore_case=False)
    return _only(argument)
