"""Habits about profiles, segments and campaigns."""

from __future__ import annotations

import re

from convgoals.language.mistakes.habit import Habit


def _segments(match: re.Match[str]) -> str:
    names = re.findall(r"\"[^\"]*\"|'[^']*'", match["names"])
    return "(" + " or ".join(f"in segment {name}" for name in names) + ")"


def _quoted_list(match: re.Match[str]) -> str:
    parts = [part.strip() for part in match["bad"].split(",")]
    return match[1] + ", ".join(part if part[:1] in ("'", '"') else f'"{part}"' for part in parts) + match[3]


def _one_of(match: re.Match[str]) -> str:
    texts = ", ".join(f'"{part.strip()}"' for part in match["bad"].split(","))
    return f"{match[1]} {match[2] or ''}in ({texts})"


PROFILES: tuple[Habit, ...] = (
    # ---- profiles
    Habit(
        "missing-dot",
        r"\b(?P<bad>(profile|user|customer|person|contact|visitor)\s+({word}))(?=\s*(?:{relation}|in\b|is\b|contains\b|changes\b|starts\b|ends\b|between\b|matches\b|not\b))",
        "a dot stands between the profile and its property",
        ("profile.{3}",),
        hint="profile.{3}",
        only_if_mended=True,
    ),
    Habit(
        "changes",
        r"(profile\.{names})\s+(?P<bad>becomes?|became|turns?(?:\s+in)?to|is\s+set\s+to|switche[sd]\s+to|changed?\s+to|goes\s+to|is\s+now)\s+({value})",
        "a change is written `changes to`",
        ("{1} changes to {3}",),
        hint="{1} changes to {3}",
    ),
    Habit(
        "changes",
        r"(profile\.{names})\s+(?P<bad>changed?|is\s+changed|has\s+changed|was\s+changed|updates?d?|moves?d?)\b",
        "a change is written `changes`",
        ("{1} changes",),
        hint='{1} changes to "…"',
    ),
    Habit(
        "changes",
        r"(profile\.{names}\s+changes)\s+(?P<bad>({text}|{number})\s+(?:to|->|=>)\s+({text}|{number}))",
        "the value before a change follows `from`",
        ("{1} from {3} to {4}",),
        hint="{1} from {3} to {4}",
    ),
    Habit(
        "changes",
        r"(profile\.{names}\s+changes(?:\s+from\s+{value})?)\s+(?P<bad>and\s+to|into|=)\s+({value})",
        "the value after a change follows `to`",
        ("{1} to {3}",),
        hint="{1} to {3}",
    ),
    Habit(
        "changes",
        r"(profile\.{names})\s+changes\s+to\s+(?P<bad>null|none|nil|nothing|missing)\b",
        "`{2}` is no value that a property changes to; whether it is there is a state",
        ("{1} changes and {1} is not set",),
        hint="{1} is not set",
    ),
    Habit(
        "changes",
        r"(profile\.{names})\s+changes\s+(?P<bad>from\s+(?:null|none|nil|nothing|missing))\b",
        "`{2}` names no value; a change from missing is one too, so it is left out",
        ("{1} changes",),
        hint="{1} changes",
    ),
    Habit(
        "missing-quotes",
        r"(profile\.{names}\s+changes\s+(?:from\s+{text}\s+)?(?:from|to)\s+)(?P<bad>{word})(\s+to\s+(?P<after>{word}))?",
        "a text stands in quotes",
        (lambda m: f'{m[1]}"{m["bad"]}"' + (f' to "{m["after"]}"' if m["after"] else ""),),
        hint='{1}"{2}"',
    ),
    Habit(
        "missing-quotes",
        r"(\bin\s*[(\[])(?P<bad>\s*{word}(?:\s*,\s*(?:{word}|{text}))*\s*)([)\]])",
        "a text stands in quotes, in a list too",
        (_quoted_list,),
        hint='in ("a", "b")',
    ),
    Habit(
        "missing-quotes",
        r"({path}\s*(?:{relation}|contains|starts\s+with|ends\s+with|is\s+not|is)\s*)"
        r"(?P<bad>{plain}(?:[ -]{plain}){1,3})"
        r"(?=\s*(?:\Z|\)|;|\band\b|\bor\b|\bwithin\b|\bin\s+last\b|\bfollowed\b|\bfor\b))",
        "a text stands in quotes",
        (lambda m: f'{m[1]}"{m["bad"]}"',),
        hint='"{2}"',
        only_if_mended=True,
    ),
    Habit(
        "changes",
        r"(profile\.{names})\s*==?\s*({value})\s+(?P<bad>then|followed\s+by|->|=>|→)\s+\1\s*==?\s*({value})",
        "a chain is made of what happens, and this is a change of one property",
        ("{1} changes from {2} to {4}",),
        hint="{1} changes from {2} to {4}",
    ),
    Habit(
        "window-of",
        r"(profile\.{names})\s+(?P<bad>(?:with)?in(?:\s+(?:the\s+)?last)?\s+(\d+\s*{unit}))(?!\s*of\b)",
        "a property does not happen; a window runs from the datetime that it holds",
        ("event purchase_completed within {3} of {1}",),
        hint="event purchase_completed within {3} of {1}",
    ),
    Habit(
        "held",
        r"(?P<state>profile\.{names}\s*{relation}\s*{value}|\bin\s+segment\s+{name})\s+"
        r"(?P<bad>since|during|throughout|over|longer\s+than)\s+(?P<span>\d+\s*{unit})",
        "how long something has been so is asked by `for`",
        ("{1} for {3}",),
        hint="{1} for {3}",
    ),
    Habit(
        "missing-quotes",
        r"({path}\s+is\s+(?:not\s+)?)(?P<bad>{plain})(?=\s*(?:\Z|\)|;|\band\b|\bor\b|\bwithin\b|\bfor\b))",
        "a text stands in quotes",
        ('{1}"{2}"',),
        hint='"{2}"',
    ),
    Habit(
        "missing-quotes",
        r"({path})\s+is\s+(not\s+)?(?:one|any)\s+of\s+(?P<bad>{plain}(?:\s*,\s*{plain})*)",
        "one of several texts is asked for by `in`, each in quotes",
        (_one_of,),
        hint='{1} in ("a", "b")',
    ),
    Habit(
        "missing-quotes",
        r"((?:contains|starts\s+with|ends\s+with|{relation})\s*)(?P<bad>[\w.:+-]*[@/][\w.@/:+-]*)(?=\s|\Z|\))",
        "a text stands in quotes",
        ('{1}"{2}"',),
        hint='"{2}"',
        only_if_mended=True,
    ),
    # ---- segments and campaigns
    Habit(
        "campaign",
        r"\b(?:of|after)\s+(?P<bad>(?:receiving|the\s+receipt\s+of|receipt\s+of|getting))\s+(?:the\s+)?campaign\s+({name})(?:\s+received)?",
        "a receipt is written `campaign … received`",
        ("of campaign {2} received",),
        hint="of campaign {2} received",
    ),
    Habit(
        "segment",
        r"(in\s+segment\s+{name})\s+(and|or)\s+(?P<bad>{plain})(?=\s*(?:\Z|\)|\band\b|\bor\b))",
        "each side of `{2}` is a whole condition; a segment is asked for by `in segment`",
        ("{1} {2} in segment {3}",),
        hint="{1} {2} in segment {3}",
        only_if_mended=True,
    ),
    Habit(
        "segment",
        r"\bin\s+(?:the\s+)?(?P<bad>({plain})\s+segment)\b",
        "the name of a segment follows `in segment`",
        ("in segment {2}",),
        hint="in segment {2}",
    ),
    Habit(
        "segment",
        r"(?:\b(?:profile|user|customer)\s*\.?\s*)?\b(?P<bad>segments?\s*(?:=|==|is|contains|in)\s*)({text}|{word})(?=\s*(?:\Z|\)|;|\band\b|\bor\b|\bwithin\b|\bfor\b))",
        "whether a profile is in a segment is asked by `in segment`",
        ("in segment {2}",),
        hint="in segment {2}",
        only_if_mended=True,
    ),
    Habit(
        "segment",
        r"\b(?:in\s+)?(?P<bad>segments?\s*(?:in\s*)?[(\[](?P<names>\s*{text}(?:\s*,\s*{text})*)\s*[)\]])",
        "`in segment` takes one name; several are joined by `or`",
        (_segments,),
        hint='in segment "a" or in segment "b"',
    ),
    Habit(
        "segment",
        r"(?:\b(?:profile|user|customer|profiles|users)\s+(?:is\s+)?)(?P<bad>(?:not\s+)?in\s+segment\s+)({name})",
        "`in segment` is asked of the profile, and stands alone",
        ("{1}{2}",),
        hint="in segment {2}",
    ),
    Habit(
        "segment",
        r"\b(?P<bad>(?:in\s+(?:the\s+)?)?segments?\s+)({name})(?=\s*(?:\Z|\)|;|\band\b|\bor\b|\bwithin\b|\bfor\b))",
        "whether a profile is in a segment is asked by `in segment`",
        ("in segment {2}",),
        hint="in segment {2}",
        only_if_mended=True,
    ),
    Habit(
        "segment",
        r"\b(?P<bad>in)\s+({text})(?=\s*(?:\Z|\)|;|\band\b|\bor\b))",
        "`in` alone asks for one of several values; the segment is asked for by `in segment`",
        ("in segment {2}",),
        hint="in segment {2}",
        only_if_mended=True,
    ),
    Habit(
        "campaign",
        r"\b(?P<bad>campaign\s+received)\b(?!\s+received)(?:\s+({text}))?",
        "a campaign's name stands between `campaign` and `received`",
        (lambda m: "campaign " + (m[2] or '"spring"') + " received",),
        hint='campaign "spring" received',
        only_if_mended=True,
    ),
    Habit(
        "campaign",
        r"\b(?P<bad>received\s+(?:the\s+)?campaign)\s+({name})",
        "`received` follows the campaign's name",
        ("campaign {2} received",),
        hint="campaign {2} received",
    ),
    Habit(
        "campaign",
        r"\bcampaign\s*(?P<bad>=|==|is|:)\s*({name})(?:\s+received)?",
        "the name of a campaign follows `campaign`, and then `received`",
        ("campaign {2} received",),
        hint="campaign {2} received",
        only_if_mended=True,
    ),
    Habit(
        "campaign",
        r"\bcampaign\s+({name})\s+(?P<bad>is\s+received|was\s+received|has\s+been\s+received|receives?|sent|delivered)\b",
        "a receipt is written `received`",
        ("campaign {1} received",),
        hint="campaign {1} received",
    ),
    Habit(
        "campaign",
        r"\bcampaign\s+({name})\s+(?P<bad>opened|clicked|viewed|seen|bounced)\b",
        "of a campaign only its receipt is known here; `{2}` is an event of its own",
        ('event "campaign_{2}"',),
        hint="event campaign_{2}",
    ),
    Habit(
        "campaign",
        r"\bcampaign\s+({name})(?P<bad>)(?!\s+received)(?=\s*(?:\Z|\)|;|\band\b|\bor\b|\bwithin\b|\bfollowed\b|\bin\b))",
        "`received` follows the campaign's name",
        ("campaign {1} received",),
        hint="campaign {1} received",
        only_if_mended=True,
    ),
)
