"""Spans, instants and values in words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from convgoals.explain.words import family, say_instant, say_span, say_value
from convgoals.instants import DAY, HOUR, LATEST, MINUTE, SECOND


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (1, "1 µs"), (1_500, "1,500 µs"), (250_000, "250 ms"), (SECOND, "1 s"), (90 * SECOND, "1 min 30 s"),
        (3 * HOUR + 12 * MINUTE, "3 h 12 min"), (-HOUR, "1 h"), (DAY, "1 day"), (2 * DAY + HOUR, "2 days 1 h"),
        (40 * DAY + MINUTE, "40 days"), (1_234 * DAY, "1,234 days"),
    ],
)  # fmt: skip
def test_spans(span: int, text: str) -> None:
    """The two largest units; less than a second is exact."""
    assert say_span(span) == text


def test_instants() -> None:
    """Minutes, and what is finer only where there is any."""
    assert say_instant(0) == "1970-01-01 00:00 UTC"
    assert say_instant(SECOND) == "1970-01-01 00:00:01 UTC"
    assert say_instant(1) == "1970-01-01 00:00:00.000001 UTC"
    assert say_instant(LATEST + 1) == "the end of time"


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [
        (None, "missing", "nothing"), (True, "true", "true or false"), ("a", '"a"', "text"),
        ("x" * 100, f'"{"x" * 59}…"', "text"), (1, "1", "a number"), (0.1, "0.1", "a number"),
        (Decimal("1.50"), "1.50", "a number"), (Fraction(1, 4), "0.25", "a number"), (Fraction(3), "3", "a number"),
        (Fraction(1, 3), "about 0.333333", "a number"), (10**70, "a huge number", "a number"),
        (float("nan"), "nan", "an unusable number"), (date(2026, 1, 2), "2026-01-02", "a date"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z", "a date"), ([1, "a"], '[1, "a"]', "a list"),
        ([1, 2, 3, 4], "[1, 2, 3, …]", "a list"), (["y" * 50, "z" * 50], "a long list", "a list"),
        ({"a": 1}, "an object", "an object"), (b"x", "a value of type bytes", "a value of type bytes"),
    ],
)  # fmt: skip
def test_values(value: Any, text: str, kind: str) -> None:
    """A value is shown as a goal would write it, never too long, and its type in the language's words."""
    assert (say_value(value), family(value)) == (text, kind)
