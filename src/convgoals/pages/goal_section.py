"""The section of one goal: what it asks for, its figures, its trend, its breakdowns, and the credit to campaigns."""

from __future__ import annotations

from convgoals.analytics import tables
from convgoals.analytics.buckets import Every
from convgoals.analytics.goal_report import GoalReport
from convgoals.analytics.selection import AUDIENCES
from convgoals.goals import Goal
from convgoals.pages.asked import Asked
from convgoals.pages.figures import Artist
from convgoals.pages.markup import Markup, join, name, tag
from convgoals.standing.standing import has_window

CREDITED = ("first", "last", "linear")
"""The models that a page shows side by side: there is room for three."""


def goal_section(asked: Asked, goal: Goal, key: str, every: Every, artist: Artist) -> Markup:
    """Everything about *goal*; *key* is the section's id."""
    told = asked.outcomes and has_window(goal.condition.root)
    report = asked.report(goal, every=every, outcomes=told)
    against = None if asked.baseline is None else asked.report(goal, every=every, baseline=asked.baseline)
    cuts = [asked.report(goal, every=every, breakdown=each) for each in asked.breakdowns if asked.can_cut(goal, each)]
    return tag(
        "section",
        tag("h2", name(goal.name), id=f"{key}-name"),
        [tag("p", line) for line in goal.description.splitlines() if line.strip()],
        _condition(goal),
        _figures(report),
        artist.figure(report.picture("trend"), *_named(report, f"by {every}")),
        [_breakdown(each, artist) for each in cuts],
        None if against is None else _baseline(against, artist),
        _times(report, artist),
        _campaigns(asked, goal, artist),
        class_="goal",
        id=key,
        aria_labelledby=f"{key}-name",
    )


def _condition(goal: Goal) -> Markup:
    words = goal.describe()
    lines = [tag("pre", tag("code", line)) for line in goal.when.splitlines() if line.strip()]
    within = None if goal.within is None else tag("p", "Within ", tag("code", goal.within), ".")
    return tag("div", [tag("p", line) for line in words.splitlines() if line.strip()], lines, within)


def _figures(report: GoalReport) -> Markup:
    rate = tables.rate_text(report.rate)
    conversion = report.figures.conversion
    interval = f"{conversion.confidence * 100:.6g} % interval {tables.interval_text(conversion.interval)}"
    shown: list[tuple[str, object, object]] = [
        ("completions", tables.count_text(report.completions), None),
        ("converting profiles", tables.count_text(report.converting_profiles), None),
        ("completion rate", rate, interval if report.interval is not None else "of nobody"),
        ("audience", tables.count_text(report.audience), report.audience_text()),
    ]
    if report.figures.value.count:
        mean = f"{tables.amount_text(report.value_mean)} on average"
        shown.append(("value", tables.amount_text(report.value_sum), mean))
    time = report.time_to_convert
    if time.count:
        between = f"half of them {tables.span_text(time.p25)} to {tables.span_text(time.p75)}"
        shown.append(("median time to convert", tables.span_text(time.median), between))
    if report.outcomes is not None and report.outcomes.entered:
        some = report.outcomes
        aside = f"{some.open:,} still open, {some.missed:,} missed"
        shown.append(("entered", tables.count_text(some.entered), aside))
    return tag(
        "dl",
        [
            tag("div", tag("dt", what), tag("dd", figure, None if aside is None else tag("small", aside)))
            for what, figure, aside in shown
        ],
    )


def _named(report: GoalReport, ending: str) -> list[tables.Table]:
    """The table of *report* whose title ends so."""
    return [table for table in report.tables() if table.title.endswith(f" {ending}")]


def _breakdown(report: GoalReport, artist: Artist) -> Markup | None:
    """The breakdown, where there is anything to tell apart."""
    if not any(row.kind == "value" for row in report.breakdown):
        return None
    return artist.figure(report.picture("breakdown"), *_named(report, f"by {report.dimension}"))


def _baseline(report: GoalReport, artist: Artist) -> Markup:
    return artist.figure(report.picture("baseline"), *_named(report, "against the baseline"))


def _times(report: GoalReport, artist: Artist) -> Markup:
    """How long it took those who converted, and by when those who entered do."""
    pictures = report.pictures()
    named = _named(report, "time to convert")
    return join(
        artist.figure(pictures["curve"]) if "curve" in pictures else None,
        artist.figure(pictures["time"], *named) if "time" in pictures else None,
    )


def _campaigns(asked: Asked, goal: Goal, artist: Artist) -> Markup | None:
    """How recipients of each campaign did, and what completions are owed to, where there were any."""
    options = asked.shared_audience()
    options["audience"] = None if options["audience"] in AUDIENCES else options["audience"]
    report = asked.engine.campaigns(goal.name, confidence=asked.confidence, **options)
    if not report.campaigns:
        return None
    return join(artist.figure(report.picture(), *report.tables()), _credit(asked, goal, artist))


def _credit(asked: Asked, goal: Goal, artist: Artist) -> Markup | None:
    """The credit to campaigns, where any came before a completion."""
    credit = asked.engine.attribution(goal.name, models=CREDITED, **asked.shared_audience())
    if not any(row.kind == "value" for row in credit.credited):
        return None
    return artist.figure(credit.picture(), *credit.tables())
