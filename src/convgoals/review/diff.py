"""Two versions of goals, compared by what they mean and not by how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import attrs

from convgoals.goals import GOAL_KEYS, Goal
from convgoals.language import ast
from convgoals.language.normal import normal_form
from convgoals.records import Fact
from convgoals.review.candidates import candidates
from convgoals.review.witness import Firings, Witness, first_difference, judge, smallest

Verdict: TypeAlias = Literal["identical", "wider", "narrower", "different", "added", "removed"]

TRIES = 2_000
"""On how many timelines two versions are compared."""

_MEANING = ("when", "within", "count", "timezone", "since")


@attrs.frozen
class GoalDiff:
    """What became of one goal.

    Attributes:
        name: the goal's name.
        verdict: ``wider``: at every moment of every timeline tried it was completed at least as often as before, and
            on some more often; ``narrower`` the other way round; ``different``: both happen.
        proved: whether ``identical`` is certain, because both are one condition in normal form; if not, no difference
            was found in ``tries`` timelines.
        tries: how many timelines were tried.
        old, new: the two versions; ``None`` where there is none.
        gained, lost: the smallest timelines found that only the new, and only the old, version completes.
        attributes: what else changed, by name: the old and the new value.
    """

    name: str
    verdict: Verdict
    proved: bool = False
    tries: int = 0
    old: Goal | None = None
    new: Goal | None = None
    gained: Witness | None = None
    lost: Witness | None = None
    attributes: dict[str, tuple[Any, Any]] = attrs.field(factory=dict, hash=False)

    @property
    def changed(self) -> bool:
        """Whether the goal is completed otherwise than before, or is worth something else."""
        return self.verdict != "identical" or "value" in self.attributes


def diff(old: Iterable[Goal], new: Iterable[Goal], *, tries: int = TRIES) -> list[GoalDiff]:
    """What a change of goals changes, goal by goal: those of *old* in their order, then those that are new.

    Args:
        old: the goals before the change.
        new: the goals after it; two of one name are two versions.
        tries: on how many timelines two versions are compared.
    """
    before = {goal.name: goal for goal in old}
    after = {goal.name: goal for goal in new}
    found = [
        GoalDiff(name, "removed", old=goal) if name not in after else compare(goal, after[name], tries=tries)
        for name, goal in before.items()
    ]
    return [*found, *(GoalDiff(name, "added", new=goal) for name, goal in after.items() if name not in before)]


def compare(old: Goal, new: Goal, *, tries: int = TRIES) -> GoalDiff:
    """Two versions of a goal; see `diff`."""
    attributes = {
        key: (getattr(old, key), getattr(new, key))
        for key in GOAL_KEYS
        if key not in _MEANING and key != "name" and getattr(old, key) != getattr(new, key)
    }
    if meaning(old) == meaning(new):
        return GoalDiff(new.name, "identical", True, 0, old, new, attributes=attributes)
    logs = list(candidates([old, new], tries))
    results = judge([old, new], logs)
    gained = _best(old, new, logs, results, gained=True)
    lost = _best(old, new, logs, results, gained=False)
    verdicts: dict[tuple[bool, bool], Verdict] = {
        (False, False): "identical",
        (True, False): "wider",
        (False, True): "narrower",
        (True, True): "different",
    }
    verdict = verdicts[gained is not None, lost is not None]
    return GoalDiff(new.name, verdict, False, tries, old, new, gained, lost, attributes)


def meaning(goal: Goal) -> tuple[object, ...]:
    """What decides a goal's completions, in normal form: goals with one meaning are completed alike.

    The time zone counts only where the goal speaks of the calendar.
    """
    calendar = any(
        isinstance(node, (ast.Date, ast.DateTime, ast.PropertyAnchor))
        or (isinstance(node, ast.Duration) and node.months)
        for node in ast.walk(goal.condition.root)
    )
    compares = any(isinstance(node, ast.Property) for node in ast.walk(goal.condition.root))
    zoned = goal.timezone if calendar or compares or goal.count not in {"once", "every"} else None
    return normal_form(goal.condition.root), goal.count, zoned, goal.since


def _best(
    old: Goal, new: Goal, logs: Sequence[list[Fact]], results: Sequence[list[Firings]], *, gained: bool
) -> Witness | None:
    """The smallest witness to be had from the shortest logs on which one version is ahead of the other."""
    ahead = [
        log for log, (of_old, of_new) in zip(logs, results, strict=True) if is_ahead(of_old, of_new, gained=gained)
    ]
    found = [smallest(old, new, log, gained=gained) for log in sorted(ahead, key=len)[:3]]
    return min(found, key=lambda witness: (len(witness.timeline), len(str(witness.timeline))), default=None)


def is_ahead(old: Firings, new: Firings, *, gained: bool) -> bool:
    """Whether the new version (or, without *gained*, the old) is the first to have more completions than the other."""
    first = first_difference(old, new)
    return first is not None and first[1] is gained
