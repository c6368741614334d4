"""``docs/cli.md`` documents every command, option and exit code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from convgoals.cli import exits
from convgoals.cli.parser import COMMANDS, make_parser

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """The text of the page by heading."""
    parts = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def parsers() -> dict[str, Any]:
    """The parser of each command, by name."""
    found = next(action.choices for action in make_parser()._actions if isinstance(action.choices, dict))
    return dict(found)


@pytest.mark.parametrize("module", COMMANDS, ids=lambda module: module.NAME)
def test_every_option_is_documented(module: Any) -> None:
    """Each option of a command stands in that command's section, or among those of every command."""
    section = sections()[module.NAME] + sections()["Options of every command"]
    for action in parsers()[module.NAME]._actions:
        for option in action.option_strings:
            assert re.search(rf"`{option}[ `]", section), f"{module.NAME} {option}"


@pytest.mark.parametrize("module", COMMANDS, ids=lambda module: module.NAME)
def test_no_option_is_documented_that_is_not_there(module: Any) -> None:
    """Each option in a command's tables is one that the command has."""
    known = {option for action in parsers()[module.NAME]._actions for option in action.option_strings}
    tables = [line.split("|")[1] for line in sections()[module.NAME].splitlines() if line.startswith("| `-")]
    assert {option for cell in tables for option in re.findall(r"`(--?[a-z-]+)", cell)} <= known


def test_every_exit_code_is_documented() -> None:
    """Each code of ``exits`` has its row, and there is no other."""
    codes = {value for name, value in vars(exits).items() if name.isupper()}
    rows = re.findall(r"^\| (\d+) \|", sections()["Exit codes"], flags=re.MULTILINE)
    assert {int(row) for row in rows} == codes
