"""The cells of a profile's state as values: copied, and as JSON and back.

Cells hold what nodes put there: truths, instants, numbers, keys of values (`values.canonical`), and lists, tuples,
dicts, sets and deques of those. A property's raw value may stand in one too, but only to be compared by identity, so
whatever is of no known kind comes back as something that is identical to nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

_FLAT = frozenset({type(None), bool, int, float, str, Decimal, Fraction, date, datetime, frozenset})
"""Kinds that are never changed, nor hold what is."""

_LARGE = 2_000
"""Beyond this many bits, decimal digits are slow, and Python refuses to read them."""


def copied(cell: Any) -> Any:
    """*cell* such that changing the one leaves the other as it is."""
    kind = type(cell)
    if kind in _FLAT:
        return cell
    if kind is list:
        return [member if type(member) in _FLAT else copied(member) for member in cell]
    if kind is tuple:
        return cell if _FLAT.issuperset(map(type, cell)) else tuple([copied(member) for member in cell])
    if kind is dict:
        return {key: copied(value) for key, value in cell.items()}
    if kind is set:
        return set(cell)
    if kind is deque:
        return deque(map(copied, cell))
    return cell


def size(cells: list[Any]) -> int:
    """About how many values stand in *cells*, without looking at each."""
    found = len(cells)
    for cell in cells:
        if type(cell) in (list, dict, deque):
            found += len(cell)
            if type(cell) is list and cell and type(cell[0]) is tuple and type(cell[0][-1]) is list:
                found += sum(len(member[-1]) for member in cell)
    return found


def encoded(cell: Any) -> Any:  # noqa: PLR0911  one case a kind
    """*cell* as JSON can say it: objects have one key, which says the kind."""
    kind = type(cell)
    if cell is None or kind is bool or kind is str:
        return cell
    if kind is int:
        return cell if cell.bit_length() < _LARGE else {"i": hex(cell)}
    if kind is list:
        return [encoded(member) for member in cell]
    if kind in _TAGS:
        members = [encoded(member) for member in cell]
        if kind is set or kind is frozenset:
            members.sort(key=repr)  # the same text for the same state
        return {_TAGS[kind]: members}
    if kind is dict:
        return {"m": [[encoded(key), encoded(value)] for key, value in cell.items()]}
    if kind is Decimal or kind is Fraction:
        return {"d" if kind is Decimal else "r": str(cell)}
    if kind is datetime or kind is date:
        return {"w" if kind is datetime else "y": cell.isoformat()}
    if kind is float and cell - cell == 0:
        return {"f": cell}
    return {"?": 0}


_TAGS: Mapping[type, str] = {tuple: "t", set: "s", frozenset: "z", deque: "q"}

_READERS: Mapping[str, Callable[[Any], Any]] = {
    "i": lambda payload: int(payload, 16),
    "t": lambda payload: tuple(decoded(member) for member in payload),
    "s": lambda payload: {decoded(member) for member in payload},
    "z": lambda payload: frozenset(decoded(member) for member in payload),
    "q": lambda payload: deque(decoded(member) for member in payload),
    "m": lambda payload: {decoded(key): decoded(value) for key, value in payload},
    "d": Decimal,
    "r": Fraction,
    "w": datetime.fromisoformat,
    "y": date.fromisoformat,
    "f": float,
    "?": lambda payload: object(),
}


def decoded(value: Any) -> Any:
    """The cell that `encoded` was given."""
    if type(value) is list:
        return [decoded(member) for member in value]
    if type(value) is not dict:
        return value
    ((tag, payload),) = value.items()
    return _READERS[tag](payload)
