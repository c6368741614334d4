"""CSV files, clean and hostile."""

from __future__ import annotations

import math
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from convgoals import CampaignReceipt, Event, ProfileSnapshot, ProfileUpdate
from convgoals.errors import SourceError
from convgoals.sources import FactReader, Rejected, Source, read_facts
from convgoals.sources.delimited import MAX_SPAN
from convgoals.sources.lines import MAX_LINE
from source_files import codes, read, write

HEAD = "type,profile_id,timestamp,id,value\n"
GOOD = "buy,ann,2026-01-31T12:00:00Z,e1,1\n"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_columns_of_the_usual_names_need_no_options(tmp_path: Path) -> None:
    """A file whose columns are called as the facts' fields is read as it is; the other columns are properties."""
    path = write(
        tmp_path,
        "timestamp,type,profile_id,id,channel,order_value,currency,note\n"
        '2026-01-31T12:00:00Z,buy,7,e1,email,19.90,EUR,"two ""words"",\nand a line"\n'
        "2026-01-31T13:00:00+01:00,buy,7,e2,,,,\n",
    )
    facts, rejected = read(path)
    assert rejected == []
    properties = {"order_value": Decimal("19.90"), "currency": "EUR", "note": 'two "words",\nand a line'}
    assert facts == [
        Event("buy", "7", NOON, properties, id="e1", channel="email"),
        Event("buy", "7", NOON, {}, id="e2"),
    ]


def test_options_name_the_columns(tmp_path: Path) -> None:
    """Each column can be named, and what is the same for all rows can be fixed."""
    path = write(tmp_path, "household;at;basket;sum;campaign_id\n7;2026-01-31T12:00:00Z;1;2.5;18\n")
    source = Source(
        profile_id="household",
        timestamp="at",
        id="basket",
        fixed={"type": "basket", "channel": "store"},
        types={"campaign_id": "text"},
        delimiter=";",
    )
    facts, _ = read(path, source)
    assert facts == [Event("basket", "7", NOON, {"sum": Decimal("2.5"), "campaign_id": "18"}, id="1", channel="store")]


def test_rows_can_be_snapshots_updates_and_receipts(tmp_path: Path) -> None:
    """The kind of a source says which fact each row is; an empty cell is no property."""
    path = write(tmp_path, "profile_id,plan,age,segments\nann,pro,,vip; staff\n")
    at = "2026-01-31T12:00:00Z"
    snapshots = Source(kind="snapshots", fixed={"timestamp": at}, separator=";")
    updates = Source(kind="updates", fixed={"timestamp": NOON}, separator=";")
    (snapshot,), _ = read(path, snapshots)
    (update,), _ = read(path, updates)
    assert isinstance(snapshot, ProfileSnapshot)
    assert isinstance(update, ProfileUpdate)
    assert snapshot == ProfileSnapshot("ann", at, {"plan": "pro"}, ("staff", "vip"), snapshot.id)
    assert update == ProfileUpdate("ann", at, {"plan": "pro"}, ("staff", "vip"), update.id)
    path = write(tmp_path, "campaign,profile_id,timestamp,channel\nspring,ann,2026-01-31T12:00:00Z,email\n")
    (receipt,), _ = read(path, Source(kind="receipts"))
    assert receipt == CampaignReceipt("spring", "ann", NOON, "email", receipt.id)


def test_chosen_properties_are_the_only_ones(tmp_path: Path) -> None:
    """`properties` leaves out other columns, and may take in those that also say something else."""
    path = write(tmp_path, HEAD + GOOD)
    (event,), _ = read(path, Source(properties=["type"]))
    assert isinstance(event, Event)
    assert event.properties == {"type": "buy"}


@pytest.mark.parametrize("name", ["events.csv.gz", "events.csv"])
def test_gzip_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    """A compressed file is read as such, whatever its name, and its rows have the same ids."""
    plain = write(tmp_path, HEAD + "buy,ann,2026-01-31T12:00:00Z,,1\n")
    before, _ = read(plain)
    packed = write(tmp_path, HEAD + "buy,ann,2026-01-31T12:00:00Z,,1\n", "events.csv.gz")
    target = packed.rename(tmp_path / name)
    assert read(target)[0] == before


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("\ufeff" + HEAD, GOOD),
        (HEAD.replace("\n", "\r\n"), GOOD.replace("\n", "\r\n")),
        (HEAD.replace("\n", "\r"), GOOD.replace("\n", "\r")),
        (HEAD, GOOD.rstrip("\n")),
        (HEAD + "\n\n", GOOD + "\n"),
        (HEAD.replace("type", '"type"'), GOOD),
    ],
)
def test_the_dialects_of_spreadsheets_are_read(tmp_path: Path, head: str, row: str) -> None:
    """A byte order mark, any line ending, empty lines and a missing last line end change nothing."""
    facts, rejected = read(write(tmp_path, head + row))
    assert (facts, rejected) == ([Event("buy", "ann", NOON, {"value": 1}, id="e1")], [])


def test_tabs_go_by_the_name_of_the_file(tmp_path: Path) -> None:
    """A `.tsv` has tabs between its cells."""
    facts, _ = read(write(tmp_path, (HEAD + GOOD).replace(",", "\t"), "events.tsv"))
    assert facts == [Event("buy", "ann", NOON, {"value": 1}, id="e1")]


BAD_ROWS = [
    ("buy,ann,2026-01-31T12:00:00Z,e2\n", "ragged"),
    ("buy,ann,2026-01-31T12:00:00Z,e2,1,2\n", "ragged"),
    ("buy,,2026-01-31T12:00:00Z,e2,1\n", "missing"),
    (",ann,2026-01-31T12:00:00Z,e2,1\n", "missing"),
    ("buy,ann,,e2,1\n", "missing"),
    ("buy,ann,2026-01-31T12:00:00,e2,1\n", "fact-timestamp"),
    ("buy,ann,2026-01-31,e2,1\n", "fact-timestamp"),
    ("buy,ann,yesterday,e2,1\n", "fact-timestamp"),
    ("buy,ann,9999-12-31T23:59:59Z,e2,1\n", "fact-timestamp"),
    (f"buy,{'a' * 1001},2026-01-31T12:00:00Z,e2,1\n", "fact-name"),
    (f"buy,ann,2026-01-31T12:00:00Z,e2,{'x' * 140_000}\n", "too-long"),
    (f"buy,ann,2026-01-31T12:00:00Z,e2,{'x' * (3 * MAX_LINE)}\n", "too-long"),
    ("buy,ann,2026-01-31T12:00:00Z,e2,\0\n", "nul"),
    ('buy,ann,2026-01-31T12:00:00Z,e2,"a"b\n', "quoting"),
    ('buy,ann,2026-01-31T12:00:00Z,e2,"never closed\n', "quoting"),
]


@pytest.mark.parametrize(("bad", "code"), BAD_ROWS)
def test_a_bad_row_is_told_and_costs_no_other(tmp_path: Path, bad: str, code: str) -> None:
    """A bad row is rejected with its line, code and text, and the rows around it are read."""
    path = write(tmp_path, HEAD + GOOD + bad + GOOD.replace("e1", "e3"))
    facts, rejected = read(path)
    assert [fact.id for fact in facts] == ["e1", "e3"]
    assert codes(rejected) == [(3, code)]
    assert rejected[0].file == str(path)
    assert rejected[0].row[:1000] == bad.rstrip("\n")[:1000]
    assert len(rejected[0].row) < 11_000


def test_bytes_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    """A row in another encoding is rejected, and shown with its bytes."""
    path = write(tmp_path, (HEAD + GOOD).encode() + "buy,ann,2026-01-31T12:00:00Z,e2,caf\xe9\n".encode("latin-1"))
    facts, rejected = read(path)
    assert len(facts) == 1
    assert codes(rejected) == [(3, "encoding")]
    assert rejected[0].row.endswith(r"caf\xe9")


def test_unclosed_quotes_cost_only_their_own_rows(tmp_path: Path) -> None:
    """Of many rows each with a quote that is never closed, none takes a good row with it."""
    rows = [f"buy,ann,2026-01-31T12:00:00Z,e{i},{chr(34) if i % 60 == 0 else ''}{i}\n" for i in range(1, 301)]
    facts, rejected = read(write(tmp_path, HEAD + "".join(rows)))
    told = {item.line for item in rejected}
    assert len(facts) + len(rejected) == 300
    assert {61, 121, 181, 241, 301} >= told
    assert len(facts) >= 295


def test_a_quote_may_span_lines_up_to_a_bound(tmp_path: Path) -> None:
    """Line breaks inside quotes belong to the cell, and the next row's line counts them."""
    text = "x\n" * (MAX_SPAN - 1)
    facts, rejected = read(write(tmp_path, f'{HEAD}buy,ann,2026-01-31T12:00:00Z,e1,"{text}"\n,,,,\n'))
    assert isinstance(facts[0], Event)
    assert facts[0].properties == {"value": text}
    assert codes(rejected) == [(MAX_SPAN + 2, "missing")]


def test_a_reason_holds_the_repair(tmp_path: Path) -> None:
    """The reason of a rejected row says how to mend it, and its text names the place."""
    _, rejected = read(write(tmp_path, HEAD + "buy,ann,2026-01-31T12:00:00,e1,1\n"))
    assert '"2026-01-31T12:00:00Z" if it is meant in UTC' in rejected[0].reason
    assert "events.csv, line 2: " in str(rejected[0])


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("", "header", "its first line names the columns"),
        ("\n\n", "header", "its first line names the columns"),
        ("a,b,a\n", "header", "rename one in the header"),
        ('"a,b\n', "header", ""),
        ("type;profile_id;timestamp\n", "delimiter", "delimiter = ';'"),
        ("typ,profile_id,timestamp\n", "column", 'did you mean `typ`?; say which one it is: type = "…"'),
        ("a,b,c\n", "column", 'its columns are a, b, c; say which one it is: type = "…"'),
        (b"\xff\xfet\0y\0", "format", "save it as UTF-8"),
        (b"PK\x03\x04....", "format", "unpack it, or save the sheet as CSV"),
    ],
)
def test_a_file_that_is_no_table_of_facts_is_refused(tmp_path: Path, text: str | bytes, code: str, hint: str) -> None:
    """What concerns the whole file is one error, with the repair, before any row is read."""
    with pytest.raises(SourceError) as caught:
        FactReader(write(tmp_path, text))
    assert (caught.value.code, caught.value.hint) == (code, hint)


@pytest.mark.parametrize(
    "source",
    [Source(id="order"), Source(properties=("order",)), Source(types={"order": "text"}), Source(channel="order")],
)
def test_a_named_column_must_be_there(tmp_path: Path, source: Source) -> None:
    """A column that an option names and the file lacks is an error, also where none is needed."""
    with pytest.raises(SourceError, match="has no column 'order'") as caught:
        FactReader(write(tmp_path, HEAD + GOOD), source)
    assert caught.value.code == "column"


def test_columns_without_a_name_are_left_out(tmp_path: Path) -> None:
    """The nameless column of row numbers that data frames write is no property."""
    (event,), _ = read(write(tmp_path, f",,{HEAD}0,1,{GOOD}"))
    assert isinstance(event, Event)
    assert event.properties == {"value": 1}


def test_missing_files_are_told_with_a_repair(tmp_path: Path) -> None:
    """A file that is not there, a directory, and a name that no file can have are errors of the tree."""
    write(tmp_path, HEAD, "events.csv.gz")
    with pytest.raises(SourceError, match="there is no file") as caught:
        FactReader(tmp_path / "events.csv")
    assert caught.value.hint == f"there is {str(tmp_path / 'events.csv.gz')!r}"
    with pytest.raises(SourceError, match="there is no file") as caught:
        FactReader(tmp_path / "other.csv")
    assert caught.value.hint == "is the path right?"
    with pytest.raises(SourceError, match="there is no file '-'") as caught:
        FactReader("-")
    assert "/dev/stdin" in caught.value.hint
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SourceError, match="is a directory"):
        FactReader(tmp_path / "folder.csv")
    with pytest.raises(SourceError, match="cannot be read"):
        FactReader("nul\0.csv")
    (tmp_path / "folder").mkdir()
    write(tmp_path, HEAD, "events.cvs")
    write(tmp_path, HEAD, "events.xlsx")
    with pytest.raises(SourceError, match="is a directory"):
        FactReader(tmp_path / "folder")
    with pytest.raises(SourceError, match="does not say its format") as caught:
        FactReader(tmp_path / "events.cvs")
    assert caught.value.hint == "did you mean `.csv`?"
    with pytest.raises(SourceError, match="does not say its format") as caught:
        FactReader(tmp_path / "events.xlsx")
    assert (caught.value.code, caught.value.hint) == ("format", "it is a spreadsheet: save the sheet as CSV")


def test_damaged_gzip_stops_with_the_line(tmp_path: Path) -> None:
    """Rows before the damage are read; then an error says after which line it lies."""
    rows = "".join(f"buy,ann,2026-01-31T12:00:00Z,e{i},{math.sqrt(i)}\n" for i in range(5000))
    path = write(tmp_path, HEAD + rows, "events.csv.gz")
    path.write_bytes(path.read_bytes()[:-2000])
    seen: list[object] = []
    with pytest.raises(SourceError, match="is damaged after line ") as caught:
        seen.extend(FactReader(path))
    assert caught.value.code == "damaged"
    assert 0 < len(seen) < 5000


# ---- positions, ids, time zones


def test_positions_count_all_rows_and_reading_goes_on_after_one(tmp_path: Path) -> None:
    """Reading after a position gives what was not read before it: bad rows count, empty lines do not."""
    rows = [GOOD.replace("e1", f"e{i}") if i % 3 else "bad\n\n" for i in range(20)]
    path = write(tmp_path, HEAD + "".join(rows))
    with FactReader(path) as reader:
        whole = list(reader)
    assert [position for position, _ in whole] == list(range(1, 21))
    for after in (0, 1, 7, 20, 99):
        with FactReader(path, after=after) as reader:
            assert list(reader) == whole[after:]


def test_rows_without_an_id_have_one_that_stays(tmp_path: Path) -> None:
    """Reading a file twice gives the same ids; equal rows at two lines, or in other files, are two facts."""
    row = "buy,ann,2026-01-31T12:00:00Z,,1\n"
    path = write(tmp_path, HEAD + row + row)
    first, _ = read(path)
    again, _ = read(path)
    other, _ = read(write(tmp_path, HEAD + row.replace(",1", ",2") + row, "other.csv"))
    assert first == again
    assert len({fact.id for fact in (*first, *other)}) == 4
    assert (first[0].id or "").startswith("events.csv:2:")


def test_files_of_one_name_do_not_meet(tmp_path: Path) -> None:
    """Two different rows at one line of two files of one name are two facts."""
    (tmp_path / "january").mkdir()
    (tmp_path / "february").mkdir()
    (january,), _ = read(write(tmp_path / "january", HEAD + "buy,ann,2026-01-31T12:00:00Z,,1\n"))
    (february,), _ = read(write(tmp_path / "february", HEAD + "buy,ann,2026-02-28T12:00:00Z,,1\n"))
    assert january.id != february.id


@pytest.mark.parametrize(
    ("text", "source", "instant"),
    [
        ("2026-07-01 12:00:00", Source(timezone="Europe/Berlin"), "2026-07-01T10:00:00Z"),
        ("2026-07-01", Source(timezone="Europe/Berlin"), "2026-06-30T22:00:00Z"),
        ("2026-07-01T12:00:00+00:00", Source(timezone="Europe/Berlin"), "2026-07-01T12:00:00Z"),
        ("2026-07-01 12:00:00.123456 UTC", Source(), "2026-07-01T12:00:00.123456Z"),
        ("1782907200", Source(timestamp_unit="s"), "2026-07-01T12:00:00Z"),
        ("1782907200.25", Source(timestamp_unit="s"), "2026-07-01T12:00:00.25Z"),
        ("1782907200123", Source(timestamp_unit="ms"), "2026-07-01T12:00:00.123Z"),
        ("1782907200000001", Source(timestamp_unit="us"), "2026-07-01T12:00:00.000001Z"),
    ],
)
def test_timestamps_are_read_as_they_are_said_to_be(tmp_path: Path, text: str, source: Source, instant: str) -> None:
    """A zone is put only where it is given and the text has no offset; numbers count from 1970."""
    (event,), rejected = read(write(tmp_path, f"type,profile_id,timestamp\nbuy,ann,{text}\n"), source)
    assert rejected == []
    assert event.timestamp == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("soon", Source(timestamp_unit="s")),
        ("9" * 18, Source(timestamp_unit="s")),
        ("1782907200", Source()),
        ("0001-01-01T00:00:00", Source(timezone="Asia/Tokyo")),
        ("0001-01-01", Source(timezone="Asia/Tokyo")),
        ("9999-12-31T23:59:00", Source(timezone="America/New_York")),
    ],
)
def test_a_timestamp_that_is_none_is_told(tmp_path: Path, text: str, source: Source) -> None:
    """What cannot be an instant is a bad row, also at the ends of time."""
    _, rejected = read(write(tmp_path, f"type,profile_id,timestamp\nbuy,ann,{text}\n"), source)
    assert codes(rejected) == [(2, "fact-timestamp")]


def test_a_declared_type_that_a_row_breaks_is_told(tmp_path: Path) -> None:
    """A value that is not as its column is declared rejects its row, and names the column; empty stays missing."""
    path = write(tmp_path, HEAD + GOOD + GOOD.replace(",1\n", ",\n") + GOOD.replace(",1\n", ",one\n"))
    facts, rejected = read(path, Source(types={"value": "number"}))
    assert [getattr(fact, "properties", None) for fact in facts] == [{"value": 1}, {}]
    assert [(r.line, r.code, r.reason) for r in rejected] == [(4, "type", "`value`: 'one' is no number")]


def test_progress_runs_from_none_to_all(tmp_path: Path) -> None:
    """Progress grows with the bytes read, and is 1 at the end."""
    path = write(tmp_path, HEAD + GOOD * 20_000)
    with FactReader(path) as reader:
        seen = [reader.progress or 0 for _ in reader]
    assert seen == sorted(seen)
    assert 0 < seen[0] < 0.5
    assert seen[-1] == 1
    assert reader.progress == 1


def test_a_large_file_is_read_without_being_held(tmp_path: Path) -> None:
    """The memory that reading takes does not grow with the file."""
    path = write(tmp_path, HEAD + GOOD * 30_000)
    tracemalloc.start()
    try:
        with FactReader(path) as reader:
            count = sum(not isinstance(item, Rejected) for _, item in reader)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 30_000
    assert peak < path.stat().st_size / 2


def test_clean_files_are_read_in_one_line(tmp_path: Path) -> None:
    """`read_facts` gives the facts alone, and raises at a bad row with its place."""
    path = write(tmp_path, HEAD + GOOD)
    assert list(read_facts(path)) == [Event("buy", "ann", NOON, {"value": 1}, id="e1")]
    path = write(tmp_path, HEAD + GOOD + "bad\n")
    with pytest.raises(SourceError, match=r"events\.csv, line 3: the row has 1 cell, and the header 5") as caught:
        list(read_facts(path))
    assert caught.value.code == "ragged"
