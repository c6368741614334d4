"""Text as it is shown: names and ids are hostile, and characters are not all of one width."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def clean(text: str) -> str:
    """*text* on one line, control and direction-changing characters shown as escapes: ids and channels are hostile."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else c.encode("unicode_escape").decode()
        for c in text
    )


def text_width(text: str) -> int:
    """How many columns of a terminal *text* takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrap(text: str, width: int, most: int | None = None) -> list[str]:
    """*text* in lines of at most *width* columns, broken at spaces where there are any; *most* lines, the last cut."""
    lines: list[str] = []
    line = ""
    for word in _words(clean(text), width):
        together = f"{line} {word}" if line else word
        if text_width(together) <= width:
            line = together
        else:
            lines.append(line)
            line = word
    lines.append(line)
    if most is not None and len(lines) > most:
        return [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), width)]
    return lines


def cut(text: str, width: int) -> str:
    """*text*, its end replaced by an ellipsis where it takes more than *width* columns."""
    if text_width(text) <= width:
        return text
    return f"{_head(text, width - 1).rstrip()}…"


def _words(text: str, width: int) -> Iterator[str]:
    """The words of *text*, those that are too long for a line in pieces."""
    for word in filter(None, text.split(" ")):  # a no-break space is none to break at
        rest = word
        while text_width(rest) > width:
            head = _head(rest, width)
            yield head
            rest = rest[len(head) :]
        yield rest


def _head(text: str, width: int) -> str:
    """As much of *text* as fits, one character at least, and the combining ones that belong to it."""
    taken = 0
    for index, character in enumerate(text):
        taken += text_width(character)
        if taken > width and index:
            return text[:index]
    return text
