"""The sample that ships with the package: real, small, readable, and of known origin."""

from __future__ import annotations

import gzip
import os
import runpy
from collections import Counter
from pathlib import Path

import pytest

from convgoals import GoalEngine, load_goals
from convgoals.goals import load_document
from convgoals.lint import lint_document
from convgoals.samples import GOALS, facts
from convgoals.sources import FactReader, Rejected, load_sources
from convgoals.testing import load_examples

FOLDER = GOALS.parent
DATA = Path(os.environ.get("CONVGOALS_DATA") or Path(__file__).parents[3] / "shared" / "data") / "complete_journey"


def test_every_row_of_the_sample_is_a_fact() -> None:
    """No row is rejected, and there are as many of each kind as the sample's README says."""
    counts: Counter[str] = Counter()
    for name, source in load_sources(GOALS).items():
        assert source.file is not None
        for _, item in FactReader(source.file, source):
            assert not isinstance(item, Rejected), item
            counts[name] += 1
    assert counts == {"households": 254, "receipts": 1220, "baskets": 28246, "redemptions": 568}
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for said in ("254 households", "28,246 baskets", "1,220 campaigns", "568 coupons redeemed"):
        assert said in " ".join(readme.split())


def test_the_sample_goals_keep_the_rules_that_they_show() -> None:
    """Each has examples, which hold and of which nothing is odd, and the linter finds nothing."""
    examples = load_examples(GOALS)
    assert {example.goal.name for example in examples} == {goal.name for goal in load_goals(GOALS)}
    assert [(example.name, example.failure() or example.doubts()) for example in examples] == [
        (example.name, []) for example in examples
    ]
    assert lint_document(load_document(GOALS)) == []


def test_the_sample_goals_say_something_of_the_sample() -> None:
    """Every sample goal has completions, and the campaign is a funnel that loses profiles at each stage."""
    with GoalEngine(load_goals(GOALS)) as engine:
        engine.process(facts())
        for goal in engine.goals():
            assert engine.report(goal).completions > 0, goal.name
        channels = engine.report("Coupon redeemed", breakdown="channel").breakdown
        assert [(row.key, row.completions) for row in channels] == [("Type A", 466), ("Type B", 77), ("Type C", 25)]
        funnel = engine.funnel(["Campaign 18 received", "Shopped after campaign 18", "Campaign 18 coupon redeemed"])
        assert [stage.count for stage in funnel.stages] == [200, 177, 45]


def test_the_sample_stands_with_its_origin_and_licence() -> None:
    """Beside the data lie its licence and where it comes from, and all of it stays small."""
    assert "CC0" in (FOLDER / "LICENSE-CC0-1.0.txt").read_text(encoding="utf-8")
    assert "84.51° / dunnhumby" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 400_000


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the data that the sample is made of is not at {DATA}")
def test_the_sample_is_what_its_script_makes() -> None:
    """Made again from the whole data, the sample's tables are the shipped ones."""
    made = runpy.run_path(str(Path(__file__).parent / "make_sample.py"))["sample"](DATA)
    shipped = {path.stem: gzip.decompress(path.read_bytes()) for path in FOLDER.glob("*.csv.gz")}
    assert made == shipped
