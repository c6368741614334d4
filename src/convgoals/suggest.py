"""The near misses among known names, for messages that ask "did you mean …?"."""

from __future__ import annotations

from collections.abc import Iterable

MAX_KNOWN = 2_000
"""How many known names are compared at the most: a message must not cost more than what it is about."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``did you mean `x`?`` for the known name nearest to *name*, or ``""``."""
    import difflib  # noqa: PLC0415  only messages need it

    candidates = [other for other, _ in zip(known, range(MAX_KNOWN), strict=False)]
    folded = {candidate.casefold(): candidate for candidate in reversed(candidates)}
    near = difflib.get_close_matches(name.casefold()[:200], folded, n=1, cutoff=0.6)
    return f"did you mean `{folded[near[0]]}`?" if near else ""
