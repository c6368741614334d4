"""Colours for the language in docs, notebooks and editors that use Pygments (the extra ``pygments``).

Registered as ``convgoals`` and ``goal``. A word is a keyword only where it cannot be a name:
after ``event``, ``campaign``, ``segment`` and dots there are names, as the grammar has it.
"""

from __future__ import annotations

import re

from convgoals.errors import MissingExtraError

try:
    from pygments.lexer import RegexLexer, bygroups, default, words
    from pygments.token import Comment, Keyword, Literal, Name, Number, Operator, Punctuation, String, Whitespace
except ImportError:
    raise MissingExtraError("the Pygments lexer", "pygments") from None

_STRING = r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|“(?:[^”\\\n]|\\.)*”|‘(?:[^’\\\n]|\\.)*’'
_NAME = r"[^\W\d]\w*"
_UNIT = (
    r"(?:years?|y|months?|mo|weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|min|m|seconds?|secs?|sec|s|"
    r"milliseconds?|ms|microseconds?|us)\b"
)
_DATE = r"\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d\d:?\d\d)?)?"
_ISO_DURATION = r"P(?=[\dT])(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?:\d+H)?(?:\d+M)?(?:\d+S)?)?\b"

OPERATOR_WORDS = ("and", "or", "not", "in", "contains", "starts", "ends", "matches", "between", "is", "set", "null")
KEYWORDS = (
    "within", "for", "last", "where", "changes", "from", "to", "received", "followed", "by", "with", "same", "without",
    "of", "after", "first", "any", "the", "starts_with", "ends_with", "startswith", "endswith",
)  # fmt: skip


class GoalLexer(RegexLexer):  # type: ignore[misc]  # Pygments has no types
    """The condition language of convgoals."""

    name = "convgoals"
    aliases = ("convgoals", "goal")
    filenames = ("*.goal",)
    mimetypes = ("text/x-convgoals",)
    url = "https://pypi.org/project/convgoals/"
    version_added = "0.1.0"
    flags = re.IGNORECASE  # keywords are read in any case

    tokens = {  # noqa: RUF012  Pygments reads it so
        "root": [
            (r"\s+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (_DATE, Literal.Date),
            (rf"(\d+)(\s*)({_UNIT})", bygroups(Number.Integer, Whitespace, Keyword.Type)),
            (_ISO_DURATION, Literal.Date),
            (r"\d+(?:\.\d+)?(?:e[+-]?\d+)?", Number),
            (_STRING, String),
            (r"(profile|event)(\s*)(\.)", bygroups(Name.Builtin, Whitespace, Punctuation), "name"),
            (words(("event", "campaign", "segment"), suffix=r"\b"), Keyword, "subject"),
            (r"(count|sum|avg|min|max|distinct|lower|length)(?=\s*\()", Name.Function),
            (words(("true", "false"), suffix=r"\b"), Keyword.Constant),
            (words(OPERATOR_WORDS, suffix=r"\b"), Operator.Word),
            (words(KEYWORDS, suffix=r"\b"), Keyword),
            (r"==?|!=|<>|<=|>=|[<>≠≤≥+\-*/]|&&|\|\||!", Operator),
            (r"\.", Punctuation, "name"),
            (r"[()\[\],;]", Punctuation),
            (_NAME, Name.Attribute),
        ],
        "subject": [  # the type of an event, a campaign or a segment
            (r"\s+", Whitespace),
            (_STRING, Name.Class, "#pop"),
            (_NAME, Name.Class, "#pop"),
            default("#pop"),
        ],
        "name": [  # a part of a property's path
            (r"\s+", Whitespace),
            (_STRING, Name.Attribute, "#pop"),
            (_NAME, Name.Attribute, "#pop"),
            default("#pop"),
        ],
    }
