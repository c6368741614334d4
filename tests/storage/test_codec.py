"""Values come back from their text as they were."""

from __future__ import annotations

import json
from datetime import UTC, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convgoals.errors import FactError
from convgoals.records import Event, Fact, ProfileSnapshot
from convgoals.storage import codec
from convgoals.testing.store_samples import EXACT, exactly

TEXT = st.text(st.characters(codec="utf-8"), max_size=5)
ZONES = st.sampled_from((None, UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(seconds=-1))))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.decimals(), st.dates(), st.times(),
    st.datetimes(timezones=ZONES), st.timedeltas(), st.binary(max_size=3),
    st.integers(0, len(EXACT) - 1).map(lambda index: EXACT[index]),  # the largest cannot be shown
)  # fmt: skip
NAMES = st.one_of(TEXT, st.sampled_from(("decimal", "object", "mapping", "tuple", "")))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(NAMES, inner, max_size=3),
        st.dictionaries(st.one_of(st.integers(), NAMES, st.dates()), inner, max_size=2),
    ),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=3), st.sampled_from(("p", "q")))
def test_round_trip(properties: dict[str, Any], owner: str) -> None:
    """Any values, alone and nested, are the same again, in strict JSON; so is whose fact it is."""
    facts: list[Fact] = [
        Event("a", "p", "2026-01-31T00:00Z", properties, "1"),
        ProfileSnapshot("q", "2026-01-31T00:00Z", properties, id="2"),
    ]
    text = codec.encode_facts(owner, facts)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not in strict JSON"))
    found = codec.decode_facts(owner, text)
    assert list(map(exactly, found)) == list(map(exactly, facts))
    assert [fact.profile_id for fact in found] == ["p", "q"]
    assert [codec.row_id(row) for row in codec.load_rows(text)] == ["1", "2"]
    assert codec.dump_rows(codec.load_rows(text)) == text


@given(st.one_of(st.none(), st.integers(), st.floats(), st.decimals()))
def test_numbers(value: float | Decimal | None) -> None:
    """A number is the same again, also through a column of SQL."""
    column = codec.encode_number(value)
    found = codec.decode_number(column)
    assert (type(found), repr(found)) == (type(value), repr(value))


def test_plain_values_stay_plain() -> None:
    """Text, numbers, booleans and nulls are plain JSON, readable by anything."""
    properties = {"t": "ü", "i": 1, "f": 0.5, "b": True, "n": None}
    assert json.loads(codec.encode_facts("p", [Event("a", "p", "1970-01-01T00:00Z", properties, "1")])) == [
        [0, "1", 0, "a", properties, None]
    ]


class Level(IntEnum):
    """A whole number with a name."""

    HIGH = 3


class Plan(StrEnum):
    """Text with a name."""

    PRO = "pro"


class Half(float):
    """A float of another class, as numpy has them."""


@pytest.mark.parametrize(("value", "kept"), [(Level.HIGH, 3), (Plan.PRO, "pro"), (Half(0.5), 0.5)])
def test_refined_types(value: object, kept: object) -> None:
    """A value of a refined type is kept as the plain value that it is, which means the same to every goal."""
    for properties in ({"x": value}, {"x": [value]}):
        text = codec.encode_facts("p", [Event("a", "p", "1970-01-01T00:00Z", properties, "1")])
        (found,) = codec.decode_facts("p", text)
        assert isinstance(found, Event)
        inner = found.properties["x"]
        inner = inner[0] if isinstance(inner, list) else inner
        assert (type(inner), inner) == (type(kept), kept)


def test_repeated_hour() -> None:
    """Which of two times a clock showed twice is kept."""
    value = time(2, 30, fold=1)
    assert codec.decode_value(codec.encode_value(value)).fold == 1


def test_depth() -> None:
    """Nesting is kept up to its bound, and refused beyond."""
    value: Any = 1
    for _ in range(codec.MAX_DEPTH):
        value = [value]
    assert codec.decode_value(codec.encode_value(value)) == value
    with pytest.raises(FactError) as caught:
        codec.encode_value({"x": [value]})
    assert caught.value.code == "fact-value"
