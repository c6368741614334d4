"""Habits about counting."""

from __future__ import annotations

import re

from convgoals.language.mistakes.habit import Habit

_COUNTED = r"\b((?:count|sum|avg|min|max|distinct)\s*\([^()]*(?:\([^()]*\))?[^()]*)\)"
_BACK = r"(?:in|during|over|within|for)\s+(?:the\s+)?(?:last|past|previous)\s+(\d+\s*{unit}|\d+[ymwdhs]\b)"


def _counted(match: re.Match[str]) -> str:
    """``event login 3 times`` as a count."""
    relation = {"more than": ">", "exactly": "=", "at most": "<="}.get(" ".join((match[3] or "").lower().split()), ">=")
    times = {"once": "1", "twice": "2", "thrice": "3"}.get(match[4].lower(), match[4])
    return f"count({match[1]}) {relation} {times}"


def _counted_back(match: re.Match[str]) -> str:
    """``event login 3 times in last 7 days`` as a count."""
    relation = {"more than": ">", "exactly": "=", "at most": "<="}.get(" ".join((match[3] or "").lower().split()), ">=")
    times = {"once": "1", "twice": "2", "thrice": "3"}.get(match[4].lower(), match[4])
    return f"count({match[1]} {match['back']}) {relation} {times}"


_PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}


def _which(match: re.Match[str]) -> str:
    """``second event purchase``."""
    word = match["which"].lower()
    place = _PLACES.get(word) or int(word[0])
    return match[3] if place == 1 else f"count({match[3]}) >= {place}"


COUNTING: tuple[Habit, ...] = (
    # ---- which are counted
    Habit(
        "count",
        _COUNTED + r"\s*({relation}\s*{number})\s+(?P<bad>" + _BACK + r")",
        "`in last` stands in the parentheses, for it says which are counted",
        ("{1} in last {4}) {2}",),
        hint="count(event … in last {4}) {2}",
    ),
    Habit(
        "count",
        _COUNTED + r"\s+(?P<bad>" + _BACK + r")",
        "`in last` stands in the parentheses, for it says which are counted",
        ("{1} in last {3})",),
        hint="count(event … in last {3}) >= 3",
    ),
    Habit(
        "count",
        r"\bcount\s*\(\s*({event})\s*(?P<bad>or\b|,|\+)\s*({event})\s*(?=\))",
        "`count` counts one kind of occurrence; two counts are added",
        ("count({1}) + count({3}",),
        hint="count({1}) + count({3})",
    ),
    Habit(
        "count",
        r"\bcount\s*(?P<bad>\(\s*distinct\s+|\s+distinct\s*\(\s*)({path})\s+of\s+",
        "how many different values there were is asked by `distinct`",
        ("distinct({2} of ",),
        hint="distinct({2} of event …)",
    ),
    Habit(
        "count",
        r"({event}(?:\s+where\s+(?:\([^()]*\)|[^()]+?))?)\s+(?P<bad>(?:(at\s+least|more\s+than|exactly|at\s+most)\s+)?(\d+|once|twice|thrice)"
        r"\s*(?:times|x\b|×)?)\s+(?P<back>in\s+(?:the\s+)?last\s+\d+\s*{unit})",
        "how often something happened is asked by `count`",
        (_counted_back,),
        hint="count({1} {5}) >= 3",
        only_if_mended=True,
    ),
    Habit(
        "count",
        r"\b(sum|avg|min|max|distinct)\s*\(\s*(?P<bad>(?:event\s+)?({plain})(?:\s+|\s*\.\s*)({plain}))\s*\)",
        "`{1}` says of which event: the property, `of` and the event",
        ("{1}({4} of event {3})",),
        hint="{1}({4} of event {3})",
    ),
    Habit(
        "count",
        r"\bcount\s+(?P<bad>(?!event\b|campaign\b|profile\b|of\b){plain})(?=\s*{relation})",
        "what is counted stands in parentheses, and an event begins with the word `event`",
        ("count(event {1})",),
        hint="count(event {1})",
    ),
    Habit(
        "count",
        r"\A\s*(?P<bad>(?P<which>first|second|third|fourth|fifth|\d(?:st|nd|rd|th)))\s+({event})\s*(?=\Z)",
        "which of several it is, is asked by `count`; the first is what a goal counts unless it says otherwise",
        (_which,),
        hint="count({3}) >= 2",
    ),
    # ---- how it is written
    Habit(
        "count",
        r"\b(?P<bad>count\s+(?:of\s+)?({event}(?:\s+in\s+last\s+\d+\s*{unit})?))",
        "what is counted stands in parentheses",
        ("count({2})",),
        hint="count({2}) >= 3",
    ),
    Habit(
        "count",
        r"\b(?P<bad>(sum|avg|min|max|distinct)\s+(?:of\s+)?({path})\s+(?:of|in|from)\s+({event}))",
        "what is computed stands in parentheses",
        ("{2}({3} of {4})",),
        hint="{2}({3} of {4}) > 100",
    ),
    Habit(
        "count",
        r"\bcount\s*\(\s*(?P<bad>\*|1|all)\s*\)",
        "`count` counts events of one type, and names it",
        ("count(event purchase_completed)",),
        hint="count(event purchase_completed) >= 3",
    ),
    Habit(
        "count",
        r"\bcount\s*\(\s*(?P<bad>(?!event\b|campaign\b|profile\b){name})\s*(?=[)\s])",
        "`count` counts events, and an event begins with the word `event`",
        ("count(event {1} ",),
        hint="count(event {1})",
    ),
    Habit(
        "count",
        r"\bcount\s*\(\s*({event})\s*,\s*(?P<bad>(?:last\s+)?(\d+\s*{unit}))\s*\)",
        "the span of a count follows `in last`",
        ("count({1} in last {3})",),
        hint="count({1} in last {3})",
    ),
    Habit(
        "count",
        r"\b(?P<function>sum|avg|min|max|distinct)\s*\(\s*(?P<path>{path})(?P<bad>)\s*(?=\))",
        "`{1}` does not say of which event `{2}` is the property",
        ("{1}({2} of event purchase_completed",),
        hint="{1}({2} of event purchase_completed)",
    ),
    Habit(
        "count",
        r"\b(sum|avg|min|max|distinct)\s*\(\s*({event})\s*\.\s*({path})\s*\)",
        "the property comes first: the property of the event",
        ("{1}({3} of {2})",),
        hint="{1}({3} of {2})",
    ),
    Habit(
        "count",
        r"({event}(?:\s+in\s+last\s+\d+\s*{unit})?)\s+(?P<bad>(?:(at\s+least|more\s+than|exactly|at\s+most)\s+)?(\d+|once|twice|thrice)\s*(?:times|x\b|×)?)(?=\s*(?:\Z|\)|;|\band\b|\bor\b|\bwithin\b))",
        "how often something happened is asked by `count`",
        (_counted,),
        hint="count({1}) >= 3",
        only_if_mended=True,
    ),
    Habit(
        "count",
        r"(?P<bad>\b(?:number|amount|how\s+many)\s+(?:of\s+)?(?:times\s+)?({event}(?:\s+in\s+last\s+\d+\s*{unit})?))",
        "how often something happened is asked by `count`",
        ("count({2})",),
        hint="count({2}) >= 3",
    ),
    Habit(
        "count",
        r"({event}(?:\s+in\s+last\s+\d+\s*{unit})?)\s*(?P<bad>{relation}\s*\d+)",
        "an event is no number; how often it happened is asked by `count`",
        ("count({1}) {2}",),
        hint="count({1}) {2}",
        only_if_mended=True,
    ),
    Habit(
        "count",
        r"((?:{relation}|\band)\s*\d+)\s+(?P<bad>times|x|occurrences|events)\b",
        "a count is a number, without `{2}`",
        ("{1}",),
        hint="{1}",
    ),
)
