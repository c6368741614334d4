"""How far a chain of ``followed by`` came, and why no further (semantics §4)."""

from __future__ import annotations

from typing import NamedTuple

from convgoals.explain.comparing import Reason
from convgoals.explain.model import Evidence, Miss, Part
from convgoals.explain.occurrences import near_miss
from convgoals.explain.words import say_came, say_fact, say_instant, say_never_came, say_span, say_value
from convgoals.instants import to_datetime
from convgoals.language import ast
from convgoals.language.format import format_duration, format_node, format_path
from convgoals.predicates.values import dig
from convgoals.records import Fact
from convgoals.standing import chains
from convgoals.standing.history import History
from convgoals.standing.intervals import Interval
from convgoals.standing.log import Log, Occurrence, properties_of


class Found(NamedTuple):
    """What there is to say of a chain.

    Attributes:
        text: what happened, where it holds.
        reason: why it does not hold.
        facts: those of the way that was taken, as far as it came.
        needs: what would still complete it.
        parts: its links.
    """

    text: str
    reason: Reason | None
    facts: list[Fact]
    needs: str
    parts: tuple[Part, ...]


def explain_chain(history: History, node: ast.Chain, scope: Interval, at: int) -> Found:
    """How far *node* came in *scope* up to *at*."""
    log = history.log
    reached = [way for way in chains.begin(log, node, scope) if way.last.at <= at]
    stages = [reached]
    for link in node.links:
        reached = [way for way in chains.follow(log, link, reached, scope) if way.last.at <= at]
        stages.append(reached)
    depth = sum(1 for stage in stages if stage)  # once a stage is empty, so are all after it
    if depth == 0:
        reason, near = near_miss(history, node.first, scope)
        parts = (_link(node.first, False, reason), *(_link(each, False, None) for each in _rest(node, 0)))
        return Found("", reason, list(near), format_node(node), parts)
    # The latest way that came furthest: of a chain that is complete, the one that completed it.
    way = max(stages[depth - 1], key=lambda each: each.last.at)
    if node.absence is not None and depth == len(stages):
        return _absent(log, node, node.absence, stages[-1], scope, at)
    passed = _passed(log, node, way)
    facts = [log.facts[each.place] for each in way.occurrences()]
    if depth == len(stages):
        return Found(_told(log, way), None, facts, "", passed)
    link = node.links[depth - 1]
    reason, needs = _stuck(history, link, way, scope, at)
    parts = (*passed, _link(link, False, reason), *(_link(each, False, None) for each in _rest(node, depth)))
    if needs:
        needs = " ".join((needs, *(format_node(each) for each in _rest(node, depth))))
    return Found("", reason, facts, needs or format_node(node), parts)


def _rest(node: ast.Chain, depth: int) -> tuple[ast.Link | ast.Absence, ...]:
    """The links after the one at *depth*, which the chain has not come to."""
    absence = () if node.absence is None else (node.absence,)
    return (*node.links[depth:], *absence)


def _link(node: ast.Node, holds: bool, reason: Reason | None) -> Part:
    condition = format_node(node)
    miss = None if reason is None else Miss(reason.kind, condition, reason.text, reason.general)
    return Part(condition, holds, "" if reason is None else reason.text, miss=miss)


def _passed(log: Log, node: ast.Chain, way: chains.Way) -> tuple[Part, ...]:
    """The links that the way passed, each with its fact."""
    parts = []
    for link, occurrence in zip((node.first, *node.links), way.occurrences(), strict=False):
        fact = log.facts[occurrence.place]
        text = f"{say_came(link if not isinstance(link, ast.Link) else link.occurrence)} at {say_instant(fact.instant)}"
        parts.append(
            Part(
                format_node(link),
                True,
                text,
                since=to_datetime(occurrence.at),
                facts=(Evidence(fact.id or "", fact.timestamp, say_fact(fact)),),
            )
        )
    return tuple(parts)


def _told(log: Log, way: chains.Way) -> str:
    return ", then ".join(f"{say_fact(log.facts[each.place])} at {say_instant(each.at)}" for each in way.occurrences())


def _stuck(history: History, link: ast.Link, way: chains.Way, scope: Interval, at: int) -> tuple[Reason, str]:
    """Why nothing continues *way* over *link*, and what still could."""
    log, last = history.log, way.last
    came = say_came(link.occurrence)
    limit = None if link.within is None else log.later(last.at, link.within)
    candidates = [each for each in log.occurrences(link.occurrence) if each.place not in way.taken]
    after = [each for each in candidates if last.at <= each.at <= scope[1]]
    in_time = [each for each in after if limit is None or each.at <= limit]
    is_open = limit is None or limit >= at
    by = "" if limit is None else f" by {say_instant(limit)}"
    same = "" if link.same is None else f" with same {format_path(link.same)}"
    needs = f"{format_node(link.occurrence)}{same}{by}" if is_open and scope[1] >= log.now else ""
    if in_time:
        return _refused(log, link, last, in_time[-1]), needs
    if after and limit is not None:
        late = say_span(after[0].at - limit)
        text = f"{came} {late} after the {format_duration(link.within)} that it had" if link.within else ""
        return Reason("too late", f"{text}, at {say_instant(after[0].at)}", f"{came} too late"), needs
    step = f"after {say_fact(log.facts[last.place])} of {say_instant(last.at)}"
    early = [each for each in candidates if each.at < last.at]
    if early:
        span = say_span(last.at - early[-1].at)
        return Reason(
            "too early", f"{came} {span} before {say_fact(log.facts[last.place])}, not after it", f"{came} too early"
        ), needs
    near, _ = near_miss(history, link.occurrence, (last.at, min(scope[1], limit or scope[1])))
    waits = f"; it can come until {say_instant(limit)}" if limit is not None and is_open else ""
    text = f"{say_never_came(link.occurrence)} {step}{waits}"
    past_window = near.kind == "too late" and (limit is None or limit >= scope[1])
    if past_window or near.kind not in ("never came", "too late", "too early"):
        text = near.text
    return Reason("waiting" if is_open and needs else near.kind, text, near.general), needs


def _refused(log: Log, link: ast.Link, last: Occurrence, following: Occurrence) -> Reason:
    """It came in time, but with another value, or with something else between."""
    came = say_came(link.occurrence)
    if not chains.carries_the_same(log, link.same, last, following):
        path = link.same or ()
        here, there = (dig(properties_of(log.facts[each.place]), path) for each in (following, last))
        name = format_path(path)
        return Reason(
            "wrong value",
            f"{came} at {say_instant(following.at)} with {name} {say_value(here)}, and not {say_value(there)}",
            f"{came} with another {name}",
        )
    other = None if link.without is None else chains.between(log, link.without, last, following)
    what = "something else" if other is None or link.without is None else format_node(link.without)
    when = "" if other is None else f" at {say_instant(other.at)}"
    return Reason(
        "undone",
        f"{came} at {say_instant(following.at)}, but {what} came between{when}",
        f"{what} came between",
    )


def _absent(log: Log, node: ast.Chain, absence: ast.Absence, ways: list[chains.Way], scope: Interval, at: int) -> Found:
    """The chain waits for a time without something: it has passed, is passing, or was broken."""
    came, span = say_came(absence.occurrence), format_duration(absence.within)
    passed, passing = [], []
    broken: list[tuple[int, chains.Way, Occurrence]] = []
    for way in ways:
        deadline = log.later(way.last.at, absence.within)
        undone = chains.undoing(log, absence, way)
        if undone is not None:
            broken.append((undone.at, way, undone))
        elif deadline <= min(at, scope[1]):
            passed.append((deadline, way))
        else:
            passing.append((deadline, way))
    needs = ""
    reason: Reason | None = None
    facts: list[Fact] = []
    is_hopeless = False
    if passed:
        deadline, way = max(passed, key=lambda each: each[0])
        text = f"{span} passed without it, at {say_instant(deadline)}"
    elif passing:
        deadline, way = min(passing, key=lambda each: each[0])
        if deadline > scope[1]:
            text = f"{span} would have passed at {say_instant(deadline)}, after the window closed"
            reason = Reason("too late", text, f"{span} did not pass in the window")
            is_hopeless = log.later(log.now, absence.within) > scope[1]
        else:
            text = f"nothing came so far; {span} will have passed at {say_instant(deadline)}"
            reason = Reason("waiting", text, f"waiting for {span} to pass")
            needs = f"no {format_node(absence.occurrence)} until {say_instant(deadline)}"
    else:
        when, way, breaking = max(broken, key=lambda each: each[0])
        text = f"{came} at {say_instant(when)}, {say_span(when - way.last.at)} later, within the {span}"
        reason = Reason("undone", text, f"{came} within {span}")
        facts = [log.facts[breaking.place]]
    facts = [*(log.facts[each.place] for each in way.occurrences()), *facts]
    last = Part(format_node(absence), reason is None, text, miss=None)
    if reason is not None:
        last = _link(absence, False, reason)
    if not is_hopeless and not needs:
        needs = format_node(node)
    return Found(f"{_told(log, way)}; {text}", reason, facts, needs, (*_passed(log, node, way), last))
