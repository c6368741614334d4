"""Text → nodes: the only room that knows lark.

lark reads the text into a tree by ``goal.lark``, and the functions of `rules` turn each branch into a node, without
recursion, so that no text can be too deep. Sizes are checked before and after (`bounds`).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from convgoals.errors import GoalError, GoalSyntaxError, Span
from convgoals.language import ast
from convgoals.language.bounds import check_canonical_size, check_depth, check_size
from convgoals.language.rules import RULES

if TYPE_CHECKING:
    from lark import Lark


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
    from importlib import resources  # noqa: PLC0415  as lark

    from lark import Lark  # noqa: PLC0415  importing and building it costs more than the rest of the package

    source = resources.files("convgoals.language").joinpath("goal.lark").read_text(encoding="utf-8")
    entries = ["condition_text", "window_text", "duration_text", "property_text"]
    return Lark(
        source, parser="lalr", lexer="contextual", start=entries, propagate_positions=True, maybe_placeholders=True
    )


_WHAT = {
    "condition_text": "a condition",
    "window_text": "a window",
    "duration_text": "a span of time",
    "property_text": "the name of a property",
}


def _parse(text: str, entry: str) -> Any:
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415  as above

    if not isinstance(text, str):
        raise GoalSyntaxError(f"{_WHAT[entry]} is text, not {text!r:.80}", code="not-text")
    check_size(text, "text")
    try:
        return _read(text, entry)
    except UnexpectedInput as failure:
        from convgoals.language.mistakes import explain_mistake  # noqa: PLC0415  only who errs pays for it

        raise explain_mistake(text, failure, entry, _read, _accepted).at(text) from None
    except GoalError as failure:
        raise failure.at(text) from None


def _accepted(text: str, entry: str) -> frozenset[str]:
    """The terminals that can follow *text*, the beginning of something that could not be read."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415  as above

    parser = grammar().parse_interactive(text, start=entry)
    try:
        parser.exhaust_lexer()
    except UnexpectedInput:
        return frozenset()
    accepted: set[str] = parser.accepts()  # type: ignore[no-untyped-call]
    return frozenset(accepted)


def _read(text: str, entry: str) -> Any:
    """What *text* says. Raises lark's ``UnexpectedInput`` where the grammar ends, `GoalError` where a bound does."""
    from lark.exceptions import VisitError  # noqa: PLC0415  as above

    try:
        node = _builder().transform(grammar().parse(text, start=entry))
    except VisitError as failure:
        if isinstance(failure.orig_exc, GoalError):
            raise failure.orig_exc from None
        raise
    check_depth(node)
    check_canonical_size(text, node)
    return node


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

    for build, names in RULES:
        rule(*names)(build)
    return Builder()
