"""Credit is conserved exactly, and shared as each model says."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger import Ledger, at, done, goal, ledgers, moments
from convgoals.analytics.attribution import Touch, attribution
from convgoals.analytics.credit import MODELS, UNITS, time_decay
from convgoals.analytics.figures import as_number
from convgoals.errors import QuestionError
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt

further = st.lists(
    st.builds(
        Touch,
        profile_id=st.sampled_from("abcdefgh"),
        timestamp=moments,
        campaign=st.sampled_from(["spring", "blog"]),
        channel=st.sampled_from([None, "web"]),
    ),
    max_size=8,
)
windows = st.sampled_from([None, timedelta(0), timedelta(hours=30), timedelta(days=3)])


def naive(
    ledger: Ledger, touches: list[Touch], window: timedelta | None, by: str
) -> dict[str, dict[object, tuple[Fraction, Fraction]]]:
    """The credit of each model but time decay, one completion at a time."""
    credit: dict[str, dict[object, tuple[Fraction, Fraction]]] = {
        model: defaultdict(lambda: (Fraction(0), Fraction(0))) for model in ("first", "last", "linear", "position")
    }
    received = [Touch(who, to_datetime(when), what, how) for who, when, what, how in ledger.receipts()]
    for c in ledger.completions("buy"):
        before = sorted(
            (
                touch
                for touch in [*received, *touches]
                if touch.profile_id == c.profile_id
                and touch.timestamp <= c.achieved_at
                and (window is None or touch.timestamp >= c.achieved_at - window)
            ),
            key=lambda touch: (touch.timestamp, touch.campaign, touch.channel or ""),
        )
        n = len(before)
        shares = {
            "first": [Fraction(i == 0) for i in range(n)],
            "last": [Fraction(i == n - 1) for i in range(n)],
            "linear": [Fraction(1, n) for _ in range(n)],
            "position": [
                Fraction(1, n) if n < 3 else Fraction(2, 5) if i in (0, n - 1) else Fraction(1, 5 * (n - 2))
                for i in range(n)
            ],
        }
        worth = Fraction(as_number(c.value) or 0)
        for model, each in shares.items():
            for touch, share in zip(before, each, strict=True) if n else [("(no touch)", Fraction(1))]:
                key = touch if isinstance(touch, str) else getattr(touch, by)
                completions, value = credit[model][key]
                credit[model][key] = (completions + share, value + share * worth)
    return credit


@given(ledgers("buy"), further, windows, st.sampled_from(["campaign", "channel"]))
def test_shares(ledger: Ledger, touches: list[Touch], window: timedelta | None, by: str) -> None:
    """Each row's credit is that of a recount, completion by completion."""
    found = attribution(ledger, goal(), touches=touches, window=window, by=by)  # type: ignore[arg-type]
    for model, expected in naive(ledger, touches, window, by).items():
        credited = {
            "(no touch)" if row.kind == "untouched" else row.key: (
                row.credits[model].completions,
                row.credits[model].value,
            )
            for row in found.credited
        }
        assert {key: pair for key, pair in credited.items() if any(pair)} == {
            key: pair for key, pair in expected.items() if any(pair)
        }


@given(ledgers("buy"), further, windows, st.none() | moments)
def test_conservation(ledger: Ledger, touches: list[Touch], window: timedelta | None, since: datetime | None) -> None:
    """By every model, credits add up to exactly the completions and exactly their value."""
    asked = {"models": MODELS, "touches": touches, "window": window, "since": since}
    found = attribution(ledger, goal(), half_life=timedelta(hours=5), **asked)  # type: ignore[arg-type]
    kept = [c for c in ledger.completions("buy") if since is None or c.achieved_at >= since]
    assert found.models == MODELS
    assert found.completions == len(kept)
    assert Fraction(found.value) == sum(Fraction(as_number(c.value) or 0) for c in kept)
    for model in found.models:
        assert sum(row.credits[model].completions for row in found.credited) == found.completions
        assert sum(row.credits[model].value for row in found.credited) == Fraction(found.value)
    assert all(row.assisted <= found.completions for row in found.credited)
    untouched = [row for row in found.credited if row.kind == "untouched"]
    assert untouched == list(found.credited[-1:]) or not untouched


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=8), st.integers(1, 10**13))
def test_time_decay(ages: list[int], half_life: int) -> None:
    """Shares of time decay add up to one, follow the half-life, and never favour the older touch."""
    units = time_decay(ages, timedelta(microseconds=half_life))
    assert sum(units) == UNITS
    weights = [2.0 ** -((age - min(ages)) / half_life) for age in ages]
    for unit, weight in zip(units, weights, strict=True):
        assert abs(unit / UNITS - weight / sum(weights)) < 2 / UNITS
    by_age = [unit for _, unit in sorted(zip(ages, units, strict=True), key=lambda pair: pair[0])]
    assert all(older <= younger + 1 for younger, older in pairwise(by_age))


def test_half_life() -> None:
    """A touch one half-life before another has half its credit."""
    assert time_decay([7, 0], timedelta(microseconds=7)) == [UNITS // 3, UNITS - UNITS // 3]


def test_edges() -> None:
    """Exactly the window counts, a touch at the completion's instant too, one after it does not."""
    sent = [
        CampaignReceipt("early", "a", at("2026-01-01T00:00:00")),
        CampaignReceipt("edge", "a", at("2026-01-01T00:00:00.000001")),
        CampaignReceipt("now", "a", at("2026-01-08T00:00:00.000001")),
        CampaignReceipt("after", "a", at("2026-01-08T00:00:00.000002")),
    ]
    ledger = Ledger([done("a", "2026-01-08T00:00:00.000001", value=Decimal("0.3"))], sent=sent)
    found = attribution(ledger, goal(), window="7 days", models="linear")
    assert {row.key: row.credits["linear"].completions for row in found.credited} == {
        "edge": Fraction(1, 2),
        "now": Fraction(1, 2),
    }
    assert {row.credits["linear"].value for row in found.credited} == {Fraction(3, 20)}


def test_simultaneous_touches() -> None:
    """Touches at one instant are ordered by campaign and channel, never by which arrived first."""
    sent = [CampaignReceipt(name, "a", at("2026-01-01")) for name in ("b", "c", "a")]
    for order in (sent, sent[::-1]):
        found = attribution(Ledger([done("a", "2026-01-02")], sent=order), goal(), models=["first"])
        assert {row.key for row in found.credited if row.credits["first"].completions} == {"a"}


def test_linked_goal() -> None:
    """For a goal linked to a campaign only recipients' completions are shared out, unless everyone's are asked for."""
    sent = [CampaignReceipt("spring", "a", at("2026-01-01"))]
    ledger = Ledger([done("a", "2026-01-02"), done("b", "2026-01-02")], sent=sent)
    assert attribution(ledger, goal(campaign="spring")).completions == 1
    everyone = attribution(ledger, goal(campaign="spring"), audience="all")
    assert [(row.label, row.assisted) for row in everyone.credited] == [("spring", 1), ("(no touch)", 1)]


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        ({"models": ["lats"]}, "model", "did you mean `last`?"),
        ({"models": []}, "model", "one of first"),
        ({"by": "campain"}, "dimension", "did you mean `campaign`?"),
        ({"window": "some"}, "window", '"7 days"'),
        ({"half_life": timedelta(0)}, "window", "timedelta(days=7)"),
        ({"touches": [Touch("a", datetime(2026, 1, 1), "x")]}, "touches", "+00:00"),  # noqa: DTZ001  that is the point
    ],
)
def test_refusals(arguments: dict[str, object], code: str, hint: str) -> None:
    """What cannot be answered is refused with a code and a repair."""
    with pytest.raises(QuestionError) as caught:
        attribution(Ledger(), goal(), **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert hint in caught.value.hint


def test_forms() -> None:
    """Attribution as data keeps the exact fractions; its tables have a total, and say that credit is no cause."""
    sent = [
        CampaignReceipt(name, "a", at(f"2026-01-0{day}"), channel)
        for day, (name, channel) in enumerate([("x", "email"), ("y", None), ("z", "email")], start=1)
    ]
    entries = [done("a", "2026-01-05", value=Decimal("1e400")), done("b", "2026-01-05", value=Decimal("0.01"))]
    found = attribution(Ledger(entries, sent=sent), goal(), by="channel", window="30 days")
    data = json.loads(found.to_json())
    assert data["credited"][0]["credits"]["linear"]["completions"] == "2/3"
    assert [row.label for row in found.credited] == ["email", "(none)", "(no touch)"]
    linear = [row for row in found.rows() if row["model"] == "linear"]
    assert [row["completions"] for row in linear] == [pytest.approx(2 / 3), pytest.approx(1 / 3), 1.0]
    assert linear[2]["value"] == Decimal("0.01")
    text = str(found)
    assert "buy · completions credited · all time · touches within 30 days before" in text
    assert "buy · value credited" in text
    assert "not what caused it" in text
    assert str(attribution(Ledger(), goal())).count("total") == 1
