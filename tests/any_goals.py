"""Goals of any shape, for tests that put an engine and its store to whatever may come."""

from __future__ import annotations

from hypothesis import strategies as st

from convgoals import Goal
from convgoals.language.condition import Condition
from convgoals.testing import strategies


def any_goals(*names: str) -> st.SearchStrategy[list[Goal]]:
    """A goal of each of these names, nested up to two deep."""
    return st.tuples(*map(_any_goal, names)).map(list)


def _any_goal(name: str) -> st.SearchStrategy[Goal]:
    return st.builds(
        Goal,
        st.just(name),
        strategies.goal_conditions(max_depth=2).map(Condition),
        count=st.sampled_from(("once", "every", "once per 1 day", "once per x")),
        value=st.sampled_from((None, 5, "x")),
    )
