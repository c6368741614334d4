"""The routing index, compiled: for each type of event one function that moves all goals that listen to it.

Nearly every fact is an event alone at its instant. For that case the steps of the nodes are written out, goal after
goal, into one Python function per type of event, with the filters in line and without the parts of a condition that an
event of this type cannot touch. It does to the state exactly what ``step`` does, which serves every other case
(several facts at one instant, profile facts, time alone) and every node that is not written out here.

Functions are put together from templates below, as nodes of Python's ``ast``: a goal's names and constants are placed
as nodes and never as source text.
"""

from __future__ import annotations

import ast as python
import copy
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from convgoals.instants import Shift
from convgoals.predicates.aggregates import AggregateNode, Counter
from convgoals.predicates.base import NEVER, Moment, Node, State
from convgoals.predicates.chains import ChainNode
from convgoals.predicates.compile import EventLeaf, Machine
from convgoals.predicates.filters import FilterCompiler
from convgoals.predicates.logic import AndNode, OccurrenceNode
from convgoals.predicates.traits import can_wake, leaves, quiet, restless
from convgoals.predicates.windows import AnchoredWindow, AnyWindow, AnyWindowOfOne
from convgoals.records import Event

Handler: TypeAlias = Callable[[State, Event, int, Moment], int]
"""``handler(state, event, t, moment)``: the earliest instant at which time alone may move one of the goals that it
moved."""

Statements: TypeAlias = list[python.stmt]


def compile_handler(kind: str, machines: Sequence[tuple[int, Machine]]) -> Handler:
    """The function that moves *machines*, by their slots, when an event of type *kind* is alone at its instant."""
    return _Writer(kind).function(machines)


# ---- templates: fixed text of ours, whose capital names stand for nodes


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


def _fill(text: str, **parts: Any) -> Statements:
    """The statements of a template; a part is a name, an expression, or, on a line of its own, statements."""
    filled = [_Fill(parts).visit(copy.deepcopy(statement)) for statement in _parsed(text)]
    return [statement for each in filled for statement in (each if isinstance(each, list) else [each])]


_FUNCTION = """
def handler(s, fact, t, moment):
    p = fact.properties
    q = moment.profile
    n = moment.notes
    wake = NEVER
    BODY
    return wake
"""

_GOAL = """
if GUARD:
    if TEST:
        STEP
        if FIRED is not None:
            moment.fire(SLOT, FIRED, t)
        WAKE
    NOTED
"""

_STATELESS = """
if s[BASE]:
    if TEST:
        moment.fire(SLOT, (fact,), t)
    NOTED
"""

_SEVERAL = """
if s[BASE]:
    m = {}
    TESTS
    NOTED
    if m:
        moment.matches = m
        FIRED = STEP_OF(s, t, moment)
        if FIRED is not None:
            moment.fire(SLOT, FIRED, t)
        WAKE
"""

_CALL = """
moment.matches = {LEAF: (fact,)}
FIRED = STEP_OF(s, t, moment)
"""

_OPEN = """
FIRED = None
if MAY_OPEN:
    s[AT + 2] = t
    s[AT + 3] = END
    s[AT + 4] = True
    s[AT + 1] = NEVER
    s[FIRST:LAST] = FRESH
"""

_INSIDE = """
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


_ARRIVE = """
FOUND = KEY(fact)
if FOUND is not None:
    KEPT = s[HERE]
    if KEPT is None:
        s[HERE] = {FOUND: t}
    else:
        KEPT[FOUND] = t
        if len(KEPT) > 64:
            PRUNE(KEPT, t)
"""


class _Writer:
    """Writes the handler of one type of event."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.numbers = itertools.count()
        self.names: dict[str, Any] = {"NEVER": NEVER, "len": len}

    def function(self, machines: Sequence[tuple[int, Machine]]) -> Handler:
        body = [statement for slot, machine in machines for statement in self.goal(slot, machine)]
        (function,) = _fill(_FUNCTION, BODY=body)
        module = python.fix_missing_locations(python.Module([function], []))
        scope = {"__builtins__": {}, **self.names}
        exec(compile(module, f"<event {self.kind!r:.40}>", "exec"), scope)  # noqa: S102  nodes built here, no text
        handler: Handler = scope["handler"]
        return handler

    def constant(self, value: object) -> str:
        name = f"c{next(self.numbers)}"
        self.names[name] = value
        return name

    def fresh(self) -> str:
        return f"x{next(self.numbers)}"

    # ---- goals

    def goal(self, slot: int, machine: Machine) -> Statements:
        heard = [leaf for leaf in machine.leaves if isinstance(leaf, EventLeaf) and leaf.type == self.kind]
        fired, root = self.fresh(), machine.root
        parts: dict[str, Any] = {
            "SLOT": _int(slot),
            "BASE": _int(machine.at),
            "FIRED": fired,
            "WAKE": _fill("if s[AT + 1] < wake:\n    wake = s[AT + 1]", AT=_int(root.at)) if can_wake(root) else [],
            "NOTED": [],
        }
        if any(leaf.where for leaf in heard):
            parts["NOTED"] = _fill("if n:\n    moment.noted(SLOT, n)", SLOT=_int(slot))
        before = _fill("moment.through = ()") if machine.windowed else []
        if machine.replays:
            before += _fill("moment.goal = MACHINE", MACHINE=self.constant(machine))
        if len(heard) > 1:
            tests = list(before)
            for leaf in heard:
                test = self.test(leaf, machine)
                tests += _fill("if TEST:\n    m[LEAF] = (fact,)", TEST=test, LEAF=_int(leaf.index))
            return _fill(_SEVERAL, **parts, TESTS=tests, STEP_OF=self.constant(root.step))
        (leaf,) = heard
        parts["TEST"] = self.test(leaf, machine)
        if isinstance(root, OccurrenceNode):
            return _fill(_STATELESS, **parts)
        guards = [_cell(machine.at), *self.guards(root, leaf.index)]
        guard = python.BoolOp(python.And(), guards) if len(guards) > 1 else guards[0]
        return _fill(_GOAL, **parts, GUARD=guard, STEP=before + self.step(root, leaf.index, fired))

    def test(self, leaf: EventLeaf, machine: Machine) -> python.expr:
        if leaf.where is None:
            return python.Constant(True)
        compiler = FilterCompiler(machine.zone, (), self.numbers)
        expression = compiler.condition(leaf.where)
        self.names.update(compiler.globals)
        return expression

    def guards(self, root: Node, leaf: int) -> list[python.expr]:
        """What can be asked of the state before any filter is: whether the leaf can matter now at all."""
        if isinstance(root, AnyWindowOfOne):
            return [_is_none(root.at + 2, negated=True)] if leaf != root.anchor else []
        if isinstance(root, AnchoredWindow):
            if leaf not in leaves(root.inner.node):
                return [] if root.renews or not quiet(root.inner.node) else [_is_none(root.at + 2)]
            return [_cell(root.at + 4)] if leaf != root.anchor else []
        if isinstance(root, ChainNode):
            place = root.place(leaf)
            if place:
                return [_is_none(root.at + 2 + (place - 1) // 2, negated=True)]
        return []

    # ---- nodes: statements that step the node's cells and leave in *fired* what fires

    def step(self, node: Node, leaf: int, fired: str) -> Statements:  # noqa: PLR0911  one case a kind
        match node:
            case OccurrenceNode():
                return _fill("s[AT] = True\nFIRED = (fact,)", AT=_int(node.at), FIRED=fired)
            case AndNode():
                return self.all_of(node, leaf, fired)
            case AnchoredWindow() if leaf not in leaves(node.inner.node) and quiet(node.inner.node):
                return self.open(node, fired)
            case AnchoredWindow() if leaf != node.anchor:
                return self.inside(node, leaf, fired)
            case AnyWindowOfOne() if leaf != node.leaf:
                return _fill("OPEN(s, t)\nFIRED = None", OPEN=self.constant(node.open), FIRED=fired)
            case AnyWindowOfOne() if leaf != node.anchor:
                reach = self.constant(node.reach)
                return _fill("FIRED = REACH(s, t, (fact,), moment)", REACH=reach, FIRED=fired)
            case AnyWindow() if leaf not in leaves(node.part) and quiet(node.part):
                return _fill("OPEN(s, t)\nFIRED = None", OPEN=self.constant(node.open), FIRED=fired)
            case AggregateNode() if len(node.aggregators) == 1 and isinstance(node.aggregators[0], Counter):
                alone = self.constant(node.count_alone)
                return _fill("FIRED = ALONE(s, t, (fact,), moment)", ALONE=alone, FIRED=fired)
            case ChainNode() if (place := node.place(leaf)) is not None:
                return self.chain(node, place, fired)
            case _:
                return _fill(_CALL, LEAF=_int(leaf), STEP_OF=self.constant(node.step), FIRED=fired)

    def all_of(self, node: AndNode, leaf: int, fired: str) -> Statements:
        """``and``: step the parts that the leaf reaches or that time may have changed; of the others, what they say."""
        statements = _fill("FIRED = None", FIRED=fired)
        for part in node.parts:
            if leaf in leaves(part) or restless(part):
                own = self.fresh()
                statements += self.step(part, leaf, own)
                statements += _fill("if OWN is not None and not FIRED:\n    FIRED = OWN", OWN=own, FIRED=fired)
        holds = python.BoolOp(python.And(), [_cell(part.at) for part in node.parts])
        at = _int(node.at)
        statements += _fill(
            "if HOLDS:\n    s[AT] = True\nelse:\n    s[AT] = False\n    FIRED = None", HOLDS=holds, AT=at, FIRED=fired
        )
        timed = [part for part in node.parts if can_wake(part)]
        if timed:
            statements += _fill("s[AT + 1] = NEVER", AT=at)
            for part in timed:
                statements += _fill(
                    "if s[PART + 1] < s[AT + 1]:\n    s[AT + 1] = s[PART + 1]", PART=_int(part.at), AT=at
                )
        return statements

    def open(self, node: AnchoredWindow, fired: str) -> Statements:
        inner = node.inner
        return _fill(
            _OPEN,
            AT=_int(node.at),
            MAY_OPEN=python.Constant(True) if node.renews else _is_none(node.at + 2),
            END=self.shifted(node.end, "t"),
            FIRST=_int(inner.start),
            LAST=_int(inner.end),
            FRESH=self.constant(inner.fresh),
            FIRED=fired,
        )

    def shifted(self, shift: Shift, instant: str) -> python.expr:
        """*instant* moved by *shift*: a plain sum where no calendar is asked."""
        start = python.Name(instant, python.Load())
        if shift.months:
            return python.Call(python.Name(self.constant(shift), python.Load()), [start], [])
        return python.BinOp(start, python.Add(), python.Constant(shift.microseconds))

    def chain(self, node: ChainNode, place: int, fired: str) -> Statements:
        """What `ChainNode.step_alone` does, for one place of the chain."""
        index, between = divmod(place, 2)
        here = _int(node.at + 2 + index)
        if between:
            return _fill("s[HERE] = None\nFIRED = None", HERE=here, FIRED=fired)
        if index == len(node.links):
            arrive = _fill("s[AT] = True\nFIRED = (fact,)", AT=_int(node.at), FIRED=fired)
        else:
            link = node.links[index]
            if link.key is None:
                arrive = _fill("s[HERE] = t", HERE=here)
            else:
                arrive = _fill(
                    _ARRIVE,
                    HERE=here,
                    KEY=self.constant(link.key),
                    KEPT=self.fresh(),
                    FOUND=self.fresh(),
                    PRUNE=self.constant(link.prune),
                )
        if not index:
            return _fill("FIRED = None", FIRED=fired) + arrive
        link, come = node.links[index - 1], self.fresh()
        by_key = []
        if link.key is not None:
            by_key = _fill(
                "COME = COME.get(KEY(fact)) if COME is not None else None", COME=come, KEY=self.constant(link.key)
            )
        in_time: python.expr = python.Constant(True)
        if link.deadline is not None:
            in_time = python.Compare(
                python.Name("t", python.Load()), [python.LtE()], [self.shifted(link.deadline, come)]
            )
        return _fill(
            "FIRED = None\nCOME = s[BEFORE]\nBY_KEY\nif COME is not None and IN_TIME:\n    ARRIVE",
            COME=come,
            BEFORE=_int(node.at + 1 + index),
            BY_KEY=by_key,
            IN_TIME=in_time,
            ARRIVE=arrive,
            FIRED=fired,
        )

    def inside(self, node: AnchoredWindow, leaf: int, fired: str) -> Statements:
        part = node.inner.node
        cells = {"AT": _int(node.at), "INNER": _int(part.at)}
        through = _fill("moment.through = ((s[AT + 2], FIRED),)", **cells, FIRED=fired) if node.outermost else []
        wake = _fill("s[AT + 1] = s[INNER + 1] if s[INNER + 1] <= s[AT + 3] else NEVER", **cells)
        return _fill(
            _INSIDE,
            **cells,
            STEP=self.step(part, leaf, fired),
            WAKE=wake if can_wake(part) else [],
            THROUGH=through,
            FIRED=fired,
        )


def _int(value: int) -> python.Constant:
    return python.Constant(value)


def _cell(at: int) -> python.expr:
    return python.Subscript(python.Name("s", python.Load()), python.Constant(at), python.Load())


def _is_none(at: int, *, negated: bool = False) -> python.expr:
    operator = python.IsNot() if negated else python.Is()
    return python.Compare(_cell(at), [operator], [python.Constant(None)])
