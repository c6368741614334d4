"""What is wrong with a goal's attributes is told with its repair."""

from __future__ import annotations

from typing import Any

import pytest

from convgoals.errors import GoalError
from convgoals.goals import Goal, goal_from_dict, goal_to_dict


@pytest.mark.parametrize(
    ("attributes", "hint"),
    [
        ({"count": "each"}, '"every"'),
        ({"count": "once a day"}, '"once per day"'),
        ({"count": "once every month"}, '"once per month"'),
        ({"count": "twice"}, '"once", "every", "once per 30 days" or "once per order_id"'),
        ({"count": "once per 30"}, '"once per 30 days" or "once per order_id"'),
        ({"count": "once per event.order_id"}, '"order_id"'),
        ({"value": "event.total"}, '"total"'),
        ({"value": "profile.worth"}, "send it with the event"),
        ({"campaign": ""}, "leave `campaign` out"),
        ({"within": "7 days"}, "write: 7 days of first event page_visit"),
        ({"within": "within 7 days of first event visit"}, "write: 7 days of first event visit"),
        ({"within": "in 7d after event visit"}, "write: 7 days of first event visit"),
        (
            {"within": "7d of event v"},
            "write one of these:\n    7 days of first event v\n    7 days of last event v\n    7 days of any event v",
        ),
        ({"within": "first event visit"}, "write: 7 days of first event visit"),
        ({"within": 'campaign "spring"'}, 'write: 7 days of first campaign "spring" received'),
    ],
)
def test_a_wrong_attribute_shows_its_repair(attributes: dict[str, Any], hint: str) -> None:
    """The hint is what was probably meant."""
    with pytest.raises(GoalError) as caught:
        Goal("g", "event a", **attributes)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("attributes", "message"),
    [({"within": 7}, "a window is text, not 7"), ({"within": " "}, "there is nothing to read")],
)
def test_a_window_that_is_none(attributes: dict[str, Any], message: str) -> None:
    """The message speaks of the window, not of a condition."""
    with pytest.raises(GoalError) as caught:
        Goal("g", "event a", **attributes)
    assert caught.value.message == message


def test_a_property_in_one_that_is_called_event() -> None:
    """In quotes, a name that would be taken for an owner is a name; goals are read back as they were."""
    goal = Goal("g", "event a", value='"event".worth', count='once per "profile".id')
    assert (goal.value, goal.count) == ('"event".worth', 'once per "profile".id')
    assert goal_from_dict(goal_to_dict(goal)) == goal
