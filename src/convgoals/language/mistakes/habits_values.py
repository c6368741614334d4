"""Habits about values: numbers, lists, operators, presence and ranges."""

from __future__ import annotations

import re
from decimal import Decimal

from convgoals.language.mistakes.habit import Habit

_SIGNS = {
    "=>": ">=", "=<": "<=", "===": "=", "!==": "!=", "=!": "!=", ":=": "=", ":": "=", "=~": "matches", "~": "matches",
    "!~": "not matches", "&": "and", "|": "or", "->": ".", "≈": "=", "≥=": ">=",
}  # fmt: skip
_SPACED = {"> =": ">=", "< =": "<=", "! =": "!=", "= =": "=", "= >": ">=", "= <": "<=", "< >": "!=", "= !": "!="}
_PHRASES = (
    (r"(?:is\s+)?(?:greater|more|larger|bigger|higher)\s+than\s+or\s+equal(?:\s+to)?", ">="),
    (r"(?:is\s+)?(?:less|fewer|smaller|lower)\s+than\s+or\s+equal(?:\s+to)?", "<="),
    (
        r"(?:is\s+)?not\s+equals?(?:\s+to)?|does\s+not\s+equal|doesn'?t\s+equal|differs\s+from|is\s+different\s+from",
        "!=",
    ),
    (r"(?:is\s+)?(?:greater|more|larger|bigger|higher)\s+than|is\s+(?:over|above)|over|above|exceeds", ">"),
    (r"(?:is\s+)?(?:less|fewer|smaller|lower)\s+than|is\s+(?:under|below)|under|below", "<"),
    (r"(?:is\s+)?at\s+least", ">="),
    (r"(?:is\s+)?at\s+most|no\s+more\s+than|up\s+to", "<="),
    (r"(?:is\s+)?equals?(?:\s+to)?|is\s+exactly|exactly|eq", "="),
    (r"ne|neq|isn'?t|is\s+no", "!="),
    (r"gte|ge", ">="),
    (r"lte|le", "<="),
    (r"gt", ">"),
    (r"lt", "<"),
    (r"does\s+not\s+contain|doesn'?t\s+contain|does\s+not\s+include|excludes|not\s+includes?", "not contains"),
    (r"includes?|containing|contain|has", "contains"),
    (r"does\s+not\s+start\s+with|doesn'?t\s+start\s+with", "not starts with"),
    (r"begins?\s+with|beginning\s+with|start\s+with|starting\s+with|starts", "starts with"),
    (r"end\s+with|ending\s+with|ends", "ends with"),
    (r"regexp|rlike|regex|match|similar\s+to|does\s+match", "matches"),
    (r"is\s+one\s+of|one\s+of|is\s+in|is\s+any\s+of|any\s+of", "in"),
    (r"is\s+not\s+one\s+of|is\s+not\s+in|none\s+of|isn'?t\s+in", "not in"),
)


def _like(match: re.Match[str]) -> str | None:
    """``like "%x%"`` as the comparison that it is."""
    negated, insensitive, pattern = match["negated"] or "", match["like"].lower() == "ilike", match["pattern"][1:-1]
    inner = pattern.strip("%")
    if "%" in inner or "_" in inner:
        return None
    if pattern.startswith("%") and pattern.endswith("%"):
        operator = "contains"
    elif pattern.endswith("%"):
        operator = "starts with"
    else:
        operator = "ends with" if pattern.startswith("%") else "!=" if negated else "="
    value = f"lower({match['subject']})" if insensitive else match["subject"]
    inner = inner.lower() if insensitive else inner
    return f'{value} {negated if operator != "!=" else ""} {operator} "{inner}"'


def _fraction(match: re.Match[str]) -> str | None:
    """``1.5 days`` as whole amounts of units."""
    whole, part = match["whole"], int(match["part"]) / 10 ** len(match["part"])
    smaller = {
        "y": (12, "months"), "mo": (30, "days"), "w": (7, "days"), "d": (24, "hours"), "h": (60, "minutes"),
        "mi": (60, "seconds"), "s": (1000, "milliseconds"),
    }  # fmt: skip
    unit = match["of"].lower()
    key = unit[:2] if unit[:2] in smaller else unit[:1]
    if unit.startswith("mil") or key not in smaller:
        return None
    factor, below = smaller[key]
    rest = round(part * factor, 6)
    if rest != int(rest):
        return None
    if key == "mo":
        return f"{int(whole) * factor + int(rest)} {below}"
    parts = [f"{int(whole)} {unit}"] if int(whole) else []
    return " ".join([*parts, f"{int(rest)} {below}"])


def _spaced_sign(match: re.Match[str]) -> str | None:
    return _SPACED.get(" ".join(match[0].split()))


def _escaped(match: re.Match[str]) -> str:
    return '"' + match["pattern"].replace('"', '\\"') + '"'


def _listed(match: re.Match[str]) -> str:
    """``x = "a" or "b"`` as a list."""
    others = re.split(r"\s*(?:\bor\b|,)\s*", match["bad"].strip(), flags=re.IGNORECASE)
    return f"{match[1]} in ({', '.join([match[3], *filter(None, others)])})"


def _without_null(match: re.Match[str]) -> str:
    """``x in ("a", null)`` with the missing asked for apart."""
    others = [part.strip() for part in (match["before"], match["after"]) if part.strip()]
    return f"({match[1]} in ({', '.join(others)}) or {match[1]} is not set)"


def _contains_each(match: re.Match[str]) -> str:
    join = "and" if (match[2] or "").lower() == "all" else "or"
    return f"({match[1]} contains {match[4]} {join} {match[1]} contains {match[5]})"


def _written_out(match: re.Match[str]) -> str | None:
    """``10k`` in digits."""
    if len(match[1]) > 12:
        return None
    return format(Decimal(match[1]) * {"k": 10**3, "m": 10**6, "bn": 10**9}[match[2].lower()], "f")


def _between_its_sides(match: re.Match[str]) -> str:
    """``startswith(x, "a")`` as ``x starts with "a"``."""
    word = match["bad"].lower().removesuffix("with").rstrip("_")
    return f"{match[3]} {word}{' with' if word in ('starts', 'ends') else ''} {match[4]}"


VALUES: tuple[Habit, ...] = (
    # ---- numbers
    Habit(
        "decimal-duration",
        r"\b(?P<whole>\d+)\.(?P<part>\d+)\s*(?P<of>{unit}|[ymwdhs]\b)",
        "`{0}`: a span of time has whole amounts",
        (_fraction,),
        hint="1 day 12 hours",
    ),
    Habit(
        "number-form",
        r"\b\d{1,3}(?:[,_']\d{3})+(?:\.\d+)?\b",
        "`{0}`: a number has digits and a point only",
        (lambda m: re.sub(r"[,_']", "", m[0]),),
        hint="1000.50",
    ),
    Habit(
        "number-form",
        r"\b(\d+),(\d{1,2})\b(?!\s*,)",
        "`{0}`: the point of a decimal number is a `.`",
        ("{1}.{2}",),
        hint="1000.50",
        only_if_mended=True,
    ),
    Habit(
        "number-with-unit",
        r"(?P<bad>[$€£¥])\s*({number})",
        "`{1}`: a number stands without a currency; say that with a property of its own",
        ("{2}",),
        hint="{2}",
    ),
    Habit(
        "number-with-unit",
        r"({number})\s*(?P<bad>%|[$€£¥]|(?:usd|eur|gbp|dollars?|euros?|cents?|percent|points?|items?|pcs|kg|km)\b)",
        "`{2}`: a number stands without a unit",
        ("{1}",),
        hint="{1}",
    ),
    Habit(
        "number-with-unit",
        r"({relation}\s*{number})\s*(?P<bad>{unit})",
        "`{2}`: a number stands without a unit",
        ("{1}",),
        hint="{1}",
        only_if_mended=True,
    ),
    Habit(
        "number-form",
        r"(?<![\w.])({number})(k|m|bn)\b",
        "`{0}`: a number is written out",
        (_written_out,),
        hint="10000",
        only_if_mended=True,
    ),
    Habit("number-form", r"(?<![\w.])(\.\d+)\b", "`{0}`: a number begins with a digit", ("0{1}",), hint="0.5"),
    Habit("number-form", r"\b(\d+)\.(?!\d)", "`{0}`: a digit follows the point", ("{1}",), only_if_mended=True),
    Habit("number-form", r"\+\s*({number})", "`{0}`: a number needs no plus sign", ("{1}",), only_if_mended=True),
    # ---- lists
    Habit(
        "equals-list",
        r"({path})\s*(=|==|!=|<>)\s*(?P<bad>[(\[]\s*({text}|{number})\s*,.*?[)\]])",
        "`{2}` compares with one value; `in` asks for one of several",
        (lambda m: " ".join((m[1], "in" if m[2].startswith("=") else "not in", m["bad"])),),
        hint="{1} in {3}",
    ),
    Habit(
        "list-of-or",
        r"({path})\s*(=|==)\s*({text})(?P<bad>(?:\s*(?:or|,)\s*{text})+)",
        "each side of `or` is a whole condition; `in` asks for one of several values",
        (_listed,),
        hint="{1} in ({3}, …)",
    ),
    Habit(
        "in-without-list",
        r"({path})\s+((?:not\s+)?in)\s+(?P<bad>({text}|{number})(?:\s*,\s*(?:{text}|{number}))*)",
        "`in` takes a list in parentheses",
        (lambda m: f"{m[1]} {m[2]} ({m['bad']})",),
        hint="{1} {2} ({3})",
    ),
    Habit(
        "in-without-list",
        r"({path})\s+((?:not\s+)?in)\s+\{\s*(.*?)\s*\}",
        "a list stands in parentheses",
        ("{1} {2} ({3})",),
        hint='plan in ("pro", "team")',
    ),
    Habit(
        "null-in-list",
        r"({path})\s+in\s*[(\[](?P<before>[^()\[\]]*?),?\s*(?P<bad>\bnull\b)\s*,?\s*(?P<after>[^()\[\]]*)[)\]]",
        "`null` is no value that a list can hold; what is missing is asked for by `is not set`",
        (_without_null,),
        hint="{1} is not set",
    ),
    Habit(
        "contains-list",
        r"({path})\s+contains\s+(?:(any|all)\s+(?:of\s+)?)?(?P<bad>[(\[]\s*({text})\s*,\s*({text})\s*[)\]])",
        "`contains` takes one value",
        (_contains_each,),
        hint="{1} contains … or {1} contains …",
    ),
    Habit(
        "in-without-list",
        r"({path})\s+((?:not\s+)?in)\s*(?P<bad>[(\[]\s*[)\]])",
        "a list holds at least one value",
        hint='{1} {2} ("…")',
    ),
    Habit(
        "in-without-list",
        r"\bin\s*[(\[][^()\[\]]*?({text}|{number})(?P<bad>\s+)(?=[\"'\d])",
        "a comma stands between the values of a list",
        (lambda m: m[0].rstrip() + ", ",),
        hint='plan in ("pro", "team")',
    ),
    # ---- operators
    Habit(
        "spaced-operator",
        r"[<>!=]\s+[=><!]",
        "`{0}` is two signs; this comparison is written without a space",
        (_spaced_sign,),
        hint="=, !=, <, <=, >, >=",
    ),
    Habit(
        "unknown-operator",
        r"===|!==|=>|=<|=!|:=|=~|!~|~|≈|(?<!:):(?!:)|(?<!&)&(?!&)|(?<!\|)\|(?!\|)",
        "`{0}` is no operator of the language",
        (lambda m: f" {_SIGNS[m[0]]} ",),
        hint="=, !=, <, <=, >, >=, and, or, not",
    ),
    Habit(
        "unknown-operator",
        r"%|\*\*|\^|//",
        "`{0}` is no operator of the language; numbers are reckoned with `+`, `-`, `*` and `/`",
        hint="price * quantity >= 100",
    ),
    Habit(
        "number-form",
        r"(?<![\w\"')])\s*(?P<bad>-)\s*({path})",
        "a minus sign stands before a number, or between two values",
        (" 0 - {2}",),
        hint="0 - {2}",
    ),
    Habit(
        "list-member",
        r"({path})\s*(?P<bad>\[\s*-?\d+\s*\](?:\.{names})?|\.\d+(?:\.{names})?)",
        "a list is not asked for one of its members; `contains` looks through all, and `length` counts them",
        hint='{1} contains "…", or an event of its own for each member',
    ),
    Habit("unknown-operator", r"profile\s*->\s*", "a dot stands between the profile and its property", ("profile.",)),
    Habit(
        "brackets",
        r"""(profile|event)\s*\[\s*(["'])(.*?)\2\s*\]""",
        "a dot stands between `{1}` and its property",
        ('{1}."{3}"',),
        hint="{1}.{3}",
    ),
    Habit(
        "like",
        r"(?P<subject>{path})\s+(?P<negated>not\s+)?(?P<bad>(?P<like>i?like))\s+(?P<pattern>{text})",
        "there is no `{3}`; `contains`, `starts with`, `ends with` and `matches` look into a text",
        (_like,),
        hint='{1} contains "…"',
    ),
    Habit(
        "unquoted-pattern",
        r"matches\s+/(?P<pattern>[^/\n]+)/\w*",
        "a pattern is a text in quotes",
        (lambda m: f"matches {_escaped(m)}",),
        hint='matches "^/checkout"',
    ),
    Habit(
        "unquoted-pattern",
        r"matches\s+(?P<bad>(?P<pattern>[^\s\"'“‘()]+))",
        "a pattern is a text in quotes",
        (lambda m: f"matches {_escaped(m)}",),
        hint='matches "^/checkout"',
    ),
    Habit(
        "method",
        r"({path})\.(contains|startswith|endswith|includes|matches)\s*\(\s*({value})\s*\)",
        "`{2}` stands between its two sides",
        (lambda m: f"{m[1]} {m[2].lower().replace('includes', 'contains')} {m[3]}",),
        hint="{1} contains {3}",
    ),
    Habit(
        "method",
        r"(?<![\w.])(?P<bad>(starts_?with|ends_?with|contains|matches))\s*\(\s*({path})\s*,\s*({text})\s*\)",
        "`{1}` stands between its two sides",
        (_between_its_sides,),
        hint='url starts with "…"',
    ),
    # ---- presence
    Habit(
        "presence",
        r"(?:\bnot\s+|!\s*)(?:exists|isset|has|defined)\s*\(?\s*({path})\s*\)?",
        "whether a property is there is asked by `is set` and `is not set`",
        ("{1} is not set",),
        hint="{1} is not set",
        only_if_mended=True,
    ),
    Habit(
        "presence",
        r"\b(?:exists|isset|defined|isnotnull|notnull)\s*\(?\s*({path})\s*\)?",
        "whether a property is there is asked by `is set` and `is not set`",
        ("{1} is set",),
        hint="{1} is set",
        only_if_mended=True,
    ),
    Habit(
        "presence",
        r"({path})\s+(?P<bad>(?:does\s+not\s+exist|not\s+exists?|not\s+set|is\s+(?:empty|missing|undefined|blank|unset|unknown|none|nil)|isn'?t\s+set|not\s+present|is\s+not\s+(?:present|defined|known)|isnull)\b)",
        "whether a property is there is asked by `is set` and `is not set`",
        ("{1} is not set",),
        hint="{1} is not set",
    ),
    Habit(
        "presence",
        r"({path})\s+(?P<bad>(?:exists?|is\s+(?:present|defined|known|there|not\s+(?:empty|missing|undefined|blank|none|nil))|has\s+(?:a\s+)?value|notnull|not\s+null)\b)",
        "whether a property is there is asked by `is set` and `is not set`",
        ("{1} is set",),
        hint="{1} is set",
    ),
    *(
        Habit(
            "operator-in-words",
            rf"(?<=[\w\"')\]])\s+(?P<bad>(?:{phrase})\b)\s*(?=[\w\"'(\-$])",
            f"there is no `{{1}}`; it is written `{operator}`",
            (f" {operator} ",),
            hint=operator,
            only_if_mended=True,
        )
        for phrase, operator in _PHRASES
    ),
    # ---- between
    Habit(
        "between-and",
        r"between\s*\(?\s*(\d{4}-\d\d-\d\d|-?{number})\s*(?P<bad>to\b|,|until\b|\.\.|-|–|till\b|through\b)\s*"
        r"(\d{4}-\d\d-\d\d|-?{number})\s*\)?",
        "`between` joins its two ends by `and`",
        ("between {1} and {3}",),
        hint="between {1} and {3}",
    ),
    Habit(
        "between-and",
        r"({path})\s+(?P<bad>from)\s+(-?{number})\s+to\s+(-?{number})",
        "a range is written `between … and …`",
        ("{1} between {3} and {4}",),
        hint="{1} between {3} and {4}",
    ),
)
