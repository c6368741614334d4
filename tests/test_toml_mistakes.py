"""Hints for files that are no TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from convgoals.errors import GoalDefinitionError
from convgoals.goals import load_goals
from convgoals.toml_mistakes import toml_hint

CASES = {
    'when = "campaign "spring" received"': "when = 'campaign \"spring\" received'",
    "when = 'campaign 'spring' received'": "when = \"campaign 'spring' received\"",
    'when = "event a where x matches "\\d+""': "when = 'event a where x matches \"\\d+\"'",
    'timeline = ["event order id="18""]': "'campaign \"spring\" received'",
    'timeline = [\n  "event order id="18"",\n]': "'campaign \"spring\" received'",
    'tags = ["a" "b"]': "a comma stands between two texts",
    "when = event purchase": 'when = "event purchase"',
    'when = event purchase where currency = "EUR"': "when = 'event purchase where currency = \"EUR\"'",
    "name = “Purchase”": 'name = "Purchase"',
    "when = \"event a where x matches '\\d+'\"": "single quotes take a backslash as it is",
    'when = "event a where x matches \\d+"': "when = 'event a where x matches \\d+'",
    'when = "event a\n  and event b"': 'when = """…"""',
    'name "Purchase"': "`=`",
    'name = "a"\nname = "b"': "[[goal]]",
    "since = 2026-13-01": "",
    "name = ": "",
    "x = [1,": "",
}


@pytest.mark.parametrize("text", CASES)
def test_what_newcomers_write(text: str) -> None:
    """The hint shows how it is written; where nothing is known, there is none."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    hint = toml_hint(text, str(caught.value))
    assert CASES[text] in hint
    assert bool(hint) == bool(CASES[text])


@pytest.mark.parametrize("text", [text for text in CASES if " = " in CASES[text] and "\n" not in text])
def test_a_whole_line_that_is_shown_is_toml(text: str) -> None:
    """A corrected line can be copied."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    line = toml_hint(text, str(caught.value)).split(": ", 1)[-1]
    assert tomllib.loads(line)


def test_the_error_has_it(tmp_path: Path) -> None:
    """Who loads goals gets the hint with the error."""
    path = tmp_path / "goals.toml"
    path.write_text('[[goal]]\nname = "P"\nwhen = "campaign "spring" received"\n')
    with pytest.raises(GoalDefinitionError, match="is no TOML") as caught:
        load_goals(path)
    assert caught.value.hint.endswith("when = 'campaign \"spring\" received'")
