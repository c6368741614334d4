"""What an explanation is: a tree of parts, each with its truth and its reason, as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, TypeAlias

import attrs

from convgoals.explain.words import say_instant
from convgoals.instants import to_instant
from convgoals.standing.standing import Standing

MissKind: TypeAlias = Literal[
    "never came",
    "too late",
    "too early",
    "wrong value",
    "wrong type",
    "missing value",
    "not so",
    "too few",
    "undone",
    "waiting",
    "not entered",
]
"""Why a part does not hold; stable words, for counting."""


@attrs.frozen
class Evidence:
    """A fact that made a part so, or that came near.

    Attributes:
        id: the fact's id.
        at: its timestamp.
        what: what kind of fact it is, such as ``event purchase``.
    """

    id: str
    at: datetime
    what: str


@attrs.frozen
class Miss:
    """Why a part does not hold.

    Attributes:
        kind: the reason as a stable word.
        condition: the canonical text of the part.
        text: the reason for people, with the values and times of this profile.
        general: the same without them, so that it can be counted over many profiles.
    """

    kind: MissKind
    condition: str
    text: str
    general: str


@attrs.frozen
class Part:
    """One part of a condition, as it is for a profile.

    Attributes:
        condition: its canonical text.
        holds: whether it holds, at the time that the tree is about, in the window that it stands in.
        text: why, or why not, for people.
        since: since when it holds.
        until: the last instant at which it can still come about; ``None`` where there is no limit.
        facts: the facts that made it so; of a part that does not hold, those that came nearest.
        miss: why it does not hold; ``None`` where it does, and where its parts say it.
        needs: what would still make it so; ``""`` where nothing would, or it holds.
        parts: the parts that it is made of.
    """

    condition: str
    holds: bool
    text: str
    since: datetime | None = None
    until: datetime | None = None
    facts: tuple[Evidence, ...] = ()
    miss: Miss | None = None
    needs: str = ""
    parts: tuple[Part, ...] = ()

    def walk(self) -> Iterator[Part]:
        """This part and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def misses(self) -> Iterator[Miss]:
        """The reasons why it does not hold, the outermost first; none where it does."""
        if self.miss is not None:
            yield self.miss
            return
        for part in self.parts:
            if not part.holds:
                yield from part.misses()


@attrs.frozen
class Explanation:
    """Why a profile completed a goal, or why not.

    Attributes:
        goal: the goal's name.
        profile_id: whom it is about; ``""`` where there are no facts.
        standing: where the profile stands with the goal.
        completed_at: when it completed the goal, up to the time that is asked about.
        about: the instant that the tree is about: that of the last completion, else the time that is asked about.
        root: the whole condition.
        headline: the answer in one sentence.
        outlook: what would still complete the goal, and by when.
        completes_at: when time alone will complete it next, if nothing else happens; ``None`` if it will not.
        kept_since: since when all of the profile's facts are kept, where earlier ones were dropped as final: what is
            said here, but of completions, is said of the later ones. ``None`` where all are kept.
    """

    goal: str
    profile_id: str
    standing: Standing
    completed_at: tuple[datetime, ...]
    about: datetime
    root: Part
    headline: str
    outlook: str
    completes_at: datetime | None = None
    kept_since: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether the goal is completed."""
        return bool(self.completed_at)

    @property
    def misses(self) -> tuple[Miss, ...]:
        """The reasons why the goal is not completed; none where it is."""
        return () if self.holds else tuple(self.root.misses())

    def __str__(self) -> str:
        whom = f" · profile {self.profile_id}" if self.profile_id else ""
        lines = [f"{self.goal}{whom}", self.headline, "", *_lines(self.root, 0)]
        if self.outlook:
            lines += ["", self.outlook]
        if self.kept_since is not None:
            since = say_instant(to_instant(self.kept_since))
            lines += ["", f"Facts before {since} are no longer kept: of them, only completions are told."]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain values that JSON can say: instants in ISO 8601."""
        plain: dict[str, Any] = attrs.asdict(self, value_serializer=_plain)
        return plain | {"misses": [attrs.asdict(miss) for miss in self.misses]}

    def to_json(self, *, indent: int | None = None) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)


def _plain(_: object, __: object, value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _lines(part: Part, level: int) -> Iterator[str]:
    indent = "  " * level
    yield f"{indent}{'yes' if part.holds else 'no '} {part.condition}"
    if part.text:
        yield f"{indent}      {part.text}"
    for below in part.parts:
        yield from _lines(below, level + 1)
