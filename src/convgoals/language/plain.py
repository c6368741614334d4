"""Plain JSON values → literals, names and paths: the leaves of ``builder.py``, each checked before it is used.

Every function takes the value and its JSON path, and raises `GoalDefinitionError` with that path.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from convgoals.errors import GoalDefinitionError
from convgoals.language import ast
from convgoals.language.bounds import MAX_DEPTH
from convgoals.language.literals import FIRST_YEAR, LAST_YEAR, MAX_DIGITS, MAX_STRING
from convgoals.suggest import did_you_mean

EXACT = 2**53 - 1
"""The largest integer that a JSON number keeps everywhere."""

_NUMBER = re.compile(r"-?\d{1,100}(?:\.\d{1,100})?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d\d:?\d\d)?\Z", re.ASCII)


def wrong(path: str, message: str, *, code: str = "json", hint: str = "") -> GoalDefinitionError:
    """The error to raise for what stands at *path*."""
    return GoalDefinitionError(f"{path}: {message}", code=code, hint=hint)


def shown(value: object) -> str:
    """*value* in a message: short, and never the repr of something large."""
    if isinstance(value, str):
        return repr(value[:40])
    if isinstance(value, (bool, float)) or value is None:
        return repr(value)
    if isinstance(value, int):
        return repr(value) if abs(value) <= EXACT else "a number of many digits"
    if isinstance(value, Mapping):
        return "an object"
    return "an array" if isinstance(value, list) else type(value).__name__


# ---- containers


def mapping(data: object, path: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise wrong(path, f"an object is needed here, not {shown(data)}")
    return data


def array(data: object, path: str, least: int, most: int) -> list[Any]:
    """*data* as a list of *least* to *most* items."""
    if not isinstance(data, (list, tuple)):
        raise wrong(path, f"an array is needed here, not {shown(data)}")
    if not least <= len(data) <= most:
        raise wrong(path, f"{len(data):,} items, and between {least} and {most:,} are allowed")
    return list(data)


def only(table: Mapping[str, Any], path: str, known: tuple[str, ...]) -> None:
    """Refuse keys that mean nothing: a builder that misspells one must not lose it silently."""
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known) if isinstance(key, str) else ""
            raise wrong(path, f"there is no {shown(key)} here", hint=hint or f"one of: {', '.join(known)}")


def required(table: Mapping[str, Any], key: str, path: str) -> Any:
    if key not in table:
        raise wrong(path, f"`{key}` is missing")
    return table[key]


# ---- texts, names, flags


def text(data: object, path: str) -> str:
    if not isinstance(data, str):
        raise wrong(path, f"text is needed here, not {shown(data)}")
    if len(data) > MAX_STRING:
        raise wrong(path, f"{len(data):,} characters, and {MAX_STRING:,} are allowed", code="too-long")
    if any("\ud800" <= character <= "\udfff" for character in data):
        raise wrong(path, "the text holds half of a surrogate pair, which is no character", code="surrogate")
    return str(data)


def name(data: object, path: str) -> str:
    if not text(data, path):
        raise wrong(path, "a name cannot be empty", code="empty-name")
    return str(data)


def names(data: object, path: str) -> tuple[str, ...]:
    """The path of a property."""
    return tuple(name(item, f"{path}[{index}]") for index, item in enumerate(array(data, path, 1, MAX_DEPTH)))


def flag(data: object, path: str) -> bool:
    if not isinstance(data, bool):
        raise wrong(path, f"true or false is needed here, not {shown(data)}")
    return data


def one_of(*words: str) -> Callable[[object, str], str]:
    """A function that takes one of *words*."""

    def read(data: object, path: str) -> str:
        if not isinstance(data, str) or data not in words:
            hint = did_you_mean(data, words) if isinstance(data, str) else ""
            raise wrong(path, f"{shown(data)} is not allowed", hint=hint or f"one of: {', '.join(words)}")
        return data

    return read


# ---- literals and spans


def _text_literal(data: object, path: str) -> ast.Text:
    return ast.Text(text(data, path))


def _number_literal(data: object, path: str) -> ast.Number:
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) < 10**MAX_DIGITS:
        return ast.Number(int(data))
    if isinstance(data, str) and _NUMBER.match(data):
        value = Decimal(data)
    elif isinstance(data, (float, Decimal)):
        value = Decimal(repr(float(data))) if isinstance(data, float) else data
    elif isinstance(data, int) and not isinstance(data, bool):
        value = Decimal("NaN")  # too long to be looked at
    else:
        raise wrong(path, f"{shown(data)} is no number", hint='5, or "0.10" to keep a decimal exact')
    if value.is_finite() and abs(value.adjusted()) <= MAX_DIGITS:
        number = ast.Number(value)
        if len(format(number.value, "f" if isinstance(number.value, Decimal) else "d").lstrip("-")) <= MAX_DIGITS:
            return number
    raise wrong(path, f"a number is finite and has at most {MAX_DIGITS} digits", code="number-too-long")


def _boolean_literal(data: object, path: str) -> ast.Boolean:
    return ast.Boolean(flag(data, path))


def _date_literal(data: object, path: str) -> ast.Date:
    return ast.Date(_moment(data, path, _DATE, datetime.date.fromisoformat, '"2026-01-31"'))


def _datetime_literal(data: object, path: str) -> ast.DateTime:
    def read(moment: str) -> datetime.datetime:
        return datetime.datetime.fromisoformat(moment.upper())

    return ast.DateTime(_moment(data, path, _DATETIME, read, '"2026-01-31T12:00Z"'))


def _moment(data: object, path: str, form: re.Pattern[str], read: Callable[[str], Any], example: str) -> Any:
    if isinstance(data, str) and form.match(data) and FIRST_YEAR <= int(data[:4]) <= LAST_YEAR:
        try:
            return read(data)
        except ValueError as error:
            raise wrong(path, f"{data} is not a date: {error}", code="not-a-date") from None
    raise wrong(path, f"{shown(data)} is not a date", code="not-a-date", hint=example)


LITERALS: dict[str, Callable[[object, str], ast.LiteralValue]] = {
    "text": _text_literal,
    "number": _number_literal,
    "boolean": _boolean_literal,
    "date": _date_literal,
    "datetime": _datetime_literal,
}
"""How to read the ``value`` of each type of literal."""


def duration(data: object, path: str) -> ast.Duration:
    """``{"days": 1, "hours": 12}``, in any order."""
    table = mapping(data, path)
    units: dict[str, ast.Unit] = {f"{unit}s": unit for unit in ast.UNITS}
    only(table, path, tuple(units))
    if not table:
        raise wrong(path, "a span of time needs a unit", hint='{"days": 7}')
    for key, amount in table.items():
        if not isinstance(amount, int) or isinstance(amount, bool) or not 0 <= amount <= EXACT:
            raise wrong(f"{path}.{key}", f"{shown(amount)} is no whole number of {key}")
    parts = tuple((int(table[key]), unit) for key, unit in units.items() if key in table)
    return ast.Duration(tuple(part for part in parts if part[0]) or (parts[-1],))
