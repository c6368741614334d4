"""What a review found, as text for a terminal, as Markdown for a pull request, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convgoals.language.format import format_datetime
from convgoals.review.diff import GoalDiff
from convgoals.review.history import HistoryDiff
from convgoals.review.witness import Witness
from convgoals.testing.telling import reasons, standing

SHOWN = 20
"""How many profiles are named; JSON names all."""


def verdict_words(found: GoalDiff) -> str:
    """The verdict in words that say how sure it is."""
    if found.verdict == "identical":
        sure = "the same condition" if found.proved else f"no difference found in {found.tries:,} timelines"
        return f"identical ({sure})"
    said = {
        "wider": "wider: it is completed more often, or earlier, and never less",
        "narrower": "narrower: it is completed less often, or later, and never more",
        "different": "different: completed more on some timelines, less on others",
        "added": "added",
        "removed": "removed",
    }[found.verdict]
    return f"{said} (in {found.tries:,} timelines)" if found.tries else said


def as_text(diffs: Sequence[GoalDiff], history: Sequence[HistoryDiff]) -> Iterator[str]:
    """Lines for a terminal."""
    by_name = {each.name: each for each in history}
    for found in diffs:
        yield f"{found.name}: {verdict_words(found)}"
        yield from (f"  {line}" for line in _versions(found))
        for title, witness in witnesses(found):
            yield ""
            yield f"  {title}"
            yield from (f"    {line}".rstrip() for line in witness_lines(witness))
        if found.name in by_name:
            yield ""
            yield from (f"  {line}" for line in _history_lines(by_name[found.name]))
        yield ""


def _versions(found: GoalDiff) -> Iterator[str]:
    if found.old is not None and found.new is not None:
        before, after = said(found.old), said(found.new)
        yield from (f"was {before}", f"now {after}") if before != after else ()
    elif found.old is not None or found.new is not None:
        yield said(found.old or found.new)
    for name, (before, after) in found.attributes.items():
        yield f"{name}: {_plain(before)} → {_plain(after)}"


def said(goal: Any) -> str:
    """What decides the completions of a goal, in a line."""
    more = [f"count {goal.count}"] if goal.count != "once" else []
    more += [f"timezone {goal.timezone}"] if goal.timezone != "UTC" else []
    more += [f"since {format_datetime(goal.since)}"] if goal.since is not None else []
    return f"{goal.condition} ({', '.join(more)})" if more else str(goal.condition)


def _plain(value: Any) -> str:
    return "none" if value in (None, "", ()) else ", ".join(value) if isinstance(value, tuple) else str(value)


def witnesses(found: GoalDiff) -> Iterator[tuple[str, Witness]]:
    """The timelines to show, with what each shows."""
    if found.gained is not None:
        yield "newly completed, on the smallest timeline found:", found.gained
    if found.lost is not None:
        yield "no longer completed, on the smallest timeline found:", found.lost


def witness_lines(witness: Witness) -> Iterator[str]:
    """The timeline, and what each version makes of it."""
    yield from str(witness.timeline).splitlines()
    for title, found in (("was", witness.old), ("now", witness.new)):
        yield f"{title}: {standing(found)}"
        yield from (f"  {line}" for line in reasons(found))


def _history_lines(found: HistoryDiff) -> Iterator[str]:
    yield f"over history: {change(found)}"
    for title, profiles in (("gained", found.gained), ("lost", found.lost)):
        if profiles:
            rest = f" and {len(profiles) - SHOWN:,} more" if len(profiles) > SHOWN else ""
            yield f"  {title}: {', '.join(profiles[:SHOWN])}{rest}"
    for kind in found.unseen:
        yield f"  note: {_unseen(kind, found)}"
    if found.completions and all(before == after for before, after in found.completions.values()):
        yield "  completions by month: all as they were"
    elif found.completions:
        yield "  completions by month"
        for month, (before, after) in found.completions.items():
            yield f"    {month}  {before:>8,} → {after:<8,} {after - before:+,}"


def _unseen(kind: str, found: HistoryDiff) -> str:
    """What it means that there is no event of a type that the goal looks at."""
    why = "; a store keeps only what its goals look at: compare with --events, or fill it with `run --keep all`"
    return f"no event {kind!r} is in this history{why if found.kept else ''}"


def change(found: HistoryDiff) -> str:
    """The change in profiles: ``+41 / -7 profiles``."""
    counts = f"+{len(found.gained):,} / −{len(found.lost):,} profiles"
    unsure = "; perhaps incomplete" if found.kept and found.unseen else ""
    return f"{counts} ({found.before:,} → {found.after:,} of {found.profiles:,}{unsure})"


# ---- Markdown


def as_markdown(diffs: Sequence[GoalDiff], history: Sequence[HistoryDiff]) -> Iterator[str]:
    """Lines of Markdown for a pull request."""
    by_name = {each.name: each for each in history}
    yield "## What changes in the goals"
    yield ""
    yield "| goal | meaning | profiles |" if history else "| goal | meaning |"
    yield "|---|---|---|" if history else "|---|---|"
    for found in diffs:
        row = [_cell(found.name), _cell(verdict_words(found))]
        row += [change(by_name[found.name]) if found.name in by_name else "–"] if history else []
        yield f"| {' | '.join(row)} |"
    for found in diffs:
        if found.verdict == "identical" and not found.attributes:
            continue
        yield ""
        yield f"### {_inline(found.name)}"
        yield from fenced(_versions(found))
        for title, witness in witnesses(found):
            yield ""
            yield f"{title.capitalize()}"
            yield from fenced(witness_lines(witness))
        if found.name in by_name:
            yield ""
            yield "<details><summary>Over history</summary>"
            yield from fenced(_history_lines(by_name[found.name]))
            yield ""
            yield "</details>"


def fenced(lines: Iterator[str]) -> Iterator[str]:
    """Lines as they are: in a fence that nothing in them can close."""
    held = list(lines)
    fence = "```"
    while any(fence in line for line in held):
        fence += "`"
    yield ""
    yield f"{fence}text"
    yield from (line.rstrip() for line in held)
    yield fence


def _inline(text: str) -> str:
    """Text of others, so that it is nothing but text in Markdown."""
    escaped = "".join(f"\\{character}" if character in "\\`*_[]<>#|~&!" else character for character in text)
    return " ".join(escaped.split())


def _cell(text: str) -> str:
    return _inline(text)


# ---- JSON


def as_values(found: GoalDiff, history: HistoryDiff | None) -> dict[str, Any]:
    """A goal's difference as plain values."""
    values: dict[str, Any] = {
        "goal": found.name,
        "verdict": found.verdict,
        "proved": found.proved,
        "timelines_tried": found.tries,
        "old": None if found.old is None else said(found.old),
        "new": None if found.new is None else said(found.new),
        "attributes": {name: [_plain(value) for value in pair] for name, pair in found.attributes.items()},
        "gained": witness_values(found.gained),
        "lost": witness_values(found.lost),
    }
    if history is not None:
        values["history"] = {
            "profiles": history.profiles,
            "before": history.before,
            "after": history.after,
            "gained": list(history.gained),
            "lost": list(history.lost),
            "completions": {month: list(pair) for month, pair in history.completions.items()},
            "unseen_events": list(history.unseen),
        }
    return values


def witness_values(witness: Witness | None) -> dict[str, Any] | None:
    """A witness as plain values."""
    if witness is None:
        return None
    return {
        "start": format_datetime(witness.timeline.start),
        "timeline": witness.timeline.lines(),
        "at": format_datetime(witness.timeline.reached),
        "old": [format_datetime(done.achieved_at) for done in witness.old.completions],
        "new": [format_datetime(done.achieved_at) for done in witness.new.completions],
    }
