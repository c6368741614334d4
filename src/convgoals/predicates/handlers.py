"""The routing index, compiled: for each type of event one function that moves all goals that listen to it.

Nearly every fact is alone at its instant. For that case the steps of the nodes are written out, goal after goal, into
one Python function per type of event, and one for what changes the profile, with the filters in line and without the
parts of a condition that such a fact cannot touch. It does to the state exactly what ``step`` does, which serves every
other case (several facts at one instant, receipts, time alone) and every node that is not written out here.

Functions are put together from templates below, as nodes of Python's ``ast``: a goal's names and constants are placed
as nodes and never as source text.
"""

from __future__ import annotations

import ast as python
import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from typing import Any, TypeAlias

from convgoals.goals import Every, Once
from convgoals.instants import BEGINNING, Shift
from convgoals.language import ast
from convgoals.predicates import templates
from convgoals.predicates.aggregates import AggregateNode, Counter
from convgoals.predicates.base import FEW, NEVER, Moment, Node, State
from convgoals.predicates.chains import ChainNode, LinkPlan, arrive_at
from convgoals.predicates.compile import ChangeLeaf, EventLeaf, Machine
from convgoals.predicates.filters import FilterCompiler
from convgoals.predicates.logic import AndNode, OccurrenceNode, SegmentNode, StateNode
from convgoals.predicates.templates import Statements, both, cell, fill, integer, is_none, locate
from convgoals.predicates.traits import can_wake, leaves, quiet, reads, restless
from convgoals.predicates.windows import AnchoredWindow, AnyWindow, AnyWindowOfOne
from convgoals.records import Event, ProfileSnapshot, ProfileUpdate

Handler: TypeAlias = Callable[[State, Event | ProfileSnapshot | ProfileUpdate, int, Moment], int]
"""``handler(state, fact, t, moment)``: the earliest instant at which time alone may move one of the goals that it
moved."""


Slotted: TypeAlias = tuple[int, Machine]
"""A machine and its slot."""


def compile_handler(kind: str | None, machines: Sequence[Slotted]) -> Handler:
    """The function that moves *machines* when an event of type *kind* is alone at its instant.

    For ``None``: when a snapshot or update is.
    """
    return _Writer(kind).function(machines)


class _Writer:
    """Writes the handler of one type of event, or, for ``None``, of what changes the profile.

    Where a node takes a *leaf*, it is the one that the fact matched; ``None`` if only the profile has changed.
    """

    def __init__(self, kind: str | None) -> None:
        self.kind = kind
        self.numbers = itertools.count()
        self.names: dict[str, Any] = {"NEVER": NEVER, "len": len, "str": str}
        self.zone: tzinfo = UTC
        self.plainly = False

    def function(self, machines: Sequence[Slotted]) -> Handler:
        body = [statement for slot, machine in machines for statement in self.goal(slot, machine)]
        names = locate(python.Module(body, []))
        used = [statement for name, text in templates.USED.items() if name in names for statement in fill(text)]
        module = python.Module(fill(templates.FUNCTION, BODY=body, USED=used), [])
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
        heard, fired, root = self.heard(machine), self.fresh(), machine.root
        always = self.kind is None and machine.reads_profile
        self.zone = machine.zone
        simple = isinstance(machine.goal.counting, (Once, Every)) and machine.since == BEGINNING
        self.plainly = simple and (not machine.windowed or (isinstance(root, AnchoredWindow) and root.outermost))
        parts: dict[str, Any] = {
            "SLOT": integer(slot),
            "BASE": integer(machine.at),
            "FIRED": fired,
            "FIRE": self.fire(slot, machine, fired),
            "WAKE": fill("if s[AT + 1] < wake:\n    wake = s[AT + 1]", AT=integer(root.at)) if can_wake(root) else [],
            "NOTED": [],
        }
        if always or any(isinstance(leaf, ChangeLeaf) or leaf.where for leaf in heard):
            parts["NOTED"] = fill("if n:\n    moment.noted(SLOT, n)", SLOT=integer(slot))
        before = [] if self.plainly or not machine.windowed else fill("moment.through = ()")
        if machine.replays:
            before += fill("moment.goal = MACHINE", MACHINE=self.constant(machine))
        if len(heard) > 1 or (heard and always):
            tests = list(before)
            for leaf in heard:
                test = self.test(leaf)
                tests += fill("if TEST:\n    m[LEAF] = (fact,)", TEST=test, LEAF=integer(leaf.index))
            concerned = python.Constant(True) if always else python.Name("m", python.Load())
            return fill(templates.SEVERAL, **parts, TESTS=tests, CONCERNED=concerned, STEP_OF=self.constant(root.step))
        parts["TEST"] = self.test(heard[0]) if heard else python.Constant(True)
        matched = heard[0].index if heard else None
        if isinstance(root, OccurrenceNode):
            parts["FIRE"] = fill("FIRED = (fact,)", FIRED=fired) + parts["FIRE"]
            return fill(templates.STATELESS, **parts)
        guard = both([cell(machine.at), *self.guards(root, matched)])
        return fill(templates.GOAL, **parts, GUARD=guard, STEP=before + self.step(root, matched, fired))

    def heard(self, machine: Machine) -> list[EventLeaf | ChangeLeaf]:
        """The leaves of *machine* at which the fact may arrive."""
        if self.kind is None:
            return [leaf for leaf in machine.leaves if isinstance(leaf, ChangeLeaf)]
        return [leaf for leaf in machine.leaves if isinstance(leaf, EventLeaf) and leaf.type == self.kind]

    def fire(self, slot: int, machine: Machine, fired: str) -> Statements:
        """What ``moment.fire`` does, where one fact alone can fire and nothing has to be asked."""
        if not self.plainly:
            return fill(templates.FIRE, SLOT=integer(slot), FIRED=fired)
        return fill(
            templates.FIRE_PLAINLY,
            SLOT=integer(slot),
            FIRED=fired,
            ANCHOR=cell(machine.root.at + 2) if machine.windowed else python.Constant(None),
            SPEND=fill("s[BASE] = False", BASE=integer(machine.at)) if machine.once else [],
        )

    def test(self, leaf: EventLeaf | ChangeLeaf) -> python.expr:
        if isinstance(leaf, ChangeLeaf):
            (call,) = fill("MATCHES(moment.before, q, n)", MATCHES=self.constant(leaf.matches))
            return call.value  # type: ignore[attr-defined,no-any-return]
        return python.Constant(True) if leaf.where is None else self.condition(leaf.where)

    def condition(self, where: ast.Condition) -> python.expr:
        compiler = FilterCompiler(self.zone, (), self.numbers)
        expression = compiler.condition(where)
        self.names.update(compiler.globals)
        return expression

    def guards(self, root: Node, leaf: int | None) -> list[python.expr]:
        """What can be asked of the state before any filter is: whether the leaf can matter now at all."""
        if isinstance(root, AnyWindowOfOne):
            return [is_none(root.at + 2, negated=True)] if leaf != root.anchor else []
        if isinstance(root, AnchoredWindow):
            if leaf is None:
                return [cell(root.at + 4)]
            if leaf not in leaves(root.inner.node):
                return [] if root.renews or not quiet(root.inner.node) else [is_none(root.at + 2)]
            return [cell(root.at + 4)] if leaf != root.anchor else []
        if isinstance(root, ChainNode) and leaf is not None:
            place = root.place(leaf)
            if place:
                return [is_none(root.at + 2 + (place - 1) // 2, negated=True)]
        return []

    # ---- nodes: statements that step the node's cells and leave in *fired* what fires

    def step(self, node: Node, leaf: int | None, fired: str) -> Statements:
        """What ``node.step`` does when *leaf* is reached."""
        match node:
            case AndNode():
                return self.all_of(node, leaf, fired)
            case StateNode() if leaf is None:
                return fill(templates.STATE, TEST=self.condition(node.where), AT=integer(node.at), FIRED=fired)
            case SegmentNode() if leaf is None:
                (test,) = fill("SEGMENT in moment.segments", SEGMENT=python.Constant(node.segment))
                return fill(templates.STATE, TEST=test.value, AT=integer(node.at), FIRED=fired)  # type: ignore[attr-defined]
            case AnchoredWindow() if leaf is None:
                return self.inside(node, leaf, fired)
            case _ if leaf is not None:
                return self.step_leaf(node, leaf, fired)
            case _:
                return self.call(node, None, fired)

    def call(self, node: Node, leaf: int | None, fired: str) -> Statements:
        """The plain way: leave it to the node."""
        matches = python.Dict([], [])
        if leaf is not None:
            fact = python.Tuple([python.Name("fact", python.Load())], python.Load())
            matches = python.Dict([integer(leaf)], [fact])
        return fill(templates.CALL, MATCHES=matches, STEP_OF=self.constant(node.step), FIRED=fired)

    def step_leaf(self, node: Node, leaf: int, fired: str) -> Statements:  # noqa: PLR0911  one case a kind
        match node:
            case OccurrenceNode():
                return fill("s[AT] = True\nFIRED = (fact,)", AT=integer(node.at), FIRED=fired)
            case AnchoredWindow() if leaf not in leaves(node.inner.node) and quiet(node.inner.node):
                return self.open(node, fired)
            case AnchoredWindow() if leaf != node.anchor:
                return self.inside(node, leaf, fired)
            case AnyWindowOfOne() if leaf != node.leaf and not node.end.keeps_order:
                return fill("OPEN(s, t)\nFIRED = None", OPEN=self.constant(node.open), FIRED=fired)
            case AnyWindowOfOne() if leaf != node.leaf:
                return fill(
                    templates.OPEN_ANY,
                    HERE=integer(node.at + 2),
                    ANCHORS=self.fresh(),
                    FEW=integer(FEW),
                    PRUNE=self.constant(node.prune),
                    FIRED=fired,
                )
            case AnyWindowOfOne() if leaf != node.anchor:
                reach = self.constant(node.reach)
                return fill("FIRED = REACH(s, t, (fact,), moment)", REACH=reach, FIRED=fired)
            case AnyWindow() if leaf not in leaves(node.part) and quiet(node.part):
                return fill("OPEN(s, t)\nFIRED = None", OPEN=self.constant(node.open), FIRED=fired)
            case AggregateNode(_, _, (Counter() as counter,), False):
                return self.count(node, counter, fired)
            case ChainNode() if (place := node.place(leaf)) is not None:
                return self.chain(node, place, fired)
            case _:
                return self.call(node, leaf, fired)

    def all_of(self, node: AndNode, leaf: int | None, fired: str) -> Statements:
        """``and``: step the parts that the fact reaches or that time may have changed; of the others, what they say."""
        statements = fill("FIRED = None", FIRED=fired)
        for part in node.parts:
            reached = reads(part) if leaf is None else leaf in leaves(part)
            if reached or restless(part):
                own = self.fresh()
                statements += self.step(part, leaf, own)
                statements += fill("if OWN is not None and not FIRED:\n    FIRED = OWN", OWN=own, FIRED=fired)
        at = integer(node.at)
        statements += fill(
            "if HOLDS:\n    s[AT] = True\nelse:\n    s[AT] = False\n    FIRED = None",
            HOLDS=both([cell(part.at) for part in node.parts]),
            AT=at,
            FIRED=fired,
        )
        timed = [part for part in node.parts if can_wake(part)]
        if timed:
            statements += fill("s[AT + 1] = NEVER", AT=at)
            for part in timed:
                statements += fill(
                    "if s[PART + 1] < s[AT + 1]:\n    s[AT + 1] = s[PART + 1]", PART=integer(part.at), AT=at
                )
        return statements

    def count(self, node: AggregateNode, counter: Counter, fired: str) -> Statements:
        """A comparison over one count, that need not announce when time makes it false."""
        here, counted = integer(counter.at), self.fresh()
        if counter.expiry is None:
            add = fill("COUNTED = s[HERE] = s[HERE] + 1", COUNTED=counted, HERE=here)
        elif not counter.expiry.keeps_order:
            add = fill("COUNTED = ADD(s, t, 1)", COUNTED=counted, ADD=self.constant(counter.add))
        else:
            add = fill(
                templates.COUNT_LAST,
                ENDS=self.fresh(),
                COUNTED=counted,
                HERE=here,
                END=self.shifted(counter.expiry, "t"),
                ADD=self.constant(counter.add),
            )
        match node.where:
            case ast.Compare(operator, ast.Aggregate(), ast.Number(number)) if operator in _OPERATORS:
                value = python.Name(counted, python.Load())
                test: python.expr = python.Compare(value, [_OPERATORS[operator]()], [self.number(number)])
            case _:
                (call,) = fill("TEST((COUNTED,), q, n)", TEST=self.constant(node.test), COUNTED=counted)
                test = call.value  # type: ignore[attr-defined]
        return fill(templates.COUNT, COUNT=add, TEST=test, AT=integer(node.at), FIRED=fired)

    def number(self, number: object) -> python.expr:
        return python.Name(self.constant(number), python.Load())

    def open(self, node: AnchoredWindow, fired: str) -> Statements:
        inner = node.inner
        return fill(
            templates.OPEN,
            AT=integer(node.at),
            MAY_OPEN=python.Constant(True) if node.renews else is_none(node.at + 2),
            END=self.shifted(node.end, "t"),
            FIRST=integer(inner.start),
            LAST=integer(inner.end),
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
        here = integer(node.at + 2 + index)
        if between:
            return fill("s[HERE] = None\nFIRED = None", HERE=here, FIRED=fired)
        if index == len(node.links):
            arrive = fill("s[AT] = True\nFIRED = (fact,)", AT=integer(node.at), FIRED=fired)
        else:
            link = node.links[index]
            if link.deadline is not None and not link.deadline.keeps_order:
                arrive = fill(
                    "ARRIVE(s, HERE, LINK, fact, t)",
                    ARRIVE=self.constant(arrive_at),
                    HERE=here,
                    LINK=self.constant(link),
                )
            elif link.key is None:
                arrive = fill("s[HERE] = t", HERE=here)
            else:
                found = self.fresh()
                arrive = fill(
                    templates.ARRIVE,
                    HERE=here,
                    FIND=self.key(link, found),
                    KEPT=self.fresh(),
                    FOUND=found,
                    PRUNE=self.constant(link.prune),
                )
        if not index:
            return fill("FIRED = None", FIRED=fired) + arrive
        link, come = node.links[index - 1], self.fresh()
        by_key = []
        if link.key is not None:
            found = self.fresh()
            by_key = fill(
                "if COME is not None:\n    FIND\n    COME = COME.get(FOUND)",
                COME=come,
                FIND=self.key(link, found),
                FOUND=found,
            )
        in_time: python.expr = python.Constant(True)
        if link.deadline is not None:
            in_time = python.Compare(
                python.Name("t", python.Load()), [python.LtE()], [self.shifted(link.deadline, come)]
            )
        return fill(
            "FIRED = None\nCOME = s[BEFORE]\nBY_KEY\nif COME is not None and IN_TIME:\n    ARRIVE",
            COME=come,
            BEFORE=integer(node.at + 1 + index),
            BY_KEY=by_key,
            IN_TIME=in_time,
            ARRIVE=arrive,
            FIRED=fired,
        )

    def key(self, link: LinkPlan, found: str) -> Statements:
        """Find what *link* asks to be the same; text is its own key."""
        key = self.constant(link.key)
        if self.kind is None or link.same is None or len(link.same) > 1:
            return fill("FOUND = KEY(fact)", FOUND=found, KEY=key)
        return fill(templates.KEY, FOUND=found, NAME=python.Constant(link.same[0]), KEY=key)

    def inside(self, node: AnchoredWindow, leaf: int | None, fired: str) -> Statements:
        part = node.inner.node
        cells = {"AT": integer(node.at), "INNER": integer(part.at)}
        through: Statements = []
        if node.outermost and not self.plainly:
            through = fill("moment.through = ((s[AT + 2], FIRED),)", **cells, FIRED=fired)
        if isinstance(part, OccurrenceNode):
            return fill(templates.INSIDE_PLAINLY, **cells, THROUGH=through, FIRED=fired)
        wake = fill("s[AT + 1] = s[INNER + 1] if s[INNER + 1] <= s[AT + 3] else NEVER", **cells)
        return fill(
            templates.INSIDE,
            **cells,
            STEP=self.step(part, leaf, fired),
            WAKE=wake if can_wake(part) else [],
            THROUGH=through,
            FIRED=fired,
        )


_OPERATORS: dict[str, type[python.cmpop]] = {
    "=": python.Eq,
    "!=": python.NotEq,
    "<": python.Lt,
    "<=": python.LtE,
    ">": python.Gt,
    ">=": python.GtE,
}
