"""Which columns say what: options and `[source]` tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import convgoals.sources
from convgoals.errors import SourceError
from convgoals.sources import Rejected, RejectsFile, Source, load_sources, read_sources


def test_a_lone_table_is_the_source_of_events() -> None:
    """`[source]` without a name is the source `events`, also where it holds tables of its own."""
    assert read_sources({"source": {"type": "event"}}) == {"events": Source(type="event")}
    assert read_sources({"source": {"types": {"zip": "text"}}}) == {"events": Source(types={"zip": "text"})}
    assert read_sources({}) == {}


def test_files_of_named_sources_stand_beside_the_goals(tmp_path: Path) -> None:
    """`[source.NAME]` tables are several sources, and their files are looked for from the TOML's folder."""
    path = tmp_path / "goals.toml"
    path.write_text(
        "[source.orders]\n"
        'file = "data/orders.csv"\n'
        'fixed = { type = "order", timestamp = 2026-01-31T12:00:00Z }\n'
        'properties = ["total"]\n'
        "[source.people]\n"
        'kind = "snapshots"\n'
    )
    sources = load_sources(path)
    assert list(sources) == ["orders", "people"]
    assert sources["orders"].file == str(tmp_path / "data/orders.csv")
    assert sources["orders"].properties == ("total",)
    assert sources["people"] == Source(kind="snapshots")


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"kind": "event"}, "kind='event' is none of events, snapshots, updates, receipts", "did you mean `events`?"),
        ({"format": 7}, "format=7 is none of auto, csv, ndjson, segment, parquet", ""),
        ({"timestamp_unit": "sec"}, "timestamp_unit='sec' is none of iso, s, ms, us", ""),
        ({"profile_id": ""}, "profile_id='' is no name of a column", None),
        ({"channel": 7}, "channel=7 is no name of a column", None),
        ({"properties": "plan"}, "properties='plan' is no list of columns", '["plan"]'),
        ({"properties": 7}, "properties=7 is no list of columns", '["plan"]'),
        ({"types": "text"}, "types='text' is no table", 'types = { zip = "text" }'),
        ({"types": {"zip": "str"}}, "types: 'zip' is of no type 'str'", "one of auto, text, number, boolean, json"),
        ({"fixed": ["type"]}, "fixed=['type'] is no table", 'fixed = { type = "sale" }'),
        ({"fixed": {"chanel": "x"}}, "fixed: `chanel` cannot be the same for all rows", "did you mean `channel`?"),
        ({"fixed": {"id": "x"}}, "fixed: `id` cannot be the same for all rows", None),
        ({"fixed": {"type": ""}}, "fixed: type='' is no type", ""),
        ({"fixed": {"type": 7}}, "fixed: type=7 is no type", ""),
        ({"type": "a", "fixed": {"type": "b"}}, "`type` is both fixed and said by the column 'a'", ""),
        ({"timezone": "Mars/Base"}, "timezone='Mars/Base' is no time zone", None),
        ({"timezone": 7}, "timezone=7 is no time zone", None),
        ({"delimiter": "||"}, "delimiter='||' is no single character", 'such as ";"'),
        ({"delimiter": '"'}, "delimiter='\"' is no single character", 'such as ";"'),
    ],
)
def test_wrong_options_are_refused_with_a_repair(options: dict[str, Any], message: str, hint: str | None) -> None:
    """A wrong option is told where it stands, in code and in TOML."""
    with pytest.raises(SourceError) as caught:
        Source(**options)
    assert (caught.value.message, caught.value.code) == (message, "source-option")
    assert hint is None or caught.value.hint == hint
    with pytest.raises(SourceError) as caught:
        read_sources({"source": {"x": options}}, "goals.toml")
    assert caught.value.message == f"goals.toml: [source.x]: {message}"


@pytest.mark.parametrize(
    ("document", "message", "hint"),
    [
        ({"source": [1]}, "goals.toml: sources stand in tables", "[source] or [source.NAME]"),
        ({"source": {"tipe": "x"}}, "goals.toml: [source] has an unknown key `tipe`", "did you mean `type`?"),
        ({"source": {"e": {"colour": "x"}}}, "goals.toml: [source.e] has an unknown key `colour`", None),
    ],
)
def test_wrong_tables_are_refused_with_a_repair(document: dict[str, Any], message: str, hint: str | None) -> None:
    """A table of no form that is known is told with its name."""
    with pytest.raises(SourceError) as caught:
        read_sources(document)
    assert caught.value.message == message
    assert hint is None or caught.value.hint == hint


# ---- rejected rows


def test_rejected_rows_are_lines_of_json(tmp_path: Path) -> None:
    """The sink holds one object a row; without a bad row there is no file."""
    path = tmp_path / "rejects.ndjson"
    with RejectsFile(path) as sink:
        assert not path.exists()
        sink.write(Rejected("events.csv", 7, "ragged", "the row has 1 cell, and the header 2", "é\udcff\ud800"))
        sink.write(Rejected("events.csv", 8, "nan", "…", {"a": "x" * 11_000}))
    first, second = path.read_text(encoding="utf-8").splitlines()
    assert first == (
        '{"file": "events.csv", "line": 7, "code": "ragged", '
        '"reason": "the row has 1 cell, and the header 2", "row": "é\\\\xff\\\\ud800"}'
    )
    assert second.endswith('… (+1,009 characters)"}')
    assert sink.count == 2


def test_a_sink_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A path that takes no file is an error of the tree."""
    with (
        RejectsFile(tmp_path / "no" / "folder") as sink,
        pytest.raises(SourceError, match="cannot be written") as caught,
    ):
        sink.write(Rejected("events.csv", 7, "ragged", "…", ""))
    assert caught.value.code == "rejects"


def test_every_name_of_the_room_is_there() -> None:
    """All names that the room offers can be had, and no other."""
    for name in convgoals.sources.__all__:
        assert getattr(convgoals.sources, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        convgoals.sources.nothing  # noqa: B018
