"""Nodes ⇄ plain JSON values: the form that a condition builder in a web page makes and edits.

Every node is an object with a ``type``; what is at its default is left out; numbers that JavaScript would not keep are
decimal text. The form is published as a JSON Schema (`json_schema`), which says its *shape*; what a condition of that
shape may mean is checked as for text. What comes from a web page is hostile: `node_from_dict` takes nothing on trust,
and its time and depth are bounded by the number of nodes that a condition may have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any, TypeAlias

from convgoals.language import ast, plain
from convgoals.language.bounds import MAX_DEPTH, MAX_TEXT
from convgoals.language.check import MAX_LINKS, MAX_OPTIONS
from convgoals.language.format import format_datetime, format_number
from convgoals.suggest import did_you_mean

MAX_NODES = MAX_TEXT // 2
"""How many nodes a condition may have: each takes at least two characters of its text."""

Json: TypeAlias = dict[str, Any]


def json_schema() -> Json:
    """The JSON Schema (draft 2020-12) of the form; a fresh copy."""
    text = resources.files("convgoals.language").joinpath("condition.schema.json").read_text(encoding="utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


# ---- nodes → JSON


def node_to_dict(node: ast.Node) -> Json:
    """*node* as an object of plain JSON values. Its nesting is bounded, so recursion is."""
    match node:
        case ast.Text(value) | ast.Boolean(value):
            return {"type": _NAMES[type(node)], "value": value}
        case ast.Number(value):
            keeps = isinstance(value, int) and abs(value) <= plain.EXACT
            return {"type": "number", "value": value if keeps else format_number(value)}
        case ast.Date(value):
            return {"type": "date", "value": value.isoformat()}
        case ast.DateTime(value):
            return {"type": "datetime", "value": format_datetime(value)}
        case ast.Duration(parts):
            return {f"{unit}s": amount for amount, unit in parts}
        case _:
            name = _NAMES[type(node)]
            written: Json = {"type": name}
            for key, (attribute, _, must) in _FORMS[name].items():
                value = getattr(node, attribute)
                if must or value not in (None, False, ()):
                    written[key] = _written(value)
            return written


def _written(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    return value if isinstance(value, (str, bool)) else node_to_dict(value)


# ---- JSON → nodes


def node_from_dict(data: object) -> ast.Condition:
    """The condition that *data* says, by its shape alone; the caller checks what it means.

    Raises:
        GoalDefinitionError: *data* is not of the form; the message starts with the JSON path.
    """
    return _Reader().condition(data, "$", 1)  # type: ignore[no-any-return]


class _Reader:
    """Reads one condition, counting its nodes: an object may stand in several places of a Python value."""

    def __init__(self) -> None:
        self.nodes = 0

    def node(self, data: object, path: str, depth: int, allowed: _Allowed) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise plain.wrong("$", f"a condition has at most {MAX_NODES:,} parts", code="too-long")
        if depth > MAX_DEPTH:
            raise plain.wrong("$", f"the condition is nested more than {MAX_DEPTH} deep", code="too-deep")
        what, types, forms = allowed
        table = plain.mapping(data, path)
        kind = plain.required(table, "type", path)
        if not isinstance(kind, str) or kind not in types:
            hint = did_you_mean(kind, types) if isinstance(kind, str) else ""
            message = f"{plain.shown(kind)} is no {what}"
            raise plain.wrong(f"{path}.type", message, hint=hint or f"one of: {', '.join(types)}")
        if kind in plain.LITERALS:
            plain.only(table, path, ("type", "value"))
            return plain.LITERALS[kind](plain.required(table, "value", path), f"{path}.value")
        form = forms[kind]
        plain.only(table, path, ("type", *form))
        arguments = {}
        for key, (attribute, read, must) in form.items():
            if key in table or must:
                arguments[attribute] = read(self, plain.required(table, key, path), f"{path}.{key}", depth + 1)
        return _made(types[kind], arguments, path)

    def several(self, data: object, path: str, depth: int, allowed: _Allowed, least: int, most: int) -> tuple[Any, ...]:
        items = plain.array(data, path, least, most)
        return tuple(self.node(item, f"{path}[{index}]", depth, allowed) for index, item in enumerate(items))

    def condition(self, data: object, path: str, depth: int) -> Any:
        return self.node(data, path, depth, _CONDITION)


def _made(kind: type, arguments: dict[str, Any], path: str) -> Any:
    """The node, where its parts fit together."""
    if kind is ast.Chain:
        arguments.setdefault("links", ())
        if not arguments["links"] and "absence" not in arguments:
            raise plain.wrong(path, "a chain needs a link, or an `absence`")
    if kind is ast.Aggregate:
        function = arguments["function"]
        if (function == "count") != ("value" not in arguments):
            message = "`count` takes no `value`" if function == "count" else f"`{function}` needs a `value`"
            raise plain.wrong(path, message)
        arguments.setdefault("value", None)
    return kind(**arguments)


# ---- the form of each type

_Read: TypeAlias = Callable[[_Reader, Any, str, int], Any]
_Form: TypeAlias = dict[str, tuple[str, _Read, bool]]
"""For each key of an object: the node's attribute, how to read it, and whether it must be there."""
_Allowed: TypeAlias = tuple[str, Mapping[str, type], Mapping[str, _Form]]
"""What may stand somewhere: its name, the types, and their forms."""


def _leaf(read: Callable[[object, str], Any]) -> _Read:
    return lambda _reader, data, path, _depth: read(data, path)


def _branch(allowed: Callable[[], _Allowed]) -> _Read:
    return lambda reader, data, path, depth: reader.node(data, path, depth, allowed())


def _branches(allowed: Callable[[], _Allowed], least: int, most: int) -> _Read:
    return lambda reader, data, path, depth: reader.several(data, path, depth, allowed(), least, most)


_name, _names, _duration = _leaf(plain.name), _leaf(plain.names), _leaf(plain.duration)
_condition = _branch(lambda: _CONDITION)
_filter = _branch(lambda: _FILTER)
_value = _branch(lambda: _VALUE)
_literal = _branch(lambda: _LITERAL)
_moment = _branch(lambda: _MOMENT)
_occurrence = _branch(lambda: _OCCURRENCE)

_FORMS: dict[str, _Form] = {
    # values
    "property": {
        "owner": ("owner", _leaf(plain.one_of("event", "profile")), True),
        "path": ("path", _names, True),
    },
    "arithmetic": {
        "operator": ("operator", _leaf(plain.one_of("+", "-", "*", "/")), True),
        "left": ("left", _value, True),
        "right": ("right", _value, True),
    },
    "call": {
        "function": ("function", _leaf(plain.one_of("lower", "length")), True),
        "argument": ("argument", _value, True),
    },
    "aggregate": {
        "function": ("function", _leaf(plain.one_of("count", "sum", "avg", "min", "max", "distinct")), True),
        "value": ("value", _value, False),
        "of": ("occurrence", _occurrence, True),
        "in_last": ("last", _duration, False),
    },
    # comparisons
    "compare": {
        "operator": (
            "operator",
            _leaf(plain.one_of("=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "ends with")),
            True,
        ),
        "left": ("left", _value, True),
        "right": ("right", _value, True),
    },
    "in": {
        "value": ("value", _value, True),
        "options": ("options", _branches(lambda: _LITERAL, 1, MAX_OPTIONS), True),
        "negated": ("negated", _leaf(plain.flag), False),
    },
    "range": {
        "value": ("value", _value, True),
        "low": ("low", _value, True),
        "high": ("high", _value, True),
    },
    "matches": {"value": ("value", _value, True), "pattern": ("pattern", _leaf(plain.text), True)},
    "is_set": {"value": ("value", _value, True), "negated": ("negated", _leaf(plain.flag), False)},
    # conditions
    "and": {"terms": ("terms", _branches(lambda: _CONDITION, 2, MAX_NODES), True)},
    "or": {"terms": ("terms", _branches(lambda: _CONDITION, 2, MAX_NODES), True)},
    "not": {"term": ("term", _condition, True)},
    "event": {"event": ("type", _name, True), "where": ("where", _filter, False)},
    "change": {
        "path": ("path", _names, True),
        "from": ("before", _literal, False),
        "to": ("after", _literal, False),
    },
    "receipt": {"campaign": ("campaign", _name, True)},
    "in_segment": {"segment": ("segment", _name, True)},
    "in_last": {"occurrence": ("occurrence", _occurrence, True), "duration": ("duration", _duration, True)},
    "chain": {
        "first": ("first", _occurrence, True),
        "links": ("links", _branches(lambda: _LINK, 0, MAX_LINKS), False),
        "absence": ("absence", _branch(lambda: _ABSENCE), False),
    },
    "followed_by": {
        "occurrence": ("occurrence", _occurrence, True),
        "within": ("within", _duration, False),
        "same": ("same", _names, False),
        "without": ("without", _occurrence, False),
    },
    "not_followed_by": {
        "occurrence": ("occurrence", _occurrence, True),
        "within": ("within", _duration, True),
        "same": ("same", _names, False),
    },
    "window": {
        "condition": ("condition", _condition, True),
        "duration": ("duration", _duration, True),
        "anchor": ("anchor", _branch(lambda: _ANCHOR), True),
    },
    "occurrence_anchor": {
        "which": ("which", _leaf(plain.one_of("first", "last", "any")), True),
        "occurrence": ("occurrence", _occurrence, True),
    },
    "property_anchor": {"path": ("path", _names, True)},
    "between": {
        "condition": ("condition", _condition, True),
        "start": ("start", _moment, True),
        "end": ("end", _moment, True),
    },
    "held": {"condition": ("condition", _condition, True), "duration": ("duration", _duration, True)},
}
_FILTER_FORMS = _FORMS | {
    "and": {"terms": ("terms", _branches(lambda: _FILTER, 2, MAX_NODES), True)},
    "or": {"terms": ("terms", _branches(lambda: _FILTER, 2, MAX_NODES), True)},
    "not": {"term": ("term", _filter, True)},
}

_LITERAL_TYPES = {
    "text": ast.Text, "number": ast.Number, "boolean": ast.Boolean, "date": ast.Date, "datetime": ast.DateTime,
}  # fmt: skip
_VALUE_TYPES = _LITERAL_TYPES | {
    "property": ast.Property, "arithmetic": ast.Arithmetic, "call": ast.Call, "aggregate": ast.Aggregate,
}  # fmt: skip
_OCCURRENCE_TYPES = {
    "event": ast.EventOccurrence, "change": ast.ChangeOccurrence, "receipt": ast.ReceiptOccurrence,
}  # fmt: skip
_FILTER_TYPES = {
    "compare": ast.Compare, "in": ast.Membership, "range": ast.Range, "matches": ast.Matches, "is_set": ast.Presence,
    "and": ast.And, "or": ast.Or, "not": ast.Not,
}  # fmt: skip
_CONDITION_TYPES = _OCCURRENCE_TYPES | _FILTER_TYPES | {
    "in_segment": ast.InSegment, "in_last": ast.InLast, "chain": ast.Chain, "window": ast.Window,
    "between": ast.Between, "held": ast.Held,
}  # fmt: skip
_ANCHOR_TYPES = {"occurrence_anchor": ast.OccurrenceAnchor, "property_anchor": ast.PropertyAnchor}

_LITERAL: _Allowed = ("fixed value", _LITERAL_TYPES, _FORMS)
_MOMENT: _Allowed = ("date", {name: _LITERAL_TYPES[name] for name in ("date", "datetime")}, _FORMS)
_VALUE: _Allowed = ("value", _VALUE_TYPES, _FORMS)
_OCCURRENCE: _Allowed = ("occurrence", _OCCURRENCE_TYPES, _FORMS)
_FILTER: _Allowed = ("part of a filter", _FILTER_TYPES, _FILTER_FORMS)
_CONDITION: _Allowed = ("condition", _CONDITION_TYPES, _FORMS)
_LINK: _Allowed = ("link", {"followed_by": ast.Link}, _FORMS)
_ABSENCE: _Allowed = ("last link", {"not_followed_by": ast.Absence}, _FORMS)
_ANCHOR: _Allowed = ("anchor", _ANCHOR_TYPES, _FORMS)

_NAMES: dict[type, str] = {
    kind: name
    for _, types, _ in (_CONDITION, _VALUE, _LINK, _ABSENCE, _ANCHOR)
    for name, kind in types.items()
}  # fmt: skip
