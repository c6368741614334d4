"""All habits, in the order in which they are looked for: what is said more precisely comes first."""

from __future__ import annotations

from convgoals.language.mistakes.habit import Habit
from convgoals.language.mistakes.habits_dates import DATES
from convgoals.language.mistakes.habits_events import EVENTS
from convgoals.language.mistakes.habits_frames import FRAMES
from convgoals.language.mistakes.habits_profiles import PROFILES
from convgoals.language.mistakes.habits_values import VALUES
from convgoals.language.mistakes.habits_windows import WINDOWS

HABITS: tuple[Habit, ...] = (*FRAMES, *WINDOWS, *DATES, *VALUES, *EVENTS, *PROFILES)
