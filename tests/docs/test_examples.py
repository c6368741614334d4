"""The scripts in ``examples/`` run, and print what the table beside them says."""

from __future__ import annotations

import re
import runpy
import warnings
from pathlib import Path

import pytest

from convgoals.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py"))


def _table() -> dict[str, list[str]]:
    """By script, what the table of the README quotes of its output."""
    rows = re.findall(
        r"^\| \[(\w+\.py)\]\(\1\) \|.*\| (.*) \|$", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    return {script: re.findall(r"`([^`]+)`", cell) for script, cell in rows}


def _run(script: str) -> dict[str, object]:
    """Run a script as ``python`` would; a warning is an error. Returns its names."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return runpy.run_path(str(EXAMPLES / script), run_name="__main__")


def test_the_table_has_every_script() -> None:
    """The table names each script that is there and no other, and quotes something that it prints."""
    table = _table()
    assert sorted(table) == SCRIPTS
    assert len(SCRIPTS) >= 6
    assert all(table.values())


@pytest.mark.parametrize("script", SCRIPTS)
def test_examples_print_what_the_table_says(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each script runs in a folder that is not its own, prints what is quoted of it, and leaves nothing there."""
    monkeypatch.chdir(tmp_path)
    _run(script)
    printed = capsys.readouterr()
    for quoted in _table()[script]:
        assert quoted in printed.out
    assert printed.err == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_examples_say_how_they_are_run(script: str) -> None:
    """Each script names its own command, and is short enough to be read at one sitting."""
    text = (EXAMPLES / script).read_text(encoding="utf-8")
    assert f"`python examples/{script}`" in text
    assert len(text.splitlines()) <= 60


def test_late_facts_are_retracted_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The ledger of the example ends with all three entries, the retraction among them with its cause."""
    _run("late_facts.py")
    ledger = [line.strip() for line in capsys.readouterr().out.splitlines()[-3:]]
    assert ledger == [
        "+ ann converted on 10 January; known on 12 January",
        "- ann converted on 10 January: no longer, because of r-ann; known on 20 January",
        "+ bob converted on 12 January; known on 20 January",
    ]


def test_the_durable_example_reads_each_fact_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Three runs over one file read two, four and no facts, and one profile converts, once."""
    _run("durable.py")
    out = capsys.readouterr().out
    assert re.findall(r"Opened: (\d)", out) == ["0", "2", "6"]
    assert re.findall(r"read up to (\d)", out) == ["2", "4", "6"]
    assert out.count("['ann'] converted") == out.count("ann completed") == 1


def test_the_follower_of_a_log_is_killed_in_the_middle(capsys: pytest.CaptureFixture[str]) -> None:
    """The follower is killed when it has read some of the log; nobody was told of more than was kept."""
    _run("follow_log.py")
    out = capsys.readouterr().out
    (share, kept), (told,) = re.findall(r"Killed: (\d+)% .* with (\d+)", out)[0], re.findall(r"told of (\d+)", out)
    assert 0 < int(share) < 100
    assert 0 < int(told) <= int(kept) <= int(told) + 25
    assert "as if it had never been killed: True" in out


def test_every_test_of_the_example_is_run_by_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Without pytest, the example of tests runs each of its functions that pytest would find."""
    names = _run("ci_test_goals.py")
    found = [value.__doc__ for name, value in names.items() if name.startswith("test_")]
    assert len(found) >= 3
    assert capsys.readouterr().out.splitlines() == [f"passed: {doc}" for doc in found]


def test_the_goals_of_the_example_pass_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    """The command line finds nothing wrong with the file of goals, its schema included."""
    assert main(["check", str(EXAMPLES / "goals.toml")]) == 0
    assert capsys.readouterr().err == ""


def test_links_of_the_examples_lead_somewhere() -> None:
    """Every link in the README of the examples leads to a file."""
    targets = re.findall(r"\]\(([^)#]+)\)", (EXAMPLES / "README.md").read_text(encoding="utf-8"))
    assert targets
    for target in targets:
        assert (EXAMPLES / target).exists(), target
