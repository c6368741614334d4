"""Canonical text that keeps the lines and comments of the text that it stands for."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

_GAP = re.compile(r"(?:\s|#[^\n]*)*")
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|“(?:\\.|[^”\\])*”|‘(?:\\.|[^’\\])*’|[\w.]+|.', re.DOTALL)


def laid_out(canonical: str, original: str) -> str:
    """*canonical* with the line breaks and comments of *original*, each before the token that it stood before.

    Both say the same condition, and white space and comments mean nothing in it, so what is returned says it too.
    """
    old, new = _tokens(original), _tokens(canonical)
    counterpart = _counterparts([token for _, token in old], [token for _, token in new])
    parts: list[str] = []
    taken = 0
    for index, (gap, token) in enumerate(new):
        place = counterpart.get(index)
        if place is not None:
            # The comments before tokens that are gone stay, before the next token that is not.
            kept = [lost for lost, _ in old[taken:place] if "#" in lost]
            kept += [own for own in (old[place][0],) if "#" in own or "\n" in own]
            gap = "".join(kept) or gap  # noqa: PLW2901
            taken = place + 1
        parts += (gap, token)
    return "".join(parts)


def has_comment(text: str) -> bool:
    """Whether *text* holds a comment."""
    return any("#" in gap for gap, _ in _tokens(text))


def _counterparts(old: list[str], new: list[str]) -> dict[int, int]:
    """For the new tokens, by index, the old ones that they are or replace; the end is always the end's."""
    pairs = {len(new) - 1: len(old) - 1}
    blocks = SequenceMatcher(None, [each.lower() for each in old], [each.lower() for each in new], autojunk=False)
    for kind, old_start, old_end, new_start, new_end in blocks.get_opcodes():
        if kind == "equal" or (kind == "replace" and old_end - old_start == new_end - new_start):
            pairs.update(zip(range(new_start, new_end), range(old_start, old_end), strict=True))
    return pairs


def _tokens(text: str) -> list[tuple[str, str]]:
    """Each token with the white space and comments before it; the last token is the end, ``""``."""
    tokens: list[tuple[str, str]] = []
    at = 0
    while True:
        gap = _GAP.match(text, at)
        start = at if gap is None else gap.end()
        token = _TOKEN.match(text, start)
        if token is None:
            return [*tokens, (text[at:start], "")]
        tokens.append((text[at:start], token[0]))
        at = token.end()
