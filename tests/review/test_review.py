"""Versions compared by meaning: verdicts, the smallest timelines, mutants and history."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from convgoals import Event, Goal, GoalEngine
from convgoals.review.candidates import candidates
from convgoals.review.diff import compare, diff
from convgoals.review.history import kept_facts, over_history
from convgoals.review.mutants import mutants
from convgoals.review.mutate import mutate
from convgoals.review.rendering import as_markdown, as_text, as_values
from convgoals.review.witness import judge, smallest
from convgoals.storage.open import open_store
from convgoals.testing.examples import read_examples
from convgoals.testing.reference import evaluate
from corpus_cases import written

TRIES = 600


def goal(when: str, **more: Any) -> Goal:
    return Goal("goal", when, **more)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (goal("event p where (not a = 1)"), goal("event p where a != 1")),
        (goal('event p where (a = 1 and b = "x")'), goal('event p where (b = "x" and a = 1)')),
        (goal("event a and event b and event c"), goal("event c and (event b and event a)")),
        (goal("event a within 10 days of first event b"), goal("event a", within="240 hours of first event b")),
        (goal("event a", timezone="UTC"), goal("event a", timezone="Europe/Berlin")),
        (goal('event p where (k = "u" or k = "w")'), goal('event p where k in ("w", "u")')),
        (goal('event p where k in ("u")'), goal('event p where k = "u"')),
        (goal("event p where (3 < a)"), goal("event p where a > 3")),
    ],
)  # fmt: skip
def test_other_words_are_identical(old: Goal, new: Goal) -> None:
    """Goals that say the same in other words are found identical, and that is certain."""
    found = compare(old, new)
    assert (found.verdict, found.proved, found.changed) == ("identical", True, False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("event a in last 30 days", "event a"),
        ("count(event a) >= 1", "event a"),
        ("event c and not (event a or event b)", "event c and not event a and not event b"),
    ],
)
def test_what_is_not_proved_is_said_so(old: str, new: str) -> None:
    """Where no proof is known, and no difference is found, the number of tries is told."""
    found = compare(goal(old), goal(new), tries=TRIES)
    if not found.proved:
        assert (found.verdict, found.tries) == ("identical", TRIES)
        assert "no difference found in 600 timelines" in "\n".join(as_text([found], []))


@pytest.mark.parametrize(
    ("old", "new", "verdict", "lines"),
    [
        ("event p where v > 50", "event p where v >= 50", "wider", ["event p v=50"]),
        ("event p where v >= 50", "event p where v > 50", "narrower", ["event p v=50"]),
        ("event a", "event a and event b", "narrower", ["event a"]),
        (
            "event a not followed within 14 days by event b",
            "event a not followed within 15 days by event b",
            "narrower",
            ["event a", "+14d"],
        ),
        ('profile.p = "x" for 30 days', 'profile.p = "x" for 31 days', "narrower", ["update p=x", "+30d"]),
        (
            "count(event a in last 30 days) >= 5",
            "count(event a in last 30 days) >= 6",
            "narrower",
            ["event a"] * 5,
        ),
        ("event a followed by event b with same k", "event a followed by event b", "wider", ["event a", "event b"]),
        ('in segment "v" and event a', "event a", "wider", ["event a"]),
        ('campaign "m" received', 'campaign "m" received and event a', "narrower", ["campaign m"]),
    ],
)
def test_verdicts(old: str, new: str, verdict: str, lines: list[str]) -> None:
    """The verdict is right, and the timeline shown is the smallest there is."""
    found = compare(goal(old), goal(new), tries=TRIES)
    assert found.verdict == verdict
    witness = found.gained if verdict == "wider" else found.lost
    assert witness is not None
    assert witness.timeline.lines() == lines
    assert witness.gained is (verdict == "wider")


def test_different() -> None:
    """A version that gains some and loses others is different, and both are shown."""
    found = compare(goal("event a"), goal("event b"), tries=TRIES)
    assert found.verdict == "different"
    assert found.gained is not None
    assert found.lost is not None
    assert (found.gained.timeline.lines(), found.lost.timeline.lines()) == (["event b"], ["event a"])


def test_counting_and_start() -> None:
    """How a goal counts, and from when, belongs to its meaning."""
    every = compare(goal("event a"), goal("event a", count="every"), tries=TRIES)
    assert every.gained is not None
    assert (every.verdict, every.gained.timeline.lines()) == ("wider", ["event a", "event a"])
    assert compare(goal("event a"), goal("event a", since="2026-01-01"), tries=TRIES).verdict == "narrower"


def test_goals_come_and_go() -> None:
    """Goals that are added or removed, and attributes that do not decide completions, are told."""
    old = [Goal("kept", "event a", value="x"), Goal("gone", "event b")]
    new = [Goal("kept", "event a", value="y", tags=["t"]), Goal("come", "event c")]
    found = diff(old, new)
    assert [(each.name, each.verdict) for each in found] == [
        ("kept", "identical"),
        ("gone", "removed"),
        ("come", "added"),
    ]
    assert found[0].changed
    assert found[0].attributes == {"value": ("x", "y"), "tags": ((), ("t",))}
    text = "\n".join(as_text(found, []))
    assert "value: x → y" in text
    assert "tags: none → t" in text
    assert as_values(found[0], None)["verdict"] == "identical"


def _whole(case: Any) -> Goal:
    return Goal(**{**case.goal, "name": "goal"})


def test_every_witness_holds_in_the_reference() -> None:
    """Over the goals of the corpus and a mutant of each, what a witness says is what the reference finds."""
    tried = 0
    for case in written()[::30]:
        original = _whole(case)
        for mutant in list(mutants(original))[:2]:
            logs = list(candidates([original, mutant.goal], 120))
            found = compare(original, mutant.goal, tries=120)
            for witness in (found.gained, found.lost):
                if witness is not None:
                    tried += 1
                    for side in (witness.old, witness.new):
                        by_reference = evaluate(side.goal, list(witness.timeline), now=side.at)
                        assert [each.achieved_at for each in by_reference] == [d.achieved_at for d in side.completions]
                    assert len(witness.old.completions) != len(witness.new.completions)
            assert len(judge([original], logs[:5])) == 5
    assert tried > 8


def test_candidates_are_the_same_each_time() -> None:
    """A review is no lottery: the same goals are tried on the same timelines."""
    goals = [goal('count(event a where x = "u") > 2 and profile.p is set'), goal("event b within 1 day of profile.at")]
    assert list(candidates(goals, 40)) == list(candidates(goals, 40))


def test_smallest_wants_a_disagreement() -> None:
    """Where versions agree there is nothing to make smaller."""
    with pytest.raises(AssertionError, match="do not disagree"):
        smallest(goal("event a"), goal("event a"), [Event("a", "p", "2026-01-01T00:00:00Z")], gained=True)
    assert judge([goal("event a")], [[]]) == [[()]]


# ---- mutants

WIDE = (
    'event p where (v > 50 and k in ("u", "w") and not (c = "x") and n is set and v between 1 and 99 and d = true)'
    " within 7 days of first event visit"
)


def test_mutants_change_one_detail() -> None:
    """Each mutant is another goal, of a kind that is named; every kind comes up."""
    made = [*mutants(goal(WIDE))]
    made += mutants(goal("count(event a in last 30 days) >= 3 between 2026-01-01 and 2026-03-31", count="every"))
    made += mutants(goal("event a followed within 1 day by event b with same k without event c"))
    made += mutants(
        goal("event a not followed within 1 day by event b with same k", within="9 days of last event c where v = 9")
    )
    made += mutants(goal("event a in last 2 days or event b", count="once per 30 days"))
    made += mutants(goal('profile.plan changes from "free" to "pro"'))
    assert {each.kind for each in made} == {"counting", "comparison", "literal", "window", "anchor", "connective"}
    changes = {each.change for each in made}
    for change in (
        "v > 50 → v >= 50", "50 → 51", "7 days → 14 days", "first event visit → last event visit",
        "count once → every", "count every → once", 'k in ("u", "w") → k not in ("u", "w")', "true → false",
        "event a in last 2 days → event a", "2026-03-31 → 2026-04-01",
        "9 → 10 (in the anchor)", "n is set → n is not set",
        "count once per 30 days → every", 'profile.plan changes from "free" to "pro" → profile.plan changes to "pro"',
    ):  # fmt: skip
        assert change in changes, change


def _report(examples: list[dict[str, Any]], when: str = "event p where v > 50") -> Any:
    table = {"name": "goal", "when": when, "example": examples}
    return mutate(goal(when), read_examples({"goal": [table]}, [goal(when)]), tries=TRIES)


def test_survivors_end_when_their_examples_are_pasted() -> None:
    """What a survivor offers to paste holds of the goal, and notices the change; with all of them, none survives."""
    first = _report([])
    assert first.killed == ()
    assert len(first.survivors) >= 6
    pasted = [tomllib.loads(text)["goal"]["example"][0] for text, _ in first.offers()]
    assert len(pasted) < len(first.survivors)
    for survivor in first.survivors:
        table = tomllib.loads(survivor.example())["goal"]["example"][0]
        (example,) = read_examples({"goal": [{"example": [table]}]}, [goal("event p where v > 50")])
        assert example.failure() == ""
        assert example.failure(survivor.mutant.goal) != ""
    second = _report(pasted)
    assert second.survivors == ()
    assert len(second.killed) == len(first.survivors)


@pytest.mark.parametrize(
    "when",
    [
        'event a where x matches "^ab+c$" within 7 days of first event b',
        'event a where (lower(c) = "de" and length(items) >= 3 and tags contains "vip")',
        'event a where (u starts with "https://x.com/" and u ends with ".pdf" and not q contains "test")',
    ],
)
def test_every_change_of_a_filter_is_found(when: str) -> None:
    """Patterns, lengths, members and texts that several comparisons ask for are met, so each change shows."""
    report = _report([], when)
    assert report.alike == ()
    assert len(report.survivors) > 7


def test_changes_that_change_nothing_are_no_survivors() -> None:
    """A mutant on which no difference is found is told apart from those that survive."""
    report = _report([], "event a and event a in last 30 days")
    alike = {each.change for each in report.alike}
    assert "30 days → 60 days" in alike
    assert not alike & {each.mutant.change for each in report.survivors}


# ---- history


def _facts() -> list[Event]:
    return [Event("p", f"u{n}", f"2026-0{1 + n % 3}-01T00:00:00Z", {"v": 40 + n}, id=f"e{n}") for n in range(30)]


def test_history() -> None:
    """Over real facts, profiles that are gained and lost are named, and completions counted by month."""
    found = diff([Goal("g", "event p where v > 50"), Goal("same", "event p")], [
        Goal("g", "event p where (v >= 50 and v < 69)"), Goal("same", "event p"), Goal("new", "event p"),
    ])  # fmt: skip
    history = over_history(found, _facts())
    assert [(each.name, each.before, each.after, each.gained, each.lost) for each in history[:1]] == [
        ("g", 19, 19, ("u10",), ("u29",))
    ]
    assert history[0].completions == {"2026-01": (6, 6), "2026-02": (6, 7), "2026-03": (7, 6)}
    assert (history[1].name, history[1].before, history[1].after) == ("new", 0, 30)
    text = "\n".join(as_text(found, history))
    assert "+1 / −1 profiles (19 → 19 of 30)" in text
    assert "and 10 more" in text
    page = "\n".join(as_markdown(found, history))
    assert "| g | different" in page
    assert as_values(found[0], history[0])["history"]["gained"] == ["u10"]
    assert over_history([], _facts()) == []
    assert over_history(found, [])[0].profiles == 0


def test_history_that_does_not_hold_what_a_goal_looks_at() -> None:
    """Where no event of a type is there, it is said; of a store, also that its figures may be incomplete."""
    found = diff([Goal("g", "event p")], [Goal("g", "event p or event q")], tries=60)
    kept = over_history(found, _facts(), kept=True)
    assert kept[0].unseen == ("q",)
    text = "\n".join(as_text(found, kept))
    assert "(30 → 30 of 30; perhaps incomplete)" in text
    assert "note: no event 'q' is in this history; a store keeps only what its goals look at" in text
    assert "completions by month: all as they were" in text
    assert "perhaps incomplete" in "\n".join(as_markdown(found, kept))
    assert as_values(found[0], kept[0])["history"]["unseen_events"] == ["q"]
    files = "\n".join(as_text(found, over_history(found, _facts())))
    assert "note: no event 'q' is in this history\n" in files
    assert "incomplete" not in files


def test_history_of_a_store() -> None:
    """The facts that a store keeps are history too."""
    store = open_store("memory://")
    with GoalEngine([Goal("g", "event p")], store=store) as engine:
        engine.process(_facts())
        assert len(list(kept_facts(store))) == 30


def test_markdown_is_safe() -> None:
    """Names of others are text in Markdown, whatever they hold."""
    name = "a|b <img src=x> `c`"
    page = "\n".join(as_markdown(diff([Goal(name, "event a")], [Goal(name, "event a or event b")], tries=60), []))
    assert r"a\|b \<img src=x\> \`c\`" in page
    assert "<img" not in page.replace(r"\<img", "")


def test_names_of_examples_are_short_and_their_own() -> None:
    """Two changes that read alike get examples of two names, and a long change a short one."""
    when = "event a where x > 1 and event b where x > 1"
    report = mutate(goal(when), [], tries=100)
    names = [tomllib.loads(text)["goal"]["example"][0]["name"] for text, _ in report.offers()]
    assert len(set(names)) == len(names) > 4
    assert all(len(name) < 100 for name in names)
    changes = [each.mutant.change for each in report.survivors]
    assert len(set(changes)) < len(changes)
