"""The pictures of attribution: what each model credits, in completions and in value."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import attrs

from convgoals.analytics import tables
from convgoals.analytics.periods import Period, read_zone
from convgoals.analytics.pictures import shared
from convgoals.charts.pictures import Bar, Bars, Picture, Unit

if TYPE_CHECKING:
    from convgoals.analytics.attribution_result import Attribution, CreditRow

MOST_ROWS = 12
"""So many campaigns or channels have bars; of more, the rest are added up."""


@attrs.frozen
class _Row:
    """A row as it is drawn: its name, and what each model gives it."""

    label: str
    shares: tuple[Fraction, ...]
    named: bool


def pictures(attribution: Attribution) -> dict[str, Picture]:
    """The pictures that there are, by the part that they are of."""
    found: dict[str, Picture] = {"completions": _credits(attribution, "completions", "count")}
    if attribution.value > 0:
        found["value"] = _credits(attribution, "value", "amount")
    return found


def _credits(attribution: Attribution, what: str, unit: Unit) -> Bars:
    rows = _rows(attribution, what)
    bars = tuple(
        Bar(
            row.label,
            shared.size(row.shares[index]),
            tables.fraction_text(row.shares[index]),
            tone="main" if row.named else "muted",
            series=model,
        )
        for index, model in enumerate(attribution.models)
        for row in rows
    )
    period = Period(attribution.since, attribution.until).text(read_zone(attribution.timezone))
    window = "" if attribution.window is None else f" · touches within {attribution.window} before"
    subtitle = f"{what.capitalize()} credited by {attribution.by} · {period}{window}"
    notes = ("Credit says what came before a completion, not what caused it.",)
    return Bars(_title(attribution, what, rows), subtitle, bars, "", unit, notes)


def _rows(attribution: Attribution, what: str) -> list[_Row]:
    """The rows that any model gives the most, in the result's order; the others as one; those without a touch last."""

    def shares(row: CreditRow) -> tuple[Fraction, ...]:
        return tuple(getattr(row.credits[model], what) for model in attribution.models)

    touched = [row for row in attribution.credited if row.kind != "untouched"]
    kept = touched
    if len(touched) > MOST_ROWS + 1:
        kept = sorted(touched, key=lambda row: max(shares(row)), reverse=True)[:MOST_ROWS]
    rows = [_Row(row.label, shares(row), row.kind == "value") for row in touched if row in kept]
    others = [shares(row) for row in touched if row not in kept]
    if others:
        together = tuple(sum(column, Fraction(0)) for column in zip(*others, strict=True))
        rows.append(_Row(f"({len(others)} others)", together, named=False))
    rows += [_Row(row.label, shares(row), named=False) for row in attribution.credited if row.kind == "untouched"]
    return rows


def _title(attribution: Attribution, what: str, rows: list[_Row]) -> str:
    goal = shared.name(attribution.goal)
    named = [row for row in rows if row.named]
    if not named:
        return f"{goal}: no {attribution.by} came before a completion"
    leaders = []
    for index in range(len(attribution.models)):
        most = max(row.shares[index] for row in named)
        leaders.append([row for row in named if row.shares[index] == most])
    agreed = [row for row in named if all(row in each for each in leaders)]
    if not agreed or any(len(each) > 1 for each in leaders):
        return f"{goal}: no {attribution.by} is owed the most by every model"
    low, high = (tables.fraction_text(share) for share in (min(agreed[0].shares), max(agreed[0].shares)))
    much = low if low == high else f"{low} to {high}"
    whole = attribution.completions if what == "completions" else attribution.value
    every = "every model credits" if len(attribution.models) > 1 else f"the model {attribution.models[0]} credits"
    total = tables.fraction_text(Fraction(whole))
    return f"{goal}: {every} {attribution.by} {shared.name(agreed[0].label)} with the most, {much} of {total}"
