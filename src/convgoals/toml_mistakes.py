"""What newcomers write in TOML that is none, and how it is written: mostly quotes in quotes."""

from __future__ import annotations

import re

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_ASSIGNED = re.compile(r"\s*([\w.\"-]+)\s*=\s*(.*?)\s*(?:,\s*)?\Z")
_CURLY = "“”„‘’«»"


def toml_place(message: str) -> tuple[str, tuple[int, int] | None]:
    """What ``tomllib`` says, without the place; and the place, a line and a column from 1, if it says one."""
    found = _PLACE.search(message)
    if found is None:
        return message, None
    return message[: found.start()], (int(found[1]), int(found[2])) if found[1] else None


def toml_hint(text: str, message: str) -> str:
    """How to mend *text*, which is no TOML, as ``tomllib`` says in *message*; ``""`` where that is not clear."""
    said, place = toml_place(message)
    if "Cannot declare" in said or "Cannot mutate" in said:
        return "each goal is a table of its own, with two brackets: [[goal]]; its examples are [[goal.example]]"
    if "Cannot overwrite" in said:
        return "the key stands twice in one table; each goal begins with its own [[goal]]"
    lines = text.replace("\r\n", "\n").split("\n")
    if place is None or place[0] > len(lines):
        return ""
    line, column = lines[place[0] - 1], place[1] - 1
    assigned = _ASSIGNED.match(line)
    key, value = (assigned[1], assigned[2]) if assigned else ("", "")
    return _about_texts(said, line, column, key, value) or _about_values(said, key, value)


def _about_texts(said: str, line: str, column: int, key: str, value: str) -> str:
    """A hint about what stands in quotes, and where it ends."""
    before, here = line[:column].rstrip(), line[column : column + 1]
    if "Unclosed array" in said and here in ('"', "'") and line[column - 1 : column].isspace():
        return "a comma stands between two texts"
    if before.endswith(('"', "'")) and here not in ("", " ", "\t", "#", "]", "}"):
        return _quotes_inside(key, value, before[-1])
    if "Unescaped" in said:
        inside = value[1:-1]
        shown = f": {key} = '{inside}'" if key and value[:1] == '"' and "'" not in inside else ""
        return f"single quotes take a backslash as it is{shown}"
    if "Illegal character" in said and value[:1] in ('"', "'"):
        return f'a text of several lines stands in three quotes: {key} = """…"""'
    return ""


def _about_values(said: str, key: str, value: str) -> str:
    """A hint about a value that is none, or a key without one."""
    if "Expected '='" in said:
        return 'a key, `=` and a value: name = "Purchase"'
    if "Invalid value" not in said or not value:
        return ""
    if value[0] in _CURLY:
        return f'quotes are straight: {key} = "{value.strip(_CURLY)}"'
    if value[0].isalpha() or value[0] == "_":
        return f"a text stands in quotes: {key} = " + (f"'{value}'" if '"' in value else f'"{value}"')
    return ""


def _quotes_inside(key: str, value: str, quote: str) -> str:
    """A text holds the quotes that it stands in."""
    inner, outer, other = ("double", "single", "'") if quote == '"' else ("single", "double", '"')
    said = f"a text with {inner} quotes in it stands in {outer} ones"
    if key and value[:1] == quote == value[-1:] and other not in value and ("\\" not in value or other == "'"):
        return f"{said}: {key} = {other}{value[1:-1]}{other}"
    return f"{said}: {other}campaign {quote}spring{quote} received{other}"
