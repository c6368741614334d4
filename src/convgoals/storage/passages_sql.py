"""The passages through a funnel in SQL, for backends that keep the ledger in tables.

One statement goes over the completions of a block of profiles, in their order, and takes the earliest of each stage. If
these follow one another in time, up to a stage that a profile has no completion of, there is nothing to choose, and the
statement says what came of it: as JSON arrays, which are read several times faster than rows. The moments of the few
profiles for whom there is something to choose are handed out, and `pass_through` looks at them.

The text of that statement depends on how many stages and tracks there are; what they are is given as parameters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import attrs

from convgoals.storage.passages import Passages, Stages, numbered, pass_through

_ENDLESS = 2**62
_LONG = 2**60
"""Longer than all of time, and short enough to be added to any instant."""

_HELD = "(before IS NULL OR before > -9223372036854775808)"


@attrs.frozen
class Dialect:
    """How a database wants it.

    Attributes:
        parameter: a parameter of the statement, with its ``{name}``.
        gathered: a JSON array of ``{what}`` in those rows ``{where}``.
        completions: the table, with a hint at its index where there are such.
        block: how many profiles are asked for at once.
    """

    parameter: str
    gathered: str
    completions: str
    block: int


class Database(Protocol):
    """What is asked, within one transaction."""

    def row(self, text: str, values: Mapping[str, int]) -> Sequence[str]:
        """The one row of a statement."""
        ...

    def moments(self, track: int, since: int, until: int, profiles: Sequence[int]) -> Iterable[tuple[int, int]]:
        """The completions of a track that hold, of some profiles: profile, achieved; in any order."""
        ...

    def names(self, profiles: Sequence[int]) -> list[str]:
        """The names of profiles, as they are written, in any order."""
        ...


@attrs.frozen
class Asking:
    """A question about *stages*.

    Attributes:
        database: what is asked.
        tracks: the tracks of each stage.
        stages: the stages.
    """

    database: Database
    tracks: Sequence[Sequence[int]]
    stages: Stages

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last instant that count."""
        since, until = self.stages.since, self.stages.until
        return (-_ENDLESS if since is None else since, _ENDLESS if until is None else until)

    def of_some(self, profiles: Sequence[int]) -> Passages[str]:
        """The answer for some profiles, from all their moments."""
        return self.from_rows(lambda track: self.database.moments(track, *self.span, profiles))

    def from_rows(self, moments: Callable[[int], Iterable[tuple[int, int]]]) -> Passages[str]:
        """The answer from *moments* of tracks: profile, achieved; in any order."""
        found = []
        for tracks in self.tracks:
            rows = [row for track in tracks for row in moments(track)]
            found.append(([profile for profile, _ in rows], [achieved for _, achieved in rows]))
        known, numbers_and_instants = numbered(found)
        passages = pass_through(numbers_and_instants, len(known), self.stages.within)
        return passages.named(lambda numbers: self.database.names([known[number] for number in numbers]))

    def by_blocks(self, dialect: Dialect, last: int) -> Passages[str]:
        """The answer for everybody, from the statement; *last* is the highest number of a profile."""
        found = Passages[str]([[] for _ in self.tracks[1:]], [[] for _ in self.tracks])
        number = next((stage for stage, tracks in enumerate(self.tracks) if not tracks), len(self.tracks))
        if not number:  # nobody has ever completed the first goal
            return found
        values = self._values
        text = statement(list(map(len, self.tracks[:number])), dialect, windowed="within" in values)
        left: list[int] = []
        for low in range(0, last + 1, dialect.block):
            row = map(json.loads, self.database.row(text, {**values, "low": low, "high": low + dialect.block - 1}))
            _extend(found.waits[: number - 1], row)
            _extend(found.stopped[:number], row)
            left += next(row)
        if left:
            further = self.of_some(left)
            _extend((*found.waits, *found.stopped), iter((*further.waits, *further.stopped)))
        return found

    @property
    def _values(self) -> dict[str, int]:
        since, until = self.span
        values = {"since": since, "until": until}
        for stage, tracks in enumerate(self.tracks):
            values |= {_track(stage, place): track for place, track in enumerate(tracks)}
        if self.stages.within is not None:
            values["within"] = min(self.stages.within, _LONG)
        return values


def _extend(known: Sequence[Any], columns: Iterator[Sequence[Any]]) -> None:
    for column in known:
        column.extend(next(columns))


def _track(stage: int, place: int) -> str:
    return f"track_{stage}_{place}"


def statement(tracks: Sequence[int], dialect: Dialect, *, windowed: bool) -> str:
    """The statement for stages with so many tracks each.

    Its one row has: of each stage but the first the times from the one before, of each the names of those who stopped
    there, and the numbers of the profiles that it tells nothing of.
    """
    numbers = range(len(tracks))

    def parameter(name: str) -> str:
        return dialect.parameter.format(name=name)

    def gathered(what: str, where: str) -> str:
        return dialect.gathered.format(what=what, where=where)

    among = [", ".join(parameter(_track(stage, place)) for place in range(tracks[stage])) for stage in numbers]
    earliest = [f"min(achieved) FILTER (WHERE track IN ({among[stage]})) AS at_{stage}" for stage in numbers]
    if windowed:
        earliest.append(f"count(*) FILTER (WHERE track IN ({among[0]})) AS starts")
    cases = []
    for stage in numbers[1:]:
        cases.append(f"WHEN at_{stage} IS NULL THEN {stage - 1}")
        cases.append(f"WHEN at_{stage} < at_{stage - 1} THEN -1")
        if windowed:
            late = f"at_{stage} > at_0 + {parameter('within')}"
            cases.append(f"WHEN {late} THEN CASE starts WHEN 1 THEN {stage - 1} ELSE -1 END")
    furthest = f"CASE {' '.join(cases)} ELSE {len(tracks) - 1} END" if cases else "0"
    columns = [gathered(f"at_{stage} - at_{stage - 1}", f"furthest >= {stage}") for stage in numbers[1:]]
    columns += [gathered("name", f"furthest = {stage}") for stage in numbers]
    columns.append(gathered("way.profile", "furthest = -1"))
    return f"""
        WITH earliest AS NOT MATERIALIZED (
            SELECT profile, {", ".join(earliest)}
            FROM {dialect.completions}
            WHERE profile BETWEEN {parameter("low")} AND {parameter("high")} AND track IN ({", ".join(among)})
                AND achieved BETWEEN {parameter("since")} AND {parameter("until")} AND {_HELD}
            GROUP BY profile
        ), way AS MATERIALIZED (
            SELECT *, {furthest} AS furthest FROM earliest WHERE at_0 IS NOT NULL
        )
        SELECT {", ".join(columns)} FROM way CROSS JOIN profile WHERE profile.id = way.profile
    """  # noqa: S608  put together of numbers of stages alone
