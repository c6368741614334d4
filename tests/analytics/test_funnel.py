"""Funnels of goals: counts, rates, times, groups and who dropped where."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.ledger import Ledger, at, done, goal, ledgers, periods
from convgoals.analytics.chains import in_any_order, in_order
from convgoals.analytics.funnel import funnel
from convgoals.analytics.periods import read_span
from convgoals.analytics.stats import difference, holm
from convgoals.errors import QuestionError, StoreError
from convgoals.instants import to_datetime, zone
from convgoals.records import CampaignReceipt

STAGES = ("visit", "cart", "buy")
GOALS = tuple(goal(name) for name in STAGES)
spans = st.sampled_from([None, "1 hour", "1 day", "3 days"])


def paths(
    ledger: Ledger, order: str, within: str | None, between: str | None, since: datetime | None, until: datetime | None
) -> dict[str, list[datetime]]:
    """Each profile's chosen completions, from the raw entries one profile at a time."""
    chosen = {}
    utc = zone("UTC")
    for profile_id in sorted({entry.profile_id for entry in ledger.entries}):
        times = [
            [
                c.achieved_at
                for c in ledger.completions(name, profile_id=profile_id)
                if (since is None or c.achieved_at >= since) and (until is None or c.achieved_at <= until)
            ]
            for name in STAGES
        ]
        if order == "strict":
            chosen[profile_id] = in_order(times, read_span(within, utc, ""), read_span(between, utc, ""))
        else:
            chosen[profile_id] = in_any_order(times, read_span(within, utc, ""))
    return {profile_id: path for profile_id, path in chosen.items() if path}


@given(ledgers(*STAGES, most=60), st.sampled_from(["strict", "any"]), spans, spans, periods)
def test_counts(
    ledger: Ledger,
    order: str,
    within: str | None,
    between: str | None,
    period: tuple[datetime | None, datetime | None],
) -> None:
    """Each profile counts once, at its furthest stage; nothing is lost between stages, and a funnel never widens."""
    between = between if order == "strict" else None
    since, until = period
    found = funnel(ledger, GOALS, within=within, between=between, order=order, since=since, until=until)  # type: ignore[arg-type]
    expected = paths(ledger, order, within, between, since, until)
    furthest = Counter(map(len, expected.values()))
    counts = [stage.count for stage in found.stages]
    assert counts == [sum(n for length, n in furthest.items() if length >= k) for k in (1, 2, 3)]
    assert counts == sorted(counts, reverse=True)
    assert [stage.dropped for stage in found.stages] == [furthest[1], furthest[2], 0]
    assert found.stages[0].step.total == ledger.profile_count()
    for before, stage in zip(found.stages, found.stages[1:], strict=False):
        assert stage.step.total == before.count
        assert stage.overall.total == counts[0]
        times = sorted(
            max(path[: stage.number]) - max(path[: stage.number - 1])
            for path in expected.values()
            if len(path) >= stage.number
        )
        assert stage.time.count == len(times) == stage.count
        if times:
            middle = times[(len(times) - 1) // 2], times[len(times) // 2]
            assert stage.time.median is not None
            assert abs(stage.time.median - (middle[0] + middle[1]) / 2) <= timedelta(microseconds=1)
            assert times[0] >= timedelta(0)


@given(ledgers(*STAGES, most=60), spans)
def test_who(ledger: Ledger, within: str | None) -> None:
    """Those who dropped at a stage are the profiles whose furthest stage it is; nobody is named twice."""
    found = funnel(ledger, GOALS, within=within)
    expected = paths(ledger, "strict", within, None, None, None)
    for number, name in enumerate(STAGES, start=1):
        dropped = [profile_id for profile_id, path in expected.items() if len(path) == number < 3]
        assert sorted(found.dropped(number)) == dropped
        assert sorted(found.dropped(name)) == dropped
        assert sorted(found.reached(number)) == [p for p, path in expected.items() if len(path) >= number]


@given(
    ledgers(*STAGES, most=60),
    st.sampled_from(["strict", "any"]),
    st.sampled_from(["channel", "version", "segment"]),
    st.integers(1, 3),
)
def test_groups(ledger: Ledger, order: str, by: str, limit: int) -> None:
    """A group is the funnel of the profiles whose first stage has its value; exclusive ones add up to the whole."""
    found = funnel(ledger, GOALS, order=order, breakdown=by, limit=limit, within="1 day")  # type: ignore[arg-type]
    expected = paths(ledger, order, "1 day", None, None, None)
    keys: dict[str, set[str | None]] = {}
    for profile_id, path in expected.items():
        first = next(c for c in ledger.completions("visit", profile_id=profile_id) if c.achieved_at == path[0])
        values: dict[str, list[str | None]] = {
            "channel": [first.channel],
            "version": [str(first.version)],
            "segment": [*first.segments] or [None],
        }
        keys[profile_id] = set(values[by])
    named = {group.key for group in found.groups if group.kind != "others"}
    assert len(found.groups) <= limit + 1
    for group in found.groups:
        inside = [
            expected[profile_id]
            for profile_id, own in keys.items()
            if (own - named if group.kind == "others" else group.key in own)
        ]
        assert [stage.count for stage in group.stages] == [sum(len(path) >= k for path in inside) for k in (1, 2, 3)]
    if by != "segment":
        whole = [sum(group.stages[k].count for group in found.groups) for k in range(3)]
        assert whole == ([stage.count for stage in found.stages] if found.groups else [0, 0, 0])


def test_differences() -> None:
    """A group is tested against all others in the funnel, with Holm's correction over the groups."""
    entries = []
    for channel, people, buyers in (("ads", 50, 5), ("email", 50, 30), ("push", 50, 20)):
        for n in range(people):
            entries.append(done(f"{channel}{n}", "2026-01-01", "visit", channel=channel))
            if n < buyers:
                entries.append(done(f"{channel}{n}", "2026-01-02", "buy"))
    found = funnel(Ledger(entries), [goal("visit"), goal("buy")], breakdown="channel")
    ads, email, push = found.groups
    assert [group.label for group in found.groups] == ["ads", "email", "push"]
    assert ads.difference is not None
    assert email.difference is not None
    assert push.difference is not None
    assert (ads.difference.first.count, ads.difference.first.total) == (50, 100)
    assert ads.difference.p_value == difference(ads.difference.first, ads.difference.second).p_value
    raw = [group.difference.p_value or 0.0 for group in found.groups if group.difference is not None]
    assert [g.difference.corrected_p_value for g in found.groups if g.difference is not None] == holm(raw)
    assert "evidence of a difference from the rest for: ads, email (Holm" in str(found)


def test_linked_goals() -> None:
    """A goal linked to a campaign counts its recipients from the first receipt on, unless everyone is asked for."""
    sent = [CampaignReceipt("spring", "a", at("2026-01-02")), CampaignReceipt("spring", "b", at("2026-01-02"))]
    entries = [
        done("a", "2026-01-01", "visit"),
        done("a", "2026-01-03", "buy"),
        done("b", "2026-01-01", "visit"),
        done("b", "2026-01-01", "buy"),
        done("c", "2026-01-01", "visit"),
        done("c", "2026-01-03", "buy"),
    ]
    ledger = Ledger(entries, sent=sent)
    goals = [goal("visit"), goal("buy", campaign="spring")]
    assert [stage.count for stage in funnel(ledger, goals).stages] == [3, 1]
    assert [stage.count for stage in funnel(ledger, goals, audience="all").stages] == [3, 3]
    first = funnel(ledger, [goal("visit", campaign="spring"), goal("buy")])
    assert (first.stages[0].count, first.stages[0].step.total) == (0, 2)


def test_versions() -> None:
    """A version asked for counts alone."""
    ledger = Ledger([done("a", "2026-01-01", "visit"), done("a", "2026-01-02", "buy", version=2)])
    goals = [goal("visit"), goal("buy")]
    assert funnel(ledger, goals, versions={"buy": 1}).stages[1].count == 0
    assert funnel(ledger, goals, versions={"buy": 2}).stages[1].count == 1


@pytest.mark.parametrize(
    ("goals", "arguments", "code", "hint"),
    [
        (["visit"], {}, "stages", "funnel("),
        (["visit", "visit"], {}, "stages", ""),
        (["visit", "buy"], {"order": "strikt"}, "order", "did you mean `strict`?"),
        (["visit", "buy"], {"order": "any", "between": "1 day"}, "order", "within="),
        (["visit", "buy"], {"within": "soon"}, "window", '"7 days"'),
        (["visit", "buy"], {"between": timedelta(days=-1)}, "window", '"7 days"'),
        (["visit", "buy"], {"breakdown": "segments"}, "dimension", "did you mean `segment`?"),
        (["visit", "buy"], {"audience": "recipients"}, "audience", "campaign"),
        (["visit", "buy"], {"audience": "everyone"}, "audience", "one of all, recipients"),
    ],
)
def test_refusals(goals: list[str], arguments: dict[str, object], code: str, hint: str) -> None:
    """What is no funnel is refused with a code and a repair."""
    with pytest.raises(QuestionError) as caught:
        funnel(Ledger(), [goal(name) for name in goals], **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert hint in caught.value.hint


@pytest.mark.parametrize("stage", [0, 3, True, "bye", None])
def test_unknown_stage(stage: int | str) -> None:
    """Asking for a stage that there is not is refused, with the nearest name."""
    with pytest.raises(QuestionError) as caught:
        funnel(Ledger(), [goal("visit"), goal("buy")]).dropped(stage)
    assert caught.value.code == "stage"
    assert caught.value.hint == ("did you mean `buy`?" if stage == "bye" else "1 to 2, or a goal's name")


def test_contradiction() -> None:
    """A store that counts fewer profiles than entered is refused."""

    class Wrong(Ledger):
        def profile_count(self) -> int:
            return 0

    with pytest.raises(StoreError):
        funnel(Wrong([done("a", "2026-01-01", "visit")]), [goal("visit"), goal("buy")])


def test_forms() -> None:
    """A funnel as data names no profile; as text it shows each stage."""
    ledger = Ledger([done("somebody", "2026-01-01", "visit", channel="ads"), done("somebody", "2026-01-02", "buy")])
    found = funnel(ledger, [goal("visit"), goal("buy")], within="7 days", breakdown="channel")
    data = json.loads(found.to_json())
    assert "somebody" not in found.to_json()
    assert "somebody" not in repr(found)
    assert [stage["time"]["median"] for stage in data["stages"]] == [None, 86_400.0]
    assert [row["profiles"] for row in found.rows()] == [1, 1]
    assert [(row["group"], row["stage"]) for row in found.rows("groups")] == [("ads", 1), ("ads", 2)]
    text = str(found)
    assert "Funnel · all time · in this order · within 7 days of the first" in text
    assert "2. buy" in text
    assert found.overall.rate == 1.0
    assert "<caption>Funnel" in found._repr_html_()
    empty = funnel(Ledger(), [goal("visit"), goal("buy")], between=timedelta(hours=1), order="strict")
    assert empty.overall.rate is None
    assert "within 1:00:00 of the one before" in str(empty)


def test_reader_times_are_utc() -> None:
    """A stage's times are instants, whatever the zone that the question is read in."""
    ledger = Ledger([done("a", to_datetime(0), "visit"), done("a", to_datetime(1), "buy")])
    found = funnel(ledger, [goal("visit"), goal("buy")], timezone="Asia/Tokyo", since="1970-01-01", until="1970-01-01")
    assert [stage.count for stage in found.stages] == [1, 1]
    assert found.since == at("1969-12-31T15:00")
