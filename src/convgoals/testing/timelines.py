"""What a profile did, step by step: how tests, examples and explanations say a log.

A `Timeline` is written by calls (`timeline`), or as lines of text (`read_timeline`), and either gives the other. Time
runs forward only: a step comes so long after the one before, or at an instant of its own, and what is written last
without a fact (``+14d``) says that nothing more happened until then. A timeline is frozen: each call gives a new one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

from convgoals.errors import ConvgoalsError, FactError, GoalError
from convgoals.instants import Shift, read_iso, to_datetime, to_instant
from convgoals.language.format import format_datetime
from convgoals.language.parse import parse_duration
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate, identified

START = "2026-01-01T00:00:00Z"
"""When a timeline begins, unless it says otherwise."""

PROFILE = "profile"
"""Whose a timeline is, unless it says otherwise."""

MAX_STEPS = 1_000
"""How many steps a timeline may have: it is for reading."""


class TimelineError(ConvgoalsError, ValueError):
    """A timeline, or an instant of one, cannot be read."""

    default_code = "timeline"


@attrs.frozen
class Timeline:
    """The log of one profile, and the time that it has reached. Iterating over it gives its facts.

    Attributes:
        start: when it begins, in UTC.
        facts: what happened, in the order in which it was written; each has an id: the one that it was given, or
            ``step-1``, ``step-2`` … by its place.
        reached: the time that it has come to, in UTC: the last step's, or later.
        profile_id: whose it is.
    """

    start: datetime
    facts: tuple[Fact, ...] = ()
    reached: datetime = attrs.field(default=attrs.Factory(lambda self: self.start, takes_self=True))
    profile_id: str = PROFILE

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts)

    def __len__(self) -> int:
        return len(self.facts)

    # ---- time

    def after(self, span: str) -> Timeline:
        """Let a span of time pass: ``"3 days"``, ``"1d12h"``; months and years by the calendar of UTC.

        Raises:
            TimelineError: it is no span, or it leads past the end of the calendar.
        """
        return attrs.evolve(self, reached=to_datetime(_later(to_instant(self.reached), span)))

    def at(self, moment: datetime | str) -> Timeline:
        """Go on to an instant: an aware datetime, ISO 8601 text with an offset, or a date, which is its start in UTC.

        Raises:
            TimelineError: it is no instant, or one before the time reached.
        """
        instant = _absolute(moment)
        if instant < self.reached and not self.facts and self.reached == self.start:
            return attrs.evolve(self, start=instant, reached=instant)
        if instant < self.reached:
            raise TimelineError(
                f"{_shown(instant)} comes before {_shown(self.reached)}, which the timeline has reached already",
                hint="write the steps in the order of time; the order of arrival decides nothing",
            )
        return attrs.evolve(self, reached=instant)

    # ---- what happens

    def event(self, type: str, properties: Mapping[str, Any] | None = None, /, **more: Any) -> Timeline:
        """An event; its properties are named, or stand in a mapping where a name is no word of Python's."""
        return self._with(Event(type, self.profile_id, self.reached, {**(properties or {}), **more}))

    def snapshot(self, properties: Mapping[str, Any] | None = None, /, **more: Any) -> Timeline:
        """All that is known of the profile from now on; `segments` says which it is in."""
        return self._with(ProfileSnapshot(self.profile_id, self.reached, {**(properties or {}), **more}))

    def update(self, properties: Mapping[str, Any] | None = None, /, **more: Any) -> Timeline:
        """Properties that change; ``None`` removes one."""
        return self._with(ProfileUpdate(self.profile_id, self.reached, {**(properties or {}), **more}))

    def campaign(self, name: str) -> Timeline:
        """The profile receives a campaign."""
        return self._with(CampaignReceipt(name, self.profile_id, self.reached))

    # ---- more about the last step

    def via(self, channel: str) -> Timeline:
        """The channel of the last step, an event or a receipt."""
        if self.facts and isinstance(self.facts[-1], (Event, CampaignReceipt)):
            return self._changed(channel=channel)
        raise TimelineError(
            "a channel belongs to an event or the receipt of a campaign", hint='.event("x").via("email")'
        )

    def segments(self, *names: str) -> Timeline:
        """The segments that the profile is in from the last step on, a snapshot or an update; none: in no segment."""
        if self.facts and isinstance(self.facts[-1], (ProfileSnapshot, ProfileUpdate)):
            return self._changed(segments=names)
        raise TimelineError("segments belong to a snapshot or an update", hint='.snapshot(plan="pro").segments("vip")')

    def named(self, fact_id: str) -> Timeline:
        """The id of the last step."""
        if self.facts:
            return self._changed(id=fact_id)
        raise TimelineError("there is no step yet that could have an id", hint='.event("order").named("o1")')

    def _with(self, fact: Fact) -> Timeline:
        if len(self.facts) >= MAX_STEPS:
            raise TimelineError(f"a timeline has at most {MAX_STEPS:,} steps")
        return attrs.evolve(self, facts=(*self.facts, identified(fact, f"step-{len(self.facts) + 1}")))

    def _changed(self, **changes: Any) -> Timeline:
        return attrs.evolve(self, facts=(*self.facts[:-1], attrs.evolve(self.facts[-1], **changes)))

    # ---- as text

    def lines(self) -> list[str]:
        """The steps as text, one a line; `read_timeline` reads them back, given the same start."""
        lines, before = [], self.start
        for place, fact in enumerate(self.facts, start=1):
            parts = [_gap(before, fact.timestamp), *_fact_words(fact, f"step-{place}")]
            lines.append(" ".join(part for part in parts if part))
            before = fact.timestamp
        if self.reached > before:
            lines.append(_gap(before, self.reached))
        return lines

    def instant(self, moment: datetime | str) -> datetime:
        """The instant that *moment* names for this timeline: ``"+3d"`` from its start, or as `at` takes it.

        Raises:
            TimelineError: it names none.
        """
        if isinstance(moment, str) and moment.lstrip().startswith("+"):
            return to_datetime(_later(to_instant(self.start), moment.strip()[1:]))
        return _absolute(moment)

    def __str__(self) -> str:
        return "\n".join([f"from {_shown(self.start)}", *self.lines()])


def timeline(start: datetime | str = START, *, profile_id: str = PROFILE) -> Timeline:
    """A timeline in which nothing has happened yet.

    Args:
        start: when it begins: an aware datetime, ISO 8601 text with an offset, or a date.
        profile_id: whose it is.

    Raises:
        TimelineError: *start* is no instant.
    """
    return Timeline(_absolute(start), profile_id=profile_id)


# ---- time


def _absolute(moment: object) -> datetime:
    found = read_iso(moment.strip()) if isinstance(moment, str) else moment
    if isinstance(found, datetime) and found.tzinfo is not None:
        try:
            instant = to_instant(found)
            if 0 < found.year < 9999:
                return to_datetime(instant)
        except OverflowError:
            pass
    elif isinstance(found, date) and not isinstance(found, datetime):
        return datetime(found.year, found.month, found.day, tzinfo=UTC)
    raise TimelineError(
        f"{str(moment)[:80]!r} is no instant",
        code="instant",
        hint='"2026-01-31T12:00:00Z", "2026-01-31" for the start of that day in UTC, or "+3d" from the start',
    )


def _later(instant: int, span: str) -> int:
    try:
        duration = parse_duration(span)
        later = Shift(duration.months, duration.microseconds)(instant)
        to_datetime(later)
    except GoalError as error:
        raise TimelineError(
            f"{span[:80]!r} is no span of time: {error.message}", hint=error.hint or '"3 days", "1d12h", "1 month"'
        ) from None
    except (OverflowError, ValueError):
        raise TimelineError(f"{span[:80]!r} later the calendar has ended") from None
    return later


_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1))


def short_span(microseconds: int) -> str:
    """A span as timelines write it: ``3d``, ``1d12h``, ``7d1us``; ``0s`` for none."""
    parts, rest = [], abs(microseconds)
    for unit, size in _UNITS:
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"


def _gap(before: datetime, after: datetime) -> str:
    return f"+{short_span(to_instant(after) - to_instant(before))}" if after != before else ""


def _shown(moment: datetime) -> str:
    return format_datetime(moment)


# ---- text


_WORD = re.compile(r"[^\W\d][\w-]*\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?\Z")
_WORDS_OF_JSON = {"true": True, "false": False, "null": None}
_TIME = re.compile(r"(\+\S+|\d{4}-\d\d-\d\d\S*)(?:\s+|\Z)")
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[^\s"=\[\]{}]+|[=\[\]{}]', re.DOTALL)
MAX_LINE = 10_000
"""How many characters a step may have."""

MAX_DEPTH = 50
"""How deep a property may lie in others."""

MAX_DIGITS = 1_000
"""How many digits a whole number may have."""


def read_timeline(lines: str | Iterable[str], start: datetime | str = START, *, profile_id: str = PROFILE) -> Timeline:
    """The timeline that lines of text say.

    Args:
        lines: one text with a step a line, or several texts of a step each. A line is a time, if any has passed
            (``+3d``, ``+1d12h``, ``2026-01-31T12:00:00Z``), and what happened: ``event TYPE name=value …``,
            ``snapshot name=value …``, ``update name=value …``, ``campaign NAME``; then perhaps ``in SEGMENT,SEGMENT``,
            ``via CHANNEL`` and ``#ID``. Values are JSON; what is neither JSON nor quoted is text. Empty lines, and what
            stands after ``#`` and a space, are left out.
        start: when it begins, as in `timeline`.
        profile_id: whose it is.

    Raises:
        TimelineError: a line cannot be read; the message names it.
    """
    found = timeline(start, profile_id=profile_id)
    each = lines.splitlines() if isinstance(lines, str) else lines
    for number, line in enumerate(each, start=1):
        if not isinstance(line, str):
            raise TimelineError(f"step {number} is no text but {line!r:.80}")
        text = line.strip()
        if not text or text.startswith("# ") or text == "#":
            continue
        try:
            found = _read_line(found, text)
        except (TimelineError, FactError) as error:
            hint = error.hint or "+3d event purchase_completed order_value=80"
            raise TimelineError(f"step {number}, `{text[:120]}`: {error.message}", code=error.code, hint=hint) from None
    return found


def _read_line(found: Timeline, text: str) -> Timeline:
    if len(text) > MAX_LINE:
        raise TimelineError(f"a step has at most {MAX_LINE:,} characters")
    time = _TIME.match(text)
    if time is not None:
        found = found.after(time[1][1:]) if time[1][0] == "+" else found.at(time[1])
        text = text[time.end() :]
    if not text or text.startswith("# "):
        return found
    words = _Words(text)
    kind = words.take()
    match kind:
        case "event":
            found = found.event(words.name("the event's type"), words.properties())
        case "snapshot":
            found = found.snapshot(words.properties())
        case "update":
            found = found.update(words.properties())
        case "campaign":
            found = found.campaign(words.name("the campaign"))
            if words.peek() == "received":
                words.take()
        case _:
            raise TimelineError(
                f"a step says a time, and `event`, `snapshot`, `update` or `campaign`, not `{kind[:40]}`",
                hint="+3d event purchase_completed order_value=80",
            )
    return words.details(found)


class _Words:
    """The words of a step, read from the left."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        """The next word as it is written, quotes and all; ``""`` at the end."""
        at = self.at
        word = self.take()
        self.at = at
        return word

    def take(self) -> str:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            if self.at < len(self.text):
                raise TimelineError("a quote is not closed")
            return ""
        self.at = found.end()
        return found[0]

    def name(self, what: str) -> str:
        """A name: a word, or anything in quotes."""
        word = self.take()
        if not word or word in "=[]{}":
            raise TimelineError(f"{what} is missing")
        return _unquoted(word)

    def properties(self) -> dict[str, Any]:
        """``name=value`` as often as there is one; a dotted name leads into nested values."""
        properties: dict[str, Any] = {}
        while True:
            at = self.at
            name = self.take()
            if not name or name.startswith("#") or not self.text.startswith("=", self.at):
                self.at = at
                return properties
            self.at += 1
            self._put(properties, name, self._value())

    @staticmethod
    def _put(properties: dict[str, Any], name: str, value: Any) -> None:
        path = [_unquoted(name)] if name.startswith('"') else name.split(".")
        if len(path) > MAX_DEPTH:
            raise TimelineError(f"a name leads at most {MAX_DEPTH} levels down")
        inner = properties
        for part in path[:-1]:
            below = inner.setdefault(part, {})
            if not isinstance(below, dict):
                raise TimelineError(f"`{name}` leads into a value that holds nothing")
            inner = below
        if path[-1] in inner:
            raise TimelineError(f"`{name}` is said twice")
        inner[path[-1]] = value

    def _value(self) -> Any:
        if self.text[self.at : self.at + 1] in "[{" and self.at < len(self.text):
            return self._json()
        if self.at >= len(self.text) or self.text[self.at].isspace():
            raise TimelineError(
                "after `=` a value is missing", hint='coupon="" is an empty text, coupon=null is nothing'
            )
        word = self.take()
        return _unquoted(word) if word.startswith('"') else _bare(word)

    def _json(self) -> Any:
        decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
        try:
            value, self.at = decoder.raw_decode(self.text, self.at)
        except (ValueError, RecursionError):
            raise TimelineError(f"`{self.text[self.at : self.at + 60]}` is no JSON") from None
        return value

    def details(self, found: Timeline) -> Timeline:
        """``in SEGMENTS``, ``via CHANNEL`` and ``#ID``, in any order."""
        while word := self.take():
            if word == "via":
                found = found.via(self.name("the channel"))
            elif word == "in":
                found = found.segments(*self._segments())
            elif word.startswith("#") and len(word) > 1:
                found = found.named(word[1:])
            elif word == "#":
                break
            else:
                raise TimelineError(
                    f"`{word[:40]}` is not understood here",
                    hint="properties are written name=value, without spaces around the `=`",
                )
        return found

    def _segments(self) -> list[str]:
        if self.text[self.at :].lstrip().startswith("["):
            self.at = self.text.index("[", self.at)
            listed = self._json()
            return listed if all(isinstance(name, str) for name in listed) else self._no_segments()
        names = self.take()
        if not names:
            return self._no_segments()
        if names == "-":
            return []
        return [_unquoted(names)] if names.startswith('"') else [name for name in names.split(",") if name]

    @staticmethod
    def _no_segments() -> list[str]:
        raise TimelineError("the segments are missing", hint='in vip,staff; in ["big spender"]; in - for none')


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    try:
        text: str = json.loads(word)
    except ValueError:
        raise TimelineError(f"{word[:60]} is no text in quotes") from None
    return text


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _bare(word: str) -> Any:
    if word in _WORDS_OF_JSON:
        return _WORDS_OF_JSON[word]
    if _NUMBER.match(word):
        if word.lstrip("-").isdigit() and len(word) <= MAX_DIGITS:
            return int(word)
        try:
            return Decimal(word)
        except InvalidOperation:
            pass
    return word


def _fact_words(fact: Fact, usual_id: str) -> list[str]:
    """What happened, in words that `read_timeline` reads back."""
    match fact:
        case Event(kind, properties=properties):
            words = ["event", _name(kind), *_properties(properties)]
        case CampaignReceipt(name):
            words = ["campaign", _name(name)]
        case ProfileSnapshot(properties=properties):
            words = ["snapshot", *_properties(properties)]
        case ProfileUpdate(properties=properties):
            words = ["update", *_properties(properties)]
    segments = getattr(fact, "segments", None)
    if segments is not None and (segments or isinstance(fact, ProfileUpdate)):
        plain = all(map(_WORD.match, segments))
        words += ["in", (",".join(segments) or "-") if plain else json.dumps(segments, ensure_ascii=False)]
    channel = getattr(fact, "channel", None)
    words += [] if channel is None else ["via", _name(channel)]
    return words if fact.id in (None, usual_id) else [*words, f"#{fact.id}"]


def _name(text: str) -> str:
    return text if _WORD.match(text) else json.dumps(text, ensure_ascii=False)


def _properties(properties: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in properties.items():
        plain = _WORD.match(name)
        if plain and isinstance(value, Mapping) and value and all(_WORD.match(str(each)) for each in value):
            yield from _properties(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name if plain else json.dumps(name, ensure_ascii=False)}={shown_value(value)}"


def shown_value(value: Any) -> str:
    if isinstance(value, str):
        plain = _WORD.match(value) and value not in _WORDS_OF_JSON
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    if isinstance(value, (tuple, list, Mapping)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_json_default)
    return "true" if value is True else "false" if value is False else "null" if value is None else repr(value)


def _json_default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
