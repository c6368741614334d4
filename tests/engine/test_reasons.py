"""Where a profile stands with a goal, and why: `status`, `explain` and `explain_misses` of an engine."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileSnapshot, ProfileUpdate, UnknownGoalError
from convgoals.language.condition import Condition
from convgoals.records import Fact
from convgoals.standing.standing import Standing, standing
from convgoals.testing import logs, strategies

EXAMPLES = int(os.environ.get("CONVGOALS_EXAMPLES", "40"))


def day(number: int, hour: int = 0, microsecond: int = 0) -> datetime:
    return datetime(2026, 1, number, hour, 0, 0, microsecond, tzinfo=UTC)


def event(kind: str, number: int, hour: int = 0, **properties: object) -> Event:
    return Event(kind, "ann", day(number, hour), properties, id=f"{kind}-{number}-{hour}")


def states(goal: Goal, facts: list[Fact], *times: datetime) -> list[str]:
    return [str(standing(goal, facts, at).state) for at in times]


# ---- every kind of outermost window


def test_first_window_is_entered_once() -> None:
    """It is entered with the first anchor, open up to exactly its end, and then missed for good."""
    goal = Goal("g", "event buy within 7 days of first event visit")
    facts: list[Fact] = [event("other", 1), event("visit", 2), event("visit", 8)]
    microsecond = timedelta(microseconds=1)
    assert states(goal, facts, day(1), day(2), day(9), day(9) + microsecond) == [
        "not entered",
        "open",
        "open",
        "missed",
    ]
    at_end = standing(goal, facts, day(9))
    assert (at_end.entered_at, at_end.open_until, str(at_end)) == (
        day(2),
        day(9),
        "open until 2026-01-09T00:00:00+00:00",
    )
    after = standing(goal, facts, day(20))
    assert (after.closed_at, after.final, after.open_until) == (day(9), True, None)


def test_last_window_opens_again() -> None:
    """A later anchor opens it anew, so that having missed is not final."""
    goal = Goal("g", "event buy within 2 days of last event visit")
    facts: list[Fact] = [event("visit", 2), event("visit", 8)]
    assert states(goal, facts, day(3), day(5), day(8), day(11)) == ["open", "missed", "open", "missed"]
    assert not standing(goal, facts, day(5)).final
    assert standing(goal, facts, day(9)).entered_at == day(2)
    assert standing(goal, facts, day(9)).open_until == day(10)


def test_any_window_is_open_while_one_is() -> None:
    """Of several open windows the last to close counts."""
    goal = Goal("g", "event buy within 4 days of any event visit")
    facts: list[Fact] = [event("visit", 2), event("visit", 5)]
    assert standing(goal, facts, day(5)).open_until == day(9)
    assert states(goal, facts, day(9), day(10)) == ["open", "missed"]


def test_property_window() -> None:
    """It is entered when the property's time has come, and follows the property."""
    goal = Goal("g", "event buy within 2 days of profile.trial_at")
    facts: list[Fact] = [
        ProfileSnapshot("ann", day(1), {"trial_at": day(3).isoformat()}, id="s"),
        ProfileUpdate("ann", day(6), {"trial_at": day(6).isoformat()}, id="u"),
    ]
    assert states(goal, facts, day(2), day(3), day(5), day(5, 1), day(6), day(9)) == [
        "not entered", "open", "open", "missed", "open", "missed",
    ]  # fmt: skip
    long_ago: list[Fact] = [ProfileSnapshot("ann", day(9), {"trial_at": day(3).isoformat()}, id="s")]
    assert states(goal, long_ago, day(9)) == ["missed"]


def test_between_window() -> None:
    """Everybody who is known enters when the span begins, and has missed it after its last day."""
    goal = Goal("g", "event buy between 2026-01-03 and 2026-01-05")
    facts: list[Fact] = [event("visit", 1)]
    last = day(6) - timedelta(microseconds=1)
    assert states(goal, facts, day(2), day(3), last, day(6)) == ["not entered", "open", "open", "missed"]
    assert standing(goal, facts, day(6)).closed_at == last
    assert standing(goal, [event("visit", 4)], day(4)).entered_at == day(4)
    assert states(goal, [event("visit", 9)], day(9)) == ["not entered"]


def test_the_goals_own_window() -> None:
    """``within=`` is the outermost window, whatever windows the condition has."""
    goal = Goal("g", "event buy or (event sell within 1 day of first event sign)", within="3 days of first event visit")
    facts: list[Fact] = [event("visit", 2)]
    assert standing(goal, facts, day(3)).open_until == day(5)


def test_no_window() -> None:
    """Without a window a profile enters when it becomes known, and stays open."""
    found = standing(Goal("g", "event buy"), [event("visit", 2)], day(30))
    assert found == Standing("open", day(30), day(2))
    assert standing(Goal("g", "event buy"), []).state == "not entered"


def test_windows_joined() -> None:
    """Of an ``and`` every window must be met; of an ``or`` any may be, and a part without a window never closes."""
    both = Goal("g", "(event a within 2 days of first event v) and (event b within 5 days of first event v)")
    facts: list[Fact] = [event("v", 1)]
    assert standing(both, facts, day(2)).open_until == day(3)
    assert states(both, [*facts, event("a", 2)], day(4), day(7)) == ["open", "missed"]
    either = Goal("g", "(event a within 2 days of first event v) or (event b within 5 days of first event v)")
    assert standing(either, facts, day(4)).open_until == day(6)
    loose = Goal("g", "(event a within 2 days of first event v) or event b")
    assert standing(loose, facts, day(20)) == Standing("open", day(20), day(1))
    state = Goal("g", '(event a within 2 days of first event v) and profile.plan = "pro"')
    assert states(state, [*facts, event("a", 2)], day(20)) == ["open"]


@pytest.mark.parametrize(("count", "final", "until"), [("once", True, None), ("every", False, day(8))])
def test_counting(count: str, final: bool, until: datetime | None) -> None:
    """Converted is final where a goal counts once; else it may be completed again until its window closes."""
    goal = Goal("g", "event buy within 7 days of first event visit", count=count)
    found = standing(goal, [event("visit", 1), event("buy", 2), event("buy", 3)])
    assert (found.state, found.converted_at, found.final, found.open_until) == ("converted", day(2), final, until)
    assert found.completions == (1 if count == "once" else 2)


# ---- as an engine says it


@given(
    strategies.goal_conditions(max_depth=2),
    logs.logs(),
    st.sampled_from(("once", "every", "once per 1 day")),
    st.booleans(),
)
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_engine_and_function_agree(condition: object, log: list[Fact], count: str, archived: bool) -> None:
    """An engine's answer, from ledger and store, is the function's, from facts alone; also when it is archived."""
    goal = Goal("g", Condition(condition), count=count)  # type: ignore[arg-type]
    note(str(goal.condition))
    now = logs.START + timedelta(days=10)
    with GoalEngine([goal], keep="all") as engine:
        engine.process(log)
        engine.advance(now)
        if archived:
            engine.archive("g")
        assert engine.status("g", "p") == standing(goal, log, now)
        explanation = engine.explain(goal, "p")
        assert explanation.standing == standing(goal, log, now)
        assert list(explanation.completed_at) == [each.achieved_at for each in engine.history()]


def test_a_value_that_becomes_nan_has_changed() -> None:
    """What equals nothing is another value than none, for where a profile stands as for what it completed."""
    goal = Goal("g", "profile.q changes")
    first = ProfileSnapshot("p", day(1), {"q": float("nan")}, id="a")
    again = ProfileSnapshot("p", day(2), {"q": float("nan")}, id="b")
    with GoalEngine([goal]) as engine:
        engine.process([first])
        assert engine.status("g", "p") == standing(goal, [first], day(1))
        assert engine.status("g", "p").state == "converted"
        assert engine.process([again]) == []
    assert standing(Goal("g", "profile.q changes", since=day(2)), [first, again], day(3)).state == "open"


def test_archived_goals_stand_by_the_ledger() -> None:
    """What a goal completed before it was archived counts, whatever came after, and in the version that it has."""
    with GoalEngine([Goal("g", "event buy"), Goal("h", "event visit")]) as engine:
        engine.process([event("buy", 2)])
        engine.archive("g")
        engine.process([Event("buy", "ben", day(3), id="late"), event("visit", 4)])
        assert engine.status("g", "ann").state == "converted"
        assert engine.status("g", "ben") == Standing("open", day(3))  # known, though nothing of it is kept
        assert engine.explain("g", "ben").headline == "Not completed at 2026-01-03 00:00 UTC."
        assert engine.status("g", "ben", day(1)).state == "not entered"
        assert engine.explain("g", "ann").completed_at == (day(2),)
        engine.add(Goal("h", "event visit where page = 1"))
        assert engine.status("h", "ann").state == "open"


def test_merged_identities() -> None:
    """Either id asks about the one profile, and what each did counts."""
    goal = Goal("g", "event buy within 7 days of first event visit")
    with GoalEngine([goal]) as engine:
        engine.process([Event("visit", "cookie", day(1), id="v"), Event("buy", "ann", day(3), id="b")])
        assert engine.status(goal, "ann").state == "not entered"
        engine.merge("cookie", "ann")
        for name in ("ann", "cookie"):
            assert engine.status(goal, name).state == "converted"
            assert engine.explain(goal, name).profile_id == "ann"


def test_at_another_time() -> None:
    """``at`` looks back, and may look ahead; facts after it do not count."""
    goal = Goal("g", "event buy within 7 days of first event visit")
    with GoalEngine([goal]) as engine:
        engine.process([event("visit", 1), event("buy", 3)])
        assert engine.status(goal, "ann", day(2)).state == "open"
        assert engine.explain(goal, "ann", "2026-01-02T00:00:00Z").headline.endswith("open until 2026-01-08 00:00 UTC.")
        assert engine.status(goal, "ben").state == "not entered"
        assert engine.status(goal, "ben").at == day(3)
        with pytest.raises(UnknownGoalError):
            engine.status("nothing", "ann")


def test_misses_are_counted() -> None:
    """The reasons of all profiles, the most frequent first, with examples."""
    goal = Goal("Large order", 'event buy where value > 50 within 7 days of first campaign "spring" received')
    done: list[int] = []
    with GoalEngine([goal], keep="all") as engine:
        for place, (kind, value, number) in enumerate(
            [("buy", 60, 2), ("buy", 10, 2), ("buy", 20, 3), ("buy", "80", 3), ("buy", 70, 20), ("visit", 1, 2)]
        ):
            engine.process([
                CampaignReceipt("spring", f"p{place}", day(1), id="c"),
                Event(kind, f"p{place}", day(number), {"value": value}, id="e"),
            ])  # fmt: skip
        engine.process([Event("buy", "q", day(2), id="e")])
        engine.advance(day(25))
        found = engine.explain_misses(goal, on_progress=done.append)
        assert found.states == {"converted": 1, "missed": 5, "not entered": 1}
        assert [(each.profiles, each.kind, each.text, each.examples) for each in found.reasons] == [
            (2, "wrong value", "buy: value needs more than 50", ("p1", "p2")),
            (1, "never came", "no event buy has come", ("p5",)),
            (1, "not entered", 'the window has not opened: campaign "spring" has not been received', ("q",)),
            (1, "too late", "buy came after the window closed", ("p4",)),
            (1, "wrong type", "buy: value arrived as text: needs more than 50", ("p3",)),
        ]
        assert done == [7]
        assert str(found).splitlines()[:4] == [
            "Large order", "Of 7 profiles: 1 converted, 5 missed, 1 not entered.", "",
            "2  buy: value needs more than 50 (such as p1, p2)",
        ]  # fmt: skip
        assert engine.explain_misses(goal, limit=2).profiles == 2
        assert engine.explain_misses(goal, at=day(2)).states == {"converted": 1, "open": 5, "not entered": 1}
        assert '"kind": "wrong value"' in found.to_json()
    with GoalEngine([goal]) as engine:
        assert str(engine.explain_misses(goal)) == "Large order\nThere are no profiles."
