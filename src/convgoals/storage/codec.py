"""Facts and values as JSON text and back, exactly.

Properties that hold nothing but text, finite numbers, booleans and nulls, as nearly all do, are a JSON object. Other
properties are a list of one member, in which everything that JSON cannot say is an object with a tag for its one key:
``{"decimal": "1.50"}``. In there a mapping is tagged too, so no data can be taken for a tag.

What has no tag is refused with a `FactError` before anything is written: a value that came back as another one would
change what goals mean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from convgoals.errors import ConvgoalsError, FactError, StoreError
from convgoals.instants import MICROSECOND, to_datetime
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate

MAX_DEPTH = 100
"""How deeply lists and mappings in a property may be nested."""

UNREADABLE: Final = (
    ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError, ConvgoalsError,
)  # fmt: skip
"""What reading raises where something else has changed what was written."""

_EVENT: Final = 0
_SNAPSHOT: Final = 1
_UPDATE: Final = 2
_RECEIPT: Final = 3

_are_plain = frozenset({str, int, float, bool, type(None)}).issuperset


def _dumper() -> Callable[[Any], str]:
    """``JSONEncoder.encode`` without what it makes anew for each text, which for short ones is a quarter of the time.

    It refuses NaN, infinities and endless integers with a ValueError: then the slow path says which, and tags them.
    """
    whole = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"))
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python without the accelerator
        return whole.encode
    quick = make(None, whole.default, json.encoder.encode_basestring, None, ":", ",", False, False, False)
    return lambda value: "".join(quick(value, 0))


_dump = _dumper()


def encode_facts(
    profile_id: str, facts: Sequence[Fact], reads: Mapping[str, frozenset[str]] = MappingProxyType({})
) -> str:
    """*facts* of the profile *profile_id* as JSON text.

    Args:
        profile_id: whose they are.
        facts: the facts.
        reads: by type of event, the properties that are kept of such events; of others all are.

    Raises:
        StoreError: a fact has no id (code ``fact-id``).
        FactError: a property holds something that cannot be kept (code ``fact-value``).
    """
    rows: list[tuple[Any, ...]] = []
    for fact in facts:
        fact_id = fact.id
        if fact_id is None:
            raise StoreError("a fact must have an id to be kept", code="fact-id")
        if type(fact) is Event:
            properties: Any = fact.properties
            kept = reads.get(fact.type)
            if kept is not None:
                properties = {name: value for name, value in properties.items() if name in kept} if kept else {}
            if properties and not _are_plain(map(type, properties.values())):
                properties = _tagged_properties(fact, properties)
            row: tuple[Any, ...] = (_EVENT, fact_id, fact.instant, fact.type, properties, fact.channel)
        else:
            row = _other_row(fact)
        rows.append(row if fact.profile_id == profile_id else (*row, fact.profile_id))
    try:
        return _dump(rows)
    except ValueError:
        for number, fact in enumerate(facts):
            if not isinstance(fact, CampaignReceipt):
                place = 3 if rows[number][0] != _EVENT else 4
                row = rows[number]
                if type(row[place]) is dict:
                    rows[number] = (*row[:place], _tagged_properties(fact, row[place]), *row[place + 1 :])
        return _dump(rows)


def _other_row(fact: Fact) -> tuple[Any, ...]:
    if isinstance(fact, CampaignReceipt):
        return (_RECEIPT, fact.id, fact.instant, fact.campaign, fact.channel)
    properties: Any = fact.properties
    if not _are_plain(map(type, properties.values())):
        properties = _tagged_properties(fact, properties)
    if isinstance(fact, Event):
        return (_EVENT, fact.id, fact.instant, fact.type, properties, fact.channel)
    kind = _SNAPSHOT if isinstance(fact, ProfileSnapshot) else _UPDATE
    return (kind, fact.id, fact.instant, properties, fact.segments)


def decode_facts(profile_id: str, text: str) -> list[Fact]:
    """The facts that `encode_facts` wrote."""
    return facts_from_rows(profile_id, json.loads(text))


def facts_from_rows(profile_id: str, rows: Sequence[Any]) -> list[Fact]:
    """The facts whose text, read as JSON, is *rows*."""
    found: list[Fact] = []
    for row in rows:
        kind, fact_id, instant = row[:3]
        when = to_datetime(instant)
        if kind == _EVENT:
            owner = profile_id if len(row) == 6 else row[6]
            found.append(Event(row[3], owner, when, _properties(row[4]), fact_id, row[5]))
            continue
        owner = profile_id if len(row) == 5 else row[5]
        if kind == _RECEIPT:
            found.append(CampaignReceipt(row[3], owner, when, row[4], fact_id))
        elif kind == _SNAPSHOT:
            found.append(ProfileSnapshot(owner, when, _properties(row[3]), row[4], fact_id))
        elif kind == _UPDATE:
            found.append(ProfileUpdate(owner, when, _properties(row[3]), row[4], fact_id))
        else:
            raise ValueError(f"there is no kind of fact {kind!r}")
    return found


def load_rows(text: str) -> list[Any]:
    """The rows that `encode_facts` wrote, one a fact, to be written again by `dump_rows`."""
    rows: list[Any] = json.loads(text)
    return rows


def dump_rows(rows: Sequence[Any]) -> str:
    """The text of rows."""
    return _dump(rows)


def row_id(row: Sequence[Any]) -> str:
    """The id of a row's fact."""
    return str(row[1])


def row_instant(row: Sequence[Any]) -> int:
    """The instant of a row's fact."""
    return int(row[2])


def row_is_receipt(row: Sequence[Any]) -> bool:
    """Whether a row's fact is a receipt."""
    return bool(row[0] == _RECEIPT)


def row_of_profile(row: Sequence[Any]) -> tuple[dict[str, Any], list[str] | None, bool] | None:
    """What a row's fact says of its profile: properties, segments, and whether that is all (a snapshot) or a change."""
    if row[0] == _SNAPSHOT or row[0] == _UPDATE:
        return _properties(row[3]), row[4], row[0] == _SNAPSHOT
    return None


def encode_value(value: object) -> str:
    """Any value that facts may hold as JSON text. Raises `FactError`."""
    return _dump(_tag(value, 0))


def decode_value(text: str) -> Any:
    """The value that `encode_value` wrote."""
    return _untag(json.loads(text))


def value_from_plain(plain: Any) -> Any:
    """The value whose text, read as JSON, is *plain*."""
    return _untag(plain)


def encode_number(value: float | Decimal | None) -> int | float | str | None:
    """A completion's value for a column without affinity: as it is where SQL has such a number, else JSON text."""
    if value is None or (type(value) is int and -(2**63) <= value < 2**63):
        return value
    if type(value) is float and value - value == 0:  # NaN would be stored as NULL, and infinities are no JSON
        return value
    return encode_value(value)


def decode_number(value: float | str | None) -> Any:
    """What `encode_number` was given."""
    return decode_value(value) if isinstance(value, str) else value


# ---- properties


def _tagged_properties(fact: Event | ProfileSnapshot | ProfileUpdate, properties: Mapping[str, Any]) -> list[Any]:
    """*properties*, those of *fact* that are kept."""
    tagged = {}
    for name, value in properties.items():
        try:
            tagged[name] = _tag(value, 0)
        except FactError as error:
            of = f"{type(fact).__name__} {fact.id!r:.80} of profile {fact.profile_id!r:.80}"
            error.message = f"{of}, property {name!r:.80}: {error.message}"
            raise
    return [tagged]


def _properties(stored: Any) -> dict[str, Any]:
    if type(stored) is dict:
        return stored
    (tagged,) = stored
    return {name: _untag(value) for name, value in tagged.items()}


# ---- tags


def _tag(value: object, depth: int) -> Any:
    if type(value) is str or type(value) is bool or value is None:
        return value
    if depth > MAX_DEPTH:
        raise FactError(
            f"lists and mappings are nested more than {MAX_DEPTH} deep", code="fact-value", hint="flatten the value"
        )
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, float, Decimal)):
        return _tag_number(value)
    if isinstance(value, (list, tuple)):
        members = [_tag(member, depth + 1) for member in value]
        return members if isinstance(value, list) else {"tuple": members}
    if isinstance(value, Mapping):
        if all(isinstance(name, str) for name in value):
            return {"object": {name: _tag(member, depth + 1) for name, member in value.items()}}
        return {"mapping": [[_tag(name, depth + 1), _tag(member, depth + 1)] for name, member in value.items()]}
    return _tag_other(value)


def _tag_other(value: object) -> Any:
    if isinstance(value, (date, time)):  # a datetime is a date
        tag = "datetime" if isinstance(value, datetime) else "date" if isinstance(value, date) else "time"
        return {tag: [value.isoformat(), 1]} if getattr(value, "fold", 0) else {tag: value.isoformat()}
    if isinstance(value, timedelta):
        return {"duration": value // MICROSECOND}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": value.hex()}
    raise FactError(
        f"a value of type {type(value).__name__} cannot be kept",
        code="fact-value",
        hint="keep text, numbers, booleans, dates, lists or mappings of those, or None",
    )


def _tag_number(value: float | Decimal) -> Any:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, float):
        return float(value) if value - value == 0 else {"float": repr(float(value))}
    # Beyond this many bits, decimal digits are slow, and Python refuses to read them.
    return int(value) if value.bit_length() < 2_000 else {"integer": hex(value)}


def _stamped(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda payload: read(payload) if isinstance(payload, str) else read(payload[0]).replace(fold=payload[1])


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "bytes": bytes.fromhex,
    "date": date.fromisoformat,
    "datetime": _stamped(datetime.fromisoformat),
    "decimal": Decimal,
    "duration": lambda payload: timedelta(microseconds=payload),
    "float": float,
    "integer": lambda payload: int(payload, 16),
    "mapping": lambda payload: {_untag(name): _untag(member) for name, member in payload},
    "object": lambda payload: {name: _untag(member) for name, member in payload.items()},
    "time": _stamped(time.fromisoformat),
    "tuple": lambda payload: tuple(_untag(member) for member in payload),
}


def _untag(value: Any) -> Any:
    if type(value) is list:
        return [_untag(member) for member in value]
    if type(value) is not dict:
        return value
    ((tag, payload),) = value.items()
    return _READERS[tag](payload)
