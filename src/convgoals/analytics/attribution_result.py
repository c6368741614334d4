"""Attribution as a value: the touches that go in, the credit that comes out, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import attrs

from convgoals.analytics import tables
from convgoals.analytics.figures import as_decimal
from convgoals.analytics.periods import Period, read_zone
from convgoals.analytics.pictures import of_attribution
from convgoals.analytics.results import Result, pick
from convgoals.analytics.tables import Table
from convgoals.charts.pictures import Picture


@attrs.frozen
class Touch:
    """Something that reached a profile before it converted.

    Attributes:
        profile_id: whom.
        timestamp: when, an aware datetime.
        campaign: what.
        channel: by what channel, or ``None``.
    """

    profile_id: str
    timestamp: datetime
    campaign: str
    channel: str | None = None


@attrs.frozen
class Credit:
    """What one model gives to one row.

    Attributes:
        completions: the completions credited, an exact fraction.
        value: the value credited, an exact fraction.
    """

    completions: Fraction = Fraction(0)
    value: Fraction = Fraction(0)


@attrs.frozen
class CreditRow:
    """One campaign (or channel), or the completions without a touch.

    Attributes:
        key: the campaign or channel; ``None`` for touches without a channel, and for completions without a touch.
        kind: ``"value"``, ``"none"`` (touches without a channel) or ``"untouched"`` (completions without a touch).
        touches: how many touches of it come before a completion; one that comes before several counts for each. It
            can be 0: Markov's model may credit a channel that led nowhere itself, but to others that did.
        assisted: how many completions have at least one such touch (or, of the untouched, have none).
        credits: what each model gives it.
    """

    key: str | None
    kind: Literal["value", "none", "untouched"]
    touches: int
    assisted: int
    credits: Mapping[str, Credit]

    @property
    def label(self) -> str:
        """The key, ``(none)`` or ``(no touch)``."""
        if self.kind == "untouched":
            return "(no touch)"
        return "(none)" if self.key is None else self.key


@attrs.frozen
class Attribution(Result):
    """What `convgoals.analytics.attribution.attribution` answers.

    Attributes:
        goal: the goal's name.
        timezone: the IANA zone that dates are read in.
        since, until: the first and the last instant that a completion may have (UTC, both in).
        window: how long before a completion a touch may lie, as it was asked for; ``None``: any time.
        by: what the rows are: ``"campaign"`` or ``"channel"``.
        models: the models, in the order in which they were asked for.
        completions: how many completions are shared out.
        value: the sum of their values, exact.
        credited: a row each, the most credited by the first model first; completions without a touch last.
    """

    goal: str
    timezone: str
    since: datetime | None
    until: datetime | None
    window: str | None
    by: str
    models: tuple[str, ...]
    completions: int
    value: Decimal
    credited: tuple[CreditRow, ...]

    def rows(self, part: Literal["credits"] = "credits") -> list[dict[str, Any]]:
        """A flat dict for each row and model; credits are rounded there (the fields hold the exact fractions)."""
        rows: list[dict[str, Any]] = pick(part, {"credits": self._credit_rows})()
        return rows

    def _credit_rows(self) -> list[dict[str, Any]]:
        return [
            {
                self.by: row.label,
                "kind": row.kind,
                "touches": row.touches,
                "assisted": row.assisted,
                "model": model,
                "completions": float(credit.completions),
                "value": as_decimal(credit.value),
            }
            for row in self.credited
            for model, credit in row.credits.items()
        ]

    def pictures(self) -> dict[str, Picture]:
        """The completions credited; the value, where there is any."""
        return of_attribution.pictures(self)

    def tables(self) -> tuple[Table, ...]:
        """The completions credited by each model; then the value, where there is any."""
        drawn = [self._table("completions", lambda credit: credit.completions, Fraction(self.completions))]
        if self.value:
            drawn.append(self._table("value", lambda credit: credit.value, Fraction(self.value)))
        return tuple(drawn)

    def _table(self, what: str, figure: Callable[[Credit], Fraction], whole: Fraction) -> Table:
        rows = [
            (
                row.label,
                tables.count_text(row.touches),
                tables.count_text(row.assisted),
                *(tables.fraction_text(figure(row.credits[model])) for model in self.models),
            )
            for row in self.credited
        ]
        rows.append(
            ("total", "", tables.count_text(self.completions), *([tables.fraction_text(whole)] * len(self.models)))
        )
        columns = (
            tables.Column(self.by),
            tables.number_column("touches"),
            tables.number_column("completions touched"),
            *(tables.number_column(model) for model in self.models),
        )
        period = Period(self.since, self.until).text(read_zone(self.timezone))
        window = "" if self.window is None else f" · touches within {self.window} before"
        title = f"{self.goal} · {what} credited · {period}{window}"
        return Table(title, columns, tuple(rows), ("Credit says what came before a completion, not what caused it.",))
