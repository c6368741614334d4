"""The pitfalls of conversion goals, one function each: a goal in, reasons and repairs out.

Codes are stable: a new pitfall takes a new code, and a retired code is not used again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

import attrs

from convgoals.goals import Goal
from convgoals.language import ast
from convgoals.language.contradictions import always_true
from convgoals.language.format import format_duration, format_name, format_node, quote
from convgoals.language.normal import normal_form

MAX_ACTIVE = 10
"""How many goals people can follow at a time."""

Reason: TypeAlias = tuple[str, str]
"""A message and a hint."""


@attrs.frozen
class Rule:
    """A pitfall: its code, its name, what it is about, and the function that finds it in one goal."""

    code: str
    name: str
    about: str
    find: Callable[[Goal], Iterator[Reason]] | None = None


# ---- names and attributes


def _lexicon(words: str) -> frozenset[str]:
    return frozenset(words.split())


_VAGUE = _lexicon(
    """active activity awareness business conversion conversions convert converted customer customers default done
    engage engaged engagement funnel general goal goals growth important interest kpi kpis lead leads loyalty main
    metric metrics misc my new objective other outcome performance primary quality result results retention revenue
    secondary success successful target temp test the tmp todo usage user users value"""
)
_BUYING = _lexicon(
    """booked booking bought buy checkout deposit donate donated donation invoice order ordered orders paid pay
    payment purchase purchased purchases renewal renewed sale sold subscribe subscribed subscription upgrade
    upgraded"""
)
_NOT_BOUGHT = _lexicon(
    """abandon abandoned add added cancel canceled cancelled cancellation click clicked decline declined expired fail
    failed failure list page refund refunded remove removed return returned start started view viewed visit
    visited"""
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")


def _words(name: str) -> set[str]:
    """The words of a name, whichever way they are joined: ``orderPaid``, ``order_paid``, ``Order Paid``."""
    return {word.lower() for word in _WORD.findall(name)}


def vague_name(goal: Goal) -> Iterator[Reason]:
    if _words(goal.name) <= _VAGUE:
        yield (
            "the name does not say what a profile does when it converts, so nobody can tell what the rate is a rate of",
            'name the act and its object, such as "Purchase within 7 days of a visit"',
        )


def no_description(goal: Goal) -> Iterator[Reason]:
    if not goal.description.strip():
        yield (
            "nothing says what the goal is for, nor what its rate was before (its baseline), so no result is good",
            'description = "…: 2.1 % in the quarter before"',
        )


def no_campaign(goal: Goal) -> Iterator[Reason]:
    if goal.campaign is None:
        yield (
            "it is linked to no campaign, so its conversions are credited to nothing that was done",
            'campaign = "spring-launch"',
        )


def no_value(goal: Goal) -> Iterator[Reason]:
    if goal.value is not None:
        return
    for event in trigger_events(goal.condition.root):
        words = _words(event.type)
        if words & _BUYING and not words & _NOT_BOUGHT:
            yield (
                f"`event {format_name(event.type)}` looks like a purchase, but no value says what it was worth",
                'value = "order_value", the property that holds the amount, or a number',
            )
            return


# ---- conditions


def no_window(goal: Goal) -> Iterator[Reason]:
    if not any(_bounds_time(node) for node in ast.walk(goal.condition.root)):
        yield (
            "it has no time window, so a conversion years later counts like one today, and no rate is ever final",
            'within = "7 days of first event …"',
        )


def _bounds_time(node: ast.Node) -> bool:
    match node:
        case ast.Window() | ast.Between() | ast.InLast() | ast.Absence():
            return True
        case ast.Aggregate(_, _, _, last):
            return last is not None
        case ast.Chain(_, links):
            return bool(links) and all(link.within is not None for link in links)
        case _:
            return False


def own_anchor(goal: Goal) -> Iterator[Reason]:
    for node in ast.walk(goal.condition.root):
        if isinstance(node, ast.Window) and isinstance(node.anchor, ast.OccurrenceAnchor):
            occurrence = node.anchor.occurrence
            if achieved_by(node.condition, occurrence):
                yield (
                    f"`{format_node(occurrence)}` opens the window and achieves the goal, so it decides nothing",
                    f"anchor it at what comes before, or ask for a second one: count({format_node(occurrence)}) >= 2",
                )


def achieved_by(node: ast.Condition, occurrence: ast.Occurrence) -> bool:
    """Whether *occurrence* alone certainly achieves *node* at the instant at which it happens."""
    match node:
        case ast.EventOccurrence(kind, where) if isinstance(occurrence, ast.EventOccurrence):
            return kind == occurrence.type and (where is None or _same(node, occurrence))
        case ast.EventOccurrence() | ast.ChangeOccurrence() | ast.ReceiptOccurrence():
            return _same(node, occurrence)
        case ast.InLast(inner):
            return achieved_by(inner, occurrence)
        case ast.Or(terms):
            return any(achieved_by(term, occurrence) for term in terms)
        case ast.And(terms):
            return all(achieved_by(term, occurrence) for term in terms)
        case ast.Compare(">=", ast.Aggregate("count", None, counted), ast.Number(1)):
            return achieved_by(counted, occurrence)
        case ast.Compare(">", ast.Aggregate("count", None, counted), ast.Number(0)):
            return achieved_by(counted, occurrence)
        case _:
            return False


def _same(one: ast.Condition, other: ast.Condition) -> bool:
    return normal_form(one) == normal_form(other)


def says_nothing(goal: Goal) -> Iterator[Reason]:
    for node in ast.walk(goal.condition.root):
        if isinstance(node, (*ast.COMPARISONS, ast.Or)) and always_true(node):
            yield (
                f"`{format_node(node)}` is always true, so it says nothing",
                "leave it out, or compare with a value that does not always pass",
            )
        if isinstance(node, (ast.And, ast.Or)):
            seen: set[ast.Condition] = set()
            for term in node.terms:
                form = normal_form(term)
                if form in seen:
                    yield (
                        f"`{format_node(term)}` stands twice in one `{'and' if isinstance(node, ast.And) else 'or'}`",
                        "leave one of them out, or correct the one that was meant to be another",
                    )
                seen.add(form)


_CLOCK = _lexicon("now today yesterday tomorrow current_date current_timestamp")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?\Z")
_ORDERS = ("<", "<=", ">", ">=")


def unquoted_text(goal: Goal) -> Iterator[Reason]:
    """``currency = EUR``: one word on the right of a comparison, which a filter reads as another property."""
    for node in ast.walk(goal.condition.root):
        match node:
            case ast.Compare(operator, ast.Property("event"), ast.Property("event", (word,))):
                clock = word.lower() in _CLOCK
                if clock or (operator not in _ORDERS and ("_" not in word or word.isupper())):
                    meant = "a time" if clock else "a text"
                    hint = "a date, or a window such as `in last 1 day`" if clock else f"in quotes: {quote(word)}"
                    yield (
                        f"in `{format_node(node)}`, `{word}` is another property of the event, and not {meant}",
                        f"{hint}, unless the property is meant",
                    )
            case _:
                continue


def quoted_number(goal: Goal) -> Iterator[Reason]:
    """``total > "50"``: a number is never greater than a text."""
    for node in ast.walk(goal.condition.root):
        match node:
            case ast.Compare(operator, _, ast.Text(text)) if operator in _ORDERS and _NUMBER.match(text):
                pass
            case ast.Range(_, ast.Text(text), _) if _NUMBER.match(text):
                pass
            case _:
                continue
        yield (
            f"in `{format_node(node)}`, {quote(text)} is a text, and numbers are never compared with it",
            f"without quotes: {text}",
        )


def lasting_event(goal: Goal) -> Iterator[Reason]:
    """``event login for 30 days``: an event that has happened stays so, so this only waits."""
    for node in ast.walk(goal.condition.root):
        if isinstance(node, ast.Held) and isinstance(node.condition, ast.OCCURRENCES):
            said, span = format_node(node.condition), format_duration(node.duration)
            yield (
                f"`{format_node(node)}` is so {span} after the first time: what has happened stays so",
                f"({'not ' + said}) for {span}, if it must not happen for so long; {said} in last {span}, if it must",
            )


def trigger_events(node: ast.Condition) -> Iterator[ast.EventOccurrence]:
    """The events that may be the trigger of a completion of *node* (semantics §4)."""
    match node:
        case ast.EventOccurrence():
            yield node
        case ast.InLast(inner) | ast.Window(inner) | ast.Between(inner):
            yield from trigger_events(inner)
        case ast.And(terms) | ast.Or(terms):
            for term in terms:
                yield from trigger_events(term)
        case ast.Chain(_, links, None):
            yield from trigger_events(links[-1].occurrence)
        case ast.Compare(_, left, right):
            for side in (left, right):
                if isinstance(side, ast.Aggregate):
                    yield from trigger_events(side.occurrence)
        case _:
            return


# ---- several goals


def too_many(goals: list[Goal]) -> Iterator[Reason]:
    if len(goals) > MAX_ACTIVE:
        yield (
            f"{len(goals)} goals are active, and nobody follows more than {MAX_ACTIVE}: each weakens the others",
            "archive those that no decision hangs on",
        )


def said_before(goals: list[Goal]) -> Iterator[tuple[Goal, Reason]]:
    """Goals that mean what one before them means: the same condition, counting, campaign, start and time zone."""
    first: dict[object, Goal] = {}
    for goal in goals:
        meaning = (normal_form(goal.condition.root), goal.count, goal.campaign, goal.since, goal.timezone)
        before = first.setdefault(meaning, goal)
        if before is not goal:
            yield (
                goal,
                (
                    f"it says the same as the goal {quote(before.name)}, so each conversion is counted under two names",
                    f"archive one of them, or make the difference part of the condition; both say: {before.condition}",
                ),
            )


def no_examples(goal: Goal) -> Reason:
    return (
        "no example shows a profile that converts, and one that does not, so nobody has checked what it means",
        "write one of each as [[goal.example]]",
    )


RULES: tuple[Rule, ...] = (
    Rule("CG001", "vague-name", "a name that does not say what was done", vague_name),
    Rule("CG002", "no-window", "no time window", no_window),
    Rule("CG003", "no-campaign", "linked to no campaign", no_campaign),
    Rule("CG004", "too-many-goals", f"more than {MAX_ACTIVE} active goals"),
    Rule("CG005", "no-value", "a purchase without a value", no_value),
    Rule("CG006", "same-goal", "two goals that say the same"),
    Rule("CG007", "no-examples", "no examples"),
    Rule("CG008", "own-anchor", "a window anchored at what achieves the goal", own_anchor),
    Rule("CG009", "says-nothing", "a part that is always true, or stands twice", says_nothing),
    Rule("CG010", "no-baseline", "no description, and so no baseline", no_description),
    Rule("CG011", "unquoted-text", "a text that stands without quotes, and is read as a property", unquoted_text),
    Rule("CG012", "quoted-number", "a number in quotes, which is a text", quoted_number),
    Rule("CG013", "lasting-event", "an event that is to last, though it stays so by itself", lasting_event),
)
