"""``convgoals lint``: pitfalls, with codes that can be switched off."""

from __future__ import annotations

import json

from cli_shop import Shop
from convgoals.lint import RULES

VAGUE = """\
# goals
[[goal]]
name = "Engagement"
when = "event login"
"""


def test_findings(shop: Shop) -> None:
    """A pitfall is told with the place, code, reason and repair, and exits with 1."""
    shop.write("g.toml", VAGUE)
    outcome = shop("lint", "g.toml")
    assert outcome.code == 1
    assert outcome.out.startswith("g.toml:3:1: goal 'Engagement': ")
    assert "\n  hint: " in outcome.out
    assert outcome.out.splitlines()[-1].startswith("g.toml: 1 goal, ")
    as_json = json.loads(shop("lint", "g.toml", "--format", "json").out)
    assert {(each["file"], each["line"], each["goal"]) for each in as_json} == {("g.toml", 3, "Engagement")}
    assert {each["code"] for each in as_json} <= {rule.code for rule in RULES}


def test_disable(shop: Shop) -> None:
    """Codes can be switched off, for a run or in the file; with none left, all is well."""
    shop.write("g.toml", VAGUE)
    codes = {each["code"] for each in json.loads(shop("lint", "g.toml", "--format", "json").out)}
    one, *others = sorted(codes)
    left = shop("lint", "g.toml", "--disable", one, "--format", "json")
    assert {each["code"] for each in json.loads(left.out)} == set(others)
    shop.write("g.toml", f"{VAGUE}[lint]\ndisable = {json.dumps(sorted(codes))}\n")
    outcome = shop("lint", "g.toml")
    assert (outcome.code, outcome.out) == (0, "g.toml: 1 goal, no findings\n")


def test_rules(shop: Shop) -> None:
    """``--rules`` lists every code."""
    outcome = shop("lint", "--rules")
    assert [line.split()[:2] for line in outcome.out.splitlines()] == [[rule.code, rule.name] for rule in RULES]
    assert [each["code"] for each in json.loads(shop("lint", "--rules", "--format", "json").out)] == [
        rule.code for rule in RULES
    ]


def test_wrong_use(shop: Shop) -> None:
    """An unknown code, a wrong setting and a wrong goal are bad input; ``check`` finds wrong settings too."""
    assert shop("lint").code == 2
    assert "there is no rule 'CG999'" in shop("lint", "goals.toml", "--disable", "CG999").err
    shop.write("g.toml", f"{VAGUE}[lint]\ndisable = ['CG999']\n")
    assert shop("lint", "g.toml").code == 2
    (problem,) = json.loads(shop("check", "g.toml", "--format", "json").out)["problems"]
    assert (problem["line"], problem["code"]) == (5, "lint")
    shop.write("g.toml", VAGUE.replace("event", "evnt"))
    assert shop("lint", "g.toml").code == 2
