"""Words of the language that are nearly spelt right."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from convgoals.language.mistakes.reading import Mistake, Reading

KEYWORDS = (
    "and", "or", "not", "within", "between", "for", "in", "last", "first", "any", "segment", "event", "where",
    "changes", "from", "to", "campaign", "received", "followed", "by", "with", "same", "without", "matches", "is",
    "set", "of", "contains", "starts", "ends", "true", "false", "profile", "count", "sum", "avg", "min", "max",
    "distinct", "lower", "length", "years", "months", "weeks", "days", "hours", "minutes", "seconds", "milliseconds",
    "year", "month", "week", "day", "hour", "minute", "second",
)  # fmt: skip


def misspelt(reading: Reading) -> Iterator[Mistake]:
    """The word that could not be read, or the one before it, as the keyword that it nearly is."""
    for offset in (0, -1):
        token = reading.token(offset)
        if token.kind != "word" or len(token.text) < 2 or token.lower in KEYWORDS:
            continue
        near = difflib.get_close_matches(token.lower[:30], KEYWORDS, n=2, cutoff=0.7)
        for keyword in near:
            yield Mistake(
                "misspelt",
                f"`{token.text}` is no word of the language; did you mean `{keyword}`?",
                token.span,
                (reading.replaced(token.span, keyword),),
                only_if_mended=True,
            )
