"""A timeline and, beside it, what a goal makes of it and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from convgoals.language.format import format_datetime
from convgoals.testing.doubts import doubts
from convgoals.testing.outcomes import Outcome


def tell(outcome: Outcome) -> str:
    """The timeline, what came of it, and why, as lines of text."""
    counting = "" if outcome.goal.count == "once" else f" (count {outcome.goal.count})"
    lines = [f"goal {outcome.goal.name!r}: {outcome.goal.condition}{counting}", "", "timeline"]
    lines += [f"  {line}" for line in _timeline(outcome)]
    lines += ["", standing(outcome)]
    lines += [f"  {line}".rstrip() for line in reasons(outcome)]
    odd = doubts(outcome.goal, outcome.timeline, outcome.at)
    lines += ["", *(f"note: {doubt}" for doubt in odd)] if odd else []
    return "\n".join(lines)


def _timeline(outcome: Outcome) -> Iterator[str]:
    """Each step with its instant; those that complete the goal are marked."""
    timeline = outcome.timeline
    done = {completion.trigger_id for completion in outcome.completions}
    alone = [completion.achieved_at for completion in outcome.completions if completion.trigger_id is None]
    for place, step in enumerate(timeline.lines()):
        fact = timeline.facts[place] if place < len(timeline.facts) else None
        at = timeline.reached if fact is None else fact.timestamp
        mark = "  <- completes" if fact is not None and fact.id in done else ""
        mark = "  (later, does not count)" if at > outcome.at else mark
        while alone and alone[0] < at:
            yield _by_itself(alone.pop(0))
        yield f"{format_datetime(at)}  {step}{mark}"
    yield from map(_by_itself, alone)


def _by_itself(moment: datetime) -> str:
    return f"{format_datetime(moment)}  <- completed by time or a state"


def standing(outcome: Outcome) -> str:
    """Where the profile stands, and when, in a line."""
    count = len(outcome.completions)
    times = f" ({count} times so far)" if count > 1 else ""
    return f"at {format_datetime(outcome.at)}: {outcome.explanation.headline}{times}"


def reasons(outcome: Outcome) -> list[str]:
    """Each part of the condition with its truth and its reason; then what would still complete it."""
    after_headline = str(outcome.explanation).split("\n\n", 1)
    return after_headline[-1].splitlines()
