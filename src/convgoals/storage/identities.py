"""Identities that became others, changed at the cost of what changes, however many there are."""

from __future__ import annotations

from collections.abc import Mapping


class Identities(dict[str, str]):
    """Each identity that became another, with the one that it is now; to be changed by its own methods only."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        super().__init__(known or {})
        self._olds: dict[str, str | list[str]] = {}  # by those that they are now; most are one that became one
        for old, new in self.items():
            self._note(old, new)

    def _note(self, old: str, new: str) -> None:
        olds = self._olds.get(new)
        if olds is None:
            self._olds[new] = old
        elif isinstance(olds, list):
            olds.append(old)
        else:
            self._olds[new] = [olds, old]

    def of(self, name: str) -> tuple[str, ...]:
        """Those that became *name*."""
        olds = self._olds.get(name, ())
        return (olds,) if isinstance(olds, str) else tuple(olds)

    def merge(self, old: str, new: str) -> None:
        """Have *old* become *new*, and all that became *old*; neither has become another before."""
        for each in (*self.of(old), old):
            self[each] = new
            self._note(each, new)
        self._olds.pop(old, None)

    def forget(self, name: str) -> None:
        """Take away those that became *name*."""
        for each in self.of(name):
            del self[each]
        self._olds.pop(name, None)
