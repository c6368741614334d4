"""What explanations say, word for word, and in all forms."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from convgoals.explain.explain import explain
from convgoals.goals import Goal
from convgoals.language import ast
from convgoals.records import Event
from explanation_cases import explained, load

CASES = load()


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{case['when'][:40]}" for n, case in enumerate(CASES, start=1)])
def test_texts(case: dict[str, Any]) -> None:
    """Each text is as it stands in the file, has no gap in it, and no line is too long to read."""
    text = str(explained(case))
    assert text == case["text"].rstrip("\n")
    assert not re.search(r"\S  +\S|\bNone\b|\(\)|,,|\.\.| ,", text.replace("yes ", "").replace("no  ", ""))
    assert json.loads(explained(case).to_json())["headline"] == text.split("\n")[1]


def test_every_kind_of_node_is_among_the_cases() -> None:
    """No node is left out, and each kind of miss is there."""
    roots = [Goal("g", case["when"], within=case.get("within")).condition.root for case in CASES]
    seen = {type(node) for root in roots for node in ast.walk(root)}
    assert set(ast.NODE_TYPES) - seen == set()
    kinds = {miss.kind for case in CASES for miss in explained(case).misses}
    assert kinds == {
        "never came", "too late", "too early", "wrong value", "wrong type", "missing value", "not so", "too few",
        "undone", "waiting", "not entered",
    }  # fmt: skip


def test_parts_carry_their_facts() -> None:
    """A part names the facts that made it so, with their ids, and a near miss the fact that came near."""
    facts = [
        Event("visit", "ann", "2026-01-01T00:00:00Z", id="v"),
        Event("buy", "ann", "2026-01-02T00:00:00Z", {"x": 1}, id="b"),
    ]
    found = explain(Goal("g", "event visit and event buy where x > 2"), facts)
    visit, buy = found.root.parts
    assert [(each.id, each.what) for each in visit.facts] == [("v", "event visit")]
    assert [(each.id, each.what) for each in buy.facts] == [("b", "event buy")]
    assert (visit.since, buy.since) == (facts[0].timestamp, None)
    assert [(miss.kind, miss.condition, miss.general) for miss in found.misses] == [
        ("wrong value", "event buy where x > 2", "buy: x needs more than 2")
    ]
    assert not found.holds


@pytest.mark.parametrize(
    ("filter_", "properties", "expected"),
    [
        ('tags contains "vip"', {"tags": 7}, 'tags arrived as a number (7), and needs to contain "vip"'),
        ('sku starts with "A"', {"sku": 7}, 'sku arrived as a number (7), and needs to start with "A"'),
        ('plan in ("a", "b")', {"plan": 7}, 'plan arrived as a number (7), and needs to be "a" or "b"'),
        ('plan not in ("a", "b")', {"plan": "a"}, 'plan was "a", must not be "a" or "b"'),
        ("x between 1 and 3", {"x": "2"}, 'x arrived as text ("2"), and needs to be between 1 and 3'),
        ("x > y", {"x": 1, "y": 2}, "x was 1, needs more than y (2)"),
        ("5 < x", {"x": 4}, "x was 4, needs more than 5"),
        ("not x > 1", {"x": 4}, "x was 4, must not be more than 1"),
        ("x is set", {}, "x was missing, needs to be set"),
        ("x / y > 1", {"x": 1}, "x / y has no value, for y was missing; it needs more than 1"),
        ("x / y > 1", {"x": 1, "y": 0}, "x / y has no value; it needs more than 1"),
        ("length(x) > 1", {"x": 3}, "length(x) has no value, for x arrived as a number; it needs more than 1"),
        ("x in (1, 2, 3, 4, 5, 6, 7)", {"x": 9}, "x was 9, needs to be 1, 2, 3, 4, 5 or 2 others"),
        ("day < 2026-01-01", {"day": "2026-01-01"}, 'day was "2026-01-01", needs to be before 2026-01-01'),
    ],
)
def test_reasons_of_comparisons(filter_: str, properties: dict[str, Any], expected: str) -> None:
    """Each kind of comparison says what there was and what it needs."""
    found = explain(
        Goal("g", f"event e where ({filter_})"), [Event("e", "p", "2026-01-01T00:00:00Z", properties, id="1")]
    )
    assert found.misses[0].text == f"e came at 2026-01-01 00:00 UTC, but {expected}"
