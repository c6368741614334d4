"""The report of a goal equals a naive recount, and says what it cannot answer."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from statistics import quantiles
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger import Ledger, at, done, goal, ledgers, moments, periods, receipts
from convgoals.analytics.buckets import Every
from convgoals.analytics.goal_report import GoalReport
from convgoals.analytics.periods import Period
from convgoals.analytics.report import report
from convgoals.analytics.stats import difference, paired_difference
from convgoals.errors import QuestionError, StoreError
from convgoals.instants import to_datetime, to_instant
from convgoals.records import CampaignReceipt, Completion

BERLIN = ZoneInfo("Europe/Berlin")
EVERY: st.SearchStrategy[Every] = st.sampled_from(get_args(Every))


def counted(ledger: Ledger, since: datetime | None, until: datetime | None) -> list[Completion]:
    return [
        c
        for c in ledger.completions("buy")
        if (since is None or since <= c.achieved_at) and (until is None or c.achieved_at <= until)
    ]


def worth(completions: list[Completion]) -> Fraction:
    found = Fraction(0)
    for c in completions:
        if isinstance(c.value, float) and math.isfinite(c.value):
            found += Fraction(repr(c.value))
        elif isinstance(c.value, Decimal) and c.value.is_finite():
            found += Fraction(c.value)
        elif isinstance(c.value, int) and not isinstance(c.value, bool):
            found += c.value
    return found


def first_of(completions: list[Completion]) -> dict[str, Completion]:
    first: dict[str, Completion] = {}
    for c in completions:
        first.setdefault(c.profile_id, c)
    return first


@given(ledgers("buy", "other"), periods, EVERY)
def test_figures(ledger: Ledger, period: tuple[datetime | None, datetime | None], every: Every) -> None:
    """Completions, profiles, rate, value and median time are those of a recount."""
    since, until = period
    found = report(ledger, goal(), since=since, until=until, every=every, timezone="Europe/Berlin")
    kept = counted(ledger, since, until)
    assert found.completions == len(kept)
    assert found.converting_profiles == len({c.profile_id for c in kept})
    assert found.audience == ledger.profile_count()
    if found.audience:
        assert found.figures.conversion.exact == Fraction(found.converting_profiles, found.audience)
        assert found.rate is not None
        assert found.rate <= 1
    assert Fraction(found.value_sum) == worth(kept)
    times = [c.since_anchor for c in first_of(kept).values() if c.since_anchor is not None]
    assert found.time_to_convert.count == len(times)
    if times:
        for name, percent in (("median", 50), ("p25", 25), ("p75", 75), ("p90", 90)):
            seconds = [time.total_seconds() for time in (times if len(times) > 1 else times * 2)]
            expected = quantiles(seconds, n=100, method="inclusive")[percent - 1]
            assert getattr(found.time_to_convert, name).total_seconds() == pytest.approx(expected, abs=2e-6)


@given(ledgers("buy"), periods, EVERY)
def test_trend(ledger: Ledger, period: tuple[datetime | None, datetime | None], every: Every) -> None:
    """The buckets follow each other without gap, each holds what lies in it, and together they are the total."""
    since, until = period
    found = report(ledger, goal(), since=since, until=until, every=every, timezone="Europe/Berlin")
    kept = counted(ledger, since, until)
    first = list(first_of(kept).values())
    for bucket in found.trend:
        inside = [c for c in kept if bucket.start <= c.achieved_at < bucket.end]
        assert bucket.completions == len(inside)
        assert Fraction(bucket.value.sum) == worth(inside)
        assert bucket.converting_profiles == sum(bucket.start <= c.achieved_at < bucket.end for c in first)
        reached = ledger.reached()
        assert bucket.unfinished == (reached is None or to_instant(bucket.end) > reached)
    assert [b.end for b in found.trend[:-1]] == [b.start for b in found.trend[1:]]
    assert sum(b.completions for b in found.trend) == found.completions
    assert sum(b.converting_profiles for b in found.trend) == found.converting_profiles
    assert len({b.label for b in found.trend}) == len(found.trend)


@given(ledgers("buy"), periods, st.sampled_from(["channel", "version"]), st.integers(1, 4))
def test_exclusive_breakdown(
    ledger: Ledger, period: tuple[datetime | None, datetime | None], by: str, limit: int
) -> None:
    """Rows of an exclusive dimension add up to the total, and a profile stands in the row of its first completion."""
    since, until = period
    found = report(ledger, goal(), since=since, until=until, breakdown=by, limit=limit)
    kept = counted(ledger, since, until)
    first = Counter(getattr(c, by) for c in first_of(kept).values())
    assert len(found.breakdown) <= limit + 1
    assert sum(row.completions for row in found.breakdown) == found.completions
    assert sum(row.converting_profiles for row in found.breakdown) == found.converting_profiles
    assert sum(Fraction(row.value.sum) for row in found.breakdown) == worth(kept)
    for row in found.breakdown:
        if row.kind != "others":
            own = [c for c in kept if _text(getattr(c, by)) == row.key]
            assert row.completions == len(own)
            assert row.converting_profiles == sum(n for key, n in first.items() if _text(key) == row.key)
    sizes = [row.converting_profiles for row in found.breakdown if row.kind != "others"]
    assert sizes == sorted(sizes, reverse=True)


def _text(key: object) -> str | None:
    return None if key is None else str(key)


@given(ledgers("buy"), st.integers(1, 4))
def test_segments(ledger: Ledger, limit: int) -> None:
    """A profile counts in each segment in which it had a completion, and once among the others."""
    found = report(ledger, goal(), breakdown="segment", limit=limit)
    kept = counted(ledger, None, None)
    named: set[str | None] = set()
    for row in found.breakdown:
        if row.kind == "others":
            own = [c for c in kept if set(c.segments or [None]) - named]
        else:
            named.add(row.key)
            own = [c for c in kept if row.key in (c.segments or (None,))]
        assert row.completions == len(own)
        assert row.converting_profiles == len({c.profile_id for c in own})
        assert Fraction(row.value.sum) == worth(own)


@given(ledgers("buy"), st.lists(receipts, max_size=10), periods)
def test_recipients(
    ledger: Ledger, sent: list[CampaignReceipt], period: tuple[datetime | None, datetime | None]
) -> None:
    """A linked goal counts recipients by the period's end, and their completions at or after the first receipt."""
    since, until = period
    found = report(ledger, goal(campaign="spring"), since=since, until=until)
    first = {profile_id: to_datetime(instant) for profile_id, instant in ledger.recipients("spring")}
    kept = [c for c in counted(ledger, since, until) if c.profile_id in first and c.achieved_at >= first[c.profile_id]]
    assert found.completions == len(kept)
    assert found.converting_profiles == len({c.profile_id for c in kept})
    assert found.audience == sum(until is None or moment <= until for moment in first.values())
    assert found.audience_kind == "recipients"
    everyone = report(ledger, goal(campaign="spring"), since=since, until=until, audience="all")
    assert everyone == report(ledger, goal(), since=since, until=until)


@given(ledgers("buy"), moments, moments)
def test_baseline(ledger: Ledger, one: datetime, other: datetime) -> None:
    """A baseline's figures are the figures of a report on that period, and the changes are the differences."""
    since, until = sorted((one, other))
    found = report(ledger, goal(), since=since, until=until, baseline="previous")
    assert found.baseline is not None
    assert found.baseline.until == since - timedelta(microseconds=1)
    alone = report(ledger, goal(), since=found.baseline.since, until=found.baseline.until)
    assert found.baseline.figures == alone.figures
    assert found.baseline.completions_change == found.completions - alone.completions
    assert Fraction(found.baseline.value_change) == Fraction(found.value_sum) - Fraction(alone.value_sum)
    named = report(ledger, goal(), since=since, until=until, baseline=(alone.since, alone.until))
    assert named.baseline == found.baseline


@given(ledgers("buy"), periods, periods, st.sampled_from([None, "segment"]))
def test_the_same_profiles_in_both_periods(
    ledger: Ledger,
    now: tuple[datetime | None, datetime | None],
    then: tuple[datetime | None, datetime | None],
    breakdown: str | None,
) -> None:
    """Periods without a gap between them are compared profile by profile, however the report comes about."""
    found = report(ledger, goal(), since=now[0], until=now[1], baseline=then, breakdown=breakdown)
    assert found.baseline is not None
    first, second = (_converting(ledger, period) for period in (then, now))
    total = ledger.profile_count()
    paired = paired_difference(
        len(first & second), len(first - second), len(second - first), total - len(first | second)
    )
    step = timedelta(microseconds=1)
    gap = any(
        one is not None and other is not None and one + step < other
        for one, other in ((now[1], then[0]), (then[1], now[0]))
    )
    if not gap:
        assert found.baseline.difference == paired
    else:
        assert found.baseline.difference == difference(paired.first, paired.second)


def _converting(ledger: Ledger, period: tuple[datetime | None, datetime | None]) -> set[str]:
    return {each.profile_id for each in ledger.completions("buy") if each.achieved_at in Period(*period)}


def test_audiences_that_differ_are_two_samples() -> None:
    """Recipients by the end of each period are not the same profiles, so they are not paired."""
    sent = [CampaignReceipt("spring", who, at(f"2026-0{month}-02")) for who, month in (("a", 1), ("b", 2))]
    ledger = Ledger([done("a", "2026-01-03"), done("b", "2026-02-03")], sent=sent)
    linked = report(
        ledger, goal(campaign="spring"), since="2026-02-01", until="2026-02-28", baseline=("2026-01-01", "2026-01-31")
    )
    assert linked.baseline is not None
    assert not linked.baseline.difference.paired
    assert (linked.baseline.figures.conversion.total, linked.audience) == (1, 2)


def test_period_before() -> None:
    """Whole months are preceded by months, whole days by days, anything else by the same exact span."""
    ledger = Ledger([done("a", "2026-06-01")])

    def before(since: str, until: str | None) -> tuple[datetime | None, datetime | None]:
        baseline = report(
            ledger, goal(timezone="Europe/Berlin"), since=since, until=until, baseline="previous"
        ).baseline
        assert baseline is not None
        return baseline.since, baseline.until

    end = timedelta(microseconds=1)
    assert before("2026-04-01", "2026-04-30") == (at("2026-02-28T23:00"), at("2026-03-31T22:00") - end)
    # 29 March has 23 hours in Berlin: the two days before 30 March are 47 hours.
    assert before("2026-03-30", "2026-03-31") == (at("2026-03-27T23:00"), at("2026-03-29T22:00") - end)
    assert before("2026-04-10T12:00Z", "2026-04-10T12:59:59.999999Z") == (
        at("2026-04-10T11:00"),
        at("2026-04-10T12:00") - end,
    )
    assert before("2026-05-31T00:00Z", None) == (at("2026-05-30T00:00") - end, at("2026-05-31T00:00") - end)


def test_a_difference_is_said_in_words() -> None:
    """The sentence says that there is no evidence where there is none, and which rate is higher where there is."""
    few = [done(f"p{n}", "2026-02-03") for n in range(12)] + [done(f"q{n}", "2026-01-03") for n in range(11)]
    many = few + [done(f"r{n}", "2026-02-03") for n in range(60)]
    people = {f"{letter}{n}" for letter in "pqrs" for n in range(100)}

    def sentence(entries: list[Completion]) -> str:
        found = report(
            Ledger(entries, people),
            goal(),
            since="2026-02-01",
            until="2026-02-28",
            baseline=("2026-01-01", "2026-01-31"),
        )
        assert found.baseline is not None
        return found.baseline.sentence

    assert sentence(few).startswith(
        "No evidence of a difference between the baseline and the period: 2.8 % against 3.0 %"
    )
    assert sentence(many).startswith("The rate of the period is higher than that of the baseline: 2.8 % against 18.0 %")
    assert "p < 0.001" in sentence(many)


def test_once() -> None:
    """Of a goal that counts once, the comparison says that nobody can convert in both periods."""
    ledger = Ledger([done("a", "2026-01-03"), done("b", "2026-02-03")])
    for count, said in (("once", True), ("every", False)):
        found = report(ledger, goal(count=count), since="2026-02-01", baseline=("2026-01-01", "2026-01-31"))
        assert found.baseline is not None
        assert ("The goal counts once" in found.baseline.sentence) is said


def test_naive_datetimes() -> None:
    """A datetime without an offset is read in the report's time zone, an aware one is the instant that it is."""
    found = report(
        Ledger(),
        goal(),
        timezone="Europe/Berlin",
        since=datetime(2026, 1, 1, 12),  # noqa: DTZ001  that is the point
        until=at("2026-01-01T12:00"),
    )
    assert (found.since, found.until) == (at("2026-01-01T11:00"), at("2026-01-01T12:00"))


def test_dates_are_whole_days_in_the_zone() -> None:
    """A bare date stands for that day in the report's time zone, both ends in."""
    entries = [done("a", "2026-01-01T04:59:59.999999"), done("b", "2026-01-01T05:00"), done("c", "2026-01-02T04:59:59")]
    entries.append(done("d", "2026-01-02T05:00"))
    found = report(
        Ledger(entries), goal(), since="2026-01-01", until=date(2026, 1, 1), timezone="America/New_York", every="hour"
    )
    assert found.completions == 2
    assert len(found.trend) == 24
    assert found.since == at("2026-01-01T05:00")
    assert found.until == at("2026-01-02T04:59:59.999999")


def test_clock_changes() -> None:
    """A day has 23 hours in spring and 25 in autumn, and the hour that is shown twice is two buckets."""
    ledger = Ledger([done("a", "2026-03-28T22:00"), done("a", "2026-10-27T00:00")])
    days = report(ledger, goal(timezone="Europe/Berlin")).trend
    lengths = {bucket.label: (bucket.end - bucket.start) // timedelta(hours=1) for bucket in days}
    assert [label for label, hours in lengths.items() if hours != 24] == ["2026-03-29", "2026-10-25"]
    assert (lengths["2026-03-29"], lengths["2026-10-25"]) == (23, 25)
    hours = report(ledger, goal(), every="hour", since="2026-10-25", until="2026-10-25", timezone="Europe/Berlin").trend
    assert [b.label for b in hours[1:5]] == [
        "2026-10-25 01:00 +02:00",
        "2026-10-25 02:00 +02:00",
        "2026-10-25 02:00 +01:00",
        "2026-10-25 03:00 +01:00",
    ]
    assert len(hours) == 25


def test_half_an_hour() -> None:
    """Where clocks move by half an hour, the hour that is shown again is short, and hours stay those on the clock."""
    ledger = Ledger([done("a", "2026-04-04T12:00"), done("a", "2026-04-05T12:00")])
    hours = report(ledger, goal(), every="hour", timezone="Australia/Lord_Howe").trend
    short = [bucket for bucket in hours if bucket.end - bucket.start != timedelta(hours=1)]
    assert [(b.label, b.end - b.start) for b in short] == [("2026-04-05 01:30 +10:30", timedelta(minutes=30))]
    assert {b.start.astimezone(ZoneInfo("Australia/Lord_Howe")).minute for b in hours if b not in short} == {0}
    kolkata = report(ledger, goal(), every="hour", timezone="Asia/Kolkata").trend
    assert {b.start.minute for b in kolkata} == {30}


def test_a_day_that_never_was() -> None:
    """Samoa left out 30 December 2011: there is no bucket for it, and none is lost."""
    ledger = Ledger([done("a", "2011-12-29T20:00"), done("a", "2012-01-01T20:00")])
    labels = [bucket.label for bucket in report(ledger, goal(timezone="Pacific/Apia")).trend]
    assert labels == ["2011-12-29", "2011-12-31", "2012-01-01", "2012-01-02"]


def test_clocks_set_back_over_midnight() -> None:
    """Where clocks go back over midnight the new day has begun and stays so; each hour keeps its offset."""
    # In St. John's on 29 October 2006 clocks went from 00:01 back to 23:01 of the day before.
    ledger = Ledger([done("a", f"2006-10-{moment}") for moment in ("28T12:00", "29T02:30:30", "29T02:45", "29T12:00")])
    found = report(ledger, goal(), timezone="America/St_Johns")
    assert [(b.label, b.completions, b.end - b.start) for b in found.trend] == [
        ("2006-10-28", 1, timedelta(hours=24)),
        ("2006-10-29", 3, timedelta(hours=25)),
    ]
    hours = report(ledger, goal(), timezone="America/St_Johns", every="hour").trend
    around = [(b.label, b.end - b.start) for b in hours if at("2006-10-29T02:30") <= b.start <= at("2006-10-29T03:30")]
    assert around == [
        ("2006-10-29 00:00 -02:30", timedelta(minutes=1)),
        ("2006-10-28 23:01 -03:30", timedelta(minutes=59)),
        ("2006-10-29 00:00 -03:30", timedelta(hours=1)),
    ]


def test_long_trend() -> None:
    """The table of a long trend shows its latest buckets and says how many it leaves out; the result has them all."""
    ledger = Ledger([done("a", "2026-01-01"), done("a", "2026-04-01", value=1)])
    found = report(ledger, goal(), until="2026-04-01T12:00Z", breakdown="segment", baseline=(None, "2026-01-01"))
    assert len(found.trend) == 91
    text = str(found)
    assert "51 earlier ones are left out here." in text
    assert "\n2026-01-30 " not in text
    assert "The period leaves out a part of it, or it is not over yet." in text
    assert "rows may add up to more than the total" in text
    assert [(row.rate, row.interval) for row in found.breakdown] == [(found.rate, found.interval)]
    assert "until 2026-01-01" in text
    assert "until 2026-04-01 12:00+00:00" in text


def test_labels() -> None:
    """Weeks begin on Monday and are numbered as ISO 8601 does; months and quarters are the calendar's."""
    ledger = Ledger([done("a", "2025-12-29T00:00"), done("a", "2026-01-05T00:00")])
    assert [b.label for b in report(ledger, goal(), every="week").trend] == ["2026-W01", "2026-W02"]
    assert [b.label for b in report(ledger, goal(), every="month").trend] == ["2025-12", "2026-01"]
    assert [b.label for b in report(ledger, goal(), every="quarter").trend] == ["2025-Q4", "2026-Q1"]


def test_ends_of_time() -> None:
    """Completions at the earliest and latest instants have their buckets, in every zone."""
    for moment in ("0001-01-02T00:00:00", "9999-12-30T00:00:00"):
        for zone in ("UTC", "Etc/GMT-14", "Etc/GMT+12"):
            for every in get_args(Every):
                found = report(Ledger([done("a", moment)]), goal(), every=every, timezone=zone)
                assert [bucket.completions for bucket in found.trend] == [1]


def test_time_reached() -> None:
    """The trend runs to the time reached, its last bucket unfinished; a future end adds no empty future."""
    now = to_instant(at("2026-01-03T12:00"))
    ledger = Ledger([done("a", "2026-01-01T12:00")], now=now)
    found = report(ledger, goal(), since="2026-01-01", until="2026-12-31")
    assert [(b.label, b.completions, b.unfinished) for b in found.trend] == [
        ("2026-01-01", 1, False),
        ("2026-01-02", 0, False),
        ("2026-01-03", 0, True),
    ]
    assert report(ledger, goal(), since="2026-02-01").trend == ()


def test_cut_buckets() -> None:
    """A bucket of which the period leaves out a part is marked."""
    ledger = Ledger([done("a", "2026-01-01T12:00")], now=to_instant(at("2026-03-01")))
    found = report(ledger, goal(), since="2026-01-01", until="2026-02-10", every="month")
    assert [(b.label, b.cut, b.unfinished) for b in found.trend] == [
        ("2026-01", False, False),
        ("2026-02", True, False),
    ]


def test_exact_value() -> None:
    """Sums are exact whatever the precision of decimals, and a float stands for its shortest form."""
    entries = [done("a", "2026-01-01", value=v) for v in (0.1, 0.2, Decimal("1e30"), Decimal("1e-30"), 10**40, True)]
    found = report(Ledger(entries), goal())
    assert found.value_sum == Decimal("10000000001000000000000000000000000000000.300000000000000000000000000001")
    assert found.figures.value.count == 5
    assert report(Ledger([done("a", "2026-01-01", value=v) for v in (1, 2)]), goal()).value_mean == Decimal("1.5")


def test_absurd_value() -> None:
    """A value with an exponent beyond a thousand is no number, so it cannot exhaust memory."""
    entries = [done("a", "2026-01-01", value=v) for v in (Decimal("1e999999"), Decimal("1e-999999"), 1)]
    found = report(Ledger(entries), goal())
    assert (found.value_sum, found.figures.value.count) == (Decimal(1), 1)


def test_versions() -> None:
    """All versions count together unless one is asked for, and the report names those it counted."""
    ledger = Ledger([done("a", "2026-01-01"), done("a", "2026-01-02", version=2), done("b", "2026-01-03", version=2)])
    assert report(ledger, goal()).versions == (1, 2)
    second = report(ledger, goal(), version=2)
    assert (second.completions, second.versions) == (2, (2,))


@pytest.mark.parametrize(
    ("arguments", "code", "hint"),
    [
        ({"breakdown": "chanel"}, "dimension", "did you mean `channel`?"),
        ({"breakdown": "country"}, "dimension", "profile.country"),
        ({"every": "dya"}, "every", "did you mean `day`?"),
        ({"every": "hour", "since": "1026-01-01"}, "every", "a larger bucket"),
        ({"since": "2026-02-01", "until": "2026-01-31"}, "period", "since <= until"),
        ({"since": "yesterday"}, "period", '"2026-01-31"'),
        ({"until": date(9999, 12, 31)}, "period", ""),
        ({"until": 5}, "period", '"2026-01-31"'),
        ({"timezone": "Europe/Belrin"}, "timezone", "IANA"),
        ({"timezone": 7}, "timezone", ""),
        ({"audience": "recipients"}, "audience", "campaign"),
        ({"audience": "recipient"}, "audience", "did you mean `recipients`?"),
        ({"limit": 0}, "limit", "limit=10"),
        ({"confidence": 95}, "confidence", "0.95"),
        ({"baseline": "previous"}, "baseline", "since="),
        ({"baseline": "last month"}, "baseline", "previous"),
        ({"baseline": "previous", "since": "0001-01-02", "until": "2026-01-01"}, "baseline", ""),
    ],
)
def test_refusals(arguments: dict[str, object], code: str, hint: str) -> None:
    """What cannot be answered is refused with a code and a repair."""
    with pytest.raises(QuestionError) as caught:
        report(Ledger([done("a", "2026-01-01")]), goal(), **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert hint in caught.value.hint


def test_contradictions() -> None:
    """A store that counts fewer profiles than converted is refused: no rate is above 1."""

    class Wrong(Ledger):
        def profile_count(self) -> int:
            return 1

    with pytest.raises(StoreError) as caught:
        report(Wrong([done("a", "2026-01-01"), done("b", "2026-01-01")]), goal())
    assert caught.value.code == "store-inconsistent"


def test_nothing_at_all() -> None:
    """Of an empty ledger a report says nothing rather than dividing by zero."""
    found = report(Ledger(), goal(), breakdown="channel", baseline=("2026-01-01", "2026-01-31"))
    assert (found.completions, found.rate, found.interval, found.trend, found.breakdown) == (0, None, None, (), ())
    assert found.baseline is not None
    assert found.baseline.sentence == "No comparison of the baseline and the period: the baseline has no audience."
    assert "completion rate" in str(found)


@pytest.fixture
def small() -> GoalReport:
    entries = [
        done("a", "2026-01-01T10:00", channel="<b>", value=Decimal("10.50"), since_anchor=timedelta(hours=3)),
        done("b", "2026-01-03T10:00", channel="e\x1bmail", value=2),
    ]
    return report(
        Ledger(entries, {"c", "d"}, now=to_instant(at("2026-01-03T12:00"))),
        goal(),
        since="2026-01-01",
        baseline="previous",
        breakdown="channel",
    )


def test_text(small: GoalReport) -> None:
    """The plain text shows every part, aligned, with control characters as escapes."""
    text = str(small)
    assert text == "\n".join(line.rstrip() for line in text.split("\n"))
    assert "buy · since 2026-01-01 · UTC" in text
    assert re.search(r"^completion rate +50\.0 %$", text, re.MULTILINE)
    assert "▁" in text
    assert "\x1b" not in text
    assert "e\\x1bmail" in text
    assert re.search(r"^2026-01-03 \* +1 +1 +2\.00 ", text, re.MULTILINE)
    assert re.search(r"^time to convert, median +3 h$", text, re.MULTILINE)
    lines = text.split("\n\n", maxsplit=1)[0].split("\n")[1:]
    assert len({len(line) for line in lines[:-1]}) == 1


def test_html_is_escaped(small: GoalReport) -> None:
    """The notebook's HTML holds no markup but its own."""
    page = small._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_data(small: GoalReport) -> None:
    """The result as data: JSON says what the fields say, rows are flat."""
    data = json.loads(small.to_json())
    assert data["figures"]["conversion"] == {
        "count": 2,
        "total": 4,
        "rate": 0.5,
        "interval": {"low": pytest.approx(0.15, abs=0.01), "high": pytest.approx(0.85, abs=0.01), "confidence": 0.95},
    }
    assert data["figures"]["value"] == {"sum": "12.5", "count": 2, "mean": "6.25"}
    assert data["figures"]["time_to_convert"]["median"] == 10_800.0
    assert data["since"] == "2026-01-01T00:00:00+00:00"
    assert [row["completions"] for row in small.rows()] == [1, 0, 1]
    assert small.rows()[0]["start"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert [row["label"] for row in small.rows("breakdown")] == ["<b>", "e\x1bmail"]
    assert [row["period"] for row in small.rows("figures")] == ["period", "baseline"]
    with pytest.raises(QuestionError) as caught:
        small.rows("trends")  # type: ignore[arg-type]
    assert caught.value.hint == "did you mean `trend`?"
