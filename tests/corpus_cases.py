"""The corpus: the language as data. Reads ``tests/corpus/*.toml`` into cases that any evaluator can be held against.

A file has ``[[case]]``, ``[[truths]]`` and ``[[refused]]`` tables.

A case is a goal (the arguments of `Goal`), ``facts``, perhaps ``now``, and either ``completions`` or ``error``, the
code of the refusal. A fact is a line, in the order of arrival; times are UTC unless they say otherwise::

    ID TIME event TYPE {order_value = 60} via CHANNEL
    ID TIME snapshot {plan = "free"} in SEGMENT,SEGMENT
    ID TIME update {plan = "<null>"} in -
    ID TIME campaign NAME via CHANNEL

The id ``-`` is no id. Properties are a TOML inline table, with ``"<null>"``, ``"<decimal 0.1>"`` and ``"<int 1e2000>"``
for what TOML cannot say. A completion is a line too: its time and its trigger's id (``-``: none, ``*``: any), and what
else must be so, as in ``2026-01-05 a value=60 after=1d12h segments=vip channel=email``; ``none`` is ``None``.

Truths are comparisons that are ``true`` or ``false`` of some properties, with ``@x`` for the property x. Each is asked
of the profile, of an event in a ``where``, and negated.

Refused are the texts of ``conditions``, all with the same ``error``, where the extra ``re2`` is not installed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs

from convgoals.records import CampaignReceipt, Completion, Event, Fact, ProfileSnapshot, ProfileUpdate

CORPUS = Path(__file__).parent / "corpus"
PROFILE = "p"
GOAL_KEYS = ("when", "within", "count", "campaign", "value", "timezone", "since")

_FACT = re.compile(
    r'(?P<id>\S+) (?P<at>\S+) (?P<kind>event|snapshot|update|campaign)(?: (?P<name>"[^"]*"|[^\s{]+))??'
    r"(?: (?P<properties>\{.*\}))?(?: in (?P<segments>\S+))?(?: via (?P<channel>\S+))?"
)
_SPAN = re.compile(r"(\d+)(us|s|m|h|d)")
_UNITS = {"us": "microseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@attrs.frozen
class Expected:
    """A completion as the corpus says it: *details* are the attributes that it names, as text."""

    at: datetime
    trigger: str
    details: dict[str, str]

    def fits(self, completion: Completion) -> bool:
        """Whether *completion* is this one."""
        trigger = {"-": None, "*": completion.trigger_id or "some id"}.get(self.trigger, self.trigger)
        return (
            completion.achieved_at == self.at
            and completion.trigger_id == trigger
            and all(_DETAILS[name](completion, text) for name, text in self.details.items())
        )


@attrs.frozen
class Case:
    """One case: evaluate the goal over the facts, then `check`; or making the goal must fail with `error`."""

    id: str
    goal: dict[str, Any]
    facts: tuple[Fact, ...]
    now: datetime | None
    completions: tuple[Expected, ...]
    error: str | None = None

    def check(self, found: Sequence[Completion]) -> None:
        """Raise an `AssertionError` that shows both sides unless *found* are exactly the case's completions."""
        shown = "".join(f"\n    {each.achieved_at} {each.trigger_id} {each}" for each in found)
        wanted = "".join(f"\n    {each.at} {each.trigger} {each.details or ''}" for each in self.completions)
        same = len(found) == len(self.completions) and all(
            each.fits(completion) for each, completion in zip(self.completions, found, strict=True)
        )
        assert same, f"{self.goal}\n  expected:{wanted}\n  found:{shown}"


def cases() -> list[Case]:
    """Every case of the corpus, those that a table of truths stands for among them."""
    return [case for path in sorted(CORPUS.glob("*.toml")) for case in read_file(path)]


def evaluations() -> list[Case]:
    """The cases that evaluate something."""
    return [case for case in cases() if case.error is None]


def written() -> list[Case]:
    """The evaluations that were written one by one, without those that a table of truths stands for."""
    return [case for case in evaluations() if "-truths-" not in case.id]


def refusals() -> list[Case]:
    """The cases in which the goal is refused."""
    return [case for case in cases() if case.error is not None]


def read_file(path: Path) -> Iterator[Case]:
    """The cases of one file."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    for number, table in enumerate(document.pop("case", []), start=1):
        yield read_case(f"{path.stem}-{number:03}-{table['name']}", table)
    for number, table in enumerate(document.pop("truths", []), start=1):
        yield from _truths(f"{path.stem}-truths-{number:02}", table)
    for number, table in enumerate(document.pop("refused", []), start=1):
        for place, text in enumerate(table["conditions"], start=1):
            name = f"{path.stem}-{table['error']}-{number:02}-{place:02}"
            yield Case(name, {"name": "goal", "when": text}, (), None, (), table["error"])
    assert not document, f"{path.name} holds {', '.join(document)}"


def read_case(name: str, table: dict[str, Any]) -> Case:
    unknown = table.keys() - {"name", "facts", "now", "completions", "error", *GOAL_KEYS}
    assert not unknown, f"{name}: {unknown}"
    assert ("error" in table) != ("completions" in table), f"{name} expects completions, or an error"
    return Case(
        id=re.sub(r"\W+", "-", name),
        goal={"name": "goal", **{key: table[key] for key in GOAL_KEYS if key in table}},
        facts=tuple(read_fact(line) for line in table.get("facts", "").strip().splitlines()),
        now=read_time(table["now"]) if "now" in table else None,
        completions=tuple(_expected(line) for line in table.get("completions", [])),
        error=table.get("error"),
    )


def _truths(name: str, table: dict[str, Any]) -> Iterator[Case]:
    unknown = table.keys() - {"of", "true", "false", "timezone"}
    assert not unknown, f"{name}: {unknown}"
    properties = {key: _value(value) for key, value in table["of"].items()}
    facts = (
        ProfileSnapshot(PROFILE, "2026-01-01T00:00:00Z", properties, id="s"),
        Event("probe", PROFILE, "2026-01-02T00:00:00Z", properties, id="e"),
    )
    zone = {"timezone": table["timezone"]} if "timezone" in table else {}
    achieved = (Expected(read_time("2026-01-02"), "e", {}),)
    for truth in (True, False):
        for text in table.get("true" if truth else "false", []):
            of_profile = re.sub(r"@(?=[\w\"])", "profile.", text)
            of_event = re.sub(r"@(?=[\w\"])", "event.", text)
            for kind, when, holds in (
                ("state", f"event probe and ({of_profile})", truth),
                ("filter", f"event probe where ({of_event})", truth),
                ("negated", f"event probe where (not ({of_event}))", not truth),
            ):
                goal = {"name": "goal", "when": when, **zone}
                yield Case(f"{name}-{text}-{kind}", goal, facts, None, achieved if holds else ())


def read_fact(line: str) -> Fact:
    """The fact that a line of the corpus says."""
    match = _FACT.fullmatch(line.strip())
    assert match, f"no fact: {line}"
    known: dict[str, Any] = {"profile_id": PROFILE, "timestamp": read_time(match["at"])}
    known["id"] = None if match["id"] == "-" else match["id"]
    name = (match["name"] or "").strip('"')
    properties = _value(tomllib.loads(f"of = {match['properties'] or '{}'}")["of"])
    segments = None if match["segments"] is None else match["segments"].replace("-", "").split(",")
    segments = None if segments is None else [segment for segment in segments if segment]
    match match["kind"]:
        case "event":
            return Event(name, properties=properties, channel=match["channel"], **known)
        case "campaign":
            return CampaignReceipt(name, channel=match["channel"], **known)
        case "snapshot":
            return ProfileSnapshot(properties=properties, segments=segments or (), **known)
        case _:
            return ProfileUpdate(properties=properties, segments=segments, **known)


def read_time(text: str) -> datetime:
    """An aware datetime, in UTC where *text* has no offset."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _value(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {name: _value(value) for name, value in raw.items()}
    if isinstance(raw, list):
        return [_value(value) for value in raw]
    if raw == "<null>":
        return None
    if isinstance(raw, str) and (match := re.fullmatch(r"<(decimal|int) (\S+)>", raw)):
        return Decimal(match[2]) if match[1] == "decimal" else int(Decimal(match[2]))
    return raw


def _expected(line: str) -> Expected:
    at, trigger, *details = line.split()
    named = dict(detail.split("=", 1) for detail in details)
    assert named.keys() <= _DETAILS.keys(), f"no detail of a completion: {line}"
    return Expected(read_time(at), trigger, named)


def _has_value(completion: Completion, text: str) -> bool:
    if text == "none" or completion.value is None:
        return text == "none" and completion.value is None
    return Fraction(str(completion.value)) == Fraction(text)


def _is_after(completion: Completion, text: str) -> bool:
    if text == "none":
        return completion.since_anchor is None
    span = sum((timedelta(**{_UNITS[unit]: int(amount)}) for amount, unit in _SPAN.findall(text)), timedelta())
    assert _SPAN.sub("", text) == "", text
    return completion.since_anchor == span


def _has_segments(completion: Completion, text: str) -> bool:
    return completion.segments == (() if text == "none" else tuple(text.split(",")))


def _has_channel(completion: Completion, text: str) -> bool:
    return completion.channel == (None if text == "none" else text)


_DETAILS = {"value": _has_value, "after": _is_after, "segments": _has_segments, "channel": _has_channel}
