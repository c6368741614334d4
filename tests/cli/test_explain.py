"""`convgoals explain`: why, why not, and the reasons counted."""

from __future__ import annotations

import io
import json
import re

import pytest

from cli_shop import Shop
from convgoals.cli.explaining import draw_explanation
from convgoals.cli.terminal import Terminal
from convgoals.explain.explain import explain
from convgoals.goals import Goal
from convgoals.records import Event


def test_why_not(fed: Shop) -> None:
    """The answer names the goal, the reason, and what is still missing."""
    outcome = fed("explain", "--store", fed.store, "--profile", "cem", "--goal", "Purchase")
    assert outcome.code == 0
    assert outcome.out == (
        "Purchase · profile cem\n"
        "Not completed at 2026-03-01 00:00 UTC.\n\n"
        "no  event purchase where amount > 10\n"
        "      no event purchase has come\n\n"
        "To complete it: event purchase where amount > 10.\n\n"
    )


def test_all_goals_at_a_time(fed: Shop) -> None:
    """Without ``--goal`` all active goals are explained; ``--at`` looks back."""
    outcome = fed(
        "explain", "--store", fed.store, "--profile", "ann", "--at", "2026-01-02T00:00:00Z", "--format", "json"
    )
    found = json.loads(outcome.out)
    assert [(each["goal"], each["standing"]["state"]) for each in found] == [
        ("Signup", "converted"),
        ("Purchase", "open"),
        ("Purchase after spring", "not entered"),
        ("Never came back", "open"),
    ]
    assert found[0]["root"]["facts"][0]["what"] == "event signup"


def test_from_files(shop: Shop) -> None:
    """With ``--goals`` it needs no store: the files are read for the answer, and nothing is kept."""
    outcome = shop(
        "explain", "--goals", "goals.toml", "--events", "events.csv", "--profile", "ben", "--goal", "Purchase"
    )
    assert (outcome.code, outcome.err) == (0, "")
    assert "Completed at 2026-02-02 09:00 UTC, by event purchase (id 6)." in outcome.out
    shop.write("empty.csv", "user,event,timestamp\n")
    outcome = shop("explain", "--goals", "goals.toml", "--events", "empty.csv", "--profile", "ben", "--goal", "Signup")
    assert outcome.err == "the files hold no facts\n"
    assert "Nothing is known of this profile." in outcome.out
    shop.write("bad.csv", "user,event,timestamp\nann,signup,yesterday\n")
    outcome = shop("explain", "--goals", "goals.toml", "--events", "bad.csv", "--profile", "ann")
    assert "bad.csv" in outcome.err


def test_misses(fed: Shop) -> None:
    """``--misses`` counts the reasons of all profiles."""
    outcome = fed("explain", "--store", fed.store, "--misses", "--goal", "Purchase")
    assert outcome.out == (
        "Purchase\nOf 4 profiles: 2 converted, 2 open.\n\n2  no event purchase has come (such as cem, dee)\n\n"
    )
    found = json.loads(fed("explain", "--store", fed.store, "--misses", "--limit", "1", "--format", "json").out)
    assert [each["profiles"] for each in found] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--store", "sqlite:///shop.db"], "whom to explain?"),
        (["--store", "sqlite:///shop.db", "--profile", "ann", "--misses"], "whom to explain?"),
        (["--profile", "ann"], "where to look?"),
        (["--profile", "ann", "--store", "sqlite:///shop.db", "--goals", "goals.toml"], "where to look?"),
        (["--profile", "ann", "--store", "sqlite:///shop.db", "--at", "noon"], "is no instant"),
        (["--profile", "ann", "--store", "sqlite:///shop.db", "--goal", "Purchas"], "did you mean `Purchase`?"),
    ],
)
def test_what_is_wrong_is_said(fed: Shop, options: list[str], problem: str) -> None:
    """A command line that cannot be answered is an error with a hint, and nothing is printed."""
    outcome = fed("explain", *options)
    assert (outcome.code, outcome.out) == (2, "")
    assert problem in outcome.err


def test_a_store_without_goals(shop: Shop) -> None:
    """It says so."""
    shop.run()
    shop.write("none.toml", '[[goal]]\nname = "n"\nwhen = "event x"\n')
    shop("run", "--goals", "none.toml", "--events", "events.csv", "--archive-missing", "--store", shop.store,
         "--profile-id", "user", "--type", "event")  # fmt: skip
    outcome = shop("explain", "--store", shop.store, "--profile", "ann")
    assert outcome.out.startswith("n · profile ann\n")


class Screen(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def test_as_a_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal rich draws a tree; hostile names stay text."""
    pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm")
    out = Screen()
    goal = Goal("G", "event visit and event purchase where order_value > 50")
    fact = Event("purchase", "ann\x1b[31m", "2026-01-01T00:00:00Z", {"order_value": 5}, id="p")
    draw_explanation(explain(goal, [fact]), Terminal(out, io.StringIO(), color=False))
    assert "ann\x1b" not in out.getvalue()
    shown = re.sub(r"\x1b\[\d*m|\s+", " ", out.getvalue())
    shown = " ".join(shown.split())
    assert "├── no event visit" in shown
    assert "needs more than 50" in shown
    assert "To complete it: event visit and event purchase where order_value > 50." in shown
