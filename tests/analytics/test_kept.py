"""A report from what a store keeps is the report from the completions, whatever became of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals.analytics.buckets import Every
from convgoals.analytics.funnel import funnel
from convgoals.analytics.report import report
from convgoals.goals import Goal
from convgoals.instants import EPOCH
from convgoals.records import Completion, Retraction
from convgoals.storage.base import Batch, SavedGoal, Store
from convgoals.storage.open import open_store
from convgoals.storage.recount import Recounting
from convgoals.storage.summary import Question, Summary
from convgoals.testing.contract_summaries import stories

ZONES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),  # clocks move by half an hour
    "America/St_Johns": ("2026-03-08", "2026-11-01"),
    "America/Havana": ("2026-03-08", "2026-11-01"),  # at midnight
    "Asia/Kathmandu": ("2026-05-05", "1920-01-01"),  # an offset of 45 minutes, and before of 41:16
    "UTC": ("1970-01-01", "2000-02-29"),
}
EVERY: st.SearchStrategy[Every] = st.sampled_from(get_args(Every))
GOAL = Goal("g", "event a", count="every")


class Recounted(Recounting):
    """What *store* says, its reports recounted from its completions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def moved(batch: Batch, by: timedelta) -> Batch:
    """*batch* at another time."""

    def of(completion: Completion) -> Completion:
        return attrs.evolve(completion, achieved_at=completion.achieved_at + by)

    entries = [
        attrs.evolve(entry, completion=of(entry.completion)) if isinstance(entry, Retraction) else of(entry)
        for entry in batch.entries
    ]
    return attrs.evolve(batch, entries=tuple(entries), reached=None)


@given(data=st.data(), zone=st.sampled_from(sorted(ZONES)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_ways_agree(data: Any, zone: str) -> None:
    """Around changes of the clock, with corrections, merges, who was forgotten, versions, and a new name."""
    day = datetime.fromisoformat(data.draw(st.sampled_from(ZONES[zone]))).replace(tzinfo=EPOCH.tzinfo)
    store = open_store("sqlite://")
    try:
        store.commit(Batch(goals=(SavedGoal(GOAL),)))
        for step in data.draw(stories(), label="story"):
            if isinstance(step, str):
                store.forget(step)
            else:
                store.commit(moved(step, day - EPOCH))
        goal = GOAL
        if data.draw(st.booleans(), label="renamed"):
            store.rename("g", "n")
            goal = goal.renamed("n")
        # From minutes around midnight to days apart, on both sides of the change.
        moments = st.none() | st.integers(-4 * 96, 4 * 96).map(lambda quarters: day + quarters * timedelta(minutes=15))
        for _ in range(3):
            since, until = data.draw(st.tuples(moments, moments).filter(in_order), label="period")
            asked: dict[str, Any] = {
                "since": since,
                "until": until,
                "every": data.draw(EVERY, label="every"),
                "breakdown": data.draw(st.sampled_from((None, "channel", "version")), label="breakdown"),
                "version": data.draw(st.sampled_from((None, None, 1)), label="version"),
                "baseline": "previous" if since and until and data.draw(st.booleans(), label="baseline") else None,
                "timezone": zone,
            }
            assert report(store, goal, **asked) == report(Recounted(store), goal, **asked)
    finally:
        store.close()


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_ways_through_a_funnel_agree(data: Any) -> None:
    """A funnel over moments alone is the funnel over completions, whoever dropped where included."""
    store = open_store("sqlite://")
    try:
        for step in data.draw(stories(), label="story"):
            if isinstance(step, str):
                store.forget(step)
            else:
                store.commit(step)
        goals = data.draw(st.permutations([GOAL, Goal("h", "event b")]), label="goals")
        ends = st.none() | st.integers(-3 * 24, 3 * 24).map(lambda hours: EPOCH + timedelta(hours=hours))
        since, until = data.draw(st.tuples(ends, ends).filter(in_order), label="period")
        asked: dict[str, Any] = {
            "since": since,
            "until": until,
            "within": data.draw(st.sampled_from((None, "1 hour", "1 month", timedelta(days=1))), label="within"),
            "versions": data.draw(st.sampled_from(({}, {"g": 1})), label="versions"),
        }
        quick, slow = funnel(store, goals, **asked), funnel(Recounted(store), goals, **asked)
        assert quick == slow
        assert [list(quick.dropped(stage)) for stage in (1, 2)] == [list(slow.dropped(stage)) for stage in (1, 2)]
        assert list(quick.reached(1)) == list(slow.reached(1))
    finally:
        store.close()


def in_order(period: tuple[datetime | None, datetime | None]) -> bool:
    since, until = period
    return since is None or until is None or since <= until


def test_reports_of_everyone_read_no_completions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Total, trend, and the breakdowns that completions themselves say are the store's to answer; others are not."""
    store = open_store("memory://")
    asked: list[Question] = []

    class Watched(Recounted):
        def summaries(self: Any, questions: Any) -> list[Summary]:
            asked.extend(questions)
            found: list[Summary] = self._store.summaries(questions)
            return found

        def completions(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("completions were read")

    reader = Watched(store)
    for breakdown in (None, "channel", "version"):
        report(reader, GOAL, breakdown=breakdown, baseline=(None, "2026-01-31"))
    # The period, the baseline, and both together: who converted in both is known then.
    assert [question.by for question in asked] == [None, None, None, "channel", None, None, "version", None, None]
    for more in ({"breakdown": "segment"}, {"audience": 'profile.plan = "pro"'}, {"by": "entered"}):
        with pytest.raises(AssertionError, match="completions were read"):
            report(reader, GOAL, **more)  # type: ignore[arg-type]
