"""A goal's definition as stores write it, and back."""

from __future__ import annotations

import functools

from convgoals.goals import Goal, goal_from_dict, goal_to_dict
from convgoals.storage.codec import decode_value, encode_value


def goal_to_text(goal: Goal) -> str:
    """The JSON text of *goal*'s arguments."""
    return encode_value(goal_to_dict(goal))


@functools.lru_cache(maxsize=1_000)
def goal_from_text(text: str) -> Goal:
    """The goal of `goal_to_text`; goals are read again whenever another process has written, mostly the same ones.

    Raises what `convgoals.storage.codec.UNREADABLE` names.
    """
    return goal_from_dict(decode_value(text))
