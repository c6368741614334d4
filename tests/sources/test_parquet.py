"""Parquet files (extra `parquet`)."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from convgoals import CampaignReceipt, Event
from convgoals.errors import MissingExtraError, SourceError
from convgoals.sources import FactReader, Source
from convgoals.sources.parquet import BATCH_ROWS
from source_files import codes, read, write

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def arrow() -> Any:
    """pyarrow, or the test is passed over."""
    pytest.importorskip("pyarrow.parquet")
    return sys.modules["pyarrow"]


def _write(arrow: Any, path: Path, **columns: Any) -> Path:
    arrow.parquet.write_table(arrow.table(columns), path)
    return path


def test_typed_columns_are_read_as_they_are(arrow: Any, tmp_path: Path) -> None:
    """Numbers, decimals, booleans, dates, lists and records come through; bytes and dictionaries are text."""
    path = _write(
        arrow,
        tmp_path / "events.parquet",
        type=arrow.array(["buy", "view"]).dictionary_encode(),
        profile_id=[7, 8],
        timestamp=arrow.array([NOON, NOON], arrow.timestamp("ns", tz="UTC")),
        id=arrow.array([b"e1", b"e2"]),
        amount=[Decimal("19.90"), None],
        score=[0.5, None],
        on=[date(2026, 1, 1), None],
        is_new=[True, None],
        items=[["a", "b"], None],
        address=[{"country": "DE"}, None],
    )
    facts, rejected = read(path)
    assert rejected == []
    properties = {
        "amount": Decimal("19.90"),
        "score": 0.5,
        "on": date(2026, 1, 1),
        "is_new": True,
        "items": ["a", "b"],
        "address": {"country": "DE"},
    }
    assert facts == [
        Event("buy", "7", NOON, properties, id="e1"),
        Event("view", "8", NOON, dict.fromkeys(properties), id="e2"),
    ]


def test_options_hold_for_parquet_too(arrow: Any, tmp_path: Path) -> None:
    """Columns are named, declared and chosen as for text files."""
    path = _write(arrow, tmp_path / "sent.pq", who=["ann"], what=[18], at=[datetime(2026, 1, 31, 13)], x=[1])  # noqa: DTZ001
    source = Source(kind="receipts", profile_id="who", campaign="what", timestamp="at", timezone="Europe/Berlin")
    (receipt,), _ = read(path, source)
    assert receipt == CampaignReceipt("18", "ann", NOON, None, receipt.id)
    events = Source(
        profile_id="who",
        fixed={"type": "t"},
        timestamp="at",
        timezone="UTC",
        types={"what": "text"},
        properties=["what"],
    )
    (event,), _ = read(path, events)
    assert isinstance(event, Event)
    assert event.properties == {"what": "18"}


def test_bad_rows_are_told_by_their_number(arrow: Any, tmp_path: Path) -> None:
    """A row that is no fact is rejected with its number, and the rest is read."""
    path = _write(
        arrow, tmp_path / "e.parquet", type=["a", None, "c"], profile_id=["p", "p", "p"], timestamp=[NOON, NOON, None]
    )
    facts, rejected = read(path)
    assert len(facts) == 1
    assert codes(rejected) == [(2, "missing"), (3, "missing")]
    assert '"profile_id": "p"' in rejected[0].row


def test_positions_go_on_over_batches(arrow: Any, tmp_path: Path) -> None:
    """Rows are numbered over all batches, their made ids stay, and reading can go on after any."""
    count = BATCH_ROWS + 10
    at = [NOON + timedelta(seconds=i) for i in range(count)]
    path = _write(arrow, tmp_path / "e.parquet", type=["a"] * count, profile_id=["p"] * count, timestamp=at)
    with FactReader(path) as reader:
        assert reader.progress == 0
        whole = list(reader)
        assert reader.progress == 1
    assert [position for position, _ in whole] == list(range(1, count + 1))
    with FactReader(path, after=BATCH_ROWS + 5) as reader:
        assert list(reader) == whole[BATCH_ROWS + 5 :]


def test_what_is_no_table_of_facts_is_refused(arrow: Any, tmp_path: Path) -> None:
    """A file of another kind, a damaged one, missing columns and columns of no use are errors with their repair."""
    with pytest.raises(SourceError) as caught:
        FactReader(write(tmp_path, "type,profile_id\n", "events.parquet"))
    assert caught.value.code == "format"
    with pytest.raises(SourceError, match="there is no file"):
        FactReader(tmp_path / "none.parquet")
    path = _write(arrow, tmp_path / "e.parquet", type=["a"], profile_id=["p"], timestamp=[NOON], took=[timedelta(1)])
    with pytest.raises(SourceError, match="which no property can be") as caught:
        list(FactReader(path))
    assert (caught.value.code, caught.value.hint) == ("column", "leave it out with properties = […]")
    with pytest.raises(SourceError, match="has no column 'event'"):
        FactReader(path, Source(type="event"))
    assert len(read(path, Source(properties=()))[0]) == 1
    count = 50_000
    whole = _write(
        arrow,
        tmp_path / "d.parquet",
        type=["a"] * count,
        profile_id=[str(i) for i in range(count)],
        timestamp=[NOON] * count,
    )
    content = bytearray(whole.read_bytes())
    content[1000:9000] = bytes(8000)
    whole.write_bytes(bytes(content))
    with pytest.raises(SourceError) as caught:
        list(FactReader(whole))
    assert caught.value.code == "damaged"


def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyarrow is missing, the repair is the command that brings it."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError) as caught:
        FactReader(write(tmp_path, b"PAR1", "events.parquet"))
    assert caught.value.hint == "pip install 'convgoals[parquet]'"


def test_two_columns_of_one_name_are_refused(arrow: Any, tmp_path: Path) -> None:
    """Which of two columns of one name is meant, nobody can say."""
    table = arrow.Table.from_arrays([arrow.array(["a"]), arrow.array(["b"])], names=["type", "type"])
    arrow.parquet.write_table(table, tmp_path / "twice.parquet")
    with pytest.raises(SourceError, match="has two columns 'type'") as caught:
        FactReader(tmp_path / "twice.parquet")
    assert caught.value.code == "header"
