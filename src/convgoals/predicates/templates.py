"""Templates of Python statements, filled in as nodes: fixed text of ours, whose capital names stand for nodes."""

from __future__ import annotations

import ast as python
import functools
import operator
from collections.abc import Mapping
from typing import Any, TypeAlias

Statements: TypeAlias = list[python.stmt]


# ---- the templates

FUNCTION = """
def handler(s, fact, t, moment):
    USED
    wake = NEVER
    BODY
    return wake
"""

USED = {"p": "p = fact.properties", "q": "q = moment.profile", "n": "n = moment.notes"}

GOAL = """
if GUARD:
    if TEST:
        STEP
        FIRE
        WAKE
    NOTED
"""

STATELESS = """
if s[BASE]:
    if TEST:
        FIRE
    NOTED
"""

FIRE = """
if FIRED is not None:
    moment.fire(SLOT, FIRED, t)
"""

FIRE_PLAINLY = """
if FIRED is not None:
    moment.out.append((SLOT, t, FIRED[0] if FIRED else None, ANCHOR, moment.segments))
    SPEND
"""

SEVERAL = """
if s[BASE]:
    m = {}
    TESTS
    NOTED
    if CONCERNED:
        moment.matches = m
        FIRED = STEP_OF(s, t, moment)
        FIRE
        WAKE
"""

CALL = """
moment.matches = MATCHES
FIRED = STEP_OF(s, t, moment)
"""

STATE = """
FIRED = None
if not TEST:
    s[AT] = False
elif not s[AT]:
    s[AT] = True
    FIRED = ()
"""

OPEN = """
FIRED = None
if MAY_OPEN:
    s[AT + 2] = t
    s[AT + 3] = END
    s[AT + 4] = True
    s[AT + 1] = NEVER
    s[FIRST:LAST] = FRESH
"""

OPEN_ANY = """
FIRED = None
ANCHORS = s[HERE]
if ANCHORS is None:
    s[HERE] = [t]
else:
    ANCHORS.append(t)
    if len(ANCHORS) > FEW:
        PRUNE(ANCHORS, t)
"""

INSIDE = """
FIRED = None
if s[AT + 4]:
    if t > s[AT + 3]:
        s[AT + 4] = False
        s[AT + 1] = NEVER
    else:
        STEP
        WAKE
        if FIRED is None and s[INNER] and not s[AT]:
            FIRED = ()
        if FIRED is not None:
            s[AT] = True
            THROUGH
"""

INSIDE_PLAINLY = """
FIRED = None
if s[AT + 4]:
    if t > s[AT + 3]:
        s[AT + 4] = False
        s[AT + 1] = NEVER
    else:
        s[INNER] = s[AT] = True
        FIRED = (fact,)
        THROUGH
"""

COUNT = """
FIRED = None
COUNT
if TEST:
    s[AT] = True
    FIRED = (fact,)
else:
    s[AT] = False
"""

COUNT_LAST = """
ENDS = s[HERE + 1]
if not ENDS:
    s[HERE + 1] = [END]
    COUNTED = s[HERE] = 1
elif ENDS[0] < t:
    COUNTED = ADD(s, t, 1)
else:
    ENDS.append(END)
    COUNTED = s[HERE] = len(ENDS)
"""

KEY = """
FOUND = p.get(NAME)
if FOUND.__class__ is not str:
    FOUND = KEY(fact)
"""

ARRIVE = """
FIND
if FOUND is not None:
    KEPT = s[HERE]
    if KEPT is None:
        s[HERE] = {FOUND: t}
    else:
        KEPT[FOUND] = t
        if len(KEPT) > 64:
            PRUNE(KEPT, t)
"""


# ---- filling them in


def fill(text: str, **parts: Any) -> Statements:
    """The statements of a template; a part is a name, an expression, or, on a line of its own, statements.

    Nodes that are no part are shared by all that the template makes: nobody changes them.
    """
    return _block(_parsed(text), parts)


@functools.cache
def _parsed(text: str) -> list[python.stmt]:
    return python.parse(text).body


def _block(nodes: list[Any], parts: Mapping[str, Any]) -> list[Any]:
    filled: list[Any] = []
    for node in nodes:
        if type(node) is python.Expr and type(node.value) is python.Name:
            part = parts.get(node.value.id)
            if isinstance(part, list):
                filled += part or _parsed("pass")
                continue
        filled.append(_filled(node, parts))
    return filled


def _filled(node: Any, parts: Mapping[str, Any]) -> Any:
    """*node* with its parts in their places: itself, if it has none."""
    if type(node) is python.Name:
        part = parts.get(node.id)
        if part is None:
            return node
        return python.Name(part, node.ctx) if isinstance(part, str) else part
    fields, changed = [], False
    for name in node._fields:
        value = getattr(node, name)
        found = value
        if isinstance(value, list):
            found = _block(value, parts)
            changed = changed or len(found) != len(value) or any(map(operator.is_not, found, value))
        elif isinstance(value, python.AST):
            found = _filled(value, parts)
            changed = changed or found is not value
        fields.append(found)
    if not changed:
        return node
    made = type(node)(*fields)
    if hasattr(node, "lineno"):
        made.lineno, made.col_offset = node.lineno, node.col_offset
        made.end_lineno, made.end_col_offset = node.end_lineno, node.end_col_offset
    return made


_PLACED = (python.expr, python.stmt, python.arg)


def locate(tree: python.AST) -> set[str]:
    """Give every node of *tree* a place, for Python's compiler asks for one; returns the names that stand in it."""
    names = set()
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        kind = type(node)
        if not hasattr(node, "lineno") and isinstance(node, _PLACED):
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = 0
        if kind is python.Name:
            names.add(node.id)
        elif kind is not python.Constant:
            for name in kind._fields:
                value = getattr(node, name)
                if isinstance(value, list):
                    waiting += value
                elif isinstance(value, python.AST):
                    waiting.append(value)
    return names


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
