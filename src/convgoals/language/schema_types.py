"""What a schema says about a property: the kinds of value that it may have, and where they come from.

A `PropertyType` is read from the short forms of Python and TOML (``"number"``, ``["USD", "EUR"]``, a table of nested
properties) and from JSON Schema (``tracking_plan.py``). It says what *arrives*: a datetime in JSON is text, so a
property of type ``"datetime"`` takes ISO 8601 text as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

import attrs

from convgoals.errors import GoalDefinitionError
from convgoals.suggest import did_you_mean

MAX_NESTING = 20
"""How deep properties may be nested in a schema."""

_NOUNS = {
    "text": "text", "number": "a number", "boolean": "true or false", "datetime": "a datetime", "list": "a list",
    "object": "an object",
}  # fmt: skip
KINDS = tuple(_NOUNS)

NAMES: dict[str, frozenset[str]] = {
    **{kind: frozenset({kind}) for kind in KINDS},
    "string": frozenset({"text"}),
    "integer": frozenset({"number"}),
    "date": frozenset({"datetime"}),
    "any": frozenset(KINDS),
}
"""The names of types that a schema may use, and the kinds that each allows."""


@attrs.frozen
class PropertyType:
    """What a property may be.

    Attributes:
        kinds: the kinds of value that it may have.
        values: the only values that it may have, or ``None``.
        properties: of an object: what it has, or ``None`` where that is not known.
        items: of a list: what its members are, or ``None`` where that is not known.
    """

    kinds: frozenset[str]
    values: tuple[Any, ...] | None = None
    properties: Mapping[str, PropertyType] | None = attrs.field(default=None, hash=False)
    items: PropertyType | None = None

    def __str__(self) -> str:
        if self.kinds >= NAMES["any"]:
            return "anything"
        return " or ".join(_NOUNS[kind] for kind in KINDS if kind in self.kinds)


ANY = PropertyType(NAMES["any"])
Properties: TypeAlias = Mapping[str, PropertyType] | None
"""The properties of an event or of the profile; ``None`` where any are allowed."""


def wrong(path: str, message: str, hint: str = "") -> GoalDefinitionError:
    """The error for what stands at *path* of a schema."""
    return GoalDefinitionError(f"{path}: {message}", code="schema", hint=hint)


def read_properties(data: object, path: str, depth: int = 0) -> Properties:
    """Properties by name, each in a short form; ``"any"`` for "any properties at all"."""
    if isinstance(data, str) and data == "any":
        return None
    if not isinstance(data, Mapping):
        raise wrong(path, f"properties are a table of names and types, not {data!r:.60}", '{"order_value": "number"}')
    if depth > MAX_NESTING:
        raise wrong(path, f"properties are nested more than {MAX_NESTING} deep")
    properties = {}
    for name, short in data.items():
        if not isinstance(name, str) or not name:
            raise wrong(path, f"a property's name is text, not {name!r:.60}")
        properties[name] = read_type(short, f"{path}.{name}", depth + 1)
    return properties


def read_type(data: object, path: str, depth: int = 0) -> PropertyType:
    """A type in one of its short forms.

    ``"number"``; ``["USD", "EUR"]``, the only values; ``{"type": "list", "items": "text"}``,
    ``{"type": "text", "values": [...]}``; any other table is an object with those properties.
    """
    if isinstance(data, PropertyType):
        return data
    if isinstance(data, str):
        if data not in NAMES:
            names = ", ".join(f'"{name}"' for name in NAMES)
            raise wrong(path, f"there is no type {data!r:.60}", did_you_mean(data, NAMES) or f"one of: {names}")
        return PropertyType(NAMES[data])
    if isinstance(data, (list, tuple)):
        return of_values(data, path)
    if isinstance(data, Mapping):
        if isinstance(data.get("type"), str) and data["type"] in NAMES and set(data) <= {"type", "values", "items"}:
            return _declared(data, path, depth)
        return PropertyType(frozenset({"object"}), properties=read_properties(data, path, depth))
    raise wrong(path, f"{data!r:.60} is no type", 'for example "number"')


def _declared(data: Mapping[str, Any], path: str, depth: int) -> PropertyType:
    kinds = NAMES[data["type"]]
    values = None
    if "values" in data:
        given = of_values(data["values"], path)
        if not given.kinds <= kinds:
            raise wrong(path, f"its values are {given}, and its type is {data['type']}")
        values = given.values
    if depth > MAX_NESTING:
        raise wrong(path, f"types are nested more than {MAX_NESTING} deep")
    items = read_type(data["items"], f"{path}.items", depth + 1) if "items" in data else None
    return PropertyType(kinds, values, items=items)


def of_values(data: object, path: str) -> PropertyType:
    """The type of what can only be one of some texts, numbers or booleans."""
    if not isinstance(data, (list, tuple)) or not data:
        raise wrong(path, "the values that a property may have are a list of at least one")
    kinds = set()
    for value in data:
        kind = kind_of(value)
        if kind is None:
            raise wrong(path, f"{value!r:.60} is no text, number or boolean")
        kinds.add(kind)
    return PropertyType(frozenset(kinds), tuple(data))


def kind_of(value: object) -> str | None:
    """The kind of a plain value, as far as a schema lists such."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, (int, float, Decimal)) else None
