"""``convgoals describe``: goals in plain English."""

from __future__ import annotations

import json

from cli_shop import Shop
from convgoals.goals import load_goals
from convgoals.language.condition import parse
from convgoals.language.describe import describe


def test_all_goals(shop: Shop) -> None:
    """Every goal of the file is described under its name."""
    outcome = shop("describe", "goals.toml")
    assert outcome.code == 0
    goals = load_goals(shop.path / "goals.toml")
    assert outcome.out == "\n".join(f"{goal.name}\n{goal.describe()}\n" for goal in goals)


def test_some_goals(shop: Shop) -> None:
    """``--goal`` chooses, in the order asked for."""
    outcome = shop("describe", "goals.toml", "--goal", "Purchase", "--goal", "Signup", "--format", "json")
    assert [each["name"] for each in json.loads(outcome.out)] == ["Purchase", "Signup"]


def test_one_condition(shop: Shop) -> None:
    """A condition is described as it is."""
    text = "event signup AND event purchase"
    described = describe(parse(text).root)
    assert shop("describe", "-e", text).out == f"{described}\n"
    as_json = json.loads(shop("describe", "--format", "json", stdin=text).out)
    assert as_json == {"when": "event signup and event purchase", "description": described}


def test_wrong_use(shop: Shop) -> None:
    """What cannot be described is told."""
    assert "did you mean `Purchase`?" in shop("describe", "goals.toml", "--goal", "Purchas").err
    assert shop("describe", "-e", "event a", "--goal", "x").code == 2
    assert shop("describe", "none.toml").code == 2
    assert shop("describe", "-e", "event").code == 2
