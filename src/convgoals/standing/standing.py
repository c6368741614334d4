"""Where a profile stands with a goal (semantics §8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import attrs

from convgoals.goals import Goal, Once
from convgoals.instants import LATEST, to_datetime, to_instant, zone
from convgoals.language import ast
from convgoals.records import Fact
from convgoals.standing.completions import completions
from convgoals.standing.history import History
from convgoals.standing.intervals import around
from convgoals.standing.log import Log, of_one_profile

State: TypeAlias = Literal["converted", "open", "missed", "not entered"]


@attrs.frozen
class Standing:
    """Where a profile stands with a goal at a time.

    Attributes:
        state: ``"converted"``, ``"open"`` (it may still convert), ``"missed"`` (its window closed) or
            ``"not entered"``.
        at: the time that this is about.
        entered_at: when it entered: at the first anchor of the goal's outermost window; without a window, when it
            became known. ``None`` before that, and where no fact is kept that tells.
        converted_at: when it first completed the goal.
        completions: how many times it did.
        open_until: the last instant at which it may still complete the goal (again), that instant included; ``None``
            where there is no such limit, or where it cannot any more.
        closed_at: of one that missed: the last instant at which it could have.
        final: whether no fact still to come can change it, but one that comes late: converted with ``count="once"``,
            or missed in a window that does not open again.
        kept_since: since when all of the profile's facts are kept, where earlier ones were dropped as final: what is
            said here, but of completions, is said of the later ones. ``None`` where all are kept.
    """

    state: State
    at: datetime
    entered_at: datetime | None = None
    converted_at: datetime | None = None
    completions: int = 0
    open_until: datetime | None = None
    closed_at: datetime | None = None
    final: bool = False
    kept_since: datetime | None = None

    def __str__(self) -> str:
        if self.state == "open" and self.open_until is not None:
            return f"open until {self.open_until.isoformat()}"
        return self.state


@attrs.frozen
class Course:
    """What the windows of a condition leave to a profile.

    Attributes:
        entered: the first anchor; ``None`` before there is one.
        closes: the last instant at which it can still convert; ``None`` for no limit.
        reopens: whether a fact still to come may open it again.
    """

    entered: int | None
    closes: int | None = None
    reopens: bool = True


def standing(goal: Goal, facts: Iterable[Fact], now: datetime | None = None) -> Standing:
    """Where the one profile that *facts* are about stands with *goal* at *now*.

    Args:
        goal: the goal.
        facts: the profile's log, in any order; facts after *now* do not count.
        now: an aware datetime; the latest fact's unless given.

    Raises:
        FactError: the facts are of several profiles. Implements semantics §8.
    """
    history = History(Log(of_one_profile(facts), zone(goal.timezone), None if now is None else to_instant(now)))
    return standing_of(goal, history, [each.at for each in completions(goal, history)])


def standing_of(goal: Goal, history: History, achieved: Sequence[int]) -> Standing:
    """Where a profile stands, given when it completed the goal: instants up to the log's ``now``, ascending."""
    now = history.log.now
    course = course_of(history, goal.condition.root, again=bool(achieved))
    once = isinstance(goal.counting, Once)
    closed = course.closes is not None and course.closes < now
    until = None if closed or course.closes is None else course.closes
    at = to_datetime(now)
    if achieved:
        return Standing(
            "converted",
            at,
            entered_at=_shown(course.entered),
            converted_at=to_datetime(achieved[0]),
            completions=len(achieved),
            open_until=None if once else _shown(until),
            final=once or (closed and not course.reopens),
        )
    if course.entered is None:
        return Standing("not entered", at)
    if closed:
        return Standing("missed", at, _shown(course.entered), closed_at=_shown(course.closes), final=not course.reopens)
    return Standing("open", at, _shown(course.entered), open_until=_shown(until))


def _shown(instant: int | None) -> datetime | None:
    return None if instant is None or abs(instant) > LATEST else to_datetime(instant)


def has_window(node: ast.Condition) -> bool:
    """Whether a window bounds when the condition can come about: itself, a part of an ``and``, all of an ``or``."""
    match node:
        case ast.Window() | ast.Between():
            return True
        case ast.And(terms):
            return any(map(has_window, terms))
        case ast.Or(terms):
            return all(map(has_window, terms))
        case _:
            return False


def course_of(history: History, node: ast.Condition, *, again: bool = False) -> Course:
    """What the windows of *node* leave to the profile at the log's ``now``.

    Of an ``and``, each window must be met: the first in the text is entered, the first to close ends it. An ``or`` can
    be achieved by any of its parts: the first entered counts, the last to close ends it.

    Args:
        history: of the profile.
        node: a goal's whole condition, or what stands in an ``and`` or ``or`` of it.
        again: whether a window that has been met still has an end: it stays met, but fires no more.
    """
    known = history.log.known_since
    if known is None or not has_window(node):
        return Course(known)
    match node:
        case ast.Window() | ast.Between():
            return _of_window(history, node, known, again=again)
        case ast.And(terms):
            courses = [course_of(history, term) for term in terms if has_window(term)]
            entered = courses[0].entered
            closing = [each for each in courses if each.closes is not None]
            if not closing:
                return Course(entered)
            closes = min(each.closes for each in closing if each.closes is not None)
            return Course(entered, closes, all(each.reopens for each in closing if each.closes == closes))
        case ast.Or(terms):
            courses = [course_of(history, term, again=again) for term in terms]
            entries = [each.entered for each in courses if each.entered is not None]
            ends = [each.closes for each in courses]
            last = None if None in ends else max(end for end in ends if end is not None)
            return Course(min(entries, default=None), last, any(each.reopens for each in courses))
        case _:
            return Course(known)


def _of_window(history: History, node: ast.Window | ast.Between, known: int, *, again: bool) -> Course:
    now = history.log.now
    opened = [each for each in history.openings(node) if max(each.anchor, each.valid[0]) <= now]
    opened = [each for each in opened if each.valid[0] <= each.valid[1]]
    if isinstance(node, ast.Between):
        opened = [each for each in opened if known <= each.scope[1]]
    if not opened:
        return Course(None)
    entered = max(known, opened[0].anchor) if isinstance(node, ast.Between) else min(each.anchor for each in opened)
    if not again and around(history.truth(node), now) is not None:
        return Course(entered)  # met, for good
    reopens = isinstance(node, ast.Window) and not (
        isinstance(node.anchor, ast.OccurrenceAnchor) and node.anchor.which == "first"
    )
    return Course(entered, max(each.last for each in opened), reopens)
