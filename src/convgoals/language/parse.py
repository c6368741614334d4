"""Text → nodes: the only room that knows lark.

lark reads the text into a tree by ``goal.lark``, and `_Build` turns each branch into a node, without recursion, so that
no text can be too deep. What the grammar cannot say is checked on the way: sizes, and *ambiguity* — a window that
trails an ``and`` or ``or`` could belong to the last operand or to all of them, so it is refused with both readings.
"""

from __future__ import annotations

import datetime
import functools
import re
from decimal import Decimal
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from convgoals.errors import GoalError, GoalSyntaxError, Span
from convgoals.instants import LATEST
from convgoals.language import ast
from convgoals.language.format import format_node
from convgoals.language.mistakes import explain_mistake

if TYPE_CHECKING:
    from lark import Lark, Tree

MAX_TEXT = 10_000
MAX_DEPTH = 60
MAX_STRING = 1_000
MAX_DIGITS = 40
_MOST_GROWTH = 8  # a control character is written as the six of its escape, `1s` as `1 second`
FIRST_YEAR, LAST_YEAR = 1000, 9000

_UNITS: dict[str, ast.Unit] = {
    "y": "year", "year": "year", "mo": "month", "month": "month", "w": "week", "week": "week", "d": "day", "day": "day",
    "h": "hour", "hr": "hour", "hour": "hour", "m": "minute", "min": "minute", "minute": "minute",
    "s": "second", "sec": "second", "second": "second", "ms": "millisecond", "millisecond": "millisecond",
    "us": "microsecond", "microsecond": "microsecond",
}  # fmt: skip
_ISO_PART = re.compile(r"(\d+)([A-Z])")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


def parse_condition(text: str) -> ast.Condition:
    """The condition that *text* says. Raises `GoalSyntaxError`."""
    return _parse(text, "condition_text")  # type: ignore[no-any-return]


def parse_window(text: str) -> tuple[ast.Duration, ast.Anchor]:
    """The window that ``"7 days of first event page_visit"`` says. Raises `GoalSyntaxError`."""
    return _parse(text, "window_text")  # type: ignore[no-any-return]


def parse_duration(text: str) -> ast.Duration:
    """The span that ``"30 days"``, ``"36h"`` or ``"P1DT12H"`` says. Raises `GoalSyntaxError`."""
    return _parse(text, "duration_text")  # type: ignore[no-any-return]


def parse_path(text: str) -> tuple[str, ...]:
    """The path of a property, such as ``order.id``. Raises `GoalSyntaxError`."""
    return _parse(text, "property_text")  # type: ignore[no-any-return]


@functools.cache
def grammar() -> Lark:
    """The parser, built when the first text is parsed and then shared: lark's parsers are immutable."""
    from lark import Lark  # noqa: PLC0415  importing and building it costs more than the rest of the package

    source = resources.files("convgoals.language").joinpath("goal.lark").read_text(encoding="utf-8")
    entries = ["condition_text", "window_text", "duration_text", "property_text"]
    return Lark(source, parser="lalr", lexer="contextual", start=entries, propagate_positions=True, maybe_placeholders=True)


def _parse(text: str, entry: str) -> Any:
    from lark.exceptions import UnexpectedInput, VisitError  # noqa: PLC0415  as above

    if not isinstance(text, str):
        raise GoalSyntaxError(f"a condition is text, not {text!r:.80}", code="not-text")
    if len(text) > MAX_TEXT:
        raise GoalSyntaxError(
            f"the text has {len(text):,} characters, and {MAX_TEXT:,} are allowed",
            code="too-long",
            text=text[:MAX_TEXT],
            span=Span(MAX_TEXT - 1, MAX_TEXT),
            hint="make it two goals, or shorten its lists",
        )
    try:
        node = _builder().transform(grammar().parse(text, start=entry))
        _check_depth(node)
        _check_length(text, node)
        return node
    except UnexpectedInput as failure:
        raise explain_mistake(text, failure, entry).at(text) from None
    except VisitError as failure:
        if isinstance(failure.orig_exc, GoalError):
            raise failure.orig_exc.at(text) from None
        raise
    except GoalError as failure:
        raise failure.at(text) from None


def _check_depth(node: object) -> None:
    level: list[Any] = [part for part in (node if isinstance(node, tuple) else (node,)) if attrs.has(type(part))]
    for _ in range(MAX_DEPTH):
        level = [below for above in level for below in ast.children(above)]
        if not level:
            return
    raise GoalSyntaxError(
        f"the condition is nested more than {MAX_DEPTH} deep",
        code="too-deep",
        span=level[0].span,
        hint="split it into several goals, or use `in (…)` for a list of values",
    )


def _check_length(text: str, node: Any) -> None:
    """Refuse a text whose canonical text would be too long to be read again: short forms and escapes grow."""
    if len(text) * _MOST_GROWTH > MAX_TEXT and isinstance(node, ast.NODE_TYPES):
        length = len(format_node(node))
        if length > MAX_TEXT:
            raise GoalSyntaxError(
                f"the canonical text has {length:,} characters, and {MAX_TEXT:,} are allowed",
                code="too-long",
                span=node.span,
                hint="make it two goals, or shorten its lists",
            )


@attrs.frozen
class _Trailing:
    """A condition whose last words are a window of its own, not in parentheses."""

    node: Any
    suffix: str
    rewrap: Any


_T = TypeVar("_T")


def _bare(item: Any) -> Any:
    return item.node if type(item) is _Trailing else item


@functools.cache
def _builder() -> Any:
    """The tree builder; made on first use, for its base class comes from lark."""
    from lark import Transformer_NonRecursive, v_args  # noqa: PLC0415  as above

    def place(meta: Any) -> Span:
        return Span(meta.start_pos, meta.end_pos) if not meta.empty else Span(0, 0)

    class Builder(Transformer_NonRecursive):  # type: ignore[type-arg]
        """One method per rule of the grammar, by its name; each takes the branch's children."""

        def __default__(self, data: Any, items: list[Any], meta: Any) -> Any:
            raise AssertionError(f"no method builds {data}")  # a rule without its method is a bug of ours

    def rule(*names: str) -> Any:
        def register(function: Any) -> Any:
            for name in names:
                setattr(Builder, name, v_args(meta=True)(lambda self, meta, items, f=function: f(place(meta), *items)))
            return function

        return register

    for build, names in _RULES:
        rule(*names)(build)
    return Builder()


# ---- one function per rule: (span, children…) → node


def _whole(span: Span, item: Any) -> Any:
    return _bare(item)


def _bare_window(span: Span, duration: ast.Duration, anchor: ast.Anchor) -> tuple[ast.Duration, ast.Anchor]:
    return duration, anchor


def _joined(kind: type[ast.And] | type[ast.Or], word: str) -> Any:
    def build(span: Span, *items: Any) -> Any:
        if len(items) == 1:
            return items[0]
        for index, item in enumerate(items[1:], start=1):
            if type(item) is _Trailing:
                _refuse_ambiguity(kind, word, items, index, span)
        return kind(tuple(_bare(item) for item in items), span=span)

    return build


def _refuse_ambiguity(
    kind: type[ast.And] | type[ast.Or], word: str, items: tuple[Any, ...], index: int, span: Span
) -> None:
    trailing: _Trailing = items[index]
    _check_depth(tuple(_bare(item) for item in items))  # the repair below prints them
    before = tuple(_bare(item) for item in items[:index])
    after = tuple(_bare(item) for item in items[index + 1 :])
    inner = kind((*before, trailing.node, *after))
    outer_part = trailing.rewrap(kind((*before, _unwrapped(trailing.node))))
    outer = kind((outer_part, *after)) if after else outer_part
    raise GoalSyntaxError(
        f"`{trailing.suffix}` after `{word}` could belong to the last part or to all of them",
        code="ambiguous-window",
        span=trailing.node.span,
        hint=f"write one of these:\n    {format_node(outer)}\n    {format_node(inner)}",
    )


def _unwrapped(node: Any) -> Any:
    return ast.Not(_unwrapped(node.term)) if isinstance(node, ast.Not) else node.condition


def _negation(span: Span, item: Any) -> Any:
    node = ast.Not(_bare(item), span=span)
    return _Trailing(node, item.suffix, item.rewrap) if type(item) is _Trailing else node


def _window(span: Span, item: Any, duration: ast.Duration, anchor: ast.Anchor) -> _Trailing:
    return _Trailing(
        ast.Window(_bare(item), duration, anchor, span=span), "within", lambda c: ast.Window(c, duration, anchor)
    )


def _between(span: Span, item: Any, start: Any, end: Any) -> _Trailing:
    return _Trailing(ast.Between(_bare(item), start, end, span=span), "between", lambda c: ast.Between(c, start, end))


def _held(span: Span, item: Any, duration: ast.Duration) -> _Trailing:
    return _Trailing(ast.Held(_bare(item), duration, span=span), "for", lambda c: ast.Held(c, duration))


def _event(span: Span, name: str, where: Any) -> ast.EventOccurrence:
    return ast.EventOccurrence(name, where, span=span)


def _change(span: Span, owner: ast.Property, before: Any, after: Any) -> ast.ChangeOccurrence:
    return ast.ChangeOccurrence(owner.path, before, after, span=span)


def _chain(span: Span, first: Any, *links: Any) -> ast.Chain:
    absence = links[-1] if isinstance(links[-1], ast.Absence) else None
    return ast.Chain(first, tuple(link for link in links if isinstance(link, ast.Link)), absence, span=span)


def _link(span: Span, within: Any, occurrence: Any, same: Any, without: Any) -> ast.Link:
    return ast.Link(occurrence, within, same, without, span=span)


def _absence(span: Span, within: Any, occurrence: Any, same: Any) -> ast.Absence:
    return ast.Absence(occurrence, within, same, span=span)


_RELATIONS = {"==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}


def _relation(span: Span, token: str) -> str:
    word = token.lower()
    for start in ("starts", "ends"):  # however its two words are joined
        if word.startswith(start):
            return f"{start} with"
    return _RELATIONS.get(word, word)


def _compare(span: Span, left: Any, operator: Any, right: Any) -> ast.Compare:
    return ast.Compare(operator, left, right, span=span)


def _membership(negated: bool) -> Any:
    def build(span: Span, value: Any, *options: Any) -> ast.Membership:
        return ast.Membership(value, options, negated, span=span)

    return build


def _matches(span: Span, value: Any, pattern: str) -> ast.Matches:
    return ast.Matches(value, _string(span, pattern), span=span)


def _presence(negated: bool) -> Any:
    return lambda span, value, *_operator: ast.Presence(value, negated, span=span)


def _negated(build: Any) -> Any:
    """``x not contains y`` for ``not x contains y``, as ``x not in (…)`` is read."""
    return lambda span, *items: ast.Not(build(span, *items), span=span)


def _range(span: Span, value: Any, low: Any, high: Any) -> ast.Range:
    return ast.Range(value, low, high, span=span)


def _arithmetic(operator: Any) -> Any:
    return lambda span, left, right: ast.Arithmetic(operator, left, right, span=span)


def _call(span: Span, function: str, argument: Any) -> ast.Call:
    return ast.Call(function.lower(), argument, span=span)  # type: ignore[arg-type]


def _count(span: Span, _word: str, occurrence: Any, last: Any) -> ast.Aggregate:
    return ast.Aggregate("count", None, occurrence, last, span=span)


def _aggregate(span: Span, function: str, value: Any, occurrence: Any, last: Any) -> ast.Aggregate:
    return ast.Aggregate(function.lower(), value, occurrence, last, span=span)  # type: ignore[arg-type]


def _property(owner: Any) -> Any:
    return lambda span, *items: ast.Property(owner, items[-1], span=span)


def _name(span: Span, token: Any) -> str:
    text = _string(span, token) if token.type == "STRING" else str(token)
    if not text:
        raise GoalSyntaxError("a name cannot be empty", code="empty-name", span=span)
    return text


def _string(span: Span, token: str) -> str:
    def unescape(match: re.Match[str]) -> str:
        escape = match[1]
        if escape[0] == "u" and len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPES.get(escape, match[0])  # "\d" stays as it is: patterns need no doubled backslashes

    text = _ESCAPE.sub(unescape, token[1:-1])
    if len(text) > MAX_STRING:
        raise GoalSyntaxError(
            f"the text in quotes has {len(text):,} characters, and {MAX_STRING:,} are allowed",
            code="too-long",
            span=span,
            hint="`starts with`, `contains` or `matches` can do with a part of it",
        )
    # Two escaped surrogates are one character; one alone is no text that can be stored.
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise GoalSyntaxError(
            "the text in quotes holds half of a surrogate pair, which is no character", code="surrogate", span=span
        ) from None


def _number(span: Span, token: str, sign: str = "") -> ast.Number:
    value = Decimal(sign + token)
    _, digits, exponent = value.as_tuple()
    if isinstance(exponent, int) and max(len(digits) + max(exponent, 0), -exponent) <= MAX_DIGITS:
        return ast.Number(value, span=span)
    raise GoalSyntaxError(f"a number has at most {MAX_DIGITS} digits", code="number-too-long", span=span)


def _negative(span: Span, token: str) -> ast.Number:
    return _number(span, token, "-")


def _date(span: Span, token: str) -> ast.Date | ast.DateTime:
    try:
        if not FIRST_YEAR <= int(token[:4]) <= LAST_YEAR:
            raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}")
        if len(token) == len("2026-01-01"):
            return ast.Date(datetime.date.fromisoformat(token), span=span)
        return ast.DateTime(datetime.datetime.fromisoformat(token.upper()), span=span)
    except ValueError as error:
        raise GoalSyntaxError(f"{token} is not a date: {error}", code="not-a-date", span=span) from None


def _words(span: Span, *tokens: str) -> ast.Duration:
    amounts = [int(amount) if len(amount) <= MAX_DIGITS else 10**MAX_DIGITS for amount in tokens[::2]]
    units = []
    for unit in tokens[1::2]:
        word = unit.lower()
        units.append(_UNITS[word if word in _UNITS else word[:-1]])
    return _duration(span, list(zip(amounts, units, strict=True)))


def _iso_duration(span: Span, token: str) -> ast.Duration:
    days, _, clock = token.upper().partition("T")
    names: tuple[dict[str, ast.Unit], dict[str, ast.Unit]] = (
        {"Y": "year", "M": "month", "W": "week", "D": "day"},
        {"H": "hour", "M": "minute", "S": "second"},
    )
    return _duration(
        span,
        [
            (int(amount[:MAX_DIGITS]), units[letter])
            for part, units in zip((days, clock), names, strict=True)
            for amount, letter in _ISO_PART.findall(part)
        ],
    )


def _duration(span: Span, parts: list[tuple[int, ast.Unit]]) -> ast.Duration:
    order = list(ast.UNITS)
    ranks = [order.index(unit) for _, unit in parts]
    if not parts or ranks != sorted(set(ranks)):
        raise GoalSyntaxError(
            "a span of time names each unit once, the largest first", code="duration", span=span, hint="1 day 12 hours"
        )
    duration = ast.Duration(tuple(part for part in parts if part[0]) or (parts[-1],), span=span)
    if duration.months > 12_000 or duration.microseconds > LATEST // 10:
        raise GoalSyntaxError("a span of time is at most 1,000 years", code="duration-too-long", span=span)
    return duration


_RULES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_whole, ("whole", "group", "inner")),
    (_bare_window, ("bare_window",)),
    (_joined(ast.And, "and"), ("conjunction",)),
    (_joined(ast.Or, "or"), ("disjunction",)),
    (_negation, ("negation",)),
    (_window, ("window",)),
    (_between, ("between",)),
    (_held, ("held",)),
    (lambda span, o, d: ast.InLast(o, d, span=span), ("in_last",)),
    (lambda span, name: ast.InSegment(name, span=span), ("in_segment",)),
    (lambda span, which, o: ast.OccurrenceAnchor(which, o, span=span), ("occurrence_anchor",)),
    (lambda span, o: ast.OccurrenceAnchor("first", o, span=span), ("first_receipt",)),
    (lambda span, p: ast.PropertyAnchor(p.path, span=span), ("property_anchor",)),
    (lambda span, token: token.split()[-1].lower(), ("which",)),
    (_event, ("event",)),
    (_change, ("change",)),
    (lambda span, name: ast.ReceiptOccurrence(name, span=span), ("receipt",)),
    (_chain, ("chain", "short_chain")),
    (_link, ("link",)),
    (_absence, ("absence",)),
    (_compare, ("compare",)),
    (_relation, ("relation", "text_relation")),
    (_membership(negated=False), ("member",)),
    (_membership(negated=True), ("not_member",)),
    (_negated(_compare), ("not_compare",)),
    (_range, ("range",)),
    (_negated(_range), ("not_range",)),
    (_matches, ("matches",)),
    (_negated(_matches), ("not_matches",)),
    (lambda span, left, right: ast.Compare("=", left, right, span=span), ("is_equal",)),
    (lambda span, left, right: ast.Compare("!=", left, right, span=span), ("is_unequal",)),
    (_presence(negated=False), ("is_set",)),
    (_presence(negated=True), ("is_not_set",)),
    (_arithmetic("+"), ("add",)),
    (_arithmetic("-"), ("subtract",)),
    (_arithmetic("*"), ("multiply",)),
    (_arithmetic("/"), ("divide",)),
    (_call, ("call",)),
    (_count, ("count",)),
    (_aggregate, ("aggregate",)),
    (_property("profile"), ("profile_property",)),
    (_property("event"), ("event_property", "bare_property")),
    (lambda span, *names: tuple(str(name) for name in names), ("path",)),
    (_name, ("name",)),
    (lambda span, token: ast.Text(_string(span, token), span=span), ("text",)),
    (_number, ("number",)),
    (_negative, ("negative",)),
    (lambda span, token: ast.Boolean(token.lower() == "true", span=span), ("boolean",)),
    (_date, ("date",)),
    (_words, ("words",)),
    (_iso_duration, ("iso_duration",)),
)
