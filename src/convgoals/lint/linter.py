"""Runs the rules over goals, and reads from ``goals.toml`` which of them are switched off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import attrs

from convgoals.errors import GoalDefinitionError
from convgoals.goals import Goal, read_goals
from convgoals.lint.findings import Finding
from convgoals.lint.rules import RULES, Reason, no_examples, said_before, too_many
from convgoals.suggest import did_you_mean

_BY_CODE = {rule.code: rule for rule in RULES}
_CODES = {rule.code: rule.code for rule in RULES} | {rule.name: rule.code for rule in RULES}
"""What a rule may be called: its code, or its name."""


@attrs.frozen
class Settings:
    """Which rules are switched off: everywhere, and for single goals by their names."""

    disabled: frozenset[str] = frozenset()
    disabled_for: Mapping[str, frozenset[str]] = attrs.field(factory=dict, hash=False)


def lint(
    goals: Iterable[Goal],
    *,
    examples: Collection[str] | None = None,
    disabled: Collection[str] = (),
    disabled_for: Mapping[str, Collection[str]] | None = None,
) -> list[Finding]:
    """The pitfalls of *goals*.

    Args:
        goals: the goals that are active together.
        examples: the names of the goals that have examples; ``None`` where that is not known, and not asked.
        disabled: codes (``"CG003"``) or names (``"no-campaign"``) of rules to leave out.
        disabled_for: the same for single goals, by their names.

    Returns:
        The findings in the order of the goals, then of the codes; those about all goals together come last.

    Raises:
        GoalDefinitionError: there is no such rule (code ``lint``).
    """
    active = list(goals)
    off = _codes(disabled, "disabled")
    off_for = {name: _codes(codes, f"goal {name!r}") for name, codes in (disabled_for or {}).items()}
    found: list[Finding] = []

    def report(code: str, goal: Goal | None, reason: Reason) -> None:
        if code not in off and (goal is None or code not in off_for.get(goal.name, ())):
            rule = _BY_CODE[code]
            found.append(Finding(code, rule.name, None if goal is None else goal.name, *reason))

    for goal in active:
        for rule in RULES:
            for reason in () if rule.find is None else rule.find(goal):
                report(rule.code, goal, reason)
        if examples is not None and goal.name not in examples:
            report("CG007", goal, no_examples(goal))
    for goal, reason in said_before(active):
        report("CG006", goal, reason)
    for reason in too_many(active):
        report("CG004", None, reason)
    order = {goal.name: place for place, goal in reversed(list(enumerate(active)))}
    return sorted(found, key=lambda each: (len(active) if each.goal is None else order[each.goal], each.code))


def _codes(names: object, where: str) -> frozenset[str]:
    if isinstance(names, str) or not isinstance(names, Collection):
        raise _wrong(f"{where}: codes stand in a list, not {names!r:.60}", '["CG003"]')
    for name in names:
        if name not in _CODES:
            near = did_you_mean(name, _CODES) if isinstance(name, str) else ""
            raise _wrong(f"{where}: there is no rule {name!r:.60}", near or f"one of: {', '.join(_BY_CODE)}")
    return frozenset(_CODES[name] for name in names)


def _wrong(message: str, hint: str) -> GoalDefinitionError:
    return GoalDefinitionError(f"[lint] {message}", code="lint", hint=hint)


# ---- goals.toml


def read_settings(document: Mapping[str, Any]) -> Settings:
    """What the ``[lint]`` table of a ``goals.toml`` says: ``disable`` for all goals, ``[lint.goal]`` for single ones.

    Raises:
        GoalDefinitionError: a key, a rule or a goal is not known (code ``lint``).
    """
    table = document.get("lint", {})
    if not isinstance(table, Mapping):
        raise _wrong("the settings are a table", 'disable = ["CG003"]')
    for key in table:
        if key not in ("disable", "goal"):
            raise _wrong(f"there is no `{key}`", did_you_mean(key, ("disable", "goal")) or "one of: disable, goal")
    single = table.get("goal", {})
    if not isinstance(single, Mapping):
        raise _wrong("`goal` is a table of names and codes", '[lint.goal]\n"Newsletter signup" = ["CG005"]')
    tables = document.get("goal", [])
    names = [each.get("name") for each in tables if isinstance(each, Mapping)] if isinstance(tables, list) else []
    for name in single:
        if name not in names:
            known = [each for each in names if isinstance(each, str)]
            raise _wrong(f"goal: there is no goal {name!r:.60}", did_you_mean(name, known))
    return Settings(
        _codes(table.get("disable", []), "disable"),
        {name: _codes(codes, f"goal {name!r}") for name, codes in single.items()},
    )


def lint_document(document: Mapping[str, Any], source: str = "") -> list[Finding]:
    """The findings of a ``goals.toml`` that has been read already, with the settings and examples that it has.

    Raises:
        GoalError: the goals or the settings are wrong.
    """
    settings = read_settings(document)
    goals = read_goals(document, source)
    examples = frozenset(str(table.get("name")) for table in document.get("goal", []) if table.get("example"))
    return lint(goals, examples=examples, disabled=settings.disabled, disabled_for=settings.disabled_for)
