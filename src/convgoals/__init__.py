"""Conversion goals for your own customer data platform: a condition language, exact history, analytics.

Write a goal, feed facts, read who converted, when, and why. Everything public is a name of this module.
"""

from __future__ import annotations

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
