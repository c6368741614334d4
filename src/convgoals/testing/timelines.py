"""What a profile did, step by step: how tests, examples and explanations say a log.

A `Timeline` is written by calls (`timeline`), or as lines of text (`read_timeline`), and either gives the other. Time
runs forward only: a step comes so long after the one before, or at an instant of its own, and what is written last
without a fact (``+14d``) says that nothing more happened until then. A timeline is frozen: each call gives a new one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import attrs

from convgoals.errors import FactError, GoalError
from convgoals.instants import Shift, read_iso, to_datetime, to_instant
from convgoals.language.format import format_datetime
from convgoals.language.parse import parse_duration
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate, identified
from convgoals.suggest import did_you_mean
from convgoals.testing.steps import TimelineError, Words, short_span, step_words

START = "2026-01-01T00:00:00Z"
"""When a timeline begins, unless it says otherwise."""

PROFILE = "profile"
"""Whose a timeline is, unless it says otherwise."""

MAX_STEPS = 1_000
"""How many steps a timeline may have: it is for reading."""

MAX_LINE = 10_000
"""How many characters a step may have."""

MAX_MENDED = 500
"""The longest step, in characters, for which a repair is tried."""

KINDS = ("event", "snapshot", "update", "campaign")
"""What may happen in a step."""

_TIME = re.compile(r"(\+\S+|\d{4}-\d\d-\d\d\S*)(?:\s+|\Z)")


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
            parts = [_gap(before, fact.timestamp), *step_words(fact, f"step-{place}")]
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


def _gap(before: datetime, after: datetime) -> str:
    return f"+{short_span(to_instant(after) - to_instant(before))}" if after != before else ""


def _shown(moment: datetime) -> str:
    return format_datetime(moment)


# ---- text


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
            mended = _mended(text, found)
            hint = f"write: {mended}" if mended else error.hint or "+3d event purchase_completed order_value=80"
            raise TimelineError(f"step {number}, `{text[:120]}`: {error.message}", code=error.code, hint=hint) from None
    return found


_MENDS = (
    (re.compile(r"\A\+?\s*(\d+)\s*([a-z]+)\b(?=\s+\S)", re.IGNORECASE), r"+\1\2"),  # 3d event, + 3 days event
    (re.compile(r"(?<=[\w\"'])\s*(?<![=<>!])==?(?!=)\s*(?=[\w\"'-])"), "="),  # order_value = 80
    (re.compile(r",\s+(?=[\w.]+=)"), " "),  # a=1, b=2
    (re.compile(r"\A(\+\S+\s+|\d{4}-\S+\s+)?(?!(?:event|snapshot|update|campaign)\b)(?=[\w\"'])"), r"\1event "),
)
"""What newcomers write, and how a step says it; one after the other."""


def _mended(text: str, found: Timeline) -> str:
    """The step that *text* probably means, where it can be read; ``""`` otherwise."""
    if len(text) > MAX_MENDED:
        return ""
    for pattern, repair in _MENDS:
        text = pattern.sub(repair, text, count=0 if repair in ("=", " ") else 1)
        try:
            _read_line(found, text)
        except (TimelineError, FactError):
            continue
        return text
    return ""


def _read_line(found: Timeline, text: str) -> Timeline:
    if len(text) > MAX_LINE:
        raise TimelineError(f"a step has at most {MAX_LINE:,} characters")
    time = _TIME.match(text)
    if time is not None:
        found = found.after(time[1][1:]) if time[1][0] == "+" else found.at(time[1])
        text = text[time.end() :]
    if not text or text.startswith("# "):
        return found
    words = Words(text)
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
                hint=did_you_mean(kind, KINDS),
            )
    return _details(found, words)


def _details(found: Timeline, words: Words) -> Timeline:
    """``in SEGMENTS``, ``via CHANNEL`` and ``#ID``, in any order."""
    while word := words.take():
        if word == "via":
            found = found.via(words.name("the channel"))
        elif word == "in":
            found = found.segments(*words.segments())
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
