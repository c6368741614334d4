"""The lines of an export: what each record of a store is as a line of JSON, and back.

An export is UTF-8 text, a record a line, in this order, and in each part in the order that is said:

    {"convgoals":"store","format":1}
    {"goal":…,"version":1,"archived":false,"scopes":[]}  goals, as they were first saved
    {"profile":"p","until":…,"wake":…,"state":…,         known profiles, by id: with what the engine saved of each,
     "facts":[…],"scoped":{…},"receipts":[…]}            their facts, those of some goals only, dropped receipts
    {"identity":"old","became":"p"}                      identities that became others, by the old one
    {"completion":[…]}                                   the ledger, as it was written
    {"retraction":[…],"recorded":…,"cause":…}
    {"position":"orders/3","at":1234}                    how far sources have been read, by name
    {"reached":…}                                        the instant that time has reached, if it has any
    {"end":…,"sha256":"…"}                               how many lines came before this one, and their digest

One store has one export: the same records are the same bytes. Instants are microseconds since 1970-01-01T00:00:00Z; how
facts and values are written says `convgoals.storage.codec`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import attrs

from convgoals.errors import SourceError
from convgoals.goals import goal_from_dict, goal_to_dict
from convgoals.instants import MICROSECOND, to_datetime, to_instant
from convgoals.records import CampaignReceipt, Completion, Fact, Retraction
from convgoals.storage.base import SavedGoal, SavedState, StoredProfile
from convgoals.storage.codec import encode_facts, encode_value, facts_from_rows, value_from_plain

FORMAT = 1
"""The number of this form of exports."""


@attrs.frozen
class Profile:
    """A known profile with its id, and its receipts whose facts were dropped."""

    profile_id: str
    stored: StoredProfile
    receipts: tuple[CampaignReceipt, ...] = ()


@attrs.frozen
class Identity:
    """An identity that became another."""

    old: str
    new: str


@attrs.frozen
class Position:
    """How far a source has been read."""

    source: str
    at: int | str


@attrs.frozen
class Reached:
    """The instant that time has reached."""

    instant: int


Record: TypeAlias = SavedGoal | Profile | Identity | Completion | Retraction | Position | Reached

ORDER: Mapping[type, int] = {
    SavedGoal: 1, Profile: 2, Identity: 3, Completion: 4, Retraction: 4, Position: 5, Reached: 6,
}  # fmt: skip
"""Which part of an export each kind of record stands in."""

HEADER = json.dumps({"convgoals": "store", "format": FORMAT}, separators=(",", ":"))


def to_line(record: Record) -> str:
    """The line of *record*, without its end. Raises `FactError` where it holds what cannot be written."""
    match record:
        case SavedGoal(goal, version, archived, scopes):
            start = f'{{"goal":{encode_value(goal_to_dict(goal))},"version":{version},"archived":{_text(archived)}'
            return f'{start},"scopes":{_text(scopes)}}}'
        case Profile(name, stored, receipts):
            start = f'{{"profile":{_text(name)},"until":{stored.until},"wake":{_text(stored.wake)}'
            scoped = ",".join(
                f"{_text(scope)}:{encode_facts(name, facts)}" for scope, facts in sorted(stored.scoped.items())
            )
            return (
                f'{start},"state":{_text(stored.state)},"facts":{encode_facts(name, stored.facts)}'
                f',"scoped":{{{scoped}}},"receipts":{encode_facts(name, receipts)}}}'
            )
        case Identity(old, new):
            return f'{{"identity":{_text(old)},"became":{_text(new)}}}'
        case Completion():
            return f'{{"completion":{_completion_text(record)}}}'
        case Retraction(completion, recorded_at, cause):
            end = f'"recorded":{to_instant(recorded_at)},"cause":{_text(cause)}'
            return f'{{"retraction":{_completion_text(completion)},{end}}}'
        case Position(source, at):
            return f'{{"position":{_text(source)},"at":{encode_value(at)}}}'
        case Reached(instant):
            return f'{{"reached":{instant}}}'


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _completion_text(completion: Completion) -> str:
    anchor = completion.since_anchor
    plain = (
        completion.goal,
        completion.version,
        completion.profile_id,
        to_instant(completion.achieved_at),
        to_instant(completion.recorded_at),
        completion.trigger_id,
        completion.channel,
        completion.segments,
        None if anchor is None else anchor // MICROSECOND,
    )
    written = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return f"{written[:-1]},{encode_value(completion.value)}]"


# ---- back


def from_line(text: str) -> Record:
    """The record of a line. Raises ValueError, TypeError, LookupError, ArithmeticError or an error of ours."""
    written = json.loads(text)
    if type(written) is not dict or not written:
        raise ValueError("it is no record")
    kind, payload = next(iter(written.items()))
    reader = _READERS.get(kind)
    if reader is None:
        raise ValueError(f"there is no kind of record {kind!r:.80}")
    read, *names = reader
    if list(written) != [kind, *names]:
        raise ValueError(f"a {kind} has {', '.join([kind, *names])}, in this order")
    record: Record = read(payload, *(written[name] for name in names))
    return record


def _goal(definition: Any, version: Any, archived: Any, scopes: Any) -> SavedGoal:
    names = tuple(_of(str, scope) for scope in _of(list, scopes))
    return SavedGoal(goal_from_dict(value_from_plain(definition)), _whole(version), _of(bool, archived), names)


def _profile(name: Any, until: Any, wake: Any, state: Any, *parts: Any) -> Profile:
    _of(str, name)
    saved = None
    if state is not None:
        at, text = _of(list, state)
        saved = SavedState(_whole(at), _of(str, text))
    facts, scoped, receipts = parts
    stored = StoredProfile(
        _facts(name, facts),
        _whole(until),
        None if wake is None else _whole(wake),
        saved,
        {scope: _facts(name, rows) for scope, rows in _of(dict, scoped).items()},
    )
    dropped = tuple(facts_from_rows(name, _of(list, receipts)))
    return Profile(name, stored, tuple(_of(CampaignReceipt, receipt) for receipt in dropped))


def _facts(name: str, rows: Any) -> tuple[Fact, ...]:
    found = facts_from_rows(name, _of(list, rows))
    if len({fact.id for fact in found} - {None}) < len(found):
        raise ValueError("two of its facts have the same id, or one has none")
    return tuple(found)


def _completion(row: Any) -> Completion:
    goal, version, profile_id, achieved, recorded, trigger, channel, segments, anchor, value = _of(list, row)
    number = value_from_plain(value)
    if number is not None and not isinstance(number, (int, float, Decimal)):
        raise TypeError("a completion's value is a number")
    return Completion(
        _of(str, goal),
        _whole(version),
        _of(str, profile_id),
        to_datetime(_whole(achieved)),
        to_datetime(_whole(recorded)),
        _text_or_none(trigger),
        _text_or_none(channel),
        tuple(_of(str, segment) for segment in _of(list, segments)),
        number,
        None if anchor is None else timedelta(microseconds=_whole(anchor)),
    )


def _retraction(row: Any, recorded: Any, cause: Any) -> Retraction:
    return Retraction(_completion(row), to_datetime(_whole(recorded)), _text_or_none(cause))


def _position(source: Any, at: Any) -> Position:
    place = value_from_plain(at)
    return Position(_of(str, source), _of(int if type(place) is int else str, place))


_READERS: Mapping[str, tuple[Any, ...]] = {
    "goal": (_goal, "version", "archived", "scopes"),
    "profile": (_profile, "until", "wake", "state", "facts", "scoped", "receipts"),
    "identity": (lambda old, new: Identity(_of(str, old), _of(str, new)), "became"),
    "completion": (_completion,),
    "retraction": (_retraction, "recorded", "cause"),
    "position": (_position, "at"),
    "reached": (lambda instant: Reached(_whole(instant)),),
}
"""By the first name of a record what reads it, and its further names."""


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r:.80} is no {kind.__name__}")
    return value


def _whole(value: Any) -> int:
    number: int = _of(int, value)
    if -(2**63) <= number < 2**63:
        return number
    raise ValueError(f"{number:.3e} has more than 64 bits")


def _text_or_none(value: Any) -> str | None:
    found: str | None = None if value is None else _of(str, value)
    return found


# ---- the frame


def check_header(line: str) -> None:
    """Refuse what is no export, or one of another form than this version reads."""
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("convgoals") != "store" or type(header.get("format")) is not int:
        raise SourceError(
            "line 1: this is no export of a store", code="export-foreign", hint="`convgoals store export` writes them"
        )
    if header["format"] != FORMAT:
        raise SourceError(
            f"line 1: this export has the format {header['format']}, but this version of convgoals knows {FORMAT} only",
            code="export-newer",
            hint="it was written by a newer version: pip install --upgrade convgoals",
        )


def end_line(lines: int, digest: str) -> str:
    """The last line, after *lines* others whose bytes have the SHA-256 *digest*."""
    return f'{{"end":{lines},"sha256":"{digest}"}}'


def read_end(line: str) -> tuple[int, str] | None:
    """What a last line says; ``None`` if *line* is none."""
    if not line.startswith('{"end":'):
        return None
    try:
        written = json.loads(line)
        lines, digest = written["end"], written["sha256"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return (lines, digest) if type(lines) is int and type(digest) is str else None
