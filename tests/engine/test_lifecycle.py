"""Goals over their life: added with progress, archived and restored."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals import Event, Goal, GoalDefinitionError, GoalEngine, UnknownGoalError
from convgoals.engine import engine as engine_module
from convgoals.language.condition import Condition
from convgoals.records import Fact
from convgoals.testing import logs, strategies
from convgoals.testing.reference import evaluate

EXAMPLES = int(os.environ.get("CONVGOALS_EXAMPLES", "40"))


@given(strategies.goal_conditions(max_depth=2), logs.logs(), st.integers(0, 9), st.sampled_from(("once", "every")))
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_a_restored_goal_is_what_it_would_have_been(condition: Any, log: list[Fact], cut: int, count: str) -> None:
    """Where every fact is kept, a goal that was archived for a while has the completions of the whole log."""
    goal = Goal("g", Condition(condition), count=count)
    with GoalEngine([goal], keep="all") as engine:
        engine.process(log[:cut])
        before = list(engine.history())
        engine.archive("g")
        engine.process(log[cut:])
        assert list(engine.history()) == before
        engine.restore("g")
        assert [each.achieved_at for each in engine.history()] == [each.achieved_at for each in evaluate(goal, log)]
        assert [saved.version for saved in engine.saved_goals()] == [1]
        assert engine.restore("g") == []


def test_restoring_after_a_restart(tmp_path: Any) -> None:
    """An archived goal is still there when the store is opened again, and can be restored."""
    url = f"sqlite:///{tmp_path}/goals.db"
    with GoalEngine([Goal("g", "event a")], store=url, keep="all") as engine:
        engine.archive("g")
        engine.process([Event("a", "p", "2026-01-01T00:00:00Z", id="1")])
    with GoalEngine(store=url) as engine:
        assert engine.goals() == []
        assert [change.trigger_id for change in engine.restore("g")] == ["1"]
        with pytest.raises(UnknownGoalError, match="no goal 'h'"):
            engine.restore("h")


def test_progress_of_adding(monkeypatch: pytest.MonkeyPatch) -> None:
    """All known profiles are evaluated in bounded passes, and each pass is told."""
    monkeypatch.setattr(engine_module, "PASS", 4)
    told: list[int] = []
    with GoalEngine([Goal("g", "event a")]) as engine:
        engine.process([Event("a", f"p{n}", "2026-01-01T00:00:00Z", id="1") for n in range(10)])
        assert len(engine.add(Goal("h", "event a"), on_progress=told.append)) == 10
    assert told == [4, 8, 10]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_renaming(kind: str, tmp_path: Any) -> None:
    """History, versions and what is under way follow the new name; the reference's completions are the same."""
    url = "memory://" if kind == "memory" else f"sqlite:///{tmp_path}/goals.db"
    goal = Goal("Old", "event buy within 7 days of first event visit", count="every", tags=("shop",))
    log = [Event(kind, "ann", f"2026-01-0{day}T00:00:00Z", id=f"{day}") for day, kind in enumerate("vbvbb", start=1)]
    log = [Event({"v": "visit", "b": "buy"}[fact.type], "ann", fact.timestamp, id=fact.id) for fact in log]
    with GoalEngine([Goal("Old", "event buy"), Goal("Other", "event visit")], store=url, keep="all") as engine:
        engine.process(log[:3])
        engine.add(goal)
        engine.rename("Old", "New")
        engine.process(log[3:])
        assert [each.name for each in engine.goals()] == ["New", "Other"]
        assert engine.goals()[0] == goal.renamed("New")
        live = [each.achieved_at for each in engine.history(goal="New") if each.version == 2]
        assert live == [each.achieved_at for each in evaluate(goal, log)]
        assert [each.version for each in engine.history(goal="New")].count(1) == 1
        assert engine.report("New").goal == "New"
        assert engine.status("New", "ann").state == "converted"
        engine.process([Event("visit", "ann", "2025-12-01T00:00:00Z", id="late")])  # undoes them, under the new name
        assert [each.version for each in engine.history(goal="New")] == [1]
        with pytest.raises(UnknownGoalError):
            engine.history(goal="Old")
        with pytest.raises(GoalDefinitionError, match="another has this name") as refused:
            engine.rename("New", "Other")
        assert refused.value.code == "duplicate-name"
        with pytest.raises(GoalDefinitionError):
            engine.rename("New", "")
        engine.rename("New", "New")
        engine.add(Goal("Old", "event visit"))  # the old name is free again


def test_another_process_notices_a_new_name(tmp_path: Any) -> None:
    """An engine over the same file goes on under the new name."""
    url = f"sqlite:///{tmp_path}/goals.db"
    with GoalEngine([Goal("Old", "event a", count="every")], store=url) as one, GoalEngine(store=url) as other:
        other.process([Event("a", "p", "2026-01-01T00:00:00Z", id="1")])
        one.rename("Old", "New")
        changes = other.process([Event("a", "p", "2026-01-02T00:00:00Z", id="2")])
        assert [change.goal for change in changes] == ["New"]
        assert [each.goal for each in one.history(goal="New")] == ["New", "New"]
