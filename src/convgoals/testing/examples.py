"""Examples in ``goals.toml``: ``[[goal.example]]`` tables, read and run.

An example is a timeline and what must come of it: ``expect``, where the profile stands, ``completions``, the instants
at which it completed the goal, or both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import attrs

from convgoals.errors import GoalDefinitionError
from convgoals.goals import Goal, load_document, read_goals
from convgoals.suggest import did_you_mean
from convgoals.testing.assertions import completions_differ
from convgoals.testing.doubts import doubts
from convgoals.testing.outcomes import outcome
from convgoals.testing.steps import TimelineError
from convgoals.testing.telling import tell
from convgoals.testing.timelines import START, Timeline, read_timeline

KEYS = ("name", "timeline", "start", "at", "expect", "completions")
EXPECT: Mapping[str, tuple[str, ...]] = {
    "converts": ("converted",),
    "does not convert": ("open", "missed", "not entered"),
    "open": ("open",),
    "missed": ("missed",),
    "not entered": ("not entered",),
}
"""What an example may expect, and the standings that are so (semantics §8)."""


@attrs.frozen
class Example:
    """One example of a goal.

    Attributes:
        goal: the goal.
        number: its place among the goal's examples, from 1.
        name: what it is called; ``example 1`` … where it has no name.
        timeline: what the profile did.
        at: when it is judged.
        expect: a key of `EXPECT`, or ``None``.
        completions: the instants of all completions by then, or ``None`` where they are not said.
    """

    goal: Goal
    number: int
    name: str
    timeline: Timeline
    at: datetime
    expect: str | None
    completions: tuple[datetime, ...] | None

    def failure(self, goal: Goal | None = None) -> str:
        """What is not as expected, with the reason; ``""`` if all is. *goal* is judged in place of its own goal."""
        found = outcome(goal or self.goal, self.timeline, self.at)
        wrong = []
        if self.expect is not None and found.status not in EXPECT[self.expect]:
            wrong.append(f"expected {self.expect!r}; it is {found.status!r}")
        if self.completions is not None and (difference := completions_differ(found, list(self.completions))):
            wrong.append(f"completions: {difference}")
        return f"{'; '.join(wrong)}\n\n{tell(found)}" if wrong else ""

    def doubts(self) -> list[str]:
        """What of the timeline may have been meant otherwise, though all is as expected: a sentence each."""
        return doubts(self.goal, self.timeline, self.at)


def load_examples(path: str | Path) -> list[Example]:
    """All examples of a ``goals.toml``, in the order of the file.

    Raises:
        GoalError: the file, a goal or an example is wrong.
    """
    document = load_document(path)
    return read_examples(document, read_goals(document, str(path)), str(path))


def read_examples(document: Mapping[str, Any], goals: list[Goal], source: str = "") -> list[Example]:
    """The examples of a ``goals.toml`` that has been read already, with its *goals*. Raises `GoalDefinitionError`."""
    found: list[Example] = []
    problems: list[GoalDefinitionError] = []
    for goal, table in zip(goals, document.get("goal", []), strict=True):
        for item in examples_of(goal, table):
            if isinstance(item, Example):
                found.append(item)
            else:
                item.source = f"{source}: goal {goal.name!r}" if source else f"goal {goal.name!r}"
                problems.append(item)
    if problems:
        problems[0].problems = tuple(problems)
        raise problems[0]
    return found


def examples_of(goal: Goal, table: Mapping[str, Any]) -> Iterator[Example | GoalDefinitionError]:
    """The examples in a ``[[goal]]`` *table*; in place of one that is wrong, what is wrong with it."""
    tables = table.get("example", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        yield GoalDefinitionError(
            "examples stand in `[[goal.example]]` tables", code="example", hint="[[goal.example]]"
        )
        return
    names: set[str] = set()
    for number, each in enumerate(tables, start=1):
        try:
            example = _example(goal, number, each)
        except GoalDefinitionError as error:
            yield error
            continue
        if example.name in names:
            yield _wrong(f"example {number}", f"another has the name {example.name!r} already", code="duplicate-name")
        names.add(example.name)
        yield example


def _example(goal: Goal, number: int, table: Mapping[str, Any]) -> Example:
    name = table.get("name", f"example {number}")
    if not isinstance(name, str) or not name.strip():
        raise _wrong(f"example {number}", f"its name is no text but {name!r:.60}")
    label = f"example {name!r}" if "name" in table else f"example {number}"
    for key in table:
        if key not in KEYS:
            raise _wrong(label, f"there is no `{key}`", did_you_mean(key, KEYS), code="unknown-key")
    if "timeline" not in table:
        raise _wrong(label, "`timeline` is missing", 'timeline = ["event page_visit"]', code="missing-key")
    if "expect" not in table and "completions" not in table:
        raise _wrong(label, "it expects nothing", 'expect = "converts"', code="missing-key")
    expect = table.get("expect")
    if expect is not None and expect not in EXPECT:
        near = did_you_mean(expect, EXPECT) if isinstance(expect, str) else ""
        raise _wrong(label, f"it cannot expect {expect!r:.60}", near or f"one of: {', '.join(EXPECT)}")
    lines = table["timeline"]
    if not isinstance(lines, (str, list)):
        raise _wrong(label, f"its timeline is neither text nor a list but {lines!r:.60}", '["event page_visit"]')
    try:
        timeline = read_timeline(lines, _moment(table.get("start", START)))
        at = timeline.instant(_moment(table["at"])) if "at" in table else timeline.reached
        completions = _completions(label, timeline, table.get("completions"))
    except TimelineError as error:
        raise _wrong(label, error.message, error.hint, code=error.code) from None
    return Example(goal, number, name, timeline, at, expect, completions)


def _completions(label: str, timeline: Timeline, listed: object) -> tuple[datetime, ...] | None:
    if listed is None:
        return None
    if not isinstance(listed, list):
        raise _wrong(label, f"`completions` is no list but {listed!r:.60}", 'completions = ["+3d"]')
    return tuple(sorted(timeline.instant(_moment(each)) for each in listed))


def _moment(value: Any) -> Any:
    """What TOML says of an instant: text, a datetime, or a date."""
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _wrong(label: str, message: str, hint: str = "", code: str = "example") -> GoalDefinitionError:
    return GoalDefinitionError(f"{label}: {message}", code=code, hint=hint)
