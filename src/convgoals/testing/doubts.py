"""What is odd between a goal and a timeline, whatever came of it: names that nearly agree, and values of other types.

A goal whose event is misspelt is not completed, so an example that expects just that passes, and says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from convgoals.engine.diagnosis import Examination
from convgoals.goals import Goal
from convgoals.records import CampaignReceipt, Fact
from convgoals.suggest import did_you_mean
from convgoals.testing.timelines import Timeline


def doubts(goal: Goal, timeline: Timeline, at: datetime) -> list[str]:
    """What in *timeline*, up to *at*, may have been meant otherwise; a sentence each."""
    facts = [fact for fact in timeline.facts if fact.timestamp <= at]
    examination = Examination([goal])
    examination.look(facts)
    return list(_doubts(examination, facts))


def _doubts(examination: Examination, facts: Sequence[Fact]) -> Iterator[str]:
    [found] = examination.result()
    for kind, hint in found.hints.items():
        if hint:
            yield f"the goal looks at event {kind!r}, and the timeline has none; {hint}"
    received = dict.fromkeys(fact.campaign for fact in facts if isinstance(fact, CampaignReceipt))
    for campaign, count in found.campaigns.items():
        near = "" if count else did_you_mean(campaign, (name for name in received if name not in found.campaigns))
        if near:
            yield f"the goal looks at campaign {campaign!r}, and the timeline has none; {near}"
    for each in found.properties:
        if each.ill_typed:
            kinds = " and ".join(each.arrived)
            quoted = f"; a text of digits stands in quotes: {each.name}='18'" if "a number" in each.arrived else ""
            yield f"{each.name} is {kinds} in the timeline, and the goal compares it with something else{quoted}"
        elif each.never_arrived and each.hint:
            yield f"the goal looks at {each.name}, and the timeline has none; {each.hint}"
