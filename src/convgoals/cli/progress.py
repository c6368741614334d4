"""A progress bar on a terminal, and nothing in a pipe."""

from __future__ import annotations

import shutil
import time
from types import TracebackType
from typing import Self

from convgoals.analytics.tables import bar
from convgoals.cli.terminal import Terminal, is_terminal, sayable

_WIDTH = 24
_EVERY = 0.1


class Progress:
    """One line on stderr that is drawn over itself; a context manager that leaves nothing behind.

    Args:
        terminal: where it is drawn, if a person looks there.
        noun: what is counted.
        wanted: whether it is drawn at all.
    """

    def __init__(self, terminal: Terminal, noun: str, *, wanted: bool = True) -> None:
        self._terminal = terminal
        self._noun = noun
        self._shown = wanted and is_terminal(terminal.err) and terminal.can_move
        self._drawn = False
        self._begun = time.monotonic()
        self._next = self._begun + _EVERY

    @property
    def seconds(self) -> float:
        """The time since it was made."""
        return time.monotonic() - self._begun

    def update(self, count: int, share: float | None) -> None:
        """Say that *count* is reached, *share* of the whole; often: it draws only ten times a second."""
        now = time.monotonic()
        if not self._shown or now < self._next:
            return
        self._next = now + _EVERY
        rate = count / max(now - self._begun, 1e-9)
        parts = [f"{count:,} {self._noun}", f"{rate:,.0f} a second"]
        if share is not None:
            parts.insert(0, f"{bar(share, _WIDTH):{_WIDTH}} {share:4.0%}")
        line = "  ".join(parts)[: shutil.get_terminal_size((100, 24)).columns - 1]
        self._terminal.err.write(f"\r{sayable(line, self._terminal.err)}\x1b[K")
        self._terminal.err.flush()
        self._drawn = True

    def clear(self) -> None:
        """Make room for another line."""
        if self._drawn:
            self._terminal.err.write("\r\x1b[K")
            self._terminal.err.flush()
            self._drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
