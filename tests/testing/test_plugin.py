"""The pytest plugin, on real files."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

GOALS = """\
[[goal]]
name = "Soon"
when = "event purchase where order_value > 50 within 7 days of first event visit"

[[goal.example]]
name = "buys in time"
timeline = ["event visit", "+7d event purchase order_value=80"]
expect = "converts"
completions = ["+7d"]

[[goal.example]]
name = "buys too little"
timeline = '''
event visit
+3d event purchase order_value=50
'''
expect = "open"

[[goal]]
name = "Kept"
when = "event order not followed within 14 days by event refund"

[[goal.example]]
timeline = ["event order", "+14d"]
expect = "converts"
"""

TESTS = """\
import pytest
from convgoals.testing import converted, timeline

def test_fixtures(goals, goal_engine, goal_clock):
    assert goal_engine.process(timeline().event("order")) == []
    assert goal_clock.advance("13 days") == []
    (done,) = goal_clock.advance_to("2026-01-15")
    assert done.achieved_at == goal_clock.now
    assert set(goals) == {"Soon", "Kept"}

def test_each_test_has_its_own(goal_engine, goal_clock):
    assert list(goal_engine.history()) == []
    assert goal_clock.now.isoformat() == "2026-01-01T00:00:00+00:00"

def test_clock_alone(goal_clock):
    assert goal_clock.advance("1 day") == []

def test_it_says_why(goals):
    late = timeline().event("visit").after("8 days").event("purchase", order_value=80)
    assert goals["Soon"] in converted(late)
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with goals and tests."""
    pytester.path.joinpath("goals.toml").write_text(GOALS, encoding="utf-8")
    pytester.makepyfile(test_goals=TESTS)
    return pytester


@pytest.mark.parametrize("more", [(), ("-p", "xdist", "-n", "2")], ids=["one", "xdist"])
def test_a_project(project: pytest.Pytester, more: tuple[str, ...]) -> None:
    """Examples and tests pass side by side, alone and in several processes; what fails says why."""
    if more:
        pytest.importorskip("xdist")
    result = project.runpytest_subprocess(*more)
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*'Soon' in converted(timeline)",
            "*- Captured goal call -*",
            "*purchase came 1 day after the window closed, at 2026-01-09 00:00 UTC",
            "*1 failed, 6 passed*",
        ]
    )


def test_ids(project: pytest.Pytester) -> None:
    """An example is called by its file, goal and name, and can be picked by it."""
    result = project.runpytest_subprocess("--collect-only", "-q", "goals.toml")
    result.stdout.fnmatch_lines(
        ["goals.toml::Soon::buys in time", "goals.toml::Soon::buys too little", "goals.toml::Kept::example 1"]
    )
    project.runpytest_subprocess("goals.toml::Soon::buys in time").assert_outcomes(passed=1)


def test_a_wrong_example(project: pytest.Pytester) -> None:
    """An example that does not come out fails with the timeline and the reason, and no traceback."""
    text = GOALS.replace('expect = "open"', 'expect = "converts"')
    project.path.joinpath("goals.toml").write_text(text, encoding="utf-8")
    result = project.runpytest_subprocess("goals.toml")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*goals.toml: Soon: buys too little*",
            "expected 'converts'; it is 'open'",
            "*order_value was 50, needs more than 50",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*WrongExampleError*runtest*")


def test_an_example_that_passes_for_another_reason(project: pytest.Pytester) -> None:
    """A name or a type that was probably meant otherwise is a warning, since such an example shows nothing."""
    text = GOALS.replace("+3d event purchase order_value=50", "+3d event purchase order_value='80'")
    project.path.joinpath("goals.toml").write_text(
        text.replace('"event order", "+14d"', '"event order", "event refunds", "+14d"')
    )
    result = project.runpytest_subprocess("goals.toml")
    result.assert_outcomes(passed=3, warnings=2)
    result.stdout.fnmatch_lines(
        [
            "*Soon: buys too little: it passes, but order_value is text in the timeline, and*",
            "*Kept: example 1: it passes, but *event 'refund', and the timeline has none; did you mean `refunds`?*",
        ]
    )


def test_a_goal_that_does_not_exist(project: pytest.Pytester) -> None:
    """The fixture tells the nearest name."""
    project.makepyfile(test_goals="def test_it(goals):\n    goals['Soone']\n")
    result = project.runpytest_subprocess("test_goals.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*there is no goal 'Soone'", "*did you mean `Soon`?*"])


def test_a_file_that_cannot_be_read(project: pytest.Pytester) -> None:
    """A mistake in the file is an error of collection, with its place and repair; an empty setting leaves files out."""
    project.path.joinpath("goals.toml").write_text(GOALS.replace("+7d event", "+7x event"), encoding="utf-8")
    result = project.runpytest_subprocess("goals.toml")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*goal 'Soon': example 'buys in time': step 2,*is no span of time*"])
    result = project.runpytest_subprocess("-o", "convgoals_files=", "--collect-only", "-q")
    result.stdout.no_fnmatch_line("*goals.toml*")


def test_other_files_and_settings(project: pytest.Pytester) -> None:
    """Settings say which files hold examples, and which are the goals of the fixtures."""
    project.path.joinpath("goals.toml").rename(project.path / "shop.toml")
    result = project.runpytest_subprocess("-o", "convgoals_files=shop.toml", "-o", "convgoals_goals=shop.toml")
    result.assert_outcomes(passed=6, failed=1)


def test_without_the_plugin(project: pytest.Pytester) -> None:
    """``-p no:convgoals`` leaves all of it out."""
    result = project.runpytest_subprocess("-p", "no:convgoals", "--deselect", "test_goals.py::test_it_says_why")
    result.assert_outcomes(errors=3)
    result.stdout.no_fnmatch_line("*goals.toml*")


def test_other_comparisons_are_left_alone(pytester: pytest.Pytester) -> None:
    """What is no question of a goal is explained by pytest as ever."""
    pytester.makepyfile(
        """
        from convgoals.testing import converted, timeline
        class Converted(list): pass
        def test_list(): assert 1 in Converted([2])
        def test_equal(): assert converted(timeline()) == 2
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*assert 1 in [[]2[]]*"])


def test_without_hypothesis(project: pytest.Pytester) -> None:
    """All but strategies works without Hypothesis, and a strategy says what is missing."""
    project.makeconftest("import sys; sys.modules['hypothesis'] = None")
    project.makepyfile(
        test_goals="""
        import pytest
        from convgoals import MissingExtraError
        def test_it(goal_engine):
            with pytest.raises(MissingExtraError, match="testing"):
                from convgoals.testing import logs_for
        """
    )
    result = project.runpytest_subprocess("-p", "no:hypothesispytest")
    result.assert_outcomes(passed=4)


def test_the_plugin_costs_nothing() -> None:
    """Where there are no goals, nothing of convgoals is loaded but the plugin itself."""
    code = "import sys, convgoals.testing.plugin; print(sorted(name for name in sys.modules if 'convgoals' in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
    assert done.stdout.strip() == "['convgoals', 'convgoals.testing', 'convgoals.testing.plugin']"
