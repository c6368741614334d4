"""Habits about the text as a whole: other languages, comments, words before and after."""

from __future__ import annotations

from convgoals.language.mistakes.habit import Habit

_SQL = r"\A\s*select\b.*?\bfrom\s+({name})"


FRAMES: tuple[Habit, ...] = (
    # ---- other languages and words around
    Habit(
        "json",
        r"""\A\s*\{\s*["'](?:event|type|event_type|event_name)["']\s*:\s*["']([^"'\n]*)["']\s*\}?\s*\Z""",
        "this is JSON, and a condition is written in words",
        ('event "{1}"',),
        hint="for example: event purchase_completed where order_value > 50",
        anywhere=True,
    ),
    Habit(
        "json",
        r"\A\s*[\{\[].*",
        "this is JSON, and a condition is written in words",
        hint="for example: event purchase_completed where order_value > 50",
        anywhere=True,
    ),
    Habit(
        "sql",
        _SQL + r"\s+where\s+(.*?);?\s*\Z",
        "this is a query, and a goal is a condition: what a profile does, or is",
        ("event {1} where ({2})",),
        hint="for example: event purchase_completed where order_value > 50",
        anywhere=True,
    ),
    Habit(
        "sql",
        r"\A\s*(?:select\b.*(?:\bfrom\s+({name}).*)?)",
        "this is a query, and a goal is a condition: what a profile does, or is",
        hint="for example: event purchase_completed where order_value > 50",
        anywhere=True,
    ),
    Habit(
        "comment",
        r"(?P<bad>--|//)[^\n]*(?=\n|\Z)|(?P<also>/\*).*?\*/",
        "a comment begins with `#`",
        ("",),
        hint="# a comment",
        only_if_mended=True,
    ),
    Habit(
        "leading-word",
        r"\A\s*(?P<bad>where)\s+(.+?)\s*;?\s*\Z",
        "a `where` belongs to an event, and none stands before it",
        ("event purchase_completed where ({2})",),
        hint="event purchase_completed where …",
        anywhere=True,
        only_if_mended=True,
    ),
    Habit(
        "leading-word",
        r"\A\s*(?P<bad>if|when|where|goal|condition|return|assert|filter|only|track|completed|achieved)\b(?:\s+(?:when|if))?\s*:?\s*(?=\S)",
        "a condition stands alone, without `{1}`",
        ("",),
        anywhere=True,
        only_if_mended=True,
    ),
    Habit(
        "two-goals",
        r";\s*(?=[^\s;])",
        "a text holds one condition, and this `;` ends it",
        (" and ", " or "),
        hint="make it two goals, or join them by `and` or `or`",
    ),
    Habit("trailing", r"(?P<bad>[.,])\s*\Z", "nothing follows this `{1}`", ("",), hint="leave it out"),
    Habit(
        "trailing",
        r"(?P<bad>\b(?:and|or)\b|&&|\|\|)\s*\Z",
        "nothing follows this `{1}`",
        ("",),
        hint="leave it out, or write the condition that it joins",
    ),
    Habit(
        "counting",
        r"(?P<bad>\b(?:once|every)\b(?:\s+(?:per\s+)?(?:\d+\s+)?{word})?)",
        'how often a goal counts is no part of its condition, but of the goal: count="{1}"',
        ("",),
        hint='Goal(…, count="once per 30 days")',
    ),
)
