"""`AsyncGoalEngine`: an engine for hosts that run on asyncio.

The work of an engine is computing and writing files, which a loop must not wait for. It is done in one thread of the
engine's own, call by call in the order in which they were made, so nothing here is locked and nothing overtakes.
"""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from convgoals.engine.engine import Change, GoalEngine
from convgoals.engine.intake import Rejection
from convgoals.engine.keeping import PORTION
from convgoals.errors import StoreError
from convgoals.goals import Goal
from convgoals.records import Completion, Fact, Retraction
from convgoals.storage.base import SavedGoal, Store

if TYPE_CHECKING:
    from convgoals.analytics.attribution import Attribution
    from convgoals.analytics.campaigns import CampaignReport
    from convgoals.analytics.compare import Comparison
    from convgoals.analytics.funnel import Funnel
    from convgoals.analytics.report import GoalReport
    from convgoals.engine.diagnostics import Diagnostics
    from convgoals.explain.misses import Misses
    from convgoals.explain.model import Explanation
    from convgoals.standing.standing import Standing

CHUNK = 500
"""How many entries of a history are fetched at a time."""

R = TypeVar("R")


class AsyncGoalEngine:
    """A `GoalEngine` whose methods are awaited; names, arguments, results and errors are the same.

    It is opened by ``async with``, or by the first call. `history` and `ledger` are asynchronous iterators. Callbacks
    (``on_change``, ``on_rejected``) are called in the loop that opened it, after the batch was committed.

    A call that is cancelled before its turn has not happened. One whose turn has come is finished in its thread, and
    counts as a whole, though its result is lost: give the batch again, for the ids of facts make that safe.

    Args and errors are those of `GoalEngine`.
    """

    def __init__(
        self,
        goals: Iterable[Goal] = (),
        *,
        store: str | Store = "memory://",
        schema: Any = None,
        lateness: str | None = None,
        keep: Literal["relevant", "all"] = "relevant",
        keep_properties: Iterable[str] = (),
        on_change: Callable[[Sequence[Change]], None] | None = None,
        on_rejected: Callable[[Rejection], None] | None = None,
    ) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="convgoals")
        self._closed = False
        self._engine: GoalEngine | None = None
        self._open = functools.partial(
            GoalEngine,
            list(goals),
            store=store,
            schema=schema,
            lateness=lateness,
            keep=keep,
            keep_properties=keep_properties,
            on_change=None if on_change is None else self._in_loop(on_change),
            on_rejected=None if on_rejected is None else self._in_loop(on_rejected),
        )

    def _in_loop(self, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        def call(about: Any) -> None:
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(callback, about)

        return call

    async def _call(self, method: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """Call *method* of the engine in the engine's thread."""
        if self._closed:
            raise StoreError("this engine is closed", code="store-closed")
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop

        def work() -> R:
            if self._engine is None:
                self._engine = self._open()
            return method(self._engine, *args, **kwargs)

        return await loop.run_in_executor(self._thread, work)

    # ---- life

    async def __aenter__(self) -> Self:
        await self._call(lambda engine: None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish what has begun and release the store; a closed engine raises `StoreError`."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._close)
        finally:
            self._thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._engine is not None:
            self._engine.close()

    # ---- facts and time

    async def process(
        self,
        facts: Iterable[Fact | Mapping[str, Any]] | AsyncIterable[Fact | Mapping[str, Any]],
        *,
        checkpoint: Mapping[str, int | str] | None = None,
    ) -> list[Change]:
        """As `GoalEngine.process`: one atomic batch; an asynchronous iterable is read to its end first."""
        batch = [fact async for fact in facts] if isinstance(facts, AsyncIterable) else facts
        return await self._call(GoalEngine.process, batch, checkpoint=checkpoint)

    async def advance(self, now: datetime | str) -> list[Change]:
        """As `GoalEngine.advance`."""
        return await self._call(GoalEngine.advance, now)

    @property
    def rejected_count(self) -> int:
        """How many facts came too late since the engine was opened."""
        return 0 if self._engine is None else self._engine.rejected_count

    # ---- goals

    async def add(self, goal: Goal, *, on_progress: Callable[[int], None] | None = None) -> list[Change]:
        """As `GoalEngine.add`; *on_progress* is called in the loop."""
        progress = None if on_progress is None else self._in_loop(on_progress)
        return await self._call(GoalEngine.add, goal, on_progress=progress)

    async def archive(self, name: str) -> None:
        """As `GoalEngine.archive`."""
        await self._call(GoalEngine.archive, name)

    async def rename(self, old: str, new: str) -> None:
        """As `GoalEngine.rename`."""
        await self._call(GoalEngine.rename, old, new)

    async def restore(self, name: str) -> list[Change]:
        """As `GoalEngine.restore`."""
        return await self._call(GoalEngine.restore, name)

    async def goals(self, *, archived: bool = False) -> list[Goal]:
        """As `GoalEngine.goals`."""
        return await self._call(GoalEngine.goals, archived=archived)

    async def saved_goals(self) -> list[SavedGoal]:
        """As `GoalEngine.saved_goals`."""
        return await self._call(GoalEngine.saved_goals)

    # ---- what is kept

    async def backfill(
        self,
        facts: Iterable[Fact | Mapping[str, Any]] | AsyncIterable[Fact | Mapping[str, Any]],
        goals: Iterable[str | Goal],
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> list[Change]:
        """As `GoalEngine.backfill`; an asynchronous iterable is read portion by portion."""
        names, changes, done = list(goals), [], 0
        async for portion in _portions(facts):
            changes += await self._call(GoalEngine.backfill, portion, names)
            done += len(portion)
            if on_progress is not None:
                on_progress(done)
        return changes

    async def vacuum(
        self, before: datetime | str | None = None, *, on_progress: Callable[[int], None] | None = None
    ) -> int:
        """As `GoalEngine.vacuum`; *on_progress* is called in the loop."""
        progress = None if on_progress is None else self._in_loop(on_progress)
        return await self._call(GoalEngine.vacuum, before, on_progress=progress)

    # ---- identity

    async def merge(self, anonymous_id: str, known_id: str) -> list[Change]:
        """As `GoalEngine.merge`."""
        return await self._call(GoalEngine.merge, anonymous_id, known_id)

    async def forget(self, profile_id: str) -> None:
        """As `GoalEngine.forget`."""
        await self._call(GoalEngine.forget, profile_id)

    # ---- questions

    async def history(
        self,
        profile_id: str | None = None,
        goal: str | Goal | None = None,
        as_of: datetime | str | None = None,
        include_retracted: bool = False,
    ) -> AsyncIterator[Completion]:
        """As `GoalEngine.history`: what there was when the first was asked for."""
        found = await self._call(GoalEngine.history, profile_id, goal, as_of, include_retracted)
        async for each in self._each(found):
            yield each

    async def ledger(self) -> AsyncIterator[Completion | Retraction]:
        """As `GoalEngine.ledger`."""
        found = await self._call(GoalEngine.ledger)
        async for each in self._each(found):
            yield each

    async def _each(self, found: Iterator[R]) -> AsyncIterator[R]:
        """What an iterator gives, fetched in the engine's thread."""
        while chunk := await self._call(lambda engine: list(itertools.islice(found, CHUNK))):
            for each in chunk:
                yield each

    async def checkpoint(self) -> dict[str, int | str]:
        """As `GoalEngine.checkpoint`."""
        return await self._call(GoalEngine.checkpoint)

    async def diagnostics(self, *, profiles: int | None = 1_000) -> Diagnostics:
        """As `GoalEngine.diagnostics`."""
        return await self._call(GoalEngine.diagnostics, profiles=profiles)

    async def status(self, goal: str | Goal, profile_id: str, at: datetime | str | None = None) -> Standing:
        """As `GoalEngine.status`."""
        return await self._call(GoalEngine.status, goal, profile_id, at)

    async def explain(self, goal: str | Goal, profile_id: str, at: datetime | str | None = None) -> Explanation:
        """As `GoalEngine.explain`."""
        return await self._call(GoalEngine.explain, goal, profile_id, at)

    async def explain_misses(
        self,
        goal: str | Goal,
        *,
        at: datetime | str | None = None,
        limit: int | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> Misses:
        """As `GoalEngine.explain_misses`; *on_progress* is called in the loop."""
        progress = None if on_progress is None else self._in_loop(on_progress)
        return await self._call(GoalEngine.explain_misses, goal, at=at, limit=limit, on_progress=progress)

    async def report(self, goal: str | Goal, **options: Any) -> GoalReport:
        """As `GoalEngine.report`."""
        return await self._call(GoalEngine.report, goal, **options)

    async def compare(self, goals: Sequence[str | Goal], **options: Any) -> Comparison:
        """As `GoalEngine.compare`."""
        return await self._call(GoalEngine.compare, goals, **options)

    async def funnel(self, goals: Sequence[str | Goal], **options: Any) -> Funnel:
        """As `GoalEngine.funnel`."""
        return await self._call(GoalEngine.funnel, goals, **options)

    async def attribution(self, goal: str | Goal, **options: Any) -> Attribution:
        """As `GoalEngine.attribution`."""
        return await self._call(GoalEngine.attribution, goal, **options)

    async def campaigns(
        self, goal: str | Goal, names: Sequence[str] | str | None = None, **options: Any
    ) -> CampaignReport:
        """As `GoalEngine.campaigns`."""
        return await self._call(GoalEngine.campaigns, goal, names, **options)


async def _portions(facts: Iterable[R] | AsyncIterable[R]) -> AsyncIterator[list[R]]:
    """*facts*, `PORTION` at a time."""
    portion: list[R] = []
    if isinstance(facts, AsyncIterable):
        async for fact in facts:
            portion.append(fact)
            if len(portion) == PORTION:
                yield portion
                portion = []
        if portion:
            yield portion
        return
    waiting = iter(facts)
    while portion := list(itertools.islice(waiting, PORTION)):
        yield portion
