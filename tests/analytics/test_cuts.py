"""Breakdowns by what profiles and triggers say, and audiences by condition: each is a plain recount."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.shop import START, Shop, instants, lived, lives
from analytics.test_report import worth
from convgoals import CampaignReceipt, Completion, Event, Goal, GoalEngine, ProfileSnapshot
from convgoals.analytics.cuts import check_dimension, value_text
from convgoals.analytics.dimensions import Row
from convgoals.analytics.stats import Proportion, difference, holm, paired_difference
from convgoals.errors import GoalSyntaxError, QuestionError

Values = tuple[str | None, ...]
TEXTS = {"shoes": "shoes", "hats": "hats", 3: "3", "pro": "pro", "free": "free", 1: "1", None: None}


def _text(value: Any) -> str | None:
    return '["a"]' if isinstance(value, (list, tuple)) else "true" if value is True else TEXTS[value]


def _of_completion(shop: Shop, name: str) -> Callable[[Completion], Values]:
    facts = {(who, fact.id): fact for who, log in shop.logs.items() for fact in log}

    def of_trigger(completion: Completion) -> Values:
        fact = facts[completion.profile_id, completion.trigger_id]
        assert isinstance(fact, Event)
        return (_text(fact.properties.get("category")),)

    def of_campaigns(completion: Completion) -> Values:
        before = {
            each.campaign
            for each in shop.receipts()
            if each.profile_id == completion.profile_id and each.timestamp <= completion.achieved_at
        }
        return (*before,) or (None,)

    return {
        "channel": lambda completion: (completion.channel,),
        "version": lambda completion: (str(completion.version),),
        "segment": lambda completion: completion.segments or (None,),
        "campaign": of_campaigns,
        "event.category": of_trigger,
        "profile.plan": lambda completion: _of_profile(shop, name, completion.profile_id),
    }[name]


def _of_profile(shop: Shop, name: str, who: str, at: datetime | None = None) -> Values:
    now = at or shop.now
    assert now is not None
    if name == "campaign":
        return (*{each.campaign for each in shop.receipts() if each.profile_id == who and each.timestamp <= now},) or (
            None,
        )
    properties, segments = shop.profile(who, now)
    return (_text(properties.get("plan")),) if name == "profile.plan" else segments or (None,)


EXCLUSIVE = ["channel", "version", "event.category", "profile.plan"]


@given(lives, st.sampled_from([*EXCLUSIVE, "segment", "campaign"]), st.sampled_from([1, 2, 10]))
def test_rows(life: list[Any], name: str, limit: int) -> None:
    """Each row has the completions of its value, and each profile once; exclusive rows add up to the report."""
    with lived(life) as shop:
        found = shop.engine.report("buy", breakdown=name, limit=limit)
        completions = shop.completions("buy")
        if shop.now is None:
            assert all(row.completions == 0 for row in found.breakdown)
            return
        values = _of_completion(shop, name)
        first: dict[str, Completion] = {}
        for each in completions:
            first.setdefault(each.profile_id, each)
        named = {row.key for row in found.breakdown if row.kind != "others"}
        assert len(found.breakdown) <= limit + 1
        for row in found.breakdown:
            mine = [
                each
                for each in completions
                if (set(values(each)) - named if row.kind == "others" else row.key in values(each))
            ]
            who = {each.profile_id for each in mine}
            if name in EXCLUSIVE:
                who = {each for each in who if first[each] in mine}
            assert row.completions == len(mine)
            assert row.converting_profiles == len(who)
            assert Fraction(row.value.sum) == worth(mine)
            assert row.conversion.total == found.audience == len(shop.logs)
            assert row.conversion.count <= row.conversion.total
            assert row.own is None or row.own.count <= row.own.total <= found.audience
        if name in EXCLUSIVE:
            assert sum(row.completions for row in found.breakdown) == found.completions
            assert sum(row.converting_profiles for row in found.breakdown) == found.converting_profiles


@given(lives, st.sampled_from(["segment", "campaign", "profile.plan"]))
def test_rows_with_an_audience_of_their_own(life: list[Any], name: str) -> None:
    """A row's own rate is of the profiles that have its value, and it is compared with all other profiles."""
    with lived(life) as shop:
        found = shop.engine.report("buy", breakdown=name)
        if shop.now is None:
            return
        values = _of_completion(shop, name)
        have = {who: _of_profile(shop, name, who) for who in shop.logs}
        converted = defaultdict(set)
        for each in shop.completions("buy"):
            for value in values(each):
                converted[value].add(each.profile_id)
        everyone = {each.profile_id for each in shop.completions("buy")}
        assert {row.key for row in found.breakdown} >= {value for each in have.values() for value in each}
        compared = []
        for row in found.breakdown:
            members = {who for who, mine in have.items() if row.key in mine}
            through = converted[row.key] if name == "campaign" else everyone
            if name == "campaign" and row.key is None:
                through = {who for who in through if who in members}
            rest = have.keys() - members
            own = Proportion(len(through if name == "campaign" else through & members), len(members))
            if name == "campaign" and row.key is None:
                own = Proportion(len(_without(shop) & everyone), len(members)) if members else Proportion(0, 0)
            assert row.own == own
            others = everyone
            if name == "campaign" and row.key is not None:  # since anybody received it
                begins = min(each.timestamp for each in shop.receipts() if each.campaign == row.key)
                others = {each.profile_id for each in shop.completions("buy") if each.achieved_at >= begins}
            compared.append(difference(Proportion(len(rest & others), len(rest)), own))
        _assert_compared(found.breakdown, compared)


@given(
    lives,
    st.sampled_from(["converted", "entered"]),
    st.booleans(),
    st.sampled_from([None, "entered", 'profile.plan = "pro"']),
    st.none() | instants,
)
def test_own_audiences_make_up_the_whole(
    life: list[Any], by: str, final_only: bool, audience: str | None, until: datetime | None
) -> None:
    """Whatever the audience is, the rows of a property of profiles part it, and its converting profiles, among them."""
    with lived(life) as shop:
        found = shop.engine.report(
            "soon", by=by, final_only=final_only, audience=audience, until=until, breakdown="profile.plan", limit=2
        )
        own = [row.own for row in found.breakdown if row.own is not None]
        assert len(own) == len(found.breakdown)
        assert sum(each.total for each in own) == found.audience
        assert sum(each.count for each in own) == found.converting_profiles
        assert sum(row.completions for row in found.breakdown) == found.completions


def _without(shop: Shop) -> set[str]:
    return {who for who in shop.logs if _of_profile(shop, "campaign", who) == (None,)}


def _assert_compared(rows: tuple[Row, ...], expected: list[Any]) -> None:
    known = [each for each in expected if each.p_value is not None]
    corrected = dict(zip(map(id, known), holm([each.p_value for each in known]), strict=True))
    for row, each in zip(rows, expected, strict=True):
        assert row.difference is not None
        assert (row.difference.first, row.difference.second) == (each.first, each.second)
        assert row.difference.interval == each.interval
        assert row.difference.corrected_p_value == corrected.get(id(each))


@given(lives, st.sampled_from(["channel", "event.category"]))
def test_rows_of_one_audience(life: list[Any], name: str) -> None:
    """Shares of one audience are compared with the largest, as rates of the same profiles are."""
    with lived(life) as shop:
        found = shop.engine.report("buy", breakdown=name)
        if not found.breakdown:
            return
        largest, *others = found.breakdown
        assert largest.difference is None
        assert largest.own is None
        size, top = found.audience, largest.converting_profiles
        expected = [
            paired_difference(0, top, row.converting_profiles, size - top - row.converting_profiles) for row in others
        ]
        _assert_compared(tuple(others), expected)


CONDITIONS: dict[str, Callable[[dict[str, Any], tuple[str, ...]], bool]] = {
    'profile.plan = "pro"': lambda properties, _: properties.get("plan") == "pro",
    'profile.plan != "pro" and not in segment "vip"': lambda p, s: p.get("plan") != "pro" and "vip" not in s,
    'in segment "new" or profile.plan is set': lambda p, s: "new" in s or "plan" in p,
}


@given(lives, st.sampled_from(list(CONDITIONS)), st.none() | instants, st.sampled_from(["buy", "linked"]))
def test_audience_by_condition(life: list[Any], condition: str, until: datetime | None, goal: str) -> None:
    """The audience are the profiles that met the condition at the end of the period, and nobody else counts."""
    with lived(life) as shop:
        found = shop.engine.report(goal, audience=condition, until=until)
        assert (found.audience_kind, found.condition) == ("condition", condition)
        if shop.now is None:
            assert found.audience == 0
            return
        at = shop.now if until is None else min(shop.now, until)
        who = {each for each in shop.logs if CONDITIONS[condition](*shop.profile(each, at))}
        received = shop.received("spring")
        if goal == "linked":
            who = {each for each in who if each in received and (until is None or received[each] <= until)}
        mine = [
            each
            for each in shop.completions(goal)
            if each.profile_id in who
            and (until is None or each.achieved_at <= until)
            and (goal != "linked" or each.achieved_at >= received[each.profile_id])
        ]
        assert found.audience == len(who)
        assert found.completions == len(mine)
        assert found.converting_profiles == len({each.profile_id for each in mine})
        if goal == "buy":
            compared = shop.engine.compare(["buy", "visit"], audience=condition, until=until)
            assert compared.audience == found.audience
            assert compared.goals[0].figures == found.figures


def _countries() -> GoalEngine:
    engine = GoalEngine([Goal("buy", "event buy", count="every"), Goal("see", "event see")])
    facts: list[Any] = []
    for number in range(200):
        who, country = f"p{number:03}", ("FR", "DE")[number % 2]
        facts.append(ProfileSnapshot(who, START, {"address": {"country": country}, "Plan Name": "x"}))
        if number % 2 == 0 or number % 20 == 1:
            facts.append(Event("buy", who, START + timedelta(hours=1), {"kind": number % 3}))
        facts.append(CampaignReceipt("spring" if number < 100 else "summer", who, START + timedelta(hours=2)))
    engine.process(facts)
    return engine


def test_what_a_breakdown_says() -> None:
    """The table gives each row its rate and its difference, and says which rows differ, or that none does."""
    with _countries() as engine:
        found = engine.report("buy", breakdown="profile.address.country")
        assert [(row.label, row.own) for row in found.breakdown] == [
            ("FR", Proportion(100, 100)),
            ("DE", Proportion(10, 100)),
        ]
        assert found.finding == "There is evidence of a difference from the rest for: FR, DE (Holm's correction)."
        text = str(found)
        assert found.finding in text
        assert "against the rest" in text
        assert found.rows("breakdown")[1]["own_rate"] == 0.1
        same = engine.report("buy", breakdown='profile."Plan Name"')
        assert [row.label for row in same.breakdown] == ["x"]
        assert same.finding is None  # there is no rest
        kinds = engine.report("buy", breakdown="event.kind")
        assert kinds.finding == "No evidence of a difference between any row and the largest (Holm's correction)."
        assert "of the audience" in str(kinds)
        # All buy before they receive anything, so no campaign has a completion after it.
        campaigns = engine.report("buy", breakdown="campaign")
        assert [(row.label, row.completions) for row in campaigns.breakdown] == [
            ("(none)", 110),
            ("spring", 0),
            ("summer", 0),
        ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (3, "3"),
        (3.0, "3"),
        (Decimal("3.00"), "3"),
        (100, "100"),
        (0.1, "0.1"),
        (Decimal("1e50"), "1E+50"),
        (float("nan"), None),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=1))), "2026-01-02T02:00:00+00:00"),
        (datetime(2026, 1, 2, 2, tzinfo=UTC), "2026-01-02T02:00:00+00:00"),
        (["a", 1], '["a", 1]'),
        ({"b": 1, "a": None}, '{"a": null, "b": 1}'),
        (None, None),
        (object(), None),
    ],
)
def test_values_as_keys(value: object, text: str | None) -> None:
    """Equal values have one text; what is no value has none."""
    assert value_text(value) == text


@pytest.mark.parametrize("kept", [(), ("kind",)])
def test_properties_that_are_not_kept(kept: tuple[str, ...]) -> None:
    """What a store was not told to keep of events is in the row of those without a value, and nowhere else."""
    with GoalEngine([Goal("buy", "event buy")], store="sqlite://", keep_properties=kept) as engine:
        for start in range(0, 2_000, 500):
            many = range(start, start + 500)
            engine.process([Event("buy", f"p{n}", START + timedelta(minutes=n), {"kind": "x"}) for n in many])
        rows = {row.label: row.completions for row in engine.report("buy", breakdown="event.kind").breakdown}
        if kept:
            assert rows == {"x": 2_000}
        else:
            assert sum(rows.values()) == 2_000
            assert rows["(none)"] > 1_000  # the first events of a type stay whole


def test_refusals() -> None:
    """What names no property, and an audience of what happened or of a span of time, are refused with a repair."""
    assert check_dimension('profile."a"') == "profile.a"
    with _countries() as engine:
        for name in ("profile.", "event.a b", "user.country", "segments", "trigger.kind"):
            with pytest.raises(QuestionError) as caught:
                engine.report("buy", breakdown=name)
            assert caught.value.code == "dimension"
            assert caught.value.hint
        for audience in ("event buy", "profile.plan changes", 'profile.plan = "x" for 3 days', "count(event x) > 1"):
            with pytest.raises(QuestionError) as caught:
                engine.report("buy", audience=audience)
            assert caught.value.code == "audience"
        with pytest.raises(GoalSyntaxError):
            engine.report("buy", audience="profile.plan =")
