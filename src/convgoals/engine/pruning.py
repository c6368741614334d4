"""What may go: facts up to a final instant that no condition can look back at any more (semantics §§6 and 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convgoals.goals import Goal
from convgoals.instants import DAY, DISORDER, Shift
from convgoals.language import ast
from convgoals.records import Fact, ProfileSnapshot, ProfileUpdate

_LONGEST_MONTH = 31 * DAY


def look_back(goals: Iterable[Goal]) -> int | None:
    """How far goals may look back from a change of the profile, in microseconds; ``None`` if none does.

    Only a window at a property's datetime does: it may open in the past, but no further than it is long.
    """
    reach = None
    for goal in goals:
        for node in ast.walk(goal.condition.root):
            if isinstance(node, ast.Window) and isinstance(node.anchor, ast.PropertyAnchor):
                months, exact = node.duration.months, node.duration.microseconds
                longest = exact + (months * _LONGEST_MONTH + 2 * DAY if months else 0)  # and what time zones may add
                reach = max(reach or 0, longest)
    return reach


def droppable(facts: Sequence[Fact], final: int, reach: int | None) -> list[str]:
    """The ids of ordered *facts*, all at or before *final*, that need not be kept.

    The snapshot and the updates in force stay facts; so does all that a window may still open over, which reaches back
    by *reach*.
    """
    needed = final if reach is None else final - reach - 1
    gone: list[str] = []
    overwritten: set[str] = set()
    segments = snapshot = False
    for fact in reversed(facts):
        if fact.instant > needed:
            continue
        if isinstance(fact, (ProfileSnapshot, ProfileUpdate)):
            if isinstance(fact, ProfileSnapshot):
                in_force, snapshot = not snapshot, True
            else:
                in_force = not snapshot and (
                    not overwritten.issuperset(fact.properties) or (fact.segments is not None and not segments)
                )
                overwritten.update(fact.properties)
                segments = segments or fact.segments is not None
            if in_force:
                continue
        gone.append(str(fact.id))
    return gone


def last_before(shift: Shift, reached: int) -> int:
    """The latest instant up to which *shift*, in UTC, leads from all before *reached*: so far, all comes too late."""
    if shift.keeps_order:
        return reached - shift.microseconds - 1
    low, high = reached - shift.microseconds - (shift.months + 1) * _LONGEST_MONTH - 2 * DAY, reached
    while low < high:
        middle = (low + high + 1) // 2
        if shift(middle) < reached:
            low = middle
        else:
            high = middle - 1
    end = (low - DISORDER) // DAY * DAY + DAY - 1
    while (over := shift(end) - reached) < 0:  # from an instant later in the month it may lead to an earlier one
        end += DAY
    return max(end - over, end - DAY + 1) - 1
