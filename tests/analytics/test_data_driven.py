"""Markov's removal effect and Shapley's value: known cases, and plain computations straight from the definitions."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger import Ledger, at, done, goal
from analytics.shop import START
from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileSnapshot, ProfileUpdate
from convgoals.analytics.attribution import attribution
from convgoals.analytics.data_driven import MAX_MARKOV, MAX_SHAPLEY, markov, shapley
from convgoals.errors import GoalSyntaxError, QuestionError

Paths = dict[tuple[str, ...], int]
paths = st.dictionaries(st.lists(st.sampled_from("abcd"), max_size=5).map(tuple), st.integers(1, 9), max_size=6)


def test_markov_of_a_known_case() -> None:
    """Three channels of which one is on half of the way to every conversion: shares of 1 to 2 to 2."""
    # 1-2-3 converts; 1 and 2-3 do not. A third converts; without 1 a sixth, without 2 or 3 nobody.
    shares = markov({("1", "2", "3"): 1}, {("1",): 1, ("2", "3"): 1})
    assert {key: round(float(share), 12) for key, share in shares.items()} == {"1": 0.2, "2": 0.4, "3": 0.4}
    assert sum(shares.values()) == 1


def test_shapley_of_a_known_case() -> None:
    """Alone each is owed its own; together, half each."""
    owed = shapley({frozenset("a"): Fraction(10), frozenset("b"): Fraction(1), frozenset("ab"): Fraction(30)})
    assert owed == {"a": 25, "b": 16}
    owed = shapley({frozenset("abc"): Fraction(9), frozenset("a"): Fraction(-1)})
    assert owed == {"a": 2, "b": 3, "c": 3}
    assert shapley({frozenset(): Fraction(3)}) == {}


def _converts(converted: Paths, lost: Paths, removed: str | None) -> float:
    """The probability of converting in the chain of these journeys, steps to *removed* leading nowhere."""
    steps: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for which, end in ((converted, "yes"), (lost, "no")):
        for path, times in which.items():
            for here, there in itertools.pairwise(["start", *path, end]):
                steps[here][there] += times
    states = list(steps)
    moves = np.zeros((len(states), len(states)))
    ends = np.zeros(len(states))
    for row, here in enumerate(states):
        for there, times in steps[here].items():
            if there != removed:
                if there == "yes":
                    ends[row] = times / steps[here].total()
                elif there != "no":
                    moves[row, states.index(there)] = times / steps[here].total()
    return float(np.linalg.solve(np.eye(len(states)) - moves, ends)[states.index("start")])


@given(paths, paths)
def test_markov_is_the_removal_effect(converted: Paths, lost: Paths) -> None:
    """Each share is in proportion to the conversions that are lost in the chain without the channel."""
    converted, lost = ({path: times for path, times in each.items() if path} for each in (converted, lost))
    shares = markov(converted, lost)
    if not converted:
        assert shares == {}
        return
    assert sum(shares.values()) == 1
    whole = _converts(converted, lost, None)
    effects = {key: 1 - _converts(converted, lost, key) / whole for key in shares}
    for key, share in shares.items():
        assert float(share) == pytest.approx(effects[key] / sum(effects.values()), abs=1e-9)


@given(st.dictionaries(st.sets(st.sampled_from("abcde")).map(frozenset), st.integers(-3, 9).map(Fraction), max_size=8))
def test_shapley_is_the_mean_over_all_orders(worth: dict[frozenset[str], Fraction]) -> None:
    """A channel is owed what it adds to those before it, in the mean over all orders; together, all there is."""
    owed = shapley(worth)
    channels = sorted(set().union(*worth)) if worth else []
    expected: Counter[str] = Counter()

    def value(members: set[str]) -> Fraction:
        return sum((amount for touched, amount in worth.items() if touched and touched <= members), Fraction(0))

    for order in itertools.permutations(channels):
        for number, key in enumerate(order):
            expected[key] += value({*order[: number + 1]}) - value({*order[:number]})  # type: ignore[assignment]
    assert owed == {key: Fraction(expected[key]) / math.factorial(len(channels)) for key in owed}
    assert set(owed) == set(channels)
    assert sum(owed.values()) == sum(amount for touched, amount in worth.items() if touched)


@pytest.mark.parametrize(("model", "most"), [("shapley", MAX_SHAPLEY), ("markov", MAX_MARKOV)])
def test_too_many_channels(model: str, most: int) -> None:
    """As many channels as can be are answered; one more is refused with what could be done."""
    sent = [CampaignReceipt(f"c{number:03}", "a", at("2026-01-01")) for number in range(most)]
    entries = [done("a", "2026-01-02")]
    found = attribution(Ledger(entries, sent=sent), goal(), models=[model])  # type: ignore[list-item]
    assert sum(row.credits[model].completions for row in found.credited) == 1
    assert len(found.credited) == most
    sent.append(CampaignReceipt("other", "a", at("2026-01-01")))
    with pytest.raises(QuestionError, match=f"takes {most} channels at the most") as caught:
        attribution(Ledger(entries, sent=sent), goal(), models=[model])  # type: ignore[list-item]
    assert caught.value.code == "channels"
    assert "another model" in caught.value.hint


def _ads() -> GoalEngine:
    engine = GoalEngine([Goal("buy", "event buy", count="every", value=10)], keep="all")
    day = timedelta(days=1)
    engine.process(
        [
            Event("ad", "a", START, {"source": "x"}, channel="web"),
            CampaignReceipt("spring", "a", START + day, channel="email"),
            Event("buy", "a", START + 2 * day),
            Event("ad", "b", START, {"source": "y"}),
            ProfileSnapshot("b", START, {"plan": "free"}),
            ProfileUpdate("b", START + day, {"plan": "pro"}),
            Event("buy", "b", START + 2 * day),
            Event("ad", "c", START, {"source": "x"}),
            Event("buy", "d", START),
        ]
    )
    return engine


def test_touchpoints() -> None:
    """Whatever happens can be a touch: an event, with a filter or without, and a change of a profile."""
    with _ads() as engine:
        found = engine.attribution("buy", touchpoints=["event ad", 'profile.plan changes to "pro"'], models=["last"])
        credits_ = {row.label: (row.touches, int(row.credits["last"].completions)) for row in found.credited}
        assert credits_ == {
            "spring": (1, 1),
            'profile.plan changes to "pro"': (1, 1),
            "event ad": (2, 0),
            "(no touch)": (0, 1),
        }
        filtered = engine.attribution("buy", touchpoints='event ad where source = "x"', models=["first"])
        assert [(row.label, int(row.credits["first"].value)) for row in filtered.credited] == [
            ('event ad where source = "x"', 10),
            ("spring", 0),
            ("(no touch)", 20),
        ]
        by_channel = engine.attribution("buy", touchpoints=["event ad"], by="channel", models=["linear"])
        assert {row.label: float(row.credits["linear"].completions) for row in by_channel.credited} == {
            "web": 0.5,
            "email": 0.5,
            "(none)": 1,
            "(no touch)": 1,
        }


def test_journeys_that_led_nowhere() -> None:
    """Markov counts the journeys of those who did not complete the goal in the period, of the audience alone."""
    with _ads() as engine:
        found = engine.attribution("buy", touchpoints=["event ad"], models=["markov", "shapley"])
        # ad-spring and ad converted, ad did not: without spring a third instead of two thirds, without ad nobody.
        assert {row.label: round(float(row.credits["markov"].completions), 9) for row in found.credited} == {
            "event ad": round(2 * 1 / 1.5, 9),
            "spring": round(2 * 0.5 / 1.5, 9),
            "(no touch)": 1,
        }
        assert {row.label: row.credits["shapley"].completions for row in found.credited} == {
            "event ad": Fraction(3, 2),
            "spring": Fraction(1, 2),
            "(no touch)": 1,
        }
        for audience, until in (("profile.plan is set", None), (None, "2026-03-01")):
            some = engine.attribution(
                "buy", touchpoints=["event ad"], models=["markov"], audience=audience, until=until
            )
            assert sum(row.credits["markov"].completions for row in some.credited) == some.completions


def test_recipients_alone_led_nowhere() -> None:
    """Of a goal that is linked, the journeys of those who did not receive its campaign do not count."""
    sent = [CampaignReceipt("spring", who, at("2026-01-02")) for who in "ab"]
    sent += [CampaignReceipt("summer", who, at("2026-01-01")) for who in "abcd"]
    ledger = Ledger([done("a", "2026-01-03")], sent=sent)
    linked = attribution(ledger, goal(campaign="spring"), models=["markov"], until="2026-01-31")
    everyone = attribution(ledger, goal(), models=["markov"])
    # Of two recipients one converts; of four, one does, and summer alone is lost in two.
    assert [float(row.credits["markov"].completions) for row in linked.credited] == [0.5, 0.5]
    assert [float(row.credits["markov"].completions) for row in everyone.credited] == [0.5, 0.5]
    assert linked.completions == everyone.completions == 1


def test_refusals() -> None:
    """A touchpoint is an occurrence, and no receipt, for every receipt is a touch."""
    with _ads() as engine:
        for touchpoint in ('campaign "spring" received', "count(event ad) > 1", "in segment vip"):
            with pytest.raises((QuestionError, GoalSyntaxError)) as caught:
                engine.attribution("buy", touchpoints=[touchpoint])
            assert caught.value.hint
