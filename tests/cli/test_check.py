"""``convgoals check``: every mistake, each at its place."""

from __future__ import annotations

import json

import pytest

from cli_shop import Shop

WRONG = """\
[[goal]]
name = "a"
when = '''
event purchase
  and order_value > 5
'''
[[goal]]
name = "b"
when = "event \\"x y\\" within 7 days"
cout = "every"
timezone = "Europe/Berln"
[[goal]]
name = "a"
when = "not event a"
[[goal]]
when = 3
tags = 4
[sorce]
[source.shop]
tyype = "a"
"""


def test_all_is_well(shop: Shop) -> None:
    """A file without mistakes exits with 0 and one line."""
    outcome = shop("check", "goals.toml")
    assert (outcome.code, outcome.out, outcome.err) == (0, "goals.toml: 4 goals, no problems\n", "")


def test_every_mistake_in_one_go(shop: Shop) -> None:
    """All mistakes of all goals are told, in the order of the file, one not hiding another."""
    shop.write("g.toml", WRONG)
    outcome = shop("check", "g.toml", "--format", "json")
    assert outcome.code == 1
    result = json.loads(outcome.out)
    assert (result["file"], result["goals"]) == ("g.toml", 4)
    found = [(each["number"], each["goal"], each["line"], each["column"], each["code"]) for each in result["problems"]]
    assert found == [
        (1, "a", 5, 7, "bare-name"),
        (2, "b", 9, 23, "window-of"),
        (2, "b", 10, 1, "unknown-key"),
        (2, "b", 11, 12, "timezone"),
        (3, "a", 13, 8, "duplicate-name"),
        (3, "a", 14, 9, "vacuous"),
        (4, None, 15, 3, "missing-key"),
        (4, None, 16, 1, "not-text"),
        (4, None, 17, 1, "definition"),
        (None, None, 18, 2, "unknown-key"),
        (None, None, 19, 2, "unknown-key"),
    ]


def test_text_shows_the_line(shop: Shop) -> None:
    """As text, a mistake is shown with its place, code, line, caret and repair."""
    shop.write("g.toml", WRONG)
    outcome = shop("check", "g.toml")
    assert outcome.code == 1
    assert (
        "g.toml:5:7: goal 'a': `order_value` stands outside a `where`, so it belongs to no event [bare-name]\n"
        "  |   and order_value > 5\n"
        "  |       ^^^^^^^^^^^\n"
        "  hint: " in outcome.out
    )
    assert "g.toml:15:3: goal number 4: `name` is missing [missing-key]\n" in outcome.out
    assert outcome.out.endswith("\n11 problems in g.toml (4 goals)\n")


def test_a_window_of_the_goal(shop: Shop) -> None:
    """A mistake in ``within`` is placed there."""
    shop.write("g.toml", '[[goal]]\nname = "a"\nwhen = "event b"\nwithin = "7 dogs of first event a"\n')
    outcome = shop("check", "g.toml", "--format", "json")
    (problem,) = json.loads(outcome.out)["problems"]
    assert problem["line"] == 4
    assert problem["column"] >= 11


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[[goal]]\nname = a\n", "toml"),
        ("goal = 3\n", "toml"),
        ("goal = [1]\n", "toml"),
        ("", "no-goal"),
        ("source = 3\n[[goal]]\nname = 'a'\nwhen = 'event a'\n", "source-option"),
        ("a = " + "[" * 5_000 + "]" * 5_000, "toml"),
        ("[[goal]]\nname = 'a'\nwhen = 'event a'\nsince = 2026-01-01T25:00:00\n", "toml"),
    ],
)
def test_other_mistakes(shop: Shop, text: str, code: int) -> None:
    """Whatever is wrong with a file is a problem with a code, not a failure."""
    shop.write("g.toml", text)
    outcome = shop("check", "g.toml", "--format", "json")
    assert outcome.code == 1
    assert code in [each["code"] for each in json.loads(outcome.out)["problems"]]


def test_no_file(shop: Shop) -> None:
    """A file that cannot be read is bad input."""
    outcome = shop("check", "none.toml")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "convgoals: error: none.toml: No such file or directory\n"


SCHEMA = """\
[schema]
segments = ["vip"]
[schema.events.signup]
[schema.events.purchase]
amount = "number"
"""

UNKNOWN = """\
[[goal]]
name = "a"
when = "event purchas where amount > 10"
[[goal]]
name = "b"
when = 'event purchase where amount > "ten"'
within = "7 days of first event sinup"
"""


@pytest.mark.parametrize("where", ["the file", "a file beside it", "a tracking plan"])
def test_schema(shop: Shop, where: str) -> None:
    """With a schema, unknown names and impossible comparisons are found, each at its place."""
    options = []
    text = UNKNOWN
    if where == "the file":
        text += SCHEMA
    elif where == "a file beside it":
        shop.write("schema.toml", SCHEMA)
        options = ["--schema", "schema.toml"]
    else:
        plan = {"events": {"signup": {}, "purchase": {"properties": {"amount": {"type": "number"}}}}}
        shop.write("plan.json", json.dumps(plan))
        options = ["--schema", "plan.json"]
    shop.write("g.toml", text)
    outcome = shop("check", "g.toml", "--format", "json", *options)
    assert outcome.code == 1
    problems = json.loads(outcome.out)["problems"]
    places = [(each["number"], each["line"], each["column"]) for each in problems]
    assert places[0] == (1, 3, 9 + len("event "))
    assert (2, 6) in [place[:2] for place in places]
    assert (2, 7) in [place[:2] for place in places]
    assert any("did you mean `purchase`" in each["hint"] for each in problems)


def test_what_is_no_condition_has_its_place_too(shop: Shop) -> None:
    """A value, a counting or a campaign that does not fit the schema is told where it stands."""
    goal = '[[goal]]\nname = "P"\nwhen = "event purchase"\nvalue = "sku"\ncount = "once per skus"\ncampaign = "x"\n'
    shop.write("g.toml", goal + '[schema]\ncampaigns = ["y"]\n[schema.events.purchase]\nsku = "text"\n')
    problems = json.loads(shop("check", "g.toml", "--format", "json").out)["problems"]
    assert sorted((each["line"], each["code"]) for each in problems) == [
        (4, "wrong-type"),
        (5, "unknown-property"),
        (6, "unknown-campaign"),
    ]


def test_wrong_schema(shop: Shop) -> None:
    """What is wrong with the schema itself is a problem too, and the goals are checked all the same."""
    shop.write("g.toml", WRONG + "[schema]\nevnts = 3\n")
    outcome = shop("check", "g.toml", "--format", "json")
    found = [(each["line"], each["code"]) for each in json.loads(outcome.out)["problems"]]
    assert (21, "schema") in found
    assert (5, "bare-name") in found


def test_run_refuses_what_does_not_fit_the_schema(shop: Shop) -> None:
    """A run with a schema refuses such goals before anything is read."""
    shop.write("schema.toml", SCHEMA.replace("amount", "total"))
    outcome = shop.run("--schema", "schema.toml")
    assert outcome.code == 2
    assert "`amount`" in outcome.err
