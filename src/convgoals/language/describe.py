"""Nodes → plain English: what a goal says, for people who do not read the language (semantics §§2–5).

A condition becomes a `Phrase`: a clause, and where it nests a list below it. Short parts are joined in line; anything
that could be read in two ways becomes a numbered list.
"""

from __future__ import annotations

import attrs

from convgoals.language import ast
from convgoals.language.format import format_duration, quote
from convgoals.language.parse import parse_duration, parse_path
from convgoals.language.wording import (
    Mood,
    listed,
    say_comparison,
    say_duration,
    say_last,
    say_noun,
    say_occurrence,
    say_path,
    say_value,
)

MAX_INLINE = 160
"""How long, in characters, a clause of several parts may be before it becomes a list."""

_PREFIXES = ("within ", "between ", "for ")
_PLAIN = (*ast.COMPARISONS, *ast.OCCURRENCES, ast.InSegment, ast.InLast)


@attrs.frozen
class Phrase:
    """A clause that ends in ``:`` where *items* say the rest."""

    text: str
    items: tuple[Phrase, ...] = ()

    def after(self, prefix: str) -> Phrase:
        return Phrase(f"{prefix}{self.text}", self.items)


def describe(root: ast.Condition) -> str:
    """The condition *root* as plain English: one sentence, or a sentence and a numbered list."""
    phrase = _say(root, "happens")
    comma = "," if phrase.text.startswith(_PREFIXES) else ""
    return f"The goal is achieved when{comma} {_render(phrase)}"


def describe_goal(root: ast.Condition, counting: str) -> str:
    """The condition and its counting (semantics §5) as plain English.

    Args:
        root: the goal's whole condition.
        counting: the canonical text of its counting mode, such as ``"once per 30 days"``.
    """
    text = describe(root)
    return f"{text}{chr(10) if chr(10) in text else ' '}{describe_counting(counting)}"


def describe_counting(counting: str) -> str:
    """A sentence for ``"once"``, ``"every"``, ``"once per 30 days"`` or ``"once per order_id"``."""
    if counting == "once":
        return "It counts once for each profile."
    if counting == "every":
        return "It counts every time."
    what = counting.removeprefix("once per ")
    if what in ast.UNITS or what[0].isdigit():
        duration = parse_duration(f"1 {what}" if what in ast.UNITS else what)
        span, verb = format_duration(duration), "has" if _is_one(duration) else "have"
        return f"After it counted, it counts again once at least {span} {verb} passed."
    return f"It counts the first time for each value of the event’s {say_path(parse_path(what))}."


# ---- conditions


def _say(node: ast.Condition, mood: Mood) -> Phrase:  # noqa: PLR0911  one case for each node, as flat as a table
    """*node* as a phrase: *happens* where it fires, *has happened* where it is one part of what must hold."""
    match node:
        case ast.EventOccurrence() | ast.ChangeOccurrence() | ast.ReceiptOccurrence():
            return Phrase(say_occurrence(node, mood))
        case ast.InLast(occurrence, duration):
            past: Mood = "has not happened" if mood == "has not happened" else "has happened"
            return Phrase(f"{say_occurrence(occurrence, past)} {say_last(duration)}")
        case ast.InSegment(segment):
            return Phrase(f"the profile is {_not(mood)}in the segment {quote(segment)}")
        case ast.And() | ast.Or():
            return _say_joined(node, mood)
        case ast.Not(term):
            return _say_not(term)
        case ast.Chain():
            return Phrase(_say_chain(node, mood))
        case ast.Window(condition, duration, anchor):
            return _say_bounded(condition, f"within {say_duration(duration)} of {_say_anchor(anchor)}", mood)
        case ast.Between(condition, start, end):
            ends = "both days included" if type(start) is type(end) is ast.Date else "both ends included"
            return _say_bounded(condition, f"between {say_value(start)} and {say_value(end)} ({ends})", mood)
        case ast.Held(condition, duration):
            inner = _say(condition, "has happened")
            return inner.after(f"for {format_duration(duration)} without a break, ")
        case _:
            return Phrase(say_comparison(node, negated=mood == "has not happened"))


def _not(mood: Mood) -> str:
    return "not " if mood == "has not happened" else ""


def _say_joined(node: ast.And | ast.Or, mood: Mood) -> Phrase:
    """``and``: each part must have come about; ``or``: each part can be what achieves the goal."""
    is_and = isinstance(node, ast.And)
    parts = tuple(_say(term, "has happened" if is_and else mood) for term in node.terms)
    if len(parts) <= 3 and all(map(_is_plain, node.terms)):
        inline = listed((part.text for part in parts), "and" if is_and else "or")
        if len(inline) <= MAX_INLINE:
            return Phrase(inline if is_and else f"either {inline}")
    return Phrase("all of these are so" if is_and else "at least one of these is so", parts)


def _is_plain(node: ast.Condition) -> bool:
    """Whether *node* reads as one part in a row of several."""
    return isinstance(node, _PLAIN) or (isinstance(node, ast.Not) and isinstance(node.term, _PLAIN))


def _say_not(term: ast.Condition) -> Phrase:
    match term:
        case ast.And(terms):
            return Phrase("not all of these are so", tuple(_say(part, "has happened") for part in terms))
        case ast.Or(terms):
            return Phrase("none of these is so", tuple(_say(part, "has happened") for part in terms))
        case ast.Window(condition) | ast.Between(condition) if isinstance(condition, ast.OCCURRENCES):
            return _say(term, "has not happened")
        case _ if isinstance(term, _PLAIN):
            return _say(term, "has not happened")
        case _:
            return _say(term, "has happened").after("it is not so that ")


def _say_bounded(condition: ast.Condition, bound: str, mood: Mood) -> Phrase:
    """*condition* in a window: what has come about inside it stays so (semantics §4)."""
    if isinstance(condition, ast.OCCURRENCES):
        return Phrase(f"{say_occurrence(condition, mood)} {bound}")
    inner = _say(condition, "happens")
    return inner.after(f"{bound}, " if mood == "happens" else f"at some time {bound}, ")


def _say_anchor(anchor: ast.Anchor) -> str:
    match anchor:
        case ast.OccurrenceAnchor(which, occurrence):
            return f"{'any' if which == 'any' else f'the {which}'} {say_noun(occurrence)}"
        case ast.PropertyAnchor(path):
            return f"the profile’s {say_path(path)}"


def _say_chain(node: ast.Chain, mood: Mood) -> str:
    text = say_occurrence(node.first, mood)
    for link in node.links:
        within = "" if link.within is None else f" within {say_duration(link.within)}"
        without = "" if link.without is None else f" (with no {say_noun(link.without)} from the one to the other)"
        text += f", followed{within} by the {say_noun(link.occurrence)}{_same(link.same)}{without}"
    if node.absence is not None:
        absence = node.absence
        passed = "passed" if mood != "happens" else "passes" if _is_one(absence.within) else "pass"
        text += (
            f", and then {format_duration(absence.within)} {passed} (the last instant included)"
            f" without the {say_noun(absence.occurrence)}{_same(absence.same)}"
        )
    return text


def _is_one(duration: ast.Duration) -> bool:
    return len(duration.parts) == 1 and duration.parts[0][0] == 1


def _same(path: tuple[str, ...] | None) -> str:
    return "" if path is None else f" with the same {say_path(path)} as the event before"


# ---- on the page


def _render(phrase: Phrase) -> str:
    return f"{phrase.text}." if not phrase.items else f"{phrase.text}:\n" + "\n".join(_lines(phrase.items, 1))


def _lines(items: tuple[Phrase, ...], level: int) -> list[str]:
    lines: list[str] = []
    for number, item in enumerate(items):
        colon = ":" if item.items else ""
        lines.append(f"{'   ' * (level - 1)}  {_label(number, level)}. {item.text}{colon}")
        lines.extend(_lines(item.items, level + 1))
    return lines


def _label(number: int, level: int) -> str:
    """1 2 3 on the outermost level, a b c below, and so on by turns; past z they are numbers again."""
    return chr(ord("a") + number) if level % 2 == 0 and number < 26 else str(number + 1)
