"""Two engines on one file: whoever writes second rests on what the first has written."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convgoals import Completion, Event, Goal, GoalEngine
from convgoals.errors import StoreBusyError
from convgoals.storage.base import Batch
from convgoals.storage.sqlite import SQLiteStore

START = datetime(2026, 1, 1, tzinfo=UTC)
GOAL = Goal("Loyal", "count(event purchase) >= 3", count="every")


def purchase(number: int, profile_id: str = "p") -> Event:
    return Event("purchase", profile_id, START + timedelta(hours=number), id=f"e{number}")


def by_one(events: Sequence[Event]) -> list[tuple[str, datetime]]:
    with GoalEngine([GOAL]) as engine:
        engine.process(events)
        return [(each.profile_id, each.achieved_at) for each in engine.history()]


@pytest.mark.parametrize("seed", range(4))
def test_two_engines_meet_on_one_profile(tmp_path: Path, seed: int) -> None:
    """Threads with an engine each, on one profile of one file, leave what one engine would have: nothing is lost."""
    url = f"sqlite:///{tmp_path / 'goals.db'}"
    events = [purchase(number) for number in range(60)]
    shares = [events[0::2], events[1::2]]
    failures: list[BaseException] = []

    def feed(share: list[Event]) -> None:
        try:
            with GoalEngine([GOAL], store=url) as engine:
                for start in range(0, len(share), 1 + seed):
                    engine.process(share[start : start + 1 + seed])
        except BaseException as error:  # noqa: BLE001  shown below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=feed, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with GoalEngine(store=url) as engine:
        assert [(each.profile_id, each.achieved_at) for each in engine.history()] == by_one(events)


def test_nobody_writes_in_between(tmp_path: Path) -> None:
    """In a block of ``writing``, another writer waits its time and is then told that the store is busy."""
    path = tmp_path / "goals.db"
    one, other = SQLiteStore(path), SQLiteStore(path, busy_timeout=0.05)
    with one.writing():
        assert one.profile_count() == 0
        with pytest.raises(StoreBusyError), other.writing():
            pytest.fail("the block was entered")
        assert other.profile_count() == 0  # readers do not wait
    with other.writing():
        assert other.profile_count() == 0
    one.close()
    other.close()


def test_goals_are_compiled_once(tmp_path: Path) -> None:
    """What another writes about profiles has them read again, but no goal parsed, nor compiled, nor diagnosed anew."""
    url = f"sqlite:///{tmp_path / 'goals.db'}"
    with GoalEngine([GOAL], store=url) as one, GoalEngine(store=url) as other:
        one.process([Event("purchase", "p", START, {"x": 1}, "e0"), Event("unheard", "p", START, {}, "u")])
        plans, seen = one._plans, one._diagnostics
        other.process([purchase(1)])
        assert [each.profile_id for each in one.process([purchase(2)])] == ["p"]
        assert (one._plans, one._diagnostics) == (plans, seen)
        assert one.goals()[0] is other.goals()[0]
        other.add(Goal("New", "event purchase"))
        assert [each.goal for each in one.process([purchase(3, "q")])] == ["New"]
        assert one._plans is not plans


@pytest.mark.parametrize("goals", [[], [GOAL]])
def test_whoever_only_reads_opens_while_another_writes(tmp_path: Path, goals: list[Goal]) -> None:
    """An engine that saves no goal that is new opens, reads and reports while another writes: it waits for nobody."""
    path = tmp_path / "goals.db"
    with GoalEngine([GOAL], store=f"sqlite:///{path}") as engine:
        engine.process(map(purchase, range(4)))
    with closing(SQLiteStore(path)) as one, one.writing():
        one.commit(Batch(positions={"s": 1}))
        with GoalEngine(goals, store=SQLiteStore(path, busy_timeout=0)) as reader:
            assert reader.report(GOAL.name).completions == len(list(reader.history())) == 2
            assert len(reader.explain(GOAL.name, "p").completed_at) == 2
            for writing in (reader.checkpoint, lambda: reader.add(Goal("New", "event purchase"))):
                with pytest.raises(StoreBusyError):
                    writing()
        with pytest.raises(StoreBusyError):
            GoalEngine([GOAL, Goal("New", "event purchase")], store=SQLiteStore(path, busy_timeout=0))


def test_a_second_writer_waits_its_time(tmp_path: Path) -> None:
    """A second writer waits for the first as long as it may: then it goes on, or is told that the store is busy."""
    path = tmp_path / "goals.db"
    one, patient, hasty = SQLiteStore(path), SQLiteStore(path, busy_timeout=30), SQLiteStore(path, busy_timeout=0.3)
    entered, waited = threading.Event(), []

    def write() -> None:
        entered.wait(10)
        begun = time.monotonic()
        patient.commit(Batch(positions={"patient": 1}))
        waited.append(time.monotonic() - begun)

    writer = threading.Thread(target=write)
    writer.start()
    with one.writing():
        entered.set()
        begun = time.monotonic()
        with pytest.raises(StoreBusyError):
            hasty.commit(Batch(positions={"hasty": 1}))
        assert time.monotonic() - begun > 0.25
        one.commit(Batch(positions={"one": 1}))
        assert not waited
    writer.join(30)
    assert waited[0] > 0.25
    assert hasty.positions() == {"one": 1, "patient": 1}
    for store in (one, patient, hasty):
        store.close()


def test_what_cannot_be_made_durable_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the commit itself fails, the engine stands where the store does, and can go on."""
    seen: list[object] = []
    store = SQLiteStore(tmp_path / "goals.db")
    with GoalEngine([GOAL], store=store, on_change=seen.extend) as engine:
        engine.process([purchase(1), purchase(2)])
        connection = store._database._connection

        class Failing:
            def __init__(self) -> None:
                self.left = 1

            def __getattr__(self, name: str) -> object:
                return getattr(connection, name)

            def execute(self, text: str, *values: Any) -> object:
                if text == "COMMIT" and self.left:
                    self.left = 0
                    raise KeyboardInterrupt
                return connection.execute(text, *values)

        monkeypatch.setattr(store._database, "_connection", Failing())
        with pytest.raises(KeyboardInterrupt):
            engine.process([purchase(3), purchase(4, "q")])
        assert seen == []
        assert list(engine.history()) == []
        changes = engine.process([purchase(3), purchase(4, "q")])
        assert [each.achieved_at for each in changes] == [purchase(3).timestamp]
        assert seen == changes
        assert all(isinstance(each, Completion) for each in changes)
