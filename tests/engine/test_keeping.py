"""What is kept, what is dropped as final, and history that is given to some goals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileSnapshot, ProfileUpdate
from convgoals.engine.states import read
from convgoals.errors import ConvgoalsError, FactError, StoreError, UnknownGoalError
from convgoals.records import Fact
from convgoals.storage.base import Batch, ProfileChange, SavedState, Store
from convgoals.storage.memory import MemoryStore
from convgoals.storage.open import open_store

START = datetime(2026, 1, 1, tzinfo=UTC)
BUY = Goal("buy", "event buy", count="every")
TWO = Goal("two", "count(event buy) >= 2")


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def buy(number: float, whom: str = "p", **properties: Any) -> Event:
    return Event("buy", whom, day(number), properties, f"b{number}")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store whose engine can be opened again."""
    opened = MemoryStore() if request.param == "memory" else open_store(f"sqlite:///{tmp_path}/goals.db")
    yield opened
    opened.close()


def kept(store: Store, whom: str = "p") -> list[str | None]:
    return [fact.id for fact in store.load([whom])[whom].facts]


# ---- vacuum


def test_nothing_is_final_without_lateness(store: Store) -> None:
    """Without a bound on lateness any fact may still matter, so none is dropped."""
    engine = GoalEngine([BUY], store=store)
    engine.process([buy(number) for number in range(9)])
    assert engine.vacuum() == 0
    assert len(kept(store)) == 9


def test_vacuum_drops_what_is_final(store: Store) -> None:
    """What is too old to be followed by anything earlier is dropped; what it came to counts on, after a restart too."""
    engine = GoalEngine([TWO, BUY], store=store, lateness="2 days")
    engine.process([buy(1), buy(9)])
    assert engine.vacuum() == 1
    assert kept(store) == ["b9"]
    assert [each.trigger_id for each in engine.history(goal="buy")] == ["b1", "b9"]
    again = GoalEngine(store=store, lateness="2 days")
    assert [(each.goal, each.trigger_id) for each in again.process([buy(8, total=1)])] == [
        ("two", "b9"), ("buy", "b8"), ("two", "b8"),
    ]  # fmt: skip
    assert [each.trigger_id for each in again.history(goal="two")] == ["b8"]


def test_before_is_final_for_every_engine(store: Store) -> None:
    """What is made final by ``before`` is refused from then on, by engines without a lateness too."""
    engine = GoalEngine([BUY], store=store)
    engine.process([buy(1), buy(2), buy(5)])
    assert engine.vacuum(day(3)) == 2
    rejected: list[Any] = []
    again = GoalEngine(store=store, on_rejected=rejected.append)
    assert again.process([buy(2.5)]) == []
    assert [each.fact.id for each in rejected] == ["b2.5"]
    assert again.rejected_count == 1
    assert [each.trigger_id for each in again.process([buy(3)])] == ["b3"]
    assert again.vacuum(day(1)) == 0
    assert again.checkpoint() == {}
    with pytest.raises(ConvgoalsError, match="no name for a source"):
        again.process([], checkpoint={"@floor": 1})


def test_before_must_be_reached() -> None:
    """What has not been reached cannot be final."""
    with GoalEngine([BUY]) as engine:
        with pytest.raises(ConvgoalsError) as caught:
            engine.vacuum("2030-01-01T00:00:00Z")
        assert (caught.value.code, caught.value.hint) == ("instant", "there are no facts")
        engine.process([buy(1)])
        with pytest.raises(ConvgoalsError, match="has not been reached"):
            engine.vacuum(day(1.5))
        assert engine.vacuum(day(1)) == 0


def test_what_is_in_force_stays(store: Store) -> None:
    """The snapshot in force stays a fact, and so does each update that still says something, the later ones too."""
    facts: list[Fact] = [
        ProfileSnapshot("p", day(0), {"a": 0}, id="old snapshot"),
        ProfileSnapshot("p", day(1), {"a": 1, "b": 1}, ("vip",), id="snapshot"),
        ProfileUpdate("p", day(2), {"a": 2}, id="overwritten"),
        ProfileUpdate("p", day(3), {"c": 3, "a": 3}, id="update"),
        ProfileUpdate("p", day(4), {"a": None}, id="removal"),
        ProfileUpdate("p", day(5), {}, ("staff",), id="segments"),
        ProfileUpdate("p", day(6), {}, id="nothing"),
        ProfileUpdate("p", day(7), {"a": 7}, id="later"),
    ]
    engine = GoalEngine([BUY], store=store)
    engine.process(facts)
    assert engine.vacuum(day(6.5)) == 3
    assert kept(store) == ["snapshot", "update", "removal", "segments", "later"]
    state = Goal("state", 'profile.c = 3 and profile.b = 1 and in segment "staff"')
    assert [each.achieved_at for each in engine.add(state)] == [day(5)]


def test_windows_look_back_at_what_is_kept(store: Store) -> None:
    """A window at a property's datetime may open in the past, as far as it is long: so far facts are kept."""
    goal = Goal("soon", "event buy within 3 days of profile.signup", count="every")
    engine = GoalEngine([goal], store=store, lateness="1 day")
    engine.process([buy(1), buy(6), buy(8), buy(10)])
    assert engine.vacuum() == 1
    assert kept(store) == ["b6", "b8", "b10"]
    again = GoalEngine(store=store, lateness="1 day")
    held = again.process([ProfileUpdate("p", day(10), {"signup": day(7).isoformat()}, id="u")])
    assert [each.trigger_id for each in held] == ["b10"]


def test_receipts_go_on_counting(store: Store) -> None:
    """Receipts that are dropped are still those of a campaign's audience."""
    engine = GoalEngine([BUY], store=store)
    engine.process([CampaignReceipt("spring", "p", day(1), "email", "r"), buy(3)])
    assert engine.vacuum(day(2)) == 1
    assert kept(store) == ["b3"]
    assert list(store.recipients("spring")) == [("p", 86_400_000_000 * 20_455)]


def test_a_new_goal_looks_at_what_is_kept(store: Store) -> None:
    """A goal that is added after facts were dropped knows the snapshot in force, and what came later."""
    engine = GoalEngine([BUY], store=store)
    engine.process([ProfileSnapshot("p", day(0), {"plan": "pro"}, id="s"), buy(1), buy(2), buy(5)])
    engine.vacuum(day(3))
    assert [each.achieved_at for each in engine.add(Goal("pro", 'profile.plan = "pro"'))] == [day(0)]
    assert engine.add(TWO) == []
    again = GoalEngine(store=store)
    assert [(each.goal, each.trigger_id) for each in again.process([buy(6), buy(4)])] == [
        ("buy", "b4"), ("two", "b5"), ("buy", "b6"),
    ]  # fmt: skip
    assert [each.achieved_at for each in again.history(goal="pro")] == [day(0)]


@pytest.mark.parametrize(("count", "more"), [("once", []), ("once per 30 days", []), ("every", ["b9"])])
def test_a_restored_goal_goes_on_from_its_history(store: Store, count: str, more: list[str]) -> None:
    """What a goal has achieved stays, and counts, where it was archived while the facts were dropped."""
    engine = GoalEngine([Goal("buy", "event buy", count=count), Goal("other", "event other")], store=store, keep="all")
    engine.process([buy(1), buy(5)])
    engine.archive("buy")
    engine.vacuum(day(3))
    assert [each.trigger_id for each in engine.restore("buy")] == []
    again = GoalEngine(store=store)
    assert [each.trigger_id for each in again.process([buy(9)])] == more
    assert again.process([Event("other", "p", day(4), id="o")])[0].goal == "other"
    first = ["b1"] if count != "every" else ["b1", "b5"]
    assert [each.trigger_id for each in again.history(goal="buy")] == first + more


def test_hot_profiles_are_pruned_on_the_way(store: Store) -> None:
    """A profile that goes on does not keep more and more: with ``lateness``, what is final goes by itself."""
    engine = GoalEngine([BUY, TWO], store=store, lateness="1 day")
    for start in range(0, 3_000, 50):
        engine.process([buy(number / 100) for number in range(start, start + 50)])
    assert 100 <= len(kept(store)) < 500
    assert len(list(engine.history(goal="buy"))) == 3_000
    assert int(store.positions()["@floor"]) > 0
    late = GoalEngine(store=store)
    late.process([buy(5), buy(29.501)])
    assert late.rejected_count == 1
    assert len(list(late.history(goal="buy"))) == 3_001


# ---- properties


def properties(store: Store, number: int) -> list[dict[str, Any]]:
    """Of the last facts of the profile."""
    return [dict(fact.properties) for fact in store.load(["p"])["p"].facts[-number:]]  # type: ignore[union-attr]


def test_properties_that_nobody_reads_are_not_written_down(tmp_path: Path) -> None:
    """A store on disk gets the properties that a goal can read, and those that are named; the first events whole."""
    goals = [
        Goal("order", "event buy where (a > 0 and order.id is set)", count="once per b", value="worth.net"),
        Goal("chain", "event buy followed by event buy with same c", count="every"),
        Goal("sum", "sum(d of event other) > 5"),
    ]
    whole = {"a": 1, "b": 2, "c": 3, "d": 4, "order": {"id": 5, "x": 6}, "worth": {"net": 7}, "tag": 8, "noise": 9}
    facts = [Event("buy", "p", day(number), {**whole, "b": number}, f"b{number}") for number in range(30)]
    store = open_store(f"sqlite:///{tmp_path}/goals.db")
    engine = GoalEngine(goals, store=store, keep_properties=["tag"])
    for start in range(0, 30, 10):
        engine.process(facts[start : start + 10])
    read = {name: value for name, value in whole.items() if name not in ("d", "noise")}
    assert properties(store, 1) == [{**read, "b": 29}]
    assert properties(store, 30)[19] == {**whole, "b": 19}
    assert len(list(engine.history(goal="order"))) == 30
    engine.process([buy(40), ProfileSnapshot("p", day(41), {"any": 1}, id="s")])
    assert properties(store, 2) == [{}, {"any": 1}]
    engine.backfill([Event("buy", "p", day(50), whole, "given")], ["order"])
    assert store.load(["p"])["p"].scoped["1"][0].properties == read  # type: ignore[union-attr]
    engine.close()
    with GoalEngine(store=f"sqlite:///{tmp_path}/goals.db", keep="all") as again:
        assert len(again.process([Event("buy", "p", day(29.5), {**whole, "b": 77}, "late")])) == 2
        assert properties(again._store, 3)[0] == {**whole, "b": 77}


def test_memory_holds_events_as_they_came() -> None:
    """In memory nothing is gained by a smaller copy of an event that is there anyway."""
    store = MemoryStore()
    engine = GoalEngine([BUY], store=store)
    fact = buy(1, noise=1)
    engine.process([fact])
    assert store.load(["p"])["p"].facts[0] is fact
    with pytest.raises(ConvgoalsError, match="several names"):
        GoalEngine([BUY], keep_properties="noise")


# ---- merges of what is final


def test_merging_what_is_final(store: Store) -> None:
    """What was final of two profiles stays; of a goal that counts once, the earlier one."""
    engine = GoalEngine([TWO, BUY], store=store)
    engine.process([buy(1, "old"), buy(2, "old"), buy(3, "new"), buy(4, "new"), buy(8, "old"), buy(9, "new")])
    engine.vacuum(day(5))
    engine.merge("old", "new")
    assert [(c.goal, c.trigger_id) for c in engine.history("new")] == [
        ("buy", "b1"), ("buy", "b2"), ("two", "b2"), ("buy", "b3"), ("buy", "b4"), ("buy", "b8"), ("buy", "b9"),
    ]  # fmt: skip
    again = GoalEngine(store=store)
    assert [(each.goal, each.trigger_id) for each in again.process([buy(7, "old")])] == [("buy", "b7")]


def test_merging_an_old_profile_into_a_new_one(store: Store) -> None:
    """Where the one that becomes another is the one with a final state, the other goes on from it."""
    engine = GoalEngine([Goal("three", "count(event buy) >= 3")], store=store)
    engine.process([buy(1, "old"), buy(2, "old"), buy(6, "old")])
    engine.vacuum(day(5))
    engine.forget("old")
    engine.process([buy(6.5, "old"), buy(7, "old")])
    engine.vacuum(day(6.7))
    assert [each.trigger_id for each in engine.process([buy(8, "new")])] == []
    assert [(each.profile_id, each.trigger_id) for each in engine.merge("old", "new")] == [("new", "b8")]


# ---- backfill


def test_backfill_gives_history_to_its_goals_only(store: Store) -> None:
    """Facts given to some goals change these goals, now and after restarts, and no others."""
    engine = GoalEngine([BUY, TWO], store=store)
    engine.process([buy(5)])
    done: list[int] = []
    changes = engine.backfill((buy(number) for number in (2, 1)), ["two"], on_progress=done.append)
    assert [(each.goal, each.trigger_id) for each in changes] == [("two", "b2")]
    assert done == [2]
    assert [each.trigger_id for each in engine.history(goal="buy")] == ["b5"]
    again = GoalEngine(store=store)
    late = again.process([buy(1.5)])
    assert [(type(each).__name__, each.goal, each.trigger_id) for each in late] == [
        ("Retraction", "two", "b2"), ("Completion", "buy", "b1.5"), ("Completion", "two", "b1.5"),
    ]  # fmt: skip
    assert again.process([buy(1.5), buy(6)])[0].trigger_id == "b6"
    assert again.backfill([buy(1), buy(2)], [TWO]) == []
    assert again.status("two", "p").converted_at == day(1.5)
    assert again.explain("two", "p").holds


def test_backfill_of_nobody_yet(store: Store) -> None:
    """A profile that is known by what is given only is known; it is merged, forgotten and reported like others."""
    engine = GoalEngine([BUY, TWO], store=store)
    engine.backfill([buy(1, "q"), buy(2, "q"), buy(2, "p")], ["two"])
    assert store.profile_count() == 2
    engine.process([buy(2, "p"), buy(9, "q")])
    assert [(each.goal, each.profile_id, each.trigger_id) for each in engine.history()] == [
        ("buy", "p", "b2"), ("two", "q", "b2"), ("buy", "q", "b9"),
    ]  # fmt: skip
    engine.merge("q", "p")
    assert [(each.goal, each.trigger_id) for each in engine.history()] == [("buy", "b2"), ("two", "b2"), ("buy", "b9")]
    assert engine.diagnostics().goals[1].events == {"buy": 3}
    engine.forget("p")
    assert list(engine.history()) == []


def test_backfill_refuses(store: Store) -> None:
    """A goal that is not there, or what is no fact, is refused; no goals, nothing to do."""
    engine = GoalEngine([BUY], store=store)
    with pytest.raises(UnknownGoalError):
        engine.backfill([buy(1)], ["by"])
    bad: Any = [buy(1), 5]
    with pytest.raises(FactError):
        engine.backfill(bad, ["buy"])
    assert engine.backfill([buy(1)], []) == []
    assert store.profile_count() == 0
    assert (
        engine.backfill([{"type": "track", "event": "x", "userId": "p", "timestamp": day(1).isoformat()}], ["buy"])
        == []
    )
    assert store.load(["p"])["p"].scoped == {}


def test_backfill_after_facts_were_dropped(store: Store) -> None:
    """Goals that are given history are evaluated anew over what is kept and given."""
    engine = GoalEngine([BUY, TWO], store=store)
    engine.process([buy(1), buy(5)])
    engine.vacuum(day(3))
    changes = engine.backfill([buy(0), buy(2)], ["two"])
    assert [(each.goal, each.trigger_id) for each in changes] == [("two", "b5"), ("two", "b2")]
    assert [each.trigger_id for each in engine.history(goal="two")] == ["b2"]
    assert [each.trigger_id for each in engine.history(goal="buy")] == ["b1", "b5"]
    again = GoalEngine(store=store)
    assert [each.goal for each in again.process([buy(4)])] == ["buy"]
    assert again.vacuum(day(4.5)) == 3
    assert [each.goal for each in again.process([buy(6)])] == ["buy"]


# ---- what is told of what is no longer kept


def test_what_is_dropped_is_not_said_to_have_never_been(store: Store) -> None:
    """Explanations, standings and diagnoses say since when facts are kept."""
    engine = GoalEngine([TWO], store=store)
    engine.process([buy(1), buy(2), buy(5)])
    engine.vacuum(day(3))
    explained = engine.explain("two", "p")
    assert explained.kept_since == engine.status("two", "p").kept_since == day(3)
    assert "Facts before 2026-01-04 00:00 UTC are no longer kept" in str(explained)
    assert engine.status("two", "p").state == "converted"
    assert not engine.diagnostics().complete
    assert engine.status("two", "q").kept_since is None


def test_a_later_anchor_is_not_the_first(store: Store) -> None:
    """Whose first window closed has missed it, though the first anchor that is still kept is a later one."""
    goal = Goal("soon", "event buy within 2 days of first event visit")
    engine = GoalEngine([goal], store=store)
    engine.process([Event("visit", "p", day(1), {}, "v"), Event("visit", "q", day(15), {}, "w")])
    engine.vacuum(day(10))
    engine.process([Event("visit", "p", day(20), {}, "x")])
    standing = engine.status("soon", "p")
    assert (standing.state, standing.entered_at, standing.closed_at) == ("missed", day(1), day(3))
    assert standing.open_until is None


@pytest.mark.parametrize("condition", ["first event visit", "last event visit", "any event visit"])
@pytest.mark.parametrize("part", ["event buy", "(event buy and event buy where x = 1)"])
def test_windows_are_known_though_their_anchor_is_dropped(store: Store, condition: str, part: str) -> None:
    """Where a profile stands in a window that a dropped fact opened is told from the state that was saved."""
    goal = Goal("soon", f"{part} within 10 days of {condition}")
    engine = GoalEngine([goal, Goal("plain", "event buy and event other")], store=store)
    engine.process([Event("visit", "p", day(1), {}, "v"), Event("visit", "q", day(4), {}, "w")])
    engine.vacuum(day(3))
    standing = engine.status("soon", "p")
    assert (standing.state, standing.entered_at, standing.open_until) == ("open", day(1), day(11))
    assert engine.status("soon", "p", day(0.5)).state == "not entered"
    assert engine.status("plain", "p").kept_since is not None
    engine.process([Event("visit", "q", day(20), {}, "x")])
    late = GoalEngine(store=store)
    late.advance(day(20))
    closed = late.status("soon", "p")
    if "any" not in condition:
        assert (closed.state, closed.closed_at) == ("missed", day(11))
    late.archive("soon")
    assert late.status("soon", "p").state == "not entered"


# ---- saved states


def many(number: int) -> list[Event]:
    return [Event("buy", "p", START + timedelta(minutes=n), {"n": n % 7}, f"e{n}") for n in range(number)]


def test_a_long_log_is_resumed(store: Store) -> None:
    """A profile with many facts is not folded anew after a restart; duplicates are known all the same."""
    goals = [Goal("sum", "sum(n of event buy in last 1 hour) > 1000"), BUY]
    facts = many(2_000)
    engine = GoalEngine(goals, store=store)
    for start in range(0, 2_000, 100):
        engine.process(facts[start : start + 100])
    state = store.load(["p"])["p"].state
    assert state is not None
    assert read(state).now is not None
    later = len(store.load(["p"], resume=True)["p"].facts)
    assert later < 600
    again = GoalEngine(store=store)
    assert again.process(facts[500:600]) == []
    following = Event("buy", "p", START + timedelta(minutes=2_000), {}, "e7")
    assert again.process([following]) == []
    fresh = Event("buy", "p", START + timedelta(minutes=2_001), {}, "new")
    assert [each.trigger_id for each in again.process([fresh])] == ["new"]
    assert [each.goal for each in again.add(Goal("late", "count(event buy) >= 2001"))] == ["late"]
    assert [each.goal for each in GoalEngine(store=store).process([buy(-1)])] == ["late", "buy", "late"]


def test_late_ids_are_sketched(store: Store) -> None:
    """The ids of late facts are known after the next restart, whatever had to be read meanwhile."""
    facts = many(1_150)
    engine = GoalEngine([BUY], store=store)
    engine.process(facts[1:600])
    engine = GoalEngine(store=store)
    engine.process([facts[0]])
    engine.process([Event("buy", "p", START + timedelta(days=3), {}, "e5")])  # its id is known: all are read
    engine.process(facts[600:])
    again = GoalEngine(store=store)
    assert read(store.load(["p"])["p"].state).now is not None
    assert again.process([facts[0], facts[5], facts[700]]) == []


def test_a_state_that_cannot_be_read_is_refused(store: Store) -> None:
    """A state of a newer version, or damaged text, is no state: what is final cannot be made up."""
    engine = GoalEngine([BUY], store=store)
    engine.process([buy(1)])
    for text, code in (('{"format": 99}', "store-newer"), ("{", "store-corrupt"), ('{"format": 1}', "store-corrupt")):
        store.commit(Batch(profiles={"p": ProfileChange((), 0, None, SavedState(0, text))}))
        with pytest.raises(StoreError) as caught:
            GoalEngine(store=store).process([buy(2)])
        assert caught.value.code == code


def test_properties_that_cannot_be_saved_are_kept_as_facts() -> None:
    """In memory a profile may hold anything; where it cannot be written down, its facts stay."""
    with GoalEngine([BUY], lateness="1 day") as engine:
        engine.process([ProfileSnapshot("p", day(0), {"odd": object()}, id="s")])
        for start in range(0, 2_000, 50):
            engine.process([buy(number / 50) for number in range(start, start + 50)])
        assert engine.vacuum() == 0
        assert len(list(engine.history())) == 2_000


def test_goals_are_given_facts_of_some_profiles(store: Store) -> None:
    """A scope that one profile has and another has not changes nothing about which goals see it."""
    goals = [Goal("two", "count(event buy) >= 2"), Goal("three", "count(event buy) >= 3")]
    engine = GoalEngine(goals, store=store)
    engine.process([buy(9)])
    engine.backfill([buy(1), buy(2)], ["three"])
    engine.backfill([buy(3, "q"), buy(4, "q"), buy(3, "p")], ["two", "three"])
    assert [(each.goal, each.profile_id, each.trigger_id) for each in engine.history()] == [
        ("three", "p", "b3"), ("two", "q", "b4"), ("two", "p", "b9"),
    ]  # fmt: skip


def test_merged_facts_of_scopes_go_to_whom_they_are_new(store: Store) -> None:
    """Of two profiles with the same given fact, a goal sees it once; the goals that had it not get it."""
    engine = GoalEngine([Goal("a", "event buy", count="every"), Goal("b", "event buy", count="every")], store=store)
    engine.backfill([buy(1, "old"), buy(2, "old")], ["a", "b"])
    engine.backfill([buy(1, "new")], ["a"])
    engine.merge("old", "new")
    assert [(each.goal, each.trigger_id) for each in engine.history("new")] == [
        ("a", "b1"), ("b", "b1"), ("a", "b2"), ("b", "b2"),
    ]  # fmt: skip
    assert engine.process([buy(1, "old"), buy(3, "old")])[0].trigger_id == "b3"
    engine.process([Event("other", "new", day(30), id="o")])
    assert engine.advance(day(40)) == []


def test_a_month_of_lateness(store: Store) -> None:
    """A lateness by the calendar makes final what a month has passed over."""
    engine = GoalEngine([BUY], store=store, lateness="1 month")
    engine.process([buy(0), buy(1), buy(32)])  # the first of January, the second, and the second of February
    assert engine.vacuum() == 1
    assert kept(store) == ["b1", "b32"]


def test_the_clock_of_goals_with_facts_of_their_own(store: Store) -> None:
    """A clock has run for a goal even where a later fact of everybody's is none to it, for it was given that id."""
    goal = Goal("vip", 'in segment "vip" for 1 day')
    engine = GoalEngine([goal], store=store, keep="all")
    engine.backfill([ProfileSnapshot("p", day(0), {}, ["vip"], id="given")], [goal])
    engine.advance(day(3))
    assert [each.achieved_at for each in engine.history(goal=goal)] == [day(1)]
    late = ProfileUpdate("p", day(0.5), {"x": 1}, id="late")
    engine.process([Event("visit", "p", day(4), id="given"), late])
    assert [each.achieved_at for each in engine.history(goal=goal)] == [day(1)]
