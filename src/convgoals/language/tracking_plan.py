"""JSON Schema → what a `Schema` knows: tracking plans as teams have them.

Read are a plan of Segment's Protocols (``rules`` with ``events``, or with ``type``/``key``/``jsonSchema``), and a plain
document with a JSON Schema for each event under ``events``. A plan lists what is sent, so a property that it does not
name is unknown, unless its JSON Schema says ``"additionalProperties": true``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from convgoals.language.schema_types import (
    ANY,
    KINDS,
    MAX_NESTING,
    Properties,
    PropertyType,
    kind_of,
    of_values,
    wrong,
)

_JSON_TYPES = {
    "string": "text", "number": "number", "integer": "number", "boolean": "boolean", "array": "list",
    "object": "object",
}  # fmt: skip
_DATES = ("date", "date-time")


class _Plan:
    """One document, for the references inside it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.known: dict[str, PropertyType] = {}

    def resolved(self, schema: object, path: str) -> Mapping[str, Any]:
        """*schema*, or what its local ``$ref`` leads to."""
        for _ in range(MAX_NESTING):
            if schema is True:
                return {}
            if not isinstance(schema, Mapping):
                raise wrong(path, f"a JSON Schema is an object, not {schema!r:.60}")
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            schema = self._target(reference, path)
        raise wrong(path, "its `$ref` leads nowhere")

    def _target(self, reference: str, path: str) -> object:
        if not reference.startswith("#"):
            raise wrong(path, f"`$ref` {reference!r:.60} leads out of the document", "put its definition under `$defs`")
        target: Any = self.document
        for part in reference[1:].split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or name not in target:
                raise wrong(path, f"`$ref` {reference!r:.60} leads nowhere")
            target = target[name]
        return target

    def properties(self, schema: object, path: str, depth: int = 0) -> Properties:
        """The properties of an object's schema; ``None`` where any are allowed."""
        own = self.resolved(schema, path)
        named = own.get("properties")
        more = own.get("additionalProperties")
        if more is True or isinstance(more, Mapping) or (named is None and "allOf" not in own):
            return None
        found: dict[str, PropertyType] = {}
        for part in own.get("allOf", ()) if isinstance(own.get("allOf"), list) else ():
            below = self.properties(part, path, self._deeper(depth, path))
            if below is None:
                return None
            found |= below
        if not isinstance(named, Mapping) and named is not None:
            raise wrong(path, "`properties` is an object")
        for name, each in (named or {}).items():
            found[str(name)] = self.type(each, f"{path}.{name}", self._deeper(depth, path))
        return found

    def type(self, schema: object, path: str, depth: int) -> PropertyType:
        """What a property's schema allows; what is not understood allows anything, and so does what holds itself."""
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str):
            return self._type(self.resolved(schema, path), path, depth)
        if reference not in self.known:
            self.known[reference] = ANY  # while it is being read
            self.known[reference] = self._type(self.resolved(schema, path), path, depth)
        return self.known[reference]

    def _type(self, own: Mapping[str, Any], path: str, depth: int) -> PropertyType:
        if "const" in own or isinstance(own.get("enum"), list):
            values = [own["const"]] if "const" in own else [value for value in own["enum"] if value is not None]
            return of_values(values, path) if values and all(map(kind_of, values)) else ANY
        for word in ("anyOf", "oneOf"):
            if isinstance(own.get(word), list):
                return _union([self.type(each, path, self._deeper(depth, path)) for each in own[word]])
        names = own.get("type", list(_JSON_TYPES))
        kinds = {_JSON_TYPES[name] for name in (names if isinstance(names, list) else [names]) if name in _JSON_TYPES}
        if own.get("format") in _DATES and "text" in kinds:
            kinds = kinds - {"text"} | {"datetime"}
        properties = items = None
        if "object" in kinds and "properties" in own:
            properties = self.properties(own, path, self._deeper(depth, path))
        if "list" in kinds and isinstance(own.get("items"), Mapping):
            items = self.type(own["items"], f"{path}[]", self._deeper(depth, path))
        return PropertyType(frozenset(kinds), properties=properties, items=items)

    def _deeper(self, depth: int, path: str) -> int:
        if depth >= MAX_NESTING:
            raise wrong(path, f"properties are nested more than {MAX_NESTING} deep")
        return depth + 1

    def part(self, schema: object, name: str, path: str) -> object:
        """The schema of the property *name* of an object's schema, or ``None``: Segment keeps events in an envelope."""
        properties = self.resolved(schema, path).get("properties")
        return properties.get(name) if isinstance(properties, Mapping) else None


def _union(types: list[PropertyType]) -> PropertyType:
    """What either of *types* allows; a ``null`` among them allows nothing more."""
    types = [each for each in types if each.kinds]
    if len(types) == 1:
        return types[0]
    kinds = frozenset(kind for each in types for kind in each.kinds)
    values = None
    if types and all(each.values is not None for each in types):
        values = tuple(value for each in types for value in each.values or ())
    return PropertyType(kinds or frozenset(KINDS), values)


def read_plan(document: object) -> dict[str, Any]:
    """The arguments of `Schema` that a tracking plan says. Raises `GoalDefinitionError` (code ``schema``)."""
    if not isinstance(document, Mapping):
        raise wrong("$", f"a tracking plan is an object, not {document!r:.60}")
    plan = _Plan(document)
    if "rules" in document:
        return _protocols(plan, document["rules"])
    if not isinstance(document.get("events"), Mapping):
        raise wrong("$", "there are neither `events` nor `rules`", '{"events": {"purchase": {"properties": {…}}}}')
    arguments: dict[str, Any] = {
        "events": {name: plan.properties(each, f"$.events.{name}") for name, each in document["events"].items()}
    }
    if "profile" in document:
        arguments["profile"] = plan.properties(document["profile"], "$.profile")
    for key in ("segments", "campaigns"):
        if key in document:
            arguments[key] = document[key]
    return arguments


def _protocols(plan: _Plan, rules: object) -> dict[str, Any]:
    """A plan of Segment's Protocols, in the form of either of its two interfaces."""
    events: dict[str, Properties] = {}
    arguments: dict[str, Any] = {"events": events}
    for kind, name, schema, path in _rules(rules):
        if kind == "track":
            events[name] = _enveloped(plan, schema, "properties", path)
        elif kind == "identify":
            arguments["profile"] = _enveloped(plan, schema, "traits", path)
    return arguments


def _enveloped(plan: _Plan, schema: object, name: str, path: str) -> Properties:
    inner = plan.part(schema, name, path)
    return None if inner is None else plan.properties(inner, f"{path}.{name}")


def _rules(rules: object) -> Iterator[tuple[str, str, object, str]]:
    """Each rule of a plan: what it is about, the event's name, its JSON Schema, and its path."""
    if isinstance(rules, list):
        for index, rule in enumerate(rules):
            path = f"$.rules[{index}]"
            if not isinstance(rule, Mapping) or not isinstance(rule.get("type"), str):
                raise wrong(path, "a rule has a `type`, a `key` and a `jsonSchema`")
            yield rule["type"].lower(), str(rule.get("key", "")), rule.get("jsonSchema", {}), path
        return
    if not isinstance(rules, Mapping) or not isinstance(rules.get("events", []), list):
        raise wrong("$.rules", "`rules` holds a list of `events`")
    for index, event in enumerate(rules.get("events", [])):
        path = f"$.rules.events[{index}]"
        if not isinstance(event, Mapping) or not isinstance(event.get("name"), str):
            raise wrong(path, "an event has a `name` and its `rules`")
        yield "track", event["name"], event.get("rules", {}), path
    if rules.get("identify"):
        yield "identify", "", rules["identify"], "$.rules.identify"
