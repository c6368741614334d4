"""The routing index, compiled: for each type of event one function that moves all goals that listen to it.

Nearly every fact is an event alone at its instant. For that case the steps of the nodes are written out, goal after
goal, into one Python function per type of event, with the filters in line and without the parts of a condition that an
event of this type cannot touch. It does to the states exactly what ``step`` does, which serves every other case (several
facts at one instant, profile facts, time alone) and every node that is not written out here.

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

from convgoals.predicates.aggregates import AggregateNode
from convgoals.predicates.base import DONE, NEVER, Moment, Node, State
from convgoals.predicates.compile import EventLeaf, Machine
from convgoals.predicates.filters import FilterCompiler
from convgoals.predicates.logic import AndNode, OccurrenceNode
from convgoals.predicates.traits import can_open_true, can_wake, leaves, openers, restless
from convgoals.predicates.windows import AnchoredWindow, PropertyWindow
from convgoals.records import Event, Properties

Fire: TypeAlias = Callable[[int, Any], None]
Noted: TypeAlias = Callable[[int, Any], None]
Handler: TypeAlias = Callable[[list[State | None], Event, int, Properties, Moment, Fire, Noted], int]
"""``handler(states, event, t, profile, moment, fire, noted)``: the earliest instant at which time alone may move one of
the goals that it moved. *fire* takes a slot and what fired, *noted* a slot and the notes on ill-typed values."""

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
def handler(states, fact, t, q, moment, fire, noted):
    p = fact.properties
    n = moment.notes
    wake = NEVER
    BODY
    return wake
"""

_GOAL = """
s = states[SLOT]
if s is not DONE and WANTED:
    if TEST:
        OPEN
        STEP
        if FIRED is not None:
            fire(SLOT, FIRED)
        WAKE
    NOTED
"""

_STATELESS = """
if states[SLOT] is not DONE:
    if TEST:
        fire(SLOT, (fact,))
    NOTED
"""

_SEVERAL = """
s = states[SLOT]
if s is not DONE and WANTED:
    m = {}
    TESTS
    NOTED
    if m:
        OPEN
        moment.matches = m
        FIRED = STEP_OF(s, t, moment)
        if FIRED is not None:
            fire(SLOT, FIRED)
        WAKE
"""

_CALL = """
moment.matches = {LEAF: (fact,)}
FIRED = STEP_OF(STATE, t, moment)
"""

_ANCHOR_FIRST = """
if STATE[2] is None:
    STATE[2] = t
    STATE[3] = END
    STATE[4] = START()
FIRED = None
"""

_ANCHOR_LAST = """
STATE[2] = t
STATE[3] = END
STATE[4] = START()
STATE[1] = NEVER
FIRED = None
"""

_INSIDE = """
FIRED = None
INNER = STATE[4]
if INNER is not None:
    if t > STATE[3]:
        STATE[4] = None
        STATE[1] = NEVER
    else:
        STEP
        WAKE
        if FIRED:
            STATE[0] = True
            ANCHOR
        elif INNER[0] and not STATE[0]:
            STATE[0] = True
            ANCHOR
            FIRED = ()
        else:
            FIRED = None
"""

_COUNT = """
INNER = STATE[2][0]
INNER[1] += 1
STATE[0] = True if TEST(((INNER[1]),), q, n) else False
FIRED = (fact,) if STATE[0] else None
"""


class _Writer:
    """Writes the handler of one type of event."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.numbers = itertools.count()
        self.names: dict[str, Any] = {"DONE": DONE, "NEVER": NEVER}

    def function(self, machines: Sequence[tuple[int, Machine]]) -> Handler:
        body = [statement for slot, machine in machines for statement in self.goal(slot, machine)]
        (function,) = _fill(_FUNCTION, BODY=body)
        module = python.fix_missing_locations(python.Module([function], []))
        scope = {"__builtins__": {}, **self.names}
        exec(compile(module, f"<event {self.kind!r:.40}>", "exec"), scope)  # noqa: S102  nodes built here, no text
        return scope["handler"]  # type: ignore[return-value]

    def constant(self, value: object) -> str:
        name = f"c{next(self.numbers)}"
        self.names[name] = value
        return name

    def fresh(self) -> str:
        return f"x{next(self.numbers)}"

    # ---- goals

    def goal(self, slot: int, machine: Machine) -> Statements:
        heard = [leaf for leaf in machine.leaves if isinstance(leaf, EventLeaf) and leaf.type == self.kind]
        opens = any(leaf.index in openers(machine.root) for leaf in heard)
        fired = self.fresh()
        wanted = python.Constant(True) if opens else _is_not_none("s")
        parts: dict[str, Any] = {
            "SLOT": python.Constant(slot),
            "WANTED": wanted,
            "FIRED": fired,
            "OPEN": _fill(
                "if s is None:\n    s = states[SLOT] = FRESH()",
                SLOT=python.Constant(slot),
                FRESH=self.constant(machine.fresh),
            )
            if opens
            else [],
            "WAKE": _fill("if s[1] < wake:\n    wake = s[1]") if can_wake(machine.root) else [],
            "NOTED": _fill("if n:\n    noted(SLOT, n)", SLOT=python.Constant(slot))
            if any(leaf.where for leaf in heard)
            else [],
        }
        if machine.replays:
            parts["OPEN"] = [*parts["OPEN"], *_fill("moment.goal = MACHINE", MACHINE=self.constant(machine))]
        if len(heard) > 1:
            tests = [
                statement
                for leaf in heard
                for statement in _fill(
                    "if TEST:\n    m[LEAF] = (fact,)", TEST=self.test(leaf, machine), LEAF=python.Constant(leaf.index)
                )
            ]
            return _fill(_SEVERAL, **parts, TESTS=tests, STEP_OF=self.constant(machine.root.step))
        (leaf,) = heard
        parts["TEST"] = self.test(leaf, machine)
        if isinstance(machine.root, OccurrenceNode):
            return _fill(_STATELESS, **parts)
        return _fill(_GOAL, **parts, STEP=self.step(machine.root, "s", leaf.index, fired))

    def test(self, leaf: EventLeaf, machine: Machine) -> python.expr:
        if leaf.where is None:
            return python.Constant(True)
        compiler = FilterCompiler(machine.zone, (), self.numbers)
        expression = compiler.condition(leaf.where)
        self.names.update(compiler.globals)
        return expression

    # ---- nodes: statements that step the state named *state* and leave in *fired* what fires

    def step(self, node: Node, state: str, leaf: int, fired: str) -> Statements:
        match node:
            case OccurrenceNode():
                return _fill("STATE[0] = True\nFIRED = (fact,)", STATE=state, FIRED=fired)
            case AndNode(parts):
                return self.all_of(parts, state, leaf, fired)
            case AnchoredWindow() if not (leaf == node.anchor and leaf in leaves(node.part)):
                return self.window(node, state, leaf, fired)
            case PropertyWindow():
                return self.call_unless_open(node, state, leaf, fired)
            case AggregateNode(test, (aggregator,), False) if (
                aggregator.function == "count" and aggregator.expiry is None
            ):
                return _fill(_COUNT, STATE=state, INNER=self.fresh(), TEST=self.constant(test), FIRED=fired)
            case _:
                return self.call(node, state, leaf, fired)

    def call(self, node: Node, state: str, leaf: int, fired: str) -> Statements:
        step = self.constant(node.step)
        return _fill(_CALL, LEAF=python.Constant(leaf), STEP_OF=step, STATE=state, FIRED=fired)

    def all_of(self, parts: tuple[Node, ...], state: str, leaf: int, fired: str) -> Statements:
        """``and``: step the parts that the leaf reaches or that time may have changed; of the others, what they say."""
        statements = _fill("FIRED = None", FIRED=fired)
        inner = [self.fresh() for _ in parts]
        holds: list[python.expr] = []
        for index, (part, name) in enumerate(zip(parts, inner, strict=True)):
            statements += _fill("NAME = STATE[2][INDEX]", NAME=name, STATE=state, INDEX=python.Constant(index))
            holds.append(_first_of(name))
            if leaf in leaves(part) or restless(part):
                own = self.fresh()
                statements += self.step(part, name, leaf, own)
                statements += _fill(
                    "if OWN is not None:\n    FIRED = OWN if not FIRED else FIRED", OWN=own, FIRED=fired
                )
        everything = python.BoolOp(python.And(), holds) if len(holds) > 1 else holds[0]
        statements += _fill(
            "if HOLDS:\n    STATE[0] = True\nelse:\n    STATE[0] = False\n    FIRED = None",
            HOLDS=everything,
            STATE=state,
            FIRED=fired,
        )
        timed = [name for part, name in zip(parts, inner, strict=True) if can_wake(part)]
        if timed:
            statements += _fill("STATE[1] = NEVER", STATE=state)
            for name in timed:
                statements += _fill("if NAME[1] < STATE[1]:\n    STATE[1] = NAME[1]", NAME=name, STATE=state)
        return statements

    def window(self, node: AnchoredWindow, state: str, leaf: int, fired: str) -> Statements:
        if leaf == node.anchor:
            if can_open_true(node.part):
                return self.call(node, state, leaf, fired)
            end = python.Call(
                python.Name(self.constant(node.end), python.Load()), [python.Name("t", python.Load())], []
            )
            template = _ANCHOR_LAST if node.renews else _ANCHOR_FIRST
            return _fill(template, STATE=state, END=end, START=self.constant(node.part.start), FIRED=fired)
        return self.inside(node, state, leaf, fired)

    def inside(self, node: AnchoredWindow | PropertyWindow, state: str, leaf: int, fired: str) -> Statements:
        inner = self.fresh()
        anchor = _fill("if moment.anchor is None:\n    moment.anchor = STATE[2]", STATE=state) if node.outermost else []
        wake = _fill("STATE[1] = INNER[1] if INNER[1] <= STATE[3] else NEVER", STATE=state, INNER=inner)
        return _fill(
            _INSIDE,
            STATE=state,
            INNER=inner,
            STEP=self.step(node.part, inner, leaf, fired),
            WAKE=wake if can_wake(node.part) else [],
            ANCHOR=anchor,
            FIRED=fired,
        )

    def call_unless_open(self, node: PropertyWindow, state: str, leaf: int, fired: str) -> Statements:
        """An event moves no anchor that is a property; only where the window is not open yet must the node look."""
        return _fill(
            "if STATE[4] is None:\n    CALL\nelse:\n    INSIDE",
            STATE=state,
            CALL=self.call(node, state, leaf, fired),
            INSIDE=self.inside(node, state, leaf, fired),
        )


def _is_not_none(name: str) -> python.expr:
    return python.Compare(python.Name(name, python.Load()), [python.IsNot()], [python.Constant(None)])


def _first_of(name: str) -> python.expr:
    return python.Subscript(python.Name(name, python.Load()), python.Constant(0), python.Load())
