"""Facts as dicts, in the form of Segment's calls."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convgoals import CampaignReceipt, ConvgoalsError, Event, ProfileSnapshot, ProfileUpdate
from convgoals.errors import FactError
from convgoals.records import Fact
from convgoals.sources import Source, fact_from_dict, fact_to_dict
from source_files import codes, read, write

AT = "2026-01-31T12:00:00.000Z"


def _call(**fields: Any) -> dict[str, Any]:
    return {"userId": "ann", "timestamp": AT, "messageId": "m1", **fields}


@pytest.mark.parametrize(
    ("row", "fact"),
    [
        (
            _call(type="track", event="Order Completed", properties={"total": 5}),
            Event("Order Completed", "ann", AT, {"total": 5}, id="m1"),
        ),
        (
            _call(type="page", name="Pricing", category="Docs", properties={"url": "/pricing"}),
            Event("page", "ann", AT, {"name": "Pricing", "category": "Docs", "url": "/pricing"}, id="m1"),
        ),
        (_call(type="screen", name="Cart"), Event("screen", "ann", AT, {"name": "Cart"}, id="m1")),
        (
            _call(type="identify", traits={"plan": "pro", "trial": None}),
            ProfileUpdate("ann", AT, {"plan": "pro", "trial": None}, id="m1"),
        ),
        (_call(type="identify", segments=["vip"]), ProfileUpdate("ann", AT, {}, ("vip",), id="m1")),
        (
            _call(type="snapshot", traits={"plan": "pro"}, segments=["vip"]),
            ProfileSnapshot("ann", AT, {"plan": "pro"}, ("vip",), id="m1"),
        ),
        (_call(type="campaign", campaign="spring"), CampaignReceipt("spring", "ann", AT, id="m1")),
    ],
)
def test_each_call_is_its_fact(row: dict[str, Any], fact: Fact) -> None:
    """Every call that says something of a profile is a fact with its values."""
    assert fact_from_dict(row) == fact


@pytest.mark.parametrize(
    ("fields", "profile_id"),
    [
        ({"userId": "ann", "anonymousId": "a1"}, "ann"),
        ({"userId": None, "anonymousId": "a1"}, "a1"),
        ({"userId": "", "anonymousId": "a1"}, "a1"),
        ({"userId": 7}, "7"),
    ],
)
def test_the_profile_is_the_user_or_else_the_anonymous_one(fields: dict[str, Any], profile_id: str) -> None:
    """`userId` comes before `anonymousId`, and numbers for ids are taken as text."""
    assert fact_from_dict({"type": "track", "event": "x", "timestamp": AT, **fields}).profile_id == profile_id


@pytest.mark.parametrize(
    ("fields", "channel"),
    [
        ({"context": {"campaign": {"medium": "email", "source": "newsletter"}}}, "email"),
        ({"context": {"campaign": {"source": "newsletter"}}, "channel": "push"}, "newsletter"),
        ({"channel": "push"}, "push"),
        ({"channel": "server"}, None),
        ({"channel": ""}, None),
        ({"context": None}, None),
        ({"context": {"campaign": "spring"}}, None),
    ],
)
def test_the_channel_is_where_the_profile_came_from(fields: dict[str, Any], channel: str | None) -> None:
    """The campaign's medium or source is the channel; which library sent the call is none."""
    fact = fact_from_dict(_call(type="track", event="x", **fields))
    assert isinstance(fact, Event)
    assert fact.channel == channel


@pytest.mark.parametrize(
    ("row", "code", "hint"),
    [
        ({}, "fact-call", "one of track, page, screen, identify, snapshot, campaign"),
        (_call(type="trak"), "fact-call", "did you mean `track`?"),
        (_call(type=["track"]), "fact-call", "one of track, page, screen, identify, snapshot, campaign"),
        (_call(type="alias"), "fact-call", "merge the two profiles with engine.merge(anonymous_id, known_id)"),
        (_call(type="group"), "fact-call", "say what the profile gains by it with an `identify` call"),
        (_call(type="track"), "fact-name", '"event": "Order Completed"'),
        (_call(type="campaign"), "fact-name", '"campaign": "spring"'),
        ({"type": "track", "event": "x", "userID": "ann", "timestamp": AT}, "fact-profile", "did you mean `userID`?"),
        ({"type": "track", "event": "x", "userId": "ann"}, "fact-timestamp", '"timestamp": "2026-01-31T12:00:00Z"'),
        ({"type": "track", "event": "x", "userId": 10**5000, "timestamp": AT}, "fact-name", ""),
        (_call(type="track", event="x", properties=[1]), "fact-properties", ""),
        (_call(type="track", event=7), "fact-name", "str(an event's type) may do"),
        (_call(type="page", properties="url"), "fact-properties", ""),
        (_call(type="identify", segments="vip"), "fact-segments", '("vip",)'),
        ([1], "fact-call", ""),
    ],
)
def test_a_dict_that_is_no_fact_is_refused_with_a_repair(row: Any, code: str, hint: str) -> None:
    """What is wrong with a dict is told by a stable code, with the repair where there is one."""
    with pytest.raises(FactError) as caught:
        fact_from_dict(row)
    assert (caught.value.code, caught.value.hint) == (code, hint)


_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _text,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_text, below, max_size=3),
    max_leaves=6,
)
_name = _text.filter(bool)
_when = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  bounds are naive
_segments = st.lists(_name, max_size=3).map(tuple)
_properties = st.dictionaries(_name, _json, max_size=4)
FACTS = st.one_of(
    st.builds(Event, _name, _name, _when, _properties, st.none() | _name, st.none() | _name),
    st.builds(ProfileSnapshot, _name, _when, _properties, _segments, st.none() | _name),
    st.builds(ProfileUpdate, _name, _when, _properties, st.none() | _segments, st.none() | _name),
    st.builds(CampaignReceipt, _name, _name, _when, st.none() | _name, st.none() | _name),
)


@given(FACTS)
def test_facts_survive_being_dicts(fact: Fact) -> None:
    """The dict of a fact says the fact, for facts of every kind."""
    assert fact_from_dict(fact_to_dict(fact)) == fact


@given(st.lists(FACTS, max_size=5))
def test_facts_survive_a_file(tmp_path_factory: pytest.TempPathFactory, facts: list[Fact]) -> None:
    """Facts written as NDJSON are read as they were, floats as the decimals they stand for; all have ids afterwards."""
    lines = [json.dumps(fact_to_dict(fact)) for fact in facts]
    again, rejected = read(write(tmp_path_factory.getbasetemp(), "\n".join(lines), "facts.ndjson"))
    assert rejected == []
    assert len(again) == len(facts)
    for line, after in zip(lines, again, strict=True):
        assert fact_to_dict(after) == {"messageId": after.id, **json.loads(line, parse_float=Decimal)}


@given(
    st.dictionaries(st.sampled_from(["type", "userId", "timestamp", "event", "properties", "traits", "context"]), _json)
)
def test_no_dict_crashes_the_reading(row: dict[str, Any]) -> None:
    """Whatever JSON a dict holds, it is a fact or an error of the tree."""
    with suppress(FactError):
        fact_from_dict({"type": "track", **row})


# ---- NDJSON


def test_lines_of_calls_are_known_by_their_form(tmp_path: Path) -> None:
    """A file of NDJSON may hold calls and plain rows; `segment` and `ndjson` hold it to one."""
    call = json.dumps(_call(type="track", event="buy", properties={"value": 1.5}))
    plain = (
        '{"type": "buy", "profile_id": 7, "timestamp": "2026-01-31T12:00:00Z", "id": "p1", "value": 1.50, "x": null}'
    )
    path = write(tmp_path, f"{call}\n\n{plain}\n", "events.jsonl")
    facts, rejected = read(path)
    assert rejected == []
    assert facts == [
        Event("buy", "ann", AT, {"value": Decimal("1.5")}, id="m1"),
        Event("buy", "7", AT, {"value": Decimal("1.50"), "x": None}, id="p1"),
    ]
    assert codes(read(path, Source(format="segment"))[1]) == [(3, "fact-call")]
    assert codes(read(path, Source(format="ndjson"))[1]) == [(1, "missing")]
    assert [fact.id for fact in read(path, Source(format="ndjson", profile_id="userId", id="messageId"))[0]] == ["m1"]


def test_calls_without_an_id_have_one_that_stays(tmp_path: Path) -> None:
    """A call without `messageId` has the same id whenever its file is read."""
    call = json.dumps(_call(type="track", event="buy", messageId=""))
    path = write(tmp_path, f"{call}\n{call}\n", "events.ndjson.gz")
    first, again = read(path)[0], read(path)[0]
    assert first == again
    assert first[0].id != first[1].id
    assert (first[0].id or "").startswith("events.ndjson:1:")


def test_bad_lines_are_told_and_cost_no_other(tmp_path: Path) -> None:
    """What is no object, no JSON, too long, too deep or no text is one bad row each."""
    good = json.dumps(_call(type="track", event="buy")).encode()
    lines = [
        good,
        b"{",
        b"7",
        b'{"a": NaN}',
        b'{"a": "\xff"}',
        b'{"a": "\0"}',
        b'{"a": ' + b"[" * 2000 + b"]" * 2000 + b"}",
        b'{"a": "' + b"x" * 1_100_000 + b'"}',
        json.dumps(_call(type="alias")).encode(),
        good,
    ]
    facts, rejected = read(write(tmp_path, b"\n".join(lines), "events.ndjson"))
    assert [type(fact) for fact in facts] == [Event, Event]
    expected = ["json", "json", "nan", "encoding", "nul", "too-deep", "too-long", "fact-call"]
    assert codes(rejected) == list(enumerate(expected, start=2))
    assert rejected[-1].reason.endswith("merge the two profiles with engine.merge(anonymous_id, known_id)")


@pytest.mark.parametrize(("text", "command"), [("[\n{}\n]", "jq -c '.[]' "), ('{\n"a": 1\n}', "jq -c . ")])
def test_json_that_is_not_lines_is_refused_with_the_repair(tmp_path: Path, text: str, command: str) -> None:
    """A JSON array or an indented object is one error, with the command that makes lines of it."""
    path = write(tmp_path, text, "events.json")
    with pytest.raises(ConvgoalsError, match="not one object a line") as caught:
        read(path)
    assert caught.value.hint == f"{command}{path}"


def test_times_are_read_to_the_microsecond(tmp_path: Path) -> None:
    """Nothing of a timestamp is lost on the way."""
    row = json.dumps(_call(type="track", event="x", timestamp="2026-01-31T12:00:00.000001+01:00"))
    (fact,), _ = read(write(tmp_path, row, "events.json"))
    assert fact.timestamp == datetime(2026, 1, 31, 11, tzinfo=UTC) + timedelta(microseconds=1)
