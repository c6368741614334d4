"""Charts and pages that commands write to files."""

from __future__ import annotations

import json

import pytest

from cli_shop import Shop

# ---- charts


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        (["report", "--goal", "Purchase"], "Purchase: 3 completions"),
        (["report", "--goal", "Purchase", "--by", "channel"], "Purchase: email and search brought"),
        (["report", "--goal", "Purchase", "--by", "channel", "--picture", "trend"], "Purchase: 3 completions"),
        (["funnel", "Signup", "Purchase"], "66.7 % get through"),
        (["funnel", "Signup", "Purchase", "--by", "channel", "--picture", "groups"], "No evidence"),
        (["compare", "Signup", "Purchase"], "No evidence"),
        (["attribution", "Purchase", "--picture", "value"], "Purchase: every model"),
    ],
)
def test_charts(fed: Shop, arguments: list[str], title: str) -> None:
    """``--chart`` draws the picture that goes with the question, or the one that ``--picture`` names."""
    pytest.importorskip("altair")
    outcome = fed(*arguments, "--store", fed.store, "--chart", "chart.json", "--theme", "dark")
    assert (outcome.code, outcome.err) == (0, "Wrote chart.json.\n")
    spec = json.loads(fed.read("chart.json"))
    assert " ".join(spec["title"]["text"]).replace("\N{NO-BREAK SPACE}", " ").startswith(title)
    assert spec["background"] == "#14181d"


def test_a_chart_beside_json(fed: Shop) -> None:
    """A chart is written beside the answer, which stays as it is."""
    pytest.importorskip("altair")
    ask = ["compare", "--store", fed.store, "Signup", "Purchase", "--json"]
    outcome = fed(*ask, "--chart", "chart.svg")
    assert outcome.out == fed(*ask).out
    assert fed.read("chart.svg").startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("report", "--chart", "a.svg"), "a chart shows one goal"),
        (("report", "--goal", "Signup", "--chart", "a.pdf"), "ends in .svg, .png or .json"),
        (("report", "--goal", "Signup", "--picture", "trend"), "--picture says what --chart shows"),
        (("funnel", "Signup", "Purchase", "--chart", "a.svg", "--picture", "groups"), "no picture 'groups'"),
        (("compare", "Signup", "Purchase", "--chart", "none/a.json"), "none/a.json cannot be written: No such file"),
        (("report", "--by", "channel", "--by", "segment"), "one --by at a time"),
        (("report", "--funnel", "Signup", "Purchase"), "--funnel is for a page"),
        (("report", "--title", "x"), "--title is for a page"),
        (("report", "--html", "a.html", "--json"), "--html and --format do not go together"),
        (("report", "--html", "a.html", "--chart", "a.svg"), "--html and --chart do not go together"),
        (("report", "--html", "a.html", "--goal-version", "1"), "--html and --goal-version do not go together"),
        (("report", "--html", "a.html", "--part", "trend"), "--html and --part do not go together"),
        (("report", "--html", "a.html", "--funnel", "Signup"), "at least two goals"),
        (("report", "--html", "a.html", "--goal", "Sinup"), "did you mean `Signup`?"),
        (("report", "--html", "none/a.html"), "none/a.html cannot be written: No such file"),
    ],
)
def test_wrong_options(fed: Shop, arguments: tuple[str, ...], message: str) -> None:
    """What cannot be drawn or written is bad input, and no file is left."""
    if any(argument.endswith((".svg", "a.json")) for argument in arguments):
        pytest.importorskip("altair")
    before = sorted(fed.path.iterdir())
    outcome = fed(arguments[0], "--store", fed.store, *arguments[1:])
    assert (outcome.code, outcome.out if "none/a.json" not in arguments else "") == (2, "")
    assert message in outcome.err
    assert sorted(fed.path.iterdir()) == before


# ---- pages


def test_page(fed: Shop) -> None:
    """``--html`` writes one file about all goals, and says how large it is."""
    outcome = fed("report", "--store", fed.store, "--html", "report.html")
    assert outcome.code == 0
    assert outcome.out.startswith("Wrote report.html: 4 goals, ")
    page = fed.read("report.html")
    assert page.startswith("<!DOCTYPE html>")
    for goal in ("Signup", "Purchase", "Purchase after spring", "Never came back"):
        assert f"<bdi>{goal}</bdi></h2>" in page
    assert "against the baseline" not in page
    assert "Made at 20" in page


def test_page_options(fed: Shop) -> None:
    """Goals, period, breakdowns, funnels and the title are asked for as elsewhere; a period has its baseline."""
    period = ["--since", "2026-02-01", "--until", "2026-02-28", "--timezone", "Europe/Berlin", "--every", "week"]
    chosen = ["--goal", "Purchase", "--title", "Our <shop>", "--by", "version", "--funnel", "Signup", "Purchase"]
    outcome = fed("report", "--store", fed.store, "--html", "report.html", *period, *chosen)
    assert outcome.out.startswith("Wrote report.html: 1 goal, ")
    page = fed.read("report.html")
    assert "<title>Our &lt;shop&gt;</title>" in page
    assert "2026-02-01 to 2026-02-28 · Europe/Berlin" in page
    assert "Purchase by version" in page
    assert "Purchase by channel" not in page
    assert "Purchase against the baseline" in page
    assert "Funnel to <bdi>Purchase</bdi>" in page
    fed("report", "--store", fed.store, "--html", "report.html", *period, *chosen, "--baseline", "none")
    assert "against the baseline" not in fed.read("report.html")


def test_page_without_completions(shop: Shop) -> None:
    """A goal that nobody has reached has its place on the page."""
    shop.write("one.toml", '[[goal]]\nname = "A"\nwhen = "event a"\n')
    read = ["--events", "events.csv", "--type", "event", "--profile-id", "user"]
    assert shop("run", "--goals", "one.toml", "--store", shop.store, *read).code == 0
    assert shop("report", "--store", shop.store, "--html", "report.html").out.startswith("Wrote report.html: 1 goal, ")
    assert "A: no completions" in shop.read("report.html")
