"""Tokens → literals: texts, numbers, dates and spans of time, within their bounds (semantics §3)."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

from convgoals.errors import GoalSyntaxError, Span
from convgoals.instants import LATEST
from convgoals.language import ast

MAX_STRING = 1_000
"""The longest text in quotes, in characters."""

MAX_DIGITS = 40
"""The longest number, in digits as it is written out."""

FIRST_YEAR, LAST_YEAR = 1000, 9000

_UNITS: dict[str, ast.Unit] = {
    "y": "year", "year": "year", "mo": "month", "month": "month", "w": "week", "week": "week", "d": "day", "day": "day",
    "h": "hour", "hr": "hour", "hour": "hour", "m": "minute", "min": "minute", "minute": "minute",
    "s": "second", "sec": "second", "second": "second", "ms": "millisecond", "millisecond": "millisecond",
    "us": "microsecond", "microsecond": "microsecond",
}  # fmt: skip
_ISO_PART = re.compile(r"(\d+)([A-Z])")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


_LOOK_ALIKES = str.maketrans({"\u017f": "s", "\u0131": "i", "\u0130": "i", "\u212a": "k"})


def read_keyword(token: str) -> str:
    """A word of the language in plain lower case; a grammar that ignores case takes four letters beyond ASCII too."""
    return token.translate(_LOOK_ALIKES).lower()


def read_string(span: Span, token: str) -> str:
    def unescape(match: re.Match[str]) -> str:
        escape = match[1]
        if escape[0] == "u" and len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPES.get(escape, match[0])  # "\d" stays as it is: patterns need no doubled backslashes

    text = _ESCAPE.sub(unescape, token[1:-1])
    if len(text) > MAX_STRING:
        raise GoalSyntaxError(
            f"the text in quotes has {len(text):,} characters, and {MAX_STRING:,} are allowed",
            code="too-long",
            span=span,
            hint="`starts with`, `contains` or `matches` can do with a part of it",
        )
    # Two escaped surrogates are one character; one alone is no text that can be stored.
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise GoalSyntaxError(
            "the text in quotes holds half of a surrogate pair, which is no character", code="surrogate", span=span
        ) from None


def read_number(span: Span, token: str, sign: str = "") -> ast.Number:
    value = Decimal(sign + token)
    _, digits, exponent = value.as_tuple()
    if isinstance(exponent, int) and max(len(digits) + max(exponent, 0), -exponent) <= MAX_DIGITS:
        return ast.Number(value, span=span)
    raise GoalSyntaxError(
        f"a number has at most {MAX_DIGITS} digits",
        code="number-too-long",
        span=span,
        hint="an id of digits is a text, in quotes",
    )


def read_negative(span: Span, token: str) -> ast.Number:
    return read_number(span, token, "-")


def read_date(span: Span, token: str) -> ast.Date | ast.DateTime:
    if not FIRST_YEAR <= int(token[:4]) <= LAST_YEAR:
        raise GoalSyntaxError(
            f"{token} is not a date: the year must lie between {FIRST_YEAR} and {LAST_YEAR}",
            code="not-a-date",
            span=span,
            hint="leave out what has no end, or use 9000-12-31",
        )
    try:
        if len(token) == len("2026-01-01"):
            return ast.Date(datetime.date.fromisoformat(token), span=span)
        return ast.DateTime(datetime.datetime.fromisoformat(token.upper()), span=span)
    except ValueError:
        raise GoalSyntaxError(
            f"the calendar and the clock know no {token}",
            code="not-a-date",
            span=span,
            hint="a date such as 2026-01-31, or 2026-01-31T23:59:59Z",
        ) from None


def read_words(span: Span, *tokens: str) -> ast.Duration:
    amounts = [int(amount) if len(amount) <= MAX_DIGITS else 10**MAX_DIGITS for amount in tokens[::2]]
    units = []
    for unit in tokens[1::2]:
        word = read_keyword(unit)
        units.append(_UNITS[word if word in _UNITS else word[:-1]])
    return _duration(span, list(zip(amounts, units, strict=True)))


def read_iso_duration(span: Span, token: str) -> ast.Duration:
    days, _, clock = token.upper().partition("T")
    names: tuple[dict[str, ast.Unit], dict[str, ast.Unit]] = (
        {"Y": "year", "M": "month", "W": "week", "D": "day"},
        {"H": "hour", "M": "minute", "S": "second"},
    )
    return _duration(
        span,
        [
            (int(amount[:MAX_DIGITS]), units[letter])
            for part, units in zip((days, clock), names, strict=True)
            for amount, letter in _ISO_PART.findall(part)
        ],
    )


def _duration(span: Span, parts: list[tuple[int, ast.Unit]]) -> ast.Duration:
    order = list(ast.UNITS)
    ranks = [order.index(unit) for _, unit in parts]
    if not parts or ranks != sorted(set(ranks)):
        raise GoalSyntaxError(
            "a span of time names each unit once, the largest first", code="duration", span=span, hint="1 day 12 hours"
        )
    duration = ast.Duration(tuple(part for part in parts if part[0]) or (parts[-1],), span=span)
    if duration.months > 12_000 or duration.microseconds > LATEST // 10:
        raise GoalSyntaxError("a span of time is at most 1,000 years", code="duration-too-long", span=span)
    return duration
