"""Whatever befell an engine, on every backend: each figure is that of a plain recount over its raw ledger."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.shop import BACKENDS, VISIT, Shop, instants, lived, lives
from analytics.test_report import worth
from convgoals import Completion, Goal, GoalEngine
from convgoals.analytics.credit import MODELS

if TYPE_CHECKING:
    from postgres_server import Server

ZONES = ["Asia/Kolkata", "Australia/Lord_Howe", "Europe/Berlin", "Asia/Kathmandu"]
STAGES = ("visit", "cart", "buy")
Period = tuple[datetime | None, datetime | None]


def _in_order(period: Period) -> Period:
    since, until = period
    return (until, since) if since is not None and until is not None and since > until else period


periods = st.tuples(st.none() | instants, st.none() | instants).map(_in_order)
spans = st.sampled_from([None, timedelta(hours=30), timedelta(days=3)])


def _kept(shop: Shop, goal: str, period: Period) -> list[Completion]:
    since, until = period
    return [
        each
        for each in shop.completions(goal)
        if (since is None or since <= each.achieved_at) and (until is None or each.achieved_at <= until)
    ]


def _check_report(shop: Shop, period: Period, timezone: str) -> None:
    found = shop.engine.report("buy", since=period[0], until=period[1], timezone=timezone, breakdown="channel")
    kept = _kept(shop, "buy", period)
    who = {each.profile_id for each in kept}
    assert (found.completions, found.converting_profiles) == (len(kept), len(who))
    assert found.audience == len(shop.logs)
    assert Fraction(found.value_sum) == worth(kept)
    assert found.rate is None or 0 <= found.rate <= 1
    days = Counter(each.achieved_at.astimezone(ZoneInfo(timezone)).date().isoformat() for each in kept)
    assert {bucket.label: bucket.completions for bucket in found.trend if bucket.completions} == days
    assert sum(bucket.converting_profiles for bucket in found.trend) == found.converting_profiles
    assert sum((Fraction(bucket.value.sum) for bucket in found.trend), Fraction(0)) == Fraction(found.value_sum)
    channels = Counter(each.channel for each in kept)
    assert {row.key: row.completions for row in found.breakdown} == channels
    assert sum(row.converting_profiles for row in found.breakdown) == found.converting_profiles
    hours = shop.engine.report("buy", since=period[0], until=period[1], timezone=timezone, every="hour")
    assert hours.figures == found.figures
    for bucket in hours.trend:
        assert bucket.completions == sum(bucket.start <= each.achieved_at < bucket.end for each in kept)
        # A full hour on the clock of the zone, whatever its offset; where clocks change, from the change on.
        local = bucket.start.astimezone(ZoneInfo(timezone))
        changed = (bucket.start - timedelta(microseconds=1)).astimezone(ZoneInfo(timezone)).utcoffset()
        assert (local.minute, local.second) == (0, 0) or changed != local.utcoffset()


def _furthest(
    stages: list[list[datetime]], within: timedelta | None, between: timedelta | None, so_far: tuple[datetime, ...] = ()
) -> int:
    """How many stages the best of all choices reaches, each tried."""
    if len(so_far) == len(stages):
        return len(so_far)
    best = len(so_far)
    for time in stages[len(so_far)]:
        if so_far and (
            time < so_far[-1]
            or (within is not None and time - so_far[0] > within)
            or (between is not None and time - so_far[-1] > between)
        ):
            continue
        best = max(best, _furthest(stages, within, between, (*so_far, time)))
    return best


def _furthest_any(stages: list[list[datetime]], within: timedelta | None) -> int:
    best = 0
    for start in {time for times in stages for time in times}:
        reached = 0
        for times in stages:
            if not any(start <= time and (within is None or time - start <= within) for time in times):
                break
            reached += 1
        best = max(best, reached)
    return best


def _check_funnel(shop: Shop, period: Period, within: timedelta | None, between: timedelta | None) -> None:
    times = {
        who: [[each.achieved_at for each in _kept(shop, goal, period) if each.profile_id == who] for goal in STAGES]
        for who in shop.logs
    }
    for order in ("strict", "any"):
        found = shop.engine.funnel(
            STAGES,
            since=period[0],
            until=period[1],
            within=within,
            between=between if order == "strict" else None,
            order=order,
            breakdown="profile.plan",
        )
        furthest = {
            who: _furthest(own, within, between) if order == "strict" else _furthest_any(own, within)
            for who, own in times.items()
        }
        counts = [sum(reached >= number for reached in furthest.values()) for number in (1, 2, 3)]
        assert [stage.count for stage in found.stages] == counts == sorted(counts, reverse=True)
        for number in (1, 2):
            assert set(found.dropped(number)) == {who for who, reached in furthest.items() if reached == number}
        if found.groups and shop.now is not None:
            assert sum(group.stages[0].count for group in found.groups) == counts[0]
            end = shop.now if period[1] is None else min(shop.now, period[1])
            plans = {who: shop.profile(who, end)[0].get("plan") for who in shop.logs}
            for group in found.groups:
                mine = [reached for who, reached in furthest.items() if _text(plans[who]) == group.key]
                assert [stage.count for stage in group.stages] == [
                    sum(reached >= number for reached in mine) for number in (1, 2, 3)
                ]


def _text(plan: Any) -> str | None:
    return None if plan is None else str(plan)


def _check_credit(shop: Shop, period: Period, window: timedelta | None) -> None:
    found = shop.engine.attribution(
        "buy", since=period[0], until=period[1], window=window, models=MODELS, touchpoints=["event visit"]
    )
    kept = _kept(shop, "buy", period)
    touches = [(fact.profile_id, fact.timestamp) for fact in shop.receipts()]
    touches += [
        (who, fact.timestamp) for who, log in shop.logs.items() for fact in log if getattr(fact, "type", "") == "visit"
    ]
    alone = [
        each
        for each in kept
        if not any(
            who == each.profile_id
            and when <= each.achieved_at
            and (window is None or each.achieved_at - when <= window)
            for who, when in touches
        )
    ]
    assert found.completions == len(kept)
    for model in MODELS:
        assert sum(row.credits[model].completions for row in found.credited) == len(kept)
        assert sum(row.credits[model].value for row in found.credited) == worth(kept)
        untouched = [row.credits[model] for row in found.credited if row.kind == "untouched"]
        assert [each.completions for each in untouched] == ([len(alone)] if alone else [])
        assert [each.value for each in untouched] == ([worth(alone)] if alone else [])


def _check_comparison(shop: Shop, period: Period) -> None:
    found = shop.engine.compare(STAGES, since=period[0], until=period[1])
    for each in found.goals:
        kept = _kept(shop, each.goal, period)
        assert each.figures.completions == len(kept)
        assert each.figures.conversion.count == len({one.profile_id for one in kept})
        assert each.figures.conversion.total == len(shop.logs)
    baseline = shop.engine.report("visit", since=period[0], until=period[1], baseline=(None, period[0])).baseline
    assert baseline is not None
    assert baseline.figures.completions == len(_kept(shop, "visit", (None, period[0])))


def _others(engine: GoalEngine) -> list[dict[str, Any]]:
    figures = [engine.report(name).to_dict() for name in ("buy", "soon", "linked")]
    return [*figures, engine.funnel(["soon", "buy"]).to_dict()]


def _check_independence(shop: Shop) -> None:
    """Archiving a goal, or linking one to a campaign, changes no other goal's figures, and no history of its own."""
    before, own = _others(shop.engine), shop.completions("cart")
    shop.engine.archive("cart")
    shop.engine.add(Goal("visit", VISIT.when, campaign="spring"))
    assert _others(shop.engine) == before
    assert shop.completions("cart") == own
    assert shop.engine.report("cart").completions == len(own)


def _check(shop: Shop, period: Period, within: timedelta | None, between: timedelta | None, timezone: str) -> None:
    _check_report(shop, period, timezone)
    _check_funnel(shop, period, within, between)
    _check_credit(shop, period, within)
    _check_comparison(shop, period)
    _check_independence(shop)


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=40)
@given(lives, periods, spans, spans, st.sampled_from(ZONES))
def test_recount(
    backend: str,
    life: list[Any],
    period: Period,
    within: timedelta | None,
    between: timedelta | None,
    timezone: str,
) -> None:
    """Reports, funnels, credit and comparisons hold under corrections, merges, forgetting and new versions."""
    with lived(life, backend) as shop:
        _check(shop, period, within, between, timezone)


def test_recount_on_postgresql(postgres: Server) -> None:
    """The same in PostgreSQL."""
    number = 0

    @settings(max_examples=8)
    @given(lives, periods, spans, spans, st.sampled_from(ZONES))
    def holds(
        life: list[Any], period: Period, within: timedelta | None, between: timedelta | None, timezone: str
    ) -> None:
        nonlocal number
        number += 1
        with lived(life, postgres.store_url(f"recount {number}")) as shop:
            _check(shop, period, within, between, timezone)

    holds()
