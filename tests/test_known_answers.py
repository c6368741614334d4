"""Real data, known answers: each was computed before, by SQL and again by a plain loop.

The data lies beside the repository (``../shared/data``) or where ``CONVGOALS_DATA`` says.
"""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32
from zoneinfo import ZoneInfo

import pytest

from convgoals import Completion, Event, Goal, GoalEngine, ProfileSnapshot, Retraction
from convgoals.sources import FactReader, Rejected, Source

if TYPE_CHECKING:
    from convgoals.records import Fact

DATA = Path(os.environ.get("CONVGOALS_DATA") or Path(__file__).parents[2] / "shared" / "data")
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the data with the known answers is not at {DATA}; CONVGOALS_DATA can say where it is"
)

BATCH = 10_000
TEXT = {"campaign_id": "text"}
BASKETS = Source(profile_id="household_id", id="basket_id", fixed={"type": "basket"})
REDEMPTIONS = Source(profile_id="household_id", fixed={"type": "coupon_redeemed"}, types=TEXT)
RECEIPTS = Source(
    kind="receipts", profile_id="household_id", campaign="campaign_id", timestamp="received_at", channel="campaign_type"
)
CLICKS = Source(profile_id="user_id", type="event", channel="acquisition_channel")
COURSE = Source(profile_id="enrolment_id", type="event")
ENROLMENTS = Source(kind="snapshots", profile_id="enrolment_id", fixed={"timestamp": "2012-01-01T00:00:00Z"})


def _facts(name: str, source: Source) -> Iterator[Fact]:
    for _, item in FactReader(DATA / name, source):
        assert not isinstance(item, Rejected), item
        yield item


def _run(facts: Iterable[Fact], goals: list[Goal]) -> GoalEngine:
    engine = GoalEngine(goals)
    stream = iter(facts)
    while batch := list(itertools.islice(stream, BATCH)):
        engine.process(batch)
    return engine


def _completions(engine: GoalEngine, goal: str) -> list[Completion]:
    return list(engine.history(goal=goal))


def _profiles(engine: GoalEngine, goal: str) -> int:
    return len({completion.profile_id for completion in _completions(engine, goal)})


# ---- complete_journey: a year of a grocery chain's loyalty panel

JOURNEY_GOALS = [
    Goal("big basket", "event basket where sales_value >= 100"),
    Goal(
        "two big baskets",
        "(count(event basket where sales_value >= 100) >= 2)"
        " within 30 days of first event basket where sales_value >= 100",
    ),
    Goal("large month", "(sum(sales_value of event basket) >= 500) within 30 days of first event basket"),
    Goal("shopped", 'event basket within 7 days of last campaign "18" received', campaign="18"),
    Goal("redeemed", 'event coupon_redeemed where campaign_id = "18"', campaign="18"),
    Goal(
        "redeemed soon",
        'event coupon_redeemed where campaign_id = "18"',
        within='14 days of first campaign "18" received',
        campaign="18",
    ),
]


@pytest.fixture(scope="module")
def journey() -> Iterator[GoalEngine]:
    """All of the panel's facts through all of its goals."""
    facts = itertools.chain(
        _facts("complete_journey/campaign_receipts.csv", RECEIPTS),
        _facts("complete_journey/coupon_redemptions.csv", REDEMPTIONS),
        _facts("complete_journey/baskets.csv.gz", BASKETS),
    )
    with _run(facts, JOURNEY_GOALS) as engine:
        yield engine


@pytest.mark.parametrize(("goal", "profiles"), [("big basket", 1348), ("two big baskets", 421), ("large month", 183)])
def test_households_that_spend(journey: GoalEngine, goal: str, profiles: int) -> None:
    """Baskets of a size, several in a window, and exact sums in a window give the known numbers of households."""
    assert _profiles(journey, goal) == profiles
    report = journey.report(goal)
    assert (report.converting_profiles, report.audience) == (profiles, 2469)


def test_first_big_baskets_by_month(journey: GoalEngine) -> None:
    """The first completions fall into the known months, in New York's time."""
    months = Counter(
        completion.achieved_at.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m")
        for completion in _completions(journey, "big basket")
    )
    assert dict(sorted(months.items())) == dict(
        zip(
            [f"2017-{month:02}" for month in range(1, 13)],
            [460, 200, 127, 88, 95, 71, 63, 54, 51, 54, 47, 38],
            strict=True,
        )
    )


def test_the_trend_by_month(journey: GoalEngine) -> None:
    """The report's trend in New York's time has them too; in a zone half an hour off, the recount of that zone."""
    report = journey.report("big basket", every="month", timezone="America/New_York")
    known = [460, 200, 127, 88, 95, 71, 63, 54, 51, 54, 47, 38]
    assert [bucket.converting_profiles for bucket in report.trend][:12] == known
    assert [bucket.label for bucket in report.trend][:2] == ["2017-01", "2017-02"]
    for name in ("Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe"):
        days = Counter(
            str(completion.achieved_at.astimezone(ZoneInfo(name)).date())
            for completion in _completions(journey, "big basket")
        )
        trend = journey.report("big basket", every="day", timezone=name).trend
        assert {bucket.label: bucket.completions for bucket in trend if bucket.completions} == days


def test_campaign_18_beside_the_others(journey: GoalEngine) -> None:
    """The campaign's page has the known numbers of recipients, and of those who redeemed in time."""
    [row] = journey.campaigns("redeemed", ["18"]).campaigns
    assert (row.recipients, row.converting_profiles, row.others.total) == (1133, 214, 2469 - 1133)
    [soon] = journey.campaigns("redeemed", ["18"], window="14 days").campaigns
    assert soon.converting_profiles == 95
    rows = journey.report("redeemed", audience="all", breakdown="campaign", limit=40).breakdown
    assert next(each.own for each in rows if each.key == "18") == row.figures.conversion


@pytest.mark.parametrize(("goal", "profiles"), [("shopped", 865), ("redeemed", 214), ("redeemed soon", 95)])
def test_recipients_of_a_campaign(journey: GoalEngine, goal: str, profiles: int) -> None:
    """Of the campaign's 1,133 recipients, the known numbers convert."""
    report = journey.report(goal)
    assert (report.converting_profiles, report.audience) == (profiles, 1133)


# ---- ecom_clickstream: sessions with channels and ties

CLICK_GOALS = [
    Goal("purchase", "event purchase", count="every"),
    Goal("quick purchase", "event purchase within 1 hour of first event product_view"),
    Goal("left the cart", "((not event purchase) for 24 hours) within 24 hours of first event add_to_cart"),
]


@pytest.fixture(scope="module")
def clicks() -> Iterator[GoalEngine]:
    """All of the clickstream's events through its goals, and time passed to the end of the data."""
    with _run(_facts("ecom_clickstream/events.csv.gz", CLICKS), CLICK_GOALS) as engine:
        yield engine


def test_purchases(clicks: GoalEngine) -> None:
    """328 of 600 users purchase, 470 times."""
    report = clicks.report("purchase")
    assert (report.converting_profiles, report.audience, report.completions) == (328, 600, 470)


def test_purchases_by_channel(clicks: GoalEngine) -> None:
    """By the channel of the purchase, the known numbers of users convert."""
    rows = clicks.report("purchase", breakdown="channel").breakdown
    assert {row.key: row.conversion.count for row in rows} == {
        "direct": 15,
        "email": 51,
        "organic": 115,
        "paid_search": 105,
        "social": 42,
    }


def test_purchases_of_those_acquired_by_a_channel() -> None:
    """By the channel that users came by, the known numbers convert of the known numbers of users."""
    facts = list(_facts("ecom_clickstream/events.csv.gz", CLICKS))
    came = {fact.profile_id: fact.channel for fact in facts if isinstance(fact, Event)}
    facts += [ProfileSnapshot(who, "2024-01-01T00:00:00Z", {"acquired": channel}) for who, channel in came.items()]
    with _run(facts, CLICK_GOALS[:1]) as engine:
        report = engine.report("purchase", breakdown="profile.acquired")
        assert {row.key: (row.own.count, row.own.total) for row in report.breakdown if row.own is not None} == {
            "direct": (15, 30),
            "email": (51, 95),
            "organic": (115, 219),
            "paid_search": (105, 169),
            "social": (42, 87),
        }
        email = engine.report("purchase", audience='profile.acquired = "email"')
        assert (email.converting_profiles, email.audience) == (51, 95)


@pytest.mark.parametrize(("goal", "profiles"), [("quick purchase", 68), ("left the cart", 372)])
def test_purchases_in_time_or_not(clicks: GoalEngine, goal: str, profiles: int) -> None:
    """A purchase within an hour, and none for a day, give the known numbers of users."""
    if goal == "left the cart":
        clicks.advance("2030-01-01T00:00:00Z")
    assert _profiles(clicks, goal) == profiles
    cohorts = clicks.report(goal, by="entered", every="month")
    assert cohorts.outcomes is not None
    assert (cohorts.converting_profiles, cohorts.outcomes.converted) == (profiles, profiles)
    assert sum(bucket.converting_profiles for bucket in cohorts.trend) == profiles


# ---- oulad: enrolments at the Open University

COURSE_GOALS = [
    Goal(
        "passed early",
        "event assessment_submitted where (score >= 40 and is_banked = false) within 30 days of profile.start_at",
    ),
    Goal("left", "event unregistered"),
]


@pytest.fixture(scope="module")
def courses() -> Iterator[GoalEngine]:
    """All enrolments' profiles and events through their goals."""
    facts = itertools.chain(_facts("oulad/profiles.csv.gz", ENROLMENTS), _facts("oulad/events.csv.gz", COURSE))
    with _run(facts, COURSE_GOALS) as engine:
        yield engine


@pytest.mark.parametrize(("goal", "profiles"), [("passed early", 19035), ("left", 10072)])
def test_enrolments(courses: GoalEngine, goal: str, profiles: int) -> None:
    """A window of a profile's datetime, and a plain event, give the known numbers of 32,593 enrolments."""
    report = courses.report(goal)
    assert (_profiles(courses, goal), report.converting_profiles, report.audience) == (profiles, profiles, 32593)


# ---- any order


def test_shuffled(clicks: GoalEngine) -> None:
    """The clickstream in a random order, some of it twice, gives the completions that it gives in order."""
    facts = list(_facts("ecom_clickstream/events.csv.gz", CLICKS))
    facts += facts[::7]
    random.Random(5).shuffle(facts)  # noqa: S311  a fixed seed, and no secret
    shuffled = _run(facts, clicks.goals())
    for engine in (clicks, shuffled):
        engine.advance("2030-01-01T00:00:00Z")
    assert _particulars(shuffled) == _particulars(clicks)
    with shuffled:
        retracted = [entry for entry in shuffled.ledger() if isinstance(entry, Retraction)]
    assert retracted, "an order in which nothing had to be corrected shows little"


@pytest.mark.parametrize("name", ["journey", "courses"])
def test_some_shuffled(request: pytest.FixtureRequest, name: str) -> None:
    """So do the kept facts of a tenth of the households and enrolments, receipts and snapshots among them."""
    engine: GoalEngine = request.getfixturevalue(name)
    names = [name for name in engine._store.profile_ids() if crc32(name.encode()) % 10 == 0]
    some = [fact for stored in engine._store.load(names).values() for fact in stored.facts]
    orders = []
    for start in (None, 5):
        if start is not None:
            random.Random(start).shuffle(some)  # noqa: S311  a fixed seed, and no secret
        with _run(some, engine.goals()) as each:
            each.advance("2030-01-01T00:00:00Z")
            orders.append(_particulars(each))
            if start is not None:
                assert any(isinstance(entry, Retraction) for entry in each.ledger())
    assert orders[0] == orders[1] != []


def _particulars(engine: GoalEngine) -> list[tuple[object, ...]]:
    """All that the completions say, but for when they became known."""
    return [
        (c.goal, c.profile_id, c.achieved_at, c.trigger_id, c.channel, c.segments, c.value, c.since_anchor)
        for c in engine.history()
    ]
