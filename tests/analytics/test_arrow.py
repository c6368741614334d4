"""Results as Arrow tables; skipped where the extra ``parquet`` is not installed."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from analytics.ledger import Ledger, at, done, goal, ledgers
from convgoals.analytics.attribution import attribution
from convgoals.analytics.campaigns import campaigns
from convgoals.analytics.compare import compare
from convgoals.analytics.funnel import funnel
from convgoals.analytics.report import report
from convgoals.analytics.results import Result
from convgoals.errors import MissingExtraError, QuestionError

NAMES = ("visit", "cart", "buy")
PARTS: dict[str, tuple[str, ...]] = {
    "GoalReport": ("figures", "trend", "breakdown", "histogram", "curve"),
    "Comparison": ("goals", "trend"),
    "Funnel": ("stages", "groups"),
    "CampaignReport": ("campaigns",),
    "Attribution": ("credits",),
}


def results(ledger: Ledger) -> list[Result]:
    goals = [goal(name) for name in NAMES]
    return [
        report(ledger, goals[2], breakdown="channel", baseline=("2026-03-27", "2026-03-28")),
        compare(ledger, goals),
        funnel(ledger, goals, breakdown="segment"),
        campaigns(ledger, goals[2]),
        attribution(ledger, goals[2]),
    ]


@settings(max_examples=30)
@given(ledgers(*NAMES))
def test_rows_and_columns(ledger: Ledger) -> None:
    """Each part has the rows and columns of `rows`, and the same values, decimals as floats."""
    pytest.importorskip("pyarrow")
    for result in results(ledger):
        for part in PARTS[type(result).__name__]:
            rows: list[dict[str, Any]] = result.rows(part)
            table = result.to_arrow(part)
            assert table.num_rows == len(rows)
            for found, row in zip(table.to_pylist(), rows, strict=True):
                assert list(found) == list(row)
                for name, value in row.items():
                    assert found[name] == (float(value) if found[name].__class__ is float else value)


@settings(max_examples=30)
@given(ledgers(*NAMES), ledgers(*NAMES))
def test_types_do_not_depend_on_the_data(one: Ledger, other: Ledger) -> None:
    """A column has the same type in every result, so that tables can be put together."""
    pyarrow = pytest.importorskip("pyarrow")
    for first, second in zip(results(one), results(other), strict=True):
        for part in PARTS[type(first).__name__]:
            tables = [table for each in (first, second) if (table := each.to_arrow(part)).num_rows]
            assert len({table.schema for table in tables}) <= 1
            if tables:
                assert pyarrow.concat_tables(tables).num_rows == sum(table.num_rows for table in tables)


def test_types() -> None:
    """Instants know their zone, spans are spans, counts are whole numbers."""
    pyarrow = pytest.importorskip("pyarrow")
    ledger = Ledger([done("a", "2026-01-02T10:00", value=2, since_anchor=timedelta(hours=3))])
    table = report(ledger, goal()).to_arrow("figures")
    types = dict(zip(table.column_names, table.schema.types, strict=True))
    assert types["since"] == types["until"] == pyarrow.timestamp("us", "UTC")
    assert types["completions"] == pyarrow.int64()
    assert types["value_sum"] == types["rate"] == pyarrow.float64()
    assert types["median_time_to_convert"] == pyarrow.duration("us")
    assert report(ledger, goal()).to_arrow().column("start").to_pylist() == [at("2026-01-02")]


def test_unknown_part() -> None:
    """A part that is not there is told."""
    for result in results(Ledger([done("a", "2026-01-02", name) for name in NAMES])):
        with pytest.raises(QuestionError, match="no rows 'nothing'"):
            result.to_arrow("nothing")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow, the extra is named."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"convgoals\[parquet\]"):
        report(Ledger(), goal()).to_arrow()
