"""What events and profiles look like, so that a goal can be checked before any data arrives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import attrs

from convgoals.errors import GoalError, GoalTypeError
from convgoals.language.condition import Condition, parse
from convgoals.language.schema_types import Properties, read_properties, wrong
from convgoals.suggest import did_you_mean

KEYS = ("events", "profile", "segments", "campaigns")


class GoalLike(Protocol):
    """What of a goal a schema looks at; `convgoals.Goal` is one."""

    @property
    def condition(self) -> Condition: ...
    @property
    def campaign(self) -> str | None: ...
    @property
    def value(self) -> Any: ...
    @property
    def counting(self) -> Any: ...


def _events(given: object) -> Mapping[str, Properties] | None:
    if given is None:
        return None
    if isinstance(given, Mapping):
        for name in given:
            if not isinstance(name, str) or not name:
                raise wrong("events", f"an event's type is text, not {name!r:.60}")
        return {name: None if each is None else read_properties(each, f"events.{name}") for name, each in given.items()}
    return dict.fromkeys(_names("events", given) or ())


def _profile(given: object) -> Properties:
    return None if given is None else read_properties(given, "profile")


def _names(what: str, given: object) -> frozenset[str] | None:
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise wrong(what, f"several names are needed here, not {given!r:.60}", '["vip", "staff"]')
    names = list(given)
    for name in names:
        if not isinstance(name, str) or not name:
            raise wrong(what, f"a name is text, not {name!r:.60}")
    return frozenset(names)


def _segments(given: object) -> frozenset[str] | None:
    return _names("segments", given)


def _campaigns(given: object) -> frozenset[str] | None:
    return _names("campaigns", given)


@attrs.frozen
class Schema:
    """What is known of events, profiles, segments and campaigns; what is not declared is not checked.

    Args:
        events: for each type of event its properties, each with a type: ``"text"``, ``"number"``, ``"boolean"``,
            ``"datetime"``, ``"list"``, ``"object"`` or ``"any"``; a list of the only values that it may have; or a
            table of nested properties. ``"any"`` in place of the properties allows all. Or only the types' names.
        profile: the profile's properties, in the same way.
        segments: the names of segments.
        campaigns: the names of campaigns.

    Raises:
        GoalDefinitionError: a declaration is wrong (code ``schema``); the message says where.
    """

    events: Mapping[str, Properties] | None = attrs.field(default=None, converter=_events, hash=False)
    profile: Properties = attrs.field(default=None, converter=_profile, hash=False)
    segments: frozenset[str] | None = attrs.field(default=None, converter=_segments)
    campaigns: frozenset[str] | None = attrs.field(default=None, converter=_campaigns)

    # ---- where it comes from

    @classmethod
    def from_toml(cls, source: str | Path | Mapping[str, Any]) -> Schema:
        """The schema of a TOML file: of its ``[schema]`` table, or of the whole file if it has none.

        Args:
            source: the path of the file, or its tables where they have been read already.

        Raises:
            GoalDefinitionError: the file cannot be read, is no TOML, or declares something wrong.
        """
        import tomllib  # noqa: PLC0415  only those who have a schema pay for what reads and checks it

        document = source if isinstance(source, Mapping) else _read(source, "TOML", tomllib.loads)
        table = document.get("schema", document)
        if not isinstance(table, Mapping):
            raise wrong("schema", "a schema is a table", "[schema.events.purchase]")
        for key in table:
            if key not in KEYS:
                raise wrong(
                    "schema", f"there is no `{key}`", did_you_mean(str(key), KEYS) or f"one of: {', '.join(KEYS)}"
                )
        return cls(**table)

    @classmethod
    def from_json_schema(cls, source: str | Path | Mapping[str, Any]) -> Schema:
        """The schema that a tracking plan in JSON Schema says.

        Args:
            source: the path of the JSON file, or the document: ``{"events": {type: JSON Schema}, "profile": …}``, or a
                plan of Segment's Protocols.

        Raises:
            GoalDefinitionError: the file cannot be read, is no JSON, or is no such plan.
        """
        import json  # noqa: PLC0415  as above

        from convgoals.language.tracking_plan import read_plan  # noqa: PLC0415  as above

        return cls(**read_plan(source if isinstance(source, Mapping) else _read(source, "JSON", json.loads)))

    # ---- what it is for

    def problems(self, subject: Condition | GoalLike) -> tuple[GoalTypeError, ...]:
        """All that this schema knows to be wrong with a condition or a goal, in the order of its text.

        Each problem has a ``code``, a ``span`` (``None`` where it is an attribute of the goal), and mostly a ``hint``.
        """
        from convgoals.language.schema_check import Checker  # noqa: PLC0415  as above

        goal = None if isinstance(subject, Condition) else subject
        condition = subject if isinstance(subject, Condition) else subject.condition
        if condition.root.span is None:  # put together from nodes: it has no places until it is read
            condition = parse(str(condition))
        checker = Checker(self, condition.text)
        checker.condition(condition.root, None)
        if goal is not None:
            checker.goal(condition.root, goal.campaign, goal.value, getattr(goal.counting, "path", None))
        return tuple(sorted(checker.problems, key=_place))

    def check(self, subject: Condition | GoalLike) -> None:
        """Raise if this schema knows something to be wrong with a condition or a goal.

        Raises:
            GoalTypeError: the first of `problems`, with all of them in its ``problems``.
        """
        found = self.problems(subject)
        if found:
            found[0].problems = found
            raise found[0]


def _place(problem: GoalError) -> tuple[bool, int]:
    return problem.span is None, problem.span.start if problem.span else 0


def _read(path: str | Path, what: str, read: Any) -> Mapping[str, Any]:
    try:
        document = read(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise wrong(str(path), error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:
        raise wrong(str(path), f"this is no {what}: {error}") from None
    if not isinstance(document, Mapping):
        raise wrong(str(path), f"this {what} is no object")
    return document
