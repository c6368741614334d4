"""Spans of the calendar do not keep the order of what they start from, and the engine agrees with the reference.

A month from the 29th of January at noon ends later than one from the 31st at dawn, for both end on the 28th of
February; and where clocks are set back, what comes later has the earlier wall time.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from convgoals import Completion, Event, Goal, GoalEngine
from convgoals.instants import Shift, to_datetime, to_instant, zone
from convgoals.language import ast
from convgoals.language.condition import Condition
from convgoals.records import Fact
from convgoals.testing import strategies
from convgoals.testing.reference import evaluate

EXAMPLES = int(os.environ.get("CONVGOALS_EXAMPLES", "60"))

calendar = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

# From these days on months are clipped, or clocks are set, in the zone or a month away from it.
TURNS = (
    ("UTC", "2026-01-29"),
    ("Europe/Berlin", "2026-01-29"),
    ("Europe/Berlin", "2026-02-27"),
    ("Europe/Berlin", "2026-10-24"),
    ("Europe/Berlin", "2026-09-24"),
    ("America/New_York", "2026-10-30"),
    ("America/New_York", "2026-02-07"),
    ("Australia/Lord_Howe", "2026-03-04"),
    ("Australia/Lord_Howe", "2026-04-04"),
)
MINUTE = timedelta(minutes=1)
END = datetime(2026, 12, 31, tzinfo=UTC)
WORDS = strategies.Vocabulary(
    event_types=("a", "b"),
    event_paths=(("x",),),
    profile_paths=(("p",),),
    numbers=(1, 2, 3),
    durations=(
        ast.Duration(((1, "month"),)),
        ast.Duration(((1, "month"),)),
        ast.Duration(((2, "month"),)),
        ast.Duration(((1, "month"), (1, "day"))),
        ast.Duration(((1, "year"),)),
        ast.Duration(((2, "day"),)),
    ),
)


def log_of(chance: random.Random, turn: tuple[str, str], size: int) -> list[Fact]:
    """Events in the few days of a turn, and about a month after each other: then, a little before, a little after."""
    timezone, day = turn
    start, month = datetime.fromisoformat(day).replace(tzinfo=UTC), Shift(1, 0, zone(timezone))
    times: list[datetime] = []
    for _ in range(size):
        if times and chance.random() < 0.5:
            end = to_datetime(month(to_instant(chance.choice(times[:size]))))
            times.append(end + chance.choice((0, 0, 1, -1, 15, -15, 30, -30)) * MINUTE)
        else:
            times.append(start + timedelta(minutes=15 * chance.randrange(4 * 96)))
    return [
        Event(chance.choice("ab"), "p", time, {"x": chance.choice((1, 1, 2, 2, "u"))}, str(number))
        for number, time in enumerate(times)
    ]


def essence(completion: Completion) -> tuple[object, ...]:
    found = attrs.asdict(completion)
    for arrival in ("recorded_at", "version"):
        del found[arrival]
    return tuple(found.values())


def hold(goal: Goal, log: Sequence[Fact], now: datetime | None) -> None:
    """An engine has the completions of the reference: in order, all at once, and as the facts stand."""
    expected = [essence(each) for each in evaluate(goal, log, now)]
    by_time = sorted(log, key=lambda fact: fact.timestamp)
    for batches in ([[fact] for fact in by_time], [log], [[fact] for fact in log]):
        with GoalEngine([goal], keep="all") as engine:
            for batch in batches:
                engine.process(batch)
            if now is not None:
                engine.advance(now)
            assert [essence(each) for each in engine.history()] == expected


@given(
    strategies.goal_conditions(WORDS, max_depth=2),
    st.sampled_from(TURNS),
    st.sampled_from(("every", "every", "once")),
    st.sampled_from((None, END)),
    st.randoms(use_true_random=False),
)
@calendar
def test_spans_of_the_calendar(
    root: ast.Condition, turn: tuple[str, str], count: str, now: datetime | None, chance: random.Random
) -> None:
    """Conditions of every kind, with months, where months are clipped and where clocks are set."""
    condition = Condition(root)
    note(str(condition))
    hold(Goal("g", condition, count=count, timezone=turn[0]), log_of(chance, turn, chance.randint(2, 9)), now)


SHAPES = (
    "event b within 1 month of any event a",
    "count(event b) >= 2 within 1 month of any event a",
    "(event b and not (event a in last 1 month)) within 1 month of any event a",
    "not (event a in last 1 month) and event b",
    "event a in last 1 month and event b",
    "count(event a in last 1 month) >= 2",
    "count(event a in last 1 month) = 1",
    "sum(x of event a in last 1 month) >= 2",
    "min(x of event a in last 1 month) > 1",
    "max(x of event a in last 1 month) < 2",
    "distinct(x of event a in last 1 month) = 1",
    "event a followed within 1 month by event b",
    "event a followed within 1 month by event b with same x",
    "event a followed within 1 month by event b without event a",
    "event a followed by event a followed within 1 month by event b",
    "event a not followed within 1 month by event b",
    "event a not followed within 1 month by event b with same x",
    "event b within 1 month of last event a",
    "(event a and not (event b in last 2 days)) for 1 month",
)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_with_a_span(shape: str) -> None:
    """Each condition that has a span, over many events about each of the turns."""
    chance = random.Random(shape)  # noqa: S311  a fixed seed, and no secret
    for turn in TURNS:
        goal = Goal("g", shape, count="every", timezone=turn[0])
        for _ in range(max(4, EXAMPLES // 6)):
            hold(goal, log_of(chance, turn, 8), chance.choice((None, END)))
