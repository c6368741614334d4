"""``convgoals test``, and what other commands make of examples."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from cli_shop import Shop

EXAMPLES = """\
[[goal]]
name = "Soon"
when = "event purchase WHERE amount > 10"   # kept
within = "7 days of first event visit"

[[goal.example]]
name = "in \\u0001 time"
timeline = ["event visit", "+7d event purchase amount=11"]
expect = "converts"

[[goal.example]]
timeline = ["event visit", "+8d event purchase amount=11"]
expect = "open"

[[goal]]
name = "Other"
when = "event x"
"""


def test_examples_are_run(shop: Shop) -> None:
    """Each example passes or fails by name; a failure shows why; a goal without one is told."""
    shop.write("g.toml", EXAMPLES)
    outcome = shop("test", "g.toml", "--junit", "results.xml")
    assert outcome.code == 1
    assert "  FAILED  example 2\n    expected 'open'; it is 'missed'\n" in outcome.out
    assert "purchase came 1 day after the window closed, at 2026-01-09 00:00 UTC" in outcome.out
    assert outcome.out.endswith("g.toml: 2 examples, 1 failed, 1 passed\n")
    assert "goal 'Other' has no example" in outcome.err
    suite = ET.fromstring(shop.read("results.xml"))[0]  # noqa: S314  our own
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [(case.get("classname"), case.get("name"), len(case)) for case in suite] == [
        ("Soon", "in \ufffd time", 0),
        ("Soon", "example 2", 1),
    ]
    as_json = json.loads(shop("test", "g.toml", "--format", "json").out)
    assert [each["passed"] for each in as_json["examples"]] == [True, False]
    assert as_json["goals_without_examples"] == ["Other"]


def test_what_is_odd_about_an_example_that_passes(shop: Shop) -> None:
    """It is a note: an event that is misspelt, or a value of another type, makes an example that shows nothing."""
    shop.write(
        "g.toml",
        EXAMPLES.replace(
            '"event visit", "+8d event purchase amount=11"]', '"event visits", "event purchase amount=\'11\'"]'
        ).replace('"open"', '"not entered"'),
    )
    outcome = shop("test", "g.toml", "--goal", "Soon", "--junit", "results.xml")
    assert outcome.code == 0
    assert (
        "    note: the goal looks at event 'visit', and the timeline has none; did you mean `visits`?\n" in outcome.out
    )
    assert "    note: amount is text in the timeline, and the goal compares it with something else\n" in outcome.out
    assert "did you mean `visits`?" in shop.read("results.xml")
    as_json = json.loads(shop("test", "g.toml", "--format", "json").out)
    assert [len(each["notes"]) for each in as_json["examples"]] == [0, 2]


def test_results_never_go_over_the_goals(shop: Shop) -> None:
    """A file that is read is not written."""
    shop.write("g.toml", EXAMPLES)
    outcome = shop("test", "g.toml", "--junit", "./g.toml")
    assert outcome.code == 2
    assert "would destroy it" in outcome.err
    assert shop.read("g.toml") == EXAMPLES


def test_all_is_well(shop: Shop) -> None:
    """With every example as it says, the exit code is 0; with none at all, 1: that tests nothing."""
    shop.write("g.toml", EXAMPLES.replace('"open"', '"missed"'))
    outcome = shop("test", "g.toml", "--goal", "Soon")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.endswith("g.toml: 2 examples, all as they say\n")
    assert shop("test", "g.toml", "--goal", "Other").code == 1


def test_wrong_use(shop: Shop) -> None:
    """A goal that is not there, a wrong example and a file that cannot be written are bad input."""
    shop.write("g.toml", EXAMPLES)
    assert "did you mean `Soon`?" in shop("test", "g.toml", "--goal", "Son").err
    assert shop("test", "g.toml", "--junit", "no/such/folder.xml").code == 2
    for wrong, said in (
        ('expect = "convert"', "did you mean `converts`?"),
        ('expect = "sometimes"', "one of: converts"),
        ("", "it expects nothing"),
        ("expct = 1", "there is no `expct`"),
        ('expect = "open"\nat = "+x"', "no span"),
        ('expect = "open"\nname = ""', "its name is no text"),
        ('expect = "open"\nname = "in \\u0001 time"', "has the name"),
        ("completions = 3", "`completions` is no list"),
    ):
        shop.write("g.toml", EXAMPLES.replace('expect = "open"', wrong))
        outcome = shop("test", "g.toml")
        assert (outcome.code, said in outcome.err) == (2, True), outcome.err
        (problem,) = json.loads(shop("check", "g.toml", "--format", "json").out)["problems"]
        assert problem["goal"] == "Soon"
        assert problem["line"] is not None
    for text, said in (
        ("example = 3", "stand in"),
        ("", ""),
        ('[[goal.example]]\ntimeline = 3\nexpect = "open"', "list"),
    ):
        shop.write("g.toml", f'[[goal]]\nname = "a b"\nwhen = "event a"\n{text}\n')
        assert said in shop("test", "g.toml").err
    shop.write("g.toml", '[[goal]]\nname = "a b"\nwhen = "event a"\n[[goal.example]]\nexpect = "open"\n')
    assert "`timeline` is missing" in shop("test", "g.toml").err


def test_other_commands_keep_examples(shop: Shop) -> None:
    """``check`` finds nothing wrong, ``fmt`` leaves examples as they are, ``lint`` asks for those that are missing."""
    shop.write("g.toml", EXAMPLES)
    assert shop("check", "g.toml").code == 0
    assert shop("fmt", "--write", "g.toml").code == 0
    assert shop.read("g.toml") == EXAMPLES.replace("WHERE", "where")
    found = json.loads(shop("lint", "g.toml", "--format", "json").out)
    assert [each["goal"] for each in found if each["code"] == "CG007"] == ["Other"]
