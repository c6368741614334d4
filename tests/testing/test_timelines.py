"""Timelines: calls and text say the same, and what cannot be read is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convgoals import CampaignReceipt, Event, Goal, ProfileSnapshot, ProfileUpdate
from convgoals.explain.explain import explain
from convgoals.testing import (
    Timeline,
    TimelineError,
    assert_completions,
    assert_converts,
    assert_not_converts,
    assert_open,
    converted,
    read_timeline,
    timeline,
)

SOON = Goal("Soon", "event purchase where order_value > 50", within="7 days of first event visit")


def test_calls_make_facts() -> None:
    """Each call is one fact, at the time that has been reached, with its place as its id."""
    made = timeline().event("visit").after("3 days").event("purchase", order_value=80).via("email").campaign("spring")
    made = made.at("2026-02-01").snapshot({"Plan Name": "pro"}).segments("vip").update(plan=None).named("u")
    at = "2026-01-04T00:00:00Z"
    assert list(made) == [
        Event("visit", "profile", "2026-01-01T00:00:00Z", id="step-1"),
        Event("purchase", "profile", at, {"order_value": 80}, "step-2", "email"),
        CampaignReceipt("spring", "profile", at, id="step-3"),
        ProfileSnapshot("profile", "2026-02-01T00:00:00Z", {"Plan Name": "pro"}, ("vip",), "step-4"),
        ProfileUpdate("profile", "2026-02-01T00:00:00Z", {"plan": None}, None, "u"),
    ]
    assert read_timeline(made.lines()) == made
    assert len(made) == 5


def test_a_timeline_is_frozen() -> None:
    """A call changes nothing; the timeline before it can be gone on from in two ways."""
    first = timeline().event("visit")
    assert first.after("1d") != first.event("visit") != first
    assert len(first) == 1


NAMES = st.text(min_size=1, max_size=8).filter(lambda text: not any(0xD800 <= ord(c) <= 0xDFFF for c in text))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.decimals(-1000, 1000, places=2), NAMES),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(NAMES, inner, max_size=2)),
    max_leaves=4,
)


@given(NAMES, st.dictionaries(NAMES, VALUES, max_size=3), st.lists(NAMES, max_size=2), st.integers(0, 10**13))
def test_text_reads_back(name: str, properties: dict[str, object], segments: list[str], gap: int) -> None:
    """Whatever names and values a timeline holds, its lines are read back as what they say."""
    made = timeline().event(name, properties).via(name).after(f"{gap} microseconds").snapshot(properties)
    made = made.segments(*segments).campaign(name)
    assert read_timeline(made.lines()).lines() == made.lines()
    again = read_timeline(made.lines())
    assert [type(fact) for fact in again] == [type(fact) for fact in made]
    assert again.reached == made.reached


def test_text_says_times_and_comments() -> None:
    """Times are relative or absolute; empty lines and comments say nothing; the last line may be a time alone."""
    made = read_timeline("# a visit\nevent visit\n\n+1d12h event x a.b=1 # it counts\n2026-03-01T00:00:00Z")
    assert made.facts[1].timestamp == datetime(2026, 1, 2, 12, tzinfo=UTC)
    assert made.facts[1] == Event("x", "profile", "2026-01-02T12:00:00Z", {"a": {"b": 1}}, "step-2")
    assert made.reached == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("3d event x", "not `3d`"),
        ("+3d event", "the event's type is missing"),
        ("+3x event a", "is no span of time"),
        ("event a b = 1", "`b` is not understood here"),
        ("event a b=", "a value is missing"),
        ('event a b="', "not closed"),
        ("event a b=1 b=2", "said twice"),
        ("event a b=1 b.c=2", "leads into a value"),
        ("event a b=[1,", "is no JSON"),
        (f"event a {'.'.join('b' * 60)}=1", "levels down"),
        ('event a b="\\x"', "is no text in quotes"),
        ("snapshot in [1]", "the segments are missing"),
        ("event a in vip", "segments belong"),
        ("snapshot in", "the segments are missing"),
        ("snapshot via email", "a channel belongs"),
        ("2025-01-01 event a", "comes before"),
        ("+9999y event a", "span"),
        ("+8000y event a", "at most 1,000 years"),
        ("2026-99-99 event a", "is no instant"),
        (f"event {'a' * 20_000}", "at most"),
    ],
)
def test_wrong_steps(line: str, said: str) -> None:
    """A step that cannot be read is told by its number and text."""
    with pytest.raises(TimelineError) as caught:
        read_timeline(["event visit", line])
    assert caught.value.message.startswith("step 2, `")
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("3d event x", "+3d event x"),
        ("+3 days event x", "+3days event x"),
        ("event x a = 80 b= 2", "event x a=80 b=2"),
        ("+1d event x a=1, b=2", "+1d event x a=1 b=2"),
        ("+1d x a=1", "+1d event x a=1"),
        ("2 days x total = 80", "+2days event x total=80"),
    ],
)
def test_a_wrong_step_is_shown_mended(line: str, mended: str) -> None:
    """Where it is clear what was meant, the hint is the step as it is written, and it can be read."""
    with pytest.raises(TimelineError) as caught:
        read_timeline(["event visit", line])
    assert caught.value.hint == f"write: {mended}"
    assert len(read_timeline(["event visit", mended])) == 2


def test_a_misspelt_kind_of_step() -> None:
    """What may happen is named."""
    with pytest.raises(TimelineError) as caught:
        read_timeline("evnt purchase")
    assert caught.value.hint == "did you mean `event`?"


def test_quotes_are_read_as_the_language_reads_them() -> None:
    """Single and curly quotes make a text too: inside the double quotes of TOML they need no escape."""
    made = read_timeline("event 'Order Completed' id='18' note=“two words” name=O'Neil via 'e mail'")
    assert made.facts[0] == Event(
        "Order Completed",
        "profile",
        "2026-01-01T00:00:00Z",
        {"id": "18", "note": "two words", "name": "O'Neil"},
        "step-1",
        "e mail",
    )
    with pytest.raises(TimelineError, match="not closed"):
        read_timeline("event a b='18")


def test_wrong_calls() -> None:
    """What belongs to a step needs one, and a step that is no text is no step."""
    for call in (
        lambda: timeline().via("email"),
        lambda: timeline().segments("vip"),
        lambda: timeline().named("x"),
        lambda: timeline("yesterday"),
        lambda: read_timeline([3]),  # type: ignore[list-item]
        lambda: assert_completions(SOON, timeline(), "+3d"),
        lambda: assert_converts(SOON, timeline(), at="+3"),
    ):
        with pytest.raises(TimelineError):
            call()


def test_assertions_hold() -> None:
    """The window includes its end, in the sense of each assertion."""
    visit = timeline().event("visit")
    exactly = visit.after("7 days").event("purchase", order_value=80)
    assert_converts(SOON, exactly)
    assert_completions(SOON, exactly, ["+7d"])
    assert_completions(SOON, exactly, ["2026-01-08T00:00:00Z"])
    assert_not_converts(SOON, exactly, at="+6d")
    assert_open(SOON, visit, at="+7d")
    assert_not_converts(SOON, visit.after("7d1us").event("purchase", order_value=80))
    assert SOON in converted(exactly)
    assert SOON not in converted(exactly, at="+1d")
    with pytest.raises(TypeError, match="a Goal is in"):
        _ = "Soon" in converted(exactly)


def test_a_failure_shows_the_timeline_and_why() -> None:
    """A failed assertion shows each step, what missed, and by how much."""
    late = timeline().event("visit").after("3d").event("purchase", order_value=50).after("5d")
    with pytest.raises(AssertionError) as caught:
        assert_converts(SOON, late.event("purchase", order_value=80))
    said = str(caught.value)
    assert said.startswith("'Soon' was not completed, and should be: it is missed\n")
    assert "2026-01-04T00:00:00Z  +3d event purchase order_value=50\n" in said
    assert "purchase came 1 day after the window closed, at 2026-01-09 00:00 UTC" in said
    with pytest.raises(AssertionError, match="is not open, and should be: it is not entered"):
        assert_open(SOON, timeline())
    done = timeline().event("visit").event("purchase", order_value=51)
    with pytest.raises(AssertionError, match=r"(?s)was completed, and should not be.*<- completes"):
        assert_not_converts(SOON, done)
    with pytest.raises(AssertionError, match="expected none; found 2026-01-01T00:00:00Z"):
        assert_completions(SOON, done, [])


@pytest.mark.parametrize(
    ("goal", "made"),
    [
        (Goal("g", 'count(event a in last 30 days) >= 3 and profile.plan = "pro"'), timeline().event("a")),
        (Goal("g", 'profile.plan = "pro" for 30 days'), timeline().snapshot(plan="pro").after("14d")),
        (Goal("g", 'event a within 1 day of last campaign "m" received'), timeline().campaign("m").after("2d")),
        (Goal("g", "event a followed within 1 day by event b"), timeline().event("a").after("9d").event("b")),
    ],
)  # fmt: skip
def test_what_is_told_is_the_explanation(goal: Goal, made: Timeline) -> None:
    """Beside the timeline stands the goal's explanation, each part with its truth and its reason."""
    with pytest.raises(AssertionError) as caught:
        assert_converts(goal, made)
    explanation = explain(goal, made, made.reached)
    assert f"at {made.reached:%Y-%m-%dT%H:%M:%SZ}: {explanation.headline}\n" in str(caught.value)
    for part in explanation.root.walk():
        assert f"  {'yes' if part.holds else 'no '} {part.condition}\n" in str(caught.value)
        assert part.text in str(caught.value)
    assert explanation.outlook in str(caught.value)


def test_facts_after_the_moment_are_marked() -> None:
    """A step after the moment that is judged does not count, and is marked so; several completions are counted."""
    every = Goal("g", "event a", count="every")
    made = timeline().event("a").event("a").after("1d").event("a")
    with pytest.raises(AssertionError) as caught:
        assert_not_converts(every, made, at="+1h")
    assert "+1d event a  (later, does not count)\n" in str(caught.value)
    assert "(2 times so far)" in str(caught.value)
    assert "goal 'g': event a (count every)\n" in str(caught.value)


def test_time_alone_is_told() -> None:
    """A completion that no step triggered stands in the timeline too."""
    kept = Goal("Kept", "event order not followed within 14 days by event refund", count="every")
    assert_completions(kept, timeline().event("order").after("1d").event("order").after("20d"), ["+14d", "+15d"])
    with pytest.raises(AssertionError, match=r"(?s)<- completed by time.*Completed at.*yes event order"):
        assert_not_converts(kept, timeline().event("order").after("14d"))
