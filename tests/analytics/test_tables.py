"""Tables as text and HTML, and the little pictures and figures in them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convgoals.analytics.stats import Proportion, difference
from convgoals.analytics.tables import (
    Column,
    Table,
    amount_text,
    bar,
    number_column,
    p_text,
    rate_text,
    span_text,
    spark,
    to_html,
    verdict,
)
from convgoals.texts import text_width

texts = st.text(max_size=12)


def test_text() -> None:
    """Columns are set to their side, and as wide as their widest cell; wide characters take two columns."""
    table = Table("t", (Column("name"), number_column("n")), (("日本", "1"), ("a", "1,000")), ("a note",))
    assert str(table).split("\n") == ["t", "name      n", "────  ─────", "日本      1", "a     1,000", "  a note"]


@given(st.lists(st.tuples(texts, texts), max_size=4), texts)
def test_hostile_text(rows: list[tuple[str, str]], title: str) -> None:
    """Whatever cells hold, a row stays one line of printable characters, and HTML keeps only its own markup."""
    table = Table(title or "t", (Column("a"), number_column("b")), tuple(rows))
    lines = str(table).split("\n")
    assert len(lines) == 3 + len(rows)
    assert not any(ord(c) < 32 or c in "\x7f\x85\u2028\u202e" for line in lines for c in line)
    page = to_html(table)
    assert page.count("<td") == 2 * len(rows)
    assert page.count("<") == page.count(">") == 14 + 6 * len(rows)


def test_combining() -> None:
    """A combining accent takes no column of its own."""
    assert text_width("e\u0301") == 1


def test_html() -> None:
    """Headings are scoped and cells escaped."""
    page = to_html(Table("<t>", (Column("&"),), (("<script>",),), ("'n'",)))
    assert "<script>" not in page
    assert '<th scope="col">&amp;</th>' in page
    assert "<caption>&lt;t&gt;</caption>" in page
    assert "<p>&#x27;n&#x27;</p>" in page


@given(st.lists(st.integers(0, 1000), max_size=300))
def test_spark(values: list[int]) -> None:
    """A line has a bar a value, 60 at the most; only nothing looks like nothing, and the most is the highest."""
    line = spark(values)
    assert len(line) == min(60, len(values))
    if len(values) <= 60:
        assert [c == "▁" for c in line] == [v == 0 for v in values]
        if any(values):
            assert line[values.index(max(values))] == "█"


def test_long_spark() -> None:
    """More values than there is room for are added up in even groups."""
    assert spark([1, 1, 0, 0, 3, 5], width=3) == "▂▁█"


@given(st.floats(0, 1), st.floats(0, 1))
def test_bar(one: float, other: float) -> None:
    """A larger share never has the shorter bar, and some is more than none."""
    small, large = sorted((one, other))
    assert len(bar(small)) <= len(bar(large)) <= 20
    assert bool(bar(one)) == (one > 0)
    assert bar(1.0) == "█" * 20


@pytest.mark.parametrize(
    ("rate", "text"),
    [(None, "–"), (0.0, "0.0 %"), (1.0, "100.0 %"), (0.123, "12.3 %"), (0.00123, "0.12 %"), (0.0000123, "0.0012 %")],
)
def test_rate_text(rate: float | None, text: str) -> None:
    """Rates show one decimal, small ones two digits that count."""
    assert rate_text(rate) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "–"),
        (Decimal(0), "0.00"),
        (Decimal("1234.5"), "1,234.50"),
        (Decimal(1234), "1,234.00"),
        (Decimal("-0.015"), "-0.02"),
        (Decimal("0.004"), "0.0040"),
        (Decimal("1e30"), "1.000e+30"),
        (Decimal("1e-30"), "1.000e-30"),
    ],
)
def test_amount_text(amount: Decimal | None, text: str) -> None:
    """Amounts show two decimals, or the scientific form where those would not do."""
    assert amount_text(amount) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (None, "–"),
        (timedelta(0), "0 s"),
        (timedelta(milliseconds=12), "12 ms"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(hours=3, minutes=4, seconds=5), "3 h 4 min"),
        (timedelta(days=3, minutes=5), "3 d"),
        (timedelta(hours=-1), "-1 h"),
    ],
)
def test_span_text(span: timedelta | None, text: str) -> None:
    """Spans show their two largest units."""
    assert span_text(span) == text


def test_p_text() -> None:
    """P-values show three decimals while they matter."""
    assert [p_text(p) for p in (None, 0.0001, 0.0324, 0.456)] == ["–", "p < 0.001", "p = 0.032", "p = 0.46"]


def test_verdict() -> None:
    """The sentence names both rates, the difference with its interval, and the p-value."""
    assert verdict(difference(Proportion(300, 1000), Proportion(200, 1000)), "A", "B") == (
        "The rate of B is lower than that of A: 30.0 % against 20.0 %, -10.0 points (-13.7 to -6.2), p < 0.001."
    )
