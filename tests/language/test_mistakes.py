"""What newcomers write, and the whole message that they get."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

import convgoals.language
from convgoals.errors import GoalError, GoalSyntaxError
from convgoals.goals import Goal
from convgoals.language.condition import parse
from convgoals.language.parse import parse_duration, parse_path, parse_window
from convgoals.language.patterns import why_unsafe
from mistake_cases import CODES, PAGE, MistakeCase, mistake_cases, page

CASES = list(mistake_cases())
REFUSED = [case for case in CASES if case.message is not None]


@pytest.fixture(autouse=True)
def _no_re2(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge patterns as where the extra `re2` is not installed."""
    monkeypatch.setitem(sys.modules, "re2", None)
    why_unsafe.cache_clear()


def refusal(text: str) -> GoalError:
    with pytest.raises(GoalError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.text)
def test_a_mistake_gets_its_message(case: MistakeCase) -> None:
    """The whole message is as the data file says."""
    assert str(refusal(case.text)) == case.message


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.text)
def test_every_repair_that_is_shown_can_be_read(case: MistakeCase) -> None:
    """A goal in a hint is whole and canonical: it is read, and printed as it stands there."""
    hint = refusal(case.text).hint
    shown = [line.strip() for line in hint.split("\n")[1:]] if "\n" in hint else re.findall(r"\Awrite: (.+)", hint)
    for text in shown:
        assert str(parse(text)) == text


@pytest.mark.parametrize("case", [case for case in CASES if case.canonical is not None], ids=lambda case: case.text)
def test_what_can_mean_one_thing_only_is_read(case: MistakeCase) -> None:
    """Habits that are clear are accepted, and become canonical."""
    assert str(parse(case.text)) == case.canonical
    assert parse(case.text) == parse(case.canonical or "")


def test_there_are_many_and_each_says_how_to_mend_it() -> None:
    """More than forty mistakes are known by name; only the unknown ones are called plain syntax errors."""
    errors = [refusal(case.text) for case in REFUSED]
    assert len({error.code for error in errors}) > 40
    assert all(error.hint for error in errors)
    assert sum(error.code == "syntax" for error in errors) <= 2


def test_the_page_lists_them_all() -> None:
    """``docs/errors.md`` is in step with the data file: run ``python tests/mistake_cases.py``."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_code_is_on_the_page() -> None:
    """Each code in the source of the language is explained, and none that does not exist."""
    folder = Path(convgoals.language.__file__).parent
    apart = {"builder.py", "plain.py", "schema.py", "schema_check.py", "schema_types.py", "tracking_plan.py"}
    pattern = re.compile(r'(?:code=|Habit\(\s*|Mistake\(\s*|Refusal\(\s*|yield )"([a-z][a-z0-9-]+)"')
    used = {
        code
        for path in folder.rglob("*.py")
        if path.name not in apart
        for code in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert used - set(CODES) == set()
    assert {code for code in CODES if code not in used} == set()


def test_an_error_is_data() -> None:
    """Code, line, column, span, text and hint can be read one by one."""
    error = refusal("event a\n  and order_value >> 5")
    assert isinstance(error, GoalSyntaxError)
    assert (error.line, error.column) == (2, 20)
    assert error.span is not None
    assert error.text[error.span.start : error.span.end] == ">"


def test_several_mistakes_of_one_text_are_mended_together() -> None:
    """A repair mends what else is wrong, so that it can be copied."""
    error = refusal("if purchase within a week of signup")
    assert "event purchase within 1 week of first event signup" in error.hint


def test_no_message_names_a_terminal_of_the_grammar() -> None:
    """What could have stood somewhere is said in words of the language."""
    for text in (
        "event a where x @ 5",
        "not",
        "event a within 7 days of",
        "profile. = 3",
        "()",
        "event a where lower(",
    ):
        assert not re.search(r"_[A-Z]{2,}|[A-Z]{4,}|\$END", str(refusal(text)))


def test_windows_durations_and_paths_have_their_messages_too() -> None:
    """The texts beside the condition are explained in the same way."""
    with pytest.raises(GoalSyntaxError, match="digits") as caught:
        parse_window("a week of first event signup")
    assert caught.value.hint == "write: 1 week of first event signup"
    with pytest.raises(GoalSyntaxError, match="whole amounts") as caught:
        parse_duration("1.5 days")
    assert caught.value.hint == "write: 1 day 12 hours"
    with pytest.raises(GoalSyntaxError):
        parse_path("order id")


def test_a_goal_that_holds_of_nobody_shows_what_to_add() -> None:
    """Vacuous goals are refused as goals, though they are conditions."""
    with pytest.raises(GoalError) as caught:
        Goal("x", "not event refund")
    assert caught.value.code == "vacuous"
    assert "event signup and not event refund" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("event a where " + "x = 1 and " * 1_500 + "x = 1", "too-long"),
        ("event " + "a" * 20_000, "too-long"),
        ("not " * 100 + "event a", "too-deep"),
        ('profile.x = "' + "a" * 1_001 + '"', "too-long"),
        ('profile.x = "' + "\x01" * 900 + '" or ' + 'profile.y = "' + "\x01" * 900 + '"', "too-long"),
        ("profile.x = " + "9" * 41, "number-too-long"),
        ("profile.x > 1e41", "number-too-long"),
        ("event a in last 2000 years", "duration-too-long"),
        ("event a in last 2 days 3 days", "duration"),
        ('event ""', "empty-name"),
        ('profile.x = "\\ud800"', "surrogate"),
        ("event a" + " followed by event a" * 9, "too-long"),
        ("profile.x in (" + ", ".join(map(str, range(501))) + ")", "too-long"),
        (" or ".join(f'profile.x matches "a{number}"' for number in range(11)), "too-long"),
        ("profile.x changes followed by event a with same b", "same-without-event"),
        ("event a or " * 3 + "x = 1 or y = 2 or z = 3 or v = 4 or w = 5", "bare-name"),
    ],
)
def test_what_is_too_big_or_odd_is_refused(text: str, code: str) -> None:
    """Past its bounds a text gets an error of the tree, with its place."""
    error = refusal(text)
    assert error.code == code
    assert error.span is not None
    assert len(str(error)) < 5_000


def test_what_is_no_text_is_refused() -> None:
    """A condition is text."""
    with pytest.raises(GoalSyntaxError, match="not 5") as caught:
        parse(5)  # type: ignore[arg-type]
    assert caught.value.code == "not-text"
