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
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals.errors import FactError, StoreError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate, Retraction
from convgoals.storage.base import Batch, ProfileChange, SavedGoal, Store
from convgoals.testing.contract_facts import FactLaws
from convgoals.testing.contract_ledger import LedgerLaws
from convgoals.testing.contract_life import LifeLaws
from convgoals.testing.contract_summaries import SummaryLaws
from convgoals.testing.contract_writing import WritingLaws
from convgoals.testing.store_model import StoreModel, assert_agrees, batches
from convgoals.testing.store_samples import (
    EXACT,
    NOT_A_CHARACTER,
    completion,
    event,
    everything,
    exactly,
    kept,
    recorded,
)

_PLACES = ("value", "nested", "name", "id", "profile", "type", "segment", "source", "trigger")
"""Where text may stand in a batch."""


class StoreContract(FactLaws, LedgerLaws, LifeLaws, SummaryLaws, WritingLaws):
    """A test for each law of `Store`.

    Attributes:
        durable: whether what was committed is there when the store is opened again.
        shared: whether a store that is open can be opened a second time, for another writer.
    """

    durable: ClassVar[bool] = True
    shared: ClassVar[bool] = True

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
    def other(self, store: Store, tmp_path: Path, opened: list[Store]) -> Store:
        """The store, opened a second time; skips the test where that cannot be."""
        if not self.shared:
            pytest.skip("one writer at a time here")
        opened.append(self.open_store(tmp_path))
        return opened[-1]

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
        """Only known profiles are loaded, each once, also one of which no fact is kept; with where they stand."""
        store.commit(Batch(profiles={"p": kept(event(), wake=9), "q": kept(until=7)}))
        loaded = store.load(iter(["p", "nobody", "q", "p"]))
        assert {name: len(stored.facts) for name, stored in loaded.items()} == {"p": 1, "q": 0}
        assert (loaded["q"].until, loaded["q"].wake, loaded["p"].wake) == (7, None, 9)
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
        store.commit(Batch(profiles={"p": kept(CampaignReceipt("m", "p", to_datetime(0), id="r"), wake=9)}))
        store.commit(Batch(profiles={"p": kept(dropped=["r"], scoped={"one": [event()]}, wake=9)}))
        before, receipts = everything(store, "p"), store.dropped_receipts(["p"])
        answers: list[Any] = [store.load(["p"]), store.goals(), store.aliases(), store.positions(), store.due(9)]
        for answer in [answers[0]["p"].scoped, *answers, store.dropped_receipts(["p"])]:
            assert answer
            with suppress(AttributeError):  # it is frozen
                answer.clear()
        assert everything(store, "p") == before
        assert store.dropped_receipts(["p"]) == receipts

    def test_what_is_handed_in(self, store: Store) -> None:
        """What is handed in is not changed, whatever is committed later."""
        change = ProfileChange([event()], 0, None, None, ["x"], {"one": [event()]})
        first = Batch(profiles={"p": change}, positions={"s": 1})
        store.commit(first)
        for number in range(3):
            store.commit(Batch(profiles={"p": kept(event(fact_id=f"a{number}"), scoped={"one": [event(fact_id="2")]})}))
            store.load(["p"])
        store.commit(Batch(profiles={"p": kept(dropped=["1", "2"])}, positions={"s": 2}))
        assert (first.profiles["p"], first.positions) == (
            ([event()], 0, None, None, ["x"], {"one": [event()]}), {"s": 1},
        )  # fmt: skip

    # ---- profile_ids, due

    def test_profile_ids_order(self, store: Store) -> None:
        """Profiles come in the order of their ids, by code point."""
        names = ["b", "a", "B", "ü", "\uffff", "\U0001d52d", "a\0", "z" * 1_000]
        store.commit(Batch(profiles={name: kept() for name in names}))
        assert list(store.profile_ids()) == sorted(names)
        assert store.profile_count() == len(names)

    def test_iterating_tolerates_commits(self, store: Store) -> None:
        """While an iterator is read, or before, batches can be committed; it gives what there was, once, in order."""
        names = [f"p{number:04}" for number in range(2_500)]
        store.commit(
            Batch(
                profiles={name: kept(CampaignReceipt("m", name, to_datetime(0), id="r")) for name in names},
                entries=tuple(completion(name, achieved) for achieved, name in enumerate(names)),
            )
        )

        def asked() -> list[Iterator[Any]]:
            return [store.profile_ids(), store.history(), store.completions("g"), store.entries()]

        iterators, fresh = asked(), asked()
        begun = [next(iterator) for iterator in iterators]
        receipts, later = iter(store.receipts()), iter(store.receipts())
        first = next(receipts)
        store.commit(recorded(completion("p1000x", 1_000), Retraction(completion("p2400", 2_400), to_datetime(9))))
        store.commit(recorded(completion("p1000y", 1_000)))
        begun_before = [[one, *iterator] for one, iterator in zip(begun, iterators, strict=True)]
        for rest in (begun_before, list(map(list, fresh))):
            assert [name for name in rest[0] if name[-1] not in "xy"] == names
            for entries in rest[1:]:
                assert [entry.profile_id for entry in entries] == names
        assert {row[0] for row in [first, *receipts]} >= set(names)
        assert {row[0] for row in later} >= set(names)

    def test_due(self, store: Store) -> None:
        """Due are the profiles whose ``wake`` is at or before the instant, the earliest first; it can be changed."""
        store.commit(Batch(profiles={"a": kept(wake=5), "c": kept(wake=4), "b": kept(wake=4), "d": kept()}))
        assert store.due(3) == []
        assert store.due(4) == ["b", "c"]
        assert store.due(5) == ["b", "c", "a"]
        store.commit(Batch(profiles={"b": kept(), "a": kept(wake=1), "c": kept(wake=-(2**61))}))
        assert store.due(5) == ["c", "a"]

    # ---- commit

    def test_first_received_stays(self, store: Store) -> None:
        """A fact whose id its profile has already is ignored, in a later batch and in the same."""
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
            {"profile_id": "q"}, {"goal": "h"}, {"version": 2}, {"achieved": 1}, {"trigger_id": "t"},
            {"channel": "web"}, {"segments": ("vip",)}, {"value": 2}, {"since_anchor": timedelta(1)},
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

    def test_retraction_before_its_time(self, store: Store) -> None:
        """A retraction ends what was recorded before its batch, and nothing that is recorded with it."""
        with pytest.raises(StoreError):
            store.commit(recorded(completion(), Retraction(completion(), to_datetime(1))))
        assert list(store.entries()) == []
        store.commit(recorded(completion(recorded=1)))
        store.commit(recorded(completion(recorded=2), Retraction(completion(), to_datetime(3))))
        assert list(store.completions()) == [completion(recorded=2)]

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
        """The time that was reached is the latest that any batch said."""
        store.commit(Batch(reached=-(2**50)))
        store.commit(Batch())
        assert store.reached() == -(2**50)
        store.commit(Batch(reached=5))
        store.commit(Batch(reached=4))
        assert store.reached() == 5

    def test_positions(self, store: Store) -> None:
        """Positions are whole numbers or text, exactly, merged over what was known."""
        store.commit(Batch(positions={"a": 1, "b": "1", "c": 2**80}))
        store.commit(Batch(positions={"a": -5, "ü\0": ""}))
        assert store.positions() == {"a": -5, "b": "1", "c": 2**80, "ü\0": ""}

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
            assert exactly(loaded[fact.id]) == exactly(fact)

    def test_instants_are_kept_exactly(self, store: Store) -> None:
        """Timestamps are kept to the microsecond, from the first year to the last."""
        moments = [datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 29, 23, 59, 59, 999_999, tzinfo=UTC)]
        facts = [Event("a", "p", moment, id=str(number)) for number, moment in enumerate(moments)]
        store.commit(Batch(profiles={"p": kept(*facts)}))
        assert list(store.load(["p"])["p"].facts) == facts

    @pytest.mark.parametrize("where", _PLACES)
    def test_text_that_is_none(self, store: Store, where: str) -> None:
        """Half a surrogate pair in text is kept, or refused and its fact named; then nothing of its batch is kept."""
        bad = f"x{NOT_A_CHARACTER}"
        profile = bad if where == "profile" else "p"
        placed: dict[str, dict[str, Any]] = {"value": {"x": bad}, "nested": {"x": [{"y": bad}]}, "name": {bad: 1}}
        properties = placed.get(where, {})
        facts = (
            Event(bad if where == "type" else "a", profile, to_datetime(0), properties, bad if where == "id" else "1"),
            ProfileSnapshot(profile, to_datetime(1), {}, (bad,) if where == "segment" else (), "2"),
        )
        trigger = bad if where == "trigger" else None
        batch = Batch(
            profiles={"q": kept(event("q")), profile: kept(*facts)},
            entries=(completion(profile, trigger_id=trigger),),
            positions={bad if where == "source" else "s": 1},
            reached=1,
        )
        before = everything(store, "p", "q", bad)
        try:
            store.commit(batch)
        except (StoreError, FactError) as error:
            assert error.hint  # noqa: PT017  both outcomes are lawful
            if where not in ("source", "trigger"):
                assert isinstance(error, FactError)  # noqa: PT017
                assert repr(profile) in error.message  # noqa: PT017
            assert everything(store, "p", "q", bad) == before
        else:
            assert store.load([profile])[profile].facts == facts

    def test_values_of_no_known_type(self, store: Store) -> None:
        """A value of an unknown type is kept as it is, or refused; then nothing of its batch is kept."""
        strange = object()
        for change in (kept(event(x=[strange])), kept(scoped={"one": [event(x={"y": strange})]})):
            try:
                store.commit(Batch(profiles={"q": kept(), "p": change}, positions={"s": 1}))
            except FactError as error:
                assert "'p'" in error.message  # noqa: PT017  both outcomes are lawful
                assert not store.load(["p", "q"])
                assert not store.positions()
            else:
                stored = store.load(["p"])["p"]
                assert list(stored.facts or stored.scoped["one"]) == list(change.facts or change.scoped["one"])
                store.forget("p")

    # ---- all of it together

    @given(data=st.data())
    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow]
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
