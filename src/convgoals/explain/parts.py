"""A condition over a history → the tree of its parts, each with its truth and its reason (semantics §4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from convgoals.explain.chains import explain_chain
from convgoals.explain.comparing import Reason, reason
from convgoals.explain.model import Evidence, Miss, Part
from convgoals.explain.occurrences import near_miss, segment_reason
from convgoals.explain.words import say_came as came
from convgoals.explain.words import say_fact, say_instant, say_span, say_value
from convgoals.instants import LATEST, to_datetime
from convgoals.language import ast
from convgoals.language.format import format_duration, format_node, format_path
from convgoals.predicates.filters import FilterCompiler
from convgoals.predicates.values import as_moment, dig
from convgoals.records import Fact
from convgoals.standing.history import History, Opening
from convgoals.standing.intervals import Interval, around

MAX_FACTS = 20
"""How many facts a part names at the most, the latest ones."""


def evidence(facts: Iterable[Fact]) -> tuple[Evidence, ...]:
    """Facts as they stand in an explanation."""
    return tuple(Evidence(fact.id or "", fact.timestamp, say_fact(fact)) for fact in facts)


def explain_part(history: History, node: ast.Condition, scope: Interval, at: int) -> Part:
    """What *node* is at the instant *at* of *scope*."""
    run = around(history.truth(node, scope), at)
    builder = _Builder(history, scope, at, run)
    return builder.build(node)


class _Builder:
    """Builds the part of one node in one scope at one instant."""

    def __init__(self, history: History, scope: Interval, at: int, run: Interval | None) -> None:
        self.history = history
        self.log = history.log
        self.scope = scope
        self.at = at
        self.run = run
        self.holds = run is not None
        self.is_open = scope[1] >= self.log.now

    def build(self, node: ast.Condition) -> Part:  # noqa: PLR0911  one case a node
        match node:
            case ast.EventOccurrence() | ast.ChangeOccurrence() | ast.ReceiptOccurrence():
                return self.occurrence(node)
            case ast.InLast():
                return self.in_last(node)
            case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
                return self.comparison(node)
            case ast.InSegment(segment):
                segments = self.log.profile_at(self.at).segments
                found = segment_reason(segment, segments, negated=self.holds)
                return self.part(node, found.text, found)
            case ast.And(terms) | ast.Or(terms):
                return self.joined(node, terms)
            case ast.Not(term):
                return self.negation(node, term)
            case ast.Chain():
                how = explain_chain(self.history, node, self.scope, self.at)
                return self.part(node, how.text, how.reason, facts=how.facts, parts=how.parts, needs=how.needs)
            case ast.Window() | ast.Between():
                return self.window(node)
            case ast.Held(condition, duration):
                return self.held(node, condition, duration)

    def part(
        self,
        node: ast.Node,
        text: str,
        reason: Reason | None = None,
        *,
        facts: Iterable[Fact] = (),
        parts: tuple[Part, ...] = (),
        needs: str | None = None,
    ) -> Part:
        """The part of *node*: *text* says why it holds, *reason* why it does not."""
        condition = format_node(node)
        wanted = condition if needs is None else needs
        return Part(
            condition,
            self.holds,
            text if self.holds or reason is None else reason.text,
            since=None if self.run is None or abs(self.run[0]) > LATEST else to_datetime(self.run[0]),
            until=None if self.holds or self.scope[1] > LATEST else to_datetime(self.scope[1]),
            facts=evidence(list(facts)[-MAX_FACTS:]),
            miss=None if self.holds or reason is None else Miss(reason.kind, condition, reason.text, reason.general),
            needs=wanted if self.is_open and not self.holds else "",
            parts=parts,
        )

    # ---- what happens

    def occurrence(self, node: ast.Occurrence) -> Part:
        if not self.holds:
            reason, near = near_miss(self.history, node, self.scope)
            return self.part(node, "", reason, facts=near)
        seen = [each for each in self.history.seen(node, self.scope) if each.at <= self.at]
        text = f"{came(node)} at {say_instant(seen[0].at)}"
        if len(seen) > 1:
            text += f", and {len(seen) - 1:,} more {'time' if len(seen) == 2 else 'times'}"
        return self.part(node, text, facts=[self.log.facts[each.place] for each in seen])

    def in_last(self, node: ast.InLast) -> Part:
        seen = [each for each in self.history.seen(node.occurrence, self.scope) if each.at <= self.at]
        if not seen:
            reason, near = near_miss(self.history, node.occurrence, self.scope)
            return self.part(node, "", reason, facts=near)
        last = seen[-1]
        ended = max(self.log.later(each.at, node.duration) for each in seen)
        fact = self.log.facts[last.place]
        name, span = came(node.occurrence), format_duration(node.duration)
        if self.holds:
            return self.part(
                node, f"{name} last at {say_instant(last.at)}; this counts until {say_instant(ended)}", facts=[fact]
            )
        text = f"{name} last at {say_instant(last.at)}, {say_span(self.at - ended)} too long ago"
        return self.part(node, "", Reason("too late", text, f"{name} last more than {span} ago"), facts=[fact])

    # ---- states

    def comparison(self, node: ast.Comparison) -> Part:
        comparing = self.history.comparing(node, self.scope)
        aggregates = tuple(tally.node for tally in comparing.tallies)
        values = tuple(tally.at(self.at) for tally in comparing.tallies)
        profile = self.log.profile_at(self.at).properties

        def read(part: ast.Value) -> Any:
            match part:
                case ast.Property():
                    return dig(profile, part.path)
                case ast.Aggregate():
                    return values[aggregates.index(part)]
                case ast.Arithmetic() | ast.Call():
                    compiler = FilterCompiler(self.log.timezone, aggregates)
                    return compiler.function(compiler.value(part))(values, profile, [])
                case _:
                    return part.value

        facts = [self.log.facts[t.counted[place].place] for t in comparing.tallies for place in t.within(self.at)]
        found = reason(node, read, negated=self.holds)
        if aggregates and found.kind == "wrong value" and not self.holds:
            found = found._replace(kind="too few" if _wants_more(node) else "wrong value")
            if _wants_more(node) and len(aggregates) == 1:
                found = found._replace(text=found.text + self._none_counted(aggregates[0].occurrence))
        return self.part(node, _state_text(node, read), found, facts=facts)

    def _none_counted(self, node: ast.Occurrence) -> str:
        """What came nearest to being counted, where nothing was."""
        if any(each.at <= self.at for each in self.history.seen(node, self.scope)):
            return ""
        return f"; {near_miss(self.history, node, self.scope)[0].text}"

    def joined(self, node: ast.And | ast.Or, terms: tuple[ast.Condition, ...]) -> Part:
        parts = tuple(explain_part(self.history, term, self.scope, self.at) for term in terms)
        lacking = [part.needs for part in parts if not part.holds]
        if isinstance(node, ast.And):
            needs = " and ".join(map(_grouped, lacking)) if all(lacking) else ""
            text = "" if self.holds else _how_many(parts)
        else:
            needs = " or ".join(filter(None, lacking))
            text = "" if self.holds else _how_many(parts)
        return self.part(node, text, parts=parts, needs=needs)

    def negation(self, node: ast.Not, term: ast.Condition) -> Part:
        inner = explain_part(self.history, term, self.scope, self.at)
        if self.holds:
            return self.part(node, "", parts=(inner,))
        text = f"it is so: {inner.text}" if inner.text else "what must not be is so"
        needs = "" if _lasts(term) else None
        return self.part(node, "", Reason("undone", text, f"it is so: {inner.condition}"), parts=(inner,), needs=needs)

    # ---- windows

    def window(self, node: ast.Window | ast.Between) -> Part:
        opened = [
            each
            for each in self.history.openings(node, self.scope)
            if max(each.anchor, each.valid[0]) <= self.at and each.valid[0] <= each.valid[1]
        ]
        if not opened:
            return self._not_opened(node)
        opening, moment = self._chosen(node, opened)
        inner = explain_part(self.history, node.condition, opening.scope, moment)
        first, last = say_instant(opening.anchor), say_instant(opening.last)
        if self.holds:
            return self.part(node, f"so in the window from {first} to {last}", parts=(inner,))
        if opening.last >= self.log.now:
            needs = f"{inner.needs} by {last}" if inner.needs else ""
            return self.part(node, f"the window is open from {first} to {last}", parts=(inner,), needs=needs)
        return self.part(node, f"the window was open from {first} to {last}", parts=(inner,), needs=self._another(node))

    def _chosen(self, node: ast.Window | ast.Between, opened: list[Opening]) -> tuple[Opening, int]:
        """The window to show, and the instant: where the condition was achieved, else as late as may be."""
        achieved: list[tuple[int, Opening]] = []
        for opening in opened:
            inside = self.history.inside(node, opening)
            if around(inside, self.at) is not None:
                return opening, self.at
            if inside and inside[0][0] <= self.at:
                achieved.append((inside[0][0], opening))
        if achieved:
            moment, opening = min(achieved)
            return opening, moment
        last = opened[-1]
        return last, max(last.scope[0], min(self.at, last.last))

    @staticmethod
    def _another(node: ast.Window | ast.Between) -> str:
        """What opens the window again once it has closed."""
        anchor = node.anchor if isinstance(node, ast.Window) else None
        if isinstance(anchor, ast.OccurrenceAnchor) and anchor.which != "first":
            return f"{format_node(anchor.occurrence)} again, which opens a new window"
        return ""

    def _not_opened(self, node: ast.Window | ast.Between) -> Part:
        if isinstance(node, ast.Between):
            first, last = self.history.bounds(node)
            if last < first or first > last:
                text = "the window is empty"
            else:
                text = f"the window opens at {say_instant(first)}"
            found = Reason("waiting", text, "the window has not opened yet")
            return self.part(node, "", found)
        if isinstance(node.anchor, ast.PropertyAnchor):
            return self.part(node, "", self._no_property_anchor(node.anchor))
        near, facts = near_miss(self.history, node.anchor.occurrence, self.scope)
        return self.part(
            node,
            "",
            Reason(
                "not entered", f"the window has not opened: {near.text}", f"the window has not opened: {near.general}"
            ),
            facts=facts,
        )

    def _no_property_anchor(self, anchor: ast.PropertyAnchor) -> Reason:
        name = f"profile.{format_path(anchor.path)}"
        value = dig(self.log.profile_at(self.at).properties, anchor.path)
        moment = as_moment(value, self.log.timezone)
        if value is None:
            text = general = f"{name} is missing"
        elif moment is None:
            text, general = f"{name} is {say_value(value)}, which is no date", f"{name} is no date"
        else:
            text, general = f"{name} is {say_instant(moment)}, which is still to come", f"{name} is still to come"
        prefix = "the window has not opened: "
        return Reason("not entered", prefix + text, prefix + general)

    # ---- for

    def held(self, node: ast.Held, condition: ast.Condition, duration: ast.Duration) -> Part:
        inner = explain_part(self.history, condition, self.scope, self.at)
        run = around(self.history.truth(condition, self.scope), self.at)
        span = format_duration(duration)
        if run is None:
            return self.part(node, "", parts=(inner,), needs=inner.needs and f"{inner.needs} for {span}")
        due = self.log.later(run[0], duration)
        since = "the beginning" if abs(run[0]) > LATEST else say_instant(run[0])
        text = f"so since {since}"
        if self.holds:
            return self.part(node, text, parts=(inner,))
        if due > self.scope[1]:
            late = f"{text}, too late to last {span} before the window closes"
            needs = None if self.log.later(self.log.now, duration) <= self.scope[1] else ""
            found = Reason("too late", late, f"not so for {span} in the window")
            return self.part(node, "", found, parts=(inner,), needs=needs)
        waiting = f"{text}, so it has lasted {span} at {say_instant(due)}"
        needs = f"that it stays so until {say_instant(due)}"
        return self.part(node, "", Reason("waiting", waiting, f"not so for {span} yet"), parts=(inner,), needs=needs)


def _lasts(node: ast.Condition) -> bool:
    """Whether what has come to hold holds for good, so that nothing can undo it."""
    match node:
        case ast.And(terms):
            return all(map(_lasts, terms))
        case _:
            return isinstance(node, (*ast.OCCURRENCES, ast.Chain, ast.Window, ast.Between))


def _grouped(needs: str) -> str:
    return f"({needs})" if " or " in needs else needs


def _how_many(parts: tuple[Part, ...]) -> str:
    """``1 of 3 is so``."""
    count = sum(part.holds for part in parts)
    if count == 0:
        return "neither is so" if len(parts) == 2 else "none is so"
    return f"{count} of {len(parts)} {'is' if count == 1 else 'are'} so"


def _wants_more(node: ast.Comparison) -> bool:
    return isinstance(node, ast.Compare) and node.operator in (">", ">=")


def _state_text(node: ast.Comparison, read: Any) -> str:
    """What the comparison's own values are, where it holds."""
    seen: list[str] = []
    for part in _operands(node):
        text = f"{format_node(part)} is {say_value(read(part))}"
        if text not in seen:
            seen.append(text)
    return ", ".join(seen)


def _operands(node: ast.Node) -> Iterable[ast.Value]:
    for child in ast.children(node):
        if isinstance(child, (ast.Property, ast.Aggregate)):
            yield child
        elif not isinstance(child, ast.LITERALS):
            yield from _operands(child)
