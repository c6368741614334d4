"""Hypothesis strategies: logs of one profile, dense with ties, edges, missing and ill-typed values.

The timestamps lie on a small grid and one microsecond beside it, so that with the durations of `strategies.SMALL`
"exactly D" and "one microsecond more" come up all the time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot, ProfileUpdate

START = datetime(2026, 1, 1, tzinfo=UTC)

_VALUES: tuple[Any, ...] = (
    0, 1, 2, 3, -1, 0.5, 1.0, Decimal("0.5"), Decimal("1.50"), True, False, None, "", "u", "v", "uv", "2026-01-02",
    "2026-01-02T12:00:00Z", date(2026, 1, 2), datetime(2026, 1, 2, 12, tzinfo=UTC), float("nan"), float("inf"),
    [1, "u"], ["u"], {"id": 1}, {"country": "u"},
)  # fmt: skip


def timestamps(days: int = 4) -> SearchStrategy[datetime]:
    """Instants on a grid of twelve hours, one microsecond beside it, or anywhere."""
    grid = st.integers(0, days * 2).map(lambda half: START + timedelta(hours=12 * half))
    beside = st.tuples(grid, st.sampled_from((0, 0, 0, 1, -1))).map(
        lambda pair: pair[0] + timedelta(microseconds=pair[1])
    )
    hours = st.integers(0, days * 24).map(lambda hour: START + timedelta(hours=hour))
    return st.one_of(beside, beside, hours)


def values() -> SearchStrategy[Any]:
    """Property values of every type that a log may hold, many of them ill-typed for most comparisons."""
    return st.one_of(st.sampled_from((0, 1, 2, 3, "u", "v", None)), st.sampled_from(_VALUES))


def facts(profile_id: str = "p", *, days: int = 4, ids: SearchStrategy[str] | None = None) -> SearchStrategy[Fact]:
    """One fact of the vocabulary of `strategies.SMALL`."""
    names = ids or st.integers(0, 40).map(lambda number: f"f{number:02d}")
    when = timestamps(days)
    of_event = st.dictionaries(st.sampled_from(("x", "y")), values(), max_size=2)
    nested = st.one_of(of_event, of_event.map(lambda found: {**found, "order": {"id": found.get("x")}}))
    of_profile = st.dictionaries(st.sampled_from(("p", "q", "address")), values(), max_size=2)
    segments = st.lists(st.sampled_from(("vip", "staff")), max_size=2)
    events = st.builds(Event, st.sampled_from(("a", "b", "c")), st.just(profile_id), when, nested, names)
    return st.one_of(
        events,
        events,
        events,
        st.builds(ProfileSnapshot, st.just(profile_id), when, of_profile, segments, names),
        st.builds(ProfileUpdate, st.just(profile_id), when, of_profile, st.one_of(st.none(), segments), names),
        st.builds(CampaignReceipt, st.sampled_from(("m", "n")), st.just(profile_id), when, st.none(), names),
    )


def logs(profile_id: str = "p", *, days: int = 4, max_size: int = 9) -> SearchStrategy[list[Fact]]:
    """Some facts of one profile, in an order of arrival; an id may come twice, with other content."""
    return st.lists(facts(profile_id, days=days), max_size=max_size)
