"""The HTML report: everything is on it, nothing is loaded, and whatever names hold is text."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from convgoals import Event, Goal, GoalEngine, QuestionError, UnknownGoalError
from convgoals.pages import report_page
from convgoals.pages.markup import Markup, join, name, tag
from page_shop import HEBREW, LONG, QUOTES, SCRIPT, fill

VOID = {"meta", "br", "hr"}
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "footer"),
    *("h1", "h2", "h3", "h4", "p", "a", "ul", "li", "dl", "dt", "dd", "div", "span", "b", "i", "bdi", "small"),
    *("pre", "code", "figure", "figcaption", "details", "summary"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("svg", "g", "path", "line", "rect", "text"),
}


class Page(HTMLParser):
    """A page taken apart; it must be well-formed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice"
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack[-1:] != ["style"]:
            self.texts.append(data)

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(attribute)) is not None]


@pytest.fixture(scope="module")
def engine() -> Iterator[GoalEngine]:
    """A store with hostile names."""
    with GoalEngine() as engine:
        yield fill(engine)


@pytest.fixture(scope="module")
def html(engine: GoalEngine) -> str:
    """A page with all that a page can hold."""
    return report_page(
        engine,
        since="2026-01-15",
        until="2026-03-20",
        baseline="previous",
        funnels=[[SCRIPT, QUOTES]],
        title=QUOTES,
        made_at=datetime(2026, 4, 1, 12, tzinfo=UTC),
    )


def test_nothing_is_loaded_and_nothing_runs(html: str) -> None:
    """The page has no script, no handler, no frame, and no address but of its own places."""
    page = Page(html)
    assert {tag for tag, _ in page.tags} <= TAGS
    attributes = {key for _, found in page.tags for key in found}
    assert not {key for key in attributes if key.startswith("on")} | (
        attributes & {"src", "srcset", "action", "xlink:href"}
    )
    assert all(link.startswith("#") for link in page.values("href"))
    (style,) = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style


def test_names_are_text(html: str) -> None:
    """Each name stands on the page as it is, as text."""
    page = Page(html)
    texts = "".join(page.texts)
    for each in (SCRIPT, QUOTES, HEBREW, LONG):
        assert each in texts
    assert html.count("<script") == 0
    assert html.count("</style>") == html.count("</title>") == 1


def test_places_are_there(html: str) -> None:
    """Ids are unique, and every link and label leads to one."""
    page = Page(html)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.values("href")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)
    sections = [attributes.get("id") for tag, attributes in page.tags if tag == "section"]
    assert sections == ["goals", "comparison", "funnel-1", *(f"goal-{number}" for number in range(1, 5))]


def test_figures_are_the_reports(engine: GoalEngine, html: str) -> None:
    """The page says what the engine's reports say."""
    report = engine.report(QUOTES, since="2026-01-15", until="2026-03-20", baseline="previous", breakdown="channel")
    texts = Page(html).texts
    assert f"{report.converting_profiles} of {report.audience}" in texts
    assert f"{report.value_sum:,.2f}" in texts
    for part in ("breakdown", "baseline"):
        assert report.picture(part).title.replace(" %", "\N{NO-BREAK SPACE}%") in texts
    assert "Made at 2026-04-01 12:00+00:00." in texts


def test_every_goal_has_its_trend(html: str) -> None:
    """Trends, times and curves are drawn in two widths; the colours are the page's."""
    pytest.importorskip("altair")
    drawn = [attributes["class"] for _, attributes in Page(html).tags if "svg " in (attributes.get("class") or "")]
    trends, curves, times = 4, 2, 2  # two goals have a window
    assert drawn == ["svg wide", "svg narrow"] * (trends + curves + times)
    assert 'fill="var(--main)"' in html
    assert "without the extra" not in html


def test_without_charts(engine: GoalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, trends are drawn by CSS, and the page says so."""
    monkeypatch.setitem(sys.modules, "altair", None)
    for module in [module for module in sys.modules if module.startswith("convgoals.charts.altair_")]:
        monkeypatch.delitem(sys.modules, module)
    html = report_page(engine, since="2026-01-01")
    page = Page(html)
    classes = [attributes.get("class") for _, attributes in page.tags]
    assert (classes.count("columns"), classes.count("named")) == (6, 2)
    assert "svg wide" not in html
    assert "convgoals[charts]" in "".join(page.texts)


def test_times_and_outcomes(engine: GoalEngine, html: str) -> None:
    """The page says who is open, how long it took, and by when those who entered convert."""
    report = engine.report(QUOTES, since="2026-01-15", until="2026-03-20", outcomes=True)
    assert report.outcomes is not None
    texts = Page(html).texts
    assert f"{report.outcomes.open} still open, {report.outcomes.missed} missed" in texts
    for part in ("time", "curve"):
        assert report.picture(part).title.replace(" %", "\N{NO-BREAK SPACE}%") in texts


def test_cohorts(engine: GoalEngine) -> None:
    """A page may be about those who entered in its period, and about those whose outcome is final."""
    page = report_page(engine, goals=[QUOTES], since="2026-01-15", until="2026-02-20", by="entered", final_only=True)
    report = engine.report(QUOTES, since="2026-01-15", until="2026-02-20", by="entered", final_only=True, every="day")
    texts = Page(page).texts
    assert report.picture().title.replace(" %", "\N{NO-BREAK SPACE}%") in texts
    assert report.audience_text() in texts


def test_chosen_goals(engine: GoalEngine) -> None:
    """A page may be about some goals, in an order of one's own; one goal has nothing to stand beside."""
    page = Page(report_page(engine, goals=[HEBREW], breakdowns=[]))
    assert page.texts.count(HEBREW) == 3  # in the contents, the list and its heading
    assert LONG not in page.texts
    assert "comparison" not in page.values("id")
    with pytest.raises(UnknownGoalError):
        report_page(engine, goals=["nothing"])


def test_confidence(engine: GoalEngine) -> None:
    """The confidence asked for is that of all intervals on the page."""
    page = report_page(engine, confidence=0.8, funnels=[[SCRIPT, QUOTES]])
    assert "80 % interval" in page
    assert "95 % interval" not in page


def test_archived_goals() -> None:
    """An archived goal is on the page where it is asked for, and not otherwise."""
    with GoalEngine([Goal("old", "event x"), Goal("new", "event x")]) as engine:
        engine.process([Event("x", "a", "2026-01-01T00:00:00Z")])
        engine.archive("old")
        assert "old" not in Page(report_page(engine)).texts
        assert "old: 1 completion in 2026-01-01" in Page(report_page(engine, goals=["old", "old"])).texts


@pytest.mark.parametrize("options", [{"breakdowns": ["chanel"]}, {"since": "soon"}, {"every": "fortnight"}])
def test_wrong_questions(engine: GoalEngine, options: Any) -> None:
    """What a report cannot answer, a page cannot either."""
    with pytest.raises(QuestionError):
        report_page(engine, **options)


def test_empty_store() -> None:
    """A store without goals, and one without facts, have pages too."""
    with GoalEngine() as engine:
        assert "The store holds no goals." in Page(report_page(engine)).texts
        engine.add(Goal("a", "event x"))
        engine.add(Goal("b", "event y"))
        texts = Page(report_page(engine, funnels=[["a", "b"]])).texts
        assert "Nobody has reached the first stage, a" in texts
        assert "Nothing to draw." in texts


@pytest.mark.parametrize(
    ("until", "label"), [("2026-01-02", "hour"), ("2026-02-01", "day"), ("2026-12-31", "week"), ("2029-12-31", "month")]
)
def test_buckets_suit_the_period(until: str, label: str) -> None:
    """The longer the time, the larger the buckets, unless a size is asked for."""
    with GoalEngine([Goal("a", "event x")]) as engine:
        engine.advance("2040-01-01T00:00:00Z")
        assert f"Completions by {label} " in report_page(engine, since="2026-01-01", until=until)
        assert "Completions by quarter " in report_page(engine, since="2026-01-01", until=until, every="quarter")
        assert "Completions by quarter " in report_page(engine, since="2020-01-01", until="2039-12-31")


def test_markup() -> None:
    """Text is escaped in elements and attributes, markup is not, and nothing is nothing."""
    assert tag("p", "a<b", Markup("<i>c</i>"), None, ["d", ["&"]], 5, class_="x\"'") == (
        '<p class="x&quot;&#x27;">a&lt;b<i>c</i>d&amp;5</p>'
    )
    assert tag("meta", charset="utf-8", hidden=False, data_x=None, itemscope=True) == '<meta charset="utf-8" itemscope>'
    assert join("a\u202eb\n", name("")) == "a\\u202eb\\n<bdi>(no name)</bdi>"
