"""``convgoals diff`` and ``convgoals mutate``."""

from __future__ import annotations

import json

from cli_shop import GOALS, Shop

CHANGED = GOALS.replace("amount > 10", "amount > 25").replace("14 days by", "336 hours by")


def test_diff(shop: Shop) -> None:
    """Each goal has its verdict, with the smallest timeline; a change of words is none of meaning."""
    shop.write("new.toml", CHANGED)
    outcome = shop("diff", "goals.toml", "new.toml", "--tries", "300")
    assert (outcome.code, outcome.err) == (1, "")
    assert "Purchase: narrower" in outcome.out
    assert "Never came back: identical (the same condition)" in outcome.out
    assert "no longer completed, on the smallest timeline found:" in outcome.out
    assert outcome.out.endswith("goals.toml → new.toml: 4 goals, 1 changed in meaning\n")
    assert shop("diff", "goals.toml", "new.toml", "--tries", "300", "--exit-zero").code == 0
    assert shop("diff", "goals.toml", "goals.toml").code == 0


def test_diff_over_history(fed: Shop) -> None:
    """Files, and stores, show whom a change gains and loses; as text, Markdown and JSON."""
    fed.write("new.toml", CHANGED)
    arguments = ("diff", "goals.toml", "new.toml", "--tries", "300")
    files = fed(*arguments, "--events", "events.csv", "--format", "json")
    (purchase,) = [each for each in json.loads(files.out)["goals"] if each["goal"] == "Purchase"]
    assert purchase["history"]["completions"] == {"2026-01": [1, 0], "2026-02": [2, 2]}
    assert purchase["lost"]["timeline"]
    stored = fed(*arguments, "--store", fed.store)
    assert "over history: +0 / −0 profiles (2 → 2 of 3)" in stored.out
    assert "    2026-01         1 → 0        -1" in stored.out
    page = fed(*arguments, "--store", fed.store, "--format", "markdown")
    assert "| Purchase | narrower" in page.out
    assert fed(*arguments, "--store", fed.store, "--events", "events.csv").code == 2
    assert fed(*arguments, "--store", "sqlite:///nothing.db").code == 3
    fed.write("events.csv", "id,user,event,timestamp,amount,channel\n1,ann,purchase,yesterday,3,\n")
    assert "left out as no facts: 1 row" in fed(*arguments, "--events", "events.csv").err


EXAMPLES = """\
[[goal]]
name = "Large"
when = "event purchase where amount > 10"

[[goal.example]]
name = "large"
timeline = ["event purchase amount=11"]
expect = "converts"
"""


def test_mutate(shop: Shop) -> None:
    """Changes that no example notices are told, with examples that do; pasted, they end it."""
    shop.write("g.toml", EXAMPLES)
    outcome = shop("mutate", "g.toml", "--tries", "200")
    assert outcome.code == 1
    assert outcome.out.startswith("Large: ")
    assert "  comparison: amount > 10 → amount >= 10\n" in outcome.out
    found = json.loads(shop("mutate", "g.toml", "--tries", "200", "--format", "json").out)["goals"][0]
    assert found["noticed"]
    shop.write("g.toml", "\n\n".join([EXAMPLES, *dict.fromkeys(each["example"] for each in found["survived"])]))
    assert shop("test", "g.toml").code == 0
    done = shop("mutate", "g.toml", "--tries", "200", "--goal", "Large")
    assert (done.code, ", 0 not (" in done.out) == (0, True)


def test_mutate_wrong_use(shop: Shop) -> None:
    """A goal that is not there, and an example that fails, are bad input."""
    shop.write("g.toml", EXAMPLES)
    assert "did you mean `Large`?" in shop("mutate", "g.toml", "--goal", "Larg").err
    shop.write("g.toml", EXAMPLES.replace("=11", "=9"))
    outcome = shop("mutate", "g.toml")
    assert (outcome.code, "example 'large' fails" in outcome.err) == (2, True)
