"""The repository in ``examples/goals_project`` works when it is copied: every command of its CI file passes."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2] / "examples/goals_project"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project, copied as a user would."""
    target = tmp_path / "mine"
    shutil.copytree(PROJECT, target, ignore=shutil.ignore_patterns("__pycache__", ".*cache", ".hypothesis"))
    return target


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_ci_file_passes(copy: Path) -> None:
    """Each command that the CI file runs on a push ends well."""
    steps = re.findall(r"- run: (.*)", (copy / ".github/workflows/goals.yml").read_text(encoding="utf-8"))
    commands = [step.split() for step in steps if not step.startswith("pip ")]
    assert len(commands) == 5
    for command in commands:
        done = _run(copy, *command)
        assert done.returncode == 0, done.stdout + done.stderr
        if command == ["pytest"]:
            assert re.search(r"\b15 passed", done.stdout), done.stdout


def test_a_change_is_noticed(copy: Path) -> None:
    """A goal that is broken on purpose fails its examples, and the review says what it means."""
    shutil.copy(copy / "goals.toml", copy / "old.toml")
    text = (copy / "goals.toml").read_text(encoding="utf-8").replace("order_value >= 20", "order_value > 20")
    (copy / "goals.toml").write_text(text, encoding="utf-8")
    done = _run(copy, "convgoals", "test", "goals.toml")
    assert done.returncode == 1
    assert "order_value was 20, needs more than 20" in done.stdout
    done = _run(copy, "convgoals", "diff", "old.toml", "goals.toml", "--format", "markdown", "--exit-zero")
    assert done.returncode == 0
    assert "| First purchase within a week | narrower" in done.stdout
