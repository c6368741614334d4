"""What a cell says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convgoals.sources.values import CASTS, MAX_DEPTH, Misfit, guess, read_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-7", -7),
        ("51380041013", 51380041013),
        ("19.90", Decimal("19.90")),
        ("-.5", Decimal("-0.5")),
        (".5", Decimal("0.5")),
        ("0.0", Decimal("0.0")),
        ("1e-05", Decimal("0.00001")),
        ("1e+16", Decimal(10**16)),
        ("1.5E3", Decimal(1500)),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("", None),
    ],
)
def test_a_cell_without_doubt_is_a_value(text: str, value: object) -> None:
    """Numbers, booleans and empty cells are read as such, numbers exactly."""
    assert guess(text) == value
    assert type(guess(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "007",
        "-01",
        "+49",
        "1,000",
        "12e5",
        "1.",
        "--1",
        "-",
        ".",
        "NaN",
        "inf",
        "null",
        "tRUE",
        "0x10",
        "1 ",
        "٣",
        "9" * 301,
    ],
)
def test_what_only_looks_like_a_value_stays_text(text: str) -> None:
    """Ids, phone numbers and words that a looser reading would spoil come through as they are."""
    assert guess(text) == text


@given(st.integers(-(10**30), 10**30) | st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_written_numbers_are_read_as_themselves(number: int | Decimal) -> None:
    """The plain spelling of a number is read as that number."""
    assert guess(format(number, "f" if isinstance(number, Decimal) else "d")) == number


@pytest.mark.parametrize(
    ("kind", "given_", "value"),
    [
        ("text", "18", "18"),
        ("text", 18, "18"),
        ("text", Decimal("1.50"), "1.50"),
        ("text", True, "true"),
        ("number", " 007 ", 7),
        ("number", "+1.5", Decimal("1.5")),
        ("number", "12e5", Decimal(1200000)),
        ("number", 3, 3),
        ("boolean", "True", True),
        ("boolean", False, False),
        ("json", '{"a": [1, 2.50]}', {"a": [1, Decimal("2.50")]}),
        ("json", [1], [1]),
    ],
)
def test_a_declared_column_is_read_as_declared(kind: str, given_: object, value: object) -> None:
    """A declared type says what guessing would leave open."""
    found = CASTS[kind](given_)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", [1]),
        ("number", "12 apples"),
        ("number", True),
        ("number", "1_000"),
        ("boolean", "yes"),
        ("boolean", 1),
    ],
)
def test_a_value_that_is_not_as_declared_is_a_misfit(kind: str, value: object) -> None:
    """A declared type is a promise; what breaks it is told."""
    with pytest.raises(Misfit) as caught:
        CASTS[kind](value)
    assert caught.value.code == "type"


def _nested(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "json"),
        ("{'a': 1}", "json"),
        ('{"a": NaN}', "nan"),
        ("[-Infinity]", "nan"),
        ("1" * 5000, "json"),
        ("1e" + "9" * 40, "json"),
        (_nested(MAX_DEPTH + 2), "too-deep"),
        (_nested(100_000), "too-deep"),
        (r'{"a": "\u0000"}', "nul"),
        (r'{"\ud800": 1}', "encoding"),
    ],
)
def test_hostile_json_is_a_misfit(text: str, code: str) -> None:
    """No JSON text crashes the reader, or smuggles in what cannot be stored."""
    with pytest.raises(Misfit) as caught:
        read_json(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"\\u0000"', r"\u0000"),
        (r'"\ud83d\ude00"', "😀"),
        (_nested(MAX_DEPTH), None),
        (f"[{'[1],' * 200}[]]", None),
        ("0.1", Decimal("0.1")),
    ],
)
def test_unusual_json_is_read(text: str, value: object) -> None:
    """What is unusual and harmless is read: escaped backslashes, pairs of surrogates, the deepest nesting allowed."""
    assert value is None or read_json(text) == value
    assert read_json(text) is not None
