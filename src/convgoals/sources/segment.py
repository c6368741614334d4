"""Facts as dicts, in the form of Segment's calls: the shape in which events travel between systems.

``track`` is an event, ``page`` and ``screen`` are events of those types, ``identify`` is an update of the profile. What
that form cannot say has two calls more, in the same style: ``snapshot`` (all of a profile's traits) and ``campaign``
(a campaign's receipt). The profile is ``userId``, or ``anonymousId`` where there is none; the id is ``messageId``.

The channel of a fact is its ``context.campaign.medium``, else its ``context.campaign.source``, else its ``channel``,
but for the three values with which Segment says which *library* sent a call (``server``, ``browser``, ``mobile``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from convgoals.errors import FactError
from convgoals.records import MAX_NAME, CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate
from convgoals.suggest import did_you_mean

_LIBRARIES = ("server", "browser", "mobile")
_TOO_LARGE = 10**MAX_NAME


def _get(row: Mapping[str, Any], *path: str) -> Any:
    value: Any = row
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def as_id(value: object) -> object:
    """An id as text: exports write numbers for them, and ``7`` and ``"7"`` are one user. Empty text is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= _TOO_LARGE:
            raise FactError("an id is a number of too many digits", code="fact-name")
        return str(value)
    return None if value == "" else value


def _profile_id(row: Mapping[str, Any]) -> Any:
    user = as_id(row.get("userId"))
    profile_id = as_id(row.get("anonymousId")) if user is None else user
    if profile_id is None:
        raise FactError(
            "neither `userId` nor `anonymousId` says whose it is",
            code="fact-profile",
            hint=did_you_mean("userId", [name for name in row if isinstance(name, str)]),
        )
    return profile_id


def _timestamp(row: Mapping[str, Any]) -> Any:
    timestamp = row.get("timestamp")
    if timestamp is None or timestamp == "":
        raise FactError("`timestamp` is missing", code="fact-timestamp", hint='"timestamp": "2026-01-31T12:00:00Z"')
    return timestamp


def _channel(row: Mapping[str, Any]) -> Any:
    for value in (_get(row, "context", "campaign", "medium"), _get(row, "context", "campaign", "source")):
        if value is not None and value != "":
            return value
    channel = row.get("channel")
    return None if channel in _LIBRARIES or channel == "" else channel


def _id(row: Mapping[str, Any]) -> Any:
    return as_id(row.get("messageId"))


def _or_empty(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    return {} if value is None else value


def _track(row: Mapping[str, Any]) -> Fact:
    name = row.get("event")
    if name is None:
        raise FactError(
            "a `track` call without `event` is no event", code="fact-name", hint='"event": "Order Completed"'
        )
    return Event(name, _profile_id(row), _timestamp(row), _or_empty(row, "properties"), _id(row), _channel(row))


def _view(row: Mapping[str, Any]) -> Fact:
    """``page`` and ``screen``: their name and category are told beside the properties, and belong to them."""
    properties = _or_empty(row, "properties")
    if isinstance(properties, Mapping):
        named = {key: row[key] for key in ("name", "category") if row.get(key) is not None}
        properties = {**named, **properties}
    return Event(row["type"], _profile_id(row), _timestamp(row), properties, _id(row), _channel(row))


def _identify(row: Mapping[str, Any]) -> Fact:
    return ProfileUpdate(_profile_id(row), _timestamp(row), _or_empty(row, "traits"), row.get("segments"), _id(row))


def _snapshot(row: Mapping[str, Any]) -> Fact:
    segments = row.get("segments")
    return ProfileSnapshot(
        _profile_id(row), _timestamp(row), _or_empty(row, "traits"), () if segments is None else segments, _id(row)
    )


def _campaign(row: Mapping[str, Any]) -> Fact:
    name = row.get("campaign")
    if name is None:
        raise FactError(
            "a `campaign` call without `campaign` says not which", code="fact-name", hint='"campaign": "spring"'
        )
    return CampaignReceipt(name, _profile_id(row), _timestamp(row), _channel(row), _id(row))


_CALLS: Mapping[str, Callable[[Mapping[str, Any]], Fact]] = {
    "track": _track,
    "page": _view,
    "screen": _view,
    "identify": _identify,
    "snapshot": _snapshot,
    "campaign": _campaign,
}
_OTHER_CALLS = {
    "alias": "merge the two profiles with engine.merge(anonymous_id, known_id)",
    "group": "say what the profile gains by it with an `identify` call",
}


def is_call(row: Mapping[str, Any]) -> bool:
    """Whether *row* has the form of a call, of those that are facts and those that are not."""
    kind = row.get("type")
    known = isinstance(kind, str) and (kind in _CALLS or kind in _OTHER_CALLS)
    return known and ("userId" in row or "anonymousId" in row)


def fact_from_dict(row: Mapping[str, Any]) -> Fact:
    """The fact that a call says.

    Args:
        row: a call such as ``{"type": "track", "event": "signup", "userId": "ann", "timestamp":
            "2026-01-31T12:00:00Z"}``; ``properties``, ``messageId`` and ``context.campaign`` may be there too, all else
            is ignored.

    Raises:
        FactError: *row* is no call that is a fact (code ``fact-call``), or one of its values is wrong. Semantics §1.
    """
    if not isinstance(row, Mapping):
        raise FactError(f"a fact is a dict, not {row!r:.80}", code="fact-call")
    kind = row.get("type")
    make = _CALLS.get(kind) if isinstance(kind, str) else None
    if make is not None:
        return make(row)
    if isinstance(kind, str) and kind in _OTHER_CALLS:
        raise FactError(f"a call `{kind}` is no fact of a profile", code="fact-call", hint=_OTHER_CALLS[kind])
    raise FactError(
        f"`type` is {kind!r:.80}, and no call" if "type" in row else "`type` is missing: a dict is a fact as a call",
        code="fact-call",
        hint=(did_you_mean(kind, _CALLS) if isinstance(kind, str) else "") or f"one of {', '.join(_CALLS)}",
    )


def fact_to_dict(fact: Fact) -> dict[str, Any]:
    """The call that says *fact*: ``fact_from_dict(fact_to_dict(fact)) == fact``.

    The timestamp is ISO 8601 text; properties are as they are, so that writing them as JSON is for the caller.
    """
    row: dict[str, Any] = {"userId": fact.profile_id, "timestamp": fact.timestamp.isoformat()}
    if fact.id is not None:
        row["messageId"] = fact.id
    if isinstance(fact, (Event, CampaignReceipt)) and fact.channel is not None:
        row["context"] = {"campaign": {"medium": fact.channel}}
    match fact:
        case Event():
            return {"type": "track", "event": fact.type, **row, "properties": dict(fact.properties)}
        case CampaignReceipt():
            return {"type": "campaign", "campaign": fact.campaign, **row}
        case ProfileSnapshot():
            return {"type": "snapshot", **row, "traits": dict(fact.properties), "segments": list(fact.segments)}
        case ProfileUpdate():
            segments = {} if fact.segments is None else {"segments": list(fact.segments)}
            return {"type": "identify", **row, "traits": dict(fact.properties), **segments}
