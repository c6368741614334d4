"""Every error that convgoals raises, in one tree.

An error is data (a code, a place, a repair) and renders itself only in ``str()``: a host that shows
errors in its own way reads the fields. Codes are stable: they are part of the public interface.
"""

from __future__ import annotations

from typing import ClassVar

import attrs


@attrs.frozen
class Span:
    """A half-open range of offsets, in characters, into a text."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


class ConvgoalsError(Exception):
    """The root of the tree.

    Attributes:
        code: what went wrong, a stable word such as ``"bare-name"``.
        message: one sentence, without the place.
        hint: how to mend it, or ``""``.
    """

    default_code: ClassVar[str] = "error"

    def __init__(self, message: str, *, code: str | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class GoalError(ConvgoalsError):
    """Something is wrong with the text of a goal; it knows where.

    Attributes:
        text: the text that was read, or ``""``.
        span: the place in it, or ``None``.
        line: the line of the place, from 1, or ``None``.
        column: the column of the place, in characters from 1, or ``None``.
        source: what the text stands in, such as ``"goals.toml: goal 'signup'"``, or ``""``.
        problems: all that was found in this one text, this error first.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str = "",
        text: str = "",
        span: Span | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.text = text
        self.span = span
        self.source = ""
        self.problems: tuple[GoalError, ...] = (self,)

    @property
    def line(self) -> int | None:
        return None if self.span is None else self.text.count("\n", 0, self.span.start) + 1

    @property
    def column(self) -> int | None:
        if self.span is None:
            return None
        return self.span.start - (self.text.rfind("\n", 0, self.span.start) + 1) + 1

    def at(self, text: str) -> GoalError:
        """This error with *text* as the text it is about; itself, so that it can be raised."""
        for problem in self.problems:
            problem.text = problem.text or text
        return self

    def __str__(self) -> str:
        return "\n".join(_render(problem) for problem in self.problems)


class GoalSyntaxError(GoalError):
    """The text is not a condition of the language."""

    default_code = "syntax"


class GoalTypeError(GoalError):
    """The text is a condition, but one that cannot mean what it says."""

    default_code = "type"


class GoalDefinitionError(GoalError):
    """A goal's definition (its name, counting, window, file …) is wrong."""

    default_code = "definition"


class UnknownGoalError(ConvgoalsError, LookupError):
    """No goal of that name is live in this engine."""

    default_code = "unknown-goal"


class FactError(ConvgoalsError, ValueError):
    """A fact (an event, snapshot, update or receipt) cannot be taken as it is."""

    default_code = "fact"


class SourceError(ConvgoalsError):
    """A file of facts cannot be read."""

    default_code = "source"


class QuestionError(ConvgoalsError, ValueError):
    """A report was asked for something that it cannot answer."""

    default_code = "question"


class StoreError(ConvgoalsError):
    """A storage backend failed or was misused."""

    default_code = "store"


class StoreBusyError(StoreError):
    """Another writer held the store for longer than the time allowed."""

    default_code = "store-busy"


class MissingExtraError(ConvgoalsError, ImportError):
    """An optional feature was used whose extra is not installed."""

    default_code = "missing-extra"

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the extra {extra!r}, which is not installed",
            hint=f"pip install 'convgoals[{extra}]'",
        )
        self.extra = extra


_WIDTH = 100
"""How many characters of a line an error shows at the most."""


def _render(error: GoalError) -> str:
    """The message, then the line with a caret below the place, then the hint."""
    parts = [f"{error.message} [{error.code}]"]
    if error.span is not None and error.line is not None and error.column is not None:
        parts[0] = f"line {error.line}, column {error.column}: {parts[0]}"
        parts += _picture(error.text.split("\n")[error.line - 1], error.column - 1, error.span)
    if error.source:
        parts[0] = f"{error.source}: {parts[0]}"
    if error.hint:
        parts.append(f"  hint: {error.hint}")
    return "\n".join(parts)


def _picture(line: str, first: int, span: Span) -> list[str]:
    shift = max(0, first - _WIDTH * 2 // 3)
    shown = line[shift : shift + _WIDTH]
    width = max(1, min(span.end - span.start, len(shown) - (first - shift)))
    # Tabs are shown as they are typed, so the caret line repeats them to stay below its place.
    pad = "".join("\t" if c == "\t" else " " for c in shown[: first - shift])
    return [f"  | {shown}", f"  | {pad}{'^' * width}"]
