"""Who entered, how it went, cohorts and curves: each is a recount over ``status`` of every profile."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from analytics.shop import BUY, LINKED, SOON, START, Shop, instants, lived, lives
from convgoals import Event, Goal, GoalEngine
from convgoals.analytics.survival import MAX_POINTS, Curve, curve
from convgoals.errors import QuestionError
from convgoals.standing.standing import Standing

END = timedelta(microseconds=1)


def standings_of(shop: Shop, goal: Goal, at: datetime) -> dict[str, Standing]:
    return {who: shop.engine.status(goal, who, at) for who in shop.logs}


def counting(shop: Shop, goal: Goal, at: datetime) -> dict[str, list[datetime]]:
    """When each profile completed the goal so that it counts: at or after the receipt, if the goal is linked."""
    received = shop.received(goal.campaign) if goal.campaign else None
    found: dict[str, list[datetime]] = {}
    for each in shop.completions(goal.name):
        if each.achieved_at <= at and (received is None or received.get(each.profile_id, at + END) <= each.achieved_at):
            found.setdefault(each.profile_id, []).append(each.achieved_at)
    return found


@given(lives, st.none() | instants, st.none() | instants, st.sampled_from([SOON, BUY, LINKED]), st.booleans())
def test_outcomes(
    life: list[Any], since: datetime | None, until: datetime | None, goal: Goal, entered_only: bool
) -> None:
    """Every profile of the audience has one outcome, as its standing at the end of the period says."""
    if since is not None and until is not None and since > until:
        since, until = until, since
    with lived(life) as shop:
        audience = "entered" if entered_only else None
        found = shop.engine.report(goal, since=since, until=until, audience=audience, outcomes=True)
        if found.outcomes is None:
            assert shop.now is None
            return
        at = found.outcomes.at
        stood = standings_of(shop, goal, at)
        who = set(shop.logs)
        if goal.campaign:
            who = {each for each, when in shop.received(goal.campaign).items() if until is None or when <= until}
        done = {
            each
            for each, times in counting(shop, goal, at).items()
            if any((since is None or since <= when) for when in times)
        }
        # Completions of all versions count, and a standing is said of the latest one alone.
        ever = {each.profile_id for each in shop.completions(goal.name) if each.achieved_at <= at}
        expected = Counter(
            "converted" if each in done else "before" if each in ever else stood[each].state
            for each in who
            if not entered_only or stood[each].state != "not entered"
        )
        outcomes = found.outcomes
        assert outcomes.converted == expected["converted"] == found.converting_profiles
        assert (outcomes.before, outcomes.open) == (expected["before"], expected["open"])
        assert (outcomes.missed, outcomes.not_entered) == (expected["missed"], expected["not entered"])
        assert outcomes.entered + outcomes.not_entered == found.audience == expected.total()
        if goal is not BUY:
            final = shop.engine.report(goal, since=since, until=until, audience=audience, final_only=True)
            assert final.audience == outcomes.final
            assert final.converting_profiles == found.converting_profiles
            assert final.outcomes == outcomes
        plain = shop.engine.report(goal, since=since, until=until)
        assert plain.figures.completions == found.figures.completions


@given(lives, st.none() | instants, st.none() | instants, st.sampled_from([SOON, BUY, LINKED]), st.booleans())
def test_cohorts(life: list[Any], since: datetime | None, until: datetime | None, goal: Goal, final_only: bool) -> None:
    """A cohort is who entered in the period; each counts once, in the bucket of its entry, whenever it converts."""
    if since is not None and until is not None and since > until:
        since, until = until, since
    final_only = final_only and goal is not BUY
    with lived(life) as shop:
        found = shop.engine.report(goal, since=since, until=until, by="entered", every="day", final_only=final_only)
        if found.outcomes is None:
            assert shop.now is None
            assert found.audience == 0
            return
        at = found.outcomes.at
        stood = standings_of(shop, goal, at)
        who = shop.logs.keys() if not goal.campaign else shop.received(goal.campaign).keys()
        entered = {each: when for each in who if (when := stood[each].entered_at) is not None}
        cohort = {
            each: when
            for each, when in entered.items()
            if (since is None or since <= when) and (until is None or when <= until)
        }
        done = counting(shop, goal, at)
        ever = {each.profile_id for each in shop.completions(goal.name) if each.achieved_at <= at}
        counted = {
            each: when
            for each, when in cohort.items()
            if not final_only or each in ever or stood[each].state == "missed"
        }
        assert found.audience == len(counted)
        assert found.converting_profiles == sum(each in done for each in cohort)
        assert found.completions == sum(len(done.get(each, ())) for each in cohort)
        assert found.outcomes.open == sum(stood[each].state == "open" and each not in ever for each in cohort)
        assert found.outcomes.not_entered == 0
        for bucket in found.trend:
            inside = {each for each, when in cohort.items() if bucket.start <= when < bucket.end}
            assert bucket.conversion is not None
            assert bucket.outcomes is not None
            assert bucket.conversion.total == len(inside & counted.keys())
            assert bucket.conversion.count == bucket.converting_profiles == sum(each in done for each in inside)
            assert bucket.completions == sum(len(done.get(each, ())) for each in inside)
            assert bucket.outcomes.entered == len(inside)
        assert sum(bucket.completions for bucket in found.trend) == found.completions
        assert sum(bucket.conversion.total for bucket in found.trend if bucket.conversion) == found.audience


@given(lives, st.sampled_from([SOON, BUY, LINKED]))
def test_curve_of_a_report(life: list[Any], goal: Goal) -> None:
    """The curve is of everyone who entered: how long it took, or has been, and who missed is out when that is sure."""
    with lived(life) as shop:
        found = shop.engine.report(goal, outcomes=True)
        if found.curve is None or found.outcomes is None:
            assert shop.now is None
            return
        at = found.outcomes.at
        done = counting(shop, goal, at)
        ever = {each.profile_id for each in shop.completions(goal.name)}
        received = shop.received("spring")
        spans = []
        for who, stood in standings_of(shop, goal, at).items():
            if stood.entered_at is not None and (goal is not LINKED or who in received):
                start = max(stood.entered_at, received[who]) if goal is LINKED else stood.entered_at
                end = done[who][0] if who in done else stood.closed_at or at
                if who in done or (who not in ever and start <= end):
                    spans.append((end - start, who in done))
        assert found.curve == curve(spans)


spans = st.lists(
    st.tuples(st.integers(0, 20).map(lambda hours: timedelta(hours=hours)), st.booleans()), min_size=1, max_size=60
)


@given(spans, st.sampled_from([0.9, 0.95]))
def test_curve_is_that_of_lifelines(some: list[tuple[timedelta, bool]], confidence: float) -> None:
    """Estimate, numbers at risk, interval and median are those of lifelines."""
    found = curve(some, confidence)
    hours = [span / timedelta(hours=1) for span, _ in some]
    fitted = KaplanMeierFitter(alpha=1 - confidence).fit(hours, [did for _, did in some])
    table, bounds = fitted.event_table, fitted.confidence_interval_survival_function_
    assert [point.time / timedelta(hours=1) for point in found.points] == list(table.index[table["observed"] > 0])
    for point in found.points:
        hour = point.time / timedelta(hours=1)
        assert point.at_risk == table.loc[hour, "at_risk"]
        assert point.converted == table.loc[hour, "observed"]
        assert point.share == pytest.approx(1 - fitted.predict(hour), abs=1e-12)
        assert found.share_at(point.time) == point.share
        if point.interval is not None:
            low, high = bounds.loc[hour]
            assert point.interval.low == pytest.approx(1 - high)
            assert point.interval.high == pytest.approx(1 - low)
        else:
            assert point.share == 1
    halves = [point.time for point in found.points if abs(point.share - 0.5) < 1e-9]
    if halves:  # theirs may miss a half by the rounding of a product
        assert found.median == halves[0]
    else:
        median = float("inf") if found.median is None else found.median / timedelta(hours=1)
        assert median == fitted.median_survival_time_
    assert (found.profiles, found.converted) == (len(some), sum(did for _, did in some))
    assert found.censored == found.profiles - found.converted


def test_curve_of_many_times_is_thinned() -> None:
    """A long curve keeps a bounded number of its points, each where it was, the first and the last among them."""
    some = [(timedelta(seconds=number), True) for number in range(3 * MAX_POINTS)]
    found = curve(some)
    assert len(found.points) == MAX_POINTS
    assert found.points[0].time == timedelta(0)
    assert found.points[-1].share == 1
    assert found.share_at(timedelta(seconds=1.5 * MAX_POINTS)) == pytest.approx(0.5, abs=0.01)
    assert curve([]) == Curve()
    assert Curve().share_at(timedelta(days=1)) == 0


def _trials() -> GoalEngine:
    goal = Goal("pays", "event paid", within="2 days of first event trial", value="price")
    engine = GoalEngine([goal, Goal("any", "event paid")])
    facts = []
    for number in range(10):
        day = START + timedelta(days=number)
        facts.append(Event("trial", f"p{number}", day))
        if number in (0, 3, 6):
            facts.append(Event("paid", f"p{number}", day + timedelta(days=2), {"price": 5}))
    engine.process(facts)
    return engine


def test_open_outcomes_are_shown() -> None:
    """Who may still convert is counted as open, and is left out of the denominator where that is asked for."""
    with _trials() as engine:
        engine.advance(START + timedelta(days=10))
        found = engine.report("pays", by="entered", every="week")
        outcomes = found.outcomes
        assert outcomes is not None
        # The window of p8 is open to the end of just this instant, that of p9 for another day.
        assert (outcomes.converted, outcomes.open, outcomes.missed) == (3, 2, 5)
        final = engine.report("pays", by="entered", every="week", final_only=True)
        assert (final.converting_profiles, final.audience) == (3, 8)
        text = str(found)
        assert "open, may still convert" in text
        assert "all profiles who entered" in text
        assert "final outcomes only" in str(final)
        assert [row["entered"] for row in found.rows("trend")] == [3, 7, 0]
        assert found.rows("figures")[0]["open"] == 2
        assert found.rows("curve")[0]["time"] == timedelta(days=2)
        assert found.rows("histogram")[-1]["count"] == 3
        assert found.to_dict()["outcomes"]["missed"] == 5


@given(lives, st.tuples(instants, instants), st.sampled_from([SOON, LINKED]), st.booleans())
def test_cohorts_against_a_baseline(
    life: list[Any], period: tuple[datetime, datetime], goal: Goal, final_only: bool
) -> None:
    """A cohort is compared with the one of the baseline, whose figures are those of a report on it."""
    since, until = sorted(period)
    with lived(life) as shop:
        asked: dict[str, Any] = {"by": "entered", "final_only": final_only}
        found = shop.engine.report(goal, since=since, until=until, baseline="previous", **asked)
        assert found.baseline is not None
        before = shop.engine.report(goal, since=found.baseline.since, until=found.baseline.until, **asked)
        assert found.baseline.figures == before.figures
        assert found.baseline.completions_change == found.completions - before.completions
        assert "counts once" not in found.baseline.sentence
        assert found.audience_kind == "entered"
        assert found.campaign == goal.campaign
        assert str(found)


def test_nothing_has_happened() -> None:
    """Before any fact there is nobody who could have entered."""
    with GoalEngine([SOON]) as engine:
        found = engine.report("soon", by="entered")
        assert (found.audience, found.outcomes, found.curve, found.trend) == (0, None, None, ())
        assert engine.report("soon", audience="entered", final_only=True).audience == 0
        assert engine.report("soon", audience="profile.plan is not set", breakdown="segment").breakdown == ()
        assert engine.campaigns("soon").campaigns == ()


def test_what_the_goal_looked_at_is_gone() -> None:
    """Who completed the goal has entered it, though the new condition's anchor never came."""
    with GoalEngine([Goal("pays", "event paid within 2 days of first event trial")]) as engine:
        engine.process([Event("trial", "a", START), Event("paid", "a", START + timedelta(days=1))])
        engine.add(Goal("pays", "event paid within 2 days of first event demo"))
        found = engine.report("pays", by="entered")
        assert (found.audience, found.converting_profiles, found.trend[0].start.date()) == (1, 1, START.date())
        assert found.curve is not None
        assert found.curve.median == timedelta(days=1)


def test_final_facts_are_dropped() -> None:
    """Of windows whose facts were dropped the state knows, or the completion; the report says how many there are."""
    day = timedelta(days=1)
    goal = Goal("pays", "event paid within 2 days of first event trial")
    with GoalEngine([goal], lateness="1 day") as engine:
        engine.process([Event("trial", "m", START), Event("trial", "c", START), Event("paid", "c", START + day)])
        engine.process([Event("trial", "o", START + 20 * day)])
        before = engine.report("pays", by="entered", every="week")
        assert engine.vacuum() == 3
        found = engine.report("pays", by="entered", every="week")
        assert found.outcomes is not None
        assert before.outcomes is not None
        assert (found.outcomes.partial, before.outcomes.partial) == (2, 0)
        assert (found.figures, found.curve) == (before.figures, before.curve)
        assert (found.outcomes.converted, found.outcomes.open, found.outcomes.missed) == (1, 1, 1)
        assert "earlier facts dropped" in str(found)


def test_facts_that_one_goal_was_given() -> None:
    """Who entered is said by the facts that the goal sees, those of its own history too."""
    goals = [Goal("pays", "event paid within 2 days of first event trial"), Goal("other", "event paid")]
    with GoalEngine(goals) as engine:
        engine.process([Event("seen", "b", START + timedelta(days=9))])
        past = [Event("trial", who, START) for who in "ab"]
        engine.backfill([*past, Event("paid", "a", START, {"kind": "x"}, id="p")], ["pays"])
        found = engine.report("pays", by="entered", breakdown="event.kind")
        assert (found.audience, found.converting_profiles) == (2, 1)
        assert [row.label for row in found.breakdown] == ["x"]
        assert found.outcomes is not None
        assert found.outcomes.missed == 1
        assert engine.report("other").completions == 0


def test_refusals() -> None:
    """Final outcomes of a goal without a window, and another way of cutting time, are refused."""
    with _trials() as engine:
        for options, code in (({"final_only": True}, "final"), ({"by": "enterred"}, "by")):
            with pytest.raises(QuestionError) as caught:
                engine.report("any", **cast("dict[str, Any]", options))
            assert caught.value.code == code
        with pytest.raises(QuestionError) as caught:
            engine.compare(["any", "pays"], audience="entered")
        assert caught.value.code == "audience"
