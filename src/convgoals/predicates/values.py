"""How values compare, exactly (semantics §3): the slow and complete path behind every compiled filter.

Compiled filters decide the common cases in line (a float against a number, text against text) and call these for the
rest: decimals, very large numbers, datetimes, lists, wrong types. Every function takes the list *notes*, to which it
adds ``(property, type)`` where a value is of a type that the comparison does not take, and nothing ever raises.
"""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, TypeAlias

from convgoals.instants import read_iso, start_of_day, to_instant, wall_to_instant

Notes: TypeAlias = list[tuple[str, str]]
Number: TypeAlias = int | Fraction

MAX_EXPONENT = 1_000
"""Numbers of more digits than this before or after the point are ill-typed: exact arithmetic must stay cheap."""

HUGE = 10**MAX_EXPONENT


def number(value: object) -> Number | None:
    """The exact number that *value* is, or ``None``: a float is its shortest decimal form, a boolean is none."""
    kind = type(value)
    if kind is int:
        return value if -HUGE < value < HUGE else None  # type: ignore[return-value]
    if kind is float:
        return Fraction(repr(value)) if isfinite(value) else None  # type: ignore[arg-type]
    if kind is Fraction:
        return value  # type: ignore[return-value]
    if isinstance(value, Decimal):
        return Fraction(value) if is_usable(value) else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return number(int(value))
    return number(float(value)) if isinstance(value, float) else None


_EXACT = (int, Decimal)


def is_usable(value: Decimal) -> bool:
    """Whether a decimal is a number that exact arithmetic can take."""
    return value.is_finite() and (not value or abs(value.adjusted()) < MAX_EXPONENT)


def is_number(value: object) -> bool:
    """Whether `number` takes *value*."""
    return isfinite(value) if type(value) is float else number(value) is not None


def dig(properties: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value that *path* leads to, or ``None``."""
    value: Any = properties
    for part in path:
        if type(value) is not dict and not isinstance(value, Mapping):  # asking for a dict first is many times quicker
            return None
        value = value.get(part)
    return value


def ill(notes: Notes, label: str, value: object) -> bool:
    """Note that *value* is of a type that the comparison does not take; always ``False``."""
    kind = type(value)
    if kind in _PLAIN:
        notes.append((label, kind.__name__))
    elif kind is float:
        notes.append((label, "float" if isfinite(value) else UNUSABLE))  # type: ignore[arg-type]
    elif value is not None:
        unusual = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) and number(value) is None
        notes.append((label, UNUSABLE if unusual else type(value).__name__))
    return False


_PLAIN = frozenset({str, bool})

UNUSABLE = "unusable number"
"""What is noted of a NaN, an infinity, and a number too long to compare with."""


# ---- equality


def canonical(value: object, zone: datetime.tzinfo) -> Hashable | None:  # noqa: PLR0911  one case a kind
    """A key that two values share just when they are equal; ``None`` for missing and for what equals nothing."""
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)  # itself: the keys of all other kinds are tuples
    if isinstance(value, bool):
        return ("boolean", value)
    exact = number(value)
    if exact is not None:
        return ("number", exact)
    if isinstance(value, datetime.datetime):
        return ("instant", moment(value, zone))
    if isinstance(value, datetime.date):
        return ("date", value)
    if isinstance(value, (list, tuple)):
        members = tuple(canonical(member, zone) if member is not None else ("null",) for member in value)
        return None if None in members else ("list", members)
    if isinstance(value, Mapping):
        pairs = [(key, canonical(member, zone)) for key, member in value.items() if member is not None]
        return None if any(key is None for _, key in pairs) else ("object", frozenset(pairs))
    return None


def unchanged(before: object, after: object, zone: datetime.tzinfo) -> bool:
    """Whether a property that had one value and then the other has not changed (semantics §2).

    Missing and null are one value, and so is all that equals nothing: a NaN that stays a NaN has not changed.
    """
    if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)):
        return len(before) == len(after) and all(
            unchanged(one, other, zone) for one, other in zip(before, after, strict=True)
        )
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return all(unchanged(before.get(name), after.get(name), zone) for name in {*before, *after})
    if before is None or after is None:
        return before is after
    if isinstance(before, _CONTAINERS) or isinstance(after, _CONTAINERS):
        return False
    return canonical(before, zone) == canonical(after, zone)


_CONTAINERS = (list, tuple, Mapping)


def _family(value: object) -> str | None:
    key = None
    if isinstance(value, str):
        key = "text"
    elif isinstance(value, bool):
        key = "boolean"
    elif number(value) is not None:
        key = "number"
    elif isinstance(value, datetime.datetime):
        key = "instant"
    elif isinstance(value, datetime.date):
        key = "date"
    elif isinstance(value, (list, tuple)):
        key = "list"
    elif isinstance(value, Mapping):
        key = "object"
    return key


def equal(left: object, right: object, zone: datetime.tzinfo, notes: Notes, labels: tuple[str, str]) -> bool:
    """Whether two values are equal; values of different kinds are ill-typed."""
    if left is None or right is None:
        return False
    if type(left) is str and type(right) is str:
        return left == right
    kinds = _family(left), _family(right)
    if kinds[0] != kinds[1] or kinds[0] is None:
        _note_pair(notes, labels, left, right, kinds)
        return False
    key = canonical(left, zone)
    return key is not None and key == canonical(right, zone)


def _note_pair(notes: Notes, labels: tuple[str, str], left: object, right: object, kinds: tuple[Any, Any]) -> None:
    """Blame the side that is a property; where both are, the one of no kind at all, or the right one."""
    if labels[0] and not (labels[1] and kinds[0] is not None):
        ill(notes, labels[0], left)
    elif labels[1]:
        ill(notes, labels[1], right)


# ---- order


def _orderable(value: object, zone: datetime.tzinfo) -> tuple[str, Any] | None:
    if isinstance(value, str):
        return "text", value
    exact = number(value)
    if exact is not None:
        return "number", exact
    if isinstance(value, datetime.datetime):
        return "instant", moment(value, zone)
    if isinstance(value, datetime.date):
        return "date", value
    return None


def ordered(
    operator: str, left: object, right: object, zone: datetime.tzinfo, notes: Notes, labels: tuple[str, str]
) -> bool:
    """``left operator right`` for ``< <= > >=``: numbers, text, or datetimes, each among themselves."""
    if left is None or right is None:
        return False
    if type(left) is Decimal and type(right) in _EXACT and number(right) is not None and is_usable(left):
        return _holds(operator, left, right)
    first, second = _orderable(left, zone), _orderable(right, zone)
    if first is None or second is None or first[0] != second[0]:
        kinds = (first and first[0], second and second[0])
        _note_pair(notes, labels, left, right, kinds)
        return False
    return _holds(operator, first[1], second[1])


def _holds(operator: str, first: Any, second: Any) -> bool:
    if operator == "<":
        return bool(first < second)
    if operator == "<=":
        return bool(first <= second)
    if operator == ">":
        return bool(first > second)
    return bool(first >= second)


# ---- dates and datetimes


def moment(value: datetime.datetime, zone: datetime.tzinfo) -> int:
    """The instant of a datetime; a naive one is a wall time in *zone*."""
    return wall_to_instant(value, zone) if value.tzinfo is None or value.utcoffset() is None else to_instant(value)


def as_moment(value: object, zone: datetime.tzinfo) -> int | None:
    """The instant that a datetime, a date (its start) or ISO 8601 text is; else ``None``."""
    try:
        found = read_iso(value) if isinstance(value, str) else value
        if isinstance(found, datetime.datetime):
            return moment(found, zone)
        return start_of_day(found, zone) if isinstance(found, datetime.date) else None
    except (OverflowError, ValueError):
        return None


def compare_with_moment(
    operator: str, value: object, instant: int, zone: datetime.tzinfo, notes: Notes, label: str
) -> bool:
    """*value* against a datetime literal, at *instant*."""
    found = as_moment(value, zone)
    if found is None:
        return ill(notes, label, value)
    return found == instant if operator == "=" else _holds(operator, found, instant)


def compare_with_date(
    operator: str, value: object, day: datetime.date, zone: datetime.tzinfo, notes: Notes, label: str
) -> bool:
    """*value* against a date literal: compared as a date in *zone*."""
    try:
        found = read_iso(value) if isinstance(value, str) else value
        if isinstance(found, datetime.datetime):
            found = (found if found.tzinfo is None else found.astimezone(zone)).date()
    except (OverflowError, ValueError):
        found = None
    if not isinstance(found, datetime.date):
        return ill(notes, label, value)
    return found == day if operator == "=" else _holds(operator, found, day)


# ---- text and lists


def contains(left: object, right: object, zone: datetime.tzinfo, notes: Notes, labels: tuple[str, str]) -> bool:
    """Text holds a text, or a list a member."""
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str):
        return right in left
    if isinstance(left, (list, tuple)):
        key = canonical(right, zone)
        return key is not None and any(canonical(member, zone) == key for member in left)
    return ill(notes, labels[1] if isinstance(left, str) and labels[1] else labels[0], left)


def starts_with(left: object, right: object, notes: Notes, labels: tuple[str, str]) -> bool:
    return _text_test(str.startswith, left, right, notes, labels)


def ends_with(left: object, right: object, notes: Notes, labels: tuple[str, str]) -> bool:
    return _text_test(str.endswith, left, right, notes, labels)


def _text_test(test: Any, left: object, right: object, notes: Notes, labels: tuple[str, str]) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str):
        return bool(test(left, right))
    return ill(notes, labels[0], left) if not isinstance(left, str) else ill(notes, labels[1] or labels[0], right)


def lower(value: object, notes: Notes, label: str) -> str | None:
    if isinstance(value, str):
        return value.lower()
    ill(notes, label, value)
    return None


def length(value: object, notes: Notes, label: str) -> int | None:
    if isinstance(value, (str, list, tuple)):
        return len(value)
    ill(notes, label, value)
    return None


# ---- arithmetic


def arithmetic(
    operator: str, left: object, right: object, notes: Notes, labels: tuple[str, str]
) -> int | Fraction | None:
    """``left operator right`` over exact numbers; missing and ill-typed operands, and division by zero, give none."""
    first, second = number(left), number(right)
    if first is None or second is None:
        if first is None:
            ill(notes, labels[0], left)
        if second is None:
            ill(notes, labels[1], right)
        return None
    if operator == "+":
        return first + second
    if operator == "-":
        return first - second
    if operator == "*":
        product = first * second
        return product if abs(product) < HUGE * HUGE else None
    if second == 0:
        ill(notes, labels[1], right)
        return None
    return Fraction(first) / second
