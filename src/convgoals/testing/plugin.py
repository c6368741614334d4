"""The pytest plugin: the examples of ``goals.toml`` as tests, fixtures, and `assert goal in converted(…)` explained.

pytest finds it by itself where convgoals is installed; ``-p no:convgoals`` leaves it out. Nothing of convgoals is
imported before it is needed, so that a run that has no goals pays nothing, and its coverage is not disturbed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from convgoals.engine.engine import GoalEngine
    from convgoals.goals import Goal
    from convgoals.records import Completion, Retraction
    from convgoals.testing.examples import Example


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings, for pytest's own file of settings."""
    parser.addini(
        "convgoals_files",
        "names of files whose [[goal.example]] tables are tests (default: goals.toml and *.goals.toml; empty: none)",
        type="args",
        default=["goals.toml", "*.goals.toml"],
    )
    parser.addini("convgoals_goals", "the goals.toml of the fixtures, from the root directory", default="goals.toml")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file of goals is a collector of its examples."""
    if any(fnmatch(file_path.name, pattern) for pattern in parent.config.getini("convgoals_files")):
        found: GoalsFile = GoalsFile.from_parent(parent, path=file_path)
        return found
    return None


class GoalsFile(pytest.File):
    """A ``goals.toml``, whose examples are tests."""

    def collect(self) -> Iterator[pytest.Collector]:
        """The goals that have examples."""
        from convgoals.errors import ConvgoalsError  # noqa: PLC0415
        from convgoals.testing.examples import load_examples  # noqa: PLC0415

        try:
            examples = load_examples(self.path)
        except ConvgoalsError as error:
            raise self.CollectError(str(error)) from None
        for name, group in groupby(examples, key=lambda example: example.goal.name):
            yield GoalExamples.from_parent(self, name=name, examples=list(group))


class GoalExamples(pytest.Collector):
    """The examples of one goal."""

    def __init__(self, *, examples: list[Example], **rest: Any) -> None:
        super().__init__(**rest)
        self.examples = examples

    def collect(self) -> Iterator[pytest.Item]:
        """One test for each example: ``goals.toml::Goal name::example name``."""
        for example in self.examples:
            yield ExampleItem.from_parent(self, name=example.name, example=example)


class WrongExampleError(Exception):
    """An example does not come out as it says."""


class ExampleWarning(pytest.PytestWarning):
    """An example passes, and perhaps only because a name or a type in its timeline was meant otherwise."""


class ExampleItem(pytest.Item):
    """One example."""

    def __init__(self, *, example: Example, **rest: Any) -> None:
        super().__init__(**rest)
        self.example = example

    def runtest(self) -> None:
        """Fail with the timeline and the reason, if anything is not as the example says."""
        failure = self.example.failure()
        if failure:
            raise WrongExampleError(failure)
        for doubt in self.example.doubts():
            said = f"{self.example.goal.name}: {self.name}: it passes, but {doubt}"
            warnings.warn_explicit(said, ExampleWarning, str(self.path), 1)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The reason alone: nobody wants a traceback of an example."""
        if isinstance(excinfo.value, WrongExampleError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the example stands, as the head of its failure."""
        return self.path, None, f"{self.path.name}: {self.example.goal.name}: {self.name}"


_ITEM = pytest.StashKey[pytest.Item]()


def pytest_runtest_call(item: pytest.Item) -> None:
    """Remember which test runs, for the explanation that its report gets."""
    item.config.stash[_ITEM] = item


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> list[str] | None:
    """Say why a goal is, or is not, in what is converted; pytest cuts this short, so the report gets all of it."""
    if op not in {"in", "not in"} or type(right).__name__ != "Converted":
        return None
    from convgoals.goals import Goal  # noqa: PLC0415
    from convgoals.testing.assertions import Converted  # noqa: PLC0415

    if not isinstance(right, Converted) or not isinstance(left, Goal):
        return None
    standing, whole = right.explain(left)
    item = config.stash.get(_ITEM, None)
    if item is not None:
        item.add_report_section("call", "goal", whole)
    return [f"{left.name!r} {op} converted(timeline)", standing, "(the timeline and the reason stand below)"]


# ---- fixtures


class GoalClock:
    """A clock that stands still, and goes on when it is told to; it takes the engine of the test with it.

    Attributes:
        now: the time, in UTC; 2026-01-01T00:00:00Z at first.
    """

    def __init__(self) -> None:
        from convgoals.testing.timelines import timeline  # noqa: PLC0415

        self._timeline = timeline()
        self._engine: GoalEngine | None = None

    @property
    def now(self) -> datetime:
        return self._timeline.reached

    def advance(self, span: str) -> list[Completion | Retraction]:
        """Let a span of time pass, such as ``"3 days"``; returns what time alone has completed."""
        self._timeline = self._timeline.after(span)
        return self._tell()

    def advance_to(self, moment: datetime | str) -> list[Completion | Retraction]:
        """Go on to an instant; returns what time alone has completed."""
        self._timeline = self._timeline.at(moment)
        return self._tell()

    def _tell(self) -> list[Completion | Retraction]:
        return [] if self._engine is None else self._engine.advance(self.now)


@pytest.fixture
def goals(request: pytest.FixtureRequest) -> dict[str, Goal]:
    """The goals of the project's goals.toml by name; the setting `convgoals_goals` says where it is."""
    from convgoals.goals import load_goals  # noqa: PLC0415

    path = request.config.rootpath / request.config.getini("convgoals_goals")
    return _Goals({goal.name: goal for goal in load_goals(path)})


class _Goals(dict[str, "Goal"]):
    """Goals by name; one that does not exist is told with the nearest that does."""

    def __missing__(self, name: str) -> Goal:
        from convgoals.errors import UnknownGoalError  # noqa: PLC0415
        from convgoals.suggest import did_you_mean  # noqa: PLC0415

        raise UnknownGoalError(f"there is no goal {name!r:.80}", hint=did_you_mean(str(name), self))


@pytest.fixture
def goal_clock() -> GoalClock:
    """A frozen clock, `goal_clock.now`, which `goal_clock.advance("3 days")` moves, with the engine of the test."""
    return GoalClock()


@pytest.fixture
def goal_engine(goals: dict[str, Goal], goal_clock: GoalClock) -> Iterator[GoalEngine]:
    """An engine in memory with the project's goals, on the frozen clock; new for each test."""
    from convgoals.engine.engine import GoalEngine  # noqa: PLC0415

    with GoalEngine(goals.values()) as engine:
        goal_clock._engine = engine  # noqa: SLF001  one object in two parts
        yield engine
