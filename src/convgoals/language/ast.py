"""The nodes of a condition: data that evaluates nothing.

Every node knows its place in the text (``span``), which does not count when nodes are compared. Operands of
``and``/``or`` are kept flat, numbers and texts have types of their own (in Python ``1 == True``), so that equal nodes
mean the same and have the same canonical text.
"""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import attrs

from convgoals.errors import Span


def _span() -> Any:
    return attrs.field(default=None, eq=False, repr=False, kw_only=True)


# ---- values


@attrs.frozen
class Text:
    value: str
    span: Span | None = _span()


def _plain_number(value: int | Decimal) -> int | Decimal:
    """Integers as int, others without trailing zeros: one value, one spelling."""
    if isinstance(value, Decimal):
        # Never in the caller's decimal context, which could round.
        exact = decimal.Context(prec=len(value.as_tuple().digits))
        return int(value) if value == value.to_integral_value() else value.normalize(exact)
    return value


@attrs.frozen
class Number:
    value: int | Decimal = attrs.field(converter=_plain_number)
    span: Span | None = _span()


@attrs.frozen
class Boolean:
    value: bool
    span: Span | None = _span()


@attrs.frozen
class Date:
    """A day in the goal's time zone."""

    value: datetime.date
    span: Span | None = _span()


@attrs.frozen
class DateTime:
    """An instant; without an offset, a wall time in the goal's time zone."""

    value: datetime.datetime
    span: Span | None = _span()


@attrs.frozen
class Property:
    """A property of the event that a filter looks at, or of the profile; *path* leads into nested values."""

    owner: Literal["event", "profile"]
    path: tuple[str, ...]
    span: Span | None = _span()


@attrs.frozen
class Arithmetic:
    operator: Literal["+", "-", "*", "/"]
    left: Value
    right: Value
    span: Span | None = _span()


@attrs.frozen
class Call:
    function: Literal["lower", "length"]
    argument: Value
    span: Span | None = _span()


AggregateFunction: TypeAlias = Literal["count", "sum", "avg", "min", "max", "distinct"]


@attrs.frozen
class Aggregate:
    """``count(O [in last D])``, ``sum(value of O [in last D])`` …; *value* is ``None`` for ``count`` alone."""

    function: AggregateFunction
    value: Value | None
    occurrence: Occurrence
    last: Duration | None = None
    span: Span | None = _span()


LiteralValue: TypeAlias = Text | Number | Boolean | Date | DateTime
Value: TypeAlias = LiteralValue | Property | Arithmetic | Call | Aggregate


# ---- comparisons (semantics §3)


@attrs.frozen
class Compare:
    operator: Literal["=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "ends with"]
    left: Value
    right: Value
    span: Span | None = _span()


@attrs.frozen
class Membership:
    """``x in (…)`` and, negated, ``x not in (…)``."""

    value: Value
    options: tuple[LiteralValue, ...]
    negated: bool = False
    span: Span | None = _span()


@attrs.frozen
class Range:
    """``x between low and high``, both ends in."""

    value: Value
    low: Value
    high: Value
    span: Span | None = _span()


@attrs.frozen
class Matches:
    value: Value
    pattern: str
    span: Span | None = _span()


@attrs.frozen
class Presence:
    """``x is set`` and, negated, ``x is not set``."""

    value: Value
    negated: bool = False
    span: Span | None = _span()


Comparison: TypeAlias = Compare | Membership | Range | Matches | Presence


# ---- time


Unit: TypeAlias = Literal["year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"]

UNITS: dict[Unit, tuple[int, int]] = {  # each unit as (calendar months, exact microseconds)
    "year": (12, 0),
    "month": (1, 0),
    "week": (0, 7 * 86_400_000_000),
    "day": (0, 86_400_000_000),
    "hour": (0, 3_600_000_000),
    "minute": (0, 60_000_000),
    "second": (0, 1_000_000),
    "millisecond": (0, 1_000),
    "microsecond": (0, 1),
}


@attrs.frozen
class Duration:
    """A span of time as it was written: amounts of units, the largest unit first (``1 day 12 hours``)."""

    parts: tuple[tuple[int, Unit], ...]
    span: Span | None = _span()

    @property
    def months(self) -> int:
        """The calendar part, in months."""
        return sum(amount * UNITS[unit][0] for amount, unit in self.parts)

    @property
    def microseconds(self) -> int:
        """The exact part, in microseconds."""
        return sum(amount * UNITS[unit][1] for amount, unit in self.parts)


# ---- conditions (semantics §§2 and 4)


def _flat(kind: str) -> Any:
    def convert(terms: tuple[Condition, ...]) -> tuple[Condition, ...]:
        flat: list[Condition] = []
        for term in terms:
            flat.extend(term.terms if type(term).__name__ == kind else (term,))  # type: ignore[union-attr]
        return tuple(flat)

    return attrs.field(converter=convert)


@attrs.frozen
class And:
    terms: tuple[Condition, ...] = _flat("And")
    span: Span | None = _span()


@attrs.frozen
class Or:
    terms: tuple[Condition, ...] = _flat("Or")
    span: Span | None = _span()


@attrs.frozen
class Not:
    term: Condition
    span: Span | None = _span()


@attrs.frozen
class EventOccurrence:
    """``event purchase where …``; the filter is made of comparisons, ``and``, ``or`` and ``not``."""

    type: str
    where: Condition | None = None
    span: Span | None = _span()


@attrs.frozen
class ChangeOccurrence:
    """``profile.plan changes [from a] [to b]``."""

    path: tuple[str, ...]
    before: LiteralValue | None = None
    after: LiteralValue | None = None
    span: Span | None = _span()


@attrs.frozen
class ReceiptOccurrence:
    """``campaign "spring" received``."""

    campaign: str
    span: Span | None = _span()


Occurrence: TypeAlias = EventOccurrence | ChangeOccurrence | ReceiptOccurrence


@attrs.frozen
class InSegment:
    segment: str
    span: Span | None = _span()


@attrs.frozen
class InLast:
    """``O in last D``."""

    occurrence: Occurrence
    duration: Duration
    span: Span | None = _span()


@attrs.frozen
class Link:
    """``followed [within D] by O [with same p] [without C]``."""

    occurrence: Occurrence
    within: Duration | None = None
    same: tuple[str, ...] | None = None
    without: Occurrence | None = None
    span: Span | None = _span()


@attrs.frozen
class Absence:
    """``not followed within D by O [with same p]``, the last link of a chain."""

    occurrence: Occurrence
    within: Duration
    same: tuple[str, ...] | None = None
    span: Span | None = _span()


@attrs.frozen
class Chain:
    """``first followed by … followed by …``, and perhaps ``not followed within D by …`` at its end."""

    first: Occurrence
    links: tuple[Link, ...]
    absence: Absence | None = None
    span: Span | None = _span()


@attrs.frozen
class OccurrenceAnchor:
    """``of first O``, ``of last O``, ``of any O``."""

    which: Literal["first", "last", "any"]
    occurrence: Occurrence
    span: Span | None = _span()


@attrs.frozen
class PropertyAnchor:
    """``of profile.signup_at``."""

    path: tuple[str, ...]
    span: Span | None = _span()


Anchor: TypeAlias = OccurrenceAnchor | PropertyAnchor


@attrs.frozen
class Window:
    """``C within D of anchor``."""

    condition: Condition
    duration: Duration
    anchor: Anchor
    span: Span | None = _span()


@attrs.frozen
class Between:
    """``C between start and end``; a bare end date lasts to the end of its day."""

    condition: Condition
    start: Date | DateTime
    end: Date | DateTime
    span: Span | None = _span()


@attrs.frozen
class Held:
    """``S for D``."""

    condition: Condition
    duration: Duration
    span: Span | None = _span()


Condition: TypeAlias = Comparison | And | Or | Not | Occurrence | InSegment | InLast | Chain | Window | Between | Held
Node: TypeAlias = Condition | Value | Duration | Link | Absence | Anchor

NODE_TYPES: tuple[type, ...] = (
    Text, Number, Boolean, Date, DateTime, Property, Arithmetic, Call, Aggregate,
    Compare, Membership, Range, Matches, Presence, Duration, And, Or, Not,
    EventOccurrence, ChangeOccurrence, ReceiptOccurrence, InSegment, InLast,
    Link, Absence, Chain, OccurrenceAnchor, PropertyAnchor, Window, Between, Held,
)  # fmt: skip
OCCURRENCES = (EventOccurrence, ChangeOccurrence, ReceiptOccurrence)
COMPARISONS = (Compare, Membership, Range, Matches, Presence)
LITERALS = (Text, Number, Boolean, Date, DateTime)

_FIELDS: dict[type, tuple[str, ...]] = {
    kind: tuple(f.name for f in attrs.fields(kind) if f.name != "span") for kind in NODE_TYPES
}


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below *node*, in the order of the text."""
    for name in _FIELDS[type(node)]:
        value = getattr(node, name)
        if type(value) in _FIELDS:
            yield value
        elif type(value) is tuple:
            for item in value:
                if type(item) in _FIELDS:
                    yield item


def walk(node: Node) -> Iterator[Node]:
    """*node* and all nodes below it, each before its children, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(list(children(current))))
