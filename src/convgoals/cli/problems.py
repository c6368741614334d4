"""What is wrong with a ``goals.toml``, each mistake at its place in the file."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs

from convgoals.cli.toml_places import TomlString, line_and_column, strings
from convgoals.errors import ConvgoalsError, GoalDefinitionError, GoalError, Span
from convgoals.goals import Goal, goal_from_dict


@attrs.frozen
class Problem:
    """One mistake.

    Attributes:
        file: the file, as it was named.
        goal: the goal's name; ``None`` where it is not about one goal.
        line, column: the place in the file, from 1; ``None`` where it has none.
        code, message, hint: as in `ConvgoalsError`.
        picture: the line with a caret below the place, or ``""``.
    """

    file: str
    goal: str | None
    line: int | None
    column: int | None
    code: str
    message: str
    hint: str
    picture: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"
        about = "" if self.goal is None else f" goal {self.goal!r}:"
        lines = [f"{place}:{about} {self.message} [{self.code}]"]
        lines += [self.picture] if self.picture else []
        lines += [f"  hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The attributes by name, for JSON."""
        return attrs.asdict(self, filter=lambda attribute, _: attribute.name != "picture")


class GoalsFile:
    """A ``goals.toml`` that has been read for its places.

    Args:
        path: how it is named in messages.
        text: what it holds.

    Raises:
        GoalDefinitionError: it is no TOML (code ``toml``), with the place as ``span``.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        try:
            self.document = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise _no_toml(path, text, error) from None
        self._strings = {string.path: string for string in strings(text)}

    def tables(self) -> list[tuple[int, Mapping[str, Any]]]:
        """The ``[[goal]]`` tables, numbered from 0. Raises `GoalDefinitionError` where they are none."""
        tables = self.document.get("goal", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise GoalDefinitionError(f"{self.path}: goals stand in `[[goal]]` tables", code="toml", hint="[[goal]]")
        return list(enumerate(tables))

    def string(self, number: int, key: str) -> TomlString | None:
        """Where the text of a goal's key stands."""
        return self._strings.get(("goal", number, key))

    def label(self, number: int) -> str:
        """What a goal is called in messages."""
        name = self.document["goal"][number].get("name")
        return name if isinstance(name, str) else f"number {number + 1}"

    # ---- problems

    def goals(self, also: Callable[[Goal], object] | None = None) -> tuple[list[Goal], list[Problem]]:
        """The goals that are right, and what is wrong with the others; *also* is one more check, which may raise."""
        goals: list[Goal] = []
        problems: list[Problem] = []
        names = Counter[str]()
        for number, table in self.tables():
            try:
                goal = goal_from_dict(table)
                names[goal.name] += 1
                if names[goal.name] == 2:
                    raise GoalDefinitionError("another goal has this name already", code="duplicate-name")
                if also is not None:
                    also(goal)
                goals.append(goal)
            except GoalError as error:
                problems.extend(self.problems(error, number))
        return goals, problems

    def problems(self, error: ConvgoalsError, number: int | None = None) -> Iterator[Problem]:
        """What *error*, met in goal *number*, says, at its places in the file."""
        for each in error.problems if isinstance(error, GoalError) else (error,):
            span = self._span(each, number)
            line = column = None
            picture = ""
            if span is not None:
                line, column = line_and_column(self.text, span.start)
                placed = GoalError(each.message, text=self.text.replace("\r\n", " \n"), span=span)
                picture = "\n".join(str(placed).split("\n")[1:3])
            goal = None if number is None else self.label(number)
            yield Problem(self.path, goal, line, column, each.code, each.message, each.hint, picture)

    def _span(self, error: ConvgoalsError, number: int | None) -> Span | None:
        """The place in the file that *error* is about."""
        if number is None:
            return None
        if isinstance(error, GoalError) and error.span is not None:
            for key in ("when", "within"):
                string = self.string(number, key)
                if string is not None and string.value == error.text and error.span.end < len(string.places):
                    start, end = string.places[error.span.start], string.places[error.span.end]
                    return Span(start, max(start + 1, end))
        return self._key_span(error, number)

    def _key_span(self, error: ConvgoalsError, number: int) -> Span | None:
        """The value of the key that the error's code names; else the condition, else the name."""
        named = error.code if error.code != "duplicate-name" else "name"
        about = "when" if isinstance(error, GoalError) and error.span is not None else "name"
        for key in (named, about, "name"):
            string = self.string(number, key)
            if string is not None:
                return Span(string.places[0], max(string.places[0] + 1, string.places[-1]))
        return None


_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)\Z")


def _no_toml(path: str, text: str, error: Exception) -> GoalDefinitionError:
    """The error to raise where *text* is no TOML; ``tomllib`` says the place in words."""
    message = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
    found = _PLACE.search(message)
    if found is None:
        return GoalDefinitionError(f"{path} is no TOML: {message}", code="toml")
    lines = text.replace("\r\n", "\n").split("\n")
    offset = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2]) - 1
    placed = GoalDefinitionError(f"{path} is no TOML: {message[: found.start()]}", code="toml")
    placed.text, placed.span = "\n".join(lines), Span(offset, offset + 1)
    return placed
