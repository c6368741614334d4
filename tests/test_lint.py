"""The linter: each pitfall is found where it is, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from convgoals.errors import GoalDefinitionError
from convgoals.goals import Goal
from convgoals.lint import RULES, Finding, lint, lint_document, read_settings, render_text, to_json

SOUND: dict[str, Any] = {
    "within": "7 days of first event page_visit",
    "campaign": "spring",
    "value": "order_value",
    "description": "Sales of the spring campaign: 2.1 % in the quarter before",
}


def goal(name: str = "Purchase after a visit", when: str = "event purchase", **changes: Any) -> Goal:
    """A goal that has no pitfall but those that *changes* make."""
    return Goal(name, when, **(SOUND | changes))


def codes(*goals: Goal, **arguments: Any) -> list[str]:
    return [finding.code for finding in lint(goals, **arguments)]


def test_a_sound_goal_has_no_findings() -> None:
    """A goal with a telling name, a window, a campaign, a value, a description and examples passes all rules."""
    assert lint([goal()], examples=["Purchase after a visit"]) == []
    assert lint([]) == []


# ---- each rule


@pytest.mark.parametrize(
    "name", ["Engagement", "Conversion", "Success", "success", "Goal 2", "Main conversion", "KPI", "42"]
)  # fmt: skip
def test_a_vague_name_is_found(name: str) -> None:
    """A name made of words that say nothing of what was done, in whichever way they are joined."""
    assert codes(goal(name)) == ["CG001"]


@pytest.mark.parametrize("name", ["Purchase", "Newsletter engagement", "Trial conversion", "Käufe", "购买"])
def test_a_telling_name_is_taken(name: str) -> None:
    """One word that says what was done is enough, in any script."""
    assert codes(goal(name)) == []


@pytest.mark.parametrize(
    "when",
    [
        "event purchase",
        "event purchase and profile.age > 3",
        "event visit followed by event purchase",
        "event visit followed within 1 day by event view followed by event purchase",
        "count(event purchase) >= 3",
        'event purchase and ((profile.plan = "pro") for 3 days)',
    ],
)  # fmt: skip
def test_a_goal_without_a_window_is_found(when: str) -> None:
    """Nothing in it bounds the time in which it can be achieved."""
    assert codes(goal(when=when, within=None)) == ["CG002"]


@pytest.mark.parametrize(
    "when",
    [
        "event purchase within 7 days of first event visit",
        "event purchase between 2026-01-01 and 2026-03-31",
        "event visit followed within 1 day by event purchase",
        "event purchase not followed within 14 days by event refund",
        "count(event purchase in last 30 days) >= 3",
        "event visit in last 1 day and event purchase",
    ],
)
def test_any_bound_on_time_is_a_window(when: str) -> None:
    """A window, a span of dates, links with a time, and counts over the last days all bound the time."""
    assert codes(goal(when=when, within=None)) == []


def test_a_goal_without_a_campaign_is_found() -> None:
    """Its conversions are credited to nothing that was done."""
    assert codes(goal(campaign=None)) == ["CG003"]


def test_more_than_ten_goals_are_too_many() -> None:
    """Ten are followed, eleven are not; the finding is about all of them."""
    many = [goal(f"Purchase of kind {n}", f"event purchase where kind = {n}") for n in range(11)]
    assert codes(*many[:10]) == []
    (finding,) = lint(many)
    assert (finding.code, finding.goal) == ("CG004", None)
    assert "11 goals" in finding.message


@pytest.mark.parametrize(
    "when",
    [
        "event purchase",
        'event "Order Completed" where total > 5',
        "event orderPaid and profile.age > 3",
        "event visit followed within 1 day by event checkout_done",
        "event visit or event subscription_activated",
        "count(event purchase in last 3 days) > 1",
    ],
)
def test_a_purchase_without_a_value_is_found(when: str) -> None:
    """An event that may be the trigger sounds like a purchase, and nothing says what it was worth."""
    assert codes(goal(when=when, value=None)) == ["CG005"]


@pytest.mark.parametrize(
    "when",
    [
        "event login",
        "event purchase_cancelled",
        "event checkout_started",
        'event "Payment Failed"',
        "event login and not event purchase",
        "event purchase followed within 1 day by event review",
        "event border_crossed",
        "profile.plan changes",
    ],
)
def test_what_is_no_purchase_needs_no_value(when: str) -> None:
    """Cancelled and begun purchases, and those that are no trigger, are worth nothing to the goal."""
    assert codes(goal(when=when, value=None)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("event a and event b", "event b and event a"),
        ("event a where (x = 1 or y = 2)", "event a where (y = 2 or x = 1)"),
        ("event a or (event b or event c)", "event c or event b or event a"),
        ("event a where 5 < x", "event a where x > 5"),
        ("event a in last 7 days", "event a in last 1 week"),
    ],
)
def test_two_goals_that_say_the_same_are_found(one: str, other: str) -> None:
    """However they are put: order, sides and units make no difference. The later goal is the one reported."""
    (finding,) = lint([goal("First sale", one), goal("Second sale", other)])
    assert (finding.code, finding.goal) == ("CG006", "Second sale")
    assert '"First sale"' in finding.message


@pytest.mark.parametrize(
    "changes",
    [{"campaign": "m"}, {"count": "every"}, {"since": "2026-01-01"}, {"timezone": "Europe/Berlin"}, {"within": None}],
)  # fmt: skip
def test_goals_that_count_differently_are_two(changes: dict[str, Any]) -> None:
    """One condition for two campaigns, or counted in two ways, is two goals."""
    assert "CG006" not in codes(goal("First sale"), goal("Second sale", **changes))


def test_missing_examples_are_found_where_they_are_known() -> None:
    """A goal without examples is reported when it is known which goals have some."""
    assert codes(goal("A sale"), goal("A gift", "event gift", value=1), examples=["A gift"]) == ["CG007"]
    assert codes(goal("A sale")) == []


@pytest.mark.parametrize(
    "when",
    [
        "event x within 7 days of first event x",
        "event x within 7 days of any event x where y = 1",
        "event x where (y = 1 and z = 2) within 7 days of last event x where (z = 2 and y = 1)",
        "(event a or event x) within 7 days of first event x",
        "campaign m received within 1 day of first campaign m received",
        "(count(event x) >= 1) within 7 days of first event x",
        "profile.p = 1 and (profile.p changes within 1 day of last profile.p changes)",
    ],
)
def test_a_window_anchored_at_what_achieves_the_goal_is_found(when: str) -> None:
    """The anchor alone fires the condition, so that the window decides nothing."""
    assert codes(goal(when=when, within=None)) == ["CG008"]


@pytest.mark.parametrize(
    "when",
    [
        "(count(event x) >= 2) within 7 days of first event x",
        "event x where y = 1 within 7 days of first event x",
        "(event x and event y) within 7 days of first event x",
        "event x within 7 days of profile.signup_at",
        "(event x followed by event x) within 7 days of any event x",
    ],
)
def test_a_window_that_decides_something_is_taken(when: str) -> None:
    """Where more is needed than the anchor, the window means something."""
    assert codes(goal(when=when, within=None)) == []


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("event a and count(event b) >= 0", "`count(event b) >= 0` is always true"),
        ("event a where (x = 1 or x != 1)", "`x = 1 or x != 1` is always true"),
        ("event a and (event b or not event b)", "`event b or not event b` is always true"),
        ("event a and event b and event a", "`event a` stands twice in one `and`"),
        ("event a where (x = 1 or y = 2 or 1 = x)", "stands twice in one `or`"),
    ],
)
def test_parts_that_say_nothing_are_found(when: str, words: str) -> None:
    """What is always true, and what stands twice."""
    (finding,) = lint([goal(when=when)])
    assert finding.code == "CG009"
    assert words in finding.message


def test_a_goal_without_a_description_has_no_baseline() -> None:
    """Nothing says what it is for, nor what rate is usual."""
    assert codes(goal(description="")) == ["CG010"]


@pytest.mark.parametrize(
    "where",
    ["currency = EUR", "currency != usd", "url contains shop", "(paid_at > today and total > 5)", "plan = TOP_PLAN"],
)
def test_a_text_without_quotes_is_found(where: str) -> None:
    """A single word on the right of `=` was probably meant as a text, and `today` as a time."""
    assert codes(goal(when=f"event purchase where {where}")) == ["CG011"]


@pytest.mark.parametrize(
    "where",
    ['currency = "EUR"', "price > cost", "shipping_country = billing_country", "profile.plan = plan", "total = 5"],
)
def test_a_property_is_no_text(where: str) -> None:
    """Two properties that are compared as such are taken."""
    assert codes(goal(when=f"event purchase where {where}")) == []


@pytest.mark.parametrize("where", ['total > "50"', 'total between "1.5" and "9"'])
def test_a_number_in_quotes_is_found(where: str) -> None:
    """It is a text, and orders no numbers."""
    assert codes(goal(when=f"event purchase where {where}")) == ["CG012"]


@pytest.mark.parametrize("when", ["(event login for 3 days)", "not (event login for 3 days)"])
def test_an_event_that_is_to_last_is_found(when: str) -> None:
    """What has happened stays so; that nothing happened for so long is said otherwise, and is taken."""
    assert codes(goal(when=f"event signup and {when}")) == ["CG013"]
    assert codes(goal(when="event signup and ((not event login) for 3 days)")) == []


def test_an_id_in_quotes_is_taken() -> None:
    """Ids of digits are texts, and so are dates in their own form."""
    assert codes(goal(when='event purchase where (campaign_id = "18" and day > "2026-01-31")')) == []


# ---- the whole


def test_rules_have_stable_codes_and_names() -> None:
    """Codes are part of the public interface: they may grow in number, and never change."""
    assert {rule.code: rule.name for rule in RULES} == {
        "CG001": "vague-name",
        "CG002": "no-window",
        "CG003": "no-campaign",
        "CG004": "too-many-goals",
        "CG005": "no-value",
        "CG006": "same-goal",
        "CG007": "no-examples",
        "CG008": "own-anchor",
        "CG009": "says-nothing",
        "CG010": "no-baseline",
        "CG011": "unquoted-text",
        "CG012": "quoted-number",
        "CG013": "lasting-event",
    }


def test_findings_stand_in_the_order_of_the_goals() -> None:
    """By goal, then by code; what is about all of them comes last."""
    bare = [Goal(f"Engagement {n}", f"event e where n = {n}", campaign="m", description="x") for n in range(11)]
    found = lint(bare)
    assert [finding.goal for finding in found[:4]] == ["Engagement 0", "Engagement 0", "Engagement 1", "Engagement 1"]
    assert [finding.code for finding in found[:4]] == ["CG001", "CG002", "CG001", "CG002"]
    assert found[-1].goal is None


def test_rules_can_be_switched_off() -> None:
    """Everywhere or for one goal, by code or by name."""
    goals = [goal("A sale", campaign=None), goal("A gift", "event gift", campaign=None)]
    assert codes(*goals) == ["CG003", "CG003"]
    assert codes(*goals, disabled=["CG003"]) == []
    assert codes(*goals, disabled=["no-campaign"]) == []
    assert [finding.goal for finding in lint(goals, disabled_for={"A sale": ["CG003"]})] == ["A gift"]


DOCUMENT: dict[str, Any] = {
    "goal": [
        {"name": "A sale", "when": "event purchase", **SOUND, "example": [{}]},
        {"name": "A login", "when": "event login", "campaign": "spring"},
    ],
    "lint": {"disable": ["CG010"], "goal": {"A login": ["no-window"]}},
}


def test_a_document_brings_its_settings_and_examples() -> None:
    """Of a ``goals.toml``, ``[lint]`` switches rules off and ``[[goal.example]]`` tables are the examples."""
    found = lint_document(DOCUMENT)
    assert [(finding.goal, finding.code) for finding in found] == [("A login", "CG007")]
    settings = read_settings(DOCUMENT)
    assert settings.disabled == {"CG010"}
    assert settings.disabled_for == {"A login": {"CG002"}}
    assert read_settings({}).disabled == frozenset()


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        ({"disable": ["CG0003"]}, "[lint] disable: there is no rule 'CG0003'", "did you mean `CG003`?"),
        ({"disable": [5]}, "[lint] disable: there is no rule 5", "one of: CG001, "),
        ({"disable": "CG003"}, "[lint] disable: codes stand in a list", '["CG003"]'),
        ({"disabled": []}, "[lint] there is no `disabled`", "did you mean `disable`?"),
        ({"goal": ["CG003"]}, "[lint] `goal` is a table", "[lint.goal]"),
        ({"goal": {"A lgin": ["CG003"]}}, "[lint] goal: there is no goal 'A lgin'", "did you mean `A login`?"),
        ([], "[lint] the settings are a table", "disable"),
    ],
)
def test_wrong_settings_are_refused(table: Any, message: str, hint: str) -> None:
    """A misspelt code would switch nothing off, so it is an error."""
    with pytest.raises(GoalDefinitionError) as caught:
        read_settings(DOCUMENT | {"lint": table})
    assert caught.value.code == "lint"
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)


FINDING = Finding("CG002", "no-window", "A sale", "it has no window", "add one")


def test_findings_are_shown_as_text() -> None:
    """Each with its code, goal, reason and repair, and how many there are."""
    everyone = Finding("CG004", "too-many-goals", None, "12 goals", "archive two")
    assert render_text([FINDING, everyone]) == (
        "CG002 no-window: goal 'A sale': it has no window\n"
        "  hint: add one\n"
        "CG004 too-many-goals: 12 goals\n"
        "  hint: archive two\n"
        "2 findings."
    )
    assert render_text([FINDING]).endswith("1 finding.")
    assert render_text([]) == "No findings."


def test_findings_are_written_as_json() -> None:
    """An array of objects, one for each finding."""
    assert json.loads(to_json([FINDING])) == [
        {"code": "CG002", "rule": "no-window", "goal": "A sale", "message": "it has no window", "hint": "add one"}
    ]
    assert json.loads(to_json([])) == []


def test_every_finding_has_a_reason_and_a_repair() -> None:
    """No rule reports without saying why and what to do."""
    bad = [
        Goal("Engagement", "(event order within 7 days of first event order) and event x and event x"),
        Goal("Success", "event x and (event order within 7 days of first event order) and event x"),
        goal("Texts", 'event sale where (currency = EUR and total > "5") and (event visit for 3 days)'),
        *(goal(f"Sale {n}", f"event sale where n = {n}") for n in range(10)),
    ]
    found = lint(bad, examples=[])
    assert {finding.code for finding in found} == {rule.code for rule in RULES} - {"CG002"}
    assert all(finding.message and finding.hint for finding in found)
