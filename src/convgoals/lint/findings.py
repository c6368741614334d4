"""What the linter found, as data and as it is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable

import attrs


@attrs.frozen
class Finding:
    """One pitfall.

    Attributes:
        code: a stable code, such as ``"CG002"``.
        rule: its name in words, such as ``"no-window"``.
        goal: the name of the goal, or ``None`` where it is about all of them.
        message: the reason, one sentence.
        hint: the repair.
    """

    code: str
    rule: str
    goal: str | None
    message: str
    hint: str


def render_text(findings: Iterable[Finding]) -> str:
    """The findings for people: each in two lines, then how many there are."""
    found = list(findings)
    lines = []
    for finding in found:
        about = "" if finding.goal is None else f" goal {finding.goal!r}:"
        lines += [f"{finding.code} {finding.rule}:{about} {finding.message}", f"  hint: {finding.hint}"]
    count = {0: "No findings", 1: "1 finding"}.get(len(found), f"{len(found)} findings")
    return "\n".join([*lines, f"{count}."])


def to_json(findings: Iterable[Finding]) -> str:
    """The findings for programs: a JSON array of objects with the attributes of `Finding` as keys."""
    return json.dumps([attrs.asdict(finding) for finding in findings], indent=2, ensure_ascii=False)
