"""The picture of campaigns side by side: the rates of their recipients, against those of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convgoals.analytics import tables
from convgoals.analytics.pictures import shared
from convgoals.charts.pictures import Bar, Bars, Picture

if TYPE_CHECKING:
    from convgoals.analytics.campaigns_result import CampaignReport, CampaignRow

MOST_ROWS = 12
"""So many campaigns have bars; of more, those with the most recipients."""


def pictures(report: CampaignReport) -> dict[str, Picture]:
    """The pictures that there are, by the part that they are of."""
    return {"campaigns": _rates(report)}


def _rates(report: CampaignReport) -> Bars:
    largest = sorted(report.campaigns, key=lambda row: row.recipients, reverse=True)[:MOST_ROWS]
    best = _best(report)
    bars = tuple(
        Bar(
            row.campaign,
            row.rate or 0.0,
            f"{tables.rate_text(row.rate)} of {tables.count_text(row.recipients)}",
            shared.interval(row.figures.conversion),
            "strong" if row is best else "main",
            aside=f"others {tables.rate_text(row.others.rate)}",
        )
        for row in report.campaigns
        if row in largest
    )
    window = "" if report.window is None else f", within {report.window}"
    subtitle = f"Recipients who completed it at or after a receipt{window} · {report.period_text()}"
    notes = ["What came after a receipt need not be caused by it: recipients were not chosen by lot."]
    if len(largest) < len(report.campaigns):
        notes.append(f"The {MOST_ROWS} campaigns with the most recipients, of {len(report.campaigns):,}.")
    percent = "" if not bars else f", {report.campaigns[0].figures.conversion.confidence * 100:.6g} % interval"
    return Bars(_title(report, best), subtitle, bars, f"share of the recipients{percent}", notes=tuple(notes))


def _best(report: CampaignReport) -> CampaignRow | None:
    """The campaign with the highest rate of those whose recipients converted more than the others, by the evidence."""
    more = [row for row in report.campaigns if row.difference.evidence and (row.difference.difference or 0) > 0]
    return max(more, key=lambda row: row.rate or 0.0, default=None)


def _title(report: CampaignReport, best: CampaignRow | None) -> str:
    goal = shared.name(report.goal)
    if not report.campaigns:
        return f"{goal}: nobody has received a campaign"
    if best is None:
        return f"{goal}: no evidence that recipients of any campaign converted more than the others"
    rates = f"{tables.rate_text(best.rate)} against {tables.rate_text(best.others.rate)}"
    return f"{goal}: recipients of campaign {shared.name(best.campaign)} converted more than the others, {rates}"
