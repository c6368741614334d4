"""The smallest timeline found on which versions of a goal disagree, verified by the engine and by the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

import attrs

from convgoals.engine.engine import GoalEngine
from convgoals.goals import Goal, goal_to_dict
from convgoals.instants import DAY, HOUR, Shift, to_datetime
from convgoals.language import ast
from convgoals.records import Event, Fact, ProfileSnapshot, ProfileUpdate, identified
from convgoals.testing.aims import START
from convgoals.testing.outcomes import Outcome, outcome
from convgoals.testing.reference import evaluate
from convgoals.testing.timelines import PROFILE, Timeline

Firings: TypeAlias = tuple[tuple[datetime, str | None], ...]
"""When a goal was completed, and by which fact."""


@attrs.frozen
class Witness:
    """A timeline on which two versions disagree.

    Attributes:
        timeline: what the profile did; it reaches the first instant at which they disagree.
        old, new: what each makes of it by then.
    """

    timeline: Timeline
    old: Outcome
    new: Outcome

    @property
    def gained(self) -> bool:
        """Whether the new version has the completion that the old has not."""
        return len(self.new.completions) > len(self.old.completions)


def renamed(goal: Goal, name: str) -> Goal:
    """*goal* under another name."""
    return Goal(**{**goal_to_dict(goal), "name": name})


def judge(goals: Sequence[Goal], logs: Sequence[Sequence[Fact]]) -> list[list[Firings]]:
    """For each log, the completions of each of *goals* once all time that matters has passed."""
    found: list[list[list[tuple[datetime, str | None]]]] = [[[] for _ in goals] for _ in logs]
    facts = [attrs.evolve(fact, profile_id=str(number)) for number, log in enumerate(logs) for fact in log]
    if not facts:
        return [[()] * len(goals) for _ in logs]
    with GoalEngine([renamed(goal, str(number)) for number, goal in enumerate(goals)]) as engine:
        engine.process(facts)
        engine.advance(to_datetime(max(fact.instant for fact in facts) + _horizon(goals)))
        for done in engine.history():
            found[int(done.profile_id)][int(done.goal)].append((done.achieved_at, done.trigger_id))
    return [[tuple(each) for each in of_log] for of_log in found]


def _horizon(goals: Sequence[Goal]) -> int:
    """How long after the last fact time alone may still complete one of *goals*."""
    spans = [
        Shift(node.months, node.microseconds)(0) + node.months * DAY
        for goal in goals
        for node in ast.walk(goal.condition.root)
        if isinstance(node, ast.Duration)
    ]
    return min(sum(spans) + 2 * DAY, 300 * 366 * DAY)


def smallest(old: Goal, new: Goal, log: Sequence[Fact], *, gained: bool) -> Witness:
    """The witness that is left of *log* when all that is not needed is taken out of it.

    Args:
        old: the version before the change.
        new: the version after it.
        log: facts on which they disagree.
        gained: whether the new version has the completion that the old has not.

    Raises:
        AssertionError: the engine and the reference evaluator disagree, which is a mistake of ours.
    """

    def disagree(facts: Sequence[Fact]) -> datetime | None:
        first = first_difference(*judge([old, new], [facts])[0])
        return None if first is None or first[1] is not gained else first[0]

    facts, found = list(log), disagree(log)
    if found is None:
        raise AssertionError("the versions do not disagree here")
    facts = [fact for fact in facts if fact.timestamp <= found]
    for start in (START, facts[0].instant // DAY * DAY):
        moved = timedelta(microseconds=start - facts[0].instant)
        earlier = [attrs.evolve(fact, timestamp=fact.timestamp + moved) for fact in facts]
        if disagree(earlier) is not None:
            facts = earlier
            break
    for _ in range(8):  # each pass makes it smaller; it hardly ever takes four
        smaller = _pass(facts, disagree)
        if smaller == facts:
            break
        facts = smaller
    at = disagree(facts)
    if at is None:
        raise AssertionError("a smaller log lost the disagreement")
    facts = [identified(fact, f"step-{place}") for place, fact in enumerate(facts, start=1)]
    timeline = Timeline(facts[0].timestamp, tuple(facts), at, PROFILE)
    witness = Witness(timeline, outcome(old, timeline), outcome(new, timeline))
    _verify(witness)
    return witness


def first_difference(old: Firings, new: Firings) -> tuple[datetime, bool] | None:
    """The first instant at which one has more completions, and whether it is the new; ``None`` if they are alike."""
    missing = sorted(set(old) ^ set(new), key=lambda firing: (firing[0], firing[1] or ""))
    for at, _ in missing:
        counts = [sum(1 for each in firings if each[0] <= at) for firings in (old, new)]
        if counts[0] != counts[1]:
            return at, counts[1] > counts[0]
    return None


def _pass(facts: list[Fact], disagree: Callable[[Sequence[Fact]], datetime | None]) -> list[Fact]:
    """*facts* made smaller, one detail at a time, as long as the versions still disagree."""
    place = 0
    while place < len(facts):
        for smaller in _smaller(facts, place):
            if smaller and disagree(smaller) is not None:
                facts = smaller
                break
        else:
            place += 1
    return facts


def _smaller(facts: list[Fact], place: int) -> Iterator[list[Fact]]:
    fact, rest = facts[place], facts[place + 1 :]
    yield [*facts[:place], *rest]
    if isinstance(fact, (Event, ProfileSnapshot, ProfileUpdate)):
        for name in fact.properties:
            left = {other: value for other, value in fact.properties.items() if other != name}
            yield [*facts[:place], attrs.evolve(fact, properties=left), *rest]
        if not isinstance(fact, Event) and fact.segments:
            yield [*facts[:place], attrs.evolve(fact, segments=()), *rest]
    if place:
        gap = fact.instant - facts[place - 1].instant
        rounder = [
            each for each in (0, HOUR, DAY, gap // DAY * DAY, gap // HOUR * HOUR) if _weight(each) < _weight(gap)
        ]
        for shorter in sorted(rounder, key=_weight):
            moved = timedelta(microseconds=shorter - gap)
            later = [attrs.evolve(each, timestamp=each.timestamp + moved) for each in facts[place:]]
            yield [*facts[:place], *later]


def _weight(gap: int) -> tuple[int, int]:
    """How hard a gap is to read: by the number of its digits and units."""
    if gap == 0:
        return 0, 0
    return (1 if gap % DAY == 0 else 2 if gap % HOUR == 0 else 3), gap


def _verify(witness: Witness) -> None:
    """The reference must find what the engine found."""
    for found in (witness.old, witness.new):
        by_reference = evaluate(found.goal, witness.timeline.facts, now=found.at)
        by_reference = [each for each in by_reference if each.achieved_at <= found.at]
        said = [(each.achieved_at, each.trigger_id) for each in by_reference]
        if said != [(each.achieved_at, each.trigger_id) for each in found.completions]:
            raise AssertionError(f"engine and reference disagree on {found.goal.condition}:\n{witness.timeline}")
