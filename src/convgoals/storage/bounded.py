"""How much may be kept at hand, counted in bytes: a process stays as small as it was meant to, whatever it is fed."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any, Final, TypeVar

_Value = TypeVar("_Value")

_SAMPLE: Final = 16
"""How many of the newest entries, and as many of the oldest, are weighed to know what one weighs."""

_CALLS: Final = 256
"""They are weighed again after so many calls, for what is there may have grown."""

_OBJECTS: Final = 10_000
"""How many objects of one entry are weighed at the most."""

_FLAT = frozenset({str, int, float, bool, bytes, type(None)})


class Bound:
    """Keeps a dict below a number of bytes and of entries, by dropping its oldest ones.

    What an entry weighs is known from the newest and the oldest, which are weighed again now and then.

    Args:
        most_bytes: how many bytes the entries may take.
        most: how many entries there may be, however small.
        weigh: the bytes of an entry's value; its key, and its place in the dict, come on top.
    """

    def __init__(self, most_bytes: int, most: int, weigh: Callable[[Any], int]) -> None:
        self._most_bytes = most_bytes
        self._most = most
        self._weigh = weigh
        self._limit = self._weighed_at = self._calls = 0

    def hold(self, entries: dict[str, _Value]) -> bool:
        """Drop the oldest of *entries* that are too many; whether there were any."""
        size, before = len(entries), self._weighed_at
        self._calls += 1
        # While there is much room left, they may double before they are weighed again.
        room = max(self._limit // 64, min(before, (self._limit - before) // 8))
        if size <= self._limit and self._calls < _CALLS and size - before <= room:
            return False
        sample = [*itertools.islice(reversed(entries.items()), _SAMPLE), *itertools.islice(entries.items(), _SAMPLE)]
        weight = sum(100 + sys.getsizeof(name) + self._weigh(value) for name, value in sample) // max(len(sample), 1)
        self._limit = max(1, min(self._most, self._most_bytes // max(weight, 1)))
        dropped = size > self._limit
        if dropped:
            # Some more than must be, and all at once: looking for the first entry passes all that were deleted before.
            for name in list(itertools.islice(entries, size - self._limit + self._limit // 16)):
                del entries[name]
        self._calls, self._weighed_at = 0, len(entries)
        return dropped


def weight_of(thing: object, shared: tuple[type, ...] = ()) -> int:
    """About how many bytes *thing* takes, with all that it holds but what is of a *shared* type."""
    weight, left, waiting, seen = 0, _OBJECTS, [thing], set()
    while waiting and left:
        left -= 1
        each = waiting.pop()
        kind = type(each)
        if kind not in _FLAT:
            if id(each) in seen or isinstance(each, shared):
                continue
            seen.add(id(each))
        weight += sys.getsizeof(each)
        if kind in _FLAT:
            continue
        if isinstance(each, dict):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, (list, tuple, set, frozenset)):
            waiting += each
        else:
            waiting += [getattr(each, name) for name in _slots(kind) if hasattr(each, name)]
    return weight


def _slots(kind: type) -> list[str]:
    return [name for base in kind.__mro__ for name in getattr(base, "__slots__", ()) if name != "__weakref__"]
