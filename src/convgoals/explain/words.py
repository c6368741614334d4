"""Instants, spans, values and facts in words, as people say them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from convgoals.instants import DAY, HOUR, LATEST, MINUTE, SECOND, to_datetime
from convgoals.language import ast
from convgoals.language.format import format_datetime, format_name, format_node, format_path, quote
from convgoals.predicates.values import number
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot

LONGEST = 60
"""How many characters of a value are shown."""

_UNITS = ((DAY, "day", "days"), (HOUR, "h", "h"), (MINUTE, "min", "min"), (SECOND, "s", "s"))


def say_instant(instant: int) -> str:
    """``2026-01-17 12:00 UTC``, with seconds where there are any."""
    if instant > LATEST:
        return "the end of time"
    moment = to_datetime(instant)
    parts = "microseconds" if moment.microsecond else "seconds" if moment.second else "minutes"
    return f"{moment.isoformat(sep=' ', timespec=parts).removesuffix('+00:00')} UTC"


def say_span(microseconds: int) -> str:
    """``3 h 12 min``: the two largest units, and less than a second exactly."""
    rest = abs(microseconds)
    if rest < SECOND:
        return f"{rest // 1_000} ms" if rest >= 1_000 and rest % 1_000 == 0 else f"{rest:,} µs"
    for place, (size, one, many) in enumerate(_UNITS):
        count, left = divmod(rest, size)
        if count == 0:
            continue
        text = f"{count:,} {one if count == 1 else many}"
        if place + 1 < len(_UNITS):
            smaller, single, several = _UNITS[place + 1]
            more = left // smaller
            return f"{text} {more} {single if more == 1 else several}" if more else text
        return text
    raise AssertionError("a span of a second or more has a unit")


def say_value(value: Any) -> str:  # noqa: PLR0911  one case a type
    """A value of a property as a goal would write it, cut where it is long."""
    match value:
        case None:
            return "missing"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(value if len(value) <= LONGEST else value[: LONGEST - 1] + "…")
        case int() | float() | Decimal() | Fraction():
            return say_number(value)
        case datetime.datetime():
            return format_datetime(value)
        case datetime.date():
            return value.isoformat()
        case list() | tuple():
            inside = ", ".join(map(say_value, value[:3]))
            return f"[{inside}{', …' if len(value) > 3 else ''}]" if len(inside) <= LONGEST else "a long list"
        case Mapping():
            return "an object"
        case _:
            return f"a value of type {type(value).__name__}"


def say_number(value: float | Decimal | Fraction) -> str:
    """A number in digits; what has no end as a decimal is rounded, and says so."""
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return str(value.numerator)
        decimal = Decimal(value.numerator) / Decimal(value.denominator)
        if Fraction(decimal) == value:
            return format(decimal.normalize(), "f")
        return f"about {float(value):.6g}"
    if isinstance(value, int) and abs(value) >= 10**LONGEST:
        return "a huge number"
    return format(value, "f") if isinstance(value, Decimal) and value.is_finite() else str(value)


def family(value: Any) -> str:
    """The type of a value, as this language has types."""
    match value:
        case None:
            return "nothing"
        case str():
            return "text"
        case bool():
            return "true or false"
        case datetime.datetime() | datetime.date():
            return "a date"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
        case int() | float() | Decimal() | Fraction():
            return "a number" if number(value) is not None else "an unusable number"
        case _:
            return f"a value of type {type(value).__name__}"


# ---- occurrences and facts


def say_came(node: ast.Occurrence) -> str:
    """``purchase came``."""
    match node:
        case ast.EventOccurrence(kind):
            return f"{format_name(kind)} came"
        case ast.ReceiptOccurrence(campaign):
            return f"campaign {quote(campaign)} was received"
        case ast.ChangeOccurrence(path):
            return f"profile.{format_path(path)} changed{_from_to(node)}"


def say_never_came(node: ast.Occurrence) -> str:
    """``no event purchase has come``."""
    match node:
        case ast.EventOccurrence(kind):
            return f"no event {format_name(kind)} has come"
        case ast.ReceiptOccurrence(campaign):
            return f"campaign {quote(campaign)} has not been received"
        case ast.ChangeOccurrence(path):
            return f"profile.{format_path(path)} has not changed{_from_to(node)}"


def _from_to(node: ast.ChangeOccurrence) -> str:
    before = "" if node.before is None else f" from {format_node(node.before)}"
    return before + ("" if node.after is None else f" to {format_node(node.after)}")


def say_fact(fact: Fact) -> str:
    """What kind of fact it is: ``event purchase``."""
    if isinstance(fact, Event):
        return f"event {format_name(fact.type)}"
    if isinstance(fact, CampaignReceipt):
        return f"campaign {quote(fact.campaign)} received"
    return "profile snapshot" if isinstance(fact, ProfileSnapshot) else "profile update"
