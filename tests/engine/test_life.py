"""Whatever befalls an engine, it gives the completions of the reference evaluator: a stateful search.

``CONVGOALS_LIVES`` says how many lives are tried of each kind; the long run is ``python tests/lives.py``, see there.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import lives
from convgoals.testing import logs

lively = settings(
    max_examples=int(os.environ.get("CONVGOALS_LIVES", "10")),
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

PLACES = st.integers(0, 9)


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short logs have many earlier states."""
    lives.shorten_steps(monkeypatch.setattr)


@st.composite
def facts(draw: Any) -> list[Any]:
    """Some facts of one or two profiles."""
    names = draw(st.sampled_from((("p",), ("p", "q"), ("p", "r"))))
    return [fact for name in names for fact in draw(st.lists(logs.facts(name), min_size=1, max_size=4))]


class Fate(RuleBasedStateMachine):
    """Tells a life what befalls it."""

    life: lives.Life

    @initialize(in_file=st.booleans(), is_short=st.booleans(), keeps_all=st.booleans(), goal=lives.goals("g"))
    def begin(self, in_file: bool, is_short: bool, keeps_all: bool, goal: Any) -> None:
        self.life = lives.Life(in_file=in_file, is_short=is_short, keeps_all=keeps_all)
        self.add(goal)

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.life.close()

    @rule(some=facts())
    def process(self, some: list[Any]) -> None:
        self.life.process(some)

    @rule(data=st.data())
    def say_again(self, data: Any) -> None:
        known = self.life.known()
        self.life.say_again(data.draw(st.lists(st.sampled_from(known), max_size=3)) if known else [])

    @rule(hours=st.integers(0, 120))
    def advance(self, hours: int) -> None:
        self.life.advance(hours)

    @rule()
    def restart(self) -> None:
        self.life.restart()

    @rule()
    def drop_states(self) -> None:
        self.life.drop_states()

    @rule(half_days=st.one_of(st.none(), st.integers(0, 8)))
    def vacuum(self, half_days: int | None) -> None:
        self.life.vacuum(half_days)

    @rule(goal=lives.goals("g"))
    def add(self, goal: Any) -> None:
        note(f"{goal.condition} count={goal.count} {goal.timezone}")
        self.life.add(goal)

    @rule(place=PLACES, goal=lives.goals("g"))
    def change(self, place: int, goal: Any) -> None:
        note(f"{goal.condition} count={goal.count} {goal.timezone}")
        self.life.change(place, goal)

    @rule(place=PLACES)
    def archive(self, place: int) -> None:
        self.life.archive(place)

    @rule(place=PLACES)
    def restore(self, place: int) -> None:
        self.life.restore(place)

    @rule(place=PLACES)
    def rename(self, place: int) -> None:
        self.life.rename(place)

    @rule(places=st.sets(PLACES, min_size=1, max_size=2), some=facts())
    def backfill(self, places: set[int], some: list[Any]) -> None:
        self.life.backfill(places, some)

    @rule(pair=st.permutations(lives.PROFILES))
    def merge(self, pair: list[str]) -> None:
        self.life.merge(*pair[:2])

    @rule(profile=st.sampled_from(lives.PROFILES))
    def forget(self, profile: str) -> None:
        self.life.forget(profile)

    @invariant()
    def agrees(self) -> None:
        if hasattr(self, "life"):
            self.life.check()


TestFate = Fate.TestCase
TestFate.settings = lively


def test_some_lives_at_random() -> None:
    """Lives told at random, as in the long run, agree with the reference too."""
    chance = lives.Chance(start=5, size=25)
    for number in range(40):
        kinds, steps = chance.life(number)
        error, _ = lives.live(kinds, steps)
        assert error is None, lives.shortened(kinds, steps)
