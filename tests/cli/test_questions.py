"""Commands that ask a store: goals, report, funnel, compare, attribution, history."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from cli_shop import Shop


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


# ---- goals


def test_goals(fed: Shop) -> None:
    """The list has each goal's completions, profiles, rate and status."""
    outcome = fed("goals", "--store", fed.store)
    assert outcome.code == 0
    assert words(outcome.out)[1] == "goal completions profiles rate status trend"
    assert words(outcome.out)[3].startswith("Signup 3 3 75.0 % active ")
    assert words(outcome.out)[5].startswith("Purchase after spring 1 1 50.0 % active ")


def test_goals_as_json_and_csv(fed: Shop) -> None:
    """For machines, the list has exact figures."""
    listed = json.loads(fed("goals", "--store", fed.store, "--format", "json").out)
    assert [(goal["name"], goal["completions"], goal["audience"], goal["rate"]) for goal in listed] == [
        ("Signup", 3, 4, 0.75),
        ("Purchase", 3, 4, 0.5),
        ("Purchase after spring", 1, 2, 0.5),
        ("Never came back", 2, 4, 0.5),
    ]
    as_csv = rows(fed("goals", "--store", fed.store, "--format", "csv").out)
    assert [(goal["name"], goal["rate"]) for goal in as_csv] == [(goal["name"], str(goal["rate"])) for goal in listed]


def test_archived_goals(fed: Shop) -> None:
    """Archived goals are listed on request."""
    fed.write("goals.toml", fed.read("goals.toml").partition('[[goal]]\nname = "Never')[0])
    fed.run("--archive-missing")
    assert "Never came back" not in fed("goals", "--store", fed.store).out
    assert "archived" in fed("goals", "--archived", "--store", fed.store).out


# ---- report


def test_report(fed: Shop) -> None:
    """A report shows the figures, the trend and the breakdown."""
    outcome = fed(
        "report", "--store", fed.store, "--goal", "Purchase", "--every", "month", "--by", "channel"
    )  # fmt: skip
    lines = words(outcome.out)
    assert outcome.code == 0
    assert lines[0] == "Purchase · all time · UTC"
    assert "completion rate 50.0 %" in lines
    assert "value, sum 1,250.50" in lines
    assert any(line.startswith("2026-02 2 1 1,230.00 ") for line in lines)
    assert any(line.startswith("email 1 1 25.0 % ") for line in lines)


def test_report_of_all_goals_as_json(fed: Shop) -> None:
    """Without ``--goal`` every goal is reported; JSON is a list."""
    reports = json.loads(fed("report", "--store", fed.store, "--format", "json").out)
    assert [report["goal"] for report in reports] == ["Signup", "Purchase", "Purchase after spring", "Never came back"]


def test_report_of_a_period(fed: Shop) -> None:
    """``--since``, ``--until`` and ``--timezone`` bound the period; ``--baseline previous`` compares."""
    options = ["--since", "2026-02-01", "--until", "2026-02-28", "--timezone", "Europe/Berlin"]
    (report,) = json.loads(
        fed(
            "report", "--store", fed.store, "--goal", "Purchase", "--format", "json", "--baseline", "previous", *options
        ).out
    )
    assert report["since"] == "2026-01-31T23:00:00+00:00"
    assert report["figures"]["completions"] == 2
    assert report["baseline"]["figures"]["completions"] == 1


@pytest.mark.parametrize(
    ("options", "first"),
    [
        (["--by", "channel"], {"label": "search", "completions": "1"}),
        (["--every", "month"], {"label": "2026-01", "completions": "1"}),
        (["--part", "figures"], {"period": "period", "completions": "3"}),
    ],
)
def test_report_as_csv(fed: Shop, options: Any, first: dict[str, str]) -> None:
    """CSV has the breakdown where there is one, else the trend, or what ``--part`` asks for."""
    found = rows(fed("report", "--store", fed.store, "--goal", "Purchase", "--format", "csv", *options).out)
    assert {key: row[key] for row in found for key in first if row.items() >= first.items()} == first
    assert found[0]["goal"] == "Purchase"


def test_report_of_cohorts_and_outcomes(fed: Shop) -> None:
    """``--cohort``, ``--final-only``, ``--outcomes`` and a condition as ``--audience`` ask what Python can ask."""
    ask = ["report", "--store", fed.store, "--goal", "Purchase after spring", "--json"]
    (cohort,) = json.loads(fed(*ask, "--cohort", "--since", "2026-02-01").out)
    assert (cohort["by"], cohort["figures"]["conversion"]["total"]) == ("entered", 1)
    (final,) = json.loads(fed(*ask, "--final-only").out)
    assert (final["final_only"], final["outcomes"]["open"]) == (True, 0)
    (told,) = json.loads(fed(*ask, "--outcomes").out)
    assert (told["outcomes"]["converted"], told["outcomes"]["missed"]) == (1, 1)
    (some,) = json.loads(fed(*ask, "--audience", "profile.plan is not set").out)
    assert (some["audience_kind"], some["condition"]) == ("condition", "profile.plan is not set")
    (entered,) = json.loads(fed(*ask, "--audience", "entered").out)
    assert entered["audience_kind"] == "entered"
    curve = fed(*ask[:-1], "--format", "csv", "--part", "curve")
    assert [row["converted"] for row in rows(curve.out)] == ["1"]


# ---- funnel


def test_funnel(fed: Shop) -> None:
    """A funnel counts the profiles of each stage."""
    outcome = fed("funnel", "--store", fed.store, "Signup", "Purchase", "--by", "channel")
    assert outcome.code == 0
    assert any(line.startswith("1. Signup 3 75.0 %") for line in words(outcome.out))
    assert any(line.startswith("2. Purchase 2 66.7 %") for line in words(outcome.out))
    as_json = json.loads(fed("funnel", "--store", fed.store, "Signup", "Purchase", "--format", "json").out)
    assert [stage["step"]["count"] for stage in as_json["stages"]] == [3, 2]
    as_csv = rows(fed("funnel", "--store", fed.store, "Signup", "Purchase", "--format", "csv").out)
    assert [stage["profiles"] for stage in as_csv] == ["3", "2"]


def test_funnel_windows(fed: Shop) -> None:
    """``--within`` and ``--between`` bound the time."""
    for option in ("--within", "--between"):
        found = rows(fed("funnel", "--store", fed.store, "Signup", "Purchase", option, "7 days", "--format", "csv").out)
        assert [stage["profiles"] for stage in found] == ["3", "1"]


@pytest.mark.parametrize("stage", ["Signup", "1"])
def test_funnel_dropped(fed: Shop, stage: str) -> None:
    """``--dropped`` lists who went no further, one a line, for other programs to read."""
    assert fed("funnel", "--store", fed.store, "Signup", "Purchase", "--dropped", stage).out == "cem\n"
    as_json = fed("funnel", "--store", fed.store, "Signup", "Purchase", "--dropped", stage, "--format", "json").out
    assert json.loads(as_json) == ["cem"]


# ---- compare


def test_compare(fed: Shop) -> None:
    """Goals stand side by side, and the others are compared with the first."""
    outcome = fed("compare", "--store", fed.store, "Signup", "Purchase", "--every", "month")
    assert outcome.code == 0
    assert any(line.startswith("Signup 3 3 75.0 %") for line in words(outcome.out))
    assert any(line.startswith("Purchase 3 2 50.0 %") for line in words(outcome.out))
    assert "No evidence of a difference between 'Signup' and 'Purchase'" in outcome.out


def test_compare_for_machines(fed: Shop) -> None:
    """``--json`` is short for ``--format json``; CSV has a row a goal."""
    ask = ["compare", "--store", fed.store, "Signup", "Purchase", "--since", "2026-02-01"]
    as_json = json.loads(fed(*ask, "--json").out)
    assert as_json == json.loads(fed(*ask, "--format", "json").out)
    assert [goal["figures"]["conversion"]["count"] for goal in as_json["goals"]] == [0, 2]
    as_csv = rows(fed(*ask, "--format", "csv").out)
    assert [(goal["goal"], goal["converting_profiles"]) for goal in as_csv] == [("Signup", "0"), ("Purchase", "2")]


# ---- campaigns


def test_campaigns(fed: Shop) -> None:
    """Recipients of a campaign stand beside the others, and the difference is said to be no effect."""
    ask = ["campaigns", "--store", fed.store, "Purchase"]
    outcome = fed(*ask)
    assert outcome.code == 0
    assert any(line.startswith("spring 2 2 100.0 %") for line in words(outcome.out))
    assert "not what it caused" in " ".join(words(outcome.out))
    as_json = json.loads(fed(*ask, "--campaign", "spring", "--window", "7 days", "--json").out)
    assert as_json["window"] == "7 days"
    assert as_json["campaigns"][0]["figures"]["conversion"] | {"interval": None} == {
        "count": 1,
        "total": 2,
        "rate": 0.5,
        "interval": None,
    }
    as_csv = rows(fed(*ask, "--format", "csv", "--since", "2026-02-01", "--audience", "profile.plan is not set").out)
    assert [(row["campaign"], row["recipients"]) for row in as_csv] == [("spring", "2")]


def test_no_campaigns(shop: Shop) -> None:
    """Where nobody has received a campaign, that is said."""
    shop("run", "--goals", "goals.toml", "--events", "events.csv", "--store", shop.store)
    assert shop("campaigns", "--store", shop.store, "Purchase").out == "Nobody has received a campaign.\n"


# ---- attribution


def test_attribution(fed: Shop) -> None:
    """Campaigns are credited by each model, and what no touch came before is its own row."""
    outcome = fed("attribution", "--store", fed.store, "Purchase", "--model", "first", "--model", "linear")
    assert outcome.code == 0
    assert words(outcome.out)[1] == "campaign touches completions touched first linear"
    assert "spring 2 2 2.00 2.00" in words(outcome.out)
    assert "(no touch) 0 1 1.00 1.00" in words(outcome.out)


def test_attribution_options(fed: Shop) -> None:
    """A window, a half-life, channels, a version and a period are asked for as in Python."""
    ask = ["attribution", "--store", fed.store, "Purchase", "--json", "--by", "channel", "--goal-version", "1"]
    whole = json.loads(fed(*ask, "--half-life", "1 day").out)
    assert (whole["by"], whole["completions"]) == ("channel", 3)
    short = json.loads(fed(*ask, "--window", "7 days", "--since", "2026-02-01").out)
    assert (short["window"], short["completions"]) == ("7 days", 2)
    assert [(row["kind"], row["assisted"]) for row in short["credited"]] == [("none", 1), ("untouched", 1)]
    named = ["--touchpoint", "event signup", "--model", "markov", "--model", "shapley"]
    touched = json.loads(fed("attribution", "--store", fed.store, "Purchase", "--json", *named).out)
    assert touched["models"] == ["markov", "shapley"]
    assert {row["key"] for row in touched["credited"]} == {"spring", "event signup"}
    as_csv = rows(fed("attribution", "--store", fed.store, "Purchase", "--format", "csv").out)
    assert len(as_csv) == 2 * 5


# ---- history


def test_history(fed: Shop) -> None:
    """The history is by time of achievement."""
    outcome = fed("history", "--store", fed.store)
    assert outcome.code == 0
    assert words(outcome.out)[3] == "2026-01-01 10:00:00 ann Signup email – –"
    assert len(words(fed("history", "--store", fed.store, "--goal", "Purchase").out)) == 7
    assert len(words(fed("history", "--store", fed.store, "--profile", "cem").out)) == 6


def test_history_limit(fed: Shop) -> None:
    """Where more is there than is shown, that is said."""
    outcome = fed("history", "--store", fed.store, "--limit", "2")
    assert "  The first 2; --limit shows more" in outcome.out
    assert len(json.loads(fed("history", "--store", fed.store, "--limit", "2", "--format", "json").out)) == 2


def test_history_for_machines(fed: Shop) -> None:
    """JSON and CSV hold every field of every completion."""
    found = json.loads(fed("history", "--store", fed.store, "--goal", "Purchase", "--format", "json").out)
    assert [(each["profile_id"], each["value"], each["trigger_id"]) for each in found] == [
        ("ann", "20.50", "4"),
        ("ben", 1200, "6"),
        ("ann", 30, "7"),
    ]
    as_csv = rows(fed("history", "--store", fed.store, "--goal", "Purchase", "--format", "csv").out)
    assert [each["value"] for each in as_csv] == ["20.50", "1200", "30"]


def test_history_as_of(fed: Shop) -> None:
    """``--as-of`` gives what was known then; retracted completions come on request."""
    fed.write("late.csv", "id,user,event,timestamp,amount,channel\n9,cem,purchase,2026-01-04T10:00:00Z,99,\n")
    outcome = fed("run", "--goals", "goals.toml", "--events", "late.csv", "--store", fed.store, "--format", "json")
    assert json.loads(outcome.out)["retractions"] == 1
    never = ["history", "--store", fed.store, "--goal", "Never came back", "--format", "json"]
    assert [each["profile_id"] for each in json.loads(fed(*never).out)] == ["ben"]
    assert [each["profile_id"] for each in json.loads(fed(*never, "--include-retracted").out)] == ["ben", "cem"]
    assert json.loads(fed(*never, "--as-of", "2025-12-31T00:00:00Z").out) == []


def test_empty_answers(fed: Shop) -> None:
    """Nothing found is said in words, and is an empty list or a head line for machines."""
    nobody = ["history", "--store", fed.store, "--profile", "nobody"]
    assert fed(*nobody).out == "There are no completions.\n"
    assert json.loads(fed(*nobody, "--format", "json").out) == []
    assert len(fed(*nobody, "--format", "csv").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (("report", "--goal", "Signup"), "0 figures conversion interval confidence"),
        (("funnel", "Signup", "Purchase"), "stages 0 step interval confidence"),
        (("compare", "Signup", "Purchase"), "goals 0 figures conversion interval confidence"),
        (("campaigns", "Signup"), "campaigns 0 figures conversion interval confidence"),
    ],
)
def test_confidence(fed: Shop, arguments: tuple[str, ...], place: str) -> None:
    """``--confidence`` is that of every interval."""
    found = json.loads(fed(*arguments, "--store", fed.store, "--json", "--confidence", "0.9").out)
    for step in place.split():
        found = found[int(step) if step.isdigit() else step]
    assert found == 0.9


# ---- what cannot be answered


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("report", "--goal", "Purchas"), "did you mean `Purchase`?"),
        (("report", "--by", "chanel"), "did you mean `channel`?"),
        (("report", "--every", "fortnight"), "no size of a bucket"),
        (("report", "--since", "soon"), "no date"),
        (("report", "--timezone", "Berlin"), "there is no time zone"),
        (("report", "--baseline", "previous"), "there is no period before"),
        (("report", "--audience", "recipients", "--goal", "Signup"), "linked to no campaign"),
        (("report", "--goal", "Purchase", "--final-only"), "has no window"),
        (("report", "--audience", "everybody"), "there is no audience 'everybody'"),
        (("report", "--audience", "profile.plan ="), "profile.plan ="),
        (("compare", "Signup", "Purchase", "--audience", "entered"), "no one audience of those who entered"),
        (("funnel", "Signup"), "at least two goals"),
        (("funnel", "Signup", "Purchase", "--within", "soon"), "no span of time"),
        (("funnel", "Signup", "Purchase", "--dropped", "3"), "no stage"),
        (("funnel", "Signup", "Purchase", "--dropped", "9" * 5_000), "no stage"),
        (("compare", "Signup", "Purchase", "--confidence", "95"), "'95' does not lie between 0 and 1"),
        (("compare", "Signup", "Purchase", "--confidence", "nan"), "'nan' does not lie between 0 and 1"),
        (("compare", "Signup"), "at least two goals"),
        (("compare", "Signup", "Signup"), "compared with itself"),
        (("campaigns", "Purchase", "--campaign", "sprin"), "did you mean `spring`?"),
        (("attribution", "Purchase", "--touchpoint", "profile.plan"), "profile.plan"),
        (("attribution", "Purchase", "--model", "lst"), "did you mean `last`?"),
        (("attribution", "Purchase", "--by", "chanel"), "did you mean `channel`?"),
        (("attribution", "Purchase", "--half-life", "soon"), "no span of time"),
        (("attribution", "Purchase", "--half-life", "1 month"), "not always as long"),
        (("history", "--goal", "x"), "there is no goal 'x'"),
        (("history", "--as-of", "2026-01-01"), "--as-of 2026-01-01T12:00:00Z"),
        (("history", "--limit", "0"), "at least 1"),
    ],
)
def test_wrong_questions(fed: Shop, arguments: tuple[str, ...], message: str) -> None:
    """A question that cannot be answered is bad input, and the error says what can be asked."""
    outcome = fed(arguments[0], "--store", fed.store, *arguments[1:])
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("goals",),
        ("report",),
        ("funnel", "a", "b"),
        ("compare", "a", "b"),
        ("attribution", "a"),
        ("campaigns", "a"),
        ("history",),
    ],
)
@pytest.mark.parametrize(
    ("store", "message"),
    [
        ("sqlite:///none.db", "there is no store 'sqlite:///none.db'"),
        ("memory://", "is in memory"),
        ("sqlite://", "is in memory"),
        ("none.db", "is no store's URL"),
        ("sqlite:///goals.toml", "no SQLite database"),
    ],
)
def test_stores_that_cannot_be_read(shop: Shop, arguments: tuple[str, ...], store: str, message: str) -> None:
    """A store that is not there is store trouble, and none is made by looking."""
    outcome = shop(arguments[0], "--store", store, *arguments[1:])
    assert (outcome.code, outcome.out) == (3, "")
    assert message in outcome.err
    assert not (shop.path / "none.db").exists()
