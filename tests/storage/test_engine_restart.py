"""An engine on SQLite that is closed and opened between batches says what one in memory says that never stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from any_goals import any_goals
from convgoals import Event, Goal, GoalEngine
from convgoals.records import Fact
from convgoals.testing import logs


@st.composite
def batches(draw: Callable[[Any], Any]) -> list[list[Fact]]:
    """The logs of two profiles, mixed and cut into batches."""
    stream = draw(st.permutations([*draw(logs.logs("p")), *draw(logs.logs("q"))]))
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


@given(any_goals("g", "h"), batches(), st.sets(st.integers(0, 5)), st.booleans())
@settings(max_examples=40, deadline=None)
def test_restarts(
    tmp_path_factory: pytest.TempPathFactory, both: list[Goal], stream: list[list[Fact]], merged: set[int], every: bool
) -> None:
    """What each batch changes, and the whole history, are the same across restarts, merges and time that passes."""
    note([str(goal.condition) for goal in both])
    url = f"sqlite:///{tmp_path_factory.mktemp('engine')}/goals.db"
    keep: Any = "all" if every else "relevant"
    steady = GoalEngine(both, keep=keep)
    for number, batch in enumerate(stream):
        with GoalEngine(both, store=url, keep=keep) as engine:
            assert engine.process(batch, checkpoint={"s": number}) == steady.process(batch, checkpoint={"s": number})
            now = logs.START + timedelta(days=number)
            assert engine.advance(now) == steady.advance(now)
            if number in merged:
                assert engine.merge("q", "p") == steady.merge("q", "p")
    with GoalEngine(store=url, keep=keep) as engine:
        assert engine.checkpoint() == steady.checkpoint()
        assert engine.goals() == steady.goals()
        for retracted in (False, True):
            assert list(engine.history(include_retracted=retracted)) == list(
                steady.history(include_retracted=retracted)
            )
        engine.forget("p")
        steady.forget("p")
        assert list(engine.history()) == list(steady.history())


def test_a_fact_that_is_not_kept_has_moved_time(tmp_path: Path) -> None:
    """A profile's time has run to its latest fact, kept or not, also for an engine that never saw that fact."""
    goal = Goal("no answer", "event a not followed within 20 minutes by event b")
    unheard, late = (Event(kind, "p", f"2026-01-01T0{hour}:00:00Z", id=kind) for kind, hour in (("x", 5), ("a", 3)))
    url = f"sqlite:///{tmp_path}/goals.db"
    with GoalEngine([goal], store=url) as engine:
        engine.process([unheard])
    with GoalEngine(store=url) as engine:
        assert [change.achieved_at.hour for change in engine.process([late])] == [3]


def test_a_goal_of_another_engine_is_live(tmp_path: Path) -> None:
    """A goal that one engine saves is live in another on the same file from its next batch on, over what is kept."""
    url = f"sqlite:///{tmp_path}/goals.db"
    event = {"type": "track", "event": "a", "userId": "p", "timestamp": "2026-01-01T00:00:00Z", "messageId": "1"}
    with GoalEngine(store=url, keep="all") as one, GoalEngine(store=url, keep="all") as other:
        one.process([event])
        assert [change.goal for change in other.add(Goal("late", "event a"))] == ["late"]
        later = one.process([{**event, "userId": "q", "messageId": "2", "timestamp": "2026-01-02T00:00:00Z"}])
        assert [(change.goal, change.profile_id) for change in later] == [("late", "q")]
        assert [completion.profile_id for completion in other.history()] == ["p", "q"]
