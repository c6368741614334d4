"""The front door: batches, corrections, goals over their life, identity, history."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convgoals import (
    CampaignReceipt,
    Completion,
    ConvgoalsError,
    Event,
    FactError,
    Goal,
    GoalEngine,
    GoalTypeError,
    ProfileSnapshot,
    ProfileUpdate,
    Rejection,
    Retraction,
    Schema,
    StoreError,
    UnknownGoalError,
)
from convgoals.records import Fact
from convgoals.storage.base import Batch
from convgoals.storage.memory import MemoryStore

BUY = Goal("buy", "event purchase where order_value > 50", value="order_value")
EVERY = Goal("every purchase", "event purchase", count="every")
QUIET = Goal("no refund", "event purchase not followed within 14 days by event refund")


def day(number: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def purchase(number: float, fact_id: str, profile: str = "p", value: Any = 60, **more: Any) -> Event:
    return Event("purchase", profile, day(number), {"order_value": value}, fact_id, **more)


def achieved(engine: GoalEngine, goal: str | Goal, profile: str | None = None) -> list[tuple[datetime, str | None]]:
    return [(c.achieved_at, c.trigger_id) for c in engine.history(profile, goal=goal)]


Opener = Callable[..., GoalEngine]


@pytest.fixture(params=["memory", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens engines: in memory, or on one SQLite file that outlives each of them."""
    engines: list[GoalEngine] = []

    def make(goals: Sequence[Goal] = (), **options: Any) -> GoalEngine:
        url = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'goals.db'}"
        engines.append(GoalEngine(goals, store=url, **options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'goals.db'}"


# ---- batches


def test_a_completion_carries_all_that_is_known_of_it(opened: Opener) -> None:
    """Goal, version, profile, instants, trigger, channel, segments, value and the time since the anchor."""
    engine = opened([Goal("buy", BUY.when, within="7 days of first event visit", value="order_value")])
    engine.process([ProfileSnapshot("p", day(0), {}, ("vip", "beta"), "s"), Event("visit", "p", day(1), id="v")])
    (found,) = engine.process([purchase(3, "b", channel="email")])
    assert found == Completion("buy", 1, "p", day(3), day(3), "b", "email", ("beta", "vip"), 60, timedelta(days=2))
    assert list(engine.history()) == [found]


def test_a_fact_counts_once_whatever_its_content(opened: Opener) -> None:
    """Of two facts of one profile with one id, the first received stays, also over batches and restarts."""
    engine = opened([EVERY])
    engine.process([purchase(1, "a"), purchase(2, "a")])
    engine.process([purchase(3, "a")])
    assert achieved(engine, EVERY) == [(day(1), "a")]


def test_facts_without_an_id_are_never_duplicates(opened: Opener) -> None:
    """The same object fed twice is two facts, since nothing says that they are one."""
    engine = opened([EVERY])
    fact = Event("purchase", "p", day(1))
    engine.process([fact, fact])
    engine.process([fact])
    assert len(achieved(engine, EVERY)) == 3
    assert fact.id is None


def test_a_batch_with_something_that_is_no_fact_changes_nothing(opened: Opener) -> None:
    """The whole batch is refused, with the reason."""
    engine = opened([EVERY])
    with pytest.raises(FactError) as caught:
        engine.process([purchase(1, "a"), "no fact"])  # type: ignore[list-item]
    assert caught.value.code == "fact"
    assert achieved(engine, EVERY) == []
    assert engine.process([purchase(1, "a")])


def test_one_fact_is_not_a_batch() -> None:
    """A common slip gets a hint instead of a puzzle."""
    with GoalEngine([EVERY]) as engine, pytest.raises(FactError, match=r"process\(\[fact\]\)"):
        engine.process(purchase(1, "a"))  # type: ignore[arg-type]


class Failing(MemoryStore):
    """A store whose next commits fail."""

    failures = 0

    def commit(self, batch: Batch) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreError("the disk is full", code="disk-full")
        super().commit(batch)


def test_a_batch_that_cannot_be_committed_leaves_the_engine_as_it_was() -> None:
    """After the failure the same batch can be given again, and counts once."""
    store = Failing()
    seen: list[Any] = []
    engine = GoalEngine([EVERY, QUIET], store=store, on_change=seen.append)
    engine.process([purchase(1, "a")])
    store.failures = 1
    with pytest.raises(StoreError):
        engine.process([purchase(2, "b"), Event("refund", "p", day(3), id="r")])
    store.failures = 1
    with pytest.raises(StoreError):
        engine.advance(day(40))
    assert achieved(engine, EVERY) == [(day(1), "a")]
    engine.process([purchase(2, "b")])
    assert achieved(engine, EVERY) == [(day(1), "a"), (day(2), "b")]
    engine.advance(day(40))
    assert achieved(engine, QUIET) == [(day(15), None)]
    assert len(seen) == 3


def test_dicts_in_the_segment_form_are_facts(opened: Opener) -> None:
    """``track`` is an event and ``identify`` an update of the profile."""
    engine = opened([Goal("pro purchase", 'event "Order Completed" where (total > 50 and profile.plan = "pro")')])
    changes = engine.process(
        [
            {"type": "identify", "userId": "p", "messageId": "1", "timestamp": "2026-01-01T00:00:00Z",
             "traits": {"plan": "pro"}},
            {"type": "track", "userId": "p", "messageId": "2", "timestamp": "2026-01-02T00:00:00Z",
             "event": "Order Completed", "properties": {"total": 51}},
        ]
    )  # fmt: skip
    assert [change.trigger_id for change in changes] == ["2"]


def test_callbacks_come_once_and_after_the_commit() -> None:
    """What the callback is told can be read back already."""
    told: list[tuple[int, int]] = []
    engine: GoalEngine

    def listen(changes: Sequence[Completion | Retraction]) -> None:
        told.append((len(changes), len(list(engine.history()))))

    engine = GoalEngine([EVERY], on_change=listen)
    engine.process([purchase(1, "a"), purchase(2, "b")])
    engine.process([Event("visit", "p", day(3))])
    assert told == [(2, 2)]


def test_goals_do_not_touch_one_another(opened: Opener) -> None:
    """What fires one goal through its window leaves no trace in another that the same event fires."""
    goals = [Goal("windowed", "event b within 7 days of first event a"), Goal("plain", "event b", count="every")]
    engine = opened([*goals, Goal("windowed too", "event b within 1 day of any event a")])
    engine.process([Event("a", "p", day(0), id="1"), Event("b", "p", day(1), id="2"), Event("b", "p", day(2), id="3")])
    found = [(c.goal, c.trigger_id, c.since_anchor) for c in engine.history()]
    assert found == [
        ("plain", "2", None),
        ("windowed", "2", timedelta(days=1)),
        ("windowed too", "2", timedelta(days=1)),
        ("plain", "3", None),
    ]


# ---- late facts and corrections (semantics §6)


def test_a_late_fact_corrects_history(opened: Opener) -> None:
    """What no longer holds is retracted with the fact that undid it, and what was known before can be asked."""
    engine = opened([BUY])
    engine.process([purchase(10, "late one")])
    engine.advance(day(20))
    changes = engine.process([purchase(5, "early one")])
    retraction, completion = changes
    assert isinstance(retraction, Retraction)
    assert (retraction.trigger_id, retraction.cause, retraction.recorded_at) == ("late one", "early one", day(20))
    assert isinstance(completion, Completion)
    assert (completion.achieved_at, completion.recorded_at) == (day(5), day(20))
    assert achieved(engine, BUY) == [(day(5), "early one")]
    assert [c.trigger_id for c in engine.history(as_of=day(15))] == ["late one"]
    assert [c.trigger_id for c in engine.history(include_retracted=True)] == ["early one", "late one"]
    assert [type(entry).__name__ for entry in engine.ledger()] == ["Completion", "Retraction", "Completion"]


def test_a_fact_too_late_is_refused_and_told() -> None:
    """Beyond the limit on lateness a fact goes to the counter and the callback, never silently away."""
    rejected: list[Rejection] = []
    engine = GoalEngine([EVERY], lateness="7 days", on_rejected=rejected.append)
    engine.process([purchase(10, "a"), purchase(3, "exactly the limit"), purchase(2.9, "too late")])
    assert achieved(engine, EVERY) == [(day(3), "exactly the limit"), (day(10), "a")]
    assert engine.rejected_count == 1
    assert [(each.fact.id, each.latest) for each in rejected] == [("too late", day(10))]


def test_time_alone_completes_at_its_exact_instant(opened: Opener) -> None:
    """A deadline is recorded at the deadline, however much later the clock is told."""
    engine = opened([QUIET])
    engine.process([purchase(1, "a"), purchase(1, "b", profile="q"), Event("refund", "q", day(15), id="r")])
    assert engine.advance(day(14.9)) == []
    (found,) = engine.advance(day(100))
    assert (found.profile_id, found.achieved_at, found.recorded_at) == ("p", day(15), day(100))
    assert engine.advance(day(50)) == []


def test_another_fact_of_a_profile_lets_its_time_pass(opened: Opener) -> None:
    """A profile's time runs to its own latest fact, also one that no goal looks at."""
    engine = opened([QUIET])
    engine.process([purchase(1, "a"), purchase(1, "b", profile="q")])
    engine.process([Event("visit", "p", day(30), id="v")])
    assert achieved(engine, QUIET) == [(day(15), None)]
    assert [c.profile_id for c in engine.history()] == ["p"]


# ---- goals over their life (semantics §7)


def test_a_new_goal_is_live_for_profiles_known_already(opened: Opener) -> None:
    """Saving a goal evaluates it over what is kept of every profile."""
    engine = opened([EVERY])
    engine.process([purchase(1, "a"), purchase(2, "b", profile="q", value=10)])
    changes = engine.add(BUY)
    assert [(change.profile_id, change.trigger_id) for change in changes] == [("p", "a")]
    engine.process([purchase(3, "c", profile="q")])
    assert achieved(engine, BUY) == [(day(1), "a"), (day(3), "c")]


def test_another_condition_is_another_version(opened: Opener) -> None:
    """The old version's completions stay under it; the same condition in other words makes none."""
    engine = opened([BUY])
    engine.process([purchase(1, "a")])
    engine.add(Goal("buy", "event purchase where (order_value>50)", value="order_value", description="now described"))
    assert [saved.version for saved in engine.saved_goals()] == [1]
    engine.add(Goal("buy", "event purchase where order_value > 10", value="order_value"))
    assert [(c.version, c.trigger_id) for c in engine.history(goal="buy")] == [(1, "a"), (2, "a")]
    assert [goal.description for goal in engine.goals()] == [""]


def test_an_archived_goal_is_no_longer_evaluated(opened: Opener) -> None:
    """Its history stays, and saving it again brings it back with what is kept."""
    engine = opened([EVERY, BUY])
    engine.process([purchase(1, "a")])
    engine.archive("buy")
    engine.process([purchase(2, "b", profile="q")])
    assert achieved(engine, "buy") == [(day(1), "a")]
    assert [goal.name for goal in engine.goals()] == ["every purchase"]
    engine.add(BUY)
    assert achieved(engine, "buy") == [(day(1), "a"), (day(2), "b")]


def test_an_unknown_goal_asks_what_was_meant() -> None:
    """A misspelt name is an error of the tree with a suggestion."""
    with GoalEngine([EVERY]) as engine, pytest.raises(UnknownGoalError, match="did you mean `every purchase`"):
        engine.archive("every purchas")


def test_goals_are_checked_against_the_schema_when_they_are_saved() -> None:
    """An engine with a schema takes no goal that does not fit it."""
    schema = Schema(events={"purchase": {"order_value": "number"}})
    with GoalEngine([BUY], schema=schema) as engine:
        with pytest.raises(GoalTypeError):
            engine.add(Goal("x", "event purchas"))
        assert [goal.name for goal in engine.goals()] == ["buy"]


# ---- identity (semantics §6)


def test_merging_makes_two_logs_one(opened: Opener) -> None:
    """The completions become those of the union; facts that come later under the old id follow."""
    goal = Goal("signup purchase", "event purchase within 7 days of first event visit")
    engine = opened([goal])
    engine.process([Event("visit", "anonymous", day(1), id="v"), purchase(3, "b", profile="known")])
    assert achieved(engine, goal) == []
    (found,) = engine.merge("anonymous", "known")
    assert (found.profile_id, found.trigger_id) == ("known", "b")
    assert engine.merge("anonymous", "known") == []
    engine.add(EVERY)
    engine.process([purchase(4, "c", profile="anonymous")])
    assert achieved(engine, EVERY, "anonymous") == [(day(3), "b"), (day(4), "c")]
    assert {c.profile_id for c in engine.history()} == {"known"}


def test_a_merged_profiles_completions_move(opened: Opener) -> None:
    """What was recorded for the old id is retracted, and recorded for the new one."""
    engine = opened([EVERY])
    engine.process([purchase(1, "a", profile="anonymous")])
    changes = engine.merge("anonymous", "known")
    assert [(type(change).__name__, change.profile_id) for change in changes] == [
        ("Retraction", "anonymous"),
        ("Completion", "known"),
    ]
    assert [c.profile_id for c in engine.history()] == ["known"]


def test_history_at_rest_follows_a_merge(opened: Opener) -> None:
    """Completions of archived goals and of earlier versions become those of the new id; of what counts once, one."""
    first = Goal("first", "event purchase")
    engine = opened([first, EVERY])
    engine.process([purchase(1, "a", profile="anonymous"), purchase(2, "b", profile="known")])
    engine.process([purchase(3, "both", profile="anonymous"), purchase(3, "both", profile="known")])
    engine.archive("first")
    engine.add(Goal(EVERY.name, "event purchase where order_value > 1000", count="every"))
    engine.merge("anonymous", "known")
    assert achieved(engine, first, "known") == [(day(1), "a")]
    assert achieved(engine, EVERY, "known") == [(day(1), "a"), (day(2), "b"), (day(3), "both")]
    assert {c.profile_id for c in engine.history()} == {"known"}
    assert engine.merge("anonymous", "known") == []


def test_the_duplicate_that_a_merge_drops_has_moved_no_time(opened: Opener) -> None:
    """Time runs to the latest fact of the union: what had the id of a fact of the known profile is none of it."""
    goal = Goal("idle", "event visit not followed within 1 day by event purchase")
    engine = opened([goal])
    engine.process([Event("visit", "known", day(1), id="v"), purchase(3, "v", profile="anonymous")])
    assert engine.merge("anonymous", "known") == []
    assert [each.achieved_at for each in engine.process([purchase(2.5, "b", profile="known")])] == [day(2)]


def test_merging_unknown_ids_makes_no_profile(opened: Opener) -> None:
    """Two ids that no fact has named become one person to be: nobody is counted, and time stands where it stood."""
    engine = opened([BUY])
    assert engine.merge("anonymous", "known") == []
    assert engine.report(BUY).audience == 0
    assert engine._store.reached() is None
    engine.process([purchase(1, "a", profile="anonymous")])
    assert list(engine._store.profile_ids()) == ["known"]


def test_forgetting_erases_a_profile_everywhere(opened: Opener) -> None:
    """Facts, completions and the identities that became it are gone; others stay."""
    engine = opened([EVERY])
    engine.process([purchase(1, "a", profile="anonymous"), purchase(2, "b"), purchase(3, "c", profile="other")])
    engine.merge("anonymous", "p")
    engine.forget("anonymous")
    assert [c.profile_id for c in engine.history(include_retracted=True)] == ["other"]
    assert {entry.profile_id for entry in engine.ledger()} == {"other"}
    engine.process([purchase(4, "d", profile="anonymous")])
    assert achieved(engine, EVERY, "anonymous") == [(day(4), "d")]


# ---- restarts, several processes and threads


def test_a_restart_loses_and_doubles_nothing(file_url: str) -> None:
    """Closed after every batch and opened again, an engine gives what one that was never closed gives."""
    goals = [BUY, EVERY, QUIET, Goal("pro", 'event purchase and profile.plan = "pro"')]
    batches: list[list[Fact]] = [
        [purchase(1, "a", value=10), ProfileSnapshot("p", day(1), {"plan": "free"}, id="s")],
        [purchase(3, "b"), purchase(3, "b2", profile="q")],
        [ProfileUpdate("p", day(5), {"plan": "pro"}, id="u")],
        [Event("refund", "q", day(9), id="r"), purchase(2, "late", profile="q")],
        [Event("visit", "p", day(30), id="v")],
    ]
    with GoalEngine(goals) as whole:
        for batch in batches:
            whole.process(batch)
        whole.advance(day(60))
        expected = list(whole.history(include_retracted=True))
    for number, batch in enumerate(batches):
        with GoalEngine(goals, store=file_url) as engine:
            engine.process(batch, checkpoint={"stream": number})
            engine.process(batch)
    with GoalEngine(store=file_url) as engine:
        assert engine.checkpoint() == {"stream": len(batches) - 1}
        engine.advance(day(60))
        assert list(engine.history(include_retracted=True)) == expected


def test_two_engines_on_one_file_see_each_others_work(file_url: str) -> None:
    """A goal added, and facts fed, by one are known to the other at its next call."""
    with GoalEngine([EVERY], store=file_url) as one, GoalEngine(store=file_url) as other:
        one.process([purchase(1, "a")])
        other.process([purchase(1, "a"), purchase(2, "b")])
        one.add(BUY)
        other.process([purchase(3, "c", profile="q")])
        one.process([purchase(2, "b")])
        assert achieved(one, EVERY) == achieved(other, EVERY) == [(day(1), "a"), (day(2), "b"), (day(3), "c")]
        assert achieved(other, "buy") == [(day(1), "a"), (day(3), "c")]


def test_threads_may_share_an_engine(opened: Opener) -> None:
    """Facts fed by several threads at once all count, once."""
    engine = opened([EVERY])

    def feed(worker: int) -> None:
        for number in range(20):
            engine.process([purchase(number, f"{worker}-{number}", profile=f"p{number % 3}"), purchase(0, "shared")])

    threads = [threading.Thread(target=feed, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(achieved(engine, EVERY)) == 4 * 20 + 1


def test_a_closed_engine_says_so(opened: Opener) -> None:
    """Using it is a `StoreError`, not something obscure."""
    engine = opened([EVERY])
    engine.close()
    with pytest.raises(StoreError):
        engine.process([purchase(1, "a")])


# ---- hostile and mistaken arguments


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda engine: engine.advance("2026-01-01T00:00:00"), "instant"),
        (lambda engine: engine.advance(datetime(2026, 1, 1)), "instant"),  # noqa: DTZ001  the mistake in question
        (lambda engine: engine.history(as_of="yesterday"), "instant"),
        (lambda engine: engine.process([], checkpoint={"@clock": 1}), "checkpoint"),
        (lambda engine: GoalEngine(keep="some"), "keep"),  # type: ignore[arg-type]
        (lambda engine: GoalEngine(lateness="a while"), None),
    ],
)
def test_mistaken_arguments(call: Callable[[GoalEngine], object], code: str | None) -> None:
    """Each is an error of the tree."""
    with GoalEngine([EVERY]) as engine, pytest.raises(ConvgoalsError) as caught:
        call(engine)
    assert code is None or caught.value.code == code


def test_ill_typed_values_are_counted_not_raised() -> None:
    """A goal meets values of every wrong type, says false, and the count tells which."""
    with GoalEngine([BUY]) as engine:
        odd: list[Any] = ["60", True, [60], {"x": 1}, float("nan"), float("inf"), day(1), None]
        engine.process([purchase(number, f"o{number}", value=value) for number, value in enumerate(odd)])
        assert achieved(engine, BUY) == []
        assert sum(engine.diagnostics().ill_typed.values()) == len(odd) - 1
        assert engine.diagnostics().ill_typed["buy", "order_value", "str"] == 1


def test_receipts_are_kept_though_no_goal_looks_at_them() -> None:
    """A campaign's recipients are the audience of goals linked to it."""
    with GoalEngine([Goal("linked", "event purchase", campaign="spring")]) as engine:
        engine.process([CampaignReceipt("spring", "p", day(0)), purchase(1, "a"), purchase(1, "b", profile="q")])
        report = engine.report("linked")
        assert (report.audience, report.converting_profiles) == (1, 1)


def test_a_batch_leaves_no_cycles() -> None:
    """What a batch needed is freed with it, also where a profile was folded again: nothing waits for the collector."""
    goal = Goal("g", "event b within 1 day of profile.since", count="every")
    known = ProfileSnapshot("p", day(0), {"since": "2026-01-01T00:00:00Z"}, id="s")
    with GoalEngine([goal]) as engine:
        engine.process([known])
        gc.collect()
        gc.disable()
        try:
            for hour in (3, 5, 4, 1):
                engine.process([Event("b", "p", day(hour / 24), id=str(hour))])
            assert gc.collect() == 0
        finally:
            gc.enable()
