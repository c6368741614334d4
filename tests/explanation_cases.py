"""The cases of ``texts.toml``: a goal, facts, and the explanation as people read it."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from convgoals.explain.explain import explain
from convgoals.explain.model import Explanation
from convgoals.goals import Goal
from convgoals.records import CampaignReceipt, Event, Fact, ProfileSnapshot

FILE = Path(__file__).parent / "explain/texts.toml"


def load() -> list[dict[str, Any]]:
    """The cases, each with ``when``, ``facts``, ``text`` and perhaps ``at`` and arguments of the goal."""
    cases: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["case"]
    return cases


def moment(text: str) -> datetime:
    """``01-17 12:00``, of 2026 in UTC."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def fact(number: int, at: str, kind: str, given: Any) -> Fact:
    """The fact that ``["01-17 12:00", "purchase", {order_value = 80}]`` says."""
    when = moment(at)
    if kind == "campaign":
        return CampaignReceipt(given, "ann", when, id=str(number))
    if kind == "segments":
        return ProfileSnapshot("ann", when, {}, given, id=str(number))
    if kind == "profile":
        return ProfileSnapshot("ann", when, given, id=str(number))
    return Event(kind, "ann", when, given, id=str(number))


def explained(case: dict[str, Any]) -> Explanation:
    """The explanation of a case."""
    options = {key: case[key] for key in ("count", "within", "since", "timezone") if key in case}
    facts = [fact(number, *given) for number, given in enumerate(case.get("facts", ()), start=1)]
    at = moment(case["at"]) if "at" in case else None
    return explain(Goal("Goal", case["when"], **options), facts, at)
