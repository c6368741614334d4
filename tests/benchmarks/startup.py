"""Starting: importing the library, the first goal, further goals, and a thousand of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

from benchmarks.harness import Report, Target, again, race
from convgoals import Goal, parse
from convgoals.predicates.compile import compile_goal

ROUNDS = 15
GOALS = 1_000

NAMES = "from convgoals import Goal, GoalEngine"

PROGRAMS = {
    "nothing": "pass",
    "import attrs, lark": "import attrs, lark",
    "import convgoals": "import convgoals",
    NAMES: NAMES,
    "import convgoals and write a goal": 'import convgoals; convgoals.Goal("a", "event a where b > 1")',
}


def benchmark() -> list[Report]:
    return [imports(), one_goal(), thousand()]


def imports() -> Report:
    """New interpreters, in turns, each with all its byte code compiled already, as after an installation."""
    with tempfile.TemporaryDirectory() as compiled:
        given = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**given, "PYTHONPYCACHEPREFIX": compiled}

        def program(text: str) -> Callable[[], object]:
            return lambda: subprocess.run([sys.executable, "-c", text], check=True, env=environment)

        timings = race(
            {name: again(program(text)) for name, text in PROGRAMS.items()}, rounds=ROUNDS, clock=time.perf_counter
        )
    base = timings["import attrs, lark"]
    return Report(
        "A new interpreter",
        ("program", "best ms", "median ms", "times attrs + lark"),
        [(name, t.best * 1e3, t.median * 1e3, t.times(base)) for name, t in timings.items()],
        [
            Target(f"{program}, times import attrs, lark", timings[program].times(base), 80 / 60, at_most=True)
            for program in ("import convgoals", NAMES)
        ],
        ["Names are loaded when they are asked for, so the import alone says little."],
    )


def texts(number: int) -> tuple[str, str, str]:
    """A typical goal, no two alike, and the nearest that rule-engine and CEL can say: they know no windows."""
    value, span = 10 + number, 1 + number % 30
    goal = (
        f'(event purchase_completed where (order_value > {value} and currency in ("USD", "EUR"))'
        f' within {span} days of first event page_visit) and not in segment "staff"'
    )
    rule = (
        f'type == "purchase_completed" and order_value > {value} and currency in ["USD", "EUR"]'
        f' and days < {span} and not "staff" in segments'
    )
    cel = (
        f'type == "purchase_completed" && order_value > {value}.0 && currency in ["USD", "EUR"]'
        f' && days < {span} && !("staff" in segments)'
    )
    return goal, rule, cel


def one_goal() -> Report:
    """Parsing, checking and compiling typical goals, each for the first time, after a warm-up."""
    fresh = iter(range(10_000_000))

    def parse_and_compile() -> None:
        for _ in range(20):
            number = next(fresh)
            compile_goal(Goal(f"Goal {number}", texts(number)[0]))

    (timing,) = race({"parse and compile": again(parse_and_compile)}, rounds=ROUNDS).values()
    each = timing.best / 20 * 1e3
    return Report(
        "One typical goal, parsed, checked and compiled (after a warm-up)",
        ("", "best ms", "median ms"),
        [("Goal and compile_goal", each, timing.median / 20 * 1e3)],
        [Target("ms for a typical goal", each, 2, at_most=True)],
    )


def thousand() -> Report:
    """A thousand goals, none of them seen before, beside others parsing theirs."""
    import cel  # noqa: PLC0415  the extra `bench`, needed for this benchmark alone
    import rule_engine  # noqa: PLC0415

    written = [texts(number) for number in range(GOALS)]

    def all_of(index: int, read: Callable[[str], object]) -> Callable[[], None]:
        lines: Sequence[str] = [each[index] for each in written]

        def run() -> None:
            for line in lines:
                read(line)

        return run

    timings = race(
        {
            "convgoals.parse": again(all_of(0, parse)),
            "rule_engine.Rule": again(all_of(1, rule_engine.Rule)),
            "cel.compile (Rust)": again(all_of(2, cel.compile)),
        },
        rounds=3,
    )
    base = timings["convgoals.parse"]
    return Report(
        "A thousand typical goals parsed",
        ("parser", "best s", "goals/s", "times convgoals' time"),
        [(name, t.best, GOALS / t.best, t.times(base)) for name, t in timings.items()],
    )
