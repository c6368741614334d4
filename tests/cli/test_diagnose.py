"""`convgoals diagnose`: what is amiss between goals and data."""

from __future__ import annotations

import json

from cli_shop import Shop


def test_what_is_amiss(shop: Shop) -> None:
    """Each goal with a problem is told, with what may have been meant; the exit code says that there are some."""
    shop.write("goals.toml", shop.read("goals.toml").replace('"event signup"', '"event singup"'))
    shop.run("--keep", "all")
    outcome = shop("diagnose", "--store", shop.store)
    assert outcome.code == 1
    assert outcome.out == (
        "Looked at 4 profiles.\n\n"
        "Signup: nothing that it listens to has ever come\n"
        "  no event 'singup' has ever come; did you mean `signup`?\n"
    )
    assert shop("diagnose", "--store", shop.store, "--exit-zero").code == 0
    found = json.loads(shop("diagnose", "--store", shop.store, "--format", "json").out)
    assert (found["looked_at"], found["complete"]) == (4, True)
    assert [goal["never_reached"] for goal in found["goals"]] == [True, False, False, False]
    some = shop("diagnose", "--store", shop.store, "--limit", "1")
    assert some.out.startswith("Looked at 1 profile, the first by id: what never came may yet be among the others.\n")


def test_nothing_is_amiss(fed: Shop) -> None:
    """Where all is well it says so."""
    outcome = fed("diagnose", "--store", fed.store)
    assert (outcome.code, outcome.out) == (0, "Looked at 4 profiles.\nNothing is amiss.\n")


def test_a_run_tells_of_goals_that_nothing_reaches(shop: Shop) -> None:
    """The summary of a run names the goals that nothing has ever reached."""
    shop.write("goals.toml", shop.read("goals.toml").replace('"event signup"', '"event singup"'))
    outcome = shop.run()
    assert "Nothing that these goals listen to has ever come: Signup (did you mean `signup`?)." in outcome.out
    assert "convgoals diagnose --store" in outcome.out
