"""Goals: a condition with a name, a way of counting, and what belongs to it; in and out of ``goals.toml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from convgoals.errors import ConvgoalsError, GoalDefinitionError, GoalError
from convgoals.instants import read_iso, start_of_day, to_datetime, wall_to_instant, zone
from convgoals.language import ast
from convgoals.language.check import check_goal
from convgoals.language.condition import Condition, parse
from convgoals.language.format import format_duration, format_node, format_path
from convgoals.language.parse import parse_duration, parse_path, parse_window
from convgoals.suggest import did_you_mean

MAX_NAME = 200


@attrs.frozen
class Once:
    """``"once"``: a profile completes the goal at most one time."""

    def __str__(self) -> str:
        return "once"


@attrs.frozen
class Every:
    """``"every"``: each firing counts."""

    def __str__(self) -> str:
        return "every"


@attrs.frozen
class OncePerDuration:
    """``"once per 30 days"``: one counts when at least that span has passed since the last that counted."""

    duration: ast.Duration

    def __str__(self) -> str:
        text = format_duration(self.duration)
        return f"once per {text.removeprefix('1 ') if len(self.duration.parts) == 1 else text}"


@attrs.frozen
class OncePerProperty:
    """``"once per order_id"``: the first for each value of that property of the trigger."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"once per {_format_path_of_trigger(self.path)}"


Counting: TypeAlias = Once | Every | OncePerDuration | OncePerProperty


def parse_counting(text: str) -> Counting:
    """The counting mode that *text* says (semantics §5). Raises `GoalDefinitionError`."""
    words = " ".join(text.split()) if isinstance(text, str) else ""
    lowered = words.lower()
    if lowered == "once":
        return Once()
    if lowered == "every":
        return Every()
    if lowered.startswith("once per "):
        rest = words[len("once per ") :]
        unit = rest.lower()
        if unit in ast.UNITS:
            return OncePerDuration(ast.Duration(((1, unit),)))
        try:
            return OncePerDuration(parse_duration(rest)) if rest[0].isdigit() else _per_property(rest)
        except GoalError as error:
            raise GoalDefinitionError(
                f"count={text!r}: {error.message}",
                code="count",
                hint=error.hint
                if isinstance(error, GoalDefinitionError)
                else '"once per 30 days" or "once per order_id"',
            ) from None
    meant = re.fullmatch(r"(?:once )?(?:an?|each|every) (\w+)", lowered)
    hint = '"every"' if lowered in ("each", "all", "always", "each time", "every time", "unlimited", "multiple") else ""
    hint = f'"once per {meant[1]}"' if meant is not None and meant[1] in ast.UNITS else hint
    raise GoalDefinitionError(
        f"count={text!r} is no way of counting",
        code="count",
        hint=hint or '"once", "every", "once per 30 days" or "once per order_id"',
    )


def _per_property(text: str) -> OncePerProperty | OncePerDuration:
    if re.match(r"P(?=[\dT])", text):
        return OncePerDuration(parse_duration(text))
    return OncePerProperty(_path_of_trigger(text))


def _path_of_trigger(text: str) -> tuple[str, ...]:
    """The path of a property of the trigger, which stands alone: the trigger is an event, and is not named."""
    owner = re.match(r"\s*(event|profile)\s*\.\s*", text)
    if owner is not None:
        own = f'"{text[owner.end() :]}"' if owner[1] == "event" else "send it with the event"
        raise GoalDefinitionError(
            f"`{text[:80]}` names a property of the event that completes the goal, without its owner", hint=own
        )
    return parse_path(text)


def _format_path_of_trigger(path: tuple[str, ...]) -> str:
    text = format_path(path)
    return f'"{path[0]}"{text[len(path[0]) :]}' if len(path) > 1 and path[0] in ("event", "profile") else text


def _as_instant_text(value: object, timezone: str) -> datetime | None:
    """``since`` as a UTC datetime; a date is the start of its day in the goal's time zone."""
    if value is None:
        return None
    moment = read_iso(value) if isinstance(value, str) else value
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            return to_datetime(wall_to_instant(moment, zone(timezone)))
        return moment.astimezone(zone("UTC"))
    if isinstance(moment, date):
        return to_datetime(start_of_day(moment, zone(timezone)))
    raise GoalDefinitionError(f"since={value!r} is no date", code="since", hint='"2026-01-31"')


@attrs.frozen(init=False)
class Goal:
    """A conversion goal.

    Args:
        name: what it is called, unique in an engine.
        when: the condition, as text or parsed.
        within: a window over the whole condition, such as ``"7 days of first event page_visit"``.
        count: ``"once"``, ``"every"``, ``"once per 30 days"`` or ``"once per order_id"`` (semantics §5).
        campaign: the campaign it is linked to; its analytics then count that campaign's recipients.
        value: what a completion is worth: a number, or the name of a property of the trigger.
        timezone: the IANA zone of its dates, months and days.
        since: completions before this date or datetime do not count.
        description: for people.
        tags: for grouping.

    Raises:
        GoalSyntaxError, GoalTypeError: the condition or window is wrong.
        GoalDefinitionError: another argument is.
    """

    name: str
    when: str
    within: str | None
    count: str
    campaign: str | None
    value: int | float | Decimal | str | None
    timezone: str
    since: datetime | None
    description: str
    tags: tuple[str, ...]
    condition: Condition = attrs.field(eq=False, repr=False)
    counting: Counting = attrs.field(eq=False, repr=False)

    def __init__(
        self,
        name: str,
        when: str | Condition,
        *,
        within: str | None = None,
        count: str = "once",
        campaign: str | None = None,
        value: int | float | Decimal | str | None = None,
        timezone: str = "UTC",
        since: date | datetime | str | None = None,
        description: str = "",
        tags: Iterable[str] = (),
    ) -> None:
        _check_name(name)
        if not isinstance(timezone, str):
            raise GoalDefinitionError(f"timezone={timezone!r:.80} is no text", code="timezone", hint='"Europe/Berlin"')
        try:
            zone(timezone)
        except ConvgoalsError as error:
            raise GoalDefinitionError(error.message, code="timezone", hint=error.hint) from None
        own = parse(when) if not isinstance(when, Condition) else when
        condition = own if within is None else _windowed(own, within)
        try:
            check_goal(condition.root)
        except GoalError as error:
            raise error.at(condition.text) from None
        counting = parse_counting(count)
        self.__attrs_init__(
            name=name,
            when=str(own),
            within=None if within is None else _canonical_window(within),
            count=str(counting),
            campaign=_campaign(campaign),
            value=_value(value),
            timezone=timezone,
            since=_since(since, timezone),
            description=_optional_text("description", description or None) or "",
            tags=_tags(tags),
            condition=condition,
            counting=counting,
        )

    def renamed(self, name: str) -> Goal:
        """The same goal under another name. Raises `GoalDefinitionError` where that is none."""
        _check_name(name)
        goal = object.__new__(Goal)
        goal.__attrs_init__(**{field: getattr(self, field) for field in attrs.fields_dict(Goal)} | {"name": name})
        return goal

    def describe(self) -> str:
        """What the goal says, in plain English."""
        from convgoals.language.describe import describe_goal  # noqa: PLC0415  only people who ask pay for it

        return describe_goal(self.condition.root, str(self.counting))


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME:
        raise GoalDefinitionError(f"a goal's name is text of 1 to {MAX_NAME} characters, not {name!r:.80}", code="name")


def _windowed(own: Condition, within: str) -> Condition:
    """*own* inside the goal's window; the text that errors show is the window's where they are the window's."""
    duration, anchor = parse_window(within)
    whole = ast.Window(own.root, duration, anchor)
    return parse(format_node(whole))


def _canonical_window(within: str) -> str:
    duration, anchor = parse_window(within)
    return f"{format_duration(duration)} of {format_node(anchor)}"


def _optional_text(what: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise GoalDefinitionError(f"{what} is text, not {value!r:.80}", code="definition")


def _campaign(value: object) -> str | None:
    if isinstance(value, str) and not value.strip():
        raise GoalDefinitionError("the campaign's name is empty", code="definition", hint="leave `campaign` out")
    return _optional_text("campaign", value)


def _since(value: object, timezone: str) -> datetime | None:
    try:
        return _as_instant_text(value, timezone)
    except OverflowError:
        raise GoalDefinitionError(f"since={value!s:.60} is out of range", code="since") from None


def _tags(value: object) -> tuple[str, ...]:
    tags = [value] if isinstance(value, str) else value
    if not isinstance(tags, Iterable) or isinstance(tags, Mapping):
        raise GoalDefinitionError(f"tags are several texts, not {value!r:.80}", code="definition", hint='["shop"]')
    return tuple(_optional_text("a tag", tag) or "" for tag in tags)


def _value(value: object) -> int | float | Decimal | str | None:
    if isinstance(value, str):
        try:
            return _format_path_of_trigger(_path_of_trigger(value))
        except GoalDefinitionError as error:
            raise GoalDefinitionError(f"value: {error.message}", code="value", hint=error.hint) from None
        except GoalError as error:
            raise GoalDefinitionError(
                f"value={value!r} names no property: {error.message}", code="value", hint='a number, or "order_value"'
            ) from None
    if value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)):
        if (
            isinstance(value, (float, Decimal))
            and not Decimal(repr(value) if isinstance(value, float) else value).is_finite()
        ):
            raise GoalDefinitionError(f"value={value!r} is no amount", code="value")
        return value
    raise GoalDefinitionError(
        f"value={value!r:.80} is neither a number nor the name of a property", code="value", hint='"order_value"'
    )


# ---- goals.toml

GOAL_KEYS = ("name", "when", "within", "count", "campaign", "value", "timezone", "since", "description", "tags")
TABLES = ("goal", "source", "lint", "schema", "defaults")
"""What a ``goals.toml`` may hold at its top; each table but ``goal`` is read by the room that it is for."""


def load_goals(path: str | Path) -> list[Goal]:
    """The goals of a ``goals.toml``: a ``[[goal]]`` table each, with the arguments of `Goal` as keys.

    Raises:
        GoalError: all that is wrong with the file, its ``problems`` each with the goal it is about.
    """
    return read_goals(load_document(path), str(path))


def load_document(path: str | Path) -> dict[str, Any]:
    """The tables of a ``goals.toml``. Raises `GoalDefinitionError` where it is no TOML or has unknown tables."""
    import tomllib  # noqa: PLC0415  only who reads files pays for it

    try:
        text = Path(path).read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise GoalDefinitionError(f"{path}: {error.strerror or error}", code="file") from None
    except UnicodeDecodeError as error:
        raise GoalDefinitionError(f"{path} is no UTF-8: byte {error.start} is none of it", code="file") from None
    except tomllib.TOMLDecodeError as error:
        from convgoals.toml_mistakes import toml_hint  # noqa: PLC0415  only who errs pays for it

        raise GoalDefinitionError(
            f"{path} is no TOML: {error}", code="toml", hint=toml_hint(text, str(error))
        ) from None
    except RecursionError:
        raise GoalDefinitionError(f"{path} is nested too deep", code="toml") from None
    except ValueError as error:  # a path that no system allows
        raise GoalDefinitionError(f"{str(path)!r:.200}: {error}", code="file") from None
    for key in document:
        if key not in TABLES:
            raise GoalDefinitionError(
                f"{path}: there is no table `{key}`", code="unknown-key", hint=did_you_mean(key, TABLES)
            )
    return document


def read_goals(document: Mapping[str, Any], source: str = "") -> list[Goal]:
    """The goals of a ``goals.toml`` that has been read already."""
    tables = document.get("goal", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise GoalDefinitionError(f"{source}: goals stand in `[[goal]]` tables", code="toml", hint="[[goal]]")
    goals: list[Goal] = []
    problems: list[GoalError] = []
    for number, table in enumerate(tables, start=1):
        label = table.get("name") if isinstance(table.get("name"), str) else f"number {number}"
        where = f"{source}: goal {label!r}" if source else f"goal {label!r}"
        try:
            goals.append(goal_from_dict(table))
            if any(other.name == goals[-1].name for other in goals[:-1]):
                raise GoalDefinitionError("another goal has this name already", code="duplicate-name")
        except GoalError as error:
            for problem in error.problems:
                problem.source = where
            problems.extend(error.problems)
    if problems:
        problems[0].problems = tuple(problems)
        raise problems[0]
    return goals


def goal_from_dict(table: Mapping[str, Any]) -> Goal:
    """The goal that a ``[[goal]]`` table, or `goal_to_dict`, says."""
    for key in table:
        if key not in GOAL_KEYS and key != "example":
            raise GoalDefinitionError(
                f"a goal has no `{key}`", code="unknown-key", hint=did_you_mean(key, (*GOAL_KEYS, "example"))
            )
    for key in ("name", "when"):
        if key not in table:
            raise GoalDefinitionError(f"`{key}` is missing", code="missing-key", hint=f'{key} = "…"')
    return Goal(**{key: table[key] for key in GOAL_KEYS if key in table})


def goal_to_dict(goal: Goal) -> dict[str, Any]:
    """The arguments that make *goal* again, as plain values; those at their defaults are left out."""
    written: dict[str, Any] = {"name": goal.name, "when": goal.when}
    defaults: dict[str, Any] = {"count": "once", "timezone": "UTC", "description": "", "tags": ()}
    for key in GOAL_KEYS[2:]:
        value = getattr(goal, key)
        if value != defaults.get(key):
            written[key] = value.isoformat() if isinstance(value, datetime) else list(value) if key == "tags" else value
    return written
