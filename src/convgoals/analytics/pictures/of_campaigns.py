"""The picture of campaigns side by side: the rates of their recipients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convgoals.analytics import tables
from convgoals.analytics.pictures import shared
from convgoals.charts.pictures import Bar, Bars, Picture

if TYPE_CHECKING:
    from convgoals.analytics.campaigns_result import CampaignReport


def pictures(report: CampaignReport) -> dict[str, Picture]:
    """The pictures that there are, by the part that they are of."""
    return {"campaigns": _rates(report)}


def _rates(report: CampaignReport) -> Bars:
    goal = shared.name(report.goal)
    bars = tuple(
        Bar(
            row.campaign,
            row.rate or 0.0,
            f"{tables.rate_text(row.rate)} of {tables.count_text(row.recipients)}",
            shared.interval(row.figures.conversion),
        )
        for row in report.campaigns
    )
    best = max(report.campaigns, key=lambda row: row.rate or 0.0, default=None)
    if best is None:
        title = f"{goal}: nobody has received a campaign"
    else:
        title = f"{goal}: recipients of {shared.name(best.campaign)} converted most, {tables.rate_text(best.rate)}"
    subtitle = f"Recipients who completed the goal at or after a receipt · {report.period_text()}"
    return Bars(title, subtitle, bars, "share of the recipients", notes=("What came after, not what was caused.",))
