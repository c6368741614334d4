"""Conversion goals for your own customer data platform."""

from __future__ import annotations

from convgoals.errors import ConvgoalsError
from convgoals.goals import Goal, load_goals
from convgoals.language.condition import parse
from convgoals.records import CampaignReceipt, Completion, Event, ProfileSnapshot, ProfileUpdate, Retraction

__all__ = [
    "CampaignReceipt",
    "Completion",
    "ConvgoalsError",
    "Event",
    "Goal",
    "ProfileSnapshot",
    "ProfileUpdate",
    "Retraction",
    "load_goals",
    "parse",
]
