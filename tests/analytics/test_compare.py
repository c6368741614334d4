"""Goals side by side: each one's figures are its report's, and the comparison is of the same profiles."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger import Ledger, at, done, goal, ledgers, moments
from convgoals.analytics.compare import compare
from convgoals.analytics.report import report
from convgoals.analytics.stats import holm, paired_difference
from convgoals.errors import QuestionError
from convgoals.goals import Goal
from convgoals.records import CampaignReceipt

NAMES = ("visit", "cart", "buy")


@given(ledgers(*NAMES), st.none() | moments, st.sampled_from([None, "spring"]))
def test_figures(ledger: Ledger, since: object, campaign: str | None) -> None:
    """Each goal's figures and trend are those of its own report over the same period and audience."""
    goals = [goal(name, campaign=campaign) for name in NAMES]
    found = compare(ledger, goals, since=since, every="day", timezone="Europe/Berlin")  # type: ignore[arg-type]
    for one, own in zip(found.goals, goals, strict=True):
        alone = report(ledger, own, since=since, timezone="Europe/Berlin")  # type: ignore[arg-type]
        assert (one.goal, one.figures, one.trend) == (own.name, alone.figures, alone.trend)
        assert alone.audience == found.audience
        assert alone.campaign == found.campaign == campaign


@given(ledgers(*NAMES))
def test_differences(ledger: Ledger) -> None:
    """The difference from the first goal is paired: it counts the profiles that reached one goal and not the other."""
    found = compare(ledger, [goal(name) for name in NAMES])

    def who(name: str) -> set[str]:
        return {c.profile_id for c in ledger.completions(name)}

    first, everyone = who("visit"), ledger.profile_count()
    raw = [
        paired_difference(
            len(first & who(name)), len(first - who(name)), len(who(name) - first), everyone - len(first | who(name))
        )
        for name in NAMES[1:]
    ]
    assert found.goals[0].difference is None
    corrected = holm([each.p_value for each in raw if each.p_value is not None])
    for one, expected, p in zip(found.goals[1:], raw, corrected or (None, None), strict=True):
        assert one.difference is not None
        assert one.difference.interval == expected.interval
        assert one.difference.corrected_p_value == p


@given(ledgers(*NAMES))
def test_pairs(ledger: Ledger) -> None:
    """Each goal is compared with each after it as two goals alone are, but for the correction over all pairs."""
    found = compare(ledger, [goal(name) for name in NAMES], pairs=True)
    assert [(pair.first, pair.second) for pair in found.pairs] == [("visit", "cart"), ("visit", "buy"), ("cart", "buy")]
    alone = []
    for pair in found.pairs:
        two = compare(ledger, [goal(pair.first), goal(pair.second)]).goals[1].difference
        assert two is not None
        assert pair.difference.interval == two.interval
        assert pair.difference.p_value == two.p_value
        alone.append(two.p_value)
    known = holm([p for p in alone if p is not None])
    corrected = [row["corrected_p_value"] for row in found.rows("pairs")]
    assert [p for p in corrected if p is not None] == known
    assert "Each goal with each other" in str(found)


def goals_of(campaigns: Iterable[str | None]) -> list[Goal]:
    return [goal(name, campaign=campaign) for name, campaign in zip(NAMES, campaigns, strict=False)]


def test_audience() -> None:
    """Recipients are the audience where all goals are linked to one campaign; with several, everyone is."""
    sent = [CampaignReceipt("spring", "a", at("2026-01-01"))]
    ledger = Ledger([done("a", "2026-01-02", "visit"), done("b", "2026-01-02", "cart")], sent=sent)
    linked = compare(ledger, goals_of(["spring", "spring"]))
    assert (linked.audience, linked.audience_kind) == (1, "recipients")
    assert [one.figures.completions for one in linked.goals] == [1, 0]
    mixed = compare(ledger, goals_of(["spring", None]))
    assert (mixed.audience, mixed.audience_kind) == (2, "all")
    assert [one.figures.completions for one in mixed.goals] == [1, 1]
    assert compare(ledger, goals_of(["spring", "spring"]), audience="all").audience == 2
    with pytest.raises(QuestionError) as caught:
        compare(ledger, goals_of(["spring", "summer"]), audience="recipients")
    assert caught.value.code == "audience"


@pytest.mark.parametrize("names", [["visit"], ["visit", "visit"]])
def test_refusals(names: list[str]) -> None:
    """One goal, or one twice, is no comparison."""
    with pytest.raises(QuestionError) as caught:
        compare(Ledger(), [goal(name) for name in names])
    assert caught.value.code == "goals"


def test_forms() -> None:
    """The table says in words how each goal compares with the first, and its trends stand below each other."""
    entries = [done(f"p{n}", "2026-01-01", "visit") for n in range(40)]
    entries += [done(f"p{n}", "2026-01-03", "buy", value=2) for n in range(10)]
    found = compare(Ledger(entries), [goal("visit"), goal("buy"), goal("cart")], versions={"buy": 1})
    text = str(found)
    assert "The rate of 'buy' is lower than that of 'visit': 100.0 % against 25.0 %, -75.0 points" in text
    assert "█▁▁" in text
    assert "▁▁█" in text
    assert [row["value_sum"] for row in found.rows()] == [0, 20, 0]
    assert json.loads(found.to_json())["goals"][1]["difference"]["paired"] is True
    assert "No comparison" in str(compare(Ledger(), goals_of([None, None])))
