"""Habits about time: windows, spans, chains and the words that join."""

from __future__ import annotations

import re
from datetime import date, timedelta

from convgoals.language.mistakes.habit import Habit

_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "twelve": 12, "fourteen": 14, "thirty": 30, "sixty": 60, "ninety": 90,
}  # fmt: skip
_SPAN = r"(?:(?:\d+\s*{unit}|\d+[ymwdhs]\b)(?:\s*\d+\s*{unit})*)"
_DAY_UNITS = {
    "week": "7 days",
    "month": "30 days",
    "day": "1 day",
    "hour": "1 hour",
    "year": "365 days",
    "quarter": "90 days",
}


def _from_date(match: re.Match[str]) -> str | None:
    """``within 7 days of 2026-01-01`` as a span of dates."""
    days = int(match[2]) * (7 if match[3].lower().startswith("w") else 1)
    try:
        end = date.fromisoformat(match[4]) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return f"between {match[4]} and {end}"


WINDOWS: tuple[Habit, ...] = (
    Habit(
        "window-before",
        r"\bwithin\s+("
        + _SPAN
        + r")\s+(?P<bad>before|prior\s+to|ahead\s+of)\s+(?:the\s+)?(?:first\s+|last\s+|any\s+)?({event})",
        "a window runs forward from its anchor; what comes before is a chain, the earlier first",
        hint="event … followed within {1} by {3}",
    ),
    # ---- amounts
    Habit(
        "missing-amount",
        r"\b(?P<bad>(" + "|".join(_NUMBERS) + r")\s+({unit}))",
        "`{1}`: the amount of a span is written in digits",
        (lambda m: f"{_NUMBERS[m[2].lower()]} {m[3]}",),
        hint="7 days",
    ),
    Habit(
        "missing-amount",
        r"\b(in\s+(?:the\s+)?last)\s+(?P<bad>(day|week|month|quarter|year|hour))\b",
        "`{2}`: a span needs an amount, and it runs back from each instant, not by the calendar",
        (lambda m: f"{m[1]} {_DAY_UNITS[m[3].lower()]}",),
        hint="in last 7 days",
    ),
    Habit(
        "missing-amount",
        r"\b(within|for)\s+(?:the\s+same\s+)?(?P<bad>(day|week|month|year|hour|minute|days|weeks|months|years|hours|minutes))\b",
        "`{2}`: a span needs an amount",
        (lambda m: f"{m[1]} 1 {m[3].rstrip('sS')}",),
        hint="{1} 1 day",
    ),
    Habit(
        "duration-form",
        r"\b(\d+)\s*(?P<bad>-|–)\s*({unit})",
        "a span is an amount and a unit, without a sign between them",
        ("{1} {3}",),
        hint="{1} {3}",
    ),
    Habit(
        "duration-form",
        r"""(["'])(\d+\s*{unit})\1""",
        "a span of time stands without quotes",
        ("{2}",),
        hint="{2}",
    ),
    Habit(
        "duration-form",
        r"\b(\d+)\s+(?P<bad>business|working|calendar|consecutive|full|whole)\s+({unit})",
        "all days count; there are no `{2}` ones",
        ("{1} {3}",),
        hint="{1} {3}",
    ),
    Habit(
        "duration-form",
        r"\b(\d+)\s+(?P<bad>fortnights?|quarters?|decades?|nights?)\b",
        "`{2}` is no unit of the language",
        (
            lambda m: (
                f"{int(m[1]) * {'f': 14, 'n': 1}[m['bad'][0].lower()]} days"
                if m["bad"][0].lower() in "fn" and len(m[1]) < 6
                else None
            ),
            lambda m: (
                f"{int(m[1]) * {'q': 3, 'd': 120}[m['bad'][0].lower()]} months"
                if m["bad"][0].lower() in "qd" and len(m[1]) < 6
                else None
            ),
        ),
        hint="years, months, weeks, days, hours, minutes, seconds",
    ),
    Habit(
        "duration-form",
        r"\b({unit})\s+(\d+)\b",
        "the amount of a span comes before its unit",
        ("{2} {1}",),
        hint="{2} {1}",
        only_if_mended=True,
    ),
    Habit(
        "missing-unit",
        r"\b(within|for|last)\s+(?P<bad>\d+)(?=\s*(?:\Z|of\b|by\b|after\b|and\b|or\b|\)))",
        "`{2}` of which unit?",
        ("{1} {2} days",),
        hint="{1} {2} days",
    ),
    Habit(
        "at-least",
        r"\b(for|within|in\s+last)\s+(?P<bad>(?:at\s+least|more\s+than|at\s+most|up\s+to|no\s+more\s+than|less\s+than|about|exactly|over))\s+(?=\d)",
        "a span stands alone: `for` means at least so long, `within` at most",
        ("{1} ",),
        hint="{1} 3 days",
    ),
    # ---- in last
    Habit(
        "in-last",
        r"\b(?P<bad>(?:in|during|over|within|for|throughout|from)\s+(?:the\s+)?(?:last|past|previous|preceding|latest|trailing))\s+(?=\d)",
        "the span that ends at each instant is `in last`",
        ("in last ",),
        hint="in last 7 days",
        only_if_mended=True,
    ),
    Habit(
        "in-last",
        r"\b(?P<bad>last|past|previous)\s+(?=\d+\s*{unit})",
        "the span that ends at each instant is `in last`",
        ("in last ",),
        hint="in last 7 days",
        only_if_mended=True,
    ),
    Habit(
        "in-last",
        r"\b(?P<bad>in)\s+(" + _SPAN + r")(?!\s*(?:of|after)\b)",
        "`in` needs `last` before a span",
        ("in last {2}",),
        hint="in last {2}",
    ),
    Habit(
        "in-last",
        r"(?P<subject>profile\.{names}\s*{relation}\s*{value}|in\s+segment\s+{name})\s+(?P<bad>in\s+last)\s+("
        + _SPAN
        + r")",
        "`in last` asks when something happened, and this is a state; `for` asks how long it has held",
        ("{1} for {3}",),
        hint="{1} for {3}",
    ),
    # ---- chains
    Habit(
        "not-followed-within",
        r"({event})\s+(?P<bad>(?:(?:and|but)\s+)?(?:without|no|not|never|has\s+no|with\s+no))\s+({event})\s+(?:within|in|for)\s+("
        + _SPAN
        + r")(?!\s*(?:of|after|from)\b)",
        "what does not come within a span after an event is asked by `not followed within`",
        ("{1} not followed within {4} by {3}",),
        hint="{1} not followed within {4} by {3}",
    ),
    Habit(
        "followed",
        r"(?<=\s)(?P<bad>->|=>|→|>>|>|–>)\s*(?=(?:event|campaign)\b)",
        "one thing after another is written `followed by`",
        ("followed by ",),
        hint="event a followed by event b",
    ),
    Habit(
        "followed",
        r"(?P<bad>\()\s*({event}[^()]*(?:\([^()]*\))?)\s*\)\s+(?=(?:not\s+)?followed\b)",
        "what a chain begins with stands without parentheses",
        ("{2} ",),
        hint="event a followed by event b",
    ),
    Habit(
        "followed",
        r"({event})\s+(followed\s+(?:within\s+" + _SPAN + r"\s+)?by)\s+(?P<bad>\()\s*({event})\s+or\s+({event})\s*\)",
        "each step of a chain is one occurrence; two chains are joined by `or`",
        ("({1} {2} {4} or {1} {2} {5})",),
        hint="{1} {2} {4} or {1} {2} {5}",
    ),
    Habit(
        "not-followed-within",
        r"\bfollowed\s+by\s+(?P<bad>not|no)\s+(?={event})",
        "what must not come is written `not followed within … by`, at the end",
        ("not followed within 14 days by ",),
        hint="not followed within 14 days by event …",
    ),
    Habit(
        "not-followed-within",
        r"\b(not\s+followed)\s+by\s+({event}(?:\s+where\s+.+?)?)\s+(?P<bad>(?:within|in|for)\s+("
        + _SPAN
        + r"))(?!\s*of)",
        "the span stands before `by`",
        ("{1} within {4} by {2}",),
        hint="{1} within {4} by {2}",
    ),
    Habit(
        "not-followed-within",
        r"\bnot\s+followed\s+by\b",
        "`not followed by` needs a span: until when must it not have happened?",
        ("not followed within 14 days by",),
        hint="not followed within 14 days by event …",
    ),
    Habit(
        "followed-within",
        r"\b(followed)\s+by\s+({event}(?:\s+where\s+[^()]+?|\s+where\s+\([^()]*\))?)\s+(?P<bad>(?:with)?in\s+("
        + _SPAN
        + r"))(?!\s*(?:of|after)\b)",
        "the span from one to the next stands before `by`",
        ("{1} within {4} by {2}",),
        hint="{1} within {4} by {2}",
    ),
    Habit(
        "followed",
        r"\b(?P<bad>(?:and\s+|,\s*|;\s*)?(?:then|next|afterwards|later|subsequently)|followed|precedes|before|->|=>|→|>>|leads?\s+to)\s+(?:by\s+)?(?=(?:event|campaign|profile)\b)",
        "one thing after another is written `followed by`",
        ("followed by ",),
        hint="event a followed by event b",
    ),
    Habit(
        "followed",
        r"({event})\s+(?P<bad>after|follows|following|since|succeeds)\s+({event})\s*(?=\Z|\)|;)",
        "one thing after another is written `followed by`, the earlier first",
        ("{3} followed by {1}",),
        hint="{3} followed by {1}",
    ),
    Habit(
        "followed",
        r"\b(?P<bad>followed(?:\s+within\s+" + _SPAN + r")?)\s+(?=event\b)",
        "`by` is missing after `followed`",
        ("{1} by ",),
        hint="followed by event …",
    ),
    # ---- windows
    Habit(
        "window-of",
        r"\A\s*([^()]+?)\s+(within\s+" + _SPAN + r"\s+(?:of|after)\s+(?:the\s+)?(?:first|last|any))\s+"
        r"(?P<bad>\()\s*({event})\s+or\s+({event})\s*\)\s*(?=\Z)",
        "a window opens with one occurrence; two windows are joined by `or`",
        ("({1} {2} {4}) or ({1} {2} {5})",),
        hint="(… within 7 days of first event a) or (… within 7 days of first event b)",
    ),
    Habit(
        "window-of",
        r"\bwithin\s+(?P<bad>(?:the\s+|their\s+)?first)\s+(?=\d)",
        "a window is written `within` and its span",
        ("within ",),
        hint="within 7 days of first event page_visit",
    ),
    Habit(
        "date-window",
        r"\b(?P<bad>within\s+(\d{1,4})\s*(days?|weeks?|d|w)\s+(?:of|after|from)\s+(\d{4}-\d\d-\d\d))(?![T\d])",
        "a window opens with what a profile did, or a property; a span of dates is written `between … and …`",
        (_from_date,),
        hint="between {4} and 2026-12-31",
    ),
    Habit(
        "window-of",
        r"\bwithin\s+("
        + _SPAN
        + r")\s+(?P<bad>of|after|from|since|following)\s+(?=(?:event|profile\.{names}\s+changes)\b)",
        "a window opens with one event: the first, the last or any?",
        ("within {1} of first ", "within {1} of last ", "within {1} of any "),
        hint="within {1} of first event …",
    ),
    Habit(
        "window-of",
        r"\bwithin\s+("
        + _SPAN
        + r")\s+(?P<bad>of|after|from|since|following)\s+(?:the\s+)?(?=first\b|last\b|any\b|campaign\b|profile\b)",
        "the opening of a window follows `of`",
        ("within {1} of ",),
        hint="within {1} of first event …",
        only_if_mended=True,
    ),
    Habit(
        "window-of",
        r"\bwithin\s+("
        + _SPAN
        + r")\s+(?:of|after|from)\s+(?:the\s+|their\s+|its\s+)?(?P<which>first\s+|last\s+|any\s+)?"
        r"(?P<bad>(?!event\b|campaign\b|profile\b|first\b|last\b|any\b){name})(?!\s*\.)",
        "`{3}` is no anchor; a window opens with an event, a receipt or a property of the profile",
        (
            lambda m: f"within {m[1]} of {m['which'] or 'first '}event {m['bad']}",
            lambda m: None if m["which"] else f"within {m[1]} of profile.{m['bad']}",
        ),
        hint="within {1} of first event {3}",
    ),
    Habit(
        "window-of",
        r"\bwithin\s+(" + _SPAN + r")\s+(?P<bad>)(?=(?:first|last|any|event|campaign|profile)\b)",
        "`of` is missing: a window says from what it runs",
        ("within {1} of ", "within {1} of first "),
        hint="within {1} of first event …",
    ),
    Habit(
        "window-of",
        r"\b(?P<bad>within\s+(" + _SPAN + r"))\s*(?=\Z|\)|;|and\b|or\b)",
        "`within {2}` does not say of what",
        ("within {2} of first event page_visit ",),
        hint="within {2} of first event page_visit",
    ),
    Habit(
        "window-of",
        r"\b(?P<bad>in|inside|for|during|no\s+later\s+than|at\s+most|less\s+than|under)\s+("
        + _SPAN
        + r")\s+(?:of|after)\s+",
        "a window is written `within`",
        ("within {2} of ",),
        hint="within {2} of first event …",
    ),
    Habit(
        "window-of",
        r"(?P<bad>(?<!within\s)\b("
        + _SPAN
        + r")\s+(?:of|after|from))\s+(?=first\b|last\b|any\b|event\b|campaign\b|profile\b)",
        "a window is written `within`",
        ("within {2} of",),
        hint="within {2} of first event …",
        only_if_mended=True,
    ),
    Habit(
        "date-window",
        r"({event})\s+(?P<bad>(?:from|since)\s+(\d{4}-\d\d-\d\d\S*)\s+(?:to|until|till)\s+(\d{4}-\d\d-\d\d\S*))",
        "a span of dates is written `between … and …`",
        ("{1} between {3} and {4}",),
        hint="{1} between {3} and {4}",
    ),
    Habit(
        "date-window",
        r"({event})\s+(?P<bad>(?:after|since|from|on\s+or\s+after|before|until|by|on|in)\s+(\d{4}(?:-\d\d(?:-\d\d\S*)?)?))",
        "a span of dates has two ends; a goal counts from a date on by its `since`",
        hint='for example: {1} between 2026-01-01 and 2026-03-31, or Goal(…, since="2026-01-01")',
    ),
    # ---- joining words
    Habit(
        "joining",
        r"\b(?P<bad>unless|except(?:\s+(?:if|when))?|and\s+no|but\s+no|without)\s+(?=\S)",
        "`{1}` does not join conditions; `and not` does",
        (" and not ",),
        hint="and not",
        only_if_mended=True,
    ),
    Habit(
        "joining",
        r"\b(?P<bad>but|plus|also|as\s+well\s+as|while|whilst|with|whereas|together\s+with|provided(?:\s+that)?|if|when)\s+(?=\S)",
        "`{1}` does not join conditions; `and` does",
        (" and ",),
        hint="and",
        only_if_mended=True,
    ),
    Habit(
        "joining",
        r"\b(?P<bad>xor|otherwise|else|nor|alternatively|either)\s+(?=\S)",
        "`{1}` does not join conditions; `or` does",
        (" or ", " "),
        hint="or",
        only_if_mended=True,
    ),
    Habit(
        "joining",
        r"\b(?P<bad>(?:has|have|did|does|do|is|was|never|hasn'?t|no)\s*(?:not|n't)?)\s+(?=(?:event|followed|campaign|in\s+segment)\b)",
        "`{1}` is written `not`",
        ("not ",),
        hint="not event …",
        only_if_mended=True,
    ),
)
