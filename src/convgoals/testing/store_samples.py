"""What the laws of the store are tried with: facts, completions and batches in few words, and hostile values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from convgoals.instants import to_datetime
from convgoals.records import Completion, Event, Fact, Retraction
from convgoals.storage.base import Batch, ProfileChange, Store

NOT_A_CHARACTER = "\ud800"
"""Half a surrogate pair: Python's text may hold it, no encoding does."""


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


EXACT: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, -(2**63) - 1, 10**5_000, 0.1, -0.0, 5e-324, 1.7976931348623157e308, float("inf"),
    float("-inf"), float("nan"), Decimal("1.50"), Decimal("1E+3"), Decimal("-0"), Decimal("NaN"), Decimal(10) ** 400,
    "", "\0", "a\0b", '"\\\n\u2028', "ü", "u\u0308", "\U0001f600", "\uffff", "x" * 100_000,
    date(2026, 1, 31), datetime(2026, 1, 31, 12, 0, 0, 1),  # noqa: DTZ001  naive
    datetime(2026, 1, 31, tzinfo=UTC),
    datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), [], [1, [2.0, [None, "x"]]], {},
    {"a": {"b": [Decimal(1), {"c": date(2026, 1, 1)}]}}, {"decimal": "1.5"}, {"": {"object": {}}}, {1: "one"}, (1, [2]),
    {"\0": "\0", "a\0b": ["\0"]}, _nested(90),
)  # fmt: skip
"""Values that a store must give back as they were, type, sign, exponent and offset included."""


def event(profile_id: str = "p", fact_id: str | None = "1", instant: int = 0, **properties: Any) -> Event:
    return Event("a", profile_id, to_datetime(instant), properties, fact_id)


def completion(profile_id: str = "p", achieved: int = 0, recorded: int = 0, goal: str = "g", **more: Any) -> Completion:
    return Completion(goal, more.pop("version", 1), profile_id, to_datetime(achieved), to_datetime(recorded), **more)


def kept(*facts: Fact, until: int = 0, wake: int | None = None, **more: Any) -> ProfileChange:
    return ProfileChange(facts, until, wake, **more)


def recorded(*entries: Completion | Retraction) -> Batch:
    """A batch of *entries*, their profiles known."""
    return Batch(profiles={entry.profile_id: kept() for entry in entries}, entries=entries)


def everything(store: Store, *profile_ids: str) -> list[object]:
    """All that *store* says."""
    return [
        store.load(profile_ids),
        list(store.profile_ids()),
        store.profile_count(),
        store.due(2**62),
        list(store.entries()),
        list(store.history(include_retracted=True)),
        list(store.completions()),
        sorted(store.receipts(), key=repr),
        store.goals(),
        store.aliases(),
        store.positions(),
        store.reached(),
    ]


def exactly(fact: Any) -> tuple[object, ...]:
    """A fact with the types of all its values."""
    return (
        type(fact),
        fact.id,
        fact.instant,
        *(_typed(getattr(fact, name, None)) for name in ("segments", "properties")),
    )


def _typed(value: Any) -> object:
    if isinstance(value, dict):
        return dict, [(_typed(name), _typed(member)) for name, member in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value), [_typed(member) for member in value]
    if isinstance(value, int):
        return type(value), value  # the digits of a very large one cannot be shown
    offset = value.utcoffset() if isinstance(value, datetime) else None
    return type(value), value.isoformat() if isinstance(value, datetime) else repr(value), offset
