"""Semantics §3: values and comparisons. Two-valued: what is missing, null or ill-typed makes a comparison false."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import attrs

from convgoals.instants import read_iso, start_of_day, to_datetime, to_instant, wall_to_instant
from convgoals.language import ast
from convgoals.language.patterns import compile_pattern

MAX_DIGITS = 1000
"""A number of more digits than this, before or after the point, is ill-typed."""


@attrs.frozen
class Missing:
    """No value: the property is not there, or null."""


@attrs.frozen
class IllTyped:
    """A value that is none: NaN, an infinity, text where a number is asked for, the quotient of a division by zero."""


@attrs.frozen
class Moment:
    """A datetime, as microseconds since the epoch."""

    instant: int


@attrs.frozen
class Day:
    """A date; with a datetime literal, the start of that day in the goal's time zone."""

    day: date


@attrs.frozen
class DayLiteral:
    """A date written in the goal: what it is compared with is read as a date."""

    day: date


@attrs.frozen
class MomentLiteral:
    """A datetime written in the goal: what it is compared with is read as an instant."""

    instant: int


MISSING = Missing()
ILL_TYPED = IllTyped()

Value: TypeAlias = (
    "Missing | IllTyped | bool | Fraction | str | Moment | Day | DayLiteral | MomentLiteral"
    " | list[Value] | dict[Any, Value]"
)
Reader: TypeAlias = Callable[[Any], Value]


# ---- what data stands for


def lookup(properties: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The raw value at the end of *path*, ``None`` where there is none."""
    found: Any = properties
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found


def value_of(raw: object, timezone: tzinfo) -> Value:  # noqa: PLR0911  one case for each type of data
    """The value that *raw* data stands for; a date or naive datetime is read in the goal's time zone."""
    match raw:
        case None:
            return MISSING
        case bool():
            return raw
        case str():
            return str.__str__(raw)
        case int() | float() | Decimal():
            return number(raw)
        case datetime():
            return moment(raw, timezone)
        case date():
            return Day(raw)
        case list() | tuple():
            return [value_of(member, timezone) for member in raw]
        case Mapping():
            return {name: value_of(member, timezone) for name, member in raw.items()}
        case _:
            return ILL_TYPED


def number(raw: float | Decimal) -> Fraction | IllTyped:
    """The exact number; a float stands for its shortest decimal form."""
    decimal = Decimal(repr(float(raw))) if isinstance(raw, float) else Decimal(raw)
    if not decimal.is_finite() or (decimal and abs(decimal.adjusted()) >= MAX_DIGITS):
        return ILL_TYPED
    return Fraction(decimal)


def moment(raw: date, timezone: tzinfo) -> Moment | IllTyped:
    """The instant of a datetime, or of the start of a date."""
    try:
        if not isinstance(raw, datetime):
            return Moment(start_of_day(raw, timezone))
        if raw.utcoffset() is None:
            return Moment(wall_to_instant(raw.replace(tzinfo=None), timezone))
        return Moment(to_instant(raw))
    except (OverflowError, ValueError):  # the first and last days that Python knows
        return ILL_TYPED


def literal(node: ast.LiteralValue, timezone: tzinfo) -> Value:
    """The value of a literal."""
    match node:
        case ast.Text(text):
            return text
        case ast.Boolean(truth):
            return truth
        case ast.Number(amount):
            return Fraction(amount)
        case ast.Date(day):
            return DayLiteral(day)
        case ast.DateTime(at):
            read = moment(at, timezone)
            return MomentLiteral(read.instant) if isinstance(read, Moment) else ILL_TYPED


def evaluate_value(node: ast.Value, read: Reader, timezone: tzinfo) -> Value:
    """The value of an expression; *read* knows what properties and aggregates are."""
    match node:
        case ast.Property() | ast.Aggregate():
            return read(node)
        case ast.Arithmetic(operator, left, right):
            first = evaluate_value(left, read, timezone)
            second = evaluate_value(right, read, timezone)
            return arithmetic(operator, first, second)
        case ast.Call(function, argument):
            return call(function, evaluate_value(argument, read, timezone))
        case _:
            return literal(node, timezone)


def arithmetic(operator: str, first: Value, second: Value) -> Value:
    """Exact arithmetic: missing if an operand is missing, ill-typed if one is no number or a divisor is zero."""
    if isinstance(first, Missing) or isinstance(second, Missing):
        return MISSING
    if not isinstance(first, Fraction) or not isinstance(second, Fraction):
        return ILL_TYPED
    if operator == "+":
        return first + second
    if operator == "-":
        return first - second
    if operator == "*":
        return first * second
    return ILL_TYPED if second == 0 else first / second


def call(function: str, argument: Value) -> Value:
    """``lower`` of text, ``length`` of text in characters or of a list in members."""
    if isinstance(argument, Missing):
        return MISSING
    if function == "lower":
        return argument.lower() if isinstance(argument, str) else ILL_TYPED
    return Fraction(len(argument)) if isinstance(argument, (str, list)) else ILL_TYPED


# ---- comparing values


def compares(node: ast.Comparison, read: Reader, timezone: tzinfo) -> bool:
    """Whether a comparison is true."""

    def of(value: ast.Value) -> Value:
        return evaluate_value(value, read, timezone)

    match node:
        case ast.Compare("=", left, right):
            return equal(of(left), of(right), timezone)
        case ast.Compare("!=", left, right):
            return not equal(of(left), of(right), timezone)
        case ast.Compare("<" | "<=" | ">" | ">=" as operator, left, right):
            return ordered(operator, of(left), of(right), timezone)
        case ast.Compare(operator, left, right):
            return contains(operator, of(left), of(right), timezone)
        case ast.Membership(value, options, negated):
            found = of(value)
            return any(equal(found, of(option), timezone) for option in options) != negated
        case ast.Range(value, low, high):
            found = of(value)
            return ordered("<=", of(low), found, timezone) and ordered("<=", found, of(high), timezone)
        case ast.Matches(value, pattern):
            found = of(value)
            return isinstance(found, str) and compile_pattern(pattern)(found) is not None
        case ast.Presence(value, negated):
            found = of(value)  # a property that is there is set, whatever its type
            is_set = not isinstance(found, Missing) and (isinstance(value, ast.Property) or found != ILL_TYPED)
            return is_set != negated


def equal(first: Value, second: Value, timezone: tzinfo) -> bool:
    """``=``: values of one type that are the same; lists and mappings whole, where missing and null are one value."""
    first, second = met(first, second, timezone), met(second, first, timezone)

    def members(one: Value, other: Value) -> bool:
        return one == other == MISSING or equal(one, other, timezone)

    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(members, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        names = {*first, *second}
        return all(members(first.get(name, MISSING), second.get(name, MISSING)) for name in names)
    if isinstance(first, (Missing, IllTyped)):
        return False
    return type(first) is type(second) and first == second


def ordered(operator: str, first: Value, second: Value, timezone: tzinfo) -> bool:
    """``<``, ``<=``, ``>``, ``>=``: numbers with numbers, text with text by code point, datetimes with datetimes."""
    one: Any = met(first, second, timezone)
    other: Any = met(second, first, timezone)
    if type(one) is not type(other) or not isinstance(one, (Fraction, str, Moment, date)):
        return False
    if isinstance(one, Moment):
        one, other = one.instant, other.instant
    return bool({"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[operator])


def met(value: Value, other: Value, timezone: tzinfo) -> Any:
    """*value* as it is compared with *other*: as a date with a date literal, as an instant with a datetime literal.

    ISO 8601 text is a date or datetime only with such a literal.
    """
    if isinstance(value, DayLiteral):
        return value.day
    if isinstance(value, MomentLiteral):
        return Moment(value.instant)
    if isinstance(value, str) and isinstance(other, (DayLiteral, MomentLiteral)):
        value = time_in_text(value, timezone)
    if isinstance(value, Day) and isinstance(other, MomentLiteral):
        return moment(value.day, timezone)
    if isinstance(value, Day):
        return value.day
    if isinstance(value, Moment) and isinstance(other, DayLiteral):
        return day_of(value, timezone)
    return value


def time_in_text(text: str, timezone: tzinfo) -> Moment | Day | IllTyped:
    """The date or datetime that ISO 8601 *text* says."""
    read = read_iso(text)
    if read is None:
        return ILL_TYPED
    return moment(read, timezone) if isinstance(read, datetime) else Day(read)


def day_of(value: Moment, timezone: tzinfo) -> date | IllTyped:
    """The date that calendars in *timezone* show at an instant."""
    try:
        return to_datetime(value.instant).astimezone(timezone).date()
    except OverflowError:  # the first and last days that Python knows
        return ILL_TYPED


def contains(operator: str, whole: Value, part: Value, timezone: tzinfo) -> bool:
    """``contains`` asks a list for a member and text for a part; ``starts with`` and ``ends with`` are for text."""
    if operator == "contains" and isinstance(whole, list):
        return any(equal(member, part, timezone) for member in whole)
    if not isinstance(whole, str) or not isinstance(part, str):
        return False
    return {"contains": part in whole, "starts with": whole.startswith(part), "ends with": whole.endswith(part)}[
        operator
    ]


def same(first: Value, second: Value, timezone: tzinfo) -> bool:
    """Whether a property that had one value and then the other has not changed.

    Missing and null are one value, and so is all that is ill-typed: a NaN that stays a NaN has not changed.
    """
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(
            same(one, other, timezone) for one, other in zip(first, second, strict=True)
        )
    if isinstance(first, dict) and isinstance(second, dict):
        names = {*first, *second}
        return all(same(first.get(name, MISSING), second.get(name, MISSING), timezone) for name in names)
    return equal(first, second, timezone) or (first == second and isinstance(first, (Missing, IllTyped)))
