"""The answer to "why?" and "why not?": one goal, one profile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from convgoals.explain.model import Explanation, Part
from convgoals.explain.parts import explain_part
from convgoals.explain.words import say_fact, say_instant
from convgoals.goals import Goal, OncePerProperty
from convgoals.instants import LATEST, to_datetime, to_instant, zone
from convgoals.records import Fact
from convgoals.standing.completions import Achieved, completions
from convgoals.standing.history import History
from convgoals.standing.intervals import ALL_OF_TIME, END
from convgoals.standing.log import Log, of_one_profile
from convgoals.standing.standing import Standing, standing_of


def explain(goal: Goal, facts: Iterable[Fact], now: datetime | None = None) -> Explanation:
    """Why the one profile that *facts* are about completed *goal*, or why not.

    Args:
        goal: the goal.
        facts: the profile's log, in any order; facts after *now* do not count.
        now: an aware datetime; the latest fact's unless given.

    Returns:
        The explanation; ``str()`` of it is for people. Its truth and its completions are those of semantics §§4 and 5,
        its ``standing`` that of §8.

    Raises:
        FactError: the facts are of several profiles.
    """
    given = of_one_profile(facts)
    history = History(Log(given, zone(goal.timezone), None if now is None else to_instant(now)))
    profile_id = given[0].profile_id if given else ""
    return explain_history(goal, history, profile_id)


def explain_history(
    goal: Goal, history: History, profile_id: str, recorded: Sequence[int] | None = None
) -> Explanation:
    """`explain`, for a history that is at hand.

    Args:
        goal: the goal.
        history: of the profile.
        profile_id: whom it is about.
        recorded: when the goal was completed, where a ledger says so: facts of an archived goal may not be kept.
    """
    log = history.log
    coming = completions(goal, history, END)
    achieved = [each for each in coming if each.at <= log.now]
    if recorded is not None and [each.at for each in achieved] != list(recorded):
        triggers = {each.at: each.trigger for each in reversed(achieved)}
        achieved = [Achieved(at, triggers.get(at)) for at in recorded]
    following = next((each.at for each in coming if log.now < each.at <= LATEST), None)
    standing = standing_of(goal, history, [each.at for each in achieved])
    about = achieved[-1].at if achieved else log.now
    root = explain_part(history, goal.condition.root, ALL_OF_TIME, about)
    return Explanation(
        goal=goal.name,
        profile_id=profile_id,
        standing=standing,
        completed_at=tuple(to_datetime(each.at) for each in achieved),
        about=to_datetime(about),
        root=root,
        headline=_headline(goal, standing, achieved, known=log.is_known, holds=root.holds),
        outlook=_outlook(standing, root, following),
        completes_at=None if following is None else to_datetime(following),
    )


def _headline(goal: Goal, standing: Standing, achieved: Sequence[Achieved], *, known: bool, holds: bool) -> str:
    if achieved:
        last = achieved[-1]
        by = "" if last.trigger is None else f", by {say_fact(last.trigger)} (id {last.trigger.id})"
        times = "" if len(achieved) == 1 else f" {len(achieved):,} times, the last"
        return f"Completed{times} at {say_instant(last.at)}{by}."
    at = say_instant(to_instant(standing.at))
    if not known:
        return "Nothing is known of this profile."
    if holds:
        return _not_counted(goal)
    if standing.state == "missed" and standing.closed_at is not None:
        return f"Missed: the window closed at {say_instant(to_instant(standing.closed_at))}."
    if standing.state == "not entered":
        return f"Not entered at {at}: the window has not opened."
    if standing.open_until is not None:
        return f"Not completed at {at}; open until {say_instant(to_instant(standing.open_until))}."
    return f"Not completed at {at}."


def _not_counted(goal: Goal) -> str:
    """The condition holds, and yet nothing counted."""
    if isinstance(goal.counting, OncePerProperty):
        return f"The condition holds, but what triggered it has no value to be counted {goal.counting}."
    since = "" if goal.since is None else f" {say_instant(to_instant(goal.since))}"
    return f"The condition holds, but it came about before{since}, when the goal begins to count."


def _outlook(standing: Standing, root: Part, following: int | None) -> str:
    parts = []
    if standing.state != "converted":
        if root.needs:
            parts.append(f"To complete it: {root.needs}.")
        elif root.holds:
            parts.append("It is completed when it comes about anew, so that it counts.")
        elif following is None and standing.state in ("missed", "open"):
            parts.append("It cannot be completed any more, unless a fact comes late.")
    if following is not None:
        again = " again" if standing.state == "converted" else ""
        parts.append(f"If nothing else happens, time alone completes it{again} at {say_instant(following)}.")
    return " ".join(parts)
