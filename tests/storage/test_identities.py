"""Identities that became others are known at the cost of what changes, and are those that the store knows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from convgoals import Event, Goal, GoalEngine
from convgoals.storage.identities import Identities
from convgoals.storage.memory import MemoryStore

NAMES = tuple("abcdefgh")


class Counting(MemoryStore):
    """Counts how often all its identities are asked for."""

    asked = 0

    def aliases(self) -> dict[str, str]:
        self.asked += 1
        return super().aliases()


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=30))
def test_as_plainly_as_it_can_be_said(steps: list[tuple[bool, str, str]]) -> None:
    """After any merges, and whoever was forgotten, each old name has the one that it is now, and each has its olds."""
    known, expected = Identities(), dict[str, str]()
    for merges, old, new in steps:
        if merges and old != new and not expected.keys() & {old, new}:
            known.merge(old, new)
            expected = {each: new if now == old else now for each, now in expected.items()} | {old: new}
        elif not merges and old not in expected:
            known.forget(old)
            expected = {each: now for each, now in expected.items() if now != old}
        for found in (known, Identities(expected)):
            assert found == expected
            for name in NAMES:
                assert sorted(found.of(name)) == sorted(each for each, now in expected.items() if now == name)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=12))
def test_an_engine_knows_what_its_store_knows(steps: list[tuple[bool, str, str]]) -> None:
    """An engine that merges and forgets knows the identities as its store does, and asks for all of them once."""
    store = Counting()
    with GoalEngine([Goal("g", "event a")], store=store) as engine:
        for number, (merges, one, other) in enumerate(steps):
            engine.process([Event("a", one, "2026-01-01T00:00:00Z", id=f"{number}")])
            if merges:
                engine.merge(one, other)
            else:
                engine.forget(one)
        assert store.asked == 1
        assert engine._aliases == store.aliases()
