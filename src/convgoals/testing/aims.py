"""What a goal looks at, and where its edges lie: what logs must hold that are to try it.

The numbers beside a literal, the spans of time of its windows and those a microsecond to either side: on random data an
edge is never met, on these it is met all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import attrs

from convgoals.goals import Goal, OncePerDuration, OncePerProperty
from convgoals.instants import DAY, HOUR, MINUTE, Shift, start_of_day, to_instant, wall_to_instant, zone
from convgoals.language import ast
from convgoals.language.parse import parse_path
from convgoals.testing.fitting import fitting

Path = tuple[str, ...]

START = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z: when logs begin, where a goal does not speak of other times."""


@attrs.define
class Aims:
    """What some goals look at.

    Attributes:
        events: by the type of event, its properties by path, each with the values to try.
        profile: the profile's properties by path, with the values to try.
        campaigns, segments: those named.
        gaps: spans between facts, in microseconds: none, some usual ones, and each edge.
        instants: the edges of dates, and where logs begin.
        most: the largest number of times that something is counted, within reason.
    """

    events: dict[str, dict[Path, list[Any]]] = attrs.Factory(dict)
    profile: dict[Path, list[Any]] = attrs.Factory(dict)
    campaigns: list[str] = attrs.Factory(list)
    segments: list[str] = attrs.Factory(list)
    gaps: list[int] = attrs.Factory(lambda: [0, 1, MINUTE, HOUR, DAY])
    instants: list[int] = attrs.Factory(lambda: [START])
    most: int = 1


def aims_of(goals: Iterable[Goal]) -> Aims:
    """What *goals* look at, all together."""
    aims = Aims()
    for goal in goals:
        _take_goal(aims, goal)
    for paths in aims.events.values():
        for values in paths.values():
            values[:] = _distinct([*values, None])
    for values in aims.profile.values():
        values[:] = _distinct([*values, None])
    aims.campaigns, aims.segments = _distinct(aims.campaigns), _distinct(aims.segments)
    aims.gaps, aims.instants = sorted(set(aims.gaps)), sorted(set(aims.instants))
    return aims


def _distinct(values: Iterable[Any]) -> list[Any]:
    """Each once; 1 and true are two."""
    return list({(type(value).__name__, repr(value)): value for value in values}.values())


def _take_goal(aims: Aims, goal: Goal) -> None:
    for node in ast.walk(goal.condition.root):
        _take_node(aims, node, goal.timezone)
    _take_links(aims, goal)
    for subject, values in fitting(goal.condition.root):
        if subject.owner == "profile":
            aims.profile[subject.path] = [*values, *aims.profile.get(subject.path, ())]
    if goal.since is not None:
        at = to_instant(goal.since)
        aims.instants.extend((at - 1, at))
    if isinstance(goal.counting, OncePerDuration):
        aims.gaps.extend(_edges_of(goal.counting.duration))
    own = (("A", "B"), goal.counting.path) if isinstance(goal.counting, OncePerProperty) else None
    worth = ((1, 80), parse_path(goal.value)) if isinstance(goal.value, str) else None
    for fixed, path in filter(None, (own, worth)):
        for paths in aims.events.values():
            paths.setdefault(path, []).extend(fixed)


def _take_node(aims: Aims, node: ast.Node, timezone: str) -> None:  # noqa: C901, PLR0912  one case for each node
    match node:
        case ast.EventOccurrence(kind, where):
            paths = aims.events.setdefault(kind, {})
            for comparison in () if where is None else ast.walk(where):
                _take_values(aims, paths, comparison)
            for subject, values in () if where is None else fitting(where):
                home = paths if subject.owner == "event" else aims.profile
                home[subject.path] = [*values, *home.get(subject.path, ())]
        case ast.Aggregate(_, value, ast.EventOccurrence(kind)):
            for part in () if value is None else ast.walk(value):
                if isinstance(part, ast.Property) and part.owner == "event":
                    aims.events.setdefault(kind, {}).setdefault(part.path, []).extend((0, 1, 2, 100))
        case ast.ChangeOccurrence(path, before, after):
            literals = [each.value for each in (before, after) if each is not None]
            aims.profile.setdefault(path, []).extend([*literals, "other", "another"])
        case ast.ReceiptOccurrence(campaign):
            aims.campaigns.append(campaign)
        case ast.InSegment(segment):
            aims.segments.append(segment)
        case ast.PropertyAnchor(path):
            aims.profile.setdefault(path, []).extend(("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"))
        case ast.Duration():
            aims.gaps.extend(_edges_of(node))
        case ast.Between(_, start, end):
            for moment in (start.value, end.value):
                at = _instant(moment, zone(timezone))
                aims.instants.extend((at - 1, at, at + 1, at + DAY - 1, at + DAY))
        case ast.Compare() | ast.Range() | ast.Membership() | ast.Matches() | ast.Presence():
            _take_values(aims, {}, node)
            _take_bounds(aims, node)
        case _:
            pass


def _take_links(aims: Aims, goal: Goal) -> None:
    """Values for what two events must have alike."""
    for node in ast.walk(goal.condition.root):
        if isinstance(node, ast.Chain):
            before: ast.Occurrence = node.first
            for link in (*node.links, *(() if node.absence is None else (node.absence,))):
                for end in (before, link.occurrence):
                    if link.same is not None and isinstance(end, ast.EventOccurrence):
                        aims.events.setdefault(end.type, {}).setdefault(link.same, []).extend(("A", "B"))
                before = link.occurrence


def _edges_of(duration: ast.Duration) -> list[int]:
    """Exactly the span, from the start of the first month, one microsecond to either side, and half of it."""
    span = Shift(duration.months, duration.microseconds)(START) - START
    return [max(0, span - 1), span, span + 1, span // 2, span * 2 // 3]


def _instant(moment: date, zoned: Any) -> int:
    if hasattr(moment, "tzinfo"):
        return to_instant(moment) if moment.tzinfo is not None else wall_to_instant(moment, zoned)  # type: ignore[arg-type]
    return start_of_day(moment, zoned)


def _take_values(aims: Aims, paths: dict[Path, list[Any]], node: ast.Node) -> None:
    """Values to try for each property that a comparison looks at."""
    if not isinstance(node, ast.COMPARISONS):
        return
    values = [value for part in ast.walk(node) if isinstance(part, ast.LITERALS) for value in edge_values(part)]
    if isinstance(node, ast.Matches):
        values.append("no match")
    if isinstance(node, ast.Presence):
        values.extend((1, "set"))
    for part in ast.walk(node):
        if isinstance(part, ast.Property):
            home = paths if part.owner == "event" else aims.profile
            home.setdefault(part.path, []).extend(values or (0, 1))


def edge_values(literal: ast.LiteralValue) -> Iterator[Any]:
    """The literal's own value, first, and those just beside it."""
    match literal:
        case ast.Number(value):
            step: int | Decimal = 1
            yield from (value, value + step, value - step)
        case ast.Text(value):
            yield value
            yield f"{value}x" if value else "x"
            if value != value.upper():
                yield value.upper()
        case ast.Boolean(value):
            yield from (value, not value)
        case ast.DateTime(value):
            known = value if value.tzinfo is not None else value.replace(tzinfo=zone("UTC"))
            yield from (known.isoformat(), (known + timedelta(microseconds=1)).isoformat())
            yield (known - timedelta(microseconds=1)).isoformat()
        case ast.Date(value):
            yield from (value.isoformat(), f"{value + timedelta(days=1)}", f"{value - timedelta(days=1)}")


def _take_bounds(aims: Aims, node: ast.Comparison) -> None:
    """How often something must come to pass a count."""
    if any(isinstance(part, ast.Aggregate) for part in ast.walk(node)):
        numbers = [part.value for part in ast.walk(node) if isinstance(part, ast.Number)]
        small = [int(each) + 1 for each in numbers if 0 < each <= 20]
        aims.most = max([aims.most, *small])
        for part in ast.walk(node):
            if isinstance(part, ast.Aggregate) and isinstance(part.occurrence, ast.EventOccurrence):
                for path, values in aims.events.setdefault(part.occurrence.type, {}).items():
                    names = [each.path for each in ast.walk(part) if isinstance(each, ast.Property)]
                    if path in names:
                        values.extend(beside for each in numbers for beside in (each, each + 1, each - 1))


def nested(path: Path, value: Any) -> dict[str, Any]:
    """The properties in which *value* stands at the end of *path*."""
    for name in reversed(path):
        value = {name: value}
    found: dict[str, Any] = value
    return found


def put(properties: dict[str, Any], path: Path, value: Any) -> None:
    """Put *value* at the end of *path*; a value in the way stays."""
    for name in path[:-1]:
        below = properties.setdefault(name, {})
        if not isinstance(below, dict):
            return
        properties = below
    properties[path[-1]] = value
