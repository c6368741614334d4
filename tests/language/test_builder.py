"""The JSON form of conditions: it fits its published schema, reads back as the same condition, and trusts nothing."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals.errors import GoalDefinitionError, GoalError, GoalTypeError
from convgoals.language import ast
from convgoals.language.builder import json_schema, node_from_dict, node_to_dict
from convgoals.language.condition import Condition, parse
from convgoals.language.format import format_node
from convgoals.testing.strategies import conditions

VALIDATOR = jsonschema.Draft202012Validator(json_schema())

FORMS = {
    'event purchase where (order_value > 50 and currency in ("USD", "EUR"))': {
        "type": "event",
        "event": "purchase",
        "where": {
            "type": "and",
            "terms": [
                {
                    "type": "compare",
                    "operator": ">",
                    "left": {"type": "property", "owner": "event", "path": ["order_value"]},
                    "right": {"type": "number", "value": 50},
                },
                {
                    "type": "in",
                    "value": {"type": "property", "owner": "event", "path": ["currency"]},
                    "options": [{"type": "text", "value": "USD"}, {"type": "text", "value": "EUR"}],
                },
            ],
        },
    },
    "event a within 1 day 12 hours of first event b": {
        "type": "window",
        "condition": {"type": "event", "event": "a"},
        "duration": {"days": 1, "hours": 12},
        "anchor": {"type": "occurrence_anchor", "which": "first", "occurrence": {"type": "event", "event": "b"}},
    },
    "sum(price of event a in last 7 days) >= 0.10": {
        "type": "compare",
        "operator": ">=",
        "left": {
            "type": "aggregate",
            "function": "sum",
            "of": {"type": "event", "event": "a"},
            "value": {"type": "property", "owner": "event", "path": ["price"]},
            "in_last": {"days": 7},
        },
        "right": {"type": "number", "value": "0.1"},
    },
    'profile.plan changes from "free" and not in segment "staff"': {
        "type": "and",
        "terms": [
            {"type": "change", "path": ["plan"], "from": {"type": "text", "value": "free"}},
            {"type": "not", "term": {"type": "in_segment", "segment": "staff"}},
        ],
    },
    "event a followed within 2 days by event b with same id without event c not followed within 1 day by event d": {
        "type": "chain",
        "first": {"type": "event", "event": "a"},
        "links": [
            {
                "type": "followed_by",
                "occurrence": {"type": "event", "event": "b"},
                "within": {"days": 2},
                "same": ["id"],
                "without": {"type": "event", "event": "c"},
            }
        ],
        "absence": {"type": "not_followed_by", "occurrence": {"type": "event", "event": "d"}, "within": {"days": 1}},
    },
}  # fmt: skip


@pytest.mark.parametrize("text", FORMS)
def test_the_form_is_stable(text: str) -> None:
    """Pages and stored goals rely on these objects, key for key."""
    assert parse(text).to_dict() == FORMS[text]
    assert Condition.from_dict(FORMS[text]) == parse(text)


def test_the_published_schema_is_a_json_schema() -> None:
    """It is valid draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(json_schema())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions())
def test_every_condition_fits_the_schema_and_reads_back(root: ast.Condition) -> None:
    """For any condition c: to_dict(c) is JSON, fits the schema, and from_dict(to_dict(c)) == c."""
    written = Condition(root).to_dict()
    through = json.loads(json.dumps(written))
    assert through == written
    VALIDATOR.validate(through)
    assert Condition.from_dict(through).root == root


ALL_TYPES = (
    *FORMS,
    "event a in last 3 days",
    "(event a or campaign x received) between 2026-01-01 and 2026-02-01T12:00Z",
    '(lower(profile.a) = "x" and profile.b between 1 and 2) for 1 month',
    'event a where (x is set and (not y matches "u" or z + 1 = length(w)) and v = true) within 1 hour of profile.p',
)


def _types(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["type"]} if isinstance(value.get("type"), str) else set()
        return own.union(*map(_types, value.values()))
    return set().union(*map(_types, value)) if isinstance(value, list) else set()


def test_every_type_is_published() -> None:
    """The types that conditions have, taken together, are those that the schema defines."""
    written = set().union(*(_types(parse(text).to_dict()) for text in ALL_TYPES))
    definitions = json_schema()["$defs"].values()
    published = {
        each["properties"]["type"]["const"]
        for each in definitions
        if "const" in each.get("properties", {}).get("type", {})
    }
    assert written == published


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("event a where x = 9007199254740991", 9007199254740991),
        ("event a where x = 9007199254740992", "9007199254740992"),
        ("event a where x = 0.1", "0.1"),
        ("event a where x = -2.50", "-2.5"),
        ("event a where x = 0.1234567890123456789012345678901234567", "0.1234567890123456789012345678901234567"),
    ],
)
def test_numbers_stay_exact(text: str, value: object) -> None:
    """An integer that JavaScript keeps is a number, every other number is decimal text."""
    written = parse(text).to_dict()
    assert written["where"]["right"] == {"type": "number", "value": value}
    assert Condition.from_dict(written) == parse(text)


def test_a_float_is_its_shortest_decimal() -> None:
    """A page may send 0.1 as a JSON number: it is one tenth, not its binary neighbour."""
    data = parse("event a where x = 1").to_dict()
    data["where"]["right"]["value"] = 0.1
    assert str(Condition.from_dict(data)) == "event a where x = 0.1"


EVENT: dict[str, Any] = {"type": "event", "event": "a"}


def _nested(depth: int) -> dict[str, Any]:
    data = EVENT
    for _ in range(depth):
        data = {"type": "not", "term": data}
    return data


def _shared(levels: int) -> dict[str, Any]:
    data = EVENT
    for _ in range(levels):
        data = {"type": "and", "terms": [data, {"type": "or", "terms": [data, data]}]}
    return data


def _cyclic() -> dict[str, Any]:
    data: dict[str, Any] = {"type": "not"}
    data["term"] = data
    return data


def _at(text: str, value: object, *keys: str) -> dict[str, Any]:
    """The JSON of *text* with *value* at the end of *keys*; without it for ``...``."""
    data = holder = copy.deepcopy(parse(text).to_dict())
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    if value is ...:
        del holder[keys[-1]]
    return data


VALUE = "$.where.right.value"


def _value(value: object) -> dict[str, Any]:
    return _at("event a where x = 1", value, "where", "right", "value")


def _date(value: object) -> dict[str, Any]:
    return _at("event a where x = 2026-01-31", value, "where", "right", "value")


@pytest.mark.parametrize(
    ("data", "code", "start"),
    [
        (None, "json", "$: an object is needed here, not None"),
        ([], "json", "$: an object is needed here, not an array"),
        ({}, "json", "$: `type` is missing"),
        ({"type": "evnt", "event": "a"}, "json", "$.type: 'evnt' is no condition"),
        ({"type": 5}, "json", "$.type: 5 is no condition"),
        ({"type": "text", "value": "a"}, "json", "$.type: 'text' is no condition"),
        ({"type": "event"}, "json", "$: `event` is missing"),
        ({"type": "event", "event": ""}, "empty-name", "$.event: a name cannot be empty"),
        ({"type": "event", "event": 5}, "json", "$.event: text is needed here, not 5"),
        ({"type": "event", "event": "a" * 1001}, "too-long", "$.event: 1,001 characters"),
        ({"type": "event", "event": "\ud800"}, "surrogate", "$.event: the text holds half"),
        ({"type": "event", "event": "a", "wher": EVENT}, "json", "$: there is no 'wher' here"),
        ({"type": "event", "event": "a", "where": EVENT}, "json", "$.where.type: 'event' is no part of a filter"),
        ({"type": "and", "terms": [EVENT]}, "json", "$.terms: 1 items"),
        ({"type": "and", "terms": "ab"}, "json", "$.terms: an array is needed here, not 'ab'"),
        ({"type": "and", "terms": [EVENT, 5]}, "json", "$.terms[1]: an object is needed here, not 5"),
        ({"type": "chain", "first": EVENT}, "json", "$: a chain needs a link"),
        ({"type": "chain", "first": EVENT, "links": []}, "json", "$: a chain needs a link"),
        (_nested(100), "too-deep", "$: the condition is nested more than 60 deep"),
        (_cyclic(), "too-deep", "$: the condition is nested more than 60 deep"),
        (_shared(25), "too-long", "$: a condition has at most 5,000 parts"),
        (_value(float("nan")), "number-too-long", f"{VALUE}: a number is finite"),
        (_value(1e300), "number-too-long", f"{VALUE}: a number is finite"),
        (_value(Decimal("1e999999")), "number-too-long", f"{VALUE}: a number is finite"),
        (_value(10**5000), "number-too-long", f"{VALUE}: a number is finite"),
        (_value(True), "json", f"{VALUE}: True is no number"),
        (_value("0x10"), "json", f"{VALUE}: '0x10' is no number"),
        (_at("event a where x = true", 1, "where", "right", "value"), "json", f"{VALUE}: true or false is needed"),
        (_at("event a where x = 1", "==", "where", "operator"), "json", "$.where.operator: '==' is not"),
        (_at("event a where x in (1)", [], "where", "options"), "json", "$.where.options: 0 items"),
        (_at("event a where x in (1)", 1, "where", "negated"), "json", "$.where.negated: true or false"),
        (_at("event a where x = 1", [], "where", "left", "path"), "json", "$.where.left.path: 0 items"),
        (_at("event a where x = 1", "x", "where", "left", "path"), "json", "$.where.left.path: an array"),
        (_date("2026-02-31"), "not-a-date", f"{VALUE}: 2026-02-31 is not a date"),
        (_date("0001-01-01"), "not-a-date", f"{VALUE}: '0001-01-01' is not a date"),
        (_at("event a in last 1 day", {}, "duration"), "json", "$.duration: a span of time needs a unit"),
        (_at("event a in last 1 day", {"day": 1}, "duration"), "json", "$.duration: there is no 'day' here"),
        (_at("event a in last 1 day", {"days": -1}, "duration"), "json", "$.duration.days: -1 is no whole number"),
        (_at("event a in last 1 day", {"days": 1.5}, "duration"), "json", "$.duration.days: 1.5 is no whole number"),
        (_at("count(event a) > 1", {"type": "text", "value": ""}, "left", "value"), "json", "$.left: `count` takes"),
        (_at("sum(x of event a) > 1", ..., "left", "value"), "json", "$.left: `sum` needs a `value`"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_form_is_refused_with_its_path(data: object, code: str, start: str) -> None:
    """A page's mistake is named with the JSON path at which it stands; nothing recurses out or hangs."""
    with pytest.raises(GoalDefinitionError) as caught:
        Condition.from_dict(data)
    assert caught.value.code == code
    assert caught.value.message.startswith(start)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (_at("event a where x between 1 and 2", 5, "where", "low", "value"), "never-true"),
        (_at('event a where x matches "a"', "(", "where", "pattern"), "regex-invalid"),
        (_at("profile.x = 1", "event", "left", "owner"), "bare-name"),
        (_at("event a in last 1 day", {"days": 2**53 - 1}, "duration"), "duration-too-long"),
    ],
)  # fmt: skip
def test_what_is_of_the_form_is_checked_as_text_is(data: dict[str, Any], code: str) -> None:
    """The form says the shape; the same checks as for text say whether it can mean anything, and show it as text."""
    with pytest.raises(GoalError) as caught:
        Condition.from_dict(data)
    assert caught.value.code == code
    assert caught.value.text
    assert caught.value.span is not None


def test_a_refused_condition_is_shown_as_text() -> None:
    """The error's text is what the builder made, in the language."""
    data = parse("count(event a) > 1").to_dict()
    data["operator"], data["right"]["value"] = "<", 0
    with pytest.raises(GoalTypeError, match=r"count\(event a\) < 0"):
        Condition.from_dict(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions(), st.data())
def test_a_damaged_form_gives_a_condition_or_an_error_of_the_tree(root: ast.Condition, data: st.DataObject) -> None:
    """One value anywhere in it replaced by any other: never anything but a condition or a `GoalError`."""
    written = node_to_dict(root)
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in keys:
            places.append((value, key))
            collect(value[key])

    collect(written)
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(
        json_values | st.sampled_from([place[0][place[1]] for place in places[:5]]).map(copy.deepcopy)
    )
    try:
        condition = Condition.from_dict(written)
    except GoalError:
        return
    assert parse(str(condition)) == condition


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions(), st.data())
def test_what_the_schema_takes_has_the_form(root: ast.Condition, data: st.DataObject) -> None:
    """With a key removed, schema and reader agree on whether it is of the form."""
    written = node_to_dict(root)
    objects: list[dict[str, Any]] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            objects.append(value)
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            collect(item)

    collect(written)
    holder = data.draw(st.sampled_from(objects))
    del holder[data.draw(st.sampled_from(sorted(holder)))]
    try:
        node_from_dict(written)
    except GoalDefinitionError:
        assert not VALIDATOR.is_valid(written)
    else:
        assert VALIDATOR.is_valid(written)


def test_the_canonical_text_of_both_forms_is_one() -> None:
    """Text and JSON are two faces of one condition."""
    condition = parse("event a AND profile.x == 'y'")
    assert format_node(node_from_dict(condition.to_dict())) == str(condition)
