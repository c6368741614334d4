"""What is wrong with a ``goals.toml``, each mistake at its place in the file."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from convgoals.cli.toml_places import Path, TomlPlaces, TomlString, line_and_column
from convgoals.errors import ConvgoalsError, GoalDefinitionError, GoalError, Span
from convgoals.goals import GOAL_KEYS, Goal, goal_from_dict
from convgoals.language.condition import parse
from convgoals.suggest import did_you_mean
from convgoals.toml_mistakes import toml_hint, toml_place

if TYPE_CHECKING:
    from convgoals.language.schema import Schema


@attrs.frozen
class Problem:
    """One mistake.

    Attributes:
        file: the file, as it was named.
        number: which goal of the file it is about, from 1; ``None`` where it is not about one.
        goal: that goal's name, or ``None``.
        line, column: the place in the file, from 1; ``None`` where it has none.
        code, message, hint: as in `ConvgoalsError`.
        picture: the line with a caret below the place, or ``""``.
    """

    file: str
    number: int | None
    goal: str | None
    line: int | None
    column: int | None
    code: str
    message: str
    hint: str
    picture: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}:{self.column}"
        about = "" if self.number is None else f" goal number {self.number}:"
        about = about if self.goal is None else f" goal {self.goal!r}:"
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
        self._places = TomlPlaces(text)

    @property
    def count(self) -> int:
        """How many goals the file holds, right or wrong."""
        tables = self.document.get("goal")
        return len(tables) if isinstance(tables, list) else 0

    def tables(self) -> list[tuple[int, Mapping[str, Any]]]:
        """The ``[[goal]]`` tables, numbered from 0. Raises `GoalDefinitionError` where they are none."""
        tables = self.document.get("goal", [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise GoalDefinitionError(f"{self.path}: goals stand in `[[goal]]` tables", code="toml", hint="[[goal]]")
        return list(enumerate(tables))

    def string(self, number: int, key: str) -> TomlString | None:
        """Where the text of a goal's key stands."""
        return self._places.strings.get(("goal", number, key))

    def name(self, number: int) -> str | None:
        """What a goal is called, if it is."""
        name = self.document["goal"][number].get("name")
        return name if isinstance(name, str) else None

    def line(self, number: int, key: str) -> int | None:
        """The line of a goal's key."""
        span = self._key_span(("goal", number, key))
        return None if span is None else line_and_column(self.text, span.start)[0]

    # ---- problems

    def goal_problems(self, schema: Schema | None = None) -> Iterator[Problem]:
        """What is wrong with the goals; also against *schema*, where they are right without it."""
        names = Counter[str]()
        for number, table in self.tables():
            found = list(self._table_problems(number, table))
            name = table.get("name")
            if isinstance(name, str):
                names[name] += 1
                if names[name] > 1:
                    twice = GoalDefinitionError("another goal has this name already", code="duplicate-name")
                    found.extend(self.problems(twice, number, "name"))
            if not found:
                # Each part is right: what is left to be wrong is how they go together.
                try:
                    goal = goal_from_dict(table)
                except GoalError as error:
                    found.extend(self.problems(error, number, "when"))
                else:
                    found.extend(() if schema is None else self._schema_problems(schema, goal, number))
            yield from found

    def _schema_problems(self, schema: Schema, goal: Goal, number: int) -> Iterator[Problem]:
        """What *schema* knows to be wrong: first in the goal's condition, then in what else the goal says."""
        string = self.string(number, "when")
        own = () if string is None else schema.problems(parse(string.value))
        seen = {(problem.code, problem.message) for problem in own}
        for problem in own:
            yield from self.problems(problem, number, "when")
        for problem in schema.problems(goal):
            if (problem.code, problem.message) not in seen:
                yield from self.problems(problem, number, _key_of(problem, goal))

    def _table_problems(self, number: int, table: Mapping[str, Any]) -> Iterator[Problem]:
        """What is wrong with a goal's keys, each looked at alone, so that one mistake does not hide another."""
        known = (*GOAL_KEYS, "example")
        for key in table:
            if key not in known:
                error = GoalDefinitionError(f"a goal has no `{key}`", code="unknown-key", hint=did_you_mean(key, known))
                yield from self.problems(error, number, key)
        for key in ("name", "when"):
            if key not in table:
                error = GoalDefinitionError(f"`{key}` is missing", code="missing-key", hint=f'{key} = "…"')
                yield from self.problems(error, number)
        for key in GOAL_KEYS:
            if key in table:
                try:
                    Goal(**({"name": "a goal", "when": "event a"} | {key: table[key]}))
                except GoalError as problem:
                    yield from self.problems(problem, number, key)

    def problems(
        self, error: ConvgoalsError, number: int | None = None, key: str | None = None, table: Path = ()
    ) -> Iterator[Problem]:
        """What *error* says, at its places in the file: in a *key* of goal *number*, or in another *table*."""
        for each in error.problems if isinstance(error, GoalError) else (error,):
            span = self._span(each, number, key, table)
            line = column = None
            picture = ""
            if span is not None:
                line, column = line_and_column(self.text, span.start)
                placed = GoalError(each.message, text=self.text.replace("\r\n", " \n"), span=span)
                picture = "\n".join(str(placed).split("\n")[1:3])
            goal, place = (None, None) if number is None else (self.name(number), number + 1)
            message = each.message.removeprefix(f"{self.path}: ")
            yield Problem(self.path, place, goal, line, column, each.code, message, each.hint, picture)

    def _span(self, error: ConvgoalsError, number: int | None, key: str | None, table: Path) -> Span | None:
        """The place in the file that *error* is about."""
        if number is None:
            return self._key_span(table)
        if isinstance(error, GoalError) and error.span is not None:
            string = self.string(number, key or "when")
            if string is not None and string.value == error.text and error.span.end < len(string.places):
                start, end = string.places[error.span.start], string.places[error.span.end]
                return Span(start, max(start + 1, end))
        if key is None:
            return self._key_span(("goal", number))
        string = self.string(number, key)
        if string is not None and error.code != "unknown-key":
            return Span(string.start, string.end)
        return self._key_span(("goal", number, key))

    def _key_span(self, path: Path) -> Span | None:
        """The place of a key or header; of the first table of an array, where there is no other."""
        place = self._places.keys.get(path) or self._places.keys.get((*path, 0))
        return None if place is None else Span(*place)


def _key_of(problem: GoalError, goal: Goal) -> str:
    """The key of *goal* that a problem beside its own condition is about: one without a span names its attribute."""
    if problem.span is not None:
        return "when" if goal.within is None else "within"
    if problem.code == "unknown-campaign":
        return "campaign"
    return next((key for key in ("value", "count") if problem.message.startswith(key)), "when")


def _no_toml(path: str, text: str, error: Exception) -> GoalDefinitionError:
    """The error to raise where *text* is no TOML; ``tomllib`` says the place in words."""
    if isinstance(error, RecursionError):
        return _sourced(GoalDefinitionError("no TOML: it is nested too deep", code="toml"), path)
    message, place = toml_place(str(error))
    placed = GoalDefinitionError(f"no TOML: {message}", code="toml", hint=toml_hint(text, str(error)))
    if place is not None:
        lines = text.replace("\r\n", "\n").split("\n")
        offset = sum(len(line) + 1 for line in lines[: place[0] - 1]) + place[1] - 1
        placed.text, placed.span = "\n".join(lines), Span(offset, offset + 1)
    return _sourced(placed, path)


def _sourced(error: GoalDefinitionError, path: str) -> GoalDefinitionError:
    error.source = path
    return error
