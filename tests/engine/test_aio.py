"""The engine for asyncio hosts: the same names and answers, awaited."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from convgoals import AsyncGoalEngine, Event, Goal, GoalEngine, StoreError
from convgoals.storage.memory import MemoryStore

BUY = Goal("Buy", "event buy", count="every")


def buy(number: int, whom: str = "ann") -> Event:
    return Event("buy", whom, f"2026-01-{number:02}T00:00:00Z", id=f"b{number}")


def public(kind: type[Any]) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_the_names_are_the_same() -> None:
    """Whatever an engine can do, the other can, with arguments of the same names."""
    assert public(AsyncGoalEngine) - {"rejected_count"} == public(GoalEngine)
    for name in public(GoalEngine):
        mine, theirs = (inspect.signature(getattr(kind, name)).parameters for kind in (AsyncGoalEngine, GoalEngine))
        assert [(each.name, each.kind, each.default) for each in mine.values()] == [
            (each.name, each.kind, each.default) for each in theirs.values()
        ]


def test_a_story() -> None:
    """Facts go in and answers come out as from the other engine; an asynchronous iterable is one batch."""

    async def stream() -> AsyncIterator[Event]:
        for number in (1, 2, 3):
            await asyncio.sleep(0)
            yield buy(number)

    async def story() -> None:
        heard: list[tuple[int, threading.Thread]] = []
        rejected: list[Any] = []
        async with AsyncGoalEngine(
            [BUY],
            lateness="30 days",
            on_change=lambda changes: heard.append((len(changes), threading.current_thread())),
            on_rejected=rejected.append,
        ) as engine:
            assert len(await engine.process(stream(), checkpoint={"file": 3})) == 3
            assert await engine.checkpoint() == {"file": 3}
            assert [each.trigger_id async for each in engine.history("ann", BUY)] == ["b1", "b2", "b3"]
            assert len([each async for each in engine.ledger()]) == 3
            assert await engine.advance("2026-02-20T00:00:00Z") == []
            await engine.process(
                [Event("buy", "ann", "2026-02-21T00:00:00Z"), Event("buy", "ann", "2025-01-01T00:00:00Z")]
            )
            await asyncio.sleep(0)
            assert heard == [(3, threading.current_thread()), (1, threading.current_thread())]
            assert (engine.rejected_count, len(rejected)) == (1, 1)
            assert await engine.merge("cookie", "ann") == []
            progress: list[int] = []
            assert len(await engine.add(Goal("First", "event buy"), on_progress=progress.append)) == 1
            await engine.archive("First")
            assert len(await engine.goals()) == 1
            await engine.restore("First")
            assert [saved.archived for saved in await engine.saved_goals()] == [False, False]
            assert (await engine.status("First", "ann")).state == "converted"
            assert (await engine.explain("First", "ann")).holds
            assert (await engine.explain_misses("First", on_progress=progress.append)).profiles == 1
            assert not (await engine.diagnostics()).unheard
            assert (await engine.report("Buy")).figures.completions == 4
            assert await engine.compare(["Buy", "First"])
            assert await engine.funnel(["Buy", "First"])
            assert await engine.attribution("Buy")
            await engine.forget("ann")
            assert [each async for each in engine.history()] == []
            await asyncio.sleep(0)
            assert progress == [1, 1]
        with pytest.raises(StoreError, match="closed"):
            await engine.goals()
        await engine.close()

    asyncio.run(story())


def test_many_tasks_at_once(tmp_path: Path) -> None:
    """Batches of many tasks are each taken whole, one after the other."""

    async def story() -> None:
        async with AsyncGoalEngine([BUY], store=f"sqlite:///{tmp_path}/goals.db") as engine:
            taken = await asyncio.gather(*(engine.process([buy(n, "ann"), buy(n, "ben")]) for n in range(1, 29)))
            assert [len(changes) for changes in taken] == [2] * 28
        async with AsyncGoalEngine(store=f"sqlite:///{tmp_path}/goals.db") as engine:
            assert len([each async for each in engine.history()]) == 56

    asyncio.run(story())


class SlowStore(MemoryStore):
    """A store whose commits wait until they may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.may.set()
        self.waiting = threading.Event()

    def commit(self, batch: Any) -> None:
        self.waiting.set()
        assert self.may.wait(10)
        super().commit(batch)


def test_cancelling() -> None:
    """A batch that is cancelled while it is taken counts as a whole; one that waits for its turn does not."""

    async def story() -> None:
        store = SlowStore()
        async with AsyncGoalEngine([BUY], store=store) as engine:
            store.may.clear()
            store.waiting.clear()
            running = asyncio.create_task(engine.process([buy(1), buy(2)]))
            waiting = asyncio.create_task(engine.process([buy(3), buy(4)]))
            await asyncio.to_thread(store.waiting.wait, 10)
            running.cancel()
            waiting.cancel()
            for task in (running, waiting):
                with pytest.raises(asyncio.CancelledError):
                    await task
            store.may.set()
            assert [each.trigger_id async for each in engine.history()] == ["b1", "b2"]
            assert [change.trigger_id for change in await engine.process([buy(2), buy(3)])] == ["b3"]

    asyncio.run(story())


def test_a_failing_batch_changes_nothing() -> None:
    """What is no fact raises what the other engine raises, and nothing of the batch counts."""

    async def story() -> None:
        engine = AsyncGoalEngine([BUY])
        assert engine.rejected_count == 0
        with pytest.raises(ValueError, match="no fact"):
            await engine.process([buy(1), 7])  # type: ignore[list-item]
        assert [each async for each in engine.history()] == []
        await engine.close()

    asyncio.run(story())


def test_never_opened() -> None:
    """An engine that was never used can be closed."""

    async def story() -> None:
        await AsyncGoalEngine([BUY]).close()

    asyncio.run(story())


def test_keeping() -> None:
    """History is given from a stream, portion by portion; what is final is dropped, with progress told in the loop."""

    async def stream() -> AsyncIterator[Event]:
        for number in range(2_500):
            yield Event("buy", f"p{number % 7}", "2026-01-01T00:00:00Z", id=f"g{number}")

    async def story() -> None:
        given: list[int] = []
        passed: list[int] = []
        async with AsyncGoalEngine([BUY], lateness="1 day") as engine:
            await engine.process([buy(9)])
            changes = await engine.backfill(stream(), [BUY], on_progress=given.append)
            assert (len(changes), given) == (2_500, [1_000, 2_000, 2_500])
            assert await engine.backfill([buy(2)], ["Buy"]) != []
            assert await engine.vacuum(on_progress=passed.append) > 0
            await asyncio.sleep(0)
            assert passed == [8]

    asyncio.run(story())
