"""A condition against a schema: unknown names, mixed-up owners, and comparisons that no declared value can pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from convgoals.errors import GoalTypeError, Span
from convgoals.instants import read_iso
from convgoals.language import ast
from convgoals.language.format import format_name, format_node, format_path, quote
from convgoals.language.parse import parse_path
from convgoals.language.schema_types import ANY, Properties, PropertyType
from convgoals.suggest import did_you_mean

_ORDERED = frozenset({"number", "text", "datetime"})
_NUMBER = PropertyType(frozenset({"number"}))
_TEXT = PropertyType(frozenset({"text"}))
_LITERAL_KINDS = {
    ast.Text: "text", ast.Number: "number", ast.Boolean: "boolean", ast.Date: "datetime", ast.DateTime: "datetime",
}  # fmt: skip
_MOMENTS = (ast.Date, ast.DateTime)
_SHOWN = 6
"""How many declared names a hint lists."""


class Declarations(Protocol):
    """What a `Schema` declares."""

    @property
    def events(self) -> Mapping[str, Properties] | None: ...
    @property
    def profile(self) -> Properties: ...
    @property
    def segments(self) -> frozenset[str] | None: ...
    @property
    def campaigns(self) -> frozenset[str] | None: ...


class Checker:
    """Collects the problems of one condition."""

    def __init__(self, schema: Declarations, text: str) -> None:
        self.schema = schema
        self.text = text
        self.problems: list[GoalTypeError] = []

    def _report(self, message: str, code: str, span: Span | None, hint: str = "", *, name: str = "") -> None:
        """Note a problem; at *name* inside *span*, where the text spells it so."""
        if span is not None and name:
            at = self.text.find(name, span.start, span.end)
            span = span if at < 0 else Span(at, at + len(name))
        if not any((known.message, known.span) == (message, span) for known in self.problems):
            self.problems.append(GoalTypeError(message, code=code, span=span, hint=hint, text=self.text))

    # ---- conditions

    def condition(self, node: ast.Node, event: ast.EventOccurrence | None) -> None:
        """Check *node*; *event* is the event whose filter it stands in. Nesting is bounded, so recursion is."""
        match node:
            case ast.EventOccurrence(kind, where):
                self._known("event", kind, self.schema.events, node.span)
                if where is not None:
                    self.condition(where, node)
            case ast.ChangeOccurrence(path):
                self._change(node, self._profile(path, node.span))
            case ast.ReceiptOccurrence(campaign):
                self._known("campaign", campaign, self.schema.campaigns, node.span)
            case ast.InSegment(segment):
                self._known("segment", segment, self.schema.segments, node.span)
            case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
                self._comparison(node, event)
            case ast.Chain():
                self._chain(node)
            case ast.PropertyAnchor(path):
                self._needs(self._profile(path, node.span), {"datetime", "text"}, "a window starts at a datetime", node)
            case _:
                for below in ast.children(node):
                    self.condition(below, event)

    def _known(self, what: str, name: str, known: Iterable[str] | None, span: Span | None) -> None:
        if known is not None and name not in known:
            self._report(
                f"the schema has no {what} {quote(name)}", f"unknown-{what}", span, _nearest(name, known), name=name
            )

    def _change(self, node: ast.ChangeOccurrence, declared: PropertyType) -> None:
        for literal in (node.before, node.after):
            if literal is not None:
                subject = ast.Property("profile", node.path, span=node.span)
                self._equal(subject, declared, literal, _literal_type(literal), literal.span)

    def _chain(self, node: ast.Chain) -> None:
        self.condition(node.first, None)
        before = node.first
        for link in (*node.links, node.absence):
            if link is None:
                continue
            self.condition(link.occurrence, None)
            if isinstance(link, ast.Link) and link.without is not None:
                self.condition(link.without, None)
            if link.same is not None:
                self._same(before, link.occurrence, link.same, link.span)
            before = link.occurrence

    def _same(self, one: ast.Occurrence, other: ast.Occurrence, path: tuple[str, ...], span: Span | None) -> None:
        types = [
            self._event_property(event, path, span) for event in (one, other) if isinstance(event, ast.EventOccurrence)
        ]
        if len(types) == 2 and not types[0].kinds & types[1].kinds:
            name = format_path(path)
            self._report(
                f"`{name}` is {types[0]} of the one event and {types[1]} of the other, so they are never the same",
                "wrong-type",
                span,
                name=name,
            )

    # ---- comparisons

    def _comparison(self, node: ast.Comparison, event: ast.EventOccurrence | None) -> None:
        match node:
            case ast.Compare("=" | "!=", left, right):
                self._equal(left, self._type(left, event), right, self._type(right, event), node.span)
            case ast.Compare("<" | "<=" | ">" | ">=", left, right):
                self._ordered(left, self._type(left, event), right, self._type(right, event), node.span)
            case ast.Compare(operator, left, right):
                self._looks_inside(operator, left, self._type(left, event), right, self._type(right, event), node)
            case ast.Membership(value, options):
                declared = self._type(value, event)
                for option in options:
                    self._equal(value, declared, option, _literal_type(option), option.span)
            case ast.Range(value, low, high):
                declared = self._type(value, event)
                for end in (low, high):
                    self._ordered(value, declared, end, self._type(end, event), end.span or node.span)
            case ast.Matches(value):
                self._needs(self._type(value, event), {"text"}, "`matches` looks at text", value)
            case ast.Presence(value):
                self._type(value, event)

    def _equal(
        self, left: ast.Value, one: PropertyType, right: ast.Value, other: PropertyType, span: Span | None
    ) -> None:
        if not _kinds_beside(one, right) & _kinds_beside(other, left):
            self._never(left, one, right, other, span)
            return
        for declared, subject, literal in ((one, left, right), (other, right, left)):
            if declared.values is not None and isinstance(literal, (ast.Text, ast.Number, ast.Boolean)):
                self._one_of_its_values(subject, declared.values, literal, span)

    def _one_of_its_values(
        self,
        subject: ast.Value,
        values: tuple[Any, ...],
        literal: ast.Text | ast.Number | ast.Boolean,
        span: Span | None,
    ) -> None:
        if any(_same_value(value, literal.value) for value in values):
            return
        texts = [value for value in values if isinstance(value, str)]
        near = did_you_mean(literal.value, texts) if isinstance(literal, ast.Text) else ""
        self._report(
            f"`{format_node(subject)}` is never {format_node(literal)}",
            "unknown-value",
            literal.span or span,
            near or f"it is one of: {', '.join(_shown(value) for value in values[:_SHOWN])}",
        )

    def _ordered(
        self, left: ast.Value, one: PropertyType, right: ast.Value, other: PropertyType, span: Span | None
    ) -> None:
        if not _kinds_beside(one, right) & _kinds_beside(other, left) & _ORDERED:
            self._never(left, one, right, other, span)

    def _looks_inside(
        self,
        operator: str,
        left: ast.Value,
        one: PropertyType,
        right: ast.Value,
        other: PropertyType,
        node: ast.Compare,
    ) -> None:
        wanted = {"text", "list"} if operator == "contains" else {"text"}
        what = "text or in a list" if operator == "contains" else "text"
        self._needs(one, wanted, f"`{operator}` looks in {what}", left)
        if one.kinds & wanted == {"text"}:
            self._needs(other, {"text"}, f"`{operator}` looks for text", right)
        elif one.kinds & wanted == {"list"} and one.items is not None and not one.items.kinds & other.kinds:
            message = f"`{format_node(left)}` has members that are {one.items}, and `{format_node(right)}` is {other}"
            self._report(message, "wrong-type", node.span, _retyped(one.items, right))

    def _never(
        self, left: ast.Value, one: PropertyType, right: ast.Value, other: PropertyType, span: Span | None
    ) -> None:
        self._report(
            f"`{format_node(left)}` is {one} and `{format_node(right)}` is {other}, which never compare",
            "wrong-type",
            span,
            _retyped(one, right) or _retyped(other, left),
        )

    def _needs(self, declared: PropertyType, kinds: set[str], why: str, node: ast.Node) -> None:
        if not declared.kinds & kinds:
            self._report(f"{why}, and `{format_node(node)}` is {declared}", "wrong-type", node.span)

    # ---- values

    def _type(self, node: ast.Value, event: ast.EventOccurrence | None) -> PropertyType:
        """What *node* may be; problems below it are reported on the way."""
        match node:
            case ast.Property("profile", path):
                return self._profile(path, node.span)
            case ast.Property(_, path):
                return ANY if event is None else self._event_property(event, path, node.span)
            case ast.Arithmetic(operator, left, right):
                for side in (left, right):
                    self._needs(self._type(side, event), {"number"}, f"`{operator}` takes numbers", side)
                return _NUMBER
            case ast.Call("lower", argument):
                self._needs(self._type(argument, event), {"text"}, "`lower` takes text", argument)
                return _TEXT
            case ast.Call(_, argument):
                self._needs(self._type(argument, event), {"text", "list"}, "`length` takes text or a list", argument)
                return _NUMBER
            case ast.Aggregate(function, value, occurrence):
                self.condition(occurrence, None)
                of = occurrence if isinstance(occurrence, ast.EventOccurrence) else None
                if value is not None:
                    declared = self._type(value, of)
                    if function != "distinct":
                        self._needs(declared, {"number"}, f"`{function}` takes numbers", value)
                return _NUMBER
            case _:
                return _literal_type(node)

    def _profile(self, path: tuple[str, ...], span: Span | None) -> PropertyType:
        found = _look_up(self.schema.profile, path)
        if found is not None:
            return found
        name = format_path(path)
        owners = [kind for kind, own in (self.schema.events or {}).items() if own and _look_up(own, path)]
        if owners:
            self._report(
                f"`{name}` is a property of the event {quote(owners[0])}, not of the profile",
                "wrong-owner",
                span,
                f"event {format_name(owners[0])} where {name} …",
                name=f"profile.{name}",
            )
        else:
            hint = _nearest_path(path, self.schema.profile, "profile.")
            self._report(
                f"the profile has no property `{name}`", "unknown-property", span, hint, name=f"profile.{name}"
            )
        return ANY

    def _event_property(self, event: ast.EventOccurrence, path: tuple[str, ...], span: Span | None) -> PropertyType:
        if self.schema.events is None or event.type not in self.schema.events:
            return ANY
        own = self.schema.events[event.type]
        found = _look_up(own, path)
        if found is not None:
            return found
        name = format_path(path)
        if self.schema.profile is not None and _look_up(self.schema.profile, path) is not None:
            self._report(
                f"`{name}` is a property of the profile, not of the event {quote(event.type)}",
                "wrong-owner",
                span,
                f"profile.{name}",
                name=name,
            )
        else:
            self._report(
                f"the event {quote(event.type)} has no property `{name}`",
                "unknown-property",
                span,
                _nearest_path(path, own, ""),
                name=name,
            )
        return ANY

    # ---- what belongs to the goal, not to its condition

    def goal(self, root: ast.Condition, campaign: str | None, value: object, per: tuple[str, ...] | None) -> None:
        """Check a goal's campaign, its ``value`` and the property that its counting names."""
        if campaign is not None:
            self._known("campaign", campaign, self.schema.campaigns, None)
        events = {node.type: node for node in ast.walk(root) if isinstance(node, ast.EventOccurrence)}
        if isinstance(value, str):
            types = self._of_triggers(parse_path(value), events, "value")
            if types and not any(each.kinds & {"number"} for each in types):
                self._report(f'value="{value}" is {types[0]}, and a value is a number', "wrong-type", None)
        if per is not None:
            self._of_triggers(per, events, "count")

    def _of_triggers(
        self, path: tuple[str, ...], events: Mapping[str, ast.EventOccurrence], what: str
    ) -> list[PropertyType]:
        """The types of a property of the events that could trigger the goal; one of them must have it."""
        if self.schema.events is None or not events or not all(kind in self.schema.events for kind in events):
            return []
        own = [self.schema.events[kind] for kind in events]
        found = [each for each in (_look_up(properties, path) for properties in own) if each is not None]
        if not found:
            name = format_path(path)
            hint = next(filter(None, (_nearest_path(path, properties, "") for properties in own)), "")
            self._report(f"{what}: no event of the condition has a property `{name}`", "unknown-property", None, hint)
        return found


# ---- types and names


def _literal_type(node: ast.Value) -> PropertyType:
    return PropertyType(frozenset({_LITERAL_KINDS[type(node)]})) if type(node) in _LITERAL_KINDS else ANY


def _kinds_beside(declared: PropertyType, other: ast.Value) -> frozenset[str]:
    """The kinds that count beside *other*: ISO 8601 text is a datetime beside a date literal (semantics §3)."""
    if isinstance(other, _MOMENTS) and "text" in declared.kinds:
        return declared.kinds | {"datetime"}
    return declared.kinds


def _look_up(properties: Properties, path: tuple[str, ...]) -> PropertyType | None:
    """What the property at *path* may be; ``None`` where the schema rules it out."""
    found = ANY
    for name in path:
        if properties is None:
            return ANY
        if name not in properties:
            return None
        found = properties[name]
        properties = found.properties if "object" in found.kinds else {}
    return found


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    more = ", …" if len(names) > _SHOWN else ""
    return did_you_mean(name, names) or (f"known are: {', '.join(names[:_SHOWN])}{more}" if names else "")


def _nearest_path(path: tuple[str, ...], properties: Properties, owner: str) -> str:
    """A repair for the first name of *path* that is not known."""
    done: tuple[str, ...] = ()
    for name in path:
        if properties is None:
            return ""
        if name not in properties:
            near = did_you_mean(name, properties)
            if near:
                known = near.removeprefix("did you mean `").removesuffix("`?")
                return f"did you mean `{owner}{format_path((*done, known))}`?"
            return _nearest(name, properties)
        found = properties[name]
        properties = found.properties if "object" in found.kinds else {}
        done = (*done, name)
    return ""


def _same_value(value: object, literal: object) -> bool:
    if isinstance(value, bool) or isinstance(literal, bool):
        return value is literal
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    return type(exact) is type(literal) and exact == literal if isinstance(value, str) else exact == literal


def _shown(value: object) -> str:
    if isinstance(value, str):
        return quote(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _retyped(declared: PropertyType, literal: ast.Value) -> str:
    """The literal as it was likely meant: a number in quotes without them, a word without quotes in them."""
    if isinstance(literal, ast.Text):
        text = literal.value.strip()
        if "number" in declared.kinds and text.replace(".", "", 1).lstrip("-").isdecimal() and text.isascii():
            return f"without quotes: {text}"
        if "boolean" in declared.kinds and text.lower() in ("true", "false"):
            return f"without quotes: {text.lower()}"
        if "datetime" in declared.kinds and read_iso(text) is not None:
            return f"without quotes: {text}"
        if "datetime" in declared.kinds:
            return "a date, such as 2026-01-31"
    if isinstance(literal, (ast.Number, ast.Boolean)) and "text" in declared.kinds:
        return f"in quotes: {quote(format_node(literal))}"
    return ""
