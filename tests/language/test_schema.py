"""Schemas: where they come from, and all that they find wrong with a goal before any data arrives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from convgoals.errors import GoalDefinitionError, GoalTypeError
from convgoals.goals import Goal
from convgoals.language import ast
from convgoals.language.condition import Condition, parse
from convgoals.language.schema import Schema
from convgoals.testing.strategies import conditions

SHOP = Schema(
    events={
        "purchase": {
            "order_id": "text",
            "order_value": "number",
            "currency": ["USD", "EUR"],
            "tier": [1, 2],
            "items": {"type": "list", "items": "text"},
            "address": {"country": "text"},
            "paid_at": "datetime",
            "gift": "boolean",
        },
        "login": {},
        "page_visit": "any",
    },
    profile={"plan": "text", "signup_at": "datetime", "age": "integer", "tags": "list"},
    segments=["vip", "staff"],
    campaigns=("spring-launch", "autumn"),
)

FOUND = {
    # unknown names
    "event purchse": ("unknown-event", "purchse", "did you mean `purchase`?"),
    'event "Purchase Done" or event login': ("unknown-event", "Purchase Done", "did you mean `purchase`?"),
    "event x": ("unknown-event", "x", "known are: login, page_visit, purchase"),
    "event login not followed within 1 day by event purchse": ("unknown-event", "purchse", "did you mean `purchase`?"),
    "event login followed by event purchase without event logn": ("unknown-event", "logn", "did you mean `login`?"),
    "event login within 1 day of first event purchse": ("unknown-event", "purchse", "did you mean `purchase`?"),
    "count(event purchse) > 1": ("unknown-event", "purchse", "did you mean `purchase`?"),
    "event purchase where order_valu > 5": ("unknown-property", "order_valu", "did you mean `order_value`?"),
    'event purchase where address.contry = "x"': (
        "unknown-property", "address.contry", "did you mean `address.country`?",
    ),
    "event purchase where order_id.x = 3": ("unknown-property", "order_id.x", ""),
    "event login where x = 1": ("unknown-property", "x", ""),
    'profile.plam = "pro"': ("unknown-property", "profile.plam", "did you mean `profile.plan`?"),
    "sum(order_valu of event purchase) > 5": ("unknown-property", "order_valu", "did you mean `order_value`?"),
    "event login within 1 day of profile.sigup_at": (
        "unknown-property", "profile.sigup_at", "did you mean `profile.signup_at`?",
    ),
    "event purchase followed by event purchase with same order_d": (
        "unknown-property", "order_d", "did you mean `order_id`?",
    ),
    'profile.plam changes to "pro"': ("unknown-property", "profile.plam", "did you mean `profile.plan`?"),
    "event login and in segment vpi": ("unknown-segment", "vpi", "did you mean `vip`?"),
    "campaign spring received": ("unknown-campaign", "spring", "did you mean `spring-launch`?"),
    "event login within 1 day of campaign summer received": (
        "unknown-campaign", "summer", "known are: autumn, spring-launch",
    ),
    # mixed-up owners
    'event purchase where plan = "pro"': ("wrong-owner", "plan", "profile.plan"),
    "event login and profile.order_value > 3": (
        "wrong-owner", "profile.order_value", "event purchase where order_value …",
    ),
    "profile.address.country is set": (
        "wrong-owner", "profile.address.country", "event purchase where address.country …",
    ),
    # comparisons that no declared value passes
    'event purchase where order_value > "50"': ("wrong-type", 'order_value > "50"', "without quotes: 50"),
    'event purchase where order_value = "many"': ("wrong-type", 'order_value = "many"', ""),
    "event purchase where order_id = 5": ("wrong-type", "order_id = 5", 'in quotes: "5"'),
    'event purchase where gift = "true"': ("wrong-type", 'gift = "true"', "without quotes: true"),
    'event purchase where paid_at > "2026-01-01"': (
        "wrong-type", 'paid_at > "2026-01-01"', "without quotes: 2026-01-01",
    ),
    'event purchase where paid_at > "soon"': ("wrong-type", 'paid_at > "soon"', "a date, such as 2026-01-31"),
    "event purchase where order_value > 2026-01-01": ("wrong-type", "order_value > 2026-01-01", ""),
    "event purchase where order_value > currency": ("wrong-type", "order_value > currency", ""),
    "event purchase where order_value > profile.plan": ("wrong-type", "order_value > profile.plan", ""),
    "event purchase where gift > paid_at": ("wrong-type", "gift > paid_at", ""),
    "event purchase where order_value between order_id and 9": ("wrong-type", "order_id", ""),
    'event purchase where order_id in ("a", 5)': ("wrong-type", "5", 'in quotes: "5"'),
    'event purchase where lower(order_value) = "x"': ("wrong-type", "order_value", ""),
    "event purchase where length(order_value) = 3": ("wrong-type", "order_value", ""),
    "event purchase where order_value + order_id > 3": ("wrong-type", "order_id", ""),
    "sum(order_id of event purchase) > 3": ("wrong-type", "order_id", ""),
    'event purchase where order_value contains "a"': ("wrong-type", "order_value", ""),
    'event purchase where order_value starts with "a"': ("wrong-type", "order_value", ""),
    'event purchase where items starts with "a"': ("wrong-type", "items", ""),
    "event purchase where order_id contains 5": ("wrong-type", "5", ""),
    "event purchase where items contains 5": ("wrong-type", "items contains 5", 'in quotes: "5"'),
    'event purchase where order_value matches "a"': ("wrong-type", "order_value", ""),
    "event login within 1 day of profile.age": ("wrong-type", "profile.age", ""),
    "profile.plan changes to 5": ("wrong-type", "5", 'in quotes: "5"'),
    # values outside a declared set
    'event purchase where currency = "USDD"': ("unknown-value", '"USDD"', "did you mean `USD`?"),
    'event purchase where currency in ("USD", "GBP")': ("unknown-value", '"GBP"', 'it is one of: "USD", "EUR"'),
    "event purchase where tier = 3": ("unknown-value", "3", "it is one of: 1, 2"),
    'event purchase where "GBP" = currency': ("unknown-value", '"GBP"', 'it is one of: "USD", "EUR"'),
}  # fmt: skip

FINE = (
    'event purchase where (order_value > 50 and currency in ("USD", "EUR") and tier = 2 and gift = true)',
    'event purchase where (items contains "a" and length(items) > 1 and length(order_id) = 8)',
    'event purchase where (paid_at >= 2026-01-01 and paid_at < profile.signup_at and address.country = "DE")',
    "event purchase where order_id = 2026-01-01",
    'event page_visit where (anything > 3 or anything = "x")',
    "event login and profile.tags contains 5 and profile.age between 18 and 30.5",
    "distinct(order_id of event purchase in last 30 days) > 3 and in segment vip",
    "event purchase followed within 1 day by event purchase with same order_id",
    "event purchase within 7 days of campaign autumn received",
    "event purchase within 7 days of profile.signup_at",
    'event purchase where (currency != "USD" and order_id is set and order_id matches "^A")',
)  # fmt: skip


@pytest.mark.parametrize("text", FOUND)
def test_what_a_schema_rules_out_is_found(text: str) -> None:
    """Each mistake has its code, the span of exactly the words that are wrong, and its repair."""
    code, words, hint = FOUND[text]
    with pytest.raises(GoalTypeError) as caught:
        SHOP.check(parse(text))
    (problem,) = caught.value.problems
    assert problem.span is not None
    assert (problem.code, text[problem.span.start : problem.span.end], problem.hint) == (code, words, hint)


@pytest.mark.parametrize("text", FINE)
def test_what_a_schema_allows_is_taken(text: str) -> None:
    """A goal that fits the declarations has no problem."""
    SHOP.check(parse(text))
    assert SHOP.problems(parse(text)) == ()


def test_all_problems_come_in_one_go() -> None:
    """One error carries all findings, in the order of the text, and shows each with its place."""
    text = 'event purchse or event purchase where (plan = "x" and order_value > "5") or in segment vpi'
    with pytest.raises(GoalTypeError) as caught:
        SHOP.check(parse(text))
    assert [problem.code for problem in caught.value.problems] == [
        "unknown-event",
        "wrong-owner",
        "wrong-type",
        "unknown-segment",
    ]
    places = [problem.column for problem in caught.value.problems]
    assert places == sorted(places, key=lambda column: column or 0)
    assert str(caught.value).count("^") > 4


def test_what_is_not_declared_is_not_checked() -> None:
    """A schema of events alone says nothing about profiles, segments and campaigns; an empty one nothing at all."""
    events = Schema(events=["login"])
    events.check(parse("event login where x = 1 and profile.any = 1 and in segment any or campaign any received"))
    with pytest.raises(GoalTypeError):
        events.check(parse("event purchase"))
    Schema().check(parse("event whatever where x = 1"))


@settings(max_examples=100)
@given(conditions())
def test_any_condition_can_be_checked(root: ast.Condition) -> None:
    """Whatever the condition, its problems have places in its text; an empty schema knows types of expressions only."""
    condition = Condition(root)
    text = str(condition)
    assert {problem.code for problem in Schema().problems(condition)} <= {"wrong-type"}
    for problem in SHOP.problems(condition):
        assert problem.span is not None
        assert 0 <= problem.span.start < problem.span.end <= len(text)
        assert problem.text == text


# ---- goals


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ({"campaign": "sprng-launch"}, "unknown-campaign", 'the schema has no campaign "sprng-launch"'),
        ({"value": "order_valu"}, "unknown-property", "value: no event of the condition has a property `order_valu`"),
        ({"value": "currency"}, "wrong-type", 'value="currency" is text, and a value is a number'),
        ({"count": "once per ordr"}, "unknown-property", "count: no event of the condition has a property `ordr`"),
    ],
)  # fmt: skip
def test_a_goals_attributes_are_checked(arguments: dict[str, Any], code: str, message: str) -> None:
    """Of a goal, its campaign, its value and the property that its counting names are checked too."""
    goal = Goal("Purchase", "event purchase", **arguments)
    (problem,) = SHOP.problems(goal)
    assert (problem.code, problem.message, problem.span) == (code, message, None)
    assert SHOP.problems(goal.condition) == ()


def test_a_goal_that_fits_is_taken() -> None:
    """A goal whose attributes fit has no problem, and its own window is checked with it."""
    SHOP.check(Goal("a", "event purchase", campaign="autumn", value="order_value", count="once per order_id"))
    (problem,) = SHOP.problems(Goal("b", "event purchase", within="7 days of first event logn"))
    assert problem.code == "unknown-event"


# ---- where schemas come from

DECLARED: dict[str, Any] = {
    "events": {"purchase": {"order_value": "number", "currency": ["USD", "EUR"], "address": {"country": "text"}}},
    "profile": {"plan": "text"},
    "segments": ["vip"],
    "campaigns": ["spring"],
}

TOML = """
[schema]
segments = ["vip"]
campaigns = ["spring"]
[schema.events.purchase]
order_value = "number"
currency = ["USD", "EUR"]
address = { country = "text" }
[schema.profile]
plan = "text"
"""

PLAIN = {
    "$defs": {"currency": {"enum": ["USD", "EUR", None]}},
    "events": {
        "purchase": {
            "type": "object",
            "properties": {
                "order_value": {"type": ["number", "null"]},
                "currency": {"$ref": "#/$defs/currency"},
                "address": {"type": "object", "properties": {"country": {"type": "string"}}},
            },
        }
    },
    "profile": {"type": "object", "properties": {"plan": {"type": "string"}}},
    "segments": ["vip"],
    "campaigns": ["spring"],
}

PURCHASE = {
    "type": "object",
    "properties": {"properties": PLAIN["events"]["purchase"], "context": {"type": "object"}},  # type: ignore[index]
}
IDENTIFY = {"type": "object", "properties": {"traits": PLAIN["profile"]}}
PROTOCOLS = {
    "$defs": PLAIN["$defs"],
    "rules": {"events": [{"name": "purchase", "rules": PURCHASE}], "identify": IDENTIFY},
}
PUBLIC = {
    "$defs": PLAIN["$defs"],
    "rules": [
        {"type": "TRACK", "key": "purchase", "jsonSchema": PURCHASE},
        {"type": "IDENTIFY", "jsonSchema": IDENTIFY},
        {"type": "GROUP", "jsonSchema": {}},
    ],
}


def test_toml_and_python_declare_the_same(tmp_path: Path) -> None:
    """The ``[schema]`` table of a ``goals.toml``, or a file of its own, says what the arguments say."""
    path = tmp_path / "goals.toml"
    path.write_text(TOML, encoding="utf-8")
    own = tmp_path / "schema.toml"
    own.write_text(TOML.replace("[schema]\n", "").replace("schema.", ""), encoding="utf-8")
    assert Schema.from_toml(path) == Schema.from_toml(str(own)) == Schema(**DECLARED)
    assert Schema.from_toml({"schema": DECLARED}) == Schema(**DECLARED)


def test_a_plain_tracking_plan_is_read(tmp_path: Path) -> None:
    """A JSON Schema for each event, from a file or a document, says what the arguments say."""
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAIN), encoding="utf-8")
    assert Schema.from_json_schema(path) == Schema.from_json_schema(PLAIN) == Schema(**DECLARED)


@pytest.mark.parametrize("plan", [PROTOCOLS, PUBLIC], ids=["protocols", "public-api"])
def test_a_segment_plan_is_read(plan: dict[str, Any]) -> None:
    """Segment keeps an event's properties in an envelope, and the profile's as the traits of an identify call."""
    schema = Schema.from_json_schema(plan)
    assert schema.events == Schema(**DECLARED).events
    assert schema.profile == Schema(**DECLARED).profile
    assert schema.segments is None


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        ({"type": "string"}, 'x = "a"', "x = 1"),
        ({"type": "integer"}, "x = 1", 'x = "a"'),
        ({"type": "boolean"}, "x = true", "x = 1"),
        ({"type": "string", "format": "date-time"}, "x > 2026-01-01", "x > 1"),
        ({"type": "array", "items": {"type": "number"}}, "x contains 1", 'x contains "a"'),
        ({"type": ["string", "number", "null"]}, "x > 1", "x = true"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "x > 1", 'x > "a"'),
        ({"oneOf": [{"const": "a"}, {"enum": ["b"]}]}, 'x in ("a", "b")', 'x = "c"'),
        ({"const": 5}, "x = 5", "x = 6"),
        ({"type": "object", "properties": {"y": {"type": "number"}}}, "x.y = 5", "x.z = 5"),
        ({"type": "object", "allOf": [{"properties": {"y": {}}}], "properties": {}}, "x.y = 5", "x.z = 5"),
    ],
)  # fmt: skip
def test_json_schema_types_are_understood(declared: dict[str, Any], good: str, bad: str) -> None:
    """Each form of a JSON Schema allows what it says and rules out the rest."""
    schema = Schema.from_json_schema({"events": {"e": {"properties": {"x": declared}}}})
    schema.check(parse(f"event e where {good}"))
    with pytest.raises(GoalTypeError):
        schema.check(parse(f"event e where {bad}"))


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": "object"},
        {"properties": {"y": {}}, "additionalProperties": True},
        {"properties": {"x": {}}},
        {"properties": {"x": {"patternProperties": {}}}},
        {"allOf": [{"properties": {"y": {}}}, {"additionalProperties": {"type": "string"}}]},
    ],
)
def test_what_json_schema_leaves_open_is_open(event: dict[str, Any]) -> None:
    """An event without declared properties, an open one, and a property of unknown type allow anything."""
    Schema.from_json_schema({"events": {"e": event}}).check(parse('event e where (x > 1 or x = "a" or x.y = true)'))


def test_a_json_schema_may_refer_to_itself() -> None:
    """A recursive definition is read: what it holds of itself allows anything."""
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}, "size": {"type": "number"}}}
    schema = Schema.from_json_schema(
        {"$defs": {"tree": tree}, "events": {"e": {"properties": {"t": {"$ref": "#/$defs/tree"}}}}}
    )
    schema.check(parse("event e where (t.size > 1 and t.left.left.size > 1)"))
    with pytest.raises(GoalTypeError):
        schema.check(parse("event e where t.sise > 1"))


def _deep(levels: int) -> Any:
    short: Any = "text"
    for _ in range(levels):
        short = {"x": short}
    return short


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        ({"events": {"a": {"x": "nubmer"}}}, "events.a.x: there is no type 'nubmer'"),
        ({"events": {"a": 5}}, "events.a: properties are a table of names and types"),
        ({"events": {"a": {"x": 5}}}, "events.a.x: 5 is no type"),
        ({"events": {"a": {"x": []}}}, "events.a.x: the values that a property may have"),
        ({"events": {"a": {"x": [None]}}}, "events.a.x: None is no text, number or boolean"),
        ({"events": {"a": {"x": {"type": "number", "values": ["a"]}}}}, "events.a.x: its values are text"),
        ({"events": {5: {}}}, "events: an event's type is text, not 5"),
        ({"events": "purchase"}, "events: several names are needed here, not 'purchase'"),
        ({"profile": {"": "text"}}, "profile: a property's name is text"),
        ({"profile": _deep(30)}, "profile.x.x.x"),
        ({"segments": "vip"}, "segments: several names are needed here, not 'vip'"),
        ({"campaigns": [5]}, "campaigns: a name is text, not 5"),
    ],
)
def test_a_wrong_declaration_is_refused(arguments: dict[str, Any], start: str) -> None:
    """The error says which part of the schema is wrong."""
    with pytest.raises(GoalDefinitionError) as caught:
        Schema(**arguments)
    assert caught.value.code == "schema"
    assert caught.value.message.startswith(start)


@pytest.mark.parametrize(
    ("document", "start"),
    [
        ({}, "$: there are neither `events` nor `rules`"),
        ({"events": {"e": 5}}, "$.events.e: a JSON Schema is an object"),
        ({"events": {"e": {"properties": 5}}}, "$.events.e: `properties` is an object"),
        ({"events": {"e": {"properties": {"x": 5}}}}, "$.events.e.x: a JSON Schema is an object"),
        ({"events": {"e": {"$ref": "#/nowhere"}}}, "$.events.e: `$ref` '#/nowhere' leads nowhere"),
        ({"events": {"e": {"$ref": "other.json"}}}, "$.events.e: `$ref` 'other.json' leads out of the document"),
        ({"events": {"e": {"$ref": "#/events/e"}}}, "$.events.e: its `$ref` leads nowhere"),
        ({"rules": 5}, "$.rules: `rules` holds a list of `events`"),
        ({"rules": [5]}, "$.rules[0]: a rule has a `type`"),
        ({"rules": {"events": [{}]}}, "$.rules.events[0]: an event has a `name`"),
    ],
)
def test_a_wrong_plan_is_refused(document: Any, start: str) -> None:
    """The error says where in the plan."""
    with pytest.raises(GoalDefinitionError) as caught:
        Schema.from_json_schema(document)
    assert caught.value.code == "schema"
    assert caught.value.message.startswith(start)


def test_a_deep_plan_is_refused() -> None:
    """Properties nested without end are an error, not a crash."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(500):
        schema = {"type": "object", "properties": {"x": schema}}
    with pytest.raises(GoalDefinitionError, match="nested more than 20 deep"):
        Schema.from_json_schema({"events": {"e": schema}})


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is not JSON, or holds no object, is an error of the tree; so is one that is not there."""
    path = tmp_path / "plan.json"
    path.write_text(text, encoding="utf-8")
    for read in (Schema.from_json_schema, Schema.from_toml):
        with pytest.raises(GoalDefinitionError) as caught:
            read(path)
        assert caught.value.code == "schema"
    with pytest.raises(GoalDefinitionError, match=r"nowhere\.json"):
        Schema.from_json_schema(tmp_path / "nowhere.json")


def test_an_unknown_key_is_refused() -> None:
    """A misspelt table is not silently ignored."""
    with pytest.raises(GoalDefinitionError, match="there is no `event`") as caught:
        Schema.from_toml({"schema": {"event": {}}})
    assert caught.value.hint == "did you mean `events`?"
