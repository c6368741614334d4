"""Where a command writes: stdout and stderr, as wide, as colourful and with such characters as they can take.

Results go to stdout, all else (errors, notes, progress) to stderr. rich draws tables where it is installed and stdout
is a terminal that can say its characters; plain text is drawn by ``tables.to_text``, and has no width to keep to.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console

    from convgoals.analytics.tables import Table

_ASCII = dict(zip("▁▂▃▄▅▆▇█▏▎▍▌▋▊▉░─–·’×…→", "_.:-=+*#|||####.---'x.>", strict=True))
"""What stands for a character where the output cannot say it: one for one, so that columns stay aligned."""


class Terminal:
    """The two streams of a command.

    Args:
        out: where results go; ``sys.stdout`` unless given.
        err: where everything else goes; ``sys.stderr`` unless given.
        color: whether colours may be used where there is a terminal.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None, *, color: bool = True) -> None:
        self.out = _lenient(sys.stdout if out is None else out)
        self.err = _lenient(sys.stderr if err is None else err)
        self.can_move = os.environ.get("TERM") != "dumb"
        self.color = color and self.can_move and not os.environ.get("NO_COLOR")
        self._console: Console | None = None
        self._looked_for_rich = False

    # ---- results

    def line(self, text: str = "") -> None:
        """One line of results, as it is but for control characters."""
        self._write(self.out, f"{safe(text)}\n")

    def raw(self, text: str) -> None:
        """Results for machines: untouched, so that JSON is JSON."""
        self.out.write(text)

    def json(self, value: Any, *, indent: int | None = None) -> None:
        """*value* as one JSON document and a line end; in ASCII where stdout may not say everything."""
        encoding = (getattr(self.out, "encoding", None) or "utf-8").lower().replace("_", "-")
        ascii_only = encoding not in ("utf-8", "utf8")
        self.out.write(json.dumps(value, indent=indent, ensure_ascii=ascii_only, allow_nan=False) + "\n")

    def heading(self, text: str) -> None:
        """A line that stands out."""
        console = self._rich()
        if console is None:
            self.line(text)
            return
        from rich.text import Text  # noqa: PLC0415  the extra, and only when something is drawn

        console.print(Text(safe(text), style="bold"))

    def quiet(self, text: str) -> None:
        """A line of results that stands back."""
        console = self._rich()
        if console is None:
            self.line(self._wrapped(text))
            return
        from rich.text import Text  # noqa: PLC0415  the extra, and only when something is drawn

        console.print(Text(safe(text), style="dim"))

    def table(self, table: Table) -> None:
        """A table, followed by an empty line."""
        from convgoals.analytics.tables import to_text  # noqa: PLC0415  only where something is drawn
        from convgoals.cli.drawing import draw, narrowed  # noqa: PLC0415

        if is_terminal(self.out):
            table = narrowed(table, self.width())
        console = self._rich()
        if console is None:
            text = to_text(table)
            for note in table.notes:
                text = text.replace(f"  {note}", self._wrapped(f"  {note}", "  "))
            self._write(self.out, f"{text}\n\n")
        else:
            draw(console, table)

    def tables(self, tables: Iterable[Table]) -> None:
        """Several tables."""
        for table in tables:
            self.table(table)

    def _wrapped(self, text: str, indent: str = "") -> str:
        """A line of prose as lines that the terminal need not break; in a pipe it stays one."""
        if not is_terminal(self.out) or len(text) <= self.width():
            return text
        import textwrap  # noqa: PLC0415  only a narrow terminal needs it

        return textwrap.fill(text, self.width(), subsequent_indent=indent, break_on_hyphens=False)

    def width(self) -> int:
        """How many columns there are: the terminal's, or 100 where there is none."""
        return shutil.get_terminal_size((100, 24)).columns if is_terminal(self.out) else 100

    # ---- everything else

    def note(self, text: str = "") -> None:
        """One line for the person, on stderr."""
        self._write(self.err, f"{safe(text)}\n")

    def error(self, text: str) -> None:
        """An error, on stderr: its first line says that it is one."""
        label = "convgoals: error:"
        if self.color and is_terminal(self.err):
            label = f"\x1b[1;31m{label}\x1b[0m"
        self._write(self.err, f"{label} {safe(text)}\n")

    def _write(self, stream: TextIO, text: str) -> None:
        stream.write(sayable(text, stream))

    # ---- rich

    def _rich(self) -> Console | None:
        """The console of rich, where it is installed and stdout is a terminal that can say what rich draws."""
        if not self._looked_for_rich:
            self._looked_for_rich = True
            if is_terminal(self.out) and self.can_move and sayable("█▁─–", self.out) == "█▁─–":
                self._console = self._make_console()
        return self._console

    def _make_console(self) -> Console | None:
        try:
            from rich.console import Console  # noqa: PLC0415  the extra, and only when something is drawn
        except ImportError:
            return None
        return Console(file=self.out, no_color=not self.color, highlight=False, markup=False, emoji=False)


def counted(count: int, noun: str) -> str:
    """``1 goal``, ``1,234 goals``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def safe(text: str) -> str:
    """*text* with its line ends and tabs, and all other control characters shown as escapes: names are hostile."""
    from convgoals.texts import clean  # noqa: PLC0415  --version need not wait for it

    return "\n".join("\t".join(map(clean, line.split("\t"))) for line in text.split("\n"))


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at *stream*."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # a stream that is closed, or none at all
        return False


def sayable(text: str, stream: TextIO) -> str:
    """*text* with what the encoding of *stream* cannot say replaced by something as wide that it can."""
    if text.isascii():
        return text
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        pass
    except LookupError:
        return text
    for character, substitute in _ASCII.items():
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            text = text.replace(character, substitute)
    return text


def _lenient(stream: Any) -> TextIO:
    """*stream*, made to escape what it cannot say instead of failing."""
    if getattr(stream, "errors", None) == "strict" and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    found: TextIO = stream
    return found
