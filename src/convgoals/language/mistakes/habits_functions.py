"""Habits about functions."""

from __future__ import annotations

from convgoals.language.mistakes.habit import Habit

FUNCTIONS: tuple[Habit, ...] = (
    Habit(
        "unknown-function",
        r"\b(?P<bad>len|size|strlen|char_length)\s*\(",
        "there is no function `{1}`; it is called `length`",
        ("length(",),
        hint="length(…)",
    ),
    Habit(
        "unknown-function",
        r"\b(?P<bad>lowercase|lcase|tolower)\s*\(",
        "there is no function `{1}`; it is called `lower`",
        ("lower(",),
        hint="lower(…)",
    ),
    Habit(
        "unknown-function",
        r"\b(?P<bad>average|mean)\s*\(",
        "there is no function `{1}`; it is called `avg`",
        ("avg(",),
        hint="avg(… of event …)",
    ),
    Habit(
        "unknown-function",
        r"\b(?P<bad>count_distinct|unique|uniq|nunique)\s*\(",
        "there is no function `{1}`; it is called `distinct`",
        ("distinct(",),
        hint="distinct(… of event …)",
    ),
)

UNKNOWN: tuple[Habit, ...] = (
    Habit(
        "unknown-function",
        r"(?<!event\s)(?<!campaign\s)(?<![.\w])(?!(?:lower|length|sum|avg|min|max|distinct)\b)(?P<bad>{plain})\s*\(",
        "there is no function `{1}`; there are `lower`, `length`, `count`, `sum`, `avg`, `min`, `max` and `distinct`",
        hint='lower(country) = "de"',
    ),
)
"""What is said where no other habit is known."""
