"""What there is to see in a result: the figures as lengths, and a title that says no more than is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given

from analytics.ledger import Ledger, at, done, goal, ledgers
from convgoals.analytics.attribution import attribution
from convgoals.analytics.campaigns import campaigns
from convgoals.analytics.compare import Comparison, compare
from convgoals.analytics.funnel import funnel
from convgoals.analytics.pictures import of_campaigns, of_time, shared
from convgoals.analytics.pictures.of_attribution import MOST_ROWS
from convgoals.analytics.report import report
from convgoals.analytics.results import Result
from convgoals.charts import Bars, Columns, Curve, Panels, Picture
from convgoals.engine.engine import GoalEngine
from convgoals.errors import QuestionError
from convgoals.goals import Goal
from convgoals.records import CampaignReceipt, Event, ProfileSnapshot

NAMES = ("visit", "cart", "buy")


def results(ledger: Ledger) -> Iterator[Result]:
    """Every kind of result."""
    goals = [goal(name) for name in NAMES]
    for dimension in ("channel", "segment", "version"):
        yield report(ledger, goals[2], breakdown=dimension, baseline=("2026-03-27", "2026-03-28"), every="hour")
    yield compare(ledger, goals)
    yield funnel(ledger, goals, breakdown="channel")
    yield campaigns(ledger, goals[2])
    yield attribution(ledger, goals[2])
    yield attribution(ledger, goals[2], by="channel", models="last")


def numbers(picture: Picture) -> Iterator[float]:
    if isinstance(picture, Bars):
        for bar in picture.bars:
            yield bar.length
            yield from bar.interval or ()
    elif isinstance(picture, Columns):
        yield from (column.height for column in picture.columns)
    elif isinstance(picture, Panels):
        for panel in picture.panels:
            yield from numbers(panel)


@given(ledgers(*NAMES))
def test_every_picture_can_be_drawn(ledger: Ledger) -> None:
    """Whatever the ledger: each picture has a title, finite lengths of 0 or more, and labels that are told apart."""
    for result in results(ledger):
        pictures = result.pictures()
        assert result.picture() == next(iter(pictures.values()))
        for part, picture in pictures.items():
            assert result.picture(part) == picture
            assert picture.title
            assert all(math.isfinite(number) and number >= 0 for number in numbers(picture))
            for columns in (picture,) if isinstance(picture, Columns) else getattr(picture, "panels", ()):
                labels = [column.label for column in columns.columns]
                assert len(labels) == len(set(labels))


@given(ledgers("buy"))
def test_trends_add_up(ledger: Ledger) -> None:
    """The columns of a trend add up to the report's completions."""
    found = report(ledger, goal())
    picture = found.picture("trend")
    assert isinstance(picture, Columns)
    assert sum(column.height for column in picture.columns) == found.completions


def bars(result: Result, part: str | None = None) -> Bars:
    picture = result.picture(part)
    assert isinstance(picture, Bars)
    return picture


MANY = Ledger(
    [done(f"p{n}", f"2026-01-{1 + n % 28:02}", "visit", channel="ads" if n % 2 else "email") for n in range(200)]
    + [done(f"p{n}", f"2026-02-{1 + n % 28:02}", "cart") for n in range(100)]
    + [done(f"p{n}", f"2026-02-{1 + n % 28:02}", "buy", channel="email", value=2) for n in range(0, 50, 2)]
    + [done("p1", "2026-02-28T12:00", "buy", channel="ads", value=2)],
    profiles=[f"p{n}" for n in range(400)],
    sent=[
        CampaignReceipt(f"c{n % 30}", f"p{n % 50}", at("2026-01-01") + timedelta(hours=n), channel="email")
        for n in range(300)
    ],
)


def test_trend() -> None:
    """The title names the total and the fullest bucket; a bucket that is not over is grey, and said to be."""
    picture = report(MANY, goal(), every="month").picture()
    assert isinstance(picture, Columns)
    assert picture.title == "buy: 26 completions in 2026-02"
    assert [(column.label, column.text, column.tone) for column in picture.columns] == [("2026-02", "26", "muted")]
    assert picture.notes == ("Grey: the last month is not over yet.",)
    assert "2026-02-01 to 2026-02-27" in report(MANY, goal(), since="2026-02-01", until="2026-02-27").picture().subtitle


def test_fullest_bucket() -> None:
    """Of whole buckets the fullest is named, not of those that may still grow."""
    picture = report(MANY, goal("visit"), every="week").picture()
    assert picture.title == "visit: 200 completions"  # three weeks have as many
    assert report(MANY, goal("visit"), until="2026-01-11", every="week").picture().title == (
        "visit: 81 completions, the most in 2026-W02: 49"
    )


def test_many_buckets() -> None:
    """Beyond so many buckets, neighbours are added up, and that is said."""
    found = report(MANY, goal("visit"), every="hour")
    picture = found.picture()
    assert isinstance(picture, Columns)
    assert len(picture.columns) <= shared.MOST_COLUMNS < len(found.trend)
    assert sum(column.height for column in picture.columns) == 200
    assert any(note.startswith("Each column adds up ") for note in picture.notes)


def test_nothing_yet() -> None:
    """Nothing is said to be nothing."""
    empty = Ledger((), profiles=["a"])
    goals = [goal(name) for name in NAMES]
    assert report(empty, goal()).picture().title == "buy: no completions"
    assert (
        report(empty, goal(), breakdown="channel")
        .picture("breakdown")
        .title.endswith("no channel brought a converting profile")
    )
    assert compare(empty, goals).picture("trend").title == "No completions yet"
    assert compare(Ledger(), goals).picture().title == "No comparison: the audience is nobody"
    assert funnel(empty, goals).picture().title == "Nobody has reached the first stage, visit"
    assert attribution(empty, goal()).picture().title == "buy: no campaign came before a completion"


def test_breakdown() -> None:
    """Who brought the most is a count."""
    picture = bars(report(MANY, goal(), breakdown="channel"), "breakdown")
    assert picture.title == "buy: email brought the most, 25 of 26 converting profiles"
    assert [(bar.label, bar.text) for bar in picture.bars] == [("email", "25 · 6.2 %"), ("ads", "1 · 0.25 %")]
    even = bars(report(MANY, goal("visit"), breakdown="channel"), "breakdown")
    assert even.title == "visit: ads and email brought the most, each 100 of 200 converting profiles"


def shop() -> GoalEngine:
    """Sixty profiles of two plans, of whom those with the better plan buy, within a window."""
    engine = GoalEngine([Goal("buy", "event buy", within="10 days of first event visit")])
    for number in range(60):
        start = at("2026-01-05") + timedelta(days=number // 4)
        who, pro = f"p{number}", number % 2 == 0
        engine.process([ProfileSnapshot(who, start, {"plan": "pro" if pro else "free"}), Event("visit", who, start)])
        if (pro and number % 8) or number == 1:
            engine.process([Event("buy", who, start + timedelta(hours=number))])
    engine.advance("2026-01-21T00:00:00Z")
    return engine


def test_own_rates() -> None:
    """Where it is known who has a value, rates are theirs, and one is called better where there is evidence."""
    with shop() as engine:
        picture = bars(engine.report("buy", breakdown="profile.plan"), "breakdown")
        assert picture.title == "buy: profile.plan pro converts better than the rest, 73.3 % of 30, +70.0 points"
        assert [(bar.label, bar.text, bar.tone, bar.aside) for bar in picture.bars] == [
            ("pro", "73.3 % of 30", "strong", "+70.0 points"),
            ("free", "3.3 % of 30", "main", "-70.0 points"),
        ]
        nothing = engine.report("buy", breakdown="segment").picture("breakdown")
        assert nothing.title == "buy: no evidence that any segment converts better than the rest"
        assert nothing.notes == ("A profile counts in each of the segments that it is in.",)


def test_cohorts() -> None:
    """Of cohorts the rate is drawn, with its interval; those of whom some are still open stand back."""
    with shop() as engine:
        found = engine.report("buy", by="entered", every="week")
        picture = found.picture()
        assert isinstance(picture, Columns)
        assert picture.title == "buy: 38.3 % of the 60 who entered converted"
        assert [(column.label, column.text, column.tone) for column in picture.columns] == [
            ("2026-W02", "39.3 %", "main"),
            ("2026-W03", "39.3 %", "muted"),
            ("2026-W04", "25.0 %", "muted"),
        ]
        first = found.trend[0].conversion
        assert first is not None
        assert first.interval is not None
        assert picture.columns[0].interval == (first.interval.low, first.interval.high)
    with GoalEngine([Goal("buy", "event buy")]) as engine:
        engine.process([Event("buy", "a", "2026-01-05T00:00:00Z")])
        engine.advance("2026-02-25T00:00:00Z")
        hourly = engine.report("buy", by="entered", every="hour", since="2026-01-05").picture()
        assert isinstance(hourly, Columns)
        assert (len(hourly.columns), hourly.columns[0].text) == (307, "100.0 %")
        assert "Each column adds up 4 hours." in hourly.notes


def test_time_to_convert() -> None:
    """The histogram's columns add up to those who converted, and the title is their median."""
    with shop() as engine:
        found = engine.report("buy")
        picture = found.picture("time")
        assert isinstance(picture, Columns)
        assert picture.title == "buy: half of those who converted took 1 d 4 h or less"
        assert sum(column.height for column in picture.columns) == found.time_to_convert.count == 23


def test_curve() -> None:
    """The curve begins at nothing, never falls, and names its median, or its end where it does not reach a half."""
    with shop() as engine:
        picture = engine.report("buy", outcomes=True).picture("curve")
        assert isinstance(picture, Curve)
        assert picture.title == "buy: 38.3 % of those who enter convert within 2 d 10 h"
        assert picture.notes == ("60 entered; 37 of them have not converted, or not yet.",)
        heights = [point.height for point in picture.points]
        assert heights == sorted(heights)
        assert (picture.points[0].at, heights[0]) == (0, 0)
        assert all(point.low <= point.height <= point.high for point in picture.points)
        assert picture.marks == ((picture.points[-1].at, heights[-1], "38.3 % by 2 d 10 h"),)
        assert [words for _, words in picture.ticks] == ["0", "12 h", "1 d", "1 d 12 h", "2 d"]
        pro = engine.report("buy", outcomes=True, audience='profile.plan = "pro"').picture("curve")
        assert isinstance(pro, Curve)
        assert pro.title.startswith("buy: half of those who enter convert within ")
        assert pro.marks[0][2].startswith("half by ")
        assert pro.marks[0][1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("days", [0, 1, 40, 5_000])
def test_ticks(days: int) -> None:
    """An axis of spans has a few round ticks from 0 on, however long it is."""
    ticks = of_time.ticks(timedelta(days=days).total_seconds())
    assert ticks[0] == (0, "0")
    assert len(ticks) <= 8
    assert [place for place, _ in ticks] == sorted({place for place, _ in ticks})


@pytest.mark.parametrize(
    ("baseline", "title"),
    [
        (("2026-01-01", "2026-01-31"), "buy: the rate is higher than in the baseline, 6.5 % against 0.0 %"),
        (("2026-02-01", "2026-02-28"), "buy: no evidence of a change against the baseline"),
    ],
)
def test_baseline(baseline: Any, title: str) -> None:
    """A change is claimed where there is evidence of one."""
    picture = bars(report(MANY, goal(), since="2026-02-01", until="2026-02-28", baseline=baseline), "baseline")
    assert picture.title == title
    assert [bar.label for bar in picture.bars] == ["2026-02-01 to 2026-02-28", f"{baseline[0]} to {baseline[1]}"]


def test_baseline_of_nobody() -> None:
    """Where a campaign had reached nobody before, there is nothing to compare with."""
    ledger = Ledger([done("a", "2026-02-05")], sent=[CampaignReceipt("spring", "a", at("2026-02-01"))])
    linked = goal(campaign="spring")
    picture = report(ledger, linked, since="2026-02-01", until="2026-02-28", baseline="previous").picture("baseline")
    assert picture.title == "buy: no comparison with the baseline, for one of them has no audience"
    assert picture.subtitle == ""


def comparison(*names: str) -> Comparison:
    return compare(MANY, [goal(name) for name in names])


def test_comparison() -> None:
    """The highest rate is named where there is evidence that it is."""
    picture = bars(comparison("visit", "cart", "buy"))
    assert picture.title == "visit has the highest rate: 50.0 % of 400"
    assert [bar.tone for bar in picture.bars] == ["strong", "main", "main"]
    assert [bar.aside for bar in picture.bars] == ["", "-25.0 points", "-43.5 points"]
    assert bars(comparison("buy", "visit")).title == "visit has a higher rate than buy: 50.0 % against 6.5 %"
    same = attrs.evolve(MANY, entries=[done("p1", "2026-01-01", name) for name in NAMES])
    picture = bars(compare(same, [goal(name) for name in NAMES]))
    assert picture.title == "No evidence that another goal has a higher rate than visit"
    assert [bar.aside for bar in picture.bars[1:]] == ["no evidence of a difference"] * 2


def test_trends_of_goals() -> None:
    """What stands below each other is the same time, also where one goal began later."""
    picture = compare(MANY, [goal("visit"), goal("cart")], every="month").picture("trend")
    assert isinstance(picture, Panels)
    assert [[column.label for column in panel.columns] for panel in picture.panels] == [["2026-01", "2026-02"]] * 2
    assert [[column.height for column in panel.columns] for panel in picture.panels] == [[200, 0], [0, 100]]


def test_funnel() -> None:
    """The title names the largest loss; each stage says what it lost."""
    picture = bars(funnel(MANY, [goal(name) for name in NAMES]))
    assert picture.title == "13.0 % get through; the most are lost between visit and cart: 100 of 200"
    assert [(bar.length, bar.text) for bar in picture.bars] == [
        (200, "200"),
        (100, "100 · 50.0 %"),
        (26, "26 · 13.0 %"),
    ]
    assert picture.bars[1].aside == "100 lost (50.0 %)"
    assert picture.bars[0].interval is None


def test_funnel_through() -> None:
    """A funnel that loses nobody says so."""
    found = funnel(MANY, [goal("cart"), goal("visit")], order="any")
    assert bars(found).title.startswith("All 100 got through")


def test_groups() -> None:
    """A group is said to do better where there is evidence of it."""
    found = funnel(MANY, [goal("visit"), goal("buy")], breakdown="channel")
    picture = bars(found, "groups")
    assert picture.title == "email gets through more than the rest: 25.0 % of 100, +24.0 points"
    assert [bar.tone for bar in picture.bars] == ["main", "strong"]
    found = funnel(MANY, [goal("visit"), goal("cart")], breakdown="channel")
    assert bars(found, "groups").title == "No evidence that any channel gets through to cart more than the rest"


def test_campaigns() -> None:
    """Recipients are said to convert more than the others where there is evidence, and never because of it."""
    picture = bars(campaigns(MANY, goal()))
    assert picture.title == "buy: recipients of campaign c0 converted more than the others, 100.0 % against 5.3 %"
    assert len(picture.bars) == of_campaigns.MOST_ROWS
    assert picture.notes[1] == "The 12 campaigns with the most recipients, of 30."
    ledger = Ledger(
        [done(f"p{n}", "2026-01-05") for n in range(20)],
        profiles=[f"p{n}" for n in range(100)],
        sent=[CampaignReceipt(["spring", "summer"][n // 30], f"p{n}", at("2026-01-01")) for n in range(60)],
    )
    picture = bars(campaigns(ledger, goal(), window="7 days"))
    assert picture.title == "buy: recipients of campaign spring converted more than the others, 66.7 % against 0.0 %"
    assert [(bar.label, bar.text, bar.tone, bar.aside) for bar in picture.bars] == [
        ("spring", "66.7 % of 30", "strong", "others 0.0 %"),
        ("summer", "0.0 % of 30", "main", "others 28.6 %"),
    ]
    assert "within 7 days" in picture.subtitle
    summer = bars(campaigns(ledger, goal(), "summer"))
    assert summer.title == "buy: no evidence that recipients of any campaign converted more than the others"
    assert bars(campaigns(Ledger(), goal())).title == "buy: nobody has received a campaign"


def test_attribution() -> None:
    """Each model has its bars; rows beyond a number are one, and all together are the completions."""
    found = attribution(MANY, goal(), models=["first", "last"])
    assert len(found.credited) > MOST_ROWS + 1
    for part, whole in (("completions", 26), ("value", 52)):
        picture = bars(found, part)
        assert {bar.series for bar in picture.bars} == {"first", "last"}
        for model in found.models:
            own = [bar for bar in picture.bars if bar.series == model]
            assert len(own) == MOST_ROWS + 1
            assert sum(bar.length for bar in own) == pytest.approx(whole)


def test_models_that_agree() -> None:
    """Where every model gives one campaign the most, the title says so; else that they do not."""
    ledger = Ledger([done("a", "2026-01-05")], sent=[CampaignReceipt("spring", "a", at("2026-01-01"))])
    assert bars(attribution(ledger, goal(), models=["first", "last"])).title == (
        "buy: every model credits campaign spring with the most, 1.00 of 1.00"
    )
    ledger = attrs.evolve(ledger, sent=[*ledger.sent, CampaignReceipt("summer", "a", at("2026-01-02"))])
    assert bars(attribution(ledger, goal(), models=["first", "last"])).title == (
        "buy: no campaign is owed the most by every model"
    )
    assert bars(attribution(ledger, goal(), models="last")).title == (
        "buy: the model last credits campaign summer with the most, 1.00 of 1.00"
    )


def test_hostile_names() -> None:
    """A title quotes names on one line, and cuts long ones."""
    title = report(Ledger(), goal("x\n\u202e" * 60)).picture().title
    assert len(title) < 100
    assert title.isprintable()


def test_unknown_part() -> None:
    """A part that is not there is told, with what was meant."""
    with pytest.raises(QuestionError, match="no picture 'trnd'") as caught:
        report(MANY, goal()).picture("trnd")
    assert caught.value.code == "part"
    assert "trend" in caught.value.hint


def test_chart() -> None:
    """A chart is an Altair chart of a picture."""
    pytest.importorskip("altair")
    spec = report(MANY, goal()).chart("trend", theme="dark", width=320).to_dict()
    assert spec["title"]["text"][0].startswith("buy: 26")
    assert spec["background"] == "#14181d"
