"""Templates of Python statements, filled in as nodes: fixed text of ours, whose capital names stand for nodes."""

from __future__ import annotations

import ast as python
import copy
import functools
from collections.abc import Mapping
from typing import Any, TypeAlias

Statements: TypeAlias = list[python.stmt]


def fill(text: str, **parts: Any) -> Statements:
    """The statements of a template; a part is a name, an expression, or, on a line of its own, statements."""
    filled = [_Fill(parts).visit(copy.deepcopy(statement)) for statement in _parsed(text)]
    return [statement for each in filled for statement in (each if isinstance(each, list) else [each])]


@functools.cache
def _parsed(text: str) -> tuple[python.stmt, ...]:
    return tuple(python.parse(text).body)


class _Fill(python.NodeTransformer):
    def __init__(self, parts: Mapping[str, Any]) -> None:
        self.parts = parts

    def visit_Name(self, node: python.Name) -> python.AST:
        part = self.parts.get(node.id)
        if part is None:
            return node
        return python.Name(part, node.ctx) if isinstance(part, str) else copy.deepcopy(part)

    def visit_Expr(self, node: python.Expr) -> Any:
        if isinstance(node.value, python.Name) and isinstance(self.parts.get(node.value.id), list):
            return self.parts[node.value.id] or python.Pass()
        return self.generic_visit(node)


def integer(value: int) -> python.Constant:
    """A number as a node."""
    return python.Constant(value)


def cell(at: int) -> python.expr:
    """``s[at]``."""
    return python.Subscript(python.Name("s", python.Load()), python.Constant(at), python.Load())


def is_none(at: int, *, negated: bool = False) -> python.expr:
    """Whether ``s[at]`` is ``None``, or *negated* that it is not."""
    operator = python.IsNot() if negated else python.Is()
    return python.Compare(cell(at), [operator], [python.Constant(None)])


def both(parts: list[python.expr]) -> python.expr:
    """All of *parts*, the first that is false deciding."""
    return python.BoolOp(python.And(), parts) if len(parts) > 1 else parts[0]
