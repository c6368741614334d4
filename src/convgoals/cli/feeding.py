"""Files → engine, in batches: what ``run`` and ``demo`` do, restartable at any point.

With every batch the store keeps how far each file has been read, in the same commit, so a run that was stopped goes on
where it was, and nothing is lost or doubled. A position holds for the file and the goals that it was reached with:
where the file begins with other bytes, or the goals have changed, it is read from its start again. That is safe,
because a row keeps its id, and an id counts once; and it is needed, because facts that no goal looked at are not kept.

Several files are read side by side, always on at the one whose next row is the earliest, so that files in order of
time arrive in order of time. Nothing depends on that but the speed.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import attrs

from convgoals.cli.inputs import Input
from convgoals.engine.engine import GoalEngine
from convgoals.errors import SourceError
from convgoals.goals import goal_to_dict
from convgoals.instants import BEGINNING
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate, Retraction
from convgoals.sources.reader import FactReader
from convgoals.sources.rejects import Rejected

PREFIX = 65_536
"""How many bytes at the start of a file tell whether it is still the same file."""

NAMES: Mapping[type, str] = {
    Event: "events",
    ProfileSnapshot: "profile snapshots",
    ProfileUpdate: "profile updates",
    CampaignReceipt: "campaign receipts",
}


@attrs.define
class Fed:
    """What came of feeding files.

    Attributes:
        facts: how many facts of each kind were taken.
        completions, retractions: how many were recorded.
        rejected: how many rows were no facts, by code.
        resumed: the files that were read on from where an earlier run had come to, with the rows passed over.
        reread: the files that were read from the start again, with the reason.
    """

    facts: Counter[str] = attrs.Factory(Counter)
    completions: int = 0
    retractions: int = 0
    rejected: Counter[str] = attrs.Factory(Counter)
    resumed: dict[str, int] = attrs.Factory(dict)
    reread: dict[str, str] = attrs.Factory(dict)


@attrs.frozen
class _Mark:
    """What a position holds for: the rows read, the file's first bytes, and the goals."""

    rows: int
    length: int
    prefix: str
    goals: str

    def __str__(self) -> str:
        return f"{self.rows} {self.length} {self.prefix} {self.goals}"

    @staticmethod
    def read(text: object) -> _Mark | None:
        parts = text.split() if isinstance(text, str) else []
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts[:2]):
            return None
        return _Mark(int(parts[0]), int(parts[1]), parts[2], parts[3])


@attrs.define
class _Reading:
    """A file that is being read; ``name`` is None where positions in it mean nothing, as in a pipe."""

    reader: FactReader
    size: int
    name: str | None
    mark: _Mark


def feed(
    engine: GoalEngine,
    inputs: Sequence[Input],
    *,
    batch: int,
    restart: bool = False,
    on_rejected: Callable[[Rejected], None] = lambda _: None,
    on_progress: Callable[[int, float | None], None] = lambda _count, _share: None,
) -> Fed:
    """Feed the facts of files to *engine*, *batch* at a time.

    Args:
        engine: takes them; its goals are saved already.
        inputs: the files.
        batch: how many facts one commit takes.
        restart: whether files are read from the start whatever has been read before.
        on_rejected: called with each row that is no fact.
        on_progress: called with the number of facts so far, and how much of the files has been read, after each batch.

    Raises:
        SourceError: a file cannot be read, or on; what came before is committed.
        StoreError: a batch could not be committed; those before are.
    """
    fed = Fed()
    with ExitStack() as stack:
        readings = _open(engine, inputs, fed, stack, restart=restart)
        facts: list[Fact] = []
        positions: dict[int, int] = {}
        total = sum(reading.size for reading in readings)

        def commit() -> None:
            checkpoint: dict[str, int | str] = {}
            for index, rows in positions.items():
                reading = readings[index]
                if reading.name is not None:
                    checkpoint[reading.name] = str(attrs.evolve(reading.mark, rows=rows))
            if facts or checkpoint:
                changes = engine.process(facts, checkpoint=checkpoint or None)
                retracted = sum(1 for change in changes if isinstance(change, Retraction))
                fed.retractions += retracted
                fed.completions += len(changes) - retracted
                fed.facts.update(NAMES[type(fact)] for fact in facts)
            facts.clear()
            positions.clear()
            done = sum(reading.size * (reading.reader.progress or 0.0) for reading in readings)
            on_progress(fed.facts.total(), done / total if total else None)

        try:
            for index, position, found in _merged([reading.reader for reading in readings]):
                positions[index] = position
                if isinstance(found, Rejected):
                    fed.rejected[found.code] += 1
                    on_rejected(found)
                    continue
                facts.append(found)
                if len(facts) >= batch:
                    commit()
        except SourceError:
            commit()
            raise
        commit()
    return fed


def _open(engine: GoalEngine, inputs: Sequence[Input], fed: Fed, stack: ExitStack, *, restart: bool) -> list[_Reading]:
    """Open all files, each where it is to be read on."""
    known = engine.checkpoint()
    goals = _digest(repr([goal_to_dict(goal) for goal in engine.goals()]).encode())
    readings = []
    for each in inputs:
        name = f"file:{Path(each.path).absolute()}" if _is_regular(each.path) else None
        start = b"" if name is None else _first_bytes(each.path, PREFIX)
        mark = _Mark(0, len(start), _digest(start), goals)
        before = None if name is None else _Mark.read(known.get(name))
        if before is not None and not restart:
            reason = _why_again(before, mark, start)
            if reason:
                fed.reread[each.path] = reason
            elif before.rows:
                fed.resumed[each.path] = before.rows
                mark = attrs.evolve(mark, rows=before.rows)
        reader = stack.enter_context(FactReader(each.path, each.source, after=mark.rows))
        readings.append(_Reading(reader, 0 if name is None else Path(each.path).stat().st_size, name, mark))
    return readings


def _why_again(before: _Mark, now: _Mark, start: bytes) -> str:
    """Why a file must be read from its start again; ``""`` if it need not."""
    if len(start) < min(before.length, PREFIX) or _digest(start[: before.length]) != before.prefix:
        return "the file is another one"
    return "the goals have changed" if before.goals != now.goals else ""


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116  one call for both
    except (OSError, ValueError):
        return False


def _first_bytes(path: str, length: int) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(length)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}", code="file") from None


def _merged(readers: Sequence[FactReader]) -> Iterator[tuple[int, int, Fact | Rejected]]:
    """The rows of all readers as ``(reader, position, what it is)``, by time as far as each is in order."""
    if len(readers) == 1:
        for position, found in readers[0]:
            yield 0, position, found
        return
    heads: list[tuple[int, int, int, Any]] = []

    def pull(index: int) -> None:
        row = next(readers[index], None)
        if row is not None:
            position, found = row
            heappush(heads, (BEGINNING if isinstance(found, Rejected) else found.instant, index, position, found))

    for index in range(len(readers)):
        pull(index)
    while heads:
        _, index, position, found = heappop(heads)
        yield index, position, found
        pull(index)
