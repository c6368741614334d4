"""A funnel as a value: its stages, its groups, who dropped where, and how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Literal

import attrs

from convgoals.analytics import tables
from convgoals.analytics.dimensions import Kind, label
from convgoals.analytics.figures import Durations
from convgoals.analytics.periods import Period, read_zone
from convgoals.analytics.pictures import of_funnel
from convgoals.analytics.results import Result, pick, proportion_row
from convgoals.analytics.stats import Difference, Proportion
from convgoals.analytics.tables import Table
from convgoals.charts.pictures import Picture
from convgoals.errors import QuestionError
from convgoals.suggest import did_you_mean


@attrs.frozen
class Stage:
    """One stage.

    Attributes:
        number: its place, from 1.
        goal: the goal's name.
        step: the profiles that reached it, of those that reached the stage before; the first stage's, of the audience.
        overall: the same profiles, of those that reached the first stage.
        dropped: how many of them went no further; 0 at the last stage.
        time: from the stage before to this one, over the profiles that reached it.
    """

    number: int
    goal: str
    step: Proportion
    overall: Proportion
    dropped: int
    time: Durations

    @property
    def count(self) -> int:
        """How many profiles reached the stage."""
        return self.step.count


@attrs.frozen
class Group:
    """The funnel of the profiles with one value of a dimension at their first stage.

    Attributes:
        key: the value; ``None`` where there is none, and for the others.
        kind: ``"value"``, ``"none"`` or ``"others"``.
        stages: the stages; the first one's ``step`` is of all profiles in the funnel.
        difference: from the overall rate of all other profiles in the funnel (first) to the group's (second), with
            Holm's correction over all groups; ``None`` for the others.
    """

    key: str | None
    kind: Kind
    stages: tuple[Stage, ...]
    difference: Difference | None

    @property
    def label(self) -> str:
        """The key, ``(none)`` or ``(others)``."""
        return label(self.key, self.kind)


def _as_sets(profiles: Sequence[Sequence[str]]) -> tuple[frozenset[str], ...]:
    return tuple(map(frozenset, profiles))


@attrs.frozen
class Funnel(Result):
    """What `convgoals.analytics.funnel.funnel` answers.

    Attributes:
        timezone: the IANA zone that dates are read in.
        since, until: the first and the last instant that a completion may have (UTC, both in).
        order: ``"strict"`` or ``"any"``.
        within: the window from the first stage, as it was asked for, or ``None``.
        between: the window between neighbours, or ``None``.
        stages: the stages in order; their counts never grow.
        dimension: what the groups are by, or ``None``.
        groups: the funnel of each group, the largest first.
    """

    timezone: str
    since: datetime | None
    until: datetime | None
    order: str
    within: str | None
    between: str | None
    stages: tuple[Stage, ...]
    dimension: str | None
    groups: tuple[Group, ...]
    _profiles: Sequence[Sequence[str]] = attrs.field(repr=False, eq=_as_sets)

    @property
    def overall(self) -> Proportion:
        """The profiles that reached the last stage, of those that reached the first."""
        return self.stages[-1].overall

    def dropped(self, stage: int | str) -> Iterator[str]:
        """The ids of the profiles that reached *stage* (its number or goal) and went no further; of the last: none.

        By id. Raises `QuestionError` (code ``stage``).
        """
        number = self._number(stage)
        return iter(() if number == len(self.stages) else sorted(self._profiles[number - 1]))

    def reached(self, stage: int | str) -> Iterator[str]:
        """The ids of the profiles that reached *stage*, by id. Raises `QuestionError` (code ``stage``)."""
        return iter(sorted(chain.from_iterable(self._profiles[self._number(stage) - 1 :])))

    def _number(self, stage: int | str) -> int:
        names = [each.goal for each in self.stages]
        if isinstance(stage, int) and not isinstance(stage, bool) and 1 <= stage <= len(names):
            return stage
        if isinstance(stage, str) and stage in names:
            return names.index(stage) + 1
        hint = did_you_mean(stage, names) if isinstance(stage, str) else ""
        raise QuestionError(
            f"the funnel has no stage {stage!r:.60}", code="stage", hint=hint or f"1 to {len(names)}, or a goal's name"
        )

    def rows(self, part: Literal["stages", "groups"] = "stages") -> list[dict[str, Any]]:
        """The stages, or each group's, as a list of flat dicts."""
        groups = [
            {"group": group.label, "kind": group.kind} | row for group in self.groups for row in _rows(group.stages)
        ]
        rows: list[dict[str, Any]] = pick(part, {"stages": _rows(self.stages), "groups": groups})
        return rows

    def pictures(self) -> dict[str, Picture]:
        """The stages; the groups, where there are such."""
        return of_funnel.pictures(self)

    def tables(self) -> tuple[Table, ...]:
        """The stages; then the groups side by side, where there are such."""
        drawn = [self._stages_table()]
        if self.groups:
            drawn.append(self._groups_table())
        return tuple(drawn)

    def _stages_table(self) -> Table:
        rows = tuple(
            (
                f"{stage.number}. {stage.goal}",
                tables.count_text(stage.count),
                *tables.proportion_cells(stage.step),
                tables.rate_text(stage.overall.rate),
                # That all who reached the first stage did is no estimate, so it has no uncertainty.
                tables.interval_text(stage.overall.interval if stage.number > 1 else None),
                tables.count_text(stage.dropped) if stage.number < len(self.stages) else tables.NOTHING,
                tables.span_text(stage.time.median),
                tables.bar(stage.overall.rate or 0.0),
            )
            for stage in self.stages
        )
        columns = (
            tables.Column("stage"),
            tables.number_column("profiles"),
            tables.number_column("from the one before"),
            tables.number_column("interval"),
            tables.number_column("from the first"),
            tables.number_column("interval"),
            tables.number_column("dropped"),
            tables.number_column("median time"),
            tables.Column(""),
        )
        total = self.stages[0].step.total
        notes = (f"The first stage is of an audience of {total:,}.",)
        return Table(f"Funnel · {self.conditions_text()}", columns, rows, notes)

    def conditions_text(self) -> str:
        """The period, the order and the windows, in words."""
        parts = [Period(self.since, self.until).text(read_zone(self.timezone))]
        parts.append("in this order" if self.order == "strict" else "in any order")
        parts += [f"within {self.within} of the first"] if self.within is not None else []
        parts += [f"within {self.between} of the one before"] if self.between is not None else []
        return " · ".join(parts)

    def _groups_table(self) -> Table:
        rows = tuple(
            (
                group.label,
                *(tables.count_text(stage.count) for stage in group.stages),
                *tables.proportion_cells(group.stages[-1].overall),
                tables.NOTHING if group.difference is None else tables.points_text(group.difference),
                tables.NOTHING if group.difference is None else tables.p_text(group.difference.corrected_p_value),
            )
            for group in self.groups
        )
        columns = (
            tables.Column(str(self.dimension)),
            *(tables.number_column(stage.goal) for stage in self.stages),
            tables.number_column("from the first"),
            tables.number_column("interval"),
            tables.number_column("against the rest"),
            tables.number_column("corrected"),
        )
        notes = ["By what the profile's first stage says.", _finding(self.groups)]
        return Table(f"Funnel by {self.dimension}", columns, rows, tuple(notes))


def _finding(groups: Sequence[Group]) -> str:
    found = [group.label for group in groups if group.difference is not None and group.difference.evidence]
    if not found:
        return "No evidence of a difference between any group and the rest (Holm's correction)."
    return f"There is evidence of a difference from the rest for: {', '.join(found)} (Holm's correction)."


def _rows(stages: Sequence[Stage]) -> list[dict[str, Any]]:
    return [
        {
            "stage": stage.number,
            "goal": stage.goal,
            "profiles": stage.count,
            "dropped": stage.dropped,
            **{f"step_{name}": value for name, value in proportion_row(stage.step).items()},
            **{f"overall_{name}": value for name, value in proportion_row(stage.overall).items()},
            "median_time": stage.time.median,
        }
        for stage in stages
    ]
