"""The HTML report: the goals of a store on one page, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Literal

from convgoals.analytics import tables
from convgoals.analytics.buckets import Every
from convgoals.analytics.goal_report import GoalReport
from convgoals.analytics.measure import By
from convgoals.analytics.periods import Moment
from convgoals.analytics.selection import Audience
from convgoals.analytics.stats import CONFIDENCE
from convgoals.engine.engine import GoalEngine
from convgoals.goals import Goal
from convgoals.pages.asked import Asked
from convgoals.pages.figures import Artist, scrolled, spark
from convgoals.pages.goal_section import goal_section
from convgoals.pages.markup import Markup, name, tag

NO_CHARTS = "Drawn without the extra “charts”: trends are simpler than they could be (pip install 'convgoals[charts]')."


def report_page(
    engine: GoalEngine,
    *,
    goals: Sequence[str] | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    every: Every | None = None,
    timezone: str | None = None,
    audience: Audience | None = None,
    breakdowns: Sequence[str] = ("channel", "segment"),
    limit: int = 10,
    baseline: Literal["previous"] | tuple[Moment | None, Moment | None] | None = None,
    by: By = "converted",
    final_only: bool = False,
    outcomes: bool = True,
    confidence: float = CONFIDENCE,
    funnels: Sequence[Sequence[str]] = (),
    title: str = "Conversion goals",
    made_at: datetime | None = None,
) -> str:
    """A whole HTML document about the goals of *engine*; it loads nothing and runs no script.

    Trends are drawn as SVG where the extra ``charts`` is installed, and by CSS otherwise, which the page says.

    Args:
        engine: whose goals.
        goals: only these, in this order, archived ones too; all active goals unless given.
        since: as in `convgoals.analytics.report.report`.
        until: as there.
        every: the size of the trends' buckets; ``None``: what suits the period.
        timezone: as there.
        audience: as there.
        breakdowns: what each goal is broken down by; those with nothing to tell apart are left out.
        limit: as there.
        baseline: as there.
        by: as there; the goals side by side, funnels and credit are by when profiles converted all the same.
        final_only: as there.
        outcomes: whether to say who is open and by when those who entered convert, of goals with a window; each
            profile's facts are looked at for it.
        confidence: of the intervals.
        funnels: the stages of each funnel to show, by the names of goals.
        title: of the page.
        made_at: when it was made, to be said at its end.

    Raises:
        UnknownGoalError: there is no such goal.
        QuestionError: an argument asks for what cannot be answered.
    """
    shown = engine.goals() if goals is None else _find(engine, goals)
    asked = Asked(
        engine,
        since=since,
        until=until,
        every=every,
        timezone=timezone,
        audience=audience,
        limit=limit,
        breakdowns=tuple(breakdowns),
        baseline=baseline,
        by=by,
        final_only=final_only,
        outcomes=outcomes,
        confidence=confidence,
    )
    overviews = [asked.overview(goal) for goal in shown]
    size = asked.suiting(overviews)
    artist = Artist()
    keys = [f"goal-{number}" for number in range(1, len(shown) + 1)]
    sections = [
        _overview(shown, overviews, keys),
        _comparison(asked, shown, size, artist),
        *(_funnel(asked, stages, f"funnel-{number}", artist) for number, stages in enumerate(funnels, 1)),
        *(goal_section(asked, goal, key, size, artist) for goal, key in zip(shown, keys, strict=True)),
    ]
    return _document(title, _period_line(overviews), sections, artist, made_at, _contents(shown, keys, funnels))


def _find(engine: GoalEngine, wanted: Sequence[str]) -> list[Goal]:
    """The goals of these names, archived ones too."""
    by_name = {goal.name: goal for goal in engine.goals(archived=True)}
    # An unknown name is told by the engine, which knows what may have been meant.
    return [by_name[each] if each in by_name else by_name[engine.report(each).goal] for each in dict.fromkeys(wanted)]


def _document(
    title: str, period: str, sections: Sequence[Markup | None], artist: Artist, made_at: datetime | None, nav: Markup
) -> str:
    style = files("convgoals.pages").joinpath("report.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="generator", content="convgoals"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    body = tag(
        "body",
        tag("a", "To the content", class_="skip", href="#content"),
        tag("header", tag("h1", name(title)), tag("p", period, class_="about"), nav),
        tag("main", sections, id="content"),
        tag(
            "footer",
            tag(
                "p",
                "What each figure is, and how intervals and tests are computed, docs/analytics.md of convgoals says.",
            ),
            None if artist.can_draw else tag("p", NO_CHARTS),
            None if made_at is None else tag("p", f"Made at {made_at.isoformat(' ', 'minutes')}."),
        ),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _period_line(overviews: Sequence[GoalReport]) -> str:
    if not overviews:
        return "The store holds no goals."
    first = overviews[0]
    return f"{first.period_text()} · {first.timezone}"


def _contents(goals: Sequence[Goal], keys: Sequence[str], funnels: Sequence[Sequence[str]]) -> Markup:
    items = [tag("li", tag("a", "All goals", href="#goals"))]
    items += [
        tag("li", tag("a", "Funnel to ", name(stages[-1]), href=f"#funnel-{number}"))
        for number, stages in enumerate(funnels, 1)
    ]
    items += [tag("li", tag("a", name(goal.name), href=f"#{key}")) for goal, key in zip(goals, keys, strict=True)]
    return tag("nav", tag("ul", items), aria_label="Contents")


def _overview(goals: Sequence[Goal], overviews: Sequence[GoalReport], keys: Sequence[str]) -> Markup:
    head = tag(
        "tr",
        tag("th", "goal", scope="col"),
        [tag("th", each, scope="col", class_="num") for each in ("rate", "interval", "profiles", "completions")],
        tag("th", "by month", scope="col"),
    )
    rows = [
        tag(
            "tr",
            tag("th", tag("a", name(goal.name), href=f"#{key}"), scope="row"),
            [tag("td", cell, class_="num") for cell in tables.proportion_cells(report.figures.conversion)],
            tag("td", f"{report.converting_profiles:,} of {report.audience:,}", class_="num"),
            tag("td", tables.count_text(report.completions), class_="num"),
            tag("td", _months(report)),
        )
        for goal, report, key in zip(goals, overviews, keys, strict=True)
    ]
    table = tag("table", tag("thead", head), tag("tbody", rows))
    return tag(
        "section",
        tag("h2", "All goals"),
        scrolled(table, "All goals") if rows else tag("p", "There are none yet."),
        id="goals",
    )


def _months(report: GoalReport) -> Markup:
    if not report.trend:
        return tag("span", tables.NOTHING)
    label = f"completions by month, from {report.trend[0].label} to {report.trend[-1].label}"
    return spark([bucket.completions for bucket in report.trend], label)


def _comparison(asked: Asked, goals: Sequence[Goal], every: Every, artist: Artist) -> Markup | None:
    if len(goals) < 2:
        return None
    comparison = asked.engine.compare(
        [goal.name for goal in goals], every=every, confidence=asked.confidence, **asked.shared_audience()
    )
    return tag(
        "section",
        tag("h2", "The goals side by side"),
        artist.figure(comparison.picture("rates"), *comparison.tables()),
        id="comparison",
    )


def _funnel(asked: Asked, stages: Sequence[str], key: str, artist: Artist) -> Markup:
    dimension = next(iter(asked.breakdowns), None)
    funnel = asked.engine.funnel(
        stages, breakdown=dimension, limit=asked.limit, confidence=asked.confidence, **asked.shared_audience()
    )
    first, *more = funnel.tables()
    grouped = [group for group in funnel.groups if group.kind == "value"]
    return tag(
        "section",
        tag("h2", "Funnel to ", name(stages[-1])),
        artist.figure(funnel.picture("stages"), first),
        artist.figure(funnel.picture("groups"), *more) if len(grouped) > 1 else None,
        id=key,
    )
