"""Which completions a funnel chooses, against trying all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger import START, at
from convgoals.analytics.chains import Deadline, in_any_order, in_order
from convgoals.analytics.periods import read_span
from convgoals.instants import zone

hours = st.integers(0, 40).map(lambda n: START + timedelta(hours=n))
# Around the end of January, where two instants a few hours apart have a month later in the other order.
clipped = st.integers(0, 24 * 4).map(lambda n: at("2026-01-28") + timedelta(hours=n))
later = st.integers(0, 24 * 4).map(lambda n: at("2026-02-26") + timedelta(hours=n))


def stages(*of: st.SearchStrategy[datetime]) -> st.SearchStrategy[list[list[datetime]]]:
    return st.tuples(*(st.lists(each, max_size=5).map(sorted) for each in of)).map(list)


spans = st.none() | st.integers(0, 30).map(lambda n: timedelta(hours=n))


def span(value: str | timedelta | None) -> Deadline | None:
    return read_span(value, zone("UTC"), "within")


def try_all(found: Sequence[Sequence[datetime]], within: Deadline | None, between: Deadline | None) -> list[datetime]:
    for length in range(len(found), 0, -1):
        chains = [
            chain
            for chain in product(*found[:length])
            if all(a <= b and (between is None or b <= between(a)) for a, b in pairwise(chain))
            and (within is None or chain[-1] <= within(chain[0]))
        ]
        if chains:
            return list(min(chains))
    return []


def gather_all(found: Sequence[Sequence[datetime]], within: Deadline | None) -> list[datetime]:
    for length in range(len(found), 0, -1):
        choices = [
            choice for choice in product(*found[:length]) if within is None or max(choice) <= within(min(choice))
        ]
        if choices:
            return list(min(choices, key=lambda choice: (min(choice), choice)))
    return []


@given(stages(hours, hours, hours, hours), spans, spans)
def test_in_order(found: list[list[datetime]], within: timedelta | None, between: timedelta | None) -> None:
    """In order: the furthest stage that any choice reaches, and of those choices the earliest."""
    assert in_order(found, span(within), span(between)) == try_all(found, span(within), span(between))


singles = st.lists(st.lists(hours, max_size=1), max_size=4)


@given(singles, spans, spans)
def test_single_completions(found: list[list[datetime]], within: timedelta | None, between: timedelta | None) -> None:
    """The rule holds too where each stage has one completion at the most."""
    assert in_order(found, span(within), span(between)) == try_all(found, span(within), span(between))


@given(stages(clipped, clipped | later, later), st.sampled_from([None, "1 month"]), st.sampled_from([None, "1 month"]))
def test_calendar_months(found: list[list[datetime]], within: str | None, between: str | None) -> None:
    """Months that clip, so that a later instant may have the earlier deadline, change nothing of that."""
    assert in_order(found, span(within), span(between)) == try_all(found, span(within), span(between))


@given(stages(hours, hours, hours), spans)
def test_in_any_order(found: list[list[datetime]], within: timedelta | None) -> None:
    """In any order: the most of the first goals within the window, beginning as early as can be."""
    assert in_any_order(found, span(within)) == gather_all(found, span(within))


def test_both_ends_count() -> None:
    """Exactly the window counts, one microsecond more does not; simultaneous stages count."""
    day = span("1 day")
    assert len(in_order([[START], [START + timedelta(days=1)]], day, None)) == 2
    assert len(in_order([[START], [START + timedelta(days=1, microseconds=1)]], day, None)) == 1
    assert len(in_order([[START], [START + timedelta(days=1)]], None, day)) == 2
    assert len(in_order([[START], [START + timedelta(days=1, microseconds=1)]], None, day)) == 1
    assert len(in_order([[START], [START]], day, day)) == 2


def test_the_first_try_is_not_the_best() -> None:
    """A later first completion is taken where only it leads on, and a later second one where the earliest is stuck."""
    first, second, third = at("2026-01-01"), at("2026-01-05"), at("2026-01-06")
    assert in_order([[first, second], [third]], span("2 days"), None) == [second, third]
    stuck, on, last = at("2026-01-01T01:00"), at("2026-01-01T20:00"), at("2026-01-02T10:00")
    assert in_order([[first], [stuck, on], [last]], None, span("20 hours")) == [first, on, last]


def test_ends_of_time() -> None:
    """A window that runs past the year 9999, or is longer than time itself, never closes."""
    times = [[at("9999-12-29")], [at("9999-12-30")]]
    for window in ("30 days", "600 months", "1000 years", timedelta.max):
        assert in_order(times, span(window), span(window)) == [times[0][0], times[1][0]]
