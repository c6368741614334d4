"""Try the installed package where only its dependencies are installed: run by ``.ci/run`` in a clean environment."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import convgoals
from convgoals import Event, Goal, GoalEngine
from convgoals.errors import MissingExtraError
from convgoals.sources import FactReader


def what_is_installed() -> None:
    """The package with all its data, its four dependencies, and nothing that an extra brings."""
    package = Path(convgoals.__file__).parent
    assert "site-packages" in package.parts, package
    for data in ("py.typed", "language/goal.lark", "pages/report.css", "samples/goals.toml", "samples/baskets.csv.gz"):
        assert (package / data).is_file(), data
    needed = [each for each in importlib.metadata.requires("convgoals") or () if "extra ==" not in each]
    assert {each.split(">")[0] for each in needed} == {"attrs", "lark", "python-dateutil", "sortedcontainers"}, needed
    for extra in ("altair", "rich", "pyarrow", "re2", "pygments", "hypothesis", "pytest"):
        assert importlib.util.find_spec(extra) is None, f"{extra} is installed: this environment is not clean"


def goals() -> None:
    """A goal is completed, and is found again in its store."""
    goal = Goal("purchase", "event purchase where value > 50 within 7 days of first event visit")
    visit = Event("visit", "ann", "2026-01-01T00:00:00Z")
    purchase = Event("purchase", "ann", "2026-01-08T00:00:00Z", {"value": 51})
    with GoalEngine([goal], store="sqlite:///wheel.db") as engine:
        assert len(engine.process([visit, purchase])) == 1
    with GoalEngine(store="sqlite:///wheel.db") as engine:
        assert [completion.profile_id for completion in engine.history()] == ["ann"]
    _command("report", "--store", "sqlite:///wheel.db", "--html", "report.html")
    assert "convgoals[charts]" in Path("report.html").read_text(encoding="utf-8")


def a_missing_extra() -> None:
    """What needs an extra says so."""
    Path("facts.parquet").write_bytes(b"PAR1")
    with suppress(MissingExtraError):
        FactReader("facts.parquet")
        raise AssertionError("Parquet was read without its extra")


def the_command() -> None:
    """The command is there, knows its version and runs the demo as plain text."""
    assert _command("--version").split()[-1] == importlib.metadata.version("convgoals")
    assert "Coupon redeemed" in _command("demo")


def _command(*arguments: str) -> str:
    program = Path(sys.executable).parent / "convgoals"
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    what_is_installed()
    goals()
    a_missing_extra()
    the_command()
    sys.stdout.write("the wheel works without extras\n")
