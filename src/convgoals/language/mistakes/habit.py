"""A habit: what people write that is not the language, as a pattern, and how it is said here."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

# Private, but in one place since 3.11: what a pattern cannot do without is seen in its parsed form.
from re import _constants as ops
from re import _parser
from typing import Any, TypeAlias

import attrs

from convgoals.errors import Span
from convgoals.language.mistakes.reading import Mistake, Reading

REACH = 200
"""How many characters before and after the place where reading failed a habit is looked for."""

# The parts of which patterns are made, by the names in braces.
_PARTS = {
    "plain": r"(?:(?!(?:and|or|not|in|of|by|for|is|where|within|between|event|profile|campaign|count|followed|true"
    r"|false|null|contains|matches|changes|once|every|then|after|before|with|without)\b)[^\W\d]\w*)",
    "word": r"(?:[^\W\d]\w*)",
    "text": r"""(?:"[^"\n]*"|'[^'\n]*')""",
    "name": r"""(?:[^\W\d]\w*|"[^"\n]*"|'[^'\n]*')""",
    "path": r"""(?<![\w."])(?:[^\W\d]\w*|"[^"\n]*")(?:\.(?:[^\W\d]\w*|"[^"\n]*"))*""",
    "names": r"""(?:[^\W\d]\w*|"[^"\n]*")(?:\.(?:[^\W\d]\w*|"[^"\n]*"))*""",
    "number": r"(?:\d+(?:\.\d+)?)",
    "value": r"""(?:-?\d[\d.:TZ+-]*|"[^"\n]*"|'[^'\n]*'|true\b|false\b|[^\W\d][\w.]*)""",
    "unit": r"(?:(?:year|month|week|day|hour|hr|minute|min|second|sec|millisecond|microsecond)s?\b)",
    "relation": r"(?:<=|>=|!=|<>|==?|<|>)",
    "event": r"""(?:event\s+(?:[^\W\d]\w*|"[^"\n]*"))""",
}

Fix: TypeAlias = str | Callable[[re.Match[str]], str | None]
"""What stands in the place of the match: a template with its groups in braces, or a function."""


@attrs.frozen
class Habit:
    """What people write, and how it is said here.

    Attributes:
        code: the error's stable code.
        pattern: a regular expression with parts in braces; a group ``bad`` is the error's place, else the whole match.
        message: a template with the groups in braces.
        fixes: what may be meant instead.
        hint: what is shown where no repair can be read.
        anywhere: whether the match need not touch the place where reading failed.
        only_if_mended: whether it is a mistake only if a repair can be read.
    """

    code: str
    pattern: str
    message: str
    fixes: tuple[Fix, ...] = ()
    hint: str = ""
    anywhere: bool = False
    only_if_mended: bool = False

    def mistakes(self, reading: Reading) -> Iterator[Mistake]:
        """The places in *reading* that look so."""
        low, high = (0, min(reading.tokens[-1].end, 2 * REACH)) if self.anywhere else _around(reading)
        for match in _compiled(self.pattern).finditer(reading.text, low, high):
            if self.anywhere or _touches(match, reading):
                groups = [group or "" for group in (match[0], *match.groups())]
                place = "bad" if "bad" in match.re.groupindex and match["bad"] is not None else 0
                yield Mistake(
                    self.code,
                    self.message.format(*(_short(group) for group in groups)),
                    Span(*match.span(place)),
                    tuple(_applied(fix, match, groups) for fix in self.fixes if _says(fix, match)),
                    self.hint.format(*(_short(group) for group in groups)),
                    self.only_if_mended,
                )


def _says(fix: Fix, match: re.Match[str]) -> bool:
    return isinstance(fix, str) or fix(match) is not None


def _applied(fix: Fix, match: re.Match[str], groups: list[str]) -> str:
    new = fix.format(*groups) if isinstance(fix, str) else fix(match) or ""
    return match.string[: match.start()] + new + match.string[match.end() :]


def _around(reading: Reading) -> tuple[int, int]:
    return max(0, reading.place - REACH), min(reading.tokens[-1].end, reading.place + REACH)


def _touches(match: re.Match[str], reading: Reading) -> bool:
    if match.start() > reading.token().end:
        return False
    return match.end() >= reading.place or not match.string[match.end() : reading.place].strip()


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _written_out(pattern: str) -> str:
    for name, part in _PARTS.items():
        pattern = pattern.replace("{" + name + "}", part)
    return pattern


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_written_out(pattern), re.IGNORECASE | re.DOTALL)


def needed(pattern: str) -> frozenset[str]:
    """Texts, in lower case, of which at least one stands in whatever *pattern* matches; ``{""}`` if none needs to."""
    return _needed_by(_parser.parse(_written_out(pattern), re.IGNORECASE | re.DOTALL)) or frozenset({""})


def _needed_by(items: Any) -> frozenset[str]:
    """The best such texts for a part of a pattern; none if nothing is needed."""
    found: list[frozenset[str]] = []
    run = ""
    for op, argument in [*items, (None, None)]:
        if op is ops.LITERAL:
            run += chr(argument).lower()
            continue
        if run:
            found.append(frozenset({run}))
        run = ""
        below: list[frozenset[str]] = []
        if op is ops.SUBPATTERN:
            below = [_needed_by(argument[3])]
        elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT) and argument[0] > 0:
            below = [_needed_by(argument[2])]
        elif op is ops.ASSERT and argument[0] > 0:
            below = [_needed_by(argument[1])]
        elif op is ops.BRANCH:
            below = [_needed_by(branch) for branch in argument[1]]
        if below and all(below):
            found.append(frozenset().union(*below))
    return max(found, key=lambda texts: min(len(text) for text in texts), default=frozenset())
