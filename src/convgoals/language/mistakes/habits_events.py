"""Habits about events: their names and their filters."""

from __future__ import annotations

import re

from convgoals.language.mistakes.habit import Habit


def _quoted(match: re.Match[str]) -> str:
    return '"' + match["bad"].strip() + '"'


def _either(match: re.Match[str]) -> str:
    names = re.findall(r"\"[^\"]*\"|'[^']*'|[^\s,()\[\]]+", match["names"])
    joined = " or ".join(f"event {name}" for name in names)
    return f"({joined})"


def _filtered(match: re.Match[str]) -> str:
    inside = match[3].replace(":", " =").replace(",", " and ")
    return f"{match[1]} where ({inside})"


EVENTS: tuple[Habit, ...] = (
    # ---- the event's name
    Habit(
        "event-name",
        r"\bevent\s*(?P<bad>\(\s*({name})\s*\))",
        "the name of an event follows `event` without parentheses",
        ("event {2}",),
        hint="event {2}",
    ),
    Habit(
        "event-name",
        r"\bevents?(?:\s+in|\s*=)?\s*(?P<bad>[(\[](?P<names>\s*{name}(?:\s*,\s*{name})+)\s*[)\]])",
        "`event` takes one name; several events are joined by `or`",
        (_either,),
        hint="event a or event b",
    ),
    Habit(
        "event-name",
        r"\b(?P<bad>event(?:s|_?\s*name|_?\s*type)?\s*(?:=|==|:|is|named|called|type|name)\s*)({name})(?=\s*(?:\Z|and\b|or\b|where\b|within\b|in\b|\)|followed\b|not\b|;))",
        "the name of an event follows the word `event`",
        ("event {2}",),
        hint="event {2}",
    ),
    Habit(
        "event-name",
        r"\b(?P<bad>events|evt|action|did|performed|triggered|fired)\s+({name})(?=\s*(?:\Z|and\b|or\b|where\b|within\b|in\b|\)|followed\b|;))",
        "the name of an event follows the word `event`",
        ("event {2}",),
        hint="event {2}",
        only_if_mended=True,
    ),
    Habit(
        "event-name",
        r"\bevent\s+({name})(?P<bad>\s*\(\s*\))",
        "the name of an event stands without parentheses",
        ("event {1}",),
        hint="event {1}",
    ),
    Habit(
        "no-event-name",
        r"\bevent\s+(?P<bad>(where|within|and|or|followed|in|not|between|for)\b)(?=\s+\S)",
        "`{1}` is read as the name of the event, for none stands before it",
        ("event purchase_completed {1}",),
        hint="event purchase_completed {1} …",
        only_if_mended=True,
    ),
    Habit(
        "no-event-name",
        r"(?P<bad>\bevent)\s*(?=\Z|\)|;)",
        "the name of an event follows the word `event`",
        ("event purchase_completed",),
        hint="event purchase_completed",
    ),
    Habit(
        "no-event-name",
        r"\bevent\s*(?P<bad>\*)",
        "`*` is no event; a goal names what must happen",
        hint="for example: event purchase_completed or event subscription_started",
    ),
    Habit(
        "name-needs-quotes",
        r"\b(?:event|campaign|segment)\s+(?P<bad>`({word}[^`\n]*)`)",
        "a name with other signs than letters, digits and `_` stands in quotes",
        (lambda m: m[0].replace("`", '"'),),
        hint='"{2}"',
    ),
    Habit(
        "name-needs-quotes",
        r"`([^`\n]+)`",
        "a name with other signs than letters, digits and `_` stands in double quotes",
        ('"{1}"',),
        hint='"{1}"',
        only_if_mended=True,
    ),
    Habit(
        "name-needs-quotes",
        r"\b(event|campaign|segment)\s+(?P<bad>[\w/][\w./:*-]*[-./:*@][\w./:*-]*\w|\d\w*)",
        "a name with other signs than letters, digits and `_`, or that begins with a digit, stands in quotes",
        (lambda m: f"{m[1]} {_quoted(m)}",),
        hint='{1} "{2}"',
    ),
    Habit(
        "name-needs-quotes",
        r"\bevent\s+(?P<bad>{plain}(?:\s+{plain}){1,3}?)(?=\s*(?:\Z|\)|;|\band\b|\bor\b|\bwhere\b|\bwithin\b|\bin\s+last\b|\bfollowed\b))",
        "a name of several words stands in quotes",
        (lambda m: f"event {_quoted(m)}",),
        hint='event "{1}"',
        only_if_mended=True,
    ),
    Habit(
        "name-needs-quotes",
        r"\bprofile\.(?P<bad>{plain}(?:[ -]{plain}){1,3})(?=\s*(?:{relation}|in\b|is\b|contains\b))",
        "a name with other signs than letters, digits and `_` stands in quotes",
        (lambda m: f"profile.{_quoted(m)}",),
        hint='profile."{1}"',
        only_if_mended=True,
    ),
    Habit(
        "name-needs-quotes",
        r"(\bwhere\s*\(?\s*|\band\s+|\bor\s+)(?P<bad>{plain}(?:\s+{plain}){1,2})(?=\s*{relation})",
        "a name of several words stands in quotes, after `event.`",
        (lambda m: f"{m[1]}event.{_quoted(m)}",),
        hint='event."{2}"',
        only_if_mended=True,
    ),
    Habit(
        "event-name",
        r"\b(?P<bad>events?\s*\.)\s*({name})(?=\s*(?:\Z|\)|\band\b|\bor\b|\bwhere\b|\bwithin\b|\bfollowed\b|;))",
        "the name of an event follows the word `event`",
        ("event {2}",),
        hint="event {2}",
        only_if_mended=True,
    ),
    Habit(
        "event-name",
        r"\A\s*({plain})\s+(?P<bad>event)\s*(?=\Z)",
        "the name of an event follows the word `event`",
        ("event {1}",),
        hint="event {1}",
    ),
    # ---- filters
    Habit(
        "where",
        r"({event})\s+(?P<bad>with|having|whose|if|that\s+has|where)\s+([^()&|]+?\s+(?:and|or)\s+[^()&|]+?)(?=\s*(?:\Z|\bwithin\b|\bin\s+last\b|\bfollowed\b|\)))",
        "the filter of an event begins with `where`, and several comparisons stand in parentheses",
        ("{1} where ({3})",),
        hint="{1} where (…)",
        only_if_mended=True,
    ),
    Habit(
        "where",
        r"({event}\s+where\s+)([^()&|]+?)\s*(?P<bad>[&|])(?![&|])\s*([^()&|]+?)(?=\s*(?:\Z|\bwithin\b|\bin\s+last\b|\bfollowed\b|\)))",
        "comparisons are joined by `and` or `or`, in parentheses",
        (lambda m: f"{m[1]}({m[2]} {'and' if m['bad'] == '&' else 'or'} {m[4]})",),
        hint="{1}(… and …)",
        only_if_mended=True,
    ),
    Habit(
        "where",
        r"({event})\s+(in\s+(?:the\s+)?last\s+\d+\s*\w+)\s+(?P<bad>where)\s+(\([^()]*\)|[^()]+?)(?=\s*(?:\Z|\)|\band\b|\bor\b|\bwithin\b|\bfollowed\b))",
        "a `where` follows its event at once",
        ("{1} where {4} {2}",),
        hint="{1} where … {2}",
    ),
    Habit(
        "where",
        r"({event})\s*(?P<bad>(?:(?:with|having|whose|when|if|that\s+has|which\s+has|and\s+where|where\s+its|for\s+which|on)\b))\s*(?=[\w(\"'])",
        "the filter of an event begins with `where`",
        ("{1} where ",),
        hint="{1} where …",
        only_if_mended=True,
    ),
    Habit(
        "where",
        r"({event})\s*(?P<bad>[\[{(]\s*([^\[\]{}()]*?)\s*[\]})])",
        "the filter of an event begins with `where`",
        (_filtered,),
        hint="{1} where …",
        only_if_mended=True,
    ),
    Habit(
        "where",
        r"({event}\s+where\s+)([^()]+?)\s+(?P<bad>(?:and\s+)?where)\s+([^()]+?)(?=\s*(?:\Z|\bwithin\b|\bin\s+last\b|\bfollowed\b|\)))",
        "an event has one `where`; several comparisons stand in parentheses",
        ("{1}({2} and {4})",),
        hint="{1}(… and …)",
    ),
    Habit(
        "where",
        r"({event}\s+where\s+)([^(),]+?)\s*(?P<bad>,)\s*([^(),]+?)(?=\s*(?:\Z|\bwithin\b|\bin\s+last\b|\bfollowed\b|\)))",
        "comparisons are joined by `and`, in parentheses",
        ("{1}({2} and {4})",),
        hint="{1}(… and …)",
        only_if_mended=True,
    ),
    Habit(
        "missing-and",
        r"({event}\s+where\s+)({path}\s*{relation}\s*{value})\s+(?P<bad>{path})(\s*{relation}\s*{value})",
        "two comparisons stand side by side, and nothing says whether both must hold or one",
        ("{1}({2} and {3}{4})", "{1}({2} or {3}{4})"),
        hint="{1}({2} and {3}{4})",
        only_if_mended=True,
    ),
    Habit(
        "comma",
        r"(?P<bad>,)",
        "a comma joins no conditions; `and` and `or` do",
        (" and ", " or "),
        hint="and, or",
        only_if_mended=True,
    ),
)
