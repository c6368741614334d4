"""Any text gives a condition, or an error of the tree in its place: a small run of ``fuzz.py``."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convgoals.errors import GoalError, Span


def _load() -> ModuleType:
    """``fuzz.py``, which is a script too."""
    path = Path(__file__).with_name("fuzz.py")
    spec = importlib.util.spec_from_file_location("language_fuzz", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["language_fuzz"] = module
    spec.loader.exec_module(module)
    return module


fuzz = _load()


@pytest.mark.parametrize("seed", range(4))
def test_mutated_goals_are_read_or_refused(seed: int) -> None:
    """Mutated and random texts hold the law; some are still conditions, the others have many kinds of mistakes."""
    outcome = fuzz.run(250, seed)
    assert outcome.count == 250
    assert 0 < outcome.accepted < 125
    assert len(outcome.codes) > 10


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(fuzz.PIECES), max_size=12).map(" ".join)))
def test_random_texts_are_read_or_refused(text: str) -> None:
    """So do texts that hypothesis thinks of."""
    fuzz.check_text(text, fuzz.Outcome())


@pytest.mark.parametrize(
    "text",
    [
        "(" * 590 + "event a" + ")" * 590,
        "not " * 1_190 + "event a",
        "event a where x > " + "1 + " * 590 + "1",
        "event a where x > " + "(" * 590 + "1",
        "profile" + ".a" * 590 + " = 1",
        "event a" + " within 1d of first event b" * 190,
        "not " * 500 + "event a and event b within 1 day of first event c",
        "event a and " * 390 + "event b",
        "x = 1 and " * 290 + "x = 1",
        '"' * 1_999,
        "event a where " + "\t" * 9_000,
        "event a where x" + " " * 5_000 + "like" + "\n" * 4_000 + "@",
        "event a where url matches '" + "(" * 400 + "'",
        "event a where url matches '" + "a?" * 200 + "'",
    ],
)
def test_deep_and_long_texts_do_not_recurse_out(text: str) -> None:
    """Nesting and length within the bounds of a text are no trouble, whether accepted or not."""
    fuzz.check_text(text, fuzz.Outcome())


def test_the_law_is_checked() -> None:
    """An error whose place lies outside of its text breaks the law, so a run that passes says something."""
    error = GoalError("message", code="code", text="abc", span=Span(2, 9))
    with pytest.raises(AssertionError):
        fuzz._check_error("abc", error)
