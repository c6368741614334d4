"""What a report can be broken down by: what completions say of themselves, and what profiles and triggers say."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any

from convgoals.analytics.dimensions import Dimension
from convgoals.analytics.figures import EXACT, as_number
from convgoals.analytics.people import PASS, every_fact
from convgoals.analytics.results import to_plain
from convgoals.errors import GoalError, QuestionError
from convgoals.instants import BEGINNING, to_datetime, to_instant
from convgoals.language.format import format_path
from convgoals.language.parse import parse_path
from convgoals.predicates.values import dig
from convgoals.records import Completion, Event
from convgoals.storage.reader import Reader
from convgoals.suggest import did_you_mean

NAMES = ("channel", "segment", "campaign", "version")

Ids = Callable[[], Iterator[str]]
"""The profiles of the audience, anew with each call."""


def check_dimension(name: str | None) -> str | None:
    """*name* itself, a property in its canonical spelling. Raises `QuestionError` (code ``dimension``)."""
    if name is None or name in NAMES:
        return name
    if isinstance(name, str):
        owner, dot, rest = name.partition(".")
        if dot and owner in ("profile", "event"):
            try:
                return f"{owner}.{format_path(parse_path(rest))}"
            except GoalError as error:
                raise QuestionError(
                    f"{name!r:.80} names no property: {error.message}", code="dimension", hint=f"{owner}.country"
                ) from None
    if isinstance(name, str) and name.startswith("trigger."):
        known = f"the trigger is an event: event.{name.removeprefix('trigger.')}"
        raise QuestionError(f"nothing can be broken down by {name!r:.80}", code="dimension", hint=known)
    known = f"one of {', '.join(NAMES)}, or a property: profile.country, event.category"
    raise QuestionError(
        f"nothing can be broken down by {name!r:.80}", code="dimension", hint=did_you_mean(str(name), NAMES) or known
    )


def dimension(name: str | None, reader: Reader, ids: Ids, at: datetime | None) -> Dimension | None:
    """The dimension of that name.

    Args:
        name: ``"channel"``, ``"segment"``, ``"campaign"``, ``"version"``, ``"profile.country"`` (a property of the
            profile at *at*) or ``"event.category"`` (a property of the completion's trigger).
        reader: what is kept of profiles and their facts.
        ids: the audience.
        at: the time of the report.

    Raises:
        QuestionError: there is no such dimension (code ``dimension``).
    """
    checked = check_dimension(name)
    if checked is None:
        return None
    if checked == "channel":
        return Dimension(checked, True, _of_each(attrgetter("channel")), _one)
    if checked == "version":
        return Dimension(checked, True, _of_each(attrgetter("version")), lambda version: (str(version),))
    if checked == "segment":
        members = _segments(reader, ids, at)
        return Dimension(checked, False, _of_each(attrgetter("segments")), _several, members)
    if checked == "campaign":
        return _campaign(reader, ids, at)
    owner, _, rest = checked.partition(".")
    path = parse_path(rest)
    if owner == "event":
        return Dimension(checked, True, lambda completions: _of_triggers(reader, completions, path), _one)
    likenesses = reader.profiles_at(_instant(at), ids())
    known = {each.profile_id: value_text(dig(each.properties, path)) for each in likenesses}
    of_profile = attrgetter("profile_id")
    return Dimension(
        checked,
        True,
        lambda completions: map(known.get, map(of_profile, completions)),
        _one,
        lambda: iter(known.items()),
    )


def _of_each(field: Callable[[Completion], Any]) -> Callable[[list[Completion]], Iterable[Any]]:
    return lambda completions: map(field, completions)


def _one(value: str | None) -> tuple[str | None, ...]:
    return (value,)


def _several(values: tuple[str, ...]) -> tuple[str | None, ...]:
    return (*values,) or (None,)


def _segments(reader: Reader, ids: Ids, at: datetime | None) -> Callable[[], Iterator[tuple[str, Any]]]:
    return lambda: ((each.profile_id, each.segments) for each in reader.profiles_at(_instant(at), ids()))


def _instant(at: datetime | None) -> int:
    """*at*; before anything has happened, an instant at which nothing is known of anybody."""
    return BEGINNING if at is None else to_instant(at)


def _campaign(reader: Reader, ids: Ids, at: datetime | None) -> Dimension:
    received: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for profile_id, instant, campaign, _ in reader.receipts():
        received[profile_id].append((instant, campaign))
    begins: dict[str, datetime] = {}
    for each in received.values():
        each.sort()
        for instant, campaign in reversed(each):
            moment = to_datetime(instant)
            begins[campaign] = min(moment, begins.get(campaign, moment))

    def until(profile_id: str, instant: int) -> tuple[str, ...]:
        receipts = received.get(profile_id, ())
        some = receipts[: bisect_right(receipts, instant, key=itemgetter(0))]
        return tuple(sorted({campaign for _, campaign in some}))

    return Dimension(
        "campaign",
        False,
        lambda completions: [until(each.profile_id, to_instant(each.achieved_at)) for each in completions],
        _several,
        lambda: ((each, () if at is None else until(each, to_instant(at))) for each in ids()),
        begins=begins,
    )


def _of_triggers(reader: Reader, completions: list[Completion], path: tuple[str, ...]) -> Iterator[str | None]:
    """A property of each completion's trigger; ``None`` where it has none, or the fact is no longer kept."""
    waiting = iter(completions)
    while some := list(islice(waiting, PASS)):
        stored = reader.load({completion.profile_id for completion in some})
        wanted = {(completion.profile_id, completion.trigger_id) for completion in some}
        found: dict[tuple[str, str | None], Mapping[str, Any]] = {
            (profile_id, fact.id): fact.properties
            for profile_id, profile in stored.items()
            for fact in every_fact(profile)
            if isinstance(fact, Event) and (profile_id, fact.id) in wanted
        }
        for completion in some:
            properties = found.get((completion.profile_id, completion.trigger_id))
            yield None if properties is None else value_text(dig(properties, path))


def value_text(value: object) -> str | None:
    """A property's value as the key of a row; equal values have one text; ``None`` for what is no value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    number = as_number(value)
    if number is not None:
        plain = EXACT.normalize(number)
        return f"{plain:f}" if -7 < plain.adjusted() < 21 else str(plain)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, (list, tuple, Mapping)):
        return json.dumps(to_plain(value), ensure_ascii=False, sort_keys=True)
    return None
