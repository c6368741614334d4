"""What never came, never arrived, or arrived in the wrong type."""

from __future__ import annotations

from pathlib import Path

from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileSnapshot

GOALS = [
    Goal("Buy", 'event purchase where (order_value > 50 and curency = "EUR")'),
    Goal("Typo", "event purchase_complete"),
    Goal("State", 'profile.plan = "pro" and profile.age > 18 and campaign "spring" received'),
    Goal("Sum", "sum(order_value of event purchase) > 5"),
]


WRONG = "order_value of event 'purchase' arrived once as a number, once as text; it was of the wrong type once"


def day(number: int) -> str:
    return f"2026-01-{number:02}T00:00:00Z"


def feed(engine: GoalEngine) -> None:
    engine.process(
        [
            Event("purchase", "ann", day(1), {"order_value": 60, "currency": "EUR"}, id="1"),
            Event("purchase", "ben", day(2), {"order_value": "60"}, id="2"),
            Event("purchase_completed", "ben", day(2), id="3"),
            ProfileSnapshot("ann", day(1), {"plan": "pro", "ages": 7}, id="4"),
        ]
    )


def test_what_is_amiss() -> None:
    """Each goal is told what it missed, with what may have been meant; what is well is not told."""
    with GoalEngine(GOALS) as engine:
        feed(engine)
        found = engine.diagnostics()
        assert (found.looked_at, found.complete) == (2, True)
        assert {each.goal: list(each.problems()) for each in found.goals} == {
            "Buy": [
                WRONG,
                "curency of event 'purchase' has never arrived; did you mean `currency`?",
            ],
            "Typo": ["no event 'purchase_complete' has ever come; did you mean `purchase_completed`?"],
            "State": [
                "campaign 'spring' has never been received",
                "profile.age has never arrived; did you mean `ages`?",
            ],
            "Sum": [WRONG],
        }
        assert [each.goal for each in found.goals if each.never_reached] == ["Typo", "State"]
        assert found.ill_typed["Buy", "order_value", "str"] == 1
        assert found.unheard == {"purchase_completed": 1}


def test_after_a_restart(tmp_path: Path) -> None:
    """What is worked out from the store is the same; counters begin anew, and say since when."""
    url = f"sqlite:///{tmp_path}/goals.db"
    with GoalEngine(GOALS, store=url) as engine:
        feed(engine)
        before = engine.diagnostics()
    with GoalEngine(store=url) as engine:
        after = engine.diagnostics()
        assert [list(each.problems()) for each in after.goals[:1]] == [
            list(each.problems()) for each in before.goals[:1]
        ]
        assert list(after.goals[1].problems()) == [
            "no event 'purchase_complete' has ever come; did you mean `purchase`?"  # what was not kept is not known
        ]
        assert not after.unheard


def test_looking_at_some() -> None:
    """With many profiles it looks at the first so many, and says that these were not all; or at none."""
    with GoalEngine(GOALS) as engine:
        feed(engine)
        engine.process([CampaignReceipt("spring", "cem", day(3), id="c")])
        some = engine.diagnostics(profiles=2)
        assert (some.looked_at, some.complete) == (2, False)
        assert engine.diagnostics(profiles=None).complete
        none = engine.diagnostics(profiles=0)
        assert (none.looked_at, none.complete, none.goals) == (0, False, ())
        assert not engine.diagnostics().goals[2].never_reached
