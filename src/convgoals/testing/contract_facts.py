"""The laws of a store about what profiles are, states, dropped facts and scopes: a part of `StoreContract`."""

# ruff: noqa: S101  assert is how tests speak

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from convgoals.errors import StoreError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate
from convgoals.storage.base import NO_STATE, Batch, SavedGoal, SavedState, Store, StoredProfile
from convgoals.testing.store_samples import NOT_A_CHARACTER, completion, event, everything, kept, recorded


class FactLaws:
    """A test for each law about what profiles are and what is kept of them; fixtures are those of `StoreContract`."""

    # ---- what profiles are

    def test_profiles_at(self, store: Store) -> None:
        """What a profile is at an instant, its snapshots and updates say, each kept once and in their order."""
        first = ProfileSnapshot("p", to_datetime(3), {"a": 1, "b": None, "c": Decimal("1.50")}, ("y", "x"), id="1")
        double = ProfileSnapshot("p", to_datetime(3), {"a": 9}, id="1")
        later: list[Fact] = [
            ProfileUpdate("p", to_datetime(7), {"a": None, "b": "\0"}, ("z",), id="3"),
            ProfileUpdate("p", to_datetime(7), {"a": 2}, id="2"),
            ProfileSnapshot("p", to_datetime(9), id="4"),
        ]
        scoped = {"one": [ProfileUpdate("p", to_datetime(4), {"a": 5}, id="5")]}
        store.commit(Batch(profiles={"p": kept(first, event(fact_id="6"), scoped=scoped), "q": kept()}))
        store.commit(Batch(profiles={"p": kept(double, *later)}))

        def at(instant: int) -> dict[str, tuple[object, ...]]:
            found = store.profiles_at(instant, iter(["q", "nobody", "p", NOT_A_CHARACTER]))
            return {each.profile_id: (each.properties, each.segments) for each in found}

        assert at(2) == {"p": ({}, ()), "q": ({}, ())}
        assert at(3)["p"] == at(6)["p"] == (first.properties, ("x", "y"))
        assert at(7)["p"] == ({"b": "\0", "c": Decimal("1.50")}, ("z",))
        assert at(9)["p"] == ({}, ())
        assert list(store.profiles_at(9, [])) == []

    # ---- states

    def test_state(self, store: Store) -> None:
        """A state comes back as it was saved, stays until it is replaced, and can be removed."""
        text = '{"\u00fc": "\\n"}' * 10_000
        store.commit(Batch(profiles={"p": kept(event(), state=SavedState(-(2**50), text)), "q": kept()}))
        store.commit(Batch(profiles={"p": kept(event(fact_id="2", instant=7), until=9)}))
        assert store.load(["p"])["p"].state == SavedState(-(2**50), text)
        assert store.load(["q"])["q"].state is None
        store.commit(Batch(profiles={"p": kept(state=SavedState(7, "x")), "q": kept(state=NO_STATE)}))
        assert store.load(["p", "q"])["p"].state == SavedState(7, "x")
        store.commit(Batch(profiles={"p": kept(state=NO_STATE)}))
        assert store.load(["p"]) == {"p": StoredProfile((event(), event(fact_id="2", instant=7)), 0)}

    def test_state_is_durable(self, store: Store, reopen: Callable[[], Store]) -> None:
        """States, scopes and what was dropped are so when the store is opened again."""
        receipt = CampaignReceipt("m", "p", to_datetime(1), id="r")
        goals = (SavedGoal(Goal("g", "event a"), scopes=("one", "\u00fc")),)
        store.commit(Batch(profiles={"p": kept(event(), receipt, scoped={"one": [event()]})}, goals=goals))
        store.commit(Batch(profiles={"p": kept(state=SavedState(5, "x"), dropped=["r"])}))
        before = everything(store, "p")
        store = reopen()
        assert everything(store, "p") == before
        assert store.goals() == list(goals)
        assert list(store.receipts()) == [("p", 1, "m", None)]

    def test_load_after(self, store: Store) -> None:
        """``after`` leaves out the facts at or before an instant, in whatever batch they came."""
        for instant in (5, 9, 7, 6, 8):
            store.commit(Batch(profiles={"p": kept(event(fact_id=f"{instant}", instant=instant))}))
        assert [fact.id for fact in store.load(["p"], after=6)["p"].facts] == ["7", "8", "9"]
        assert [fact.id for fact in store.load(["p"], after=6, until=8)["p"].facts] == ["7", "8"]
        assert [fact.id for fact in store.load(["p"], until=6)["p"].facts] == ["5", "6"]
        assert store.load(["p", "nobody"], after=9) == {"p": StoredProfile((), 0)}

    def test_resume(self, store: Store) -> None:
        """``resume`` leaves out the facts that a state covers, of each profile those of its own."""
        facts = {name: [event(name, fact_id=f"{at}", instant=at) for at in range(9)] for name in "pqr"}
        store.commit(Batch(profiles={name: kept(*each, scoped={"one": each}) for name, each in facts.items()}))
        store.commit(Batch(profiles={"p": kept(state=SavedState(6, "x")), "q": kept(state=SavedState(8, "y"))}))
        loaded = store.load("pqr", resume=True)
        assert {name: len(stored.facts) for name, stored in loaded.items()} == {"p": 2, "q": 0, "r": 9}
        assert {name: dict(stored.scoped) for name, stored in loaded.items()} == {
            "p": {"one": tuple(facts["p"][7:])}, "q": {}, "r": {"one": tuple(facts["r"])},
        }  # fmt: skip
        assert len(store.load(["p"])["p"].facts) == 9

    def test_long_logs(self, store: Store) -> None:
        """However facts came, and whenever states were saved, a long log is whole and in order."""
        order = [(number * 389) % 1_000 for number in range(1_000)]
        for start in range(0, 1_000, 7):
            facts = [event(fact_id=f"{at:03}", instant=at) for at in order[start : start + 7]]
            again = [event(fact_id=f"{at:03}", instant=at, x=1) for at in order[start - 3 : start]]
            state = SavedState(start, "x") if start % 3 == 0 else None
            store.commit(Batch(profiles={"p": kept(*facts, *again, state=state)}))
            if start % 5 == 0:
                found = store.load(["p"])["p"].facts
                assert [fact.instant for fact in found] == sorted(order[: start + 7])
        loaded = store.load(["p"])["p"]
        assert loaded.facts == tuple(event(fact_id=f"{at:03}", instant=at) for at in range(1_000))
        assert [fact.instant for fact in store.load(["p"], after=989)["p"].facts] == list(range(990, 1_000))
        store.commit(Batch(profiles={"p": kept(*(event(fact_id=f"x{at}", instant=at) for at in range(600)))}))
        later = [(at, f"{at:03}") for at in range(1_000)] + [(at, f"x{at}") for at in range(600)]
        assert [(fact.instant, fact.id) for fact in store.load(["p"])["p"].facts] == sorted(later)

    def test_very_long_logs(self, store: Store) -> None:
        """Nothing of a log is lost where a state is saved after a very large number of batches of one fact each."""
        for at in range(2_100):
            store.commit(Batch(profiles={"p": kept(event(fact_id=f"{at}", instant=at))}))
        store.commit(Batch(profiles={"p": kept(event(fact_id="last", instant=2_100), state=SavedState(5, "x"))}))
        assert [fact.instant for fact in store.load(["p"])["p"].facts] == list(range(2_101))

    # ---- properties

    def test_properties_that_are_read(self, store: Store) -> None:
        """Of events whose type is named, the properties that are named are kept; of all other facts, all are."""
        named, other = event(x=1, y=[2], z=3), Event("b", "p", to_datetime(5), {"x": 1, "z": 3}, "2")
        profile = ProfileSnapshot("p", to_datetime(6), {"x": 1, "z": 3}, (), "3")
        store.commit(Batch(profiles={"p": kept(named, other, profile)}, reads={"a": frozenset({"x", "y", "none"})}))
        facts = store.load(["p"])["p"].facts
        assert facts[1:] == (other, profile)
        assert {"x": 1, "y": [2]}.items() <= dict(facts[0].properties).items()  # type: ignore[union-attr]

    # ---- dropped facts

    def test_dropped(self, store: Store) -> None:
        """What is dropped is gone, in every scope; the rest stays, and the same id can come again."""
        first = [event(fact_id=each, instant=3) for each in "abc"]
        store.commit(
            Batch(profiles={"p": kept(*first, scoped={"one": first[:2], "two": first[:1]}), "q": kept(*first)})
        )
        store.commit(Batch(profiles={"p": kept(event(fact_id="d", instant=1), dropped=["a", "c", "nothing"])}))
        loaded = store.load(["p", "q"])
        assert [fact.id for fact in loaded["p"].facts] == ["d", "b"]
        assert loaded["p"].scoped == {"one": (first[1],)}
        assert len(loaded["q"].facts) == 3
        store.commit(Batch(profiles={"p": kept(event(fact_id="a", instant=9, x=2), event(fact_id="b", instant=9))}))
        assert [(fact.id, fact.instant) for fact in store.load(["p"])["p"].facts] == [("d", 1), ("b", 3), ("a", 9)]
        store.commit(Batch(profiles={"p": kept(event(fact_id="a", instant=8), dropped=["a", "b", "d"])}))
        assert store.load(["p"])["p"] == StoredProfile((event(fact_id="a", instant=8),), 0)

    def test_dropped_receipts_stay_receipts(self, store: Store) -> None:
        """A receipt that is dropped is no fact any more, but goes on being a receipt, once, also after a merge."""
        receipts = [CampaignReceipt("m", "old", to_datetime(at), "web", f"r{at}") for at in (4, 2)]
        store.commit(Batch(profiles={"old": kept(event("old"), *receipts)}))
        store.commit(Batch(profiles={"old": kept(dropped=["r2", "r4"])}))
        store.commit(Batch(profiles={"old": kept(*receipts)}))
        assert list(store.receipts()) == [("old", 2, "m", "web"), ("old", 4, "m", "web")]
        store.commit(Batch(profiles={"old": kept(dropped=["r2", "r4"])}))
        assert store.load(["old"])["old"].facts == (event("old"),)
        store.commit(Batch(profiles={"new": kept(event("old"))}, merged=(("old", "new"),)))
        assert sorted(store.receipts()) == [("new", 2, "m", "web"), ("new", 4, "m", "web")]
        assert list(store.recipients("m")) == [("new", 2)]
        store.forget("new")
        assert [*store.receipts(), *store.recipients("m")] == []

    def test_dropped_receipts_are_told(self, store: Store) -> None:
        """Receipts whose facts were dropped are given by campaign and id; whoever has none is left out."""
        first = [
            CampaignReceipt("m", "p\0", to_datetime(2), "web", "u\0"),
            CampaignReceipt("k", "p\0", to_datetime(1), id="2"),
        ]
        store.commit(
            Batch(profiles={"p\0": kept(*first), "q": kept(CampaignReceipt("m", "q", to_datetime(1), id="1"))})
        )
        assert store.dropped_receipts(["p\0", "q"]) == {}
        store.commit(Batch(profiles={"p\0": kept(dropped=["u\0", "2"])}))
        again = CampaignReceipt("k", "p\0", to_datetime(9), id="u\0")
        store.commit(Batch(profiles={"p\0": kept(again)}))
        store.commit(Batch(profiles={"p\0": kept(dropped=["u\0"])}))
        assert store.dropped_receipts(["q", "p\0", "nobody", "\ud800"]) == {"p\0": (first[1], again, first[0])}

    # ---- scopes

    def test_scopes(self, store: Store) -> None:
        """Facts with a scope are kept apart from everybody's, also where they share an id, and count as no receipts."""
        receipt = CampaignReceipt("m", "p", to_datetime(0), id="1")
        store.commit(
            Batch(profiles={"p": kept(event(x=1), scoped={"one": [event(x=2), event(x=3)], "\u00fc": [receipt]})})
        )
        store.commit(Batch(profiles={"p": kept(scoped={"one": [event(fact_id="0"), event(x=4)], "two": []})}))
        stored = store.load(["p"])["p"]
        assert stored.facts == (event(x=1),)
        assert stored.scoped == {"one": (event(fact_id="0"), event(x=2)), "\u00fc": (receipt,)}
        assert [*store.receipts(), *store.recipients("m")] == []

    def test_a_fact_with_a_scope_needs_an_id(self, store: Store) -> None:
        """A fact with a scope and without an id is refused, and nothing of its batch is kept."""
        with pytest.raises(StoreError):
            store.commit(Batch(profiles={"p": kept(event(), scoped={"one": [event(fact_id=None)]})}))
        assert store.load(["p"]) == {}

    def test_merged_and_forgotten_with_all(self, store: Store) -> None:
        """State and facts with a scope go where everybody's go: away with a merge, and when a profile is forgotten."""
        change = kept(event("p"), state=SavedState(3, "x"), scoped={"one": [event("p")]})
        store.commit(Batch(profiles={"p": change, "q": kept(state=SavedState(4, "y"))}))
        store.commit(Batch(profiles={"q": kept()}, merged=(("p", "q"),)))
        assert store.load(["p", "q"]) == {"q": StoredProfile((), 0, None, SavedState(4, "y"))}
        store.forget("q")
        store.commit(recorded(completion("q")))
        assert store.load(["q"]) == {"q": StoredProfile((), 0)}
