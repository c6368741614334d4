"""Conversion goals for your own customer data platform: a condition language, exact history, analytics.

Write a goal, feed facts, read who converted, when, and why. Everything public is a name of this module; each is loaded
when it is first asked for, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convgoals.engine.aio import AsyncGoalEngine
    from convgoals.engine.engine import GoalEngine
    from convgoals.engine.intake import Rejection
    from convgoals.errors import (
        ConvgoalsError,
        FactError,
        GoalDefinitionError,
        GoalError,
        GoalSyntaxError,
        GoalTypeError,
        MissingExtraError,
        QuestionError,
        SourceError,
        StoreBusyError,
        StoreError,
        UnknownGoalError,
    )
    from convgoals.goals import Goal, load_goals
    from convgoals.language.condition import Condition, parse
    from convgoals.language.schema import Schema
    from convgoals.records import CampaignReceipt, Completion, Event, ProfileSnapshot, ProfileUpdate, Retraction

__all__ = [
    "AsyncGoalEngine",
    "CampaignReceipt",
    "Completion",
    "Condition",
    "ConvgoalsError",
    "Event",
    "FactError",
    "Goal",
    "GoalDefinitionError",
    "GoalEngine",
    "GoalError",
    "GoalSyntaxError",
    "GoalTypeError",
    "MissingExtraError",
    "ProfileSnapshot",
    "ProfileUpdate",
    "QuestionError",
    "Rejection",
    "Retraction",
    "Schema",
    "SourceError",
    "StoreBusyError",
    "StoreError",
    "UnknownGoalError",
    "load_goals",
    "parse",
]

_HOMES = {
    "engine.aio": ("AsyncGoalEngine",),
    "engine.engine": ("GoalEngine",),
    "engine.intake": ("Rejection",),
    "goals": ("Goal", "load_goals"),
    "language.condition": ("Condition", "parse"),
    "language.schema": ("Schema",),
    "records": ("CampaignReceipt", "Completion", "Event", "ProfileSnapshot", "ProfileUpdate", "Retraction"),
}
_HOME = {name: f"convgoals.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME.get(name, "convgoals.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
