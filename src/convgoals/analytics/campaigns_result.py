"""Campaigns side by side as a value: its fields, and how it is drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import attrs

from convgoals.analytics import tables
from convgoals.analytics.figures import Figures
from convgoals.analytics.periods import Period, read_zone
from convgoals.analytics.pictures import of_campaigns
from convgoals.analytics.results import Result, pick, proportion_row
from convgoals.analytics.selection import audience_text
from convgoals.analytics.stats import Difference, Proportion
from convgoals.analytics.tables import Table
from convgoals.charts.pictures import Picture

NOT_CAUSAL = (
    "Recipients and others were not chosen by lot: a difference says what came after a receipt, not what it caused."
)


@attrs.frozen
class CampaignRow:
    """One campaign.

    Attributes:
        campaign: its name.
        figures: the completions at or after a receipt (and within the window), of the recipients; the time to convert
            is from the first receipt.
        others: of those of the audience who did not receive it, those that completed the goal while it ran: from its
            first receipt on, to the end of the window of its last.
        difference: from the others' rate (first) to the recipients' (second), with Holm's correction over all
            campaigns. It is no effect of the campaign.
    """

    campaign: str
    figures: Figures
    others: Proportion
    difference: Difference

    @property
    def recipients(self) -> int:
        """How many profiles received it."""
        return self.figures.conversion.total

    @property
    def converting_profiles(self) -> int:
        """How many of them completed the goal at or after a receipt."""
        return self.figures.conversion.count

    @property
    def rate(self) -> float | None:
        """``converting_profiles / recipients``."""
        return self.figures.conversion.rate


@attrs.frozen
class CampaignReport(Result):
    """What `convgoals.analytics.campaigns.campaigns` answers.

    Attributes:
        goal: the goal's name.
        timezone: the IANA zone that dates are read in.
        since, until: the first and the last instant that a completion may have (UTC, both in).
        window: how long after a receipt a completion may lie, as it was asked for; ``None``: any time.
        audience: how many profiles there are, recipients of whatever campaign or of none.
        condition: the condition on them, or ``None``.
        campaigns: a row each, in the order that was asked for, else by the number of recipients.
        causal: that the differences are effects of the campaigns, which nothing here can say: ``False``.
    """

    goal: str
    timezone: str
    since: datetime | None
    until: datetime | None
    window: str | None
    audience: int
    condition: str | None
    campaigns: tuple[CampaignRow, ...]
    causal: Literal[False] = False

    @property
    def finding(self) -> str | None:
        """Which campaigns' recipients differ from the others, in a sentence; ``None`` where none can be compared."""
        compared = [row for row in self.campaigns if row.difference.corrected_p_value is not None]
        if not compared:
            return None
        found = [row.campaign for row in compared if row.difference.evidence]
        if not found:
            return "No evidence of a difference between the recipients of any campaign and the others."
        return f"There is evidence of a difference between recipients and others for: {', '.join(found)}."

    def rows(self, part: Literal["campaigns"] = "campaigns") -> list[dict[str, Any]]:
        """The campaigns as a list of flat dicts."""
        rows: list[dict[str, Any]] = pick(part, {"campaigns": list(map(_row, self.campaigns))})
        return rows

    def pictures(self) -> dict[str, Picture]:
        """The rates of recipients."""
        return of_campaigns.pictures(self)

    def period_text(self) -> str:
        """The period in words."""
        return Period(self.since, self.until).text(read_zone(self.timezone))

    def tables(self) -> tuple[Table, ...]:
        """The campaigns side by side."""
        valued = any(row.figures.value.count for row in self.campaigns)
        rows = tuple(
            (
                row.campaign,
                tables.count_text(row.recipients),
                tables.count_text(row.converting_profiles),
                *tables.proportion_cells(row.figures.conversion),
                tables.count_text(row.figures.completions),
                *((tables.amount_text(row.figures.value.sum),) if valued else ()),
                tables.span_text(row.figures.time_to_convert.median),
                tables.rate_text(row.others.rate),
                tables.points_text(row.difference),
                tables.p_text(row.difference.corrected_p_value),
            )
            for row in self.campaigns
        )
        columns = (
            tables.Column("campaign"),
            *map(tables.number_column, ("recipients", "converting", "rate", "interval", "completions")),
            *((tables.number_column("value"),) if valued else ()),
            *map(tables.number_column, ("median time", "rate of others", "difference", "corrected")),
        )
        window = "" if self.window is None else f" · within {self.window} of a receipt"
        who = audience_text("all" if self.condition is None else "condition", None, self.condition)
        title = f"{self.goal} by campaign · {self.period_text()}{window} · {self.audience:,} {who.removeprefix('all ')}"
        notes = (NOT_CAUSAL,) if self.finding is None else (self.finding, NOT_CAUSAL)
        return (Table(title, columns, rows, notes),)


def _row(row: CampaignRow) -> dict[str, Any]:
    return {
        "campaign": row.campaign,
        "recipients": row.recipients,
        "converting_profiles": row.converting_profiles,
        **proportion_row(row.figures.conversion),
        "completions": row.figures.completions,
        "value_sum": row.figures.value.sum,
        "value_mean": row.figures.value.mean,
        "median_time": row.figures.time_to_convert.median,
        "others": row.others.total,
        "others_rate": row.others.rate,
        "difference": row.difference.difference,
        "corrected_p_value": row.difference.corrected_p_value,
    }
