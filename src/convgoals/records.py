"""What goes in and what comes out: facts about profiles, and completions of goals.

All are frozen values. A fact checks itself when it is made, so that everything behind the door may rely on it:
an aware timestamp, ids that are text, properties whose names are text (semantics §1). It is not checked what the
properties' *values* are: data is hostile, and a value that fits no comparison is counted, not raised.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeAlias

import attrs

from convgoals.errors import FactError
from convgoals.instants import EARLIEST, EPOCH, LATEST, MICROSECOND, read_iso

Properties: TypeAlias = Mapping[str, Any]

MAX_NAME = 1_000
"""The longest id, event type, campaign, channel, segment or property name, in characters."""


def _name(what: str, value: object) -> str:
    if type(value) is str and value and len(value) <= MAX_NAME:
        return value
    if isinstance(value, str) and value and len(value) <= MAX_NAME:
        return str(value)
    if not isinstance(value, str):
        raise FactError(f"{what} must be text, not {value!r:.80}", code="fact-name", hint=f"str({what}) may do")
    raise FactError(f"{what} has {len(value):,} characters, but must have between 1 and {MAX_NAME:,}", code="fact-name")


def _timestamp(value: datetime | str) -> datetime:
    """The UTC datetime of an aware datetime or of ISO 8601 text with an offset."""
    moment = read_iso(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise FactError(
            f"timestamp {value!r:.80} is not a datetime, nor ISO 8601 text with a time of day",
            code="fact-timestamp",
            hint='for example "2026-01-31T12:00:00Z"',
        )
    if moment.tzinfo is UTC:
        return moment
    try:
        offset = moment.utcoffset()
        if offset is not None:
            return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise FactError(f"timestamp {value!r:.80} is out of range", code="fact-timestamp") from None
    raise FactError(
        f"timestamp {value!s:.80} has no offset from UTC, so it is no instant",
        code="fact-timestamp",
        hint=f'"{str(value)[:40]}Z" if it is meant in UTC; .replace(tzinfo=…) for a datetime',
    )


def _instant(fact: Fact) -> int:
    instant = (fact.timestamp - EPOCH) // MICROSECOND
    if EARLIEST <= instant <= LATEST:
        return instant
    raise FactError(f"timestamp {fact.timestamp} is out of range", code="fact-timestamp")


def _properties(value: Mapping[str, Any]) -> Properties:
    if not isinstance(value, Mapping):
        raise FactError(f"properties must be a mapping, not {value!r:.80}", code="fact-properties")
    copy = dict(value)
    for name in copy:
        if type(name) is not str or len(name) > MAX_NAME:
            _name("a property's name", name or "_")  # an empty name is odd, but harmless
    return copy


def _segments(value: Iterable[str]) -> tuple[str, ...]:
    if value == ():
        return ()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise FactError(f"segments must be several names, not {value!r:.80}", code="fact-segments", hint='("vip",)')
    return tuple(sorted({_name("a segment", segment) for segment in value}))


def _optional_segments(value: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if value is None else _segments(value)


# Each a function of its own, and each field written out: mypy's plugin for attrs looks no further.
def _event_type(value: str) -> str:
    return _name("an event's type", value)


def _profile_id(value: str) -> str:
    return _name("profile_id", value)


def _campaign(value: str) -> str:
    return _name("a campaign", value)


def _id(value: str | None) -> str | None:
    return None if value is None else _name("id", value)


def _channel(value: str | None) -> str | None:
    return None if value is None else _name("channel", value)


# Facts are kept by the million, so they have no room for weak references, which nobody makes.
@attrs.frozen(weakref_slot=False)
class Event:
    """Something a profile did.

    Args:
        type: the event's type, such as ``"purchase_completed"``.
        profile_id: whose log it belongs to.
        timestamp: an aware datetime, or ISO 8601 text with an offset; kept in UTC.
        properties: any values by name; copied (the outermost level).
        id: two facts of one profile with the same id are one fact; without one, a fact is never a duplicate.
        channel: where it came from, such as ``"email"``.

    Raises:
        FactError: an argument is not what it must be. Implements semantics §1.
    """

    type: str = attrs.field(converter=_event_type)
    profile_id: str = attrs.field(converter=_profile_id)
    timestamp: datetime = attrs.field(converter=_timestamp)
    properties: Properties = attrs.field(factory=dict, converter=_properties)
    id: str | None = attrs.field(default=None, converter=_id)
    channel: str | None = attrs.field(default=None, converter=_channel)
    instant: int = attrs.field(init=False, eq=False, repr=False, default=attrs.Factory(_instant, takes_self=True))


@attrs.frozen(weakref_slot=False)
class ProfileSnapshot:
    """All of a profile's properties and segments from its timestamp on; it replaces the one before (semantics §1).

    Args and errors are those of `Event`; ``segments`` are the names of the segments that the profile is in.
    """

    profile_id: str = attrs.field(converter=_profile_id)
    timestamp: datetime = attrs.field(converter=_timestamp)
    properties: Properties = attrs.field(factory=dict, converter=_properties)
    segments: tuple[str, ...] = attrs.field(default=(), converter=_segments)
    id: str | None = attrs.field(default=None, converter=_id)
    instant: int = attrs.field(init=False, eq=False, repr=False, default=attrs.Factory(_instant, takes_self=True))


@attrs.frozen(weakref_slot=False)
class ProfileUpdate:
    """Properties to merge over the snapshot in force; a ``None`` removes one (semantics §1).

    ``segments`` replace the profile's segments; ``None`` leaves them as they are.
    """

    profile_id: str = attrs.field(converter=_profile_id)
    timestamp: datetime = attrs.field(converter=_timestamp)
    properties: Properties = attrs.field(factory=dict, converter=_properties)
    segments: tuple[str, ...] | None = attrs.field(default=None, converter=_optional_segments)
    id: str | None = attrs.field(default=None, converter=_id)
    instant: int = attrs.field(init=False, eq=False, repr=False, default=attrs.Factory(_instant, takes_self=True))


@attrs.frozen(weakref_slot=False)
class CampaignReceipt:
    """A profile received a campaign (semantics §1)."""

    campaign: str = attrs.field(converter=_campaign)
    profile_id: str = attrs.field(converter=_profile_id)
    timestamp: datetime = attrs.field(converter=_timestamp)
    channel: str | None = attrs.field(default=None, converter=_channel)
    id: str | None = attrs.field(default=None, converter=_id)
    instant: int = attrs.field(init=False, eq=False, repr=False, default=attrs.Factory(_instant, takes_self=True))


Fact: TypeAlias = Event | ProfileSnapshot | ProfileUpdate | CampaignReceipt


by_order = attrgetter("instant", "id")
"""The order of the facts of a profile."""

_by_instant = attrgetter("instant")


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """*facts* by `by_order`; ids are compared only where there are ties, which is seldom."""
    ordered = sorted(facts, key=_by_instant)
    if len(ordered) > 1 and len(set(map(_by_instant, ordered))) < len(ordered):
        ordered.sort(key=by_order)
    return ordered


def identified(fact: Fact, fact_id: str) -> Fact:
    """*fact* with an id; it has been checked already, so it is copied as it is."""
    copied = copy.copy(fact)
    object.__setattr__(copied, "id", fact_id)
    return copied


@attrs.frozen(weakref_slot=False)
class Completion:
    """A profile achieved a goal (semantics §5).

    Attributes:
        goal: the goal's name.
        version: the version of the goal's condition, from 1.
        profile_id: who.
        achieved_at: when the condition fired, in UTC.
        recorded_at: when that became known: the time the engine had reached.
        trigger_id: the id of the occurrence that fired it; ``None`` if time or a state did.
        channel: the trigger's channel.
        segments: the profile's segments at that instant, sorted.
        value: the goal's number, or the number in the trigger's property.
        since_anchor: the time since the anchor of the goal's outermost window (its velocity).
    """

    goal: str
    version: int
    profile_id: str
    achieved_at: datetime
    recorded_at: datetime
    trigger_id: str | None = None
    channel: str | None = None
    segments: tuple[str, ...] = ()
    value: int | float | Decimal | None = None
    since_anchor: timedelta | None = None


_Draft: Any = attrs.make_class(
    "_Draft", [field.name for field in attrs.fields(Completion)], slots=True, weakref_slot=False, eq=False
)


def completed(  # noqa: PLR0917  as many as a completion has
    goal: str,
    version: int,
    profile_id: str,
    achieved_at: datetime,
    recorded_at: datetime,
    trigger_id: str | None,
    channel: str | None,
    segments: tuple[str, ...],
    value: int | float | Decimal | None,
    since_anchor: timedelta | None,
) -> Completion:
    """A `Completion`, in a third of the time: what is frozen goes a long way around to set each of its own fields.

    It is made as an object of the same layout that is not frozen, and becomes one.
    """
    made = _Draft(
        goal, version, profile_id, achieved_at, recorded_at, trigger_id, channel, segments, value, since_anchor
    )
    made.__class__ = Completion
    found: Completion = made
    return found


@attrs.frozen
class Retraction:
    """A completion that was recorded and no longer holds (semantics §6).

    Attributes:
        completion: what is retracted, as it was recorded.
        recorded_at: when it became known that it does not hold.
        cause: the id of the fact whose arrival undid it; ``None`` where no single fact did.
    """

    completion: Completion
    recorded_at: datetime
    cause: str | None = None

    @property
    def goal(self) -> str:
        return self.completion.goal

    @property
    def version(self) -> int:
        return self.completion.version

    @property
    def profile_id(self) -> str:
        return self.completion.profile_id

    @property
    def achieved_at(self) -> datetime:
        return self.completion.achieved_at

    @property
    def trigger_id(self) -> str | None:
        return self.completion.trigger_id
