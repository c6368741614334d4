"""What is kept so that reports need no ledger: counts by time, changed with every batch. Any backend may keep them.

Everything is by *lane*: all that one goal completed, under all its versions. Among the completions of one profile in
one lane that hold (not retracted), in their order, each knows when the one before was achieved. So:

- A profile's *first* completions can be added up over any time: each profile has one at the most.
- A *repeat* is its profile's first in a period if the one before it lies before the period. Repeats are counted by
  their own time and the day of the one before: only that one day's have to be looked at one by one.

Instants are put into quarters of an hour, which every offset of today's time zones is a multiple of. What a period or
a bucket cuts off inside of one is counted from the ledger's own rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

import attrs

from convgoals.instants import DAY, HOUR, MINUTE
from convgoals.storage.exact import EXACT, as_number

QUARTER = 15 * MINUTE

UNIT = 10**6
"""What sums of values are kept in whole numbers of, as far as they can be: a millionth."""

_LARGEST = 2**52
_CENT = UNIT // 100
_ZERO = Decimal(0)
_EXPONENT = -6


class Counted(NamedTuple):
    """A completion of the ledger that holds; in this order they come."""

    achieved: int
    trigger: str
    seq: int
    track: int
    channel: str | None
    value: Any
    anchor: int | None


Owner: TypeAlias = tuple[int, int]
"""A lane and a profile."""

Key: TypeAlias = tuple[Any, ...]


@attrs.define
class Cell:
    """Counts to add to what is kept under one key.

    Attributes:
        completions, firsts, valued: how many there are; profiles' first ones; ones with a number for a value.
        units: the sum of the values that are whole numbers of units.
        rest: the sum of the others.
    """

    completions: int = 0
    firsts: int = 0
    valued: int = 0
    units: int = 0
    rest: Decimal = _ZERO

    def __bool__(self) -> bool:
        return bool(self.completions or self.firsts or self.valued or self.units or self.rest)


@attrs.define
class Changes:
    """What a batch changes of what is kept.

    Attributes:
        tallies: by lane, quarter, track.
        channels: by lane, hour, track, channel.
        repeats: how many repeats, by lane, quarter, and the day of the one before.
        channel_repeats: the same by lane, hour, that day, track, channel.
        waits: of first completions with a time since the anchor, by lane, day, and `wait_bin`; ``units`` is the sum of
            those times.
        before: for completions that were in the ledger already, by their seq: when the one before was achieved;
            ``None`` for a first one.
    """

    tallies: defaultdict[Key, Cell] = attrs.field(factory=lambda: defaultdict(Cell))
    channels: defaultdict[Key, Cell] = attrs.field(factory=lambda: defaultdict(Cell))
    repeats: defaultdict[Key, int] = attrs.field(factory=lambda: defaultdict(int))
    channel_repeats: defaultdict[Key, int] = attrs.field(factory=lambda: defaultdict(int))
    waits: defaultdict[Key, Cell] = attrs.field(factory=lambda: defaultdict(Cell))
    before: dict[int, int | None] = attrs.field(factory=dict)

    def count(self, lane: int, held: Counted, before: int | None, times: int = 1) -> None:
        """Count *held*, the one before it achieved at *before*; with ``times=-1`` count it no more."""
        achieved, track, channel = held.achieved, held.track, held.channel
        amount = split(held.value)
        for cell in (
            self.tallies[lane, achieved // QUARTER, track],
            self.channels[lane, achieved // HOUR, track, channel],
        ):
            cell.completions += times
            if before is None:
                cell.firsts += times
            if amount is not None:
                cell.valued += times
                cell.units += times * amount[0]
                if amount[1]:
                    cell.rest = (EXACT.add if times > 0 else EXACT.subtract)(cell.rest, amount[1])
        if before is not None:
            self.repeats[lane, achieved // QUARTER, before // DAY] += times
            self.channel_repeats[lane, achieved // HOUR, before // DAY, track, channel] += times
        elif held.anchor is not None:
            cell = self.waits[lane, achieved // DAY, wait_bin(held.anchor)]
            cell.completions += times
            cell.units += times * held.anchor


class Neighbours(NamedTuple):
    """An owner's completions around those that come or go.

    Attributes:
        before: when the one before all of *rows* was achieved; ``None``: there is none before.
        rows: all that hold from the first instant that was asked for to the last, and those at the next instant after
            at which there are any, each with its own ``before``.
    """

    before: int | None
    rows: Iterable[tuple[Counted, int | None]]


def follow(
    added: Mapping[Owner, Sequence[Counted]],
    ended: Mapping[Owner, Mapping[int, int]],
    latest: Callable[[Owner], int | None],
    around: Callable[[Owner, int, int], Neighbours],
) -> tuple[Changes, dict[int, int | None]]:
    """What a batch changes.

    Args:
        added: new completions.
        ended: the seqs of completions that no longer hold, with their instants.
        latest: the instant of an owner's latest completion before the batch, or ``None``.
        around: an owner's neighbours before the batch from the first instant to the last; asked only where something
            comes in between, or goes.

    Returns:
        The changes, and for each of the *added*, by its seq, when the one before was achieved.
    """
    changes = Changes()
    fresh: dict[int, int | None] = {}
    for owner, new in added.items():
        if owner not in ended:
            rows, before = sorted(new) if len(new) > 1 else new, latest(owner)
            if before is None or before < rows[0].achieved:
                for row in rows:
                    changes.count(owner[0], row, before)
                    fresh[row.seq] = before
                    before = row.achieved
                continue
        _rearrange(owner, new, ended.get(owner, {}), around, changes, fresh)
    for owner, gone in ended.items():
        if owner not in added:
            _rearrange(owner, (), gone, around, changes, fresh)
    return changes, fresh


def _rearrange(
    owner: Owner,
    added: Sequence[Counted],
    ended: Mapping[int, int],
    around: Callable[[Owner, int, int], Neighbours],
    changes: Changes,
    fresh: dict[int, int | None],
) -> None:
    """Something comes in between, or goes: who was before whom is worked out anew."""
    lane = owner[0]
    instants = [row.achieved for row in added] + list(ended.values())
    before, known = around(owner, min(instants), max(instants))
    were = {row.seq: (row, former) for row, former in known}
    left = [row for row, _ in were.values() if row.seq not in ended]
    for row in sorted([*left, *added]):
        if row.seq not in were:
            fresh[row.seq] = before
            changes.count(lane, row, before)
        elif were[row.seq][1] != before:
            changes.before[row.seq] = before
            changes.count(lane, row, were[row.seq][1], -1)
            changes.count(lane, row, before)
        before = row.achieved
    for seq in ended:
        changes.count(lane, *were[seq], -1)


def split(value: object) -> tuple[int, Decimal] | None:
    """A value as whole units and what is left of it; ``None`` where it is no number."""
    if value is None:
        return None
    if type(value) is int and -_LARGEST < value < _LARGEST:
        return value * UNIT, _ZERO
    if type(value) is float and -1e9 < value < 1e9:
        cents = round(value * 100.0)
        if cents / 100.0 == value:  # then that number of cents is its shortest decimal form
            return cents * _CENT, _ZERO
    number = as_number(value)
    if number is None:
        return None
    if number.as_tuple().exponent >= _EXPONENT and number.adjusted() < 9:  # type: ignore[operator]
        return int(number.scaleb(-_EXPONENT, EXACT)), _ZERO
    return 0, number


def joined(units: int, rest: Decimal = _ZERO) -> Decimal:
    """The sum that so many units and *rest* are."""
    return EXACT.add(EXACT.multiply(Decimal(units), Decimal((0, (1,), _EXPONENT))), rest)


# ---- times to convert


_FINE = 8
"""Bins are no wider than the 256th part of what lies in them."""


def wait_bin(wait: int) -> int:
    """The bin of a time in microseconds: the longer, the higher; up to 511 each has its own."""
    if wait < 0:  # an anchor is never after its completion, but a store takes what it is given
        return ~wait_bin(~wait)
    shift = max(wait.bit_length() - _FINE - 1, 0)
    return (shift << _FINE) + (wait >> shift)


def bin_start(number: int) -> int:
    """The shortest time in a bin; the longest in the one before is one less."""
    if number < 0:
        return ~(bin_start(~number + 1) - 1)
    shift = max((number >> _FINE) - 1, 0)
    return (number - (shift << _FINE)) << shift


# ---- as tables keep it

ENDED: Final = -(2**63)
"""What stands in ``before`` of a completion that holds no longer."""


def channel_key(channel: str | None) -> str:
    """A channel as a key that is never NULL."""
    return "" if channel is None else f"={channel}"


def key_channel(key: str) -> str | None:
    """The channel that `channel_key` made a key of."""
    return key[1:] if key else None


def text_key(key: Key) -> Key:
    """A key that ends with a channel, as one that is never NULL."""
    return (*key[:-1], channel_key(key[-1]))
