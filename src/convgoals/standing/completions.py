"""The completions of a goal over a history (semantics §5): the firings that count."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from convgoals.goals import Every, Goal, Once, OncePerDuration, OncePerProperty
from convgoals.instants import BEGINNING, to_instant
from convgoals.predicates.values import canonical, dig
from convgoals.records import CampaignReceipt, Fact
from convgoals.standing.history import History


class Achieved(NamedTuple):
    """A completion: when, and the fact that triggered it, if one did."""

    at: int
    trigger: Fact | None


def completions(goal: Goal, history: History, until: int | None = None) -> list[Achieved]:
    """The completions, in order.

    Args:
        goal: the goal.
        history: the profile's log, read in the goal's time zone.
        until: to this instant; the log's ``now`` unless given. Beyond that it is what time alone will bring.
    """
    limit = history.log.now if until is None else until
    return [each for each in _counting(goal, history) if each.at <= limit]


def _counting(goal: Goal, history: History) -> Iterator[Achieved]:
    counting, timezone = goal.counting, history.log.timezone
    last: int | None = None
    seen: set[Hashable] = set()
    for each in _fired(goal, history):
        match counting:
            case Once():
                counts = last is None
            case Every():
                counts = True
            case OncePerDuration(duration):
                counts = last is None or history.log.later(last, duration) <= each.at
            case OncePerProperty(path):
                trigger = each.trigger
                given = None if trigger is None or isinstance(trigger, CampaignReceipt) else trigger.properties
                key = None if given is None else canonical(dig(given, path), timezone)
                counts = key is not None and key not in seen
                seen.add(key)
        if counts:
            last = each.at
            yield each


def _fired(goal: Goal, history: History) -> Iterator[Achieved]:
    """At each instant one firing for each triggering occurrence, by id; or one without a trigger."""
    since = BEGINNING + 1 if goal.since is None else to_instant(goal.since)
    facts = history.log.facts
    for at, triggers in sorted(history.firings(goal.condition.root).items()):
        if at < since:
            continue
        occurrences = sorted(each.place for each in triggers if each is not None)
        for place in occurrences:
            yield Achieved(at, facts[place])
        if not occurrences:
            yield Achieved(at, None)
