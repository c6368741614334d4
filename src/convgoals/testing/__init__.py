"""For tests of goals, in your own CI: timelines, assertions, examples, and Hypothesis strategies.

Everything public is a name of this module, loaded when it is first asked for: strategies need Hypothesis, and nothing
else here does. ``convgoals.testing.reference`` is the reference evaluator, ``convgoals.testing.contract`` the tests of
storage backends.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convgoals.testing.assertions import (
        assert_completions,
        assert_converts,
        assert_not_converts,
        assert_open,
        converted,
    )
    from convgoals.testing.examples import Example, load_examples
    from convgoals.testing.properties import conditions, facts_for, goals, logs_for
    from convgoals.testing.steps import TimelineError
    from convgoals.testing.timelines import Timeline, read_timeline, timeline

__all__ = [
    "Example",
    "Timeline",
    "TimelineError",
    "assert_completions",
    "assert_converts",
    "assert_not_converts",
    "assert_open",
    "conditions",
    "converted",
    "facts_for",
    "goals",
    "load_examples",
    "logs_for",
    "read_timeline",
    "timeline",
]

_HOMES = {
    "assertions": ("assert_completions", "assert_converts", "assert_not_converts", "assert_open", "converted"),
    "examples": ("Example", "load_examples"),
    "properties": ("conditions", "facts_for", "goals", "logs_for"),
    "steps": ("TimelineError",),
    "timelines": ("Timeline", "read_timeline", "timeline"),
}
_HOME = {name: f"convgoals.testing.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
