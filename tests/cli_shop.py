"""A small shop to run commands on: goals, events, receipts, and what a command did."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import attrs
import pytest

from convgoals.cli import main
from convgoals.cli.parser import CommandParser, make_parser

GOALS = """\
# The shop's goals.

[source.events]
type = "event"
profile_id = "user"

[source.receipts]
profile_id = "user"

[[goal]]
name = "Signup"
when = "event signup"

[[goal]]
name = "Purchase"          # the one that counts
when = "event purchase where amount > 10"
count = "every"
value = "amount"

[[goal]]
name = "Purchase after spring"
when = "event purchase within 7 days of first campaign \\"spring\\" received"
campaign = "spring"

[[goal]]
name = "Never came back"
when = "event signup not followed within 14 days by event purchase"
"""

EVENTS = """\
id,user,event,timestamp,amount,channel
1,ann,signup,2026-01-01T10:00:00Z,,email
2,ben,signup,2026-01-02T10:00:00Z,,search
3,cem,signup,2026-01-03T10:00:00Z,,search
4,ann,purchase,2026-01-03T12:00:00Z,20.50,email
5,ann,purchase,2026-01-10T12:00:00Z,5,email
6,ben,purchase,2026-02-02T09:00:00Z,1200,search
7,ann,purchase,2026-02-05T09:00:00Z,30,
8,dee,browse,2026-02-06T09:00:00Z,,
"""

RECEIPTS = """\
user,campaign,timestamp
ann,spring,2026-02-01T00:00:00Z
ben,spring,2026-01-01T00:00:00Z
"""


@attrs.frozen
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str


class Shop:
    """A directory with goals, events and receipts, and commands run in it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = path
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.store = f"sqlite:///{path / 'shop.db'}"
        self.write("goals.toml", GOALS)
        self.write("events.csv", EVENTS)
        self.write("receipts.csv", RECEIPTS)

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.write_bytes(text.encode())
        return file

    def read(self, name: str) -> str:
        return (self.path / name).read_bytes().decode()

    def __call__(self, *arguments: str, stdin: str = "") -> Outcome:
        """Run a command in the directory."""
        self._monkeypatch.chdir(self.path)
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        code = main(arguments)
        captured = self._capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    def run(self, *options: str) -> Outcome:
        """Feed the shop's files into its store."""
        return self(
            "run", "--goals", "goals.toml", "--events", "events.csv", "--receipts", "receipts.csv",
            "--store", self.store, *options,
        )  # fmt: skip


def command_parsers() -> dict[str, CommandParser]:
    """The parser of each command with all its options, by the command's name."""
    parsers: dict[str, CommandParser] = next(
        action.choices for action in make_parser()._actions if isinstance(action.choices, dict)
    )
    for parser in parsers.values():
        parser.load()
    return parsers


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every option that a parser knows, those of the commands below it included."""
    found = {option for action in parser._actions for option in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {option for below in action.choices.values() for option in options_of(below)}
    return found
