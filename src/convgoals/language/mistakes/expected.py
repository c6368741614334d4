"""What could have stood at a place, in words: the names of the grammar's terminals never reach a user."""

from __future__ import annotations

from convgoals.language.mistakes.reading import Reading, words

MAX_SHOWN = 7

_VALUES = frozenset({"STRING", "NUMBER", "BOOLEAN", "DATE", "MINUS", "FUNCTION"})
_RELATIONS = frozenset({"EQUAL", "UNEQUAL", "LESSTHAN", "MORETHAN", "AT_MOST", "AT_LEAST"})

# In the order in which they are shown. What is left out is a rarer spelling of something that is in.
_SHOWN = {
    "_EVENT": "`event`",
    "PROFILE_DOT": "`profile.…`",
    "_CAMPAIGN": "`campaign`",
    "COUNT": "`count(…)`",
    "FIRST": "`first`",
    "LAST": "`last`",
    "ANY": "`any`",
    "WHOLE": "a whole number",
    "UNIT": "a unit such as `days`",
    "_OF": "`of`",
    "_BY": "`by`",
    "_SAME": "`same`",
    "_LAST": "`last`",
    "_SEGMENT": "`segment`",
    "_RECEIVED": "`received`",
    "_CHANGES": "`changes`",
    "_FROM": "`from`",
    "_TO": "`to`",
    "_WHERE": "`where`",
    "_SET": "`set`",
    "_AND": "`and`",
    "_OR": "`or`",
    "_FOLLOWED": "`followed`",
    "_WITHIN": "`within`",
    "_FOR": "`for`",
    "_BETWEEN": "`between`",
    "_IN": "`in`",
    "_NOT": "`not`",
    "CONTAINS": "`contains`",
    "_WITH": "`with same`",
    "_WITHOUT": "`without`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "COMMA": "`,`",
    "$END": "the end",
}


def expectation(reading: Reading, expected: frozenset[str]) -> str:
    """``expected `and`, `or` or the end``: the likeliest few of the terminals *expected*."""
    shown: list[str] = []
    if "NAME" in expected:
        shown.append("a name")
    if expected >= {"STRING", "NUMBER"}:
        shown.append("a value")
    elif "STRING" in expected and "NAME" not in expected:
        shown.append("a text in quotes")
    elif "DATE" in expected and "NUMBER" not in expected:
        shown.append("a date such as `2026-01-31`")
    if expected & _RELATIONS:
        shown.append("a comparison such as `=` or `>`")
    opened = reading.open_parentheses(reading.at)
    for terminal, name in _SHOWN.items():
        pointless = (terminal == "RPAR" and not opened) or (terminal == "$END" and bool(opened))
        if terminal in expected and name not in shown and not pointless:
            shown.append(name)
    if not shown:
        return ""
    return f"expected {words(shown[:MAX_SHOWN])}"
