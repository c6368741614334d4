"""The laws of blocks of writing, and of what other writers change meanwhile: a part of `StoreContract`."""

# ruff: noqa: S101  assert is how tests speak

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from convgoals.errors import StoreBusyError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import Retraction
from convgoals.storage.base import NOBODY, Batch, SavedGoal, Store
from convgoals.testing.store_samples import completion, event, everything, kept, recorded

Act = Callable[[Store], object]

_ROUNDS = 12
"""How often each of two writers has its turn."""


def _in_a_block(act: Act) -> Act:
    def acted(store: Store) -> None:
        with store.writing():
            act(store)

    return acted


_OF_PROFILES: Mapping[str, Act] = {
    "fact": lambda store: store.commit(Batch(profiles={"p": kept(event(fact_id="2"))})),
    "standing": lambda store: store.commit(Batch(profiles={"p": kept(until=8, wake=9)})),
    "completion": lambda store: store.commit(Batch(entries=(completion("p", 3),))),
    "retraction": lambda store: store.commit(recorded(Retraction(completion(), to_datetime(9)))),
    "drop": lambda store: store.commit(Batch(profiles={"p": kept(dropped=["1"])})),
    "block": _in_a_block(lambda store: store.commit(Batch(profiles={"p": kept(until=5)}))),
    "merge": lambda store: store.commit(Batch(profiles={"p": kept()}, merged=(("q", "p"),))),
    "forget": lambda store: store.forget("p"),
}
"""What may be done to the profile ``p``."""

_OF_ALL: Mapping[str, Act] = {
    "goal": lambda store: store.commit(Batch(goals=(SavedGoal(Goal("h", "event b")),))),
    "rename": lambda store: store.rename("g", "n"),
    "merge": lambda store: store.commit(Batch(merged=(("x", "y"),))),
    "forget": lambda store: store.forget("q"),
    "block": _in_a_block(lambda store: store.commit(Batch(positions={"s": 1}))),
}
"""What belongs to no one profile, or is done where everything is held."""


def _begin(store: Store) -> None:
    """Have a goal, and the profiles ``p`` and ``q``."""
    goals = (SavedGoal(Goal("g", "event a")),)
    store.commit(Batch(profiles={"p": kept(event()), "q": kept(event("q"))}, entries=(completion(),), goals=goals))


class WritingLaws:
    """Tests that take a store as the fixture ``store``, and as ``other`` the same one, opened by another writer."""

    def test_generation(self, store: Store) -> None:
        """The generation stays the same as long as nobody else commits."""
        _begin(store)
        before = store.generation()
        store.commit(Batch(profiles={"p": kept(event(fact_id="2"))}, positions={"s": 1}))
        for act in _OF_ALL.values():
            act(store)
        assert store.generation() == before

    def test_writing(self, store: Store) -> None:
        """What is committed in a block of writing is read in it, and stays; after one that raises, all goes on."""
        with store.writing(["p"]):
            assert store.load(["p"]) == {}
            store.commit(Batch(profiles={"p": kept(event())}, entries=(completion(),)))
            assert store.load(["p"])["p"].facts == (event(),)
        assert list(store.history(profile_id="p")) == [completion()]
        with pytest.raises(LookupError), store.writing():
            raise LookupError
        with store.writing():
            store.commit(Batch(positions={"s": 1}))
        assert store.positions() == {"s": 1}
        assert store.load(["p"])["p"].facts == (event(),)

    def test_writing_is_durable(self, store: Store, reopen: Callable[[], Store]) -> None:
        """What was committed in a block of writing is there when the store is opened again."""
        with store.writing(["p"]):
            store.commit(Batch(profiles={"p": kept(event())}, entries=(completion(),), positions={"s": 1}))
        before = everything(store, "p")
        assert everything(reopen(), "p") == before

    def test_writing_that_raises(self, store: Store) -> None:
        """Of what was committed in a block that raises afterwards, all stays or nothing."""
        _begin(store)
        states = [everything(store, "p", "r")]

        def write_and_fail() -> None:
            with store.writing(["p", "r"]):
                store.commit(Batch(profiles={"p": kept(event(fact_id="2")), "r": kept()}, entries=(completion("r"),)))
                states.append(everything(store, "p", "r"))
                raise LookupError

        with pytest.raises(LookupError):
            write_and_fail()
        assert everything(store, "p", "r") in states
        store.commit(recorded(completion("s")))
        assert store.load(["s"]).keys() == {"s"}

    # ---- revisions

    def test_revisions(self, store: Store) -> None:
        """Whatever changes a profile gives it a revision that it never had; where blocks give none, it is always 0."""
        _begin(store)
        had: set[int] = set()
        for act in [*_OF_PROFILES.values(), _begin, _in_a_block(lambda store: store.forget("p")), _begin]:
            before = store.load(["p"])
            act(store)
            now = {name: stored.revision for name, stored in store.load(["p", "nobody"]).items()}
            for names in (["p", "nobody", "\ud800"], None):
                with store.writing(names) as held:
                    if held is None:
                        assert set(now.values()) <= {0}
                        continue
                    assert dict(held.revisions(["p", "nobody", "\ud800"])) == now
                    assert before.get("p", NOBODY).revision != now.get("p", 0)
                    assert not had & set(now.values())
            had.update(now.values())

    def test_next_revision(self, store: Store) -> None:
        """In its block and afterwards, what a batch changes has the revision that the block said to be the next."""
        _begin(store)
        changes = (Batch(profiles={"p": kept(), "r": kept()}), Batch(entries=(completion("p"), completion("q"))))
        for batch in changes:
            names = {*batch.profiles, *(entry.profile_id for entry in batch.entries)}
            for whose in (names, None):
                with store.writing(whose) as held:
                    if held is None:
                        pytest.skip("blocks give no revisions here")
                    said = held.next
                    store.commit(batch)
                    assert set(held.revisions(names).values()) == {said}
                assert {stored.revision for stored in store.load(names).values()} == {said}

    # ---- other writers

    @pytest.mark.parametrize("what", _OF_PROFILES)
    def test_a_changed_profile_is_noticed(self, store: Store, other: Store, what: str) -> None:
        """What another writer does to a profile shows in its revision or, where blocks give none, in the generation."""
        _begin(store)
        known, generation = store.load(["p"])["p"], store.generation()
        _OF_PROFILES[what](other)
        with store.writing(["p"]) as held:
            changed = held is not None and held.revisions(["p"]).get("p", 0) != known.revision
            assert changed or store.generation() != generation
        settled = store.generation()
        assert store.generation() == settled

    @pytest.mark.parametrize("what", _OF_ALL)
    def test_another_generation(self, store: Store, other: Store, what: str) -> None:
        """The generation tells what another writer does to goals and identities, or where it holds everything."""
        _begin(store)
        before = store.generation()
        _OF_ALL[what](other)
        assert store.generation() != before

    @pytest.mark.parametrize("whose", [("p",), None])
    def test_writers_take_turns(self, store: Store, other: Store, whose: tuple[str, ...] | None) -> None:
        """Of two writers that commit what they make of what they read, none writes over the other."""

        def count_up(mine: Store) -> None:
            turns = tries = 0
            while turns < _ROUNDS:
                tries += 1
                assert tries < 1_000, "it is busy again and again"
                try:
                    with mine.writing(whose):
                        number = len(mine.load(["p"]).get("p", NOBODY).facts)
                        mine.commit(Batch(profiles={"p": kept(event(fact_id=f"{number:02}", instant=number))}))
                    turns += 1
                except StoreBusyError:  # it waited as long as it does, and nothing has happened
                    continue

        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(count_up, each) for each in (store, other)]:
                done.result()
        assert [fact.id for fact in store.load(["p"])["p"].facts] == [f"{n:02}" for n in range(2 * _ROUNDS)]

    @pytest.mark.parametrize("what", _OF_ALL)
    def test_what_holds_in_a_block(self, store: Store, other: Store, what: str) -> None:
        """While a block holds one profile, no other writer changes goals, identities or all of the store."""
        _begin(store)
        before, generation = everything(store, "p", "q"), store.generation()
        with ThreadPoolExecutor(1) as thread:
            with store.writing(["p"]):
                assert store.generation() == generation
                acting = thread.submit(_OF_ALL[what], other)
                wait([acting], timeout=0.05)
                assert everything(store, "p", "q") == before
                assert store.generation() == generation
            try:
                acting.result()
            except StoreBusyError:  # it may wait for less than that
                _OF_ALL[what](other)
        assert store.generation() != generation

    def test_readers_wait_for_nobody(self, store: Store, other: Store) -> None:
        """While a writer has a block open, others read what there was before it, or what is committed in it."""
        _begin(store)
        before = everything(store, "p")
        with store.writing():
            assert everything(other, "p") == before
            store.commit(Batch(profiles={"p": kept(event(fact_id="2"))}, entries=(completion("p", 3),)))
            assert everything(other, "p") in (before, everything(store, "p"))
        assert everything(other, "p") == everything(store, "p")

    def test_writers_wait_for_no_reader(self, store: Store, other: Store) -> None:
        """An iterator that another has begun hinders no commit, no erasing and no giving back of space."""
        names = [f"p{number:04}" for number in range(2_500)]
        store.commit(recorded(*(completion(name, achieved) for achieved, name in enumerate(names))))
        iterators = [other.profile_ids(), other.history(), other.completions("g"), other.entries()]
        for iterator in iterators:
            next(iterator)
        store.commit(recorded(completion("r", 9)))
        store.forget(names[-1])
        store.compact()
        assert [len(list(iterator)) >= 2_498 for iterator in iterators] == [True] * 4
