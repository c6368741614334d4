"""`StoreContract`: the laws of `convgoals.storage.base.Store` as tests, for whoever writes a backend.

Subclass it in your own tests, and say how your store is opened:

    class TestMyStore(StoreContract):
        def open_store(self, folder):
            return MyStore(folder / "goals.my")

pytest then runs a test for each law, and a random story that is also put to a model. Needs pytest and Hypothesis.
"""

# ruff: noqa: S101  assert is how tests speak

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals.errors import ConvgoalsError, FactError, StoreError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Completion, Event, Fact, ProfileSnapshot, ProfileUpdate, Retraction
from convgoals.storage.base import Batch, ProfileChange, SavedGoal, Store
from convgoals.testing.store_model import StoreModel, assert_agrees, batches

NOT_A_CHARACTER = "\ud800"
"""Half a surrogate pair: Python's text may hold it, no encoding does."""

EXACT: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, -(2**63) - 1, 10**5_000, 0.1, -0.0, 5e-324, 1.7976931348623157e308, float("inf"),
    float("-inf"), float("nan"), Decimal("1.50"), Decimal("1E+3"), Decimal("-0"), Decimal("NaN"), Decimal(10) ** 400,
    "", "\0", "a\0b", '"\\\n\u2028', "ü", "u\u0308", "\U0001f600", "\uffff", "x" * 100_000,
    date(2026, 1, 31), datetime(2026, 1, 31, 12, 0, 0, 1), datetime(2026, 1, 31, tzinfo=UTC),
    datetime(2026, 1, 31, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), [], [1, [2.0, [None, "x"]]], {},
    {"a": {"b": [Decimal(1), {"c": date(2026, 1, 1)}]}}, {"decimal": "1.5"}, {"": {"object": {}}}, {1: "one"}, (1, [2]),
)  # fmt: skip
"""Values that a store must give back as they were, type, sign, exponent and offset included."""


def event(profile_id: str = "p", fact_id: str | None = "1", instant: int = 0, **properties: Any) -> Event:
    return Event("a", profile_id, to_datetime(instant), properties, fact_id)


def completion(profile_id: str = "p", achieved: int = 0, recorded: int = 0, goal: str = "g", **more: Any) -> Completion:
    return Completion(goal, more.pop("version", 1), profile_id, to_datetime(achieved), to_datetime(recorded), **more)


def kept(*facts: Fact, until: int = 0, wake: int | None = None) -> ProfileChange:
    return ProfileChange(facts, until, wake)


def recorded(*entries: Completion | Retraction) -> Batch:
    """A batch of *entries*, their profiles known."""
    return Batch(profiles={entry.profile_id: kept() for entry in entries}, entries=entries)


def everything(store: Store, *profile_ids: str) -> list[object]:
    """All that *store* says."""
    return [
        store.load(profile_ids),
        list(store.profile_ids()),
        store.profile_count(),
        store.due(2**62),
        list(store.entries()),
        list(store.history(include_retracted=True)),
        list(store.completions()),
        sorted(store.receipts(), key=repr),
        store.goals(),
        store.aliases(),
        store.positions(),
        store.reached(),
    ]


class StoreContract:
    """A test for each law of `Store`.

    Attributes:
        durable: whether what was committed is there when the store is opened again.
    """

    durable: ClassVar[bool] = True

    def open_store(self, folder: Path) -> Store:
        """Open the store that is kept in *folder* (or, for a server, under its name); an empty one the first time."""
        raise NotImplementedError

    @pytest.fixture
    def opened(self) -> Iterator[list[Store]]:
        """Every store of the test; closed at its end."""
        stores: list[Store] = []
        yield stores
        for store in stores:
            store.close()

    @pytest.fixture
    def store(self, tmp_path: Path, opened: list[Store]) -> Store:
        """An empty store."""
        opened.append(self.open_store(tmp_path))
        return opened[0]

    @pytest.fixture
    def reopen(self, tmp_path: Path, opened: list[Store]) -> Callable[[], Store]:
        """Closes the store, and opens it again; skips the test where nothing is durable."""
        if not self.durable:
            pytest.skip("nothing is durable here")

        def again() -> Store:
            opened[-1].close()
            opened.append(self.open_store(tmp_path))
            return opened[-1]

        return again

    # ---- load

    def test_empty(self, store: Store) -> None:
        """A new store knows nothing."""
        assert everything(store, "p") == [{}, [], 0, [], [], [], [], [], [], {}, {}, None]
        assert list(store.recipients("m")) == []

    def test_load_orders_facts(self, store: Store) -> None:
        """Facts come by instant, then id, whatever the order in which they were kept."""
        store.commit(Batch(profiles={"p": kept(event(fact_id="z", instant=5), event(fact_id="c", instant=9))}))
        store.commit(Batch(profiles={"p": kept(event(fact_id="a", instant=9), event(fact_id="b", instant=5))}))
        assert [fact.id for fact in store.load(["p"])["p"].facts] == ["b", "z", "a", "c"]

    def test_load_knows_the_known(self, store: Store) -> None:
        """Only known profiles are loaded, each once, also one of which no fact is kept."""
        store.commit(Batch(profiles={"p": kept(event()), "q": kept(until=7)}))
        loaded = store.load(iter(["p", "nobody", "q", "p"]))
        assert {name: (len(stored.facts), stored.until) for name, stored in loaded.items()} == {"p": (1, 0), "q": (0, 7)}
        assert store.load([]) == {}

    def test_load_many(self, store: Store) -> None:
        """Any number of profiles can be loaded at once."""
        names = [f"p{number}" for number in range(3_000)]
        store.commit(Batch(profiles={name: kept(event(name)) for name in names}))
        assert {name: stored.facts[0].profile_id for name, stored in store.load(names).items()} == {n: n for n in names}

    def test_load_gives_a_copy(self, store: Store) -> None:
        """Changing what was returned changes nothing in the store."""
        store.commit(
            Batch(
                profiles={"p": kept(event())}, positions={"s": 1}, goals=(SavedGoal(Goal("g", "event a")),),
                merged=(("old", "p"),),
            )
        )  # fmt: skip
        before = everything(store, "p")
        for answer in (store.load(["p"]), store.goals(), store.aliases(), store.positions(), store.due(9)):
            answer.clear()
        assert everything(store, "p") == before

    # ---- profile_ids, due

    def test_profile_ids_order(self, store: Store) -> None:
        """Profiles come in the order of their ids, by code point."""
        names = ["b", "a", "B", "ü", "\uffff", "\U0001d52d", "a\0", "z" * 1_000]
        store.commit(Batch(profiles={name: kept() for name in names}))
        assert list(store.profile_ids()) == sorted(names)
        assert store.profile_count() == len(names)

    def test_iterating_tolerates_commits(self, store: Store) -> None:
        """While an iterator is read, batches can be committed; it gives what there was, once, in order."""
        names = [f"p{number:04}" for number in range(2_500)]
        store.commit(
            Batch(
                profiles={name: kept(CampaignReceipt("m", name, to_datetime(0), id="r")) for name in names},
                entries=tuple(completion(name, achieved) for achieved, name in enumerate(names)),
            )
        )
        iterators: list[Iterator[Any]] = [store.profile_ids(), store.history(), store.completions("g"), store.entries()]
        begun = [next(iterator) for iterator in iterators]
        receipts = iter(store.receipts())
        first = next(receipts)
        store.commit(recorded(completion("p1000x", 1_000), Retraction(completion("p2400", 2_400), to_datetime(9))))
        store.commit(recorded(completion("p1000y", 1_000)))
        rest = [[one, *iterator] for one, iterator in zip(begun, iterators, strict=True)]
        assert [name for name in rest[0] if name[-1] not in "xy"] == names
        for entries in rest[1:]:
            assert [entry.profile_id for entry in entries] == names
        assert {row[0] for row in [first, *receipts]} >= set(names)

    def test_due(self, store: Store) -> None:
        """Due are the profiles whose ``wake`` is at or before the instant, the earliest first; waking can be changed."""
        store.commit(Batch(profiles={"a": kept(wake=5), "c": kept(wake=4), "b": kept(wake=4), "d": kept()}))
        assert store.due(3) == []
        assert store.due(4) == ["b", "c"]
        assert store.due(5) == ["b", "c", "a"]
        store.commit(Batch(profiles={"b": kept(), "a": kept(wake=1), "c": kept(wake=-(2**61))}))
        assert store.due(5) == ["c", "a"]

    # ---- commit

    def test_first_received_stays(self, store: Store) -> None:
        """A fact whose id its profile has already is ignored, in a later batch and in the same; other profiles' are not."""
        store.commit(Batch(profiles={"p": kept(event(x=1), event(x=2))}))
        again = CampaignReceipt("m", "p", to_datetime(0), id="1")
        store.commit(Batch(profiles={"p": kept(event(instant=3), again), "q": kept(event("q", x=4))}))
        loaded = store.load(["p", "q"])
        assert [fact.properties for name in "pq" for fact in loaded[name].facts] == [{"x": 1}, {"x": 4}]  # type: ignore[union-attr]
        assert list(store.recipients("m")) == []
        assert list(store.receipts()) == []

    def test_a_fact_needs_an_id(self, store: Store) -> None:
        """A fact without an id is refused, and nothing of its batch is kept."""
        store.commit(Batch(profiles={"p": kept(event())}))
        before = everything(store, "p", "q")
        with pytest.raises(StoreError):
            store.commit(
                Batch(profiles={"q": kept(event("q")), "p": kept(event(fact_id=None))}, positions={"s": 1}, reached=9)
            )
        assert everything(store, "p", "q") == before

    def test_retraction(self, store: Store) -> None:
        """A retraction ends the latest recorded completion that is equal but for ``recorded_at``."""
        first, second = completion(recorded=1), completion(recorded=2)
        store.commit(recorded(first, second, completion(achieved=1)))
        store.commit(recorded(Retraction(attrs.evolve(first, recorded_at=to_datetime(99)), to_datetime(3), "late")))
        assert list(store.completions()) == [first, completion(achieved=1)]
        assert list(store.entries())[-1] == Retraction(second, to_datetime(3), "late")
        store.commit(recorded(Retraction(first, to_datetime(4)), attrs.evolve(first, recorded_at=to_datetime(4))))
        assert [each.recorded_at for each in store.completions()] == [to_datetime(4), to_datetime(0)]

    @pytest.mark.parametrize(
        "other",
        [
            {"profile_id": "q"}, {"goal": "h"}, {"version": 2}, {"achieved": 1}, {"trigger_id": "t"}, {"channel": "web"},
            {"segments": ("vip",)}, {"value": 2}, {"since_anchor": timedelta(1)},
        ],
    )  # fmt: skip
    def test_retraction_of_nothing(self, store: Store, other: dict[str, Any]) -> None:
        """A retraction that matches no completion that holds is refused, and nothing of its batch is kept."""
        store.commit(recorded(completion(value=1), completion("q", 5, value=1)))
        before = everything(store, "p", "q")
        wrong = Retraction(completion(**{"value": 1, **other}), to_datetime(1))
        with pytest.raises(StoreError):
            store.commit(
                Batch(
                    profiles={"p": kept(event(), until=9, wake=1)}, entries=(completion("q", 8), wrong), reached=9,
                    positions={"s": 1}, goals=(SavedGoal(Goal("g", "event a")),), merged=(("old", "q"),),
                )
            )  # fmt: skip
        assert everything(store, "p", "q") == before

    def test_retracted_once(self, store: Store) -> None:
        """What is retracted cannot be retracted again, nor twice in one batch."""
        ended = Retraction(completion(), to_datetime(1))
        store.commit(recorded(completion()))
        with pytest.raises(StoreError):
            store.commit(recorded(ended, attrs.evolve(ended, cause="again")))
        store.commit(recorded(ended))
        with pytest.raises(StoreError):
            store.commit(recorded(ended))
        assert len(list(store.entries())) == 2

    def test_reached(self, store: Store) -> None:
        """The time that was reached is what the last batch said that said something."""
        store.commit(Batch(reached=5))
        store.commit(Batch())
        assert store.reached() == 5
        store.commit(Batch(reached=-(2**50)))
        assert store.reached() == -(2**50)

    def test_positions(self, store: Store) -> None:
        """Positions are whole numbers or text, exactly, merged over what was known."""
        store.commit(Batch(positions={"a": 1, "b": "1", "c": 2**80}))
        store.commit(Batch(positions={"a": -5, "ü\0": ""}))
        assert store.positions() == {"a": -5, "b": "1", "c": 2**80, "ü\0": ""}

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
        entries = [
            Completion("g" * 200, 7, "p", moment, moment, str(number), "ü", ("", "a", "ü"), value, timedelta(3_000_000, 1, 1))
            for number, value in enumerate(values)
        ]
        store.commit(recorded(*entries))
        assert list(map(repr, store.entries())) == list(map(repr, entries))
        store.commit(recorded(*(Retraction(entry, moment) for entry in entries)))
        assert list(store.completions()) == []

    # ---- receipts

    def test_recipients(self, store: Store) -> None:
        """Each recipient of a campaign is given once, with its first receipt; receipts are given each."""
        second, first = (CampaignReceipt("m", "p", to_datetime(at), channel, str(at)) for at, channel in ((5, "web"), (2, None)))
        other = CampaignReceipt("n", "q", to_datetime(1), id="1")
        store.commit(Batch(profiles={"p": kept(second)}))
        store.commit(Batch(profiles={"p": kept(first), "q": kept(other, CampaignReceipt("m", "q", to_datetime(9), id="2"))}))
        assert sorted(store.recipients("m")) == [("p", 2), ("q", 9)]
        assert list(store.recipients("n")) == [("q", 1)]
        assert sorted(store.receipts(), key=repr) == [
            ("p", 2, "m", None), ("p", 5, "m", "web"), ("q", 1, "n", None), ("q", 9, "m", None),
        ]  # fmt: skip

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
        assert list(store.history(include_retracted=True)) == [completion("new"), completion("old"), completion("new", 5)]

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

    # ---- values

    def test_values_are_kept_exactly(self, store: Store, request: pytest.FixtureRequest) -> None:
        """A property's value comes back as it was: its type, sign, exponent, offset and nesting included."""
        facts: list[Fact] = [ProfileUpdate("p", to_datetime(1), {}, (), "none")]
        for number, value in enumerate(EXACT):
            facts += [
                event(fact_id=f"a{number:03}", x=value, plain=1),
                ProfileSnapshot("p", to_datetime(1), {"x": value, "": [value]}, ("ü", "vip"), f"b{number:03}"),
                ProfileUpdate("p", to_datetime(2), {"x": {"nested": value}}, None, f"c{number:03}"),
            ]
        store.commit(Batch(profiles={"p": kept(*facts)}))
        if self.durable:
            store = request.getfixturevalue("reopen")()
        loaded = {fact.id: fact for fact in store.load(["p"])["p"].facts}
        for fact in facts:
            assert _exactly(loaded[fact.id]) == _exactly(fact)

    def test_instants_are_kept_exactly(self, store: Store) -> None:
        """Timestamps are kept to the microsecond, from the first year to the last."""
        moments = [datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 29, 23, 59, 59, 999_999, tzinfo=UTC)]
        facts = [Event("a", "p", moment, id=str(number)) for number, moment in enumerate(moments)]
        store.commit(Batch(profiles={"p": kept(*facts)}))
        assert list(store.load(["p"])["p"].facts) == facts

    @pytest.mark.parametrize("where", ["value", "nested", "name", "id", "profile", "type", "segment", "source", "trigger"])
    def test_text_that_is_none(self, store: Store, where: str) -> None:
        """Text with half a surrogate pair is kept as it is, or refused, and then nothing of its batch is kept."""
        bad = f"x{NOT_A_CHARACTER}"
        profile = bad if where == "profile" else "p"
        properties = {"value": {"x": bad}, "nested": {"x": [{"y": bad}]}, "name": {bad: 1}}.get(where, {})
        facts = (
            Event(bad if where == "type" else "a", profile, to_datetime(0), properties, bad if where == "id" else "1"),
            ProfileSnapshot(profile, to_datetime(1), {}, (bad,) if where == "segment" else (), "2"),
        )
        trigger = bad if where == "trigger" else None
        batch = Batch(
            profiles={"q": kept(event("q")), profile: kept(*facts)}, reached=1, entries=(completion(profile, trigger_id=trigger),),
            positions={bad if where == "source" else "s": 1},
        )  # fmt: skip
        before = everything(store, "p", "q", bad)
        try:
            store.commit(batch)
        except (StoreError, FactError) as error:
            assert error.hint  # noqa: PT017  both outcomes are lawful
            assert everything(store, "p", "q", bad) == before
        else:
            assert store.load([profile])[profile].facts == facts

    # ---- life

    def test_generation(self, store: Store) -> None:
        """The generation stays the same as long as nobody else commits."""
        before = store.generation()
        store.commit(Batch(profiles={"p": kept(event())}, positions={"s": 1}))
        store.forget("p")
        assert store.generation() == before

    def test_closed(self, store: Store) -> None:
        """A closed store raises `StoreError` on every use, and may be closed again."""
        store.close()
        store.close()
        uses: list[Callable[[], object]] = [
            lambda: store.load(["p"]), store.profile_ids, lambda: store.due(0), lambda: store.commit(Batch()),
            store.goals, store.entries, store.history, store.completions, store.aliases, store.positions,
            lambda: store.forget("p"), store.generation, store.profile_count, lambda: store.recipients("m"),
            store.receipts, store.reached,
        ]  # fmt: skip
        for use in uses:
            with pytest.raises(StoreError) as caught:
                use()
            assert caught.value.code == "store-closed"

    def test_reopened(self, store: Store, reopen: Callable[[], Store]) -> None:
        """What was committed is there when the store is opened again, and goes on from there."""
        store.commit(
            Batch(
                profiles={"p": kept(event(x=Decimal("1.0")), wake=5), "q": kept(CampaignReceipt("m", "q", to_datetime(1), id="1"))},
                entries=(completion(), completion("q", 1)), reached=7, positions={"s": 3}, merged=(("a", "p"),),
                goals=(SavedGoal(Goal("g", "event a"), 2),),
            )
        )  # fmt: skip
        before = everything(store, "p", "q")
        store = reopen()
        assert everything(store, "p", "q") == before
        store.commit(recorded(Retraction(completion(), to_datetime(9))))
        store.commit(Batch(profiles={"p": kept(event(), event(fact_id="2", instant=2))}))
        assert [fact.id for fact in reopen().load(["p"])["p"].facts] == ["1", "2"]

    def test_refused_batch_leaves_the_store_usable(self, store: Store) -> None:
        """After a batch was refused, the next one is taken as if the refused one had never been."""
        with pytest.raises(ConvgoalsError):
            store.commit(Batch(profiles={"p": kept(event())}, entries=(Retraction(completion("p"), to_datetime(1)),)))
        assert store.load(["p"]) == {}
        store.commit(Batch(profiles={"p": kept(event(x=2))}, entries=(completion(),)))
        assert store.load(["p"])["p"].facts == (event(x=2),)
        assert list(store.history(profile_id="p")) == [completion()]

    # ---- all of it together

    @given(data=st.data())
    @settings(
        max_examples=50, deadline=None, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow]
    )
    def test_any_story(self, tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
        """After any batches, and whatever was forgotten or reopened between them, the store says what a model says."""
        folder = tmp_path_factory.mktemp("story")
        model = StoreModel()
        store = self.open_store(folder)
        try:
            for _ in range(data.draw(st.integers(1, 8), label="steps")):
                batch = data.draw(batches(model), label="batch")
                store.commit(batch)
                model.commit(batch)
                if data.draw(st.integers(0, 4)) == 0:
                    name = data.draw(st.sampled_from(("p", "q", "ü")), label="forget")
                    store.forget(name)
                    model.forget(name)
                if self.durable and data.draw(st.integers(0, 3), label="reopen") == 0:
                    store.close()
                    store = self.open_store(folder)
                assert_agrees(store, model)
        finally:
            store.close()


def _exactly(fact: Any) -> tuple[object, ...]:
    """A fact with the types of all its values."""
    return (type(fact), fact.id, fact.instant, *(_typed(getattr(fact, name, None)) for name in ("segments", "properties")))


def _typed(value: Any) -> object:
    if isinstance(value, dict):
        return dict, [(_typed(name), _typed(member)) for name, member in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value), [_typed(member) for member in value]
    if isinstance(value, int):
        return type(value), value  # the digits of a very large one cannot be shown
    offset = value.utcoffset() if isinstance(value, datetime) else None
    return type(value), value.isoformat() if isinstance(value, datetime) else repr(value), offset
