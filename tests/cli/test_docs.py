"""``docs/cli.md`` documents every command, option and exit code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli_shop import command_parsers, options_of
from convgoals.cli import exits
from convgoals.cli.parser import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """The text of the page by heading."""
    parts = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_documented(name: str) -> None:
    """Each option of a command stands in that command's section, or among those of every command."""
    section = sections()[name] + sections()["Options of every command"]
    for option in options_of(command_parsers()[name]):
        assert re.search(rf"`{option}[ `]", section), f"{name} {option}"


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_is_documented_that_is_not_there(name: str) -> None:
    """Each option in a command's tables is one that the command has."""
    tables = [line.split("|")[1] for line in sections()[name].splitlines() if line.startswith("| `-")]
    found = {option for cell in tables for option in re.findall(r"`(--?[a-z-]+)", cell)}
    assert found <= options_of(command_parsers()[name])


def test_every_exit_code_is_documented() -> None:
    """Each code of ``exits`` has its row, and there is no other."""
    codes = {value for name, value in vars(exits).items() if name.isupper()}
    rows = re.findall(r"^\| (\d+) \|", sections()["Exit codes"], flags=re.MULTILINE)
    assert {int(row) for row in rows} == codes
