"""Which regular expressions no text can make slow, and how they are run (semantics §3).

A pattern is run by Python's `re` where that can be shown to take about linear time (`backtracking.py`), and by RE2, if
the extra is installed, where it cannot; without the extra such a pattern is refused when the goal is written.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

# Private, but in one place since 3.11: what `re.compile` would read is judged before it is compiled.
from re import _parser
from typing import Any

import attrs

from convgoals.language.backtracking import UnsafeError, check_linear

MAX_PATTERN = 500
"""The longest pattern, in characters."""

MAX_GROUPS = 20
"""How deep groups may be nested."""

_DOUBLED = ("--", "&&", "~~", "||")
"""Inside brackets, what a later version of Python may read as operators on sets."""


@attrs.frozen
class Refusal:
    """Why a pattern is refused: a stable code, a message and a repair."""

    code: str
    message: str
    hint: str = ""


@functools.lru_cache(maxsize=1024)
def why_unsafe(pattern: str) -> Refusal | None:
    """Why *pattern* is refused, or ``None``. Codes: ``regex-invalid``, ``regex-unsafe``."""
    refusal = _refusal(_core(pattern))
    if refusal is not None and refusal.code == "regex-unsafe" and _re2_search(pattern) is not None:
        return None
    return refusal


@functools.lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Callable[[str], object]:
    """A function that looks for *pattern* anywhere in a text: a match, or ``None``. It never raises.

    Raises:
        ValueError: `why_unsafe` refuses the pattern.
    """
    core = _core(pattern)
    refusal = _refusal(core)
    if refusal is None:
        return re.compile(core).search
    search = _re2_search(pattern) if refusal.code == "regex-unsafe" else None
    if search is None:
        raise ValueError(refusal.message)
    return search


def _core(pattern: str) -> str:
    """*pattern* without a ``.*`` at its start: a search tries every start anyway, and so it is linear."""
    return _LEADING_ANYTHING.sub(r"\1", pattern)


_LEADING_ANYTHING = re.compile(r"\A((?:\(\?[ims]+\))?)\.\*\??(?![*+?{])")


def _refusal(pattern: str) -> Refusal | None:
    if len(pattern) > MAX_PATTERN:
        return Refusal(
            "regex-unsafe",
            f"the pattern has {len(pattern):,} characters, and {MAX_PATTERN:,} are allowed",
            "split it into several conditions, joined by `or`",
        )
    refusal = _refused_form(pattern)
    if refusal is not None:
        return refusal
    try:
        tree = _parser.parse(pattern)
        check_linear(tree, tree.state.flags)
        re.compile(pattern)
    except (re.error, OverflowError) as error:
        return Refusal(
            "regex-invalid",
            f"the pattern is no regular expression: {error}",
            "a character that is meant itself is written with a backslash, such as `\\.` or `\\(`",
        )
    except UnsafeError as error:
        return Refusal("regex-unsafe", f"some text could make this pattern very slow: {error}", _repair(pattern))
    return None


def _repair(pattern: str) -> str:
    anchor = "" if pattern.startswith("^") else "begin it with `^`, "
    return (
        f"{anchor}make what may repeat and what follows it different characters, or use `contains`; "
        "any pattern is safe with the extra: pip install 'convgoals[re2]'"
    )


def _refused_form(pattern: str) -> Refusal | None:
    """What must be refused before it is parsed: groups nested too deep, and brackets that `re` would warn about."""
    depth = 0
    for token in _TOKENS.finditer(pattern):
        text = token[0]
        if text == "(":
            depth += 1
        elif text == ")":
            depth -= 1
        elif text[0] == "[" and (text.startswith("[[") or any(mark in text for mark in _DOUBLED)):
            return Refusal(
                "regex-invalid",
                f"the brackets {text} may mean something else in later versions of Python",
                "a character that is meant itself is written with a backslash, such as `\\[` or `\\-`",
            )
        if depth > MAX_GROUPS:
            return Refusal("regex-unsafe", f"groups are nested more than {MAX_GROUPS} deep", "make the pattern simpler")
    return None


_TOKENS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]?|[()]", re.DOTALL)
"""Escapes, whole sets in brackets, and parentheses."""


def _re2_search(pattern: str) -> Callable[[str], object] | None:
    """The search of *pattern* by RE2, or ``None`` if that is not installed or does not know such patterns."""
    try:
        import re2  # noqa: PLC0415  an extra
    except ImportError:
        return None
    options = re2.Options()
    options.log_errors = False
    try:
        found: Callable[[str], Any] = re2.compile(pattern, options).search
    except re2.error:
        return None

    def search(text: str) -> object:
        try:
            return found(text)
        except UnicodeEncodeError:  # half of a surrogate pair: no character that a pattern could name
            return found(text.encode("utf-8", "replace").decode())

    return search
