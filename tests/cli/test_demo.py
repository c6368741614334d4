"""``convgoals demo``: the shape of what a newcomer sees."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from cli_shop import Shop
from convgoals.cli import demo_command
from convgoals.goals import load_goals
from convgoals.samples import GOALS


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory that the demo's temporary stores are in."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def test_demo(shop: Shop, temporary: Path) -> None:
    """It shows the goals, one goal's trend and breakdown, a funnel with drop-off, and what to do next."""
    outcome = shop("demo")
    assert (outcome.code, outcome.err) == (0, "")
    lines = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert lines[0].startswith("convgoals demo: 9 goals, 30,288 facts in ")
    assert "(removed at the end; --keep keeps it)" in lines[2]
    parts = ["Goals", "Coupon redeemed", "Coupon redeemed by channel", "Funnel, in this order", "What next"]
    assert [lines.index(part) for part in parts] == sorted(lines.index(part) for part in parts)
    assert any(line.startswith("Basket over 100 dollars 1,594 179 70.5 % active ") for line in lines)
    assert "completion rate 38.2 % of 254 profiles" in lines
    assert any(line.startswith("Type A 466 77 79.4 % █") for line in lines)
    assert any(line.startswith("2. Shopped after campaign 18 177 88.5 % -23 11.5 % █") for line in lines)
    assert any(line.startswith("3. Campaign 18 coupon redeemed 45 22.5 % -132 74.6 % █") for line in lines)
    assert sum(line.startswith("convgoals ") for line in lines[lines.index("What next") :]) == 4
    assert list(temporary.iterdir()) == []


def test_keep(shop: Shop, temporary: Path) -> None:
    """``--keep`` keeps the temporary store, and the next commands name it."""
    outcome = shop("demo", "--keep")
    (store,) = temporary.rglob("demo.db")
    assert f"Store: sqlite:///{store}" in outcome.out
    assert shop("goals", "--store", f"sqlite:///{store}").code == 0


def test_store(shop: Shop) -> None:
    """``--store`` keeps all in that store; a second time, nothing is doubled."""
    outcome = shop("demo", "--store", "sqlite:///demo.db")
    again = shop("demo", "--store", "sqlite:///demo.db")
    assert outcome.out.splitlines()[1:] == again.out.splitlines()[1:]
    assert "all facts were here already" in again.out
    history = shop("history", "--store", "sqlite:///demo.db", "--goal", "Coupon redeemed", "--format", "csv")
    assert len(history.out.splitlines()) == 1 + 568


def test_leaves_other_stores_alone(fed: Shop) -> None:
    """A store that holds other goals is refused, so that the demo cannot mix with real work."""
    outcome = fed("demo", "--store", fed.store)
    assert outcome.code == 2
    assert "holds other goals, such as 'Never came back': the demo leaves it alone" in outcome.err


def test_it_names_goals_of_the_sample() -> None:
    """The goals that the demo shows in detail are among the sample's."""
    names = {goal.name for goal in load_goals(GOALS)}
    assert {demo_command.FEATURED, *demo_command.STAGES} <= names
