"""What a value could still be, given some comparisons that it must pass (semantics §3).

A value is of one *kind*; each kind that a comparison lets through may be narrowed further: numbers, texts, days and
instants by an interval, and by the points that it must or must not be.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from math import ceil, floor
from typing import Any

import attrs

from convgoals.language import ast
from convgoals.language.normal import FLIPPED

_KINDS = frozenset({"missing", "number", "text", "boolean", "datetime", "list", "other"})

_OPPOSITE: dict[str, str] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def subject_of(part: ast.Condition) -> ast.Value | None:
    """The value that a comparison with literals, or its negation, is about; ``None`` for anything else."""
    node = part.term if isinstance(part, ast.Not) else part
    match node:
        case ast.Compare(operator, left, right) if operator in FLIPPED and isinstance(left, ast.LITERALS):
            subject: ast.Value = right
        case ast.Compare(_, left, right) if isinstance(right, ast.LITERALS):
            subject = left
        case ast.Membership(value) | ast.Range(value) | ast.Matches(value) | ast.Presence(value):
            subject = value
        case _:
            return None
    return None if isinstance(subject, ast.LITERALS) else subject


@attrs.define
class _Axis:
    """An interval with holes, over values that have an order."""

    low: Any = None
    low_open: bool = False
    high: Any = None
    high_open: bool = False
    points: set[Any] | None = None
    excluded: set[Any] = attrs.field(factory=set)

    def narrow(self, operator: str, value: Any) -> None:
        match operator:
            case "=":
                self.keep({value})
            case "!=":
                self.excluded.add(value)
            case "<" | "<=":
                opened = operator == "<"
                if self.high is None or value < self.high or (value == self.high and opened):
                    self.high, self.high_open = value, opened
            case _:
                opened = operator == ">"
                if self.low is None or value > self.low or (value == self.low and opened):
                    self.low, self.low_open = value, opened

    def keep(self, points: set[Any]) -> None:
        self.points = points if self.points is None else self.points & points

    def holds(self, value: Any) -> bool:
        if value in self.excluded:
            return False
        if self.low is not None and (value < self.low or (value == self.low and self.low_open)):
            return False
        return not (self.high is not None and (value > self.high or (value == self.high and self.high_open)))

    def is_empty(self, *, whole: bool = False, passes: Callable[[Any], bool] | None = None) -> bool:
        """Whether nothing is left; *whole* says that only whole numbers can occur."""
        if self.points is not None:
            return not any(self.holds(point) and (passes is None or passes(point)) for point in self.points)
        if self.low is None or self.high is None:
            return False
        if whole:
            first, last = ceil(self.low), floor(self.high)
            first += first == self.low and self.low_open
            last -= last == self.high and self.high_open
            # A few whole numbers can be tried one by one; more than are excluded cannot all be.
            return last - first < len(self.excluded) and not any(self.holds(n) for n in range(first, last + 1))
        return bool(self.low > self.high or (self.low == self.high and not self.holds(self.low)))


@attrs.define
class _Wall:
    """The order of wall times without an offset: known only where they lie more than a day apart."""

    low: datetime.datetime | None = None
    high: datetime.datetime | None = None

    def narrow(self, operator: str, value: datetime.datetime) -> None:
        if operator in ("=", ">", ">="):
            self.low = value if self.low is None else max(self.low, value)
        if operator in ("=", "<", "<="):
            self.high = value if self.high is None else min(self.high, value)

    def is_empty(self) -> bool:
        return self.low is not None and self.high is not None and self.low - self.high > datetime.timedelta(days=1)


class Possible:
    """What *subject* may still be. `narrow` takes one more comparison that it must pass."""

    def __init__(self, subject: ast.Value) -> None:
        self.kinds = set(_KINDS)
        self.whole = False
        self.number = _Axis()
        self.text = _Axis()
        self.day = _Axis()
        self.instant = _Axis()
        self.wall = _Wall()
        self.truths = {True, False}
        self.tests: list[Callable[[str], bool]] = []
        self.prefixes: list[str] = []
        self.suffixes: list[str] = []
        self.is_property = isinstance(subject, ast.Property)
        self.is_lowered = isinstance(subject, ast.Call) and subject.function == "lower"
        match subject:
            case ast.Aggregate("count" | "distinct"):
                self.kinds = {"number"}
                self._not_below_zero()
            case ast.Aggregate() | ast.Arithmetic():
                self.kinds = {"number", "missing", "other"}
            case ast.Call("length"):
                self.kinds = {"number", "missing", "other"}
                self._not_below_zero()
            case ast.Call():
                self.kinds = {"text", "missing", "other"}
                self.tests.append(_has_no_capitals)
            case _:
                pass

    def _not_below_zero(self) -> None:
        self.whole = True
        self.number.narrow(">=", 0)

    def is_empty(self) -> bool:
        """Whether no value is left that passes all."""
        return not any(self._may_be(kind) for kind in self.kinds)

    def _may_be(self, kind: str) -> bool:
        if kind == "number":
            return not self.number.is_empty(whole=self.whole)
        if kind == "boolean":
            return bool(self.truths)
        if kind in ("text", "datetime") and (self.day.is_empty() or self.instant.is_empty() or self.wall.is_empty()):
            return False
        if kind == "text":
            return not self.text.is_empty(passes=self._passes) and self._ends_agree()
        return True

    def _passes(self, text: str) -> bool:
        return (
            all(test(text) for test in self.tests)
            and all(text.startswith(prefix) for prefix in self.prefixes)
            and all(text.endswith(suffix) for suffix in self.suffixes)
        )

    def _ends_agree(self) -> bool:
        prefix = max(self.prefixes, key=len, default="")
        suffix = max(self.suffixes, key=len, default="")
        return all(prefix.startswith(p) for p in self.prefixes) and all(suffix.endswith(s) for s in self.suffixes)

    # ---- one more comparison

    def narrow(self, part: ast.Condition) -> None:
        """Let through only what passes *part*, whose `subject_of` is the subject."""
        positive = not isinstance(part, ast.Not)
        node = part.term if isinstance(part, ast.Not) else part
        match node:
            case ast.Compare(operator, left, right) if isinstance(right, ast.LITERALS):
                self._compare(operator, right, positive)
            case ast.Compare(operator, left, _) if isinstance(left, ast.LITERALS):
                self._compare(FLIPPED[operator], left, positive)
            case ast.Membership(_, options, negated):
                self._member(options, positive != negated)
            case ast.Range(_, low, high) if positive:
                for operator, end in ((">=", low), ("<=", high)):
                    if isinstance(end, ast.LITERALS):
                        self._compare(operator, end, positive)
            case ast.Matches() if positive:
                self.kinds &= {"text"}
            case ast.Presence(_, negated) if self.is_property:
                self.kinds &= {"missing"} if positive == negated else _KINDS - {"missing"}
            case _:
                pass

    def _compare(self, operator: str, literal: ast.LiteralValue, positive: bool) -> None:
        if operator == "!=":
            operator, positive = "=", not positive
        if operator not in FLIPPED:
            self._look_inside(operator, literal, positive)
        elif isinstance(literal, ast.Boolean):
            self._truth(operator, literal.value, positive)
        elif isinstance(literal, (ast.Date, ast.DateTime)):
            if positive:  # negated, anything that is no date passes as well
                self.kinds &= {"datetime", "text"}
                self._moment(operator, literal)
        else:
            kind, axis = ("number", self.number) if isinstance(literal, ast.Number) else ("text", self.text)
            if positive:
                self.kinds &= {kind}
            axis.narrow(operator if positive else _OPPOSITE[operator], literal.value)

    def _truth(self, operator: str, value: bool, positive: bool) -> None:
        if operator != "=":
            if positive:  # booleans have no order
                self.kinds.clear()
        elif positive:
            self.kinds &= {"boolean"}
            self.truths &= {value}
        else:
            self.truths -= {value}

    def _moment(self, operator: str, literal: ast.Date | ast.DateTime) -> None:
        if isinstance(literal, ast.Date):
            self.day.narrow(operator, literal.value)
        elif literal.value.tzinfo is None:
            self.wall.narrow(operator, literal.value)
        else:
            self.instant.narrow(operator, literal.value)

    def _look_inside(self, operator: str, literal: ast.LiteralValue, positive: bool) -> None:
        """``contains``, ``starts with`` and ``ends with``."""
        if not positive:
            return
        self.kinds &= {"text", "list"} if operator == "contains" else {"text"}
        if not isinstance(literal, ast.Text) or (self.is_lowered and not _has_no_capitals(literal.value)):
            self.kinds -= {"text"}
        elif operator == "starts with":
            self.prefixes.append(literal.value)
        elif operator == "ends with":
            self.suffixes.append(literal.value)
        else:
            part = literal.value
            self.tests.append(lambda text: part in text)

    def _member(self, options: tuple[ast.LiteralValue, ...], positive: bool) -> None:
        if not positive:
            for option in options:
                self._compare("=", option, positive=False)
            return
        kinds: set[str] = set()
        numbers: set[int | Decimal] = set()
        texts: set[str] = set()
        dated = False
        truths: set[bool] = set()
        for option in options:
            match option:
                case ast.Number(value):
                    kinds.add("number")
                    numbers.add(value)
                case ast.Text(value):
                    kinds.add("text")
                    texts.add(value)
                case ast.Boolean(value):
                    kinds.add("boolean")
                    truths.add(value)
                case _:
                    kinds |= {"datetime", "text"}
                    dated = True
        self.kinds &= kinds
        self.number.keep(numbers)
        self.truths &= truths
        if not dated:  # a text may also be one of the dates
            self.text.keep(texts)


def _has_no_capitals(text: str) -> bool:
    """Whether *text* could be what ``lower`` gives, as far as ASCII tells."""
    return not any("A" <= character <= "Z" for character in text)
