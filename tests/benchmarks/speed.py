"""The engine in memory, in order, beside the hand-written loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.handwritten import Done, Loop
from benchmarks.harness import Report, Target, race
from benchmarks.stream import GOALS, batches, make_stream
from convgoals import Completion, GoalEngine
from convgoals.records import Fact

ROUNDS = 7


def engine_over(parts: Sequence[Sequence[Fact]], store: str = "memory://") -> Callable[[], GoalEngine]:
    """A new engine with the ten goals, and a function that feeds it *parts*."""
    engine = GoalEngine(GOALS, store=store)

    def run() -> GoalEngine:
        for part in parts:
            engine.process(part)
        return engine

    return run


def loop_over(parts: Sequence[Sequence[Fact]]) -> Callable[[], Loop]:
    """The same for the hand-written loop."""
    loop = Loop()

    def run() -> Loop:
        for part in parts:
            loop.process(part)
        return loop

    return run


def particulars(completion: Completion) -> Done:
    """What the loop's completions say, of one of the engine's."""
    return Done(
        completion.goal,
        completion.profile_id,
        completion.achieved_at,
        completion.trigger_id,
        completion.channel,
        completion.segments,
        completion.value,  # type: ignore[arg-type]
        completion.since_anchor,
    )


def verify(facts: Sequence[Fact]) -> int:
    """The number of completions, which are the same for both; raises if they are not."""
    parts = batches(facts, 1_000)
    by_engine = sorted((particulars(c) for c in engine_over(parts)().history()), key=repr)
    by_loop = sorted(loop_over(parts)().ledger, key=repr)
    if by_engine != by_loop:
        different = sorted(set(by_engine) ^ set(by_loop), key=repr)
        raise AssertionError(f"engine and loop disagree on {len(different)} completions, such as {different[:2]}")
    return len(by_engine)


def benchmark() -> list[Report]:
    facts = make_stream()
    completions = verify(facts)
    rows, targets = [], []
    for size in (1_000, 10_000):
        parts = batches(facts, size)
        timings = race(
            {"hand-written loop": lambda: loop_over(parts), "GoalEngine": lambda: engine_over(parts)},  # noqa: B023
            rounds=ROUNDS,
        )
        loop, engine = timings["hand-written loop"], timings["GoalEngine"]
        for name, timing in timings.items():
            share = 1 / timing.times(loop)
            rows.append((size, name, timing.best, len(facts) / timing.best, share, 1 / timing.median_times(loop)))
        targets.append(Target(f"share of the loop's speed, batches of {size:,}", 1 / engine.times(loop), 0.6))
    return [
        Report(
            "Engine in memory, in order: 10 goals over 8 event types",
            ("batch", "contender", "best s", "facts/s", "speed of the loop", "… median"),
            rows,
            targets,
            [f"{len(facts):,} facts of 20,000 profiles; both give the same {completions:,} completions."],
        )
    ]
