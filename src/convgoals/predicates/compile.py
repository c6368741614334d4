"""Goal → machine: the condition as nodes, with the leaves through which facts reach them.

A *leaf* is a different occurrence of the condition (``event purchase where …``), shared by all nodes that speak of it.
Facts are matched against leaves; the nodes see only which leaf matched what.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import tzinfo
from decimal import Decimal
from typing import Any, TypeAlias

import attrs

from convgoals.goals import Goal, Once, OncePerProperty
from convgoals.instants import BEGINNING, Shift, start_of_day, to_instant, zone
from convgoals.language import ast
from convgoals.predicates import values
from convgoals.predicates.aggregates import AggregateNode, Aggregator, Counter, summand
from convgoals.predicates.base import Layout, Moment, Node
from convgoals.predicates.chains import AbsencePlan, ChainNode, LinkPlan
from convgoals.predicates.filters import Filter, compile_filter, compile_value
from convgoals.predicates.logic import AndNode, InLastNode, NotNode, OccurrenceNode, OrNode, SegmentNode, StateNode
from convgoals.predicates.traits import quiet
from convgoals.predicates.windows import (
    AnchoredWindow,
    AnyWindow,
    AnyWindowOfOne,
    BetweenNode,
    HeldNode,
    Inner,
    PropertyWindow,
)
from convgoals.records import CampaignReceipt, Event, Fact


@attrs.frozen
class EventLeaf:
    index: int
    type: str
    where: ast.Condition | None
    test: Filter | None


@attrs.frozen
class ReceiptLeaf:
    index: int
    campaign: str


@attrs.frozen
class ChangeLeaf:
    """A change of a property; *test* takes ``{"before": …, "after": …}`` where the goal names the values."""

    index: int
    path: tuple[str, ...]
    test: Filter | None
    zone: tzinfo

    def matches(self, before: Any, after: Any, notes: values.Notes) -> bool:
        """Whether the properties *before* and *after* a snapshot or update make this change."""
        old, new = values.dig(before, self.path), values.dig(after, self.path)
        if old is new:
            return False
        if type(old) is str and type(new) is str:
            if old == new:
                return False
        elif values.unchanged(old, new, self.zone):
            return False
        return self.test is None or bool(self.test({"before": old, "after": new}, after, notes))


Leaf: TypeAlias = EventLeaf | ReceiptLeaf | ChangeLeaf


@attrs.frozen(eq=False)
class Machine:
    """A compiled goal: immutable, and shared by all profiles and threads.

    Attributes:
        goal: the goal.
        version: the version of its condition.
        root: the condition's outermost node.
        leaves: the occurrences through which facts reach it.
        reads_profile: whether a change of the profile alone may change what the condition says.
        replays: whether a node may have to look back, so that facts of the past are needed.
        windowed: whether a completion may come through a window.
        value: the value of a completion, given its trigger.
        zone: the goal's time zone.
        since: the earliest instant at which a completion counts.
        at: the goal's first cell in a profile's state: whether it is evaluated at all; the root's cells follow.
        template: what the goal's cells hold for a profile of which nothing is known.
    """

    goal: Goal
    version: int
    root: Node
    leaves: tuple[Leaf, ...]
    reads_profile: bool
    replays: bool
    windowed: bool
    value: Callable[[Fact | None], int | float | Decimal | None]
    zone: tzinfo
    since: int
    at: int
    template: tuple[Any, ...]

    @property
    def once(self) -> bool:
        return isinstance(self.goal.counting, Once)


def compile_goal(goal: Goal, version: int = 1, at: int = 0) -> Machine:
    """The machine of *goal*, with its cells from *at* on; implements semantics §§3-5."""
    layout = Layout(at)
    layout.allot_bare(True)
    compiler = _Compiler(zone(goal.timezone), goal.condition.root, layout)
    root = compiler.node(goal.condition.root, exact=False)
    state = [None] * at + layout.cells
    root.step(state, BEGINNING, Moment())
    return Machine(
        goal=goal,
        version=version,
        root=root,
        leaves=tuple(compiler.leaves),
        reads_profile=compiler.reads_profile,
        replays=any(isinstance(node, ast.PropertyAnchor) for node in ast.walk(goal.condition.root)),
        windowed=compiler.outermost is not None,
        value=_worth(goal, compiler.zone),
        zone=compiler.zone,
        since=BEGINNING if goal.since is None else to_instant(goal.since),
        at=at,
        template=tuple(state[at:]),
    )


def _worth(goal: Goal, timezone: tzinfo) -> Callable[[Fact | None], int | float | Decimal | None]:
    worth = goal.value
    if not isinstance(worth, str):
        return lambda trigger: worth
    from convgoals.language.parse import parse_path  # noqa: PLC0415

    path = parse_path(worth)

    def value(trigger: Fact | None) -> int | float | Decimal | None:
        if trigger is None or isinstance(trigger, CampaignReceipt):
            return None
        found = values.dig(trigger.properties, path)
        return found if values.is_number(found) else None

    return value


def counting_key(counting: OncePerProperty, timezone: tzinfo) -> Callable[[Fact], Hashable | None]:
    """The value for which a trigger counts once, or ``None`` where it has none."""

    def key(trigger: Fact) -> Hashable | None:
        if isinstance(trigger, CampaignReceipt):
            return None
        return values.canonical(values.dig(trigger.properties, counting.path), timezone)

    return key


class _Compiler:
    def __init__(self, timezone: tzinfo, root: ast.Condition, layout: Layout) -> None:
        self.zone = timezone
        self.layout = layout
        self.leaves: list[Leaf] = []
        self.by_occurrence: dict[ast.Occurrence, int] = {}
        self.reads_profile = False
        self.outermost = _outermost_window(root)

    # ---- leaves

    def leaf(self, occurrence: ast.Occurrence) -> int:
        known = self.by_occurrence.get(occurrence)
        if known is not None:
            return known
        index = self.by_occurrence[occurrence] = len(self.leaves)
        match occurrence:
            case ast.EventOccurrence(kind, where):
                test = None if where is None else compile_filter(where, self.zone)
                self.leaves.append(EventLeaf(index, kind, where, test))
            case ast.ReceiptOccurrence(campaign):
                self.leaves.append(ReceiptLeaf(index, campaign))
            case ast.ChangeOccurrence(path, before, after):
                wanted = [
                    ast.Compare("=", ast.Property("event", (side,)), literal)
                    for side, literal in (("before", before), ("after", after))
                    if literal is not None
                ]
                test = compile_filter(ast.And(tuple(wanted)), self.zone) if len(wanted) > 1 else None
                if len(wanted) == 1:
                    test = compile_filter(wanted[0], self.zone)
                self.leaves.append(ChangeLeaf(index, path, test, self.zone))
        return index

    def key(self, path: tuple[str, ...] | None) -> Callable[[Fact], Hashable | None] | None:
        if path is None:
            return None
        timezone = self.zone

        def key(fact: Fact) -> Hashable | None:
            if type(fact) is Event and len(path) == 1:
                found = fact.properties.get(path[0])
                if type(found) is str:
                    return found
            return values.canonical(values.dig(fact.properties, path), timezone) if isinstance(fact, Event) else None

        return key

    def shift(self, duration: ast.Duration) -> Shift:
        return Shift(duration.months, duration.microseconds, self.zone)

    # ---- nodes

    def node(self, condition: ast.Condition, *, exact: bool) -> Node:  # noqa: C901, PLR0911, PLR0912  one case a node
        """The node of *condition*; *exact* as ``base`` explains it."""
        outermost, layout = condition is self.outermost, self.layout
        match condition:
            case ast.EventOccurrence() | ast.ChangeOccurrence() | ast.ReceiptOccurrence():
                return OccurrenceNode(layout.allot(), self.leaf(condition))
            case ast.InLast(occurrence, duration):
                return InLastNode(layout.allot(None), self.leaf(occurrence), self.shift(duration), exact)
            case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
                return self.comparison(condition, exact=exact)
            case ast.InSegment(segment):
                self.reads_profile = True
                return SegmentNode(layout.allot(), segment)
            case ast.And(terms):
                return AndNode(layout.allot(), tuple(self.node(term, exact=exact) for term in terms))
            case ast.Or(terms):
                return OrNode(layout.allot(), tuple(self.node(term, exact=exact) for term in terms))
            case ast.Not(term):
                return NotNode(layout.allot(), self.node(term, exact=True))
            case ast.Chain():
                return self.chain(condition)
            case ast.Window(_, duration, ast.PropertyAnchor(path)):
                self.reads_profile = True
                at = layout.allot(None, None, False, None, None)
                inner = self.inner(condition.condition)
                return PropertyWindow(at, inner, path, self.zone, self.shift(duration), outermost)
            case ast.Window(one, duration, ast.OccurrenceAnchor("any", occurrence)) if isinstance(one, ast.OCCURRENCES):
                at, shift = layout.allot(None), self.shift(duration)
                return AnyWindowOfOne(at, self.leaf(one), self.leaf(occurrence), shift, outermost)
            case ast.Window(_, duration, ast.OccurrenceAnchor("any", occurrence)):
                at = layout.allot(None)
                self.layout = Layout(0)  # each open window has cells of its own
                part = self.node(condition.condition, exact=False)
                fresh, self.layout = tuple(self.layout.cells), layout
                return AnyWindow(at, part, fresh, self.leaf(occurrence), self.shift(duration), outermost)
            case ast.Window(_, duration, ast.OccurrenceAnchor(which, occurrence)):
                at = layout.allot(None, None, False)
                inner = self.inner(condition.condition)
                end = self.shift(duration)
                return AnchoredWindow(at, inner, self.leaf(occurrence), end, which == "last", outermost)
            case ast.Between(_, start, end_):
                at = layout.allot(False)
                first, last = self.bounds(start, end_)
                inner = self.inner(condition.condition)
                if not quiet(inner.node):
                    layout.cells[at + 1 - layout.base] = first
                return BetweenNode(at, inner, first, last, outermost)
            case ast.Held(inner_condition, duration):
                return HeldNode(layout.allot(None), self.node(inner_condition, exact=True), self.shift(duration))
            case _:
                raise AssertionError(f"no node for {condition}")

    def inner(self, condition: ast.Condition) -> Inner:
        start = self.layout.end
        node = self.node(condition, exact=False)
        return Inner(node, start, self.layout.end, self.layout.since(start))

    def bounds(self, start: ast.Date | ast.DateTime, end: ast.Date | ast.DateTime) -> tuple[int, int]:
        """The first and the last instant of a span; a bare end date lasts to the end of its day."""
        first = values.as_moment(start.value, self.zone)
        if isinstance(end, ast.Date):
            following = end.value.toordinal() + 1
            last = start_of_day(end.value.fromordinal(following), self.zone) - 1
        else:
            last = values.moment(end.value, self.zone)
        if first is None:
            raise AssertionError("a literal is always a moment")
        return first, last

    def comparison(self, node: ast.Comparison, *, exact: bool) -> Node:
        aggregates = tuple(part for part in ast.walk(node) if isinstance(part, ast.Aggregate))
        own = [part for part in _outside_aggregates(node) if isinstance(part, ast.Property)]
        self.reads_profile = self.reads_profile or bool(own)
        test = compile_filter(node, self.zone, aggregates)
        if not aggregates:
            return StateNode(self.layout.allot(), test, node)
        bounded = any(aggregate.last is not None for aggregate in aggregates)
        at = self.layout.allot()
        aggregators = tuple(self.aggregator(part) for part in aggregates)
        return AggregateNode(at, test, aggregators, bounded and (exact or not _only_falls(node)), node)

    def aggregator(self, node: ast.Aggregate) -> Aggregator | Counter:
        leaf = self.leaf(node.occurrence)
        expiry = None if node.last is None else self.shift(node.last)
        if node.value is None:
            return Counter(self.layout.allot_bare(0, None), leaf, expiry)
        at = self.layout.allot_bare(None, 0, None)
        evaluate, timezone = compile_value(node.value, self.zone), self.zone
        distinct = node.function == "distinct"

        def value(fact: Fact, moment: Moment) -> Any:
            properties = fact.properties if not isinstance(fact, CampaignReceipt) else {}
            found = evaluate(properties, moment.profile, moment.notes)
            return values.canonical(found, timezone) if distinct else summand(found)

        return Aggregator(at, node.function, leaf, value, expiry)

    def chain(self, node: ast.Chain) -> ChainNode:
        links = tuple(
            LinkPlan(
                self.leaf(link.occurrence),
                None if link.within is None else self.shift(link.within),
                self.key(link.same),
                link.same,
                None if link.without is None else self.leaf(link.without),
            )
            for link in node.links
        )
        absence = None
        if node.absence is not None:
            last = node.absence
            absence = AbsencePlan(self.leaf(last.occurrence), self.shift(last.within), self.key(last.same))
        cells = (None,) * (len(links) + (2 if absence else 0))
        return ChainNode(self.layout.allot(*cells), self.leaf(node.first), links, absence)


def _outside_aggregates(node: ast.Node) -> list[ast.Node]:
    """The parts of a comparison, without what stands inside its aggregates."""
    parts: list[ast.Node] = [node]
    for child in ast.children(node):
        if not isinstance(child, ast.Aggregate):
            parts.extend(_outside_aggregates(child))
    return parts


def _only_falls(node: ast.Comparison) -> bool:
    """Whether time alone can only make *node* false: at least so many, and nothing else in it moves."""
    return (
        isinstance(node, ast.Compare)
        and node.operator in (">", ">=")
        and isinstance(node.left, ast.Aggregate)
        and node.left.function in ("count", "distinct")
        and isinstance(node.right, ast.Number)
    )


def _outermost_window(root: ast.Condition) -> ast.Window | ast.Between | None:
    """The first window in the text, if what fires it fires the goal: if only ``and`` and ``or`` stand around it."""
    window = next((node for node in ast.walk(root) if isinstance(node, (ast.Window, ast.Between))), None)
    above: list[ast.Condition] = [root]
    while above:
        node = above.pop()
        if node is window:
            return window
        if isinstance(node, (ast.And, ast.Or)):
            above.extend(node.terms)
    return None
