"""Comparisons → Python functions, through Python's own ``ast``.

A filter becomes one function of ``(p, q, n)``: the event's properties, the profile's, and the list for notes on
ill-typed values. Names and constants of the goal are only ever placed as nodes, never as source text, so nothing in a
goal can become code. Each comparison is decided in line for the types it mostly meets; whatever else arrives goes to
``values.py``, which is exact and complete.

Why a float may be compared in line though it stands for its shortest decimal form: rounding to floats is monotone, so
for a literal that is itself the shortest form of a float (and within ±2⁵³) the order of the floats is the order of
the decimals. Other literals take the slow path always.
"""

from __future__ import annotations

import ast as python
import datetime
import itertools
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import Any, TypeAlias

from convgoals.language import ast
from convgoals.language.format import format_node
from convgoals.language.patterns import compile_pattern
from convgoals.predicates import values
from convgoals.predicates.templates import locate
from convgoals.predicates.values import Notes

Filter: TypeAlias = Callable[[Any, Mapping[str, Any], Notes], bool]
Evaluation: TypeAlias = Callable[[Any, Mapping[str, Any], Notes], Any]

_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_EXACT_FLOATS = 2**53
_OFTEN_ILL = (str, bool, list, dict, tuple)


def compile_filter(node: ast.Condition, zone: datetime.tzinfo, aggregates: tuple[ast.Aggregate, ...] = ()) -> Filter:
    """The function that says whether *node*, made of comparisons and connectives, holds (semantics §3).

    Args:
        node: comparisons under ``and``, ``or`` and ``not``.
        zone: the goal's time zone, for dates without an offset.
        aggregates: where *node* has aggregates: the function's first argument is then the tuple of their values.
    """
    compiler = FilterCompiler(zone, aggregates)
    return compiler.function(compiler.condition(node))  # type: ignore[no-any-return]


def compile_value(node: ast.Value, zone: datetime.tzinfo) -> Evaluation:
    """The function that gives *node*'s value, or ``None`` where it is missing or ill-typed."""
    compiler = FilterCompiler(zone)
    return compiler.function(compiler.value(node))  # type: ignore[no-any-return]


def _load(name: str) -> python.Name:
    return python.Name(name, python.Load())


def _call(function: python.expr, *arguments: python.expr) -> python.Call:
    return python.Call(function, list(arguments), [])


def _either(*parts: python.expr) -> python.BoolOp:
    return python.BoolOp(python.Or(), list(parts))


def _both(*parts: python.expr) -> python.BoolOp:
    return python.BoolOp(python.And(), list(parts))


def _negate(part: python.expr) -> python.UnaryOp:
    return python.UnaryOp(python.Not(), part)


def _relate(left: python.expr, *rest: tuple[type[python.cmpop], python.expr]) -> python.Compare:
    return python.Compare(left, [operator() for operator, _ in rest], [right for _, right in rest])


class FilterCompiler:
    """Builds expressions over ``p``, ``q`` and ``n``.

    Args:
        zone: the goal's time zone.
        aggregates: those that ``p`` is the values of.
        numbers: where the numbers of fresh names come from, if expressions are to stand in one function.

    Attributes:
        globals: what the names in the expressions stand for: every constant that is not a plain literal, and helpers.
    """

    def __init__(
        self,
        zone: datetime.tzinfo,
        aggregates: tuple[ast.Aggregate, ...] = (),
        numbers: Iterator[int] | None = None,
    ) -> None:
        self.zone = zone
        self.aggregates = aggregates
        self.globals: dict[str, Any] = {
            "inf": inf,
            "ninf": -inf,
            "int": int,
            "float": float,
            "str": str,
            "bool": bool,
        }
        self.numbers = itertools.count() if numbers is None else numbers

    def function(self, body: python.expr) -> Any:
        arguments = python.arguments([], [python.arg(name) for name in "pqn"], None, [], [], None, [])
        module = python.Expression(python.Lambda(arguments, body))
        locate(module)
        return eval(compile(module, "<goal>", "eval"), {"__builtins__": {}, **self.globals})  # noqa: S307  nodes that this class built, no text

    def constant(self, value: object) -> python.expr:
        if value is None or type(value) in (bool, str) or (type(value) is int and abs(value) < 10**18):
            return python.Constant(value)  # type: ignore[arg-type]
        name = f"k{next(self.numbers)}"
        self.globals[name] = value
        return _load(name)

    def helper(self, function: Callable[..., Any]) -> python.expr:
        self.globals[function.__name__] = function
        return _load(function.__name__)

    def fresh(self) -> str:
        return f"v{next(self.numbers)}"

    # ---- conditions

    def condition(self, node: ast.Condition) -> python.expr:  # noqa: PLR0911  one case a node
        match node:
            case ast.And(terms):
                return _both(*(self.condition(term) for term in terms))
            case ast.Or(terms):
                return _either(*(self.condition(term) for term in terms))
            case ast.Not(term):
                return _negate(self.condition(term))
            case ast.Compare("!=", left, right):
                return _negate(self.compare("=", left, right))
            case ast.Compare(operator, left, right):
                return self.compare(operator, left, right)
            case ast.Membership(value, options, negated):
                member = self.member(value, options)
                return _negate(member) if negated else member
            case ast.Range(value, low, high):
                return self.range(value, low, high)
            case ast.Matches(value, pattern):
                search = self.constant(compile_pattern(pattern))
                return self.guarded(value, "str", lambda v: _call(search, v))
            case ast.Presence(value, negated):
                operator_: type[python.cmpop] = python.Is if negated else python.IsNot
                return _relate(self.value(value), (operator_, python.Constant(None)))
            case _:
                raise AssertionError(f"a filter cannot hold {type(node).__name__}")

    def guarded(
        self, value: ast.Value, kind: str, fast: Callable[[python.expr], python.expr], slow: python.expr | None = None
    ) -> python.expr:
        """``fast(v) if type(v) is kind else slow``, with *value* evaluated once; slow is "ill-typed" if not given."""
        name = self.fresh()
        if slow is None:
            slow = _both(_relate(_load(name), (python.IsNot, python.Constant(None))), self.ill(value, name))
        assign = python.NamedExpr(python.Name(name, python.Store()), self.value(value))
        kind_of = python.Attribute(assign, "__class__", python.Load())
        return python.IfExp(_relate(kind_of, (python.Is, _load(kind))), fast(_load(name)), slow)

    def ill(self, value: ast.Value, name: str) -> python.expr:
        """Note that the value in *name* is ill-typed, and be false: in line for the kinds that mostly are."""
        label, kind = _label(value), name + "k"
        known = self.constant({kind: (label, kind.__name__) for kind in (*_OFTEN_ILL, int)})
        usable = _relate(self.constant(-values.HUGE), (python.Lt, _load(name)), (python.Lt, self.constant(values.HUGE)))
        kind_of = python.NamedExpr(
            python.Name(kind, python.Store()), python.Attribute(_load(name), "__class__", python.Load())
        )
        return python.IfExp(
            _both(
                _relate(kind_of, (python.In, known)),
                _either(_relate(_load(kind), (python.IsNot, _load("int"))), usable),
            ),
            self.note(python.Subscript(known, _load(kind), python.Load())),
            _call(self.helper(values.ill), _load("n"), python.Constant(label), _load(name)),
        )

    def note(self, note: python.expr) -> python.expr:
        """Take a note; ``None``, and so false."""
        return _call(python.Attribute(_load("n"), "append", python.Load()), note)

    def range(self, value: ast.Value, low: ast.Value, high: ast.Value) -> python.expr:
        """Both ends in. The value is evaluated for each end: evaluation is pure, and this is the rarer form."""
        return _both(self.compare(">=", value, low), self.compare("<=", value, high))

    def compare(self, operator: str, left: ast.Value, right: ast.Value) -> python.expr:
        if isinstance(left, ast.LITERALS) and not isinstance(right, ast.LITERALS) and operator in _FLIPPED:
            return self.compare(_FLIPPED[operator], right, left)
        if operator in ("contains", "starts with", "ends with"):
            return self.text_test(operator, left, right)
        match right:
            case ast.Number(value) if _is_plain(value):
                return self.compare_number(operator, left, value)
            case ast.Text(value) if operator == "=":
                return self.guarded(left, "str", lambda v: _relate(v, (python.Eq, python.Constant(value))))
            case ast.Boolean(truth) if operator == "=":
                return self.guarded(left, "bool", lambda v: _relate(v, (python.Is, python.Constant(truth))))
            case ast.Date(day):
                return self.compare_time(values.compare_with_date, operator, left, day)
            case ast.DateTime(moment):
                return self.compare_time(values.compare_with_moment, operator, left, values.moment(moment, self.zone))
            case _:
                return self.compare_slowly(operator, self.value(left), self.value(right), self.labels(left, right))

    def compare_slowly(self, operator: str, left: python.expr, right: python.expr, labels: python.expr) -> python.expr:
        zone = self.constant(self.zone)
        if operator == "=":
            return _call(self.helper(values.equal), left, right, zone, _load("n"), labels)
        return _call(self.helper(values.ordered), python.Constant(operator), left, right, zone, _load("n"), labels)

    def compare_number(self, operator: str, left: ast.Value, literal: int | Decimal) -> python.expr:
        """Against a number: ints and finite floats in line, everything else exactly in ``values.py``.

        ``v > L`` is ``L < v < inf or (not -inf < v <= L and ill(v)) if type is float``, the same between the largest
        integers if it is int, ``else slow``: a NaN or an infinity is in neither range, and so is noted.
        """
        name = self.fresh()
        v = _load(name)
        plain = self.constant(int(literal) if isinstance(literal, int) else float(literal))
        kind = python.NamedExpr(
            python.Name(name + "c", python.Store()),
            python.Attribute(
                python.NamedExpr(python.Name(name, python.Store()), self.value(left)), "__class__", python.Load()
            ),
        )
        less, most = python.Lt, python.LtE

        def within(low: python.expr, high: python.expr) -> python.expr:
            yes, no = {
                ">": (_relate(plain, (less, v), (less, high)), _relate(low, (less, v), (most, plain))),
                ">=": (_relate(plain, (most, v), (less, high)), _relate(low, (less, v), (less, plain))),
                "<": (_relate(low, (less, v), (less, plain)), _relate(plain, (most, v), (less, high))),
                "<=": (_relate(low, (less, v), (most, plain)), _relate(plain, (less, v), (less, high))),
                "=": (_relate(v, (python.Eq, plain)), _relate(low, (less, v), (less, high))),
            }[operator]
            return _either(yes, _both(_negate(no), self.note(unusable)))

        label = _label(left)
        unusable = self.constant((label, values.UNUSABLE))
        known = self.constant({kind: (label, kind.__name__) for kind in _OFTEN_ILL})
        missing_or_slow = _both(
            _relate(v, (python.IsNot, python.Constant(None))),
            python.IfExp(
                _relate(_load(name + "c"), (python.In, known)),
                self.note(python.Subscript(known, _load(name + "c"), python.Load())),
                self.compare_slowly(operator, v, self.constant(literal), self.labels(left, None)),
            ),
        )
        return python.IfExp(
            _relate(kind, (python.Is, _load("int"))),
            within(self.constant(-values.HUGE), self.constant(values.HUGE)),
            python.IfExp(
                _relate(_load(name + "c"), (python.Is, _load("float"))),
                within(_load("ninf"), _load("inf")),
                missing_or_slow,
            ),
        )

    def compare_time(
        self, function: Callable[..., bool], operator: str, left: ast.Value, literal: object
    ) -> python.expr:
        return _call(
            self.helper(function), python.Constant(operator), self.value(left), self.constant(literal),
            self.constant(self.zone), _load("n"), self.label(left),
        )  # fmt: skip

    def text_test(self, operator: str, left: ast.Value, right: ast.Value) -> python.expr:
        labels = self.labels(left, right)
        if operator == "contains":
            return self.contains(left, right)
        function = values.starts_with if operator == "starts with" else values.ends_with
        if not isinstance(right, ast.Text):
            return _call(self.helper(function), self.value(left), self.value(right), _load("n"), labels)
        method = "startswith" if operator == "starts with" else "endswith"
        return self.guarded(
            left,
            "str",
            lambda v: _call(python.Attribute(v, method, python.Load()), python.Constant(right.value)),
        )

    def contains(self, left: ast.Value, right: ast.Value) -> python.expr:
        """Text holds a text, or a list a member: one that equals the other side, as ``=`` would have it."""
        name, labels = self.fresh(), self.labels(left, right)
        assign = python.NamedExpr(python.Name(name, python.Store()), self.value(left))
        if isinstance(right, (ast.Date, ast.DateTime)):
            return _call(self.helper(_has_any), assign, self.equals(right), _load("n"), self.label(left))
        helper, zone = self.helper(values.contains), self.constant(self.zone)
        if not isinstance(right, ast.Text):
            return _call(helper, assign, self.value(right), zone, _load("n"), labels)
        slow = _call(helper, _load(name), self.value(right), zone, _load("n"), labels)
        kind = python.Attribute(assign, "__class__", python.Load())
        fast = _relate(python.Constant(right.value), (python.In, _load(name)))
        return python.IfExp(_relate(kind, (python.Is, _load("str"))), fast, slow)

    def equals(self, literal: ast.LiteralValue) -> python.expr:
        """A function of ``({"v": value}, {}, notes)``: whether the value equals *literal*."""
        return self.constant(compile_filter(ast.Compare("=", ast.Property("event", ("v",)), literal), self.zone))

    def member(self, value: ast.Value, options: tuple[ast.LiteralValue, ...]) -> python.expr:
        if options and all(isinstance(option, ast.Text) for option in options):
            texts = self.constant(frozenset(option.value for option in options))
            return self.guarded(value, "str", lambda v: _relate(v, (python.In, texts)))
        if options and all(isinstance(option, ast.Number) and type(option.value) is int for option in options):
            name = self.fresh()
            numbers = self.constant(frozenset(option.value for option in options))
            slow = self.member_slowly(_load(name), value, options)
            assign = python.NamedExpr(python.Name(name, python.Store()), self.value(value))
            kind = python.Attribute(assign, "__class__", python.Load())
            fast = _relate(_load(name), (python.In, numbers))
            return python.IfExp(_relate(kind, (python.Is, _load("int"))), fast, slow)
        return self.member_slowly(self.value(value), value, options)

    def member_slowly(self, found: python.expr, value: ast.Value, options: tuple[ast.LiteralValue, ...]) -> python.expr:
        tests = python.Tuple([self.equals(option) for option in options], python.Load())
        return _call(self.helper(_is_any), found, tests, _load("n"), self.label(value))

    # ---- values

    def value(self, node: ast.Value) -> python.expr:  # noqa: PLR0911  one case a node
        match node:
            case ast.Property(owner, path):
                properties = _load("p" if owner == "event" else "q")
                if len(path) == 1:
                    return _call(python.Attribute(properties, "get", python.Load()), python.Constant(path[0]))
                return _call(self.helper(values.dig), properties, self.constant(path))
            case ast.Aggregate():
                index = next(i for i, aggregate in enumerate(self.aggregates) if aggregate is node)
                return python.Subscript(_load("p"), python.Constant(index), python.Load())
            case ast.Arithmetic(operator, left, right):
                return _call(
                    self.helper(values.arithmetic), python.Constant(operator), self.value(left), self.value(right),
                    _load("n"), self.labels(left, right),
                )  # fmt: skip
            case ast.Call(function, argument):
                called = values.lower if function == "lower" else values.length
                return _call(self.helper(called), self.value(argument), _load("n"), self.label(argument))
            case ast.Number(number):
                return self.constant(number)
            case ast.Text(text):
                return self.constant(text)
            case ast.Boolean(truth):
                return self.constant(truth)
            case ast.Date(day):
                return self.constant(day)
            case ast.DateTime(moment):
                return self.constant(moment)

    def label(self, node: ast.Value) -> python.expr:
        return python.Constant(_label(node))

    def labels(self, left: ast.Value, right: ast.Value | None) -> python.expr:
        return self.constant((_label(left), "" if right is None else _label(right)))


def _label(node: ast.Value) -> str:
    """The property to name when *node* is ill-typed: its first; none for literals."""
    return next((format_node(part) for part in ast.walk(node) if isinstance(part, (ast.Property, ast.Aggregate))), "")


def _is_plain(literal: int | Decimal) -> bool:
    """Whether comparing floats with ``float(literal)`` is comparing their decimals with *literal*."""
    exact = Fraction(literal)
    return abs(exact) <= _EXACT_FLOATS and Fraction(repr(float(literal))) == exact


def _is_any(value: object, tests: tuple[Filter, ...], notes: Notes, label: str) -> bool:
    """Whether *value* equals one of several literals; ill-typed only if it is so for each."""
    if value is None:
        return False
    row = {"v": value}
    for test in tests:
        found: Notes = []
        if test(row, {}, found):
            return True
        if not found:
            label = ""
    return values.ill(notes, label, value) if label else False


def _has_any(value: object, test: Filter, notes: Notes, label: str) -> bool:
    """Whether a list has a member of which *test* holds."""
    if isinstance(value, (list, tuple)):
        return any(test({"v": member}, {}, []) for member in value)
    return values.ill(notes, label, value)
