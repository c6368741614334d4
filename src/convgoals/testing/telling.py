"""A timeline and, beside it, what a goal makes of it and why."""

from __future__ import annotations

from collections.abc import Iterator

from convgoals.language.format import format_datetime
from convgoals.testing.outcomes import Outcome


def tell(outcome: Outcome) -> str:
    """The timeline, what came of it, and why, as lines of text."""
    counting = "" if outcome.goal.count == "once" else f" (count {outcome.goal.count})"
    lines = [f"goal {outcome.goal.name!r}: {outcome.goal.condition}{counting}", "", "timeline"]
    lines += [f"  {line}" for line in _timeline(outcome)]
    lines += ["", standing(outcome)]
    lines += [f"  {line}".rstrip() for line in reasons(outcome)]
    return "\n".join(lines)


def _timeline(outcome: Outcome) -> Iterator[str]:
    """Each step with its instant; those that complete the goal are marked."""
    timeline = outcome.timeline
    done = {completion.trigger_id for completion in outcome.completions}
    for place, step in enumerate(timeline.lines()):
        fact = timeline.facts[place] if place < len(timeline.facts) else None
        at = timeline.reached if fact is None else fact.timestamp
        mark = "  <- completes" if fact is not None and fact.id in done else ""
        mark = "  (later, does not count)" if at > outcome.at else mark
        yield f"{format_datetime(at)}  {step}{mark}"
    for completion in outcome.completions:
        if completion.trigger_id is None:
            yield f"{format_datetime(completion.achieved_at)}  <- completed by time or a state"


def standing(outcome: Outcome) -> str:
    """Where the profile stands, and when, in a line."""
    count = len(outcome.completions)
    times = f" ({count} times so far)" if count > 1 else ""
    return f"at {format_datetime(outcome.at)}: {outcome.explanation.headline}{times}"


def reasons(outcome: Outcome) -> list[str]:
    """Each part of the condition with its truth and its reason; then what would still complete it."""
    after_headline = str(outcome.explanation).split("\n\n", 1)
    return after_headline[-1].splitlines()
