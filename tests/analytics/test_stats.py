"""Intervals and tests: against statsmodels, and at their edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from convgoals.analytics.stats import (
    Difference,
    Proportion,
    correct,
    critical_value,
    difference,
    holm,
    mcnemar,
    paired_difference,
    wilson,
)

counts = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
confidences = st.floats(0.5, 0.9999)


@given(counts, confidences)
def test_wilson(pair: tuple[int, int], confidence: float) -> None:
    """The Wilson interval is that of statsmodels."""
    count, total = pair
    low, high = proportion_confint(count, total, alpha=1 - confidence, method="wilson")
    interval = wilson(count, total, confidence)
    assert interval.low == pytest.approx(low, abs=1e-12)
    assert interval.high == pytest.approx(high, abs=1e-12)


@given(counts)
def test_wilson_holds_the_rate(pair: tuple[int, int]) -> None:
    """The interval lies between 0 and 1 and holds the rate; at 0 and 1 it ends there exactly."""
    proportion = Proportion(*pair)
    interval, rate = proportion.interval, proportion.rate
    assert interval is not None
    assert rate is not None
    assert 0 <= interval.low <= rate <= interval.high <= 1
    assert (interval.low == 0) == (rate == 0)
    assert (interval.high == 1) == (rate == 1)


def test_nobody_has_no_rate() -> None:
    """Of nobody there is no rate and no interval, rather than a 0."""
    nobody = Proportion(0, 0)
    assert (nobody.rate, nobody.exact, nobody.interval) == (None, None, None)
    compared = difference(nobody, Proportion(1, 2))
    assert (compared.difference, compared.p_value, compared.interval, compared.evidence) == (None, None, None, False)


def test_critical_value() -> None:
    """The critical values of the textbooks."""
    assert critical_value(0.95) == pytest.approx(1.959963984540054, rel=1e-14)
    assert critical_value(0.99) == pytest.approx(2.5758293035489004, rel=1e-14)
    assert critical_value(0.999999) == pytest.approx(4.891638475698589, rel=1e-10)


@given(counts, counts, confidences)
def test_newcombe(first: tuple[int, int], second: tuple[int, int], confidence: float) -> None:
    """The interval of a difference is Newcombe's hybrid score interval, as statsmodels has it."""
    found = difference(Proportion(*first, confidence), Proportion(*second, confidence))
    low, high = confint_proportions_2indep(*second, *first, method="newcomb", compare="diff", alpha=1 - confidence)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(low, abs=1e-9)
    assert found.interval.high == pytest.approx(high, abs=1e-9)


@given(counts, counts)
def test_pooled_z(first: tuple[int, int], second: tuple[int, int]) -> None:
    """The p-value is that of the pooled two-proportion z-test, as statsmodels has it."""
    assume(0 < first[0] + second[0] < first[1] + second[1])
    _, p = proportions_ztest([first[0], second[0]], [first[1], second[1]])
    assert difference(Proportion(*first), Proportion(*second)).p_value == pytest.approx(p, rel=1e-6, abs=1e-14)


@pytest.mark.parametrize("count", [0, 10])
def test_all_or_none(count: int) -> None:
    """Where nobody converted, or everybody did, nothing speaks for a difference."""
    assert difference(Proportion(count, 10), Proportion(2 * count, 20)).p_value == 1.0


@settings(max_examples=25)  # each call of the reference costs as much as a hundred of ours
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm(p_values: list[float]) -> None:
    """Holm's correction is that of statsmodels, in the order given."""
    _, corrected, _, _ = multipletests(p_values, method="holm")
    assert holm(p_values) == pytest.approx(list(corrected))


def test_correct_leaves_gaps() -> None:
    """Differences without a p-value stay as they are, and are not counted among the tests."""
    strong = difference(Proportion(10, 100), Proportion(30, 100))
    nobody = difference(Proportion(0, 0), Proportion(1, 2))
    corrected = correct([None, strong, nobody, strong])
    assert corrected[0] is None
    assert corrected[2] == nobody
    assert isinstance(corrected[1], Difference)
    assert corrected[1].corrected_p_value == pytest.approx(2 * (strong.p_value or math.nan))


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar(only_first: int, only_second: int) -> None:
    """McNemar's test is the exact one of statsmodels."""
    expected = reference_mcnemar([[5, only_first], [only_second, 5]], exact=True).pvalue
    assert mcnemar(only_first, only_second) == pytest.approx(1.0 if only_first == only_second else expected, rel=1e-9)


def test_mcnemar_of_many() -> None:
    """With more discordant pairs than the exact test takes, it is the normal approximation without correction."""
    expected = reference_mcnemar([[0, 900], [1000, 0]], exact=False, correction=False).pvalue
    assert mcnemar(900, 1000) == pytest.approx(expected)


def test_newcombe_paired() -> None:
    """The paired interval is that of the worked example in Altman's "Statistics with confidence", Table 6.2."""
    found = paired_difference(both=14, only_first=0, only_second=5, neither=22)
    assert found.interval is not None
    assert found.difference == pytest.approx(5 / 41)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.011, 0.226), abs=0.0005)
    assert found.paired


table = st.tuples(*[st.integers(0, 60)] * 4).filter(any)


@given(table)
def test_paired_is_antisymmetric(cells: tuple[int, int, int, int]) -> None:
    """Exchanging the two turns the sign of the difference and of its interval, and the difference lies inside."""
    both, first, second, neither = cells
    one, other = paired_difference(both, first, second, neither), paired_difference(both, second, first, neither)
    assert one.interval is not None
    assert other.interval is not None
    assert one.difference is not None
    assert one.p_value == other.p_value
    assert one.interval.low == pytest.approx(-other.interval.high)
    assert one.interval.low <= one.difference + 1e-12 <= one.interval.high + 2e-12
