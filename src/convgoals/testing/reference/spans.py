"""Scopes, spans of time and the ends that they have (semantics §4)."""

from __future__ import annotations

from datetime import date, timedelta

import attrs

from convgoals.instants import BEGINNING, LATEST, add_months
from convgoals.language import ast
from convgoals.testing.reference.comparisons import Day, Moment, lookup, moment, time_in_text, value_of
from convgoals.testing.reference.facts import Log, profile_at


@attrs.frozen(cache_hash=True)
class Scope:
    """The instants from *first* to *last*, both in it; empty where *last* comes before *first*."""

    first: int = BEGINNING
    last: int = -BEGINNING

    def __contains__(self, instant: int) -> bool:
        return self.first <= instant <= self.last

    def narrowed(self, first: int, last: int) -> Scope:
        """The instants that lie in this scope and in [first, last]."""
        return Scope(max(self.first, first), min(self.last, last))


ALL_OF_TIME = Scope()


def later(log: Log, instant: int, duration: ast.Duration) -> int:
    """*instant* + *duration*: the last instant that is within that span of it; months in the goal's time zone."""
    if instant == BEGINNING:  # what held at the beginning of time has held for longer than any span
        return BEGINNING
    if duration.months:
        try:
            instant = add_months(instant, duration.months, log.timezone)
        except (OverflowError, ValueError):  # past the last year of the calendar
            instant = LATEST
    return instant + duration.microseconds


def start_of(log: Log, node: ast.Between) -> int:
    """The first instant of a ``between``."""
    return _instant(log, node.start.value)


def end_of(log: Log, node: ast.Between) -> int:
    """The last instant of a ``between``: a bare end date lasts to the end of its day."""
    if isinstance(node.end, ast.Date):
        return _instant(log, node.end.value + timedelta(days=1)) - 1
    return _instant(log, node.end.value)


def _instant(log: Log, day: date) -> int:
    read = moment(day, log.timezone)
    assert isinstance(read, Moment)  # noqa: S101  the parser takes no date past what calendars can say
    return read.instant


def anchor_of_property(log: Log, node: ast.PropertyAnchor, instant: int) -> int | None:
    """The datetime that a property of the profile has at *instant*: also in ISO 8601 text, a date from its start."""
    value = value_of(lookup(profile_at(log, instant).properties, node.path), log.timezone)
    if isinstance(value, str):
        value = time_in_text(value, log.timezone)
    if isinstance(value, Day):
        value = moment(value.day, log.timezone)
    return value.instant if isinstance(value, Moment) else None
