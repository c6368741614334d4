"""Names as PostgreSQL can hold them: any text but U+0000, which no text of a server may contain.

U+0000 is written as U+0001 U+0001, and U+0001 as U+0001 U+0002. So every name has one form, and two names compare, code
point by code point, as their forms do. JSON needs none of this: it escapes control characters itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from convgoals.storage.halves import is_whole


def to_text(name: str) -> str:
    """The form in which *name* is written."""
    if "\0" in name or "\1" in name:
        return name.replace("\1", "\1\2").replace("\0", "\1\1")
    return name


def from_text(text: str) -> str:
    """The name that was written as *text*."""
    return text.replace("\1\1", "\0").replace("\1\2", "\1") if "\1" in text else text


def optional_to_text(name: str | None) -> str | None:
    """As `to_text`, of a name that may be missing."""
    return None if name is None else to_text(name)


def optional_from_text(text: str | None) -> str | None:
    """As `from_text`, of a name that may be missing."""
    return None if text is None else from_text(text)


def writable(names: Iterable[str]) -> list[str]:
    """Those of *names* that can be kept at all, in the form in which they are written: no half of a surrogate pair."""
    written = [to_text(name) for name in names]
    try:
        "".join(written).encode()
    except UnicodeEncodeError:
        return [name for name in written if is_whole(name)]
    return written
