"""Timelines on which versions of a goal may disagree: made to achieve it, then moved to its edges and disturbed.

A random log hardly ever meets `count(…) >= 5` inside a window. So each candidate follows the condition: what it asks
for is put there, at the edges of its spans and values, and then a fact is left out, moved, added or changed.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from convgoals.goals import Goal
from convgoals.instants import DAY, EARLIEST, HOUR, LATEST, Shift, to_datetime, zone
from convgoals.language import ast
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate
from convgoals.testing.aims import START, Aims, Path, aims_of, put
from convgoals.testing.reference.facts import Log
from convgoals.testing.reference.occurrences import Occurrence, filter_holds
from convgoals.testing.timelines import PROFILE

MOST_STEPS = 24
TRIES = 25
"""How often values are drawn for a filter until it holds."""


@attrs.frozen
class Step:
    """A fact to be: when, what kind, and its arguments but for time and profile."""

    at: int
    kind: type
    arguments: dict[str, Any]


def candidates(goals: Sequence[Goal], count: int, seed: int = 0) -> Iterator[list[Fact]]:
    """*count* logs in the order of time that aim at *goals*; the same ones each time."""
    maker = _Maker(goals, random.Random(seed))  # noqa: S311  no secret
    for _ in range(count):
        yield facts_of(maker.steps())


def facts_of(steps: Sequence[Step], profile_id: str = PROFILE) -> list[Fact]:
    """The facts of *steps* in the order of time, called ``step-1`` and so on."""
    ordered = sorted(steps, key=lambda step: step.at)
    return [
        step.kind(**step.arguments, profile_id=profile_id, timestamp=to_datetime(step.at), id=f"step-{place}")
        for place, step in enumerate(ordered, start=1)
    ]


class _Maker:
    def __init__(self, goals: Sequence[Goal], rng: random.Random) -> None:
        self.goals = goals
        self.rng = rng
        self.aims: Aims = aims_of(goals)

    def steps(self) -> list[Step]:
        """One candidate."""
        rng, goal = self.rng, self.rng.choice(self.goals)
        self.zone = zone(goal.timezone)
        at = rng.choice(self.aims.instants) + rng.choice((0, 40 * DAY))
        steps = [self._profile(at - 39 * DAY)] if self.aims.profile and rng.random() < 0.5 else []
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
            steps += self.achieve(goal.condition.root, at)
            at += rng.choice(self.aims.gaps)
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
            self._disturb(steps)
        steps = steps[:MOST_STEPS] or [self._any(at)]
        return [attrs.evolve(each, at=min(max(each.at, EARLIEST), LATEST - 400 * DAY)) for each in steps]

    def _disturb(self, steps: list[Step]) -> None:
        rng = self.rng
        if not steps:
            return
        place = rng.randrange(len(steps))
        step = steps[place]
        match rng.randrange(4):
            case 0:
                del steps[place]
            case 1:
                sign = rng.choice((1, -1))
                steps[place] = attrs.evolve(step, at=step.at + sign * rng.choice(self.aims.gaps))
            case 2:
                steps.append(self._any(step.at + rng.choice((1, -1)) * rng.choice(self.aims.gaps)))
            case _:
                paths = self.aims.events.get(step.arguments.get("type", ""), self.aims.profile)
                if paths and "properties" in step.arguments:
                    path = rng.choice(sorted(paths))
                    properties = dict(step.arguments["properties"])
                    if len(path) == 1:
                        put(properties, path, rng.choice(paths[path]))
                    steps[place] = attrs.evolve(step, arguments={**step.arguments, "properties": properties})

    # ---- single facts

    def _any(self, at: int) -> Step:
        kinds = [*self.aims.events]
        if kinds and self.rng.random() < 0.7:
            return self._event(self.rng.choice(kinds), at)
        if self.aims.campaigns and self.rng.random() < 0.5:
            return Step(at, CampaignReceipt, {"campaign": self.rng.choice(self.aims.campaigns)})
        return self._profile(at)

    def _event(self, kind: str, at: int, where: ast.Condition | None = None) -> Step:
        paths = self.aims.events.get(kind, {})
        properties = self._drawn(paths)
        for _ in range(TRIES if where is not None else 0):
            if self._holds(where, kind, properties):
                break
            properties = self._drawn(paths)
        return Step(at, Event, {"type": kind, "properties": properties})

    def _holds(self, where: ast.Condition | None, kind: str, properties: dict[str, Any]) -> bool:
        fact = Event(kind, PROFILE, to_datetime(START), properties)
        log = Log((fact,), ("probe",), self.zone)
        return where is None or filter_holds(log, where, Occurrence(START, 0))

    def _drawn(self, paths: dict[Path, list[Any]]) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for path, values in paths.items():
            value = values[0] if self.rng.random() < 0.3 else self.rng.choice(values)
            if value is not None:
                put(properties, path, value)
        return properties

    def _profile(self, at: int, segments: tuple[str, ...] | None = None) -> Step:
        if segments is None and self.aims.segments:
            segments = tuple(each for each in self.aims.segments if self.rng.random() < 0.5)
        properties = self._drawn(self.aims.profile)
        kind = self.rng.choice((ProfileSnapshot, ProfileUpdate))
        unsaid = None if kind is ProfileUpdate else ()  # an update leaves the segments as they are
        return Step(at, kind, {"properties": properties, "segments": unsaid if segments is None else segments})

    # ---- what achieves a condition

    def achieve(self, node: ast.Condition, at: int) -> list[Step]:  # noqa: C901, PLR0911, PLR0912  one case for each node
        """Steps that probably make *node* true at *at*. Its nesting is bounded, so recursion is."""
        rng = self.rng
        match node:
            case ast.EventOccurrence(kind, where):
                return [self._event(kind, at, where)]
            case ast.ReceiptOccurrence(campaign):
                return [Step(at, CampaignReceipt, {"campaign": campaign})]
            case ast.ChangeOccurrence(path, before, after):
                values = [
                    (at - HOUR, "before" if before is None else before.value),
                    (at, "after" if after is None else after.value),
                ]
                return [Step(when, ProfileUpdate, {"properties": _nested(path, value)}) for when, value in values]
            case ast.InSegment(segment):
                return [self._profile(at, (segment,))]
            case ast.InLast(occurrence, duration):
                return self.achieve(occurrence, at - self._gap(duration))
            case ast.And(terms):
                order = list(terms)
                rng.shuffle(order)
                return [step for term in order for step in self.achieve(term, at - rng.choice((0, 0, 0, HOUR, DAY)))]
            case ast.Or(terms):
                return self.achieve(rng.choice(terms), at)
            case ast.Not(term):
                return self.achieve(term, at + rng.choice((-DAY, 0, DAY))) if rng.random() < 0.4 else []
            case ast.Chain():
                return self._chain(node, at)
            case ast.Window(condition, duration, anchor):
                opened = at - self._gap(duration)
                steps = [*self._anchor(anchor, opened), *self.achieve(condition, at)]
                if rng.random() < 0.3:
                    steps += self._anchor(anchor, opened + rng.choice((-1, 1)) * rng.choice(self.aims.gaps))
                return steps
            case ast.Between(condition):
                return self.achieve(condition, rng.choice(self.aims.instants))
            case ast.Held(condition, duration):
                steps = self.achieve(condition, at - self._gap(duration))
                return steps + (self.achieve(condition, at) if rng.random() < 0.3 else [])
            case _:
                return self._compared(node, at)

    def _gap(self, duration: ast.Duration) -> int:
        """A span that is exactly *duration*, just beside it, or well within it."""
        span = Shift(duration.months, duration.microseconds)(START) - START
        return max(0, self.rng.choice((0, span // 2, span * 2 // 3, span, span, span - 1, span + 1, span + DAY)))

    def _anchor(self, anchor: ast.Anchor, at: int) -> list[Step]:
        if isinstance(anchor, ast.OccurrenceAnchor):
            return self.achieve(anchor.occurrence, at)
        value = to_datetime(min(max(at, EARLIEST), LATEST)).isoformat()
        return [Step(at, ProfileUpdate, {"properties": _nested(anchor.path, value)})]

    def _chain(self, node: ast.Chain, at: int) -> list[Step]:
        steps = self.achieve(node.first, at)
        for link in node.links:
            at += self.rng.choice((0, HOUR, DAY)) if link.within is None else self._gap(link.within)
            steps += self.achieve(link.occurrence, at)
            if link.without is not None and self.rng.random() < 0.4:
                steps += self.achieve(link.without, at - self.rng.choice((0, 1, HOUR)))
        if node.absence is not None and self.rng.random() < 0.6:
            steps += self.achieve(node.absence.occurrence, at + self._gap(node.absence.within))
        shared = [each.same for each in (*node.links, node.absence) if each is not None and each.same is not None]
        for path in shared if self.rng.random() < 0.7 else ():
            for step in steps:
                if step.kind is Event:
                    put(step.arguments["properties"], path, "A")
        return steps

    def _compared(self, node: ast.Comparison | Any, at: int) -> list[Step]:
        """A comparison outside a filter: what it counts as often as it may ask, or a profile that may be so."""
        steps: list[Step] = []
        for part in ast.walk(node):
            if isinstance(part, ast.Aggregate):
                alike = self.rng.random() < 0.4  # an average is met exactly by values that are one
                times = self.rng.choice((self.aims.most, self.aims.most - 1, self.aims.most - 2, 1, 2))
                spread = self.rng.choice((HOUR, DAY)) if part.last is None else max(1, self._gap(part.last))
                for number in range(max(1, min(times, MOST_STEPS))):
                    # The first is as far from the last as the span asks; the others come close to the last.
                    back = spread if number == 0 and times > 1 else number * self.rng.choice((0, 1, HOUR))
                    steps += self.achieve(part.occurrence, at - back)
                    if alike and number and isinstance(part.occurrence, ast.EventOccurrence):
                        steps[-1] = attrs.evolve(steps[-1], arguments=copy.deepcopy(steps[-2].arguments))
        if any(isinstance(part, ast.Property) and part.owner == "profile" for part in ast.walk(node)) or not steps:
            steps.append(self._profile(at))
        return steps


def _nested(path: Path, value: Any) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    put(properties, path, value)
    return properties
