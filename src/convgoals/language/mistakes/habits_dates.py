"""Habits about dates and times."""

from __future__ import annotations

import datetime

from convgoals.language.mistakes.habit import Habit

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)


def iso_date(year: str, month: str, day: str) -> str | None:
    """The date in the language's form, or ``None`` if there is no such day."""
    number = str(_MONTHS.index(month[:3].lower()) + 1) if month[:1].isalpha() else month
    try:
        return datetime.date(int(year), int(number), int(day)).isoformat()
    except ValueError:
        return None


DATES: tuple[Habit, ...] = (
    # ---- dates and times
    Habit(
        "date-form",
        r"(\d{4}-\d\d-\d\d)\s+(\d\d?:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)",
        "`{0}` is a date and a time, and a `T` joins the two",
        ("{1}T{2}",),
        hint="{1}T{2}",
    ),
    Habit(
        "date-form",
        r"(?<![\d/])(\d{1,2})([/.-])(\d{1,2})\2(\d{4})\b",
        "`{0}`: a date is written year-month-day",
        (lambda m: iso_date(m[4], m[3], m[1]), lambda m: iso_date(m[4], m[1], m[3])),
        hint="a date such as 2026-01-31",
    ),
    Habit(
        "date-form",
        r"\b(\d{4})([/.-])(\d{1,2})\2(\d{1,2})\b(?!-)",
        "`{0}`: a date is written year-month-day, with two digits for month and day",
        (lambda m: iso_date(m[1], m[3], m[4]),),
        hint="a date such as 2026-01-31",
        only_if_mended=True,
    ),
    Habit(
        "date-form",
        rf"\b{_MONTH}\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b",
        "`{0}`: a date is written year-month-day",
        (lambda m: iso_date(m[3], m[1], m[2]),),
        hint="a date such as 2026-01-31",
    ),
    Habit(
        "date-form",
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}\.?,?\s+(\d{{4}})\b",
        "`{0}`: a date is written year-month-day",
        (lambda m: iso_date(m[3], m[2], m[1]),),
        hint="a date such as 2026-01-31",
    ),
    Habit(
        "quoted-date",
        r"""between\s+(["'])([\d-]+[^"'\n]*)\1\s+and\s+(["'])([\d-]+[^"'\n]*)\3""",
        "a span of time runs between dates, and a date stands without quotes",
        ("between {2} and {4}",),
        hint="between {2} and {4}",
    ),
    Habit(
        "relative-date",
        r"({relation})\s*(?P<bad>(?:now\s*\(\s*\)|now|today|current_date)\s*-\s*(?:interval\s*)?['\"]?(\d+\s*{unit})['\"]?)",
        "a goal means the same whenever it is read, so `{2}` cannot stand in it; a window says how long ago",
        hint="for example: event purchase_completed within 30 days of profile.signup_at",
    ),
    Habit(
        "relative-date",
        r"(?P<bad>\b(?:now|today|yesterday|tomorrow|current_date)\b(?:\s*\(\s*\))?)",
        "a goal means the same whenever it is read, so `{1}` cannot stand in it; a window says how long ago",
        hint="for example: event purchase_completed in last 7 days",
    ),
    Habit(
        "ago",
        r"({event}(?:\s+where\s+.*?)?)\s+(?:{relation}\s*)?(?P<bad>(\d+)\s*({unit})\s+ago)",
        "`ago` has no place here; a span that ends at each instant is `in last {3} {4}`",
        ("{1} in last {3} {4}",),
        hint="in last {3} {4}",
    ),
    Habit(
        "ago",
        r"({path})\s*{relation}\s*(?P<bad>(\d+)\s*({unit})\s+ago)",
        "`ago` has no place here; a window says how long after `{1}` something happens",
        hint="for example: event purchase_completed within {3} {4} of {1}",
    ),
)
