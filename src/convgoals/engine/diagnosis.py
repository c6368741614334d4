"""What the kept facts look like to a goal: what never came, never arrived, or arrived in the wrong type.

Unlike the counters of an engine this is worked out from the store, so it is the same after a restart; it says how many
profiles it looked at, and whether these were all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from convgoals.explain.words import family
from convgoals.goals import Goal
from convgoals.instants import zone
from convgoals.language import ast
from convgoals.language.format import format_path
from convgoals.predicates.filters import Filter, compile_filter
from convgoals.predicates.values import Notes, dig
from convgoals.records import CampaignReceipt, Event, Fact
from convgoals.standing.log import Log
from convgoals.suggest import did_you_mean

Place = tuple[str | None, tuple[str, ...]]
"""A property that a goal reads: of events of a type, or of the profile (``None``)."""


@attrs.frozen
class PropertyDiagnosis:
    """A property that a goal reads.

    Attributes:
        name: such as ``order_value``, or ``profile.plan``.
        event: the type of event that it is read from; ``None`` for the profile's.
        arrived: how often it arrived, by type of value: ``{"a number": 120, "text": 3}``.
        missing: how often it was missing or null.
        ill_typed: how often a comparison, or a sum or the like, met it in a type that it does not take.
        hint: where it never arrived, what else arrived that it may be called.
    """

    name: str
    event: str | None
    arrived: dict[str, int]
    missing: int
    ill_typed: int
    hint: str

    @property
    def never_arrived(self) -> bool:
        """Whether it was looked for and never there."""
        return self.missing > 0 and not self.arrived

    def __str__(self) -> str:
        where = "" if self.event is None else f" of event {self.event!r}"
        if self.never_arrived:
            return f"{self.name}{where} has never arrived{f'; {self.hint}' if self.hint else ''}"
        kinds = ", ".join(f"{_times(count)} as {kind}" for kind, count in self.arrived.items())
        failed = f"; it was of the wrong type {_times(self.ill_typed)}" if self.ill_typed else ""
        return f"{self.name}{where} arrived {kinds}{failed}"


@attrs.frozen
class GoalDiagnosis:
    """What the kept facts look like to one goal.

    Attributes:
        goal: the goal's name.
        events: how many events came of each type that it listens to.
        campaigns: how many receipts came of each campaign that it listens to.
        properties: what it reads.
        hints: for each event type that never came, what it may have been meant to be, or ``""``.
    """

    goal: str
    events: dict[str, int]
    campaigns: dict[str, int]
    properties: tuple[PropertyDiagnosis, ...]
    hints: dict[str, str]

    @property
    def never_reached(self) -> bool:
        """Whether nothing that it listens to has ever come."""
        heard = [*self.events.values(), *self.campaigns.values()]
        return bool(heard) and not any(heard)

    def problems(self) -> Iterator[str]:
        """What is amiss, a sentence each."""
        for kind, count in self.events.items():
            if count == 0:
                yield f"no event {kind!r} has ever come{f'; {self.hints[kind]}' if self.hints[kind] else ''}"
        for campaign, count in self.campaigns.items():
            if count == 0:
                yield f"campaign {campaign!r} has never been received"
        for each in self.properties:
            if each.never_arrived or each.ill_typed:
                yield str(each)


class Examination:
    """Looks at profiles, one after the other, with the eyes of some goals.

    Args:
        goals: whose eyes.
        unheard: types of events that came and were not kept, for hints.
    """

    def __init__(self, goals: Iterable[Goal], unheard: Iterable[str] = ()) -> None:
        self._eyes = [_Eyes(goal) for goal in goals]
        self._unheard = tuple(unheard)
        self._types: Counter[str] = Counter()
        self._names: dict[str | None, dict[str, None]] = {}

    def look(self, facts: Sequence[Fact]) -> None:
        """Take in the kept facts of one profile."""
        log = Log(facts, zone("UTC"))
        for fact in log.facts:
            if isinstance(fact, Event):
                self._types[fact.type] += 1
                self._names.setdefault(fact.type, {}).update(dict.fromkeys(fact.properties))
        for profile in log.profiles[1:]:
            self._names.setdefault(None, {}).update(dict.fromkeys(profile.properties))
        for eyes in self._eyes:
            eyes.look(log)

    def result(self) -> tuple[GoalDiagnosis, ...]:
        """What was seen, goal by goal."""
        return tuple(eyes.result((*self._types, *self._unheard), self._names) for eyes in self._eyes)


class _Eyes:
    """What one goal sees."""

    def __init__(self, goal: Goal) -> None:
        self.goal = goal
        self.events: Counter[str] = Counter()
        self.campaigns: Counter[str] = Counter()
        self.arrived: dict[Place, Counter[str]] = {}
        self.ill_typed: Counter[Place] = Counter()
        self._tests: list[tuple[str | None, Filter]] = []
        self._summed: set[Place] = set()
        self._listens(goal.condition.root)

    def _listens(self, root: ast.Condition) -> None:
        below: list[tuple[ast.Node, str | None]] = [(root, None)]
        while below:
            node, kind = below.pop()
            match node:
                case ast.EventOccurrence():
                    self.events.setdefault(node.type, 0)
                    kind = node.type
                case ast.ReceiptOccurrence(campaign):
                    self.campaigns.setdefault(campaign, 0)
                case ast.Aggregate(function, value, ast.EventOccurrence(of)):
                    kind = of
                    if isinstance(value, ast.Property) and value.owner == "event" and function != "distinct":
                        self._summed.add((of, value.path))
                case ast.Property(owner, path):
                    self.arrived.setdefault((kind if owner == "event" else None, path), Counter())
                case ast.ChangeOccurrence(path) | ast.PropertyAnchor(path):
                    self.arrived.setdefault((None, path), Counter())
                case _ if isinstance(node, ast.COMPARISONS) and not _counts(node):
                    self._tests.append((kind, compile_filter(node, zone(self.goal.timezone))))
            below.extend((child, kind) for child in reversed(list(ast.children(node))))

    def look(self, log: Log) -> None:
        """Take in one profile."""
        for fact in log.facts:
            if isinstance(fact, CampaignReceipt) and fact.campaign in self.campaigns:
                self.campaigns[fact.campaign] += 1
            elif isinstance(fact, Event) and fact.type in self.events:
                self.events[fact.type] += 1
                self._read(fact.type, fact.properties, log.profile_at(fact.instant).properties)
        for profile in log.profiles[1:]:
            self._read(None, profile.properties, profile.properties)

    def _read(self, kind: str | None, properties: Any, profile: Any) -> None:
        for (of, path), counts in self.arrived.items():
            if of == kind:
                found = family(dig(properties, path))
                counts[found] += 1
                if (of, path) in self._summed and found not in ("a number", "nothing"):
                    self.ill_typed[of, path] += 1
        for of, test in self._tests:
            if of == kind:
                notes: Notes = []
                test(properties, profile, notes)
                for label, _ in notes:
                    self.ill_typed[self._place(label, kind)] += 1

    def _place(self, label: str, kind: str | None) -> Place:
        """The property that a note speaks of."""
        names = {_name(place): place for place in self.arrived if place[0] in (kind, None)}
        return names.get(label, (kind, (label,)))

    def result(self, types: Iterable[str], names: dict[str | None, dict[str, None]]) -> GoalDiagnosis:
        """What was seen; *types* and *names* are all that came, for hints."""
        known = [kind for kind in dict.fromkeys(types) if kind not in self.events]
        properties = []
        for place, counts in self.arrived.items():
            arrived = {kind: count for kind, count in counts.items() if kind != "nothing"}
            others = [name for name in names.get(place[0], ()) if name != place[1][0]]
            hint = "" if arrived else did_you_mean(place[1][0], others)
            properties.append(
                PropertyDiagnosis(_name(place), place[0], arrived, counts["nothing"], self.ill_typed[place], hint)
            )
        return GoalDiagnosis(
            self.goal.name,
            dict(self.events),
            dict(self.campaigns),
            tuple(properties),
            {kind: "" if count else did_you_mean(kind, known) for kind, count in self.events.items()},
        )


def _name(place: Place) -> str:
    return format_path(place[1]) if place[0] is not None else f"profile.{format_path(place[1])}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _counts(node: ast.Node) -> bool:
    return any(isinstance(part, ast.Aggregate) for part in ast.walk(node))
