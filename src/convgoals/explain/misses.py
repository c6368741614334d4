"""Why many profiles did not complete a goal: the reasons, counted."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import attrs

from convgoals.explain.model import Explanation, MissKind

EXAMPLES = 3
"""How many profiles are named with each reason."""


@attrs.frozen
class CountedMiss:
    """A reason, and how many profiles have it.

    Attributes:
        kind: the reason as a stable word.
        condition: the canonical text of the part that does not hold.
        text: the reason for people.
        profiles: how many profiles have it; one may have several reasons.
        examples: some of them, the first by id.
    """

    kind: MissKind
    condition: str
    text: str
    profiles: int
    examples: tuple[str, ...]


@attrs.frozen
class Misses:
    """Why profiles did not complete a goal.

    Attributes:
        goal: the goal's name.
        profiles: how many profiles were looked at.
        states: how many of them stand where (semantics §8).
        reasons: the reasons of those that have not completed it, the most frequent first.
    """

    goal: str
    profiles: int
    states: dict[str, int]
    reasons: tuple[CountedMiss, ...]

    def __str__(self) -> str:
        states = ", ".join(f"{count:,} {state}" for state, count in self.states.items())
        lines = [self.goal, f"Of {self.profiles:,} profiles: {states}." if states else "There are no profiles."]
        width = max((len(f"{each.profiles:,}") for each in self.reasons), default=0)
        if self.reasons:
            lines.append("")
        lines += [
            f"{each.profiles:>{width},}  {each.text} (such as {', '.join(each.examples)})" for each in self.reasons
        ]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain values that JSON can say."""
        plain: dict[str, Any] = attrs.asdict(self)
        return plain

    def to_json(self, *, indent: int | None = None) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)


class MissCounter:
    """Counts reasons, explanation by explanation."""

    def __init__(self, goal: str) -> None:
        self._goal = goal
        self._states: Counter[str] = Counter()
        self._counts: Counter[tuple[MissKind, str, str]] = Counter()
        self._examples: dict[tuple[MissKind, str, str], list[str]] = {}

    def add(self, explanation: Explanation) -> None:
        """Count one profile; each of its reasons once."""
        self._states[explanation.standing.state] += 1
        for key in dict.fromkeys((miss.kind, miss.condition, miss.general) for miss in explanation.misses):
            self._counts[key] += 1
            examples = self._examples.setdefault(key, [])
            if len(examples) < EXAMPLES:
                examples.append(explanation.profile_id)

    def result(self) -> Misses:
        """What has been counted."""
        order = ("converted", "open", "missed", "not entered")
        ranked = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))
        return Misses(
            self._goal,
            self._states.total(),
            {state: self._states[state] for state in order if self._states[state]},
            tuple(
                CountedMiss(kind, condition, text, count, tuple(self._examples[kind, condition, text]))
                for (kind, condition, text), count in ranked
            ),
        )
