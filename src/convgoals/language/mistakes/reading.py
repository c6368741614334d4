"""A text that could not be read: its tokens as a person sees them, and where reading failed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import attrs

from convgoals.errors import Span


@attrs.frozen
class Mistake:
    """What may be wrong with a text.

    Attributes:
        code: the error's stable code.
        message: the error's message.
        span: its place.
        repairs: whole texts that may be meant, the likeliest first.
        hint: what is shown where no repair can be read.
        only_if_mended: whether this is a mistake only if a repair can be read.
    """

    code: str
    message: str
    span: Span
    repairs: tuple[str, ...] = ()
    hint: str = ""
    only_if_mended: bool = False


@attrs.frozen
class Token:
    """A ``word``, ``text`` in quotes, ``number``, ``date``, ``sign``, ``open`` quote that never ends, or ``end``."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


_TOKEN = re.compile(
    r"""
      (?P<ignored> \s+ | \#[^\n]* )
    | (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | “(?:[^”\\\n]|\\.)*” | ‘(?:[^’\\\n]|\\.)*’ )
    | (?P<open> ["'“”‘’„«»][^\n]* )
    | (?P<date> \d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)? )
    | (?P<number> \d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![^\W\d]) | \d+(?:\.\d+)? )
    | (?P<word> [^\W\d]\w* )
    | (?P<sign> ===|!==|==|!=|<>|<=|>=|=>|=<|=!|=~|!~|&&|\|\||->|:=|. )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def tokens_of(text: str) -> list[Token]:
    """The tokens of *text*, with an empty one of kind ``end`` after the last."""
    tokens = [
        Token(match.lastgroup or "sign", match[0], match.start(), match.end())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "ignored"
    ]
    end = tokens[-1].end if tokens else 0
    return [*tokens, Token("end", "", end, end)]


class Reading:
    """A text, its tokens, and the place where reading failed.

    Attributes:
        text: the text.
        lower: the text in lower case.
        tokens: its tokens, the last of kind ``end``.
        at: the index of the token that could not be read.
        expected: the names of the grammar's terminals that could have stood there, and perhaps a few more.
    """

    def __init__(self, text: str, failure: Any) -> None:
        self.text = text
        self.lower = text.lower()
        self.tokens = tokens_of(text)
        token = getattr(failure, "token", None)
        place = len(text) if token is not None and token.type == "$END" else failure.pos_in_stream
        self.at = next((index for index, found in enumerate(self.tokens) if found.end > place), len(self.tokens) - 1)
        self.expected: frozenset[str] = frozenset(
            getattr(failure, "expected", None) or getattr(failure, "allowed", None) or ()
        )

    def token(self, offset: int = 0) -> Token:
        """The token that could not be read, or one before or after it; of kind ``end`` beyond the text."""
        index = self.at + offset
        return self.tokens[index] if 0 <= index < len(self.tokens) else Token("end", "", 0, 0)

    @property
    def place(self) -> int:
        """The offset in the text at which reading failed."""
        return self.tokens[self.at].start

    def span(self) -> Span:
        """The place of the token that could not be read."""
        return self.tokens[self.at].span

    def found(self) -> str:
        """The token that could not be read, as a message names it."""
        token = self.tokens[self.at]
        if token.kind == "end":
            return "the end"
        return f"`{token.text if len(token.text) <= 40 else token.text[:39] + '…'}`"

    def replaced(self, span: Span, new: str) -> str:
        """The text with *new* in the place of *span*."""
        return self.text[: span.start] + new + self.text[span.end :]

    def open_parentheses(self, before: int | None = None) -> list[Token]:
        """The parentheses and brackets that are open before the token of index *before*, or at the end."""
        opened: list[Token] = []
        for token in self.tokens[:before]:
            if token.text in ("(", "["):
                opened.append(token)
            elif token.text in (")", "]") and opened:
                opened.pop()
        return opened


def words(texts: Iterable[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *first, last = texts
    return f"{', '.join(first)} or {last}" if first else last
