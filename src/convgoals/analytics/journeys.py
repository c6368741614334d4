"""The touches of profiles in order: receipts of campaigns, and whatever else a touchpoint names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from operator import attrgetter
from typing import TypeAlias

from convgoals.analytics.attribution_result import Touch
from convgoals.analytics.people import each_profile, every_fact
from convgoals.errors import QuestionError
from convgoals.instants import to_datetime
from convgoals.language import ast
from convgoals.language.condition import Condition, parse
from convgoals.language.format import format_node
from convgoals.records import Event
from convgoals.standing.log import Log
from convgoals.storage.reader import Reader

Key: TypeAlias = str | None
Journey: TypeAlias = list[tuple[datetime, str, str, Key]]
"""Of each touch: the instant, what and by which channel, to order ties by, and what is credited."""

Touchpoint: TypeAlias = ast.EventOccurrence | ast.ChangeOccurrence


def read_touchpoints(touchpoints: Sequence[str | Condition] | str | Condition) -> tuple[Touchpoint, ...]:
    """The occurrences that *touchpoints* name.

    Raises:
        GoalSyntaxError, GoalTypeError: one is not of the language.
        QuestionError: one is no occurrence, or a receipt, which is a touch anyway (code ``touchpoints``).
    """
    listed = (touchpoints,) if isinstance(touchpoints, (str, Condition)) else tuple(touchpoints)
    found = []
    for each in listed:
        node = (each if isinstance(each, Condition) else parse(each)).root
        if isinstance(node, ast.ReceiptOccurrence):
            raise QuestionError(
                f"{format_node(node)!r:.80} need not be named: every receipt is a touch",
                code="touchpoints",
                hint='touchpoints=["event ad_clicked"]',
            )
        if not isinstance(node, (ast.EventOccurrence, ast.ChangeOccurrence)):
            raise QuestionError(
                f"a touchpoint is something that happens, and {format_node(node)!r:.80} is not",
                code="touchpoints",
                hint='touchpoints=["event ad_clicked", "event visit where source = \\"ad\\""]',
            )
        found.append(node)
    return tuple(dict.fromkeys(found))


def journeys(
    reader: Reader,
    further: Iterable[Touch],
    touchpoints: Collection[Touchpoint],
    ids: Iterable[str],
    by: str,
    timezone: tzinfo,
) -> dict[str, Journey]:
    """Each profile's touches, in order.

    Args:
        reader: receipts, and the facts that are kept.
        further: further touches.
        touchpoints: the occurrences that are touches too.
        ids: the profiles whose facts are looked at for them.
        by: what is credited: ``"campaign"`` or ``"channel"``.
        timezone: of dates in touchpoints.
    """
    found: defaultdict[str, Journey] = defaultdict(list)
    received = (Touch(who, to_datetime(instant), what, how) for who, instant, what, how in reader.receipts())
    key = attrgetter(by)
    for source in (received, further, _occurred(reader, touchpoints, ids, timezone)):
        for touch in source:
            if touch.timestamp.utcoffset() is None:
                raise QuestionError(
                    f"a touch of {touch.campaign!r:.60} has a timestamp without an offset",
                    code="touches",
                    hint="+00:00",
                )
            found[touch.profile_id].append((touch.timestamp, touch.campaign, touch.channel or "", key(touch)))
    for journey in found.values():
        journey.sort(key=lambda touch: touch[:3])
    return dict(found)


def _occurred(
    reader: Reader, touchpoints: Collection[Touchpoint], ids: Iterable[str], timezone: tzinfo
) -> Iterator[Touch]:
    if not touchpoints:
        return
    named = [(node, format_node(node)) for node in touchpoints]
    for profile_id, stored in each_profile(reader, ids):
        log = Log(every_fact(stored), timezone)
        for node, name in named:
            for occurrence in log.occurrences(node):
                fact = log.facts[occurrence.place]
                channel = fact.channel if isinstance(fact, Event) else None
                yield Touch(profile_id, to_datetime(occurrence.at), name, channel)
