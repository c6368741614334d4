"""The laws of goals, ledger, receipts and identities: a part of `convgoals.testing.contract.StoreContract`."""

# ruff: noqa: S101  assert is how tests speak

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Completion, Retraction
from convgoals.storage.base import Batch, SavedGoal, Store
from convgoals.testing.store_samples import completion, event, everything, kept, recorded


class LedgerLaws:
    """Tests that take an empty store as the fixture ``store``."""

    # ---- goals

    def test_goals(self, store: Store) -> None:
        """Goals keep the order in which they were first saved; saving again replaces the definition."""
        full = Goal(
            "b", 'event a where x = "ü"', within="7 days of first event b", count="once per 30 days", campaign="m",
            value=Decimal("1.50"), timezone="Europe/Berlin", since="2026-01-31", description="d", tags=("t", "u"),
        )  # fmt: skip
        store.commit(Batch(goals=(SavedGoal(full), SavedGoal(Goal("a", "event a", value="x.y")))))
        later = SavedGoal(Goal("b", "event b", value=0.1), 2, archived=True)
        assert store.goals() == [SavedGoal(full), SavedGoal(Goal("a", "event a", value="x.y"))]
        store.commit(Batch(goals=(later,)))
        assert store.goals() == [later, SavedGoal(Goal("a", "event a", value="x.y"))]

    # ---- the ledger

    def test_history_order(self, store: Store) -> None:
        """Completions come by ``achieved_at``, then profile, goal and trigger, whatever the order of recording."""
        ordered = [
            completion("b", 1, goal="h"),
            completion("B", 2),
            completion("a", 2, goal="g"),
            completion("a", 2, goal="g", version=2, trigger_id="1"),
            completion("a", 2, goal="h", trigger_id="0"),
            completion("ü", 2),
            completion("a", 3),
        ]
        store.commit(recorded(*ordered[::-1]))
        assert list(store.history()) == list(store.completions()) == ordered
        assert list(store.history("g")) == [each for each in ordered if each.goal == "g"]
        assert list(store.history(profile_id="a")) == [each for each in ordered if each.profile_id == "a"]
        assert list(store.completions("g", version=2, profile_id="a")) == [ordered[3]]
        assert list(store.history("nothing")) == list(store.history(profile_id="nobody")) == []
        assert list(store.entries()) == ordered[::-1]

    def test_as_of(self, store: Store) -> None:
        """With ``as_of`` the history is what was recorded, and not retracted, at that instant or before."""
        early, late = completion(achieved=9, recorded=10), completion("q", 1, recorded=20)
        store.commit(recorded(early))
        store.commit(recorded(late, Retraction(early, to_datetime(20))))

        def known(instant: int, **more: Any) -> list[Completion]:
            return list(store.history(as_of=to_datetime(instant), **more))

        assert [known(instant) for instant in (9, 10, 19, 20)] == [[], [early], [early], [late]]
        assert known(20, include_retracted=True) == [late, early]
        assert known(15, profile_id="p") == [early]
        assert known(20, profile_id="p") == []
        assert list(store.history()) == [late]

    def test_completions_are_kept_exactly(self, store: Store) -> None:
        """Each attribute of a completion comes back as it was, whatever kind of number its value is."""
        moment = datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        values = (None, 0, -5, 2**63, 10**400, 0.1, -0.0, 1e300, Decimal("1.50"), Decimal("1E+3"), float("inf"))
        anchor = timedelta(3_000_000, 1, 1)
        entries = [
            Completion("g" * 200, 7, "p", moment, moment, str(number), "ü", ("", "a", "ü"), value, anchor)
            for number, value in enumerate(values)
        ]
        store.commit(recorded(*entries))
        assert list(map(repr, store.entries())) == list(map(repr, entries))
        store.commit(recorded(*(Retraction(entry, moment) for entry in entries)))
        assert list(store.completions()) == []

    # ---- receipts

    def test_recipients(self, store: Store) -> None:
        """Each recipient of a campaign is given once, with its first receipt; receipts are given each."""
        store.commit(Batch(profiles={"p": kept(CampaignReceipt("m", "p", to_datetime(5), "web", "5"))}))
        first, one = (
            CampaignReceipt("m", "p", to_datetime(2), None, "2"),
            CampaignReceipt("n", "q", to_datetime(1), id="1"),
        )
        other = CampaignReceipt("m", "q", to_datetime(9), id="2")
        store.commit(Batch(profiles={"p": kept(first), "q": kept(one, other)}))
        assert sorted(store.recipients("m")) == [("p", 2), ("q", 9)]
        assert list(store.recipients("n")) == [("q", 1)]
        assert sorted(store.receipts(), key=repr) == [
            ("p", 2, "m", None), ("p", 5, "m", "web"), ("q", 1, "n", None), ("q", 9, "m", None),
        ]  # fmt: skip

    def test_recorded(self, store: Store) -> None:
        """A profile's completions that hold come the latest recorded first, also under the name that it had."""
        done = [completion(achieved=(number * 37) % 101) for number in range(100)]
        store.commit(recorded(*done[:50], completion("q")))
        store.commit(recorded(*done[50:], Retraction(done[7], to_datetime(9))))
        store.commit(Batch(profiles={"p": kept()}, merged=(("old", "p"),)))
        expected = [each for number, each in reversed(list(enumerate(done))) if number != 7]
        assert list(store.recorded("p")) == list(store.recorded("old")) == expected
        assert next(store.recorded("p")) == done[-1]
        assert list(store.recorded("nobody")) == []
        asked, begun = store.recorded("p"), store.recorded("p")
        first = next(begun)
        store.commit(recorded(completion(goal="new"), Retraction(done[3], to_datetime(9))))
        assert [first, *begun] == list(asked) == expected

    # ---- identities

    def test_merge(self, store: Store) -> None:
        """A merged identity is gone with its facts and receipts; its ledger stays under its name."""
        receipt = CampaignReceipt("m", "old", to_datetime(1), id="r")
        store.commit(Batch(profiles={"old": kept(event("old"), receipt, wake=3), "new": kept(event("new", "2"))}))
        store.commit(recorded(completion("old"), completion("new", 5)))
        store.commit(
            Batch(
                merged=(("old", "new"),), profiles={"new": kept(event("old"), receipt)},
                entries=(Retraction(completion("old"), to_datetime(9)), completion("new")),
            )
        )  # fmt: skip
        assert store.aliases() == {"old": "new"}
        assert list(store.profile_ids()) == ["new"]
        assert store.profile_count() == 1
        loaded = store.load(["old", "new"])
        assert loaded["new"].facts == (event("old"), event("new", "2"), receipt)
        assert list(loaded) == ["new"]
        assert store.due(9) == []
        assert list(store.recipients("m")) == [("new", 1)]
        assert list(store.receipts()) == [("new", 1, "m", None)]
        assert list(store.history(profile_id="old")) == list(store.history(profile_id="new"))
        all_of_them = [completion("new"), completion("old"), completion("new", 5)]
        assert list(store.history(include_retracted=True)) == all_of_them

    def test_merges_follow_one_another(self, store: Store) -> None:
        """An alias always names the identity that is current, also of profiles that were never known."""
        store.commit(Batch(merged=(("a", "b"), ("x", "b"))))
        store.commit(Batch(merged=(("b", "c"),), profiles={"c": kept(event("c"))}))
        assert store.aliases() == {"a": "c", "b": "c", "x": "c"}
        assert list(store.profile_ids()) == ["c"]
        assert store.profile_count() == 1

    # ---- forget

    def test_forget(self, store: Store) -> None:
        """A forgotten profile is nowhere any more, nor are those that became it; the others stay."""
        receipts = [CampaignReceipt("m", name, to_datetime(1), id="r") for name in ("p", "q")]
        store.commit(recorded(completion("anon"), completion("q")))
        store.commit(Batch(profiles={"anon": kept(event("anon")), "q": kept(event("q"), receipts[1], wake=1)}))
        store.commit(
            Batch(
                profiles={"p": kept(event("anon"), receipts[0], wake=1)}, merged=(("anon", "p"),),
                entries=(Retraction(completion("anon"), to_datetime(1)), completion("p", 3), completion("q", 4)),
            )
        )  # fmt: skip
        store.forget("anon")
        assert store.load(["anon", "p", "q"]) == store.load(["q"])
        assert list(store.profile_ids()) == store.due(9) == ["q"]
        assert store.profile_count() == 1
        assert list(store.entries()) == [completion("q"), completion("q", 4)]
        assert list(store.history(include_retracted=True)) == [completion("q"), completion("q", 4)]
        assert store.aliases() == {}
        assert list(store.receipts()) == [("q", 1, "m", None)]
        assert list(store.recipients("m")) == [("q", 1)]

    def test_forgotten_is_new(self, store: Store) -> None:
        """A profile that was forgotten can become known again, as if for the first time."""
        store.commit(Batch(profiles={"p": kept(event(x=1), until=9, wake=9)}, entries=(completion(),)))
        store.forget("p")
        store.commit(Batch(profiles={"p": kept(event(x=2), until=1)}, entries=(completion(achieved=5),)))
        assert store.load(["p"])["p"].facts == (event(x=2),)
        assert store.due(99) == []
        assert list(store.entries()) == list(store.history(profile_id="p")) == [completion(achieved=5)]

    def test_forget_the_unknown(self, store: Store) -> None:
        """Forgetting a profile that is not known changes nothing."""
        store.commit(Batch(profiles={"p": kept(event())}))
        before = everything(store, "p")
        store.forget("nobody")
        assert everything(store, "p") == before
