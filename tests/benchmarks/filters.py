"""Compiled filters beside functions written by hand, and beside other libraries' conditions.

The functions written by hand treat values as the language does (semantics §3): missing is false, a boolean is no
number, NaN and infinities are ill-typed, and what is ill-typed is false and noted. The other libraries raise at what
is missing or ill-typed, or compare it somehow, so beside them only complete and well-typed inputs are measured.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from functools import partial
from itertools import repeat
from math import inf, nan
from typing import Any, TypeAlias

import attrs

from benchmarks.harness import Report, Target, Timing, again, race
from convgoals import parse
from convgoals.predicates.filters import Filter, compile_filter
from convgoals.predicates.values import Notes

Properties: TypeAlias = Mapping[str, Any]

ROUNDS = 25
CALLS = 20_000
PEER_CALLS = 4_000

CURRENCIES = frozenset({"USD", "EUR"})


# ---- by hand


def small(p: Properties, q: Properties, notes: Notes) -> bool:
    value = p.get("order_value")
    kind = type(value)
    if kind is float:
        if -inf < value < inf:  # type: ignore[operator]
            return value > 50  # type: ignore[operator]
        notes.append(("order_value", "unusable number"))
    elif kind is int:
        return value > 50  # type: ignore[operator]
    elif value is not None:
        notes.append(("order_value", kind.__name__))
    return False


def medium(p: Properties, q: Properties, notes: Notes) -> bool:
    value = p.get("order_value")
    kind = type(value)
    if kind is float:
        if not -inf < value < inf:  # type: ignore[operator]
            notes.append(("order_value", "unusable number"))
            return False
    elif kind is not int:
        if value is not None:
            notes.append(("order_value", kind.__name__))
        return False
    if value <= 50:  # type: ignore[operator]
        return False
    currency = p.get("currency")
    if type(currency) is str:
        return currency in CURRENCIES
    if currency is not None:
        notes.append(("currency", type(currency).__name__))
    return False


def large(p: Properties, q: Properties, notes: Notes) -> bool:  # noqa: C901, PLR0912  six comparisons, by hand
    if not medium(p, q, notes):
        return False
    country = p.get("country")
    if type(country) is not str:
        if country is not None:
            notes.append(("country", type(country).__name__))
        return False
    if country != "DE":
        return False
    status = p.get("status")
    if type(status) is str:
        if status == "test":
            return False
    elif status is not None:
        notes.append(("status", type(status).__name__))
    items = p.get("items")
    kind = type(items)
    if kind is int:
        if items >= 3:  # type: ignore[operator]
            return True
    elif kind is float:
        if -inf < items < inf:  # type: ignore[operator]
            if items >= 3:  # type: ignore[operator]
                return True
        else:
            notes.append(("items", "unusable number"))
    elif items is not None:
        notes.append(("items", kind.__name__))
    coupon = p.get("coupon")
    if type(coupon) is str:
        return coupon == "SPRING"
    if coupon is not None:
        notes.append(("coupon", type(coupon).__name__))
    return False


# ---- the same three conditions in every language


@attrs.frozen
class Case:
    """A condition, its inputs, and how others say it."""

    name: str
    text: str
    by_hand: Filter
    complete: Sequence[Properties]
    odd: Sequence[Properties]
    rule_engine: str
    cel: str
    zen: str
    growthbook: dict[str, Any]
    json_logic: dict[str, Any]


ORDER = {
    "order_id": "o-1002", "order_value": 79.9, "currency": "EUR", "country": "DE", "status": "paid", "items": 2,
    "coupon": "SPRING", "device": "phone", "session": "9f1c", "shipping": 4.9,
}  # fmt: skip
"""As orders do, it carries more than a condition asks for."""

_MEDIUM_JSON = {"and": [{">": [{"var": "order_value"}, 50]}, {"in": [{"var": "currency"}, ["USD", "EUR"]]}]}

CASES = (
    Case(
        "one comparison",
        "order_value > 50",
        small,
        [ORDER, {**ORDER, "order_value": 12.5}, {**ORDER, "order_value": 51.0}, {**ORDER, "order_value": 50.0}],
        [
            {"currency": "EUR"},
            {"order_value": None},
            {"order_value": "79.9"},
            {"order_value": nan},
            {"order_value": True},
        ],
        "order_value > 50",
        "order_value > 50.0",
        "order_value > 50",
        {"order_value": {"$gt": 50}},
        {">": [{"var": "order_value"}, 50]},
    ),
    Case(
        "two comparisons",
        'order_value > 50 and currency in ("USD", "EUR")',
        medium,
        [ORDER, {**ORDER, "order_value": 12.5}, {**ORDER, "currency": "USD"}, {**ORDER, "currency": "GBP"}],
        [{"order_value": 60.5}, {"order_value": 70, "currency": 7}, {"order_value": "79.9"}, {"order_value": inf}, {}],
        'order_value > 50 and currency in ["USD", "EUR"]',
        'order_value > 50.0 && currency in ["USD", "EUR"]',
        'order_value > 50 and currency in ["USD", "EUR"]',
        {"order_value": {"$gt": 50}, "currency": {"$in": ["USD", "EUR"]}},
        _MEDIUM_JSON,
    ),
    Case(
        "six comparisons",
        'order_value > 50 and currency in ("USD", "EUR") and country = "DE" and status != "test"'
        ' and (items >= 3 or coupon = "SPRING")',
        large,
        [
            ORDER,
            {**ORDER, "items": 4},
            {**ORDER, "coupon": "NONE"},
            {**ORDER, "country": "FR"},
            {**ORDER, "status": "test"},
        ],
        [
            {**ORDER, "status": None},
            {**ORDER, "items": "4", "coupon": None},
            {**ORDER, "country": 49},
            {**ORDER, "status": 7, "items": nan},
            {"order_value": 60, "currency": "USD"},
        ],
        'order_value > 50 and currency in ["USD", "EUR"] and country == "DE" and status != "test"'
        ' and (items >= 3 or coupon == "SPRING")',
        'order_value > 50.0 && currency in ["USD", "EUR"] && country == "DE" && status != "test"'
        ' && (items >= 3 || coupon == "SPRING")',
        'order_value > 50 and currency in ["USD", "EUR"] and country == "DE" and status != "test"'
        ' and (items >= 3 or coupon == "SPRING")',
        {
            "order_value": {"$gt": 50},
            "currency": {"$in": ["USD", "EUR"]},
            "country": "DE",
            "status": {"$ne": "test"},
            "$or": [{"items": {"$gte": 3}}, {"coupon": "SPRING"}],
        },
        {
            "and": [
                *_MEDIUM_JSON["and"],
                {"==": [{"var": "country"}, "DE"]},
                {"!=": [{"var": "status"}, "test"]},
                {"or": [{">=": [{"var": "items"}, 3]}, {"==": [{"var": "coupon"}, "SPRING"]}]},
            ]
        },
    ),
)


def compiled(text: str) -> Filter:
    """The filter that an event's ``where`` becomes."""
    occurrence = parse(f"event any_type where ({text})").root
    return compile_filter(occurrence.where, UTC)  # type: ignore[union-attr,arg-type]


def peers(case: Case) -> dict[str, Callable[[Properties], object]]:
    """The other libraries' conditions, compiled ahead where the library can."""
    import cel  # noqa: PLC0415  the extra `bench`, needed for this benchmark alone
    import rule_engine  # noqa: PLC0415
    import zen  # noqa: PLC0415
    from growthbook.core import evalCondition  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from json_logic import jsonLogic  # noqa: PLC0415

    return {
        "zen-engine": zen.compile_expression(case.zen).evaluate,
        "growthbook": partial(_swapped, evalCondition, case.growthbook),
        "common-expression-language": cel.compile(case.cel).execute,
        "json-logic-qubit": partial(jsonLogic, case.json_logic),
        "rule-engine": rule_engine.Rule(case.rule_engine).matches,
    }


def _swapped(evaluate: Callable[..., object], condition: object, properties: Properties) -> object:
    return evaluate(properties, condition)


# ---- measuring


def verify(case: Case, test: Filter, others: Mapping[str, Callable[[Properties], object]]) -> None:
    """Equal answers, or an AssertionError: by hand on every input, with the same notes; peers on complete inputs."""
    for properties in (*case.complete, *case.odd):
        noted: tuple[Notes, Notes] = ([], [])
        answers = test(properties, {}, noted[0]), case.by_hand(properties, {}, noted[1])
        if bool(answers[0]) is not answers[1] or noted[0] != noted[1]:
            raise AssertionError(f"{case.name}: {answers} with {noted} on {properties}")
    for name, evaluate in others.items():
        for properties in case.complete:
            if bool(evaluate(properties)) is not bool(test(properties, {}, [])):
                raise AssertionError(f"{case.name}: {name} answers otherwise on {properties}")


def _filtering(test: Filter, inputs: Sequence[Properties], calls: int) -> Callable[[], None]:
    def run() -> None:
        notes: Notes = []
        nothing: Properties = {}
        for _ in repeat(None, calls // len(inputs)):
            for properties in inputs:
                test(properties, nothing, notes)

    return run


def _evaluating(
    evaluate: Callable[[Properties], object], inputs: Sequence[Properties], calls: int
) -> Callable[[], None]:
    def run() -> None:
        for _ in repeat(None, calls // len(inputs)):
            for properties in inputs:
                evaluate(properties)

    return run


def benchmark() -> list[Report]:
    rows: list[Sequence[object]] = []
    targets = []
    for case in CASES:
        test, others = compiled(case.text), peers(case)
        verify(case, test, others)
        for kind, inputs in (("complete", case.complete), ("missing or ill-typed", case.odd)):
            by_hand, ours = race(
                {
                    "hand": again(_filtering(case.by_hand, inputs, CALLS)),
                    "ours": again(_filtering(test, inputs, CALLS)),
                },
                rounds=ROUNDS,
            ).values()
            calls = CALLS // len(inputs) * len(inputs)
            rows.append((case.name, kind, "by hand", _each(by_hand, calls), by_hand.times(ours)))
            rows.append((case.name, kind, "convgoals", _each(ours, calls), 1.0))
            targets.append(Target(f"{case.name}, {kind}: times by hand", ours.times(by_hand), 1.3, at_most=True))
        contenders = {"convgoals": again(_filtering(test, case.complete, PEER_CALLS))}
        for name, evaluate in others.items():
            contenders[name] = again(_evaluating(evaluate, case.complete, PEER_CALLS))
        timings = race(contenders, rounds=ROUNDS)
        calls = PEER_CALLS // len(case.complete) * len(case.complete)
        for name in others:
            times = timings[name].times(timings["convgoals"])
            rows.append((case.name, "complete", name, _each(timings[name], calls), times))
            targets.append(Target(f"{case.name}: faster than {name}", times, 5))
    return [
        Report(
            "Filters: one evaluation",
            ("condition", "inputs", "contender", "best µs", "times convgoals"),
            rows,
            targets,
        )
    ]


def _each(timing: Timing, calls: int) -> float:
    return timing.best / calls * 1e6
