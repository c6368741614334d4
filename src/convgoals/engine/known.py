"""Which ids a profile's facts have, without reading the facts: a sketch that may only err by taking one for known."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable, Iterable, Mapping

BITS = 24
"""Bits for each id; with `HASHES` numbers from each, one id in 20,000 is taken for known that is not."""

HASHES = 8
LEAST = 1_024


class Sketch:
    """A Bloom filter of ids.

    Args:
        capacity: for how many ids there is room.
        number: how many there are.
        bits: what `text` said.
    """

    def __init__(self, capacity: int, number: int = 0, bits: bytes | None = None) -> None:
        self.capacity = capacity
        self.number = number
        self._bits = bytearray(capacity * BITS // 8) if bits is None else bytearray(bits)

    @classmethod
    def of(cls, ids: Iterable[str | None], number: int) -> Sketch:
        """A sketch of *ids*, of which there are *number*, with room for as many again."""
        sketch = cls(max(LEAST, 2 * number))
        sketch.add(ids)
        return sketch

    @classmethod
    def read(cls, text: str, number: int) -> Sketch:
        """What `text` wrote; raises `ValueError` where it did not."""
        bits = base64.b85decode(text)
        return cls(len(bits) * 8 // BITS, number, bits)

    def text(self) -> str:
        return base64.b85encode(self._bits).decode("ascii")

    def add(self, ids: Iterable[str | None]) -> None:
        for each in ids:
            self.number += 1
            for place in self._places(each):
                self._bits[place >> 3] |= 1 << (place & 7)

    def __contains__(self, fact_id: str | None) -> bool:
        return all(self._bits[place >> 3] & 1 << (place & 7) for place in self._places(fact_id))

    def _places(self, fact_id: str | None) -> list[int]:
        digest = hashlib.blake2b(str(fact_id).encode("utf-8", "surrogatepass"), digest_size=4 * HASHES).digest()
        length = len(self._bits) * 8
        return [int.from_bytes(digest[i : i + 4], "little") % length for i in range(0, 4 * HASHES, 4)]


def sketch_of(ids: Mapping[str | None, None], before: Sketch | None) -> Sketch:
    """A sketch of *ids*, in the order in which they came to be known; *before* is one of the first of them."""
    if before is None or len(ids) > before.capacity or before.number > len(ids):
        if isinstance(ids, KnownIds):
            ids.complete()
        return Sketch.of(ids, len(ids))
    before.add(itertools.islice(reversed(ids.keys()), len(ids) - before.number))  # type: ignore[call-overload]
    return before


class KnownIds(dict[str | None, None]):
    """The ids of a profile whose earlier facts have not been read: these are asked of the sketch first.

    Args:
        sketch: the ids of the earlier facts.
        read: gives all ids that there are, when the sketch is not enough.
    """

    def __init__(self, sketch: Sketch, read: Callable[[], Iterable[str | None]]) -> None:
        super().__init__()
        self._sketch: Sketch | None = sketch
        self._earlier = sketch.number
        self._read = read

    def __contains__(self, fact_id: object) -> bool:
        if super().__contains__(fact_id):
            return True
        if self._sketch is None or fact_id not in self._sketch:  # type: ignore[operator]
            return False
        self.complete()
        return super().__contains__(fact_id)

    def __len__(self) -> int:
        return super().__len__() + self._earlier

    def complete(self) -> None:
        """Read the ids of the earlier facts."""
        if self._sketch is not None:
            later = dict(self)
            self.clear()
            self.update((fact_id, None) for fact_id in self._read() if fact_id not in later)
            self.update(later)  # in the order in which they came, as a sketch takes them
            self._sketch, self._earlier = None, 0
