"""Branches of lark's tree → nodes: one function for each rule of ``goal.lark``, by the rule's name in `RULES`.

What the grammar cannot say is checked on the way: *ambiguity* — a window that trails an ``and`` or ``or`` could belong
to the last operand or to all of them, so it is refused with both readings.
"""

from __future__ import annotations

from typing import Any

import attrs

from convgoals.errors import GoalSyntaxError, Span
from convgoals.language import ast
from convgoals.language.bounds import check_depth
from convgoals.language.format import format_node
from convgoals.language.literals import (
    read_date,
    read_iso_duration,
    read_keyword,
    read_negative,
    read_number,
    read_string,
    read_words,
)


@attrs.frozen
class _Trailing:
    """A condition whose last words are a window of its own, not in parentheses; and what an ``and`` joins after it."""

    node: Any
    suffix: str
    rewrap: Any
    rest: tuple[Any, ...] = ()
    whole: Any = None


def _bare(item: Any) -> Any:
    return (item.whole or item.node) if type(item) is _Trailing else item


# ---- one function per rule: (span, children…) → node


def _whole(span: Span, item: Any) -> Any:
    return _bare(item)


def _bare_window(span: Span, duration: ast.Duration, anchor: ast.Anchor) -> tuple[ast.Duration, ast.Anchor]:
    return duration, anchor


def _joined(kind: type[ast.And | ast.Or], word: str) -> Any:
    def build(span: Span, *items: Any) -> Any:
        if len(items) == 1:
            return items[0]
        for index, item in enumerate(items[1:], start=1):
            if type(item) is _Trailing:
                _refuse_ambiguity(kind, word, items, index, span)
        node = kind(tuple(_bare(item) for item in items), span=span)
        if type(items[0]) is _Trailing and kind is ast.And:  # an `or` before it makes it ambiguous too
            return attrs.evolve(items[0], rest=node.terms[1:], whole=node)
        return node

    return build


def _refuse_ambiguity(kind: type[ast.And | ast.Or], word: str, items: tuple[Any, ...], index: int, span: Span) -> None:
    trailing: _Trailing = items[index]
    check_depth(tuple(_bare(item) for item in items))  # the repair below prints them
    before = tuple(_bare(item) for item in items[:index])
    after = tuple(_bare(item) for item in items[index + 1 :])
    inner = kind((*before, _bare(trailing), *after))
    outer_part = trailing.rewrap(kind((*before, _unwrapped(trailing.node))))
    if trailing.rest:
        outer_part = ast.And((outer_part, *trailing.rest))
    outer = kind((outer_part, *after)) if after else outer_part
    merged = _merged_filter(kind, (*before, _unwrapped(trailing.node)))
    if merged is not None and not trailing.rest:
        whole = trailing.rewrap(merged)
        raise GoalSyntaxError(
            f"a `where` takes one comparison, so what stands after `{word}` belongs to no event",
            code="bare-name",
            span=trailing.node.span,
            hint=f"write: {format_node(kind((whole, *after)) if after else whole)}",
        )
    raise GoalSyntaxError(
        f"`{trailing.suffix}` after `{word}` could belong to the last part or to all of them",
        code="ambiguous-window",
        span=trailing.node.span,
        hint=f"write one of these:\n    {format_node(outer)}\n    {format_node(inner)}",
    )


def _merged_filter(kind: type[ast.And | ast.Or], items: tuple[Any, ...]) -> ast.EventOccurrence | None:
    """``event x where a = 1 and b = 2`` as one event with both comparisons, where the rest is about bare names."""
    first, rest = items[0], items[1:]
    if not isinstance(first, ast.EventOccurrence) or first.where is None:
        return None
    for each in rest:
        names = [part.owner for part in ast.walk(each) if isinstance(part, ast.Property)]
        if not isinstance(each, ast.COMPARISONS) or "event" not in names:
            return None
    return ast.EventOccurrence(first.type, kind((first.where, *rest)))


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
    word = read_keyword(token)
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
    return ast.Matches(value, read_string(span, pattern), span=span)


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
    return ast.Call(read_keyword(function), argument, span=span)  # type: ignore[arg-type]


def _count(span: Span, _word: str, occurrence: Any, last: Any) -> ast.Aggregate:
    return ast.Aggregate("count", None, occurrence, last, span=span)


def _aggregate(span: Span, function: str, value: Any, occurrence: Any, last: Any) -> ast.Aggregate:
    return ast.Aggregate(read_keyword(function), value, occurrence, last, span=span)  # type: ignore[arg-type]


def _property(owner: Any) -> Any:
    return lambda span, *items: ast.Property(owner, items[-1], span=span)


def _name(span: Span, token: Any) -> str:
    text = read_string(span, token) if token.type == "STRING" else str(token)
    if not text:
        raise GoalSyntaxError("a name cannot be empty", code="empty-name", span=span)
    return text


RULES: tuple[tuple[Any, tuple[str, ...]], ...] = (
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
    (lambda span, token: read_keyword(token.split()[-1]), ("which",)),
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
    (lambda span, token: ast.Text(read_string(span, token), span=span), ("text",)),
    (read_number, ("number",)),
    (read_negative, ("negative",)),
    (lambda span, token: ast.Boolean(read_keyword(token) == "true", span=span), ("boolean",)),
    (read_date, ("date",)),
    (read_words, ("words",)),
    (read_iso_duration, ("iso_duration",)),
)
