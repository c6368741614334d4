"""Assertions about goals and timelines. A failure shows the timeline, and each part of the goal beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from convgoals.goals import Goal
from convgoals.language.format import format_datetime
from convgoals.testing.outcomes import Outcome, outcome
from convgoals.testing.steps import TimelineError
from convgoals.testing.telling import standing, tell
from convgoals.testing.timelines import Timeline


def assert_converts(goal: Goal, timeline: Timeline, at: datetime | str | None = None) -> None:
    """Assert that the profile of *timeline* has completed *goal*.

    Args:
        goal: the goal.
        timeline: what the profile did.
        at: when to judge, facts after that not counting: an aware datetime, ISO 8601 text, or ``"+3d"`` from the
            timeline's start; the time that the timeline has reached, if not given.

    Raises:
        AssertionError: it has not; the message says why.
        TimelineError: *at* is no instant.
    """
    __tracebackhide__ = True
    _check(outcome(goal, timeline, at), "converted", f"{goal.name!r} was not completed, and should be")


def assert_not_converts(goal: Goal, timeline: Timeline, at: datetime | str | None = None) -> None:
    """Assert that the profile of *timeline* has not completed *goal*; arguments and errors as `assert_converts`."""
    __tracebackhide__ = True
    found = outcome(goal, timeline, at)
    if found.status == "converted":
        raise AssertionError(f"{goal.name!r} was completed, and should not be\n\n{tell(found)}")


def assert_open(goal: Goal, timeline: Timeline, at: datetime | str | None = None) -> None:
    """Assert that the profile has entered *goal*, has not completed it, and still may (semantics §8).

    Arguments and errors are those of `assert_converts`.
    """
    __tracebackhide__ = True
    _check(outcome(goal, timeline, at), "open", f"{goal.name!r} is not open, and should be")


def assert_completions(
    goal: Goal, timeline: Timeline, expected: Iterable[datetime | str], at: datetime | str | None = None
) -> None:
    """Assert when the profile has completed *goal*: at exactly these instants, in any order.

    Args:
        goal: the goal.
        timeline: what the profile did.
        expected: instants: aware datetimes, ISO 8601 text, or ``"+3d"`` from the timeline's start; one for each
            completion, so that two at one instant are named twice.
        at: when to judge, as in `assert_converts`.

    Raises:
        AssertionError: there are others; the message says which, and why.
        TimelineError: something is no instant.
    """
    __tracebackhide__ = True
    if isinstance(expected, (str, datetime)):
        raise TimelineError("the expected completions are several instants, not one", hint='["+3d"]')
    wanted = sorted(timeline.instant(each) for each in expected)
    found = outcome(goal, timeline, at)
    difference = completions_differ(found, wanted)
    if difference:
        raise AssertionError(f"{goal.name!r} was not completed as expected: {difference}\n\n{tell(found)}")


def completions_differ(found: Outcome, wanted: list[datetime]) -> str:
    """How the completions of *found* differ from the instants *wanted*; ``""`` if they do not."""
    got = [completion.achieved_at for completion in found.completions]
    if sorted(got) == sorted(wanted):
        return ""
    said = [", ".join(map(format_datetime, sorted(each))) or "none" for each in (wanted, got)]
    return f"expected {said[0]}; found {said[1]}"


def _check(found: Outcome, status: str, message: str) -> None:
    __tracebackhide__ = True
    if found.status != status:
        raise AssertionError(f"{message}: it is {found.status}\n\n{tell(found)}")


@attrs.frozen(eq=False)
class Converted:
    """The goals that a timeline completes: ``goal in converted(timeline)``. The pytest plugin says why not."""

    timeline: Timeline
    at: datetime | str | None = None

    def __contains__(self, goal: object) -> bool:
        if not isinstance(goal, Goal):
            raise TypeError(f"a Goal is in what is converted or not, and {goal!r:.80} is none")
        return bool(outcome(goal, self.timeline, self.at).completions)

    def explain(self, goal: Goal) -> tuple[str, str]:
        """Where the profile stands, in a line; and why, with the timeline."""
        found = outcome(goal, self.timeline, self.at)
        return standing(found), tell(found)


def converted(timeline: Timeline, at: datetime | str | None = None) -> Converted:
    """The goals that *timeline* completes by *at*, to be asked with ``in``; arguments as `assert_converts`."""
    return Converted(timeline, at)
