"""Campaigns side by side are a plain recount of who received what, and who completed the goal after it."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger import Ledger, at, done, goal
from analytics.shop import instants, lived, lives
from analytics.test_report import worth
from convgoals import AsyncGoalEngine, Event, Goal
from convgoals.analytics.campaigns import campaigns
from convgoals.analytics.stats import Proportion, difference, holm
from convgoals.errors import QuestionError
from convgoals.records import CampaignReceipt


@given(
    lives,
    st.none() | instants,
    st.none() | instants,
    st.sampled_from([None, timedelta(hours=20)]),
    st.sampled_from([None, "profile.plan is set"]),
)
def test_recount(
    life: list[Any],
    since: datetime | None,
    until: datetime | None,
    window: timedelta | None,
    audience: str | None,
) -> None:
    """Recipients, completions after a receipt, value, first waits and everyone else are those of a recount."""
    if since is not None and until is not None and since > until:
        since, until = until, since
    with lived(life) as shop:
        found = shop.engine.campaigns("buy", since=since, until=until, window=window, audience=audience)
        who = set(shop.logs)
        if audience is not None and shop.now is not None:
            end = shop.now if until is None else min(until, shop.now)
            who = {each for each in who if "plan" in shop.profile(each, end)[0]}
        elif audience is not None:
            who = set()
        kept = [
            each
            for each in shop.completions("buy")
            if each.profile_id in who
            and (since is None or since <= each.achieved_at)
            and (until is None or each.achieved_at <= until)
        ]
        sent = [
            each for each in shop.receipts() if each.profile_id in who and (until is None or each.timestamp <= until)
        ]
        assert {row.campaign for row in found.campaigns} == {each.campaign for each in sent}
        sizes = [(-row.recipients, row.campaign) for row in found.campaigns]
        assert sizes == sorted(sizes)
        assert found.audience == len(who)
        expected = []
        for row in found.campaigns:
            mine = [each for each in sent if each.campaign == row.campaign]
            recipients = {each.profile_id for each in mine}
            after = [
                each
                for each in kept
                if any(
                    receipt.profile_id == each.profile_id
                    and receipt.timestamp <= each.achieved_at
                    and (window is None or each.achieved_at - receipt.timestamp <= window)
                    for receipt in mine
                )
            ]
            converted = {each.profile_id for each in after}
            assert row.figures.conversion == Proportion(len(converted), len(recipients))
            assert row.figures.completions == len(after)
            assert Fraction(row.figures.value.sum) == worth(after)
            first, last = min(each.timestamp for each in mine), max(each.timestamp for each in mine)
            running = [
                each
                for each in kept
                if first <= each.achieved_at and (window is None or each.achieved_at <= last + window)
            ]
            others = {each.profile_id for each in running} - recipients
            assert row.others == Proportion(len(others), len(who - recipients))
            waits = [
                min(each.achieved_at for each in after if each.profile_id == one)
                - min(each.timestamp for each in mine if each.profile_id == one)
                for one in converted
            ]
            assert row.figures.time_to_convert.count == len(waits)
            assert max((each.high for each in row.figures.time_to_convert.histogram), default=timedelta(0)) >= max(
                waits, default=timedelta(0)
            )
            expected.append(difference(row.others, row.figures.conversion))
        known = [each.p_value for each in expected if each.p_value is not None]
        corrected = [
            row.difference.corrected_p_value for row in found.campaigns if row.difference.corrected_p_value is not None
        ]
        assert corrected == holm(known)


def _ledger() -> Ledger:
    sent = [CampaignReceipt("spring", f"p{n}", at("2026-01-01")) for n in range(50)]
    sent += [CampaignReceipt("summer", f"p{n}", at("2026-01-01")) for n in range(0, 100, 2)]
    entries = [done(f"p{n}", "2026-01-02", value=5) for n in range(40)]
    return Ledger(entries, [f"p{n}" for n in range(100)], sent)


def test_forms() -> None:
    """The table says which campaigns' recipients differ, and that this is no effect."""
    found = campaigns(_ledger(), goal(), window="7 days")
    assert [(row.recipients, row.converting_profiles, row.rate) for row in found.campaigns] == [
        (50, 40, 0.8),
        (50, 20, 0.4),
    ]
    assert found.causal is False
    assert found.finding == "There is evidence of a difference between recipients and others for: spring."
    text = str(found)
    assert found.finding in text
    assert "not what it caused" in text
    assert "within 7 days of a receipt" in text
    assert found.rows()[1]["others_rate"] == 0.4
    assert json.loads(found.to_json())["campaigns"][0]["others"]["count"] == 0
    assert list(found.pictures()) == ["campaigns"]
    assert "spring" in found.picture().title
    alone = campaigns(_ledger(), goal(), "summer")
    assert alone.finding == "No evidence of a difference between the recipients of any campaign and the others."
    none = campaigns(Ledger([done("a", "2026-01-01")]), goal())
    assert none.campaigns == ()
    assert none.finding is None
    assert "nobody" in none.picture().title
    assert "by campaign" in str(none)


def test_refusals() -> None:
    """A campaign that nobody received, and another audience than everyone, are refused with a repair."""
    for options, code, hint in (
        ({"names": ["sprin"]}, "campaigns", "did you mean `spring`?"),
        ({"audience": "recipients"}, "audience", "condition"),
        ({"audience": "entered"}, "audience", "condition"),
    ):
        with pytest.raises(QuestionError) as caught:
            campaigns(_ledger(), goal(), **options)
        assert caught.value.code == code
        assert hint in caught.value.hint


def test_from_asyncio() -> None:
    """The question can be asked of an engine on asyncio too."""

    async def ask() -> int:
        async with AsyncGoalEngine([Goal("buy", "event buy")]) as engine:
            await engine.process(
                [CampaignReceipt("spring", "a", at("2026-01-01")), Event("buy", "a", at("2026-01-02"))]
            )
            return (await engine.campaigns("buy")).campaigns[0].converting_profiles

    assert asyncio.run(ask()) == 1
