"""Charts of a goal, and a page about all goals: what you would send around.

Needs the extra `charts` for the chart (`pip install '.[charts]'`); the page does without.
Run it: `python examples/report_html.py`
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from convgoals import Event, Goal, GoalEngine, MissingExtraError
from convgoals.charts import save
from convgoals.pages import report_page

goals = [
    Goal("Visited", "event visit"),
    Goal("Signed up", "event signup", within="14 days of first event visit"),
]
start = datetime(2026, 4, 6, 9, tzinfo=UTC)
facts = []
for number in range(300):
    who, at, channel = f"user-{number:03}", start + timedelta(hours=2 * number), ("email", "ads", "search")[number % 3]
    facts.append(Event("visit", who, at, channel=channel))
    if number // 3 % (2 if channel == "email" else 6) == 0:
        facts.append(Event("signup", who, at + timedelta(hours=number % 50), channel=channel))

with GoalEngine(goals) as engine, tempfile.TemporaryDirectory() as directory:
    engine.process(facts)

    # A picture is a value, and its title is the finding: no extra is needed to read it.
    report = engine.report("Signed up", breakdown="channel")
    funnel = engine.funnel(["Visited", "Signed up"], breakdown="channel")
    print(report.picture("trend").title)
    print(funnel.picture("groups").title)

    page = Path(directory) / "report.html"
    page.write_text(report_page(engine, funnels=[["Visited", "Signed up"]], title="April"), encoding="utf-8")
    print(f"{page.name}: {page.read_text(encoding='utf-8').count('<figure')} figures, one file, no network")

    try:
        print(f"and {save(funnel.chart('groups', theme='dark'), Path(directory) / 'groups.png').name}")
    except MissingExtraError as error:
        print(error)
