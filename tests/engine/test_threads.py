"""One engine, several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from convgoals import Completion, Event, Goal, GoalEngine, Retraction

GOALS = [
    Goal("Every", "event buy", count="every"),
    Goal("Quiet", "event buy not followed within 1 day by event refund", count="every"),
    Goal("Third", "count(event buy) >= 3"),
]
THREADS = 6


def facts(profile: int) -> list[Event]:
    """Ten days of one profile, some of it undone by refunds."""
    found = []
    for day in range(1, 11):
        found.append(Event("buy", f"p{profile}", f"2026-01-{day:02}T00:00:00Z", id=f"b{day}"))
        if day % 3 == 0:
            found.append(Event("refund", f"p{profile}", f"2026-01-{day:02}T06:00:00Z", id=f"r{day}"))
    return found


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run all jobs at once, and raise what any of them raised."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        gate.wait(10)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result(60) for future in [pool.submit(run, job) for job in jobs]]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_feeding_and_asking_at_once(kind: str, tmp_path: Path) -> None:
    """However threads interleave, the history is that of the set of facts; whoever reads sees whole batches."""
    url = "memory://" if kind == "memory" else f"sqlite:///{tmp_path}/goals.db"
    log = [fact for profile in range(8) for fact in facts(profile)]
    with GoalEngine(GOALS) as alone:
        alone.process(log)
        alone.advance("2026-02-01T00:00:00Z")
        expected = {(each.goal, each.profile_id, each.achieved_at) for each in alone.history()}
    heard: list[Completion | Retraction] = []
    with GoalEngine(GOALS, store=url, on_change=heard.extend) as engine:

        def feed(part: int) -> None:
            own = log[part::THREADS]
            for start in range(0, len(own), 3):
                engine.process(own[start : start + 3])

        def ask() -> None:
            for _ in range(15):
                for profile in range(8):
                    list(engine.history(f"p{profile}"))
                    engine.status("Third", f"p{profile}")
                    engine.explain("Quiet", f"p{profile}")
                engine.report("Every")
                engine.diagnostics()
                engine.goals()

        together(*(lambda part=part: feed(part) for part in range(THREADS)), ask, ask)
        engine.advance("2026-02-01T00:00:00Z")
        assert {(each.goal, each.profile_id, each.achieved_at) for each in engine.history()} == expected
        made = [each for each in heard if isinstance(each, Completion)]
        undone = [each for each in heard if isinstance(each, Retraction)]
        assert len(made) - len(undone) == len(expected)
        assert len(list(engine.ledger())) == len(heard)


def test_goals_change_while_facts_come() -> None:
    """Goals are added, archived and restored while others feed; in the end each has what it should."""
    log = [fact for profile in range(6) for fact in facts(profile)]
    with GoalEngine(GOALS[:1], keep="all") as engine:

        def feed() -> None:
            for fact in log:
                engine.process([fact])

        def change() -> None:
            for goal in GOALS[1:]:
                engine.add(goal)
                engine.archive(goal.name)
                engine.restore(goal.name)

        together(feed, change)
        engine.advance("2026-02-01T00:00:00Z")
        with GoalEngine(GOALS) as alone:
            alone.process(log)
            alone.advance("2026-02-01T00:00:00Z")
            for goal in GOALS:
                assert [each.achieved_at for each in engine.history(goal=goal)] == [
                    each.achieved_at for each in alone.history(goal=goal)
                ]


def test_merging_and_forgetting_while_facts_come() -> None:
    """A profile that is forgotten while another thread feeds others leaves nothing behind."""
    with GoalEngine(GOALS) as engine:
        engine.process(facts(0))
        together(
            lambda: [engine.process([fact]) for fact in facts(1)],
            lambda: engine.forget("p0"),
            lambda: [engine.process([fact]) for fact in facts(2)],
            lambda: engine.merge("p3", "p1"),
        )
        assert {each.profile_id for each in engine.history()} == {"p1", "p2"}


def test_a_callback_may_call_the_engine() -> None:
    """The lock is the thread's own, so that ``on_change`` may ask and feed."""
    seen: list[int] = []
    with GoalEngine(GOALS[:1]) as engine:

        def react(changes: Any) -> None:
            seen.append(len(list(engine.history())))
            if len(seen) == 1:
                engine.process([Event("buy", "p9", "2026-01-20T00:00:00Z", id="again")])

        engine._on_change = react
        engine.process([Event("buy", "p1", "2026-01-01T00:00:00Z", id="b")])
    assert seen == [1, 2]
