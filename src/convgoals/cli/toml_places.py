"""Where the keys and strings of a TOML document stand, to the character, so that they can be pointed at and replaced.

``tomllib`` reads values and forgets their places. This is a second reading, of documents that ``tomllib`` has accepted
already: it finds every key and every string value, keeps a place for each character of the value, and leaves
comments and layout alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import attrs

Path: TypeAlias = tuple[str | int, ...]
"""What leads to a value: the names of tables and keys, and numbers (from 0) in arrays."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]*")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\", "e": "\x1b"}
_FOLD = re.compile(r"[ \t]*\r?\n[ \t\r\n]*")


@attrs.frozen
class TomlString:
    """A string value.

    Attributes:
        path: what leads to it.
        start: the offset of its opening quote.
        end: the offset after its closing quote.
        quote: how it is quoted: one or three, of either kind.
        value: what it says.
        places: for each character of the value, and its end, the offset where that stands.
    """

    path: Path
    start: int
    end: int
    quote: str
    value: str
    places: tuple[int, ...]


class TomlPlaces:
    """The places in a valid TOML document.

    Attributes:
        strings: every string value, by what leads to it, in the order in which they stand.
        keys: where each key, and the name in each table's header, starts and ends.
    """

    def __init__(self, text: str) -> None:
        reader = _Reader(text)
        self.strings = {string.path: string for string in reader.document()}
        self.keys: Mapping[Path, tuple[int, int]] = reader.keys


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, tuple[int, int]] = {}

    def document(self) -> Iterator[TomlString]:
        table: Path = ()
        lengths: dict[Path, int] = {}
        self._skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header(lengths)
            else:
                yield from self._value(self._key(table))
            self._skip()

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = self.at if found is None else found.end()

    def _header(self, lengths: dict[Path, int]) -> Path:
        """The table that a header opens; each ``[[name]]`` opens the next of its array."""
        repeated = self.text.startswith("[[", self.at)
        self.at += 2 if repeated else 1
        start = self.at
        names = self._names()
        end = self.at
        self.at += 2 if repeated else 1
        path: Path = ()
        for name in names[:-1]:
            path = (*path, name)
            if path in lengths:
                path = (*path, lengths[path] - 1)
        path = (*path, names[-1])
        if repeated:
            lengths[path] = lengths.get(path, 0) + 1
        path = (*path, lengths[path] - 1) if path in lengths else path
        self.keys[path] = (start, end)
        return path

    def _key(self, table: Path) -> Path:
        """What leads to the value after a key and its ``=``, which are passed."""
        start = self.at
        path = (*table, *self._names())
        self.keys[path] = (start, start + len(self.text[start : self.at].rstrip()))
        self.at += 1
        return path

    def _names(self) -> tuple[str, ...]:
        names = []
        while True:
            self._skip()
            if self.text[self.at] in "\"'":
                names.append(self._string(()).value)
            else:
                found = _BARE_KEY.match(self.text, self.at)
                if found is None:
                    raise AssertionError("a key of a valid document is bare or quoted")
                names.append(found[0])
                self.at = found.end()
            self._skip()
            if self.text[self.at] != ".":
                return tuple(names)
            self.at += 1

    def _value(self, path: Path) -> Iterator[TomlString]:
        self._skip()
        opening = self.text[self.at]
        if opening in "\"'":
            yield self._string(path)
        elif opening == "[":
            yield from self._members(path, "]")
        elif opening == "{":
            yield from self._members(path, "}")
        else:
            found = _SCALAR.match(self.text, self.at)
            self.at = len(self.text) if found is None else found.end()

    def _members(self, path: Path, closing: str) -> Iterator[TomlString]:
        """What stands in an array or an inline table."""
        self.at += 1
        number = 0
        while True:
            self._skip()
            if self.text[self.at] == closing:
                self.at += 1
                return
            yield from self._value((*path, number) if closing == "]" else self._key(path))
            number += 1
            self._skip()
            if self.text[self.at] == ",":
                self.at += 1

    def _string(self, path: Path) -> TomlString:
        start, text = self.at, self.text
        quote = text[start]
        if text.startswith(quote * 3, start):
            quote *= 3
        elif text.startswith(quote * 2, start):
            self.at = start + 2
            return TomlString(path, start, self.at, quote, "", (start + 1,))
        self.at = start + len(quote)
        if len(quote) == 3 and (newline := re.compile(r"\r?\n").match(text, self.at)):
            self.at = newline.end()
        characters, places = self._characters(quote)
        places.append(self.at)
        self.at += len(quote)
        return TomlString(path, start, self.at, quote, "".join(characters), tuple(places))

    def _characters(self, quote: str) -> tuple[list[str], list[int]]:
        """The characters up to the closing quote, and where each stands; this is left at the closing quote."""
        text, characters, places = self.text, list[str](), list[int]()
        while not self._closes(quote):
            places.append(self.at)
            if text.startswith("\r\n", self.at):
                characters.append("\n")
                self.at += 2
            elif text[self.at] == "\\" and quote[0] == '"':
                character = self._escaped()
                if character is None:
                    places.pop()
                else:
                    characters.append(character)
            else:
                characters.append(text[self.at])
                self.at += 1
        return characters, places

    def _closes(self, quote: str) -> bool:
        """Whether the closing quote stands here: of several quotes in a row, the last three close."""
        if not self.text.startswith(quote, self.at):
            return False
        return len(quote) == 1 or not self.text.startswith(quote[0], self.at + 3)

    def _escaped(self) -> str | None:
        """The character that an escape says; ``None`` for one that takes a line end out."""
        text = self.text
        if fold := _FOLD.match(text, self.at + 1):
            self.at = fold.end()
            return None
        letter = text[self.at + 1]
        digits = {"x": 2, "u": 4, "U": 8}.get(letter, 0)
        first = self.at + 2
        self.at = first + digits
        return chr(int(text[first : self.at], 16)) if digits else _ESCAPES[letter]


# ---- pointing and replacing


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The line and column of *offset*, both from 1, in characters."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def replaced(text: str, changes: list[tuple[TomlString, str]]) -> str:
    """*text* with other values for some of its strings, each quoted as it was where it can be."""
    for string, value in sorted(changes, key=lambda change: change[0].start, reverse=True):
        text = f"{text[: string.start]}{_quoted(string, text, value)}{text[string.end :]}"
    return text


def _quoted(string: TomlString, text: str, value: str) -> str:
    quote = string.quote
    opening = text[string.start + 3 : string.places[0]].replace("\r\n", "\n") if len(quote) == 3 else ""
    line_end = "\r\n" if "\r\n" in text[string.start : string.end] else "\n"
    if len(quote) == 3 and value[:1].isspace():
        opening = "\n"  # a line end right after the quotes, or a fold there, would take the value's own with it
    literal = not _CONTROL.search(value) and "'" not in value and (len(quote) == 3 or "\n" not in value)
    # Conditions are full of double quotes: in single ones they read as they are written.
    if literal and (quote[0] == "'" or (len(quote) == 1 and '"' in value)):
        mark = "'" * len(quote)
        return f"{mark}{opening}{value}{mark}".replace("\n", line_end)
    escaped = "".join(_escape(character, several_lines=len(quote) == 3) for character in value)
    if len(quote) == 1:
        return f'"{escaped}"'
    return f'"""{opening}{escaped}"""'.replace("\n", line_end)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def _escape(character: str, *, several_lines: bool) -> str:
    if character == "\n":
        return "\n" if several_lines else "\\n"
    if character in '"\\':
        return f"\\{character}"
    return f"\\u{ord(character):04X}" if character < " " or character == "\x7f" else character
