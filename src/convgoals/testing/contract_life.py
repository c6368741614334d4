"""The laws of a store's life: closing, opening again, renaming, care; a part of `StoreContract`."""

# ruff: noqa: S101  assert is how tests speak

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest

from convgoals.errors import ConvgoalsError, StoreError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Retraction
from convgoals.storage.base import Batch, SavedGoal, Store
from convgoals.storage.passages import Stages
from convgoals.storage.summary import Question
from convgoals.testing.store_samples import completion, event, everything, kept, recorded

_ARGUMENTS: Mapping[str, tuple[object, ...]] = {
    "load": (["p"],), "due": (0,), "commit": (Batch(),), "forget": ("p",), "recipients": ("m",), "recorded": ("p",),
    "dropped_receipts": (["p"],), "rename": ("g", "n"), "summaries": ([Question("g")],), "profiles_at": (0, ["p"]),
    "passages": (Stages((("g", None),)),),
}  # fmt: skip
"""What the methods of a store are called with, if with anything."""


class LifeLaws:
    """A test for each law about the life of a store; fixtures are those of `StoreContract`."""

    # ---- life

    def test_closed(self, store: Store) -> None:
        """A closed store raises `StoreError` on every use, and may be closed again."""
        store.close()
        store.close()
        for name in sorted(name for name in dir(Store) if name[0] != "_" and name != "close"):
            with pytest.raises(StoreError) as caught:  # noqa: PT012  a block is used by entering it
                answer = getattr(store, name)(*_ARGUMENTS.get(name, ()))
                if isinstance(answer, AbstractContextManager):
                    answer.__enter__()
            assert caught.value.code == "store-closed", name

    def test_reopened(self, store: Store, reopen: Callable[[], Store]) -> None:
        """What was committed is there when the store is opened again, and goes on from there."""
        receipt = CampaignReceipt("m", "q", to_datetime(1), id="1")
        store.commit(
            Batch(
                profiles={"p": kept(event(x=Decimal("1.0")), wake=5), "q": kept(receipt)},
                entries=(completion(), completion("q", 1)), reached=7, positions={"s": 3}, merged=(("a", "p"),),
                goals=(SavedGoal(Goal("g", "event a"), 2),),
            )
        )  # fmt: skip
        before = everything(store, "p", "q")
        store = reopen()
        assert everything(store, "p", "q") == before
        store.commit(recorded(Retraction(completion(), to_datetime(9))))
        store.commit(Batch(profiles={"p": kept(event(), event(fact_id="2", instant=2))}))
        store = reopen()
        assert [fact.id for fact in store.load(["p"])["p"].facts] == ["1", "2"]
        store.forget("q")
        store = reopen()
        assert list(store.profile_ids()) == ["p"]
        assert not [*store.receipts(), *store.history()]

    def test_refused_batch_leaves_the_store_usable(self, store: Store) -> None:
        """After a batch was refused, the next one is taken as if the refused one had never been."""
        with pytest.raises(ConvgoalsError):
            store.commit(Batch(profiles={"p": kept(event())}, entries=(Retraction(completion("p"), to_datetime(1)),)))
        assert store.load(["p"]) == {}
        store.commit(Batch(profiles={"p": kept(event(x=2))}, entries=(completion(),)))
        assert store.load(["p"])["p"].facts == (event(x=2),)
        assert list(store.history(profile_id="p")) == [completion()]

    def test_renamed_goal(self, store: Store) -> None:
        """A goal that is renamed keeps its place, its version and its history; a name that was ever used is refused."""
        self._rename(store)
        _assert_renamed(store)
        store.commit(Batch(entries=(completion(goal="said"),)))
        for old, new in (("g", "x"), ("h", "n"), ("n", "h"), ("h", "said")):
            with pytest.raises(StoreError) as refused:
                store.rename(old, new)
            assert refused.value.code == "rename"
        done = completion(goal="n")
        store.commit(Batch(entries=(done,)))
        store.commit(Batch(entries=(Retraction(done, to_datetime(9)),)))
        assert list(store.history("n")) == []

    def test_renamed_goal_is_durable(self, store: Store, reopen: Callable[[], Store]) -> None:
        """What was renamed is so when the store is opened again."""
        self._rename(store)
        _assert_renamed(reopen())

    @staticmethod
    def _rename(store: Store) -> None:
        goals = (SavedGoal(Goal("g", "event a"), 2, archived=True), SavedGoal(Goal("h", "event b")))
        store.commit(Batch(profiles={"p": kept(event())}, entries=(completion(),), goals=goals))
        store.commit(Batch(entries=(Retraction(completion(), to_datetime(8)),)))
        store.rename("g", "n")

    # ---- care

    def test_info(self, store: Store) -> None:
        """A store says what it is, and how many completions and retractions its ledger holds."""
        store.commit(recorded(completion(), completion("q"), completion("r")))
        store.commit(recorded(Retraction(completion(), to_datetime(1))))
        info = store.info()
        assert (info.completions, info.retractions) == (3, 1)
        assert info.kind
        assert info.schema >= 0
        assert all(size >= 0 for size in info.sizes.values())
        store.forget("p")
        assert (store.info().completions, store.info().retractions) == (2, 0)

    def test_compact(self, store: Store) -> None:
        """Giving back space changes nothing that the store says, nor that it goes on."""
        names = [f"p{number}" for number in range(50)]
        store.commit(Batch(profiles={name: kept(event(name, x="x" * 5_000), wake=1) for name in names}))
        store.commit(recorded(*(completion(name) for name in names)))
        for name in names[10:]:
            store.forget(name)
        before = everything(store, *names)
        generation = store.generation()
        store.compact()
        assert everything(store, *names) == before
        assert store.generation() == generation
        store.commit(recorded(completion("p50")))
        assert store.profile_count() == 11
        assert list(store.damage()) == []


def _assert_renamed(store: Store) -> None:
    """Goal ``g`` is called ``n`` everywhere."""
    assert [(each.goal.name, each.version, each.archived) for each in store.goals()] == [
        ("n", 2, True),
        ("h", 1, False),
    ]
    assert [entry.goal for entry in store.entries()] == ["n", "n"]
    assert [found.goal for found in store.history("n", include_retracted=True)] == ["n"]
    assert list(store.history("g", include_retracted=True)) == []
