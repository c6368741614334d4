"""A step of a timeline as words: what happened, read and written. `timelines` puts steps into time.

Values are JSON; what is neither JSON nor quoted is text. Whatever is written here is read back as the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from convgoals.errors import ConvgoalsError
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate

_WORD = re.compile(r"[^\W\d][\w-]*\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?\Z")
_WORDS_OF_JSON = {"true": True, "false": False, "null": None}
_TOKEN = re.compile(
    r"""  "(?:\\.|[^"\\])*"  |  '[^']*'  |  “[^”]*”  |  [^\s"'“=\[\]{}][^\s"=\[\]{}]*  |  [=\[\]{}]  """,
    re.DOTALL | re.VERBOSE,
)
MAX_DEPTH = 50
"""How deep a property may lie in others."""

MAX_DIGITS = 1_000
"""How many digits a whole number may have."""


class TimelineError(ConvgoalsError, ValueError):
    """A timeline, or an instant of one, cannot be read."""

    default_code = "timeline"


class Words:
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
        path = [_unquoted(name)] if name[0] in _QUOTES else name.split(".")
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
        if word.endswith(",") and self.text[self.at :].strip():
            raise TimelineError("a space stands between two properties, and no comma", hint='"a," in quotes is a text')
        return _unquoted(word) if word[0] in _QUOTES else _bare(word)

    def _json(self) -> Any:
        decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
        try:
            value, self.at = decoder.raw_decode(self.text, self.at)
        except (ValueError, RecursionError):
            raise TimelineError(f"`{self.text[self.at : self.at + 60]}` is no JSON") from None
        return value

    def segments(self) -> list[str]:
        if self.text[self.at :].lstrip().startswith("["):
            self.at = self.text.index("[", self.at)
            listed = self._json()
            return listed if all(isinstance(name, str) for name in listed) else self._no_segments()
        names = self.take()
        if not names:
            return self._no_segments()
        if names == "-":
            return []
        return [_unquoted(names)] if names[0] in _QUOTES else [name for name in names.split(",") if name]

    @staticmethod
    def _no_segments() -> list[str]:
        raise TimelineError("the segments are missing", hint='in vip,staff; in ["big spender"]; in - for none')


_QUOTES = ('"', "'", "“")


def _unquoted(word: str) -> str:
    if word[0] in _QUOTES[1:]:  # as the language reads them; convenient inside the double quotes of TOML
        return word[1:-1]
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


def step_words(fact: Fact, usual_id: str) -> list[str]:
    """What happened, in words that `read_timeline` reads back."""
    match fact:
        case Event(kind, properties=properties):
            words = ["event", _shown_name(kind), *_properties(properties)]
        case CampaignReceipt(name):
            words = ["campaign", _shown_name(name)]
        case ProfileSnapshot(properties=properties):
            words = ["snapshot", *_properties(properties)]
        case ProfileUpdate(properties=properties):
            words = ["update", *_properties(properties)]
    segments = getattr(fact, "segments", None)
    if segments is not None and (segments or isinstance(fact, ProfileUpdate)):
        plain = all(map(_WORD.match, segments))
        words += ["in", (",".join(segments) or "-") if plain else json.dumps(segments, ensure_ascii=False)]
    channel = getattr(fact, "channel", None)
    words += [] if channel is None else ["via", _shown_name(channel)]
    return words if fact.id in (None, usual_id) else [*words, f"#{fact.id}"]


def _shown_name(text: str) -> str:
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


_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1))


def short_span(microseconds: int) -> str:
    """A span as timelines write it: ``3d``, ``1d12h``, ``7d1us``; ``0s`` for none."""
    parts, rest = [], abs(microseconds)
    for unit, size in _UNITS:
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount}{unit}")
    return "".join(parts) or "0s"
