"""Hypothesis strategies that aim at a goal: its own events, values and edges (the extra ``testing``).

`logs_for` draws logs in which "exactly seven days", "one microsecond more" and "the literal plus one" come up all the
time; `facts_for` draws single facts, for what must make no difference, or always does.
"""

from __future__ import annotations

from typing import Any

from convgoals.errors import GoalError, MissingExtraError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.language.condition import Condition, parse
from convgoals.language.format import format_node
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate
from convgoals.testing.aims import Aims, Path, aims_of, put
from convgoals.testing.timelines import PROFILE

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError:
    raise MissingExtraError("convgoals.testing: strategies", "testing") from None


def conditions(*, max_depth: int = 2) -> SearchStrategy[Condition]:
    """Conditions of every kind, as `convgoals.parse` gives them."""
    from convgoals.testing import strategies  # noqa: PLC0415  large, and only for those who ask

    return strategies.conditions(max_depth=max_depth).map(lambda node: parse(format_node(node)))


def goals(*, max_depth: int = 2) -> SearchStrategy[Goal]:
    """Goals over conditions of every kind, counted in every way."""
    from convgoals.testing import strategies  # noqa: PLC0415

    counts = st.sampled_from(("once", "every", "once per 2 days", "once per x"))
    drawn = st.builds(_goal, strategies.goal_conditions(max_depth=max_depth), counts)
    found: SearchStrategy[Goal] = drawn.filter(lambda goal: goal is not None)  # type: ignore[assignment]
    return found


def _goal(node: Any, count: str) -> Goal | None:
    try:
        return Goal("goal", format_node(node), count=count)
    except GoalError:
        return None


def facts_for(goal: Goal, *, profile_id: str = PROFILE) -> SearchStrategy[Fact]:
    """One fact that *goal* looks at, its values at and beside the goal's literals, at one of the goal's edges of time.

    Args:
        goal: what the fact is to try.
        profile_id: whose it is.
    """
    aims = aims_of([goal])
    at = st.builds(lambda start, gap: start + gap, st.sampled_from(aims.instants), st.sampled_from(aims.gaps))
    return st.builds(_at, _makers(aims), at, st.just(profile_id), st.just(0))


def logs_for(goal: Goal, *, profile_id: str = PROFILE, max_size: int = 8) -> SearchStrategy[list[Fact]]:
    """Logs of one profile in the order of time, aimed at *goal*, and at the edges of its windows and values.

    Args:
        goal: what the logs are to try.
        profile_id: whose they are.
        max_size: how many facts a log has at the most; more where the goal counts further than that.
    """
    aims = aims_of([goal])
    steps = st.lists(
        st.tuples(st.sampled_from(aims.gaps), _makers(aims)), min_size=1, max_size=max(max_size, aims.most + 3)
    )
    return st.builds(_log, st.sampled_from(aims.instants), steps, st.just(profile_id))


def _log(start: int, steps: list[tuple[int, Any]], profile_id: str) -> list[Fact]:
    log, at = [], start
    for place, (gap, maker) in enumerate(steps):
        at += gap if place else 0
        log.append(_at(maker, at, profile_id, place + 1))
    return log


def _at(maker: Any, at: int, profile_id: str, place: int) -> Fact:
    kind, arguments = maker
    fact: Fact = kind(
        **arguments, profile_id=profile_id, timestamp=to_datetime(at), id=f"step-{place}" if place else None
    )
    return fact


def _makers(aims: Aims) -> SearchStrategy[Any]:
    """What may happen: a kind of fact, and its arguments but for the time."""
    choices: list[SearchStrategy[Any]] = [
        st.tuples(st.just(Event), st.fixed_dictionaries({"type": st.just(kind), "properties": _properties(paths)}))
        for kind, paths in aims.events.items()
    ]
    choices += [st.just((CampaignReceipt, {"campaign": campaign})) for campaign in aims.campaigns]
    if aims.profile or aims.segments:
        segments = st.lists(st.sampled_from(aims.segments), unique=True) if aims.segments else st.just([])
        known = {"properties": _properties(aims.profile), "segments": segments}
        choices.append(st.tuples(st.just(ProfileSnapshot), st.fixed_dictionaries(known)))
        known = {"properties": _properties(aims.profile), "segments": st.one_of(st.none(), segments)}
        choices.append(st.tuples(st.just(ProfileUpdate), st.fixed_dictionaries(known)))
    return st.one_of(choices)


def _properties(paths: dict[Path, list[Any]]) -> SearchStrategy[dict[str, Any]]:
    drawn = {path: st.sampled_from(values) for path, values in paths.items()}
    return st.fixed_dictionaries({}, optional=drawn).map(_named)


def _named(drawn: dict[Path, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for path, value in drawn.items():
        put(properties, path, value)
    return properties
