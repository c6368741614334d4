"""What a cell says: text → values, exactly, and only where the text leaves no doubt.

``auto`` reads whole numbers as ``int``, others as ``Decimal`` (so that money stays exact), ``true`` and ``false`` as
booleans and an empty cell as missing. Everything else is text, on purpose also what merely looks like a number:
leading zeros (``007``), signs (``+49``), thousands (``1,000``), and an exponent without a point or sign (``12e5``),
which is likelier an id. What the column is declared to be is never guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

KINDS = ("auto", "text", "number", "boolean", "json")
"""What a column can be declared to hold."""

MAX_DIGITS = 300
"""A longer run of digits stays text."""
MAX_DEPTH = 50
"""How deep JSON may nest: far beyond what a filter can name, and safe to store again."""

_WHOLE = r"-?(?:0|[1-9]\d*)"
_PLAIN = re.compile(rf"{_WHOLE}([eE][+-]\d{{1,4}})?\Z|(?:{_WHOLE}|-)?(\.\d+)(?:[eE][+-]?\d{{1,4}})?\Z", re.ASCII)
_DECLARED = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?\Z", re.ASCII)
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False, "TRUE": True, "FALSE": False}


class Misfit(Exception):  # noqa: N818  no error of the tree: it becomes the reason of a rejected row
    """A value is not what its column is declared to be, or is no data at all."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def guess(text: str) -> object:
    """The value of a cell in a column of kind ``auto``; ``None`` for an empty one."""
    if not text:
        return None
    if text[0] in "0123456789-." and len(text) <= MAX_DIGITS:
        match = _PLAIN.match(text)
        if match is not None:
            return int(text) if match.lastindex is None else Decimal(text)
        return text
    return _BOOLEANS.get(text, text)


def _as_text(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return str(value)
    raise Misfit("type", f"{value!r:.80} is no text")


def _as_number(value: object) -> object:
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= MAX_DIGITS and _DECLARED.match(text):
            return Decimal(text) if any(c in text for c in ".eE") else int(text)
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return value
    raise Misfit("type", f"{value!r:.80} is no number")


def _as_boolean(value: object) -> object:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise Misfit("type", f"{value!r:.80} is neither true nor false")


def _as_json(value: object) -> object:
    return read_json(value) if isinstance(value, str) else value


CASTS: Mapping[str, Callable[[object], object]] = {
    "text": _as_text,
    "number": _as_number,
    "boolean": _as_boolean,
    "json": _as_json,
}
"""How a value becomes what its column is declared to be. Raises `Misfit`."""


def _no_constant(name: str) -> object:
    raise Misfit("nan", f"{name} is no JSON, and no value that anything could be compared with; write null")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)


def read_json(text: str) -> Any:
    """The value that JSON *text* stands for; numbers with a point or an exponent as ``Decimal``.

    Raises:
        Misfit: it is no JSON (code ``json``), holds NaN or an infinity (``nan``), nests too deep (``too-deep``), or
            holds characters that no text may have (``nul``, ``encoding``).
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Misfit("json", f"this is no JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise Misfit("too-deep", f"this JSON nests more than {MAX_DEPTH} deep") from None
    except (ValueError, ArithmeticError):  # an integer, or an exponent, of thousands of digits
        raise Misfit("json", "this JSON holds a number of too many digits") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and any(depth > MAX_DEPTH for depth, _ in _parts(value)):
        raise Misfit("too-deep", f"this JSON nests more than {MAX_DEPTH} deep")
    if "\\u" in text:
        _check_escapes(value)
    return value


def _parts(value: object) -> Iterator[tuple[int, object]]:
    """Every key and value inside *value*, with how deep it lies."""
    stack = [(0, value)]
    while stack:
        depth, part = stack.pop()
        yield depth, part
        if isinstance(part, dict):
            stack.extend((depth + 1, key) for key in part)
            stack.extend((depth + 1, below) for below in part.values())
        elif isinstance(part, list):
            stack.extend((depth + 1, below) for below in part)


def _check_escapes(value: object) -> None:
    """Refuse what an escape can smuggle in: NUL, and halves of characters."""
    for _, part in _parts(value):
        if not isinstance(part, str):
            continue
        if "\0" in part:
            raise Misfit("nul", "the row holds a NUL character")
        if not part.isascii() and any("\ud800" <= c <= "\udfff" for c in part):
            raise Misfit("encoding", "the row holds half of a character (a lone surrogate)")
