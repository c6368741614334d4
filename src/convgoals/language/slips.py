"""What can be read, but was meant otherwise: names that belong to nothing, and dates that became arithmetic.

Each finding shows the whole goal as it was probably meant. Where that takes more than a few repairs, it says how to
mend the one place.
"""

from __future__ import annotations

import calendar
import datetime
import difflib
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

import attrs

from convgoals.errors import GoalError, GoalSyntaxError
from convgoals.language import ast
from convgoals.language.format import format_node, format_path

MAX_REPAIRED = 3
"""How many bare names a shown repair may mend."""

MAX_SHOWN = 5
"""How many slips of one kind an error carries at the most."""

_OWNERS = frozenset({"user", "customer", "person", "contact", "visitor", "account", "traits", "attributes", "profiles"})
_EVENT_NAMES = frozenset({"type", "name", "event_type", "event_name", "event"})
_SEGMENT_NAMES = frozenset({"segment", "segments"})
_OF_TEXT = ("contains", "starts with", "ends with")
_NOW = frozenset({"now", "today", "yesterday", "tomorrow", "current_date", "current_timestamp"})

Passes = Callable[[ast.Condition], None]
"""Raises `GoalError` unless a condition is well-formed."""

_N = TypeVar("_N")


def replaced(node: _N, old: object, new: object) -> _N:
    """*node* with *new* in the place of the node *old*, which is found by identity."""
    if node is old:
        return new  # type: ignore[return-value]
    changed: dict[str, Any] = {}
    for field in attrs.fields(type(node)):  # type: ignore[arg-type]
        value = getattr(node, field.name)
        if type(value) in ast.NODE_TYPES:
            below = replaced(value, old, new)
            if below is not value:
                changed[field.name] = below
        elif type(value) is tuple:
            items = tuple(replaced(item, old, new) if type(item) in ast.NODE_TYPES else item for item in value)
            if any(item is not before for item, before in zip(items, value, strict=True)):
                changed[field.name] = items
    return attrs.evolve(node, **changed) if changed else node  # type: ignore[misc]


def bare_names(root: ast.Condition) -> list[ast.Property]:
    """The properties of events that stand where no event is: outside every ``where`` and every aggregate's value."""
    found: list[ast.Property] = []
    stack: list[ast.Node] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.EventOccurrence):
            continue
        if isinstance(node, ast.Property) and node.owner == "event":
            found.append(node)
        below = [node.occurrence] if isinstance(node, ast.Aggregate) else list(ast.children(node))
        stack.extend(reversed(below))
    return found


def bare_name_problems(root: ast.Condition, passes: Passes) -> Iterator[GoalError]:
    """An error for each bare name, with what may be meant instead."""
    names = bare_names(root)
    messages = set()
    for node in names[:MAX_SHOWN]:
        guess = next(_guesses(root, node))
        if guess[0] == "missing-quotes" and guess[1] in messages:
            continue  # another part of the same text
        messages.add(guess[1])
        hint = ""
        if len(names) <= MAX_REPAIRED:
            whole = [_finished(repair, passes) for _, _, repair in _guesses(root, node)]
            shown = list(dict.fromkeys(text for text in whole if text))
            hint = write(shown)
        yield GoalSyntaxError(
            guess[1], code=guess[0], span=node.span, hint=hint or f"profile.{format_path(node.path)} for the profile's"
        )


def write(texts: list[str]) -> str:
    """The hint that shows whole goals."""
    if len(texts) <= 1:
        return "".join(f"write: {text}" for text in texts)
    return "\n    ".join(["write one of these:", *texts])


def _finished(root: ast.Condition, passes: Passes) -> str:
    """The canonical text of *root* with its other bare names mended too, or ``""``."""
    for _ in range(MAX_REPAIRED):
        names = bare_names(root)
        if not names:
            break
        root = next(_guesses(root, names[0]))[2]
    try:
        passes(root)
    except GoalError:
        return ""
    return format_node(root)


def _guesses(root: ast.Condition, node: ast.Property) -> Iterator[Guess]:
    """What may be meant by the bare name *node*: a code, a message and the mended condition; the likeliest first."""
    name, path = format_path(node.path), node.path
    around = _comparison_around(root, node)
    if len(path) > 1 and (path[0].lower() in _OWNERS or difflib.get_close_matches(path[0].lower(), ["profile"])):
        message = f"`{name}`: the properties of the profile begin with `profile.`"
        yield "bare-name", message, replaced(root, node, ast.Property("profile", path[1:]))
        return
    special = [*_named_by_value(root, around, node), *_forgotten_quotes(root, around, node)]
    yield from special
    if special and special[0][0] in ("relative-date", "name-needs-quotes"):
        return
    message = f"`{name}` stands outside a `where`, so it belongs to no event"
    merged = None if special else _into_where(root, around)
    if merged is not None:
        yield "bare-name", message, merged
    yield "bare-name", message, replaced(root, node, ast.Property("profile", path))
    if merged is None and around is not None and not special:
        yield "bare-name", message, replaced(root, around, ast.EventOccurrence("purchase_completed", around))


Guess: TypeAlias = tuple[str, str, ast.Condition]


def _named_by_value(root: ast.Condition, around: Any, node: ast.Property) -> Iterator[Guess]:
    """``event.type = "purchase"``, ``segment = "vip"``, ``purchase = true``."""
    if not isinstance(around, ast.Compare) or around.left is not node or around.operator != "=" or len(node.path) > 1:
        return
    name, right = node.path[0], around.right
    if isinstance(right, ast.Text) and right.value and name.lower() in _EVENT_NAMES:
        message = "an event is named after the word `event`, not compared"
        yield "event-name", message, replaced(root, around, ast.EventOccurrence(right.value))
    if isinstance(right, ast.Text) and right.value and name.lower() in _SEGMENT_NAMES:
        message = "whether a profile is in a segment is asked by `in segment`"
        yield "segment", message, replaced(root, around, ast.InSegment(right.value))
    if right == ast.Boolean(value=True):
        message = f"`{name}` stands outside a `where`; an event happens, and is not compared"
        yield "missing-event", message, replaced(root, around, ast.EventOccurrence(name))


def _forgotten_quotes(root: ast.Condition, around: Any, node: ast.Property) -> Iterator[Guess]:
    """``profile.plan = pro``, ``profile.plan = pro-plan``, ``profile.plan-name = "x"``, ``profile.created > today``."""
    if not isinstance(around, (ast.Compare, ast.Range)):
        return
    if len(node.path) > 1 and not (isinstance(around, ast.Compare) and around.operator in _OF_TEXT):
        return
    name = node.path[0]
    left = around.left if isinstance(around, ast.Compare) else around.value
    if isinstance(left, ast.Arithmetic) and left.right is node:
        owner = left.left
        if left.operator == "-" and isinstance(owner, ast.Property) and owner.owner == "profile":
            whole = (*owner.path[:-1], f"{owner.path[-1]}-{name}")
            message = "a name with other signs than letters, digits and `_` stands in quotes"
            yield "name-needs-quotes", message, replaced(root, left, ast.Property("profile", whole))
        return
    if not (isinstance(left, ast.Aggregate) or (isinstance(left, ast.Property) and left.owner == "profile")):
        return
    if name.lower() in _NOW:
        message = f"a goal means the same whenever it is read, so `{name}` cannot stand in it"
        event: ast.Condition = ast.EventOccurrence("purchase_completed")
        if isinstance(left, ast.Property):
            event = ast.Window(event, ast.Duration(((30, "day"),)), ast.PropertyAnchor(left.path))
        yield "relative-date", message, replaced(root, around, event)
        return
    for side in (around.right,) if isinstance(around, ast.Compare) else (around.low, around.high):
        text = _hyphenated(side)
        if text and any(below is node for below in ast.walk(side)):
            yield (
                "missing-quotes",
                f"`{text}` is no value; a text stands in quotes",
                replaced(root, side, ast.Text(text)),
            )


def _hyphenated(value: ast.Value) -> str:
    """The text behind bare names that are joined by ``-``, or ``""``."""
    if isinstance(value, ast.Property) and value.owner == "event":
        return ".".join(value.path)
    if isinstance(value, ast.Arithmetic) and value.operator == "-":
        first, second = _hyphenated(value.left), _hyphenated(value.right)
        return f"{first}-{second}" if first and second else ""
    return ""


def _comparison_around(root: ast.Condition, node: ast.Property) -> Any:
    """The comparison that *node* stands in."""
    for above in ast.walk(root):
        if isinstance(above, ast.COMPARISONS) and any(below is node for below in ast.walk(above)):
            return above
    return None


def _into_where(root: ast.Condition, around: Any) -> ast.Condition | None:
    """The comparison moved into the ``where`` of the event before it, in the same ``and`` or ``or``."""
    for joined in ast.walk(root):
        if not isinstance(joined, (ast.And, ast.Or)):
            continue
        place = next((index for index, term in enumerate(joined.terms) if term is around), None)
        if place is None:
            continue
        kind = type(joined)
        for index in reversed(range(place)):
            event = joined.terms[index]
            if isinstance(event, ast.EventOccurrence) and (kind is ast.And or event.where is not None):
                where = around if event.where is None else kind((event.where, around))
                terms = [*joined.terms[:index], ast.EventOccurrence(event.type, where), *joined.terms[index + 1 :]]
                del terms[place]
                return replaced(root, joined, kind(tuple(terms)) if len(terms) > 1 else terms[0])
    return None


def aggregate_problems(root: ast.Condition) -> Iterator[GoalError]:
    """An error for each count in a ``where``; moved beside its event where it is one of the things that must be so."""
    found = [
        (event, node)
        for event in ast.walk(root)
        if isinstance(event, ast.EventOccurrence) and event.where is not None
        for node in ast.walk(event.where)
        if isinstance(node, ast.Aggregate)
    ]
    for event, node in found[:MAX_SHOWN]:
        mended = _beside(root, event, node) if len(found) == 1 else None
        yield GoalSyntaxError(
            f"`{node.function}(…)` counts over a profile's history, and a `where` looks at one event",
            code="aggregate-in-where",
            span=node.span,
            hint="put it beside the event, joined by `and`" if mended is None else write([format_node(mended)]),
        )


def _beside(root: ast.Condition, event: ast.EventOccurrence, node: ast.Aggregate) -> ast.Condition | None:
    """The comparison of *node* moved out of the ``where`` of *event*."""
    terms = event.where.terms if isinstance(event.where, ast.And) else (event.where,)
    around = next((term for term in terms if term and any(below is node for below in ast.walk(term))), None)
    if not isinstance(around, ast.COMPARISONS):
        return None
    rest: list[Any] = [term for term in terms if term is not around]
    where = ast.And(tuple(rest)) if len(rest) > 1 else rest[0] if rest else None
    return replaced(root, event, ast.And((ast.EventOccurrence(event.type, where), around)))


# ---- dates that became arithmetic


def date_problems(root: ast.Condition) -> Iterator[GoalError]:
    """``01/02/2026`` and ``2026-1-5`` are read as arithmetic; nobody means that."""
    found = [(node, dates) for node in ast.walk(root) if isinstance(node, ast.Arithmetic) and (dates := _dates(node))]
    for node, dates in found[:MAX_SHOWN]:
        yield GoalSyntaxError(
            f"`{format_node(node).replace(' ', '')}` is read as arithmetic; a date is written year-month-day",
            code="date-form",
            span=node.span,
            hint=write([format_node(replaced(root, node, ast.Date(date))) for date in dates]),
        )


def _dates(node: ast.Arithmetic) -> list[datetime.date]:
    """The days that ``a/b/c`` or ``a-b-c`` may stand for; none if it is plain arithmetic."""
    left = node.left
    if not (isinstance(left, ast.Arithmetic) and left.operator == node.operator and node.operator in "/-"):
        return []
    numbers = [part.value for part in (left.left, left.right, node.right) if isinstance(part, ast.Number)]
    if len(numbers) != 3 or not all(isinstance(number, int) for number in numbers):
        return []
    first, second, third = (int(number) for number in numbers)
    found = []
    for year, month, day in ((first, second, third), (third, second, first), (third, first, second)):
        if 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]:
            found.append(datetime.date(year, month, day))
    return list(dict.fromkeys(found))
