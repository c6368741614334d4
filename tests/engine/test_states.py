"""States as values: copied, written down, and of use only to what wrote them."""

from __future__ import annotations

import json
import os
from collections import deque
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convgoals import Completion, Event, Goal, GoalEngine, ProfileSnapshot
from convgoals.engine.known import KnownIds, Sketch, sketch_of
from convgoals.engine.plans import CELLS, Plans, likeness
from convgoals.engine.pruning import last_before
from convgoals.engine.rungs import record_of, rung_of, stands_at
from convgoals.engine.states import Saved, part_of, read, write
from convgoals.instants import DAY, HOUR, Shift
from convgoals.predicates.cells import copied, decoded, encoded, size
from convgoals.records import completed
from convgoals.storage.base import SavedGoal, SavedState

START = datetime(2026, 1, 1, tzinfo=UTC)
WRITTEN = Path(__file__).with_name("states.json")

_FLAT = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**3_000), st.text(max_size=4), st.decimals(allow_nan=False),
    st.fractions(), st.floats(allow_nan=False, allow_infinity=False), st.dates(),
    st.datetimes(timezones=st.just(UTC)), st.frozensets(st.integers(), max_size=2),
)  # fmt: skip
_KEYS = st.one_of(st.text(max_size=3), st.tuples(st.just("number"), st.one_of(st.integers(), st.fractions())))
_CELLS = st.recursive(
    _FLAT,
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.tuples(below, below),
        st.dictionaries(_KEYS, below, max_size=2),
        st.sets(_KEYS, max_size=3),
        st.lists(below, max_size=3).map(deque),
    ),
    max_leaves=8,
)


@given(_CELLS)
def test_cells_are_the_same_again(cell: Any) -> None:
    """Whatever a cell holds is the same as a copy, and once it was written down and read."""
    for again in (copied(cell), decoded(encoded(cell))):
        assert type(again) is type(cell)
        assert again == cell


def test_copies_share_nothing_that_changes() -> None:
    """Changing a copy, however deep, leaves the original as it is."""
    cells: list[Any] = [[1], {"a": [2]}, deque([3]), {4}, (5, [6]), object()]
    again = copied(cells)
    again[0].append(9), again[1]["a"].append(9), again[2].append(9), again[3].add(9), again[4][1].append(9)
    assert cells[:5] == [[1], {"a": [2]}, deque([3]), {4}, (5, [6])]
    assert again[5] is cells[5]
    assert size([[1, 2, 3], {"a": 1}, None, [(0, 1, [1, 2])]]) == 4 + 3 + 1 + 1 + 2


def test_what_is_of_no_known_kind_equals_nothing() -> None:
    """A raw value that a node only compares by identity comes back as something else, so that it is read again."""
    odd = object()
    assert decoded(encoded([odd, float("inf")])) != [odd, float("inf")]


GOALS = (
    Goal("a", "count(event a in last 2 days) >= 2 and not event b in last 1 day", count="once per 1 day"),
    Goal("b", "event a within 3 days of any event b", count="once per x"),
    Goal("c", "event a followed within 1 day by event b with same x not followed within 1 day by event c"),
    Goal("d", "sum(x of event a in last 3 days) > 2 or distinct(x of event b) >= 2", count="every"),
    Goal("e", "event b within 2 days of profile.since", count="every"),
)


def plans(*goals: Goal) -> Plans:
    return Plans({goal.name: SavedGoal(goal) for goal in goals})


def some_engine() -> GoalEngine:
    """An engine with the goals, and one profile of which there is something in every kind of cell."""
    engine = GoalEngine(GOALS)
    facts: list[Any] = [ProfileSnapshot("p", START, {"since": START + timedelta(hours=3)}, ("vip",), id="s")]
    facts += [
        Event("aab"[n % 3], "p", START + timedelta(hours=5 * n), {"x": (n % 4, "u", Decimal("1.5"))[n % 3]}, f"e{n}")
        for n in range(1, 40)
    ]
    engine.process(facts)
    return engine


def test_a_record_is_the_same_from_its_text() -> None:
    """The state of goals with windows, counts, sums, chains and deadlines is whole in its text, goal by goal."""
    engine = some_engine()
    record, known = engine._records["p"], plans(*GOALS)
    rung = rung_of(record)
    part = part_of(known, known.whole, rung)
    assert part is not None
    saved = read(write(Saved((part,), part, Sketch.of(["e1"], 1))))
    for found in (*saved.final, saved.now):
        assert found is not None
        again, missing = found.rung(known, known.whole)
        assert missing == []
        resumed = record_of(again, known.whole)
        assert stands_at(record, again, known.whole)
        assert (resumed.wake, resumed.last, dict(resumed.properties)) == (
            min(record.wake, resumed.wake), record.last, dict(record.properties),
        )  # fmt: skip
    other = plans(*GOALS[:2], Goal("c", "event c"), *GOALS[3:], Goal("new", "event a"))
    assert [machine.goal.name for machine in part.rung(other, other.whole)[1]] == ["c", "new"]


def test_what_is_written_stays_readable() -> None:
    """States are written as they were when this form was made: who changes what cells hold must raise ``CELLS``.

    Otherwise the final states of stores that are in use would be taken for something else. Then the file is to be
    written anew: ``CONVGOALS_WRITE_STATES=1 pytest tests/engine/test_states.py``.
    """
    engine, known = some_engine(), plans(*GOALS)
    part = part_of(known, known.whole, rung_of(engine._records["p"]))
    assert part is not None
    now = {"cells": CELLS, "text": write(Saved((part,))).text}
    if "CONVGOALS_WRITE_STATES" in os.environ:
        WRITTEN.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
    written = json.loads(WRITTEN.read_text(encoding="utf-8"))
    assert json.loads(str(now["text"])) == json.loads(written["text"])
    assert now["cells"] == written["cells"]


def test_likeness_is_of_the_meaning() -> None:
    """Cells are of use to a goal of the same meaning, whatever it is called."""
    first, renamed, counted = (
        likeness(plans(goal).whole.machines[0])
        for goal in (GOALS[0], GOALS[0].renamed("z"), Goal("a", GOALS[0].condition, count="every"))
    )
    assert first == renamed != counted


def test_text_of_a_newer_form_is_refused() -> None:
    """No state is nothing; see `test_keeping` for what cannot be read."""
    assert read(None) == Saved()
    with pytest.raises(Exception, match="another version"):
        read(SavedState(0, '{"format": 2}'))


# ---- ids


@given(st.sets(st.text(min_size=1, max_size=5), max_size=60), st.sets(st.text(min_size=1, max_size=5), max_size=60))
def test_a_sketch_forgets_none(known: set[str], more: set[str]) -> None:
    """A sketch knows every id that it was given, also once it was written down, and grows with what came."""
    ids: dict[str | None, None] = dict.fromkeys(known)
    sketch = sketch_of(ids, None)
    ids.update(dict.fromkeys(more))
    sketch = sketch_of(ids, sketch)
    again = Sketch.read(sketch.text(), sketch.number)
    assert again.number == len(ids)
    assert all(each in again for each in ids)


def test_a_sketch_is_seldom_wrong() -> None:
    """Of a thousand ids that are not known, hardly one is taken for known; a full sketch is made anew."""
    ids: dict[str | None, None] = {f"id-{number}": None for number in range(2_000)}
    sketch = Sketch.of(ids, 2_000)
    assert sum(f"other-{number}" in sketch for number in range(1_000)) <= 2
    ids.update({f"more-{number}": None for number in range(3_000)})
    assert sketch_of(ids, sketch).capacity == 10_000


def test_ids_are_read_where_a_sketch_is_not_enough() -> None:
    """What a sketch takes for known is looked up among all ids, once; what it does not know needs no reading."""
    asked: list[int] = []

    def ids() -> list[str]:
        asked.append(1)
        return ["late", "a", "b"]

    known = KnownIds(Sketch.of(["a", "b"], 2), ids)
    known["late"] = None
    assert "nothing" not in known
    assert "late" in known
    assert (len(known), asked) == (3, [])
    assert "a" in known
    assert (list(known), len(known), asked) == (["a", "b", "late"], 3, [1])
    assert "nothing" not in known
    assert sketch_of(KnownIds(Sketch.of(["a"], 1), lambda: ["a"]), None).number == 1


# ---- what is final


@given(st.integers(0, 20_000), st.sampled_from((Shift(1, 0), Shift(0, DAY), Shift(13, 5), Shift(0, 0), Shift(2, -0))))
@example(88 * 24, Shift(1, 0))  # the 30th of March, which no day is a month before
def test_last_before(hours: int, shift: Shift) -> None:
    """All that is not later than the horizon is too late, and the next instant is not."""
    reached = 1_767_225_600_000_000 + hours * 3_600_000_000
    last = last_before(shift, reached)
    assert all(shift(last - ago * HOUR) < reached for ago in range(24 * 35))
    assert reached <= shift(last + 1)


def test_completions_are_made_whole_and_frozen() -> None:
    """What the engine makes a completion of in a hurry is one in every way."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    made = completed("g", 1, "p", at, at, "x", None, (), None, None)
    assert type(made) is Completion
    assert made == Completion("g", 1, "p", at, at, "x")
    assert hash(made) == hash(Completion("g", 1, "p", at, at, "x"))
    with pytest.raises(AttributeError):
        made.goal = "h"  # type: ignore[misc]
