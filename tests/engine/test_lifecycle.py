"""Goals over their life: added with progress, archived and restored."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convgoals import Event, Goal, GoalDefinitionError, GoalEngine, UnknownGoalError
from convgoals.engine import lifecycle
from convgoals.engine.plans import Plans
from convgoals.language.condition import Condition
from convgoals.predicates import plan as plan_module
from convgoals.predicates.compile import compile_goal
from convgoals.predicates.handlers import compile_handler
from convgoals.records import Fact
from convgoals.storage.base import SavedGoal
from convgoals.storage.memory import MemoryStore
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
    monkeypatch.setattr(lifecycle, "PASS", 4)
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


def test_a_goal_that_comes_to_others_is_compiled_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the goals before it have compiled stays, and so does what moves them at facts that it does not hear."""
    compiled: list[str] = []
    handled: list[str | None] = []

    def compiling(goal: Goal, *more: Any) -> Any:
        compiled.append(goal.name)
        return compile_goal(goal, *more)

    def handling(kind: str | None, *more: Any) -> Any:
        handled.append(kind)
        return compile_handler(kind, *more)

    monkeypatch.setattr(plan_module, "compile_goal", compiling)
    monkeypatch.setattr(plan_module, "compile_handler", handling)
    facts = [Event(kind, "p", f"2026-01-0{n}T00:00:00Z", id=f"{n}") for n, kind in enumerate("aab", start=1)]
    with GoalEngine([Goal("first of all", "event a", count="every"), Goal("second of all", "event b")]) as engine:
        assert handled == []
        engine.process(facts)
        engine.add(Goal("third of all", "event b where x is not set"))
        assert compiled.count("first of all") == 1
        engine.process([Event(kind, "q", fact.timestamp, id=fact.id) for kind, fact in zip("bba", facts, strict=True)])
        assert len(list(engine.history("q"))) == 3
    assert handled == ["a", "b", "b", "b"]  # the new goal's alone too, over the profile that is known


def test_equal_values_of_two_types_are_not_the_same() -> None:
    """Goals that are worth 1 and 1.0 are equal, and each keeps its own."""
    plans = [Plans({"g": SavedGoal(Goal("g", "event a", value=value), 1)}) for value in (1, 1.0)]
    assert [type(each.whole.machines[0].value(None)) for each in plans] == [int, float]


def test_a_new_goal_asks_the_ledger_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a goal that the ledger says nothing of, it is not asked profile by profile; of one that it does, it is."""
    asked: list[object] = []
    store = MemoryStore()
    ask = store.completions

    def completions(*args: Any, **more: Any) -> Any:
        asked.append(more)
        return ask(*args, **more)

    monkeypatch.setattr(store, "completions", completions)
    goal = Goal("new", "event a")
    with GoalEngine([Goal("g", "event a")], store=store) as engine:
        engine.process([Event("a", f"p{number}", logs.START, id="1") for number in range(40)])
        asked.clear()
        assert [each.goal for each in engine.add(goal)] == ["new"] * 40
        assert len(asked) == 1
        engine.archive("new")
        assert engine.restore("new") == []
        assert len(asked) == 42
        assert len(engine.add(Goal("new", "event a where x is not set"))) == 40
        assert len(asked) == 43
        assert [len(list(store.history(name))) for name in ("g", "new")] == [40, 80]
