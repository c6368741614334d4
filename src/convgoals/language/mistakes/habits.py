"""All habits, in the order in which they are looked for: what is said more precisely comes first."""

from __future__ import annotations

import functools
import re

from convgoals.language.mistakes.habit import Habit, needed
from convgoals.language.mistakes.habits_counting import COUNTING
from convgoals.language.mistakes.habits_dates import DATES
from convgoals.language.mistakes.habits_events import EVENTS
from convgoals.language.mistakes.habits_frames import FRAMES
from convgoals.language.mistakes.habits_functions import FUNCTIONS, UNKNOWN
from convgoals.language.mistakes.habits_profiles import PROFILES
from convgoals.language.mistakes.habits_values import VALUES
from convgoals.language.mistakes.habits_windows import WINDOWS
from convgoals.language.mistakes.reading import Reading

HABITS: tuple[Habit, ...] = (*FRAMES, *COUNTING, *WINDOWS, *DATES, *VALUES, *FUNCTIONS, *EVENTS, *PROFILES, *UNKNOWN)


def habits_in(reading: Reading) -> list[Habit]:
    """The habits of which *reading* has at least the words: the few whose patterns are worth a look."""
    if _WIDE_GAP.search(reading.text, 0, reading.tokens[-1].end):
        return []
    every, needs = _index()
    present = {text for text in every if text in reading.lower}
    return [habit for habit, texts in needs if not texts.isdisjoint(present)]


_WIDE_GAP = re.compile(r"\s{100}")
"""Nobody's habit, and patterns that try every way to share it out would take long."""


@functools.cache
def _index() -> tuple[frozenset[str], tuple[tuple[Habit, frozenset[str]], ...]]:
    """All texts that habits need, and each habit with its own."""
    needs = tuple((habit, needed(habit.pattern)) for habit in HABITS)
    return frozenset().union(*(texts for _, texts in needs)), needs
