"""What is kept at hand stays below its bytes, however large single entries are or become."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest

from convgoals import Event, Goal, GoalEngine
from convgoals.engine import engine as engine_module
from convgoals.instants import to_datetime
from convgoals.storage.bounded import Bound, weight_of


@pytest.mark.parametrize("each", [1, 7, 1_000])
def test_bytes(each: int) -> None:
    """Entries beyond the bytes are dropped, the oldest first, and not many more than must be."""
    bound, entries = Bound(1_000_000, 10**9, len), dict[str, bytes]()
    dropped = 0
    for number in range(5_000):
        entries[f"{number:04}"] = bytes(2_000)
        if number % each == each - 1:
            dropped += bound.hold(entries)
            assert sum(map(len, entries.values())) <= 1_020_000
    assert dropped
    assert len(entries) > 400
    assert list(entries) == [f"{number:04}" for number in range(5_000 - len(entries), 5_000)]


def test_number() -> None:
    """However small entries are, there are no more than there may be."""
    bound, entries = Bound(10**9, 10, weight_of), dict[str, int]()
    for number in range(100):
        entries[str(number)] = number
        bound.hold(entries)
        assert len(entries) <= 10
    assert "99" in entries


def test_entries_that_grow() -> None:
    """Entries that grow where they are, without others coming, are noticed too."""
    bound, entries = Bound(1_000_000, 10**9, weight_of), {str(number): [0] for number in range(1_000)}
    assert not bound.hold(entries)
    for each in entries.values():
        each.extend(range(1_000, 1_200))
    assert any(bound.hold(entries) for _ in range(300))
    assert sum(map(weight_of, entries.values())) < 1_000_000


def test_weight() -> None:
    """A thing weighs what it and all that it holds weigh, through containers and slots, and endless ones end."""
    text = "x" * 1_000
    assert weight_of(text) == sys.getsizeof(text)
    assert weight_of({text: [text, (text, {text})]}) > 4_000
    event = Event("a", "p", to_datetime(0), {"x": text}, "1")
    assert 1_000 < weight_of(event) < 4_000
    assert weight_of([event, text], (Event,)) < 1_300
    endless: list[object] = []
    endless.append(endless)
    assert weight_of(endless) > 0


def test_records_do_not_weigh_what_they_share() -> None:
    """A profile that was given history of its own knows its plan, which is everybody's and is not weighed with it."""
    with GoalEngine([Goal(f"g{number}", f"event a{number} and event b") for number in range(50)]) as engine:
        engine.process([Event("b", "p", to_datetime(0), id="1")])
        engine.backfill([Event("a1", "p", to_datetime(1), id="2")], ["g1"])
        engine.process([Event("b", "p", to_datetime(5), id="3")])
        assert len(engine._records) == 1
        weigh = engine._bound._weigh
        assert 500 < weigh(engine._records["p"]) < 30_000


def test_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that may keep little at hand says the same as one that may keep all, and does keep little."""
    goals = [Goal("g", "count(event a) >= 3"), Goal("h", "event a within 5 days of first event b", count="every")]
    facts = [
        Event("ab"[number % 2], f"p{number * 7 % 90}", to_datetime(0) + timedelta(hours=number), id=str(number))
        for number in range(900)
    ]
    with GoalEngine(goals, store="sqlite://") as much:
        monkeypatch.setattr(engine_module, "CACHED_BYTES", 20_000)
        with GoalEngine(goals, store="sqlite://") as little:
            for start in range(0, len(facts), 30):
                assert little.process(facts[start : start + 30]) == much.process(facts[start : start + 30])
                assert len(little._records) < 40
        assert len(much._records) == 90
