"""Campaigns side by side: who received each, who completed a goal at or after that, and how the others did.

Recipients were chosen by somebody, and those who stay get more receipts than those who leave: how recipients differ
from the others is no effect of the campaign. A campaign's effect is measured by leaving some out at random.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from convgoals.analytics.campaigns_result import CampaignReport, CampaignRow
from convgoals.analytics.figures import Figures, Sum, durations
from convgoals.analytics.periods import Moment, read_period, read_span, read_zone, span_words
from convgoals.analytics.selection import Audience, Selection, check_audience, chunks, clip, select
from convgoals.analytics.stats import CONFIDENCE, Proportion, check_confidence, correct, difference
from convgoals.errors import QuestionError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import Completion
from convgoals.storage.reader import Reader
from convgoals.suggest import did_you_mean

__all__ = ["CampaignReport", "CampaignRow", "campaigns"]


def campaigns(
    reader: Reader,
    goal: Goal,
    names: Sequence[str] | str | None = None,
    *,
    window: str | timedelta | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    timezone: str | None = None,
    audience: Audience | None = None,
    version: int | None = None,
    confidence: float = CONFIDENCE,
) -> CampaignReport:
    """How recipients of each campaign completed one goal, beside those who did not receive it.

    Args:
        reader: the ledger.
        goal: the goal; what it is linked to does not matter here.
        names: the campaigns, in the order in which they are to stand; unless given, all that were received, by the
            number of recipients.
        window: how long after a receipt a completion may lie (``"14 days"``, or a timedelta; exactly that counts).
        since: completions before it do not count; a date is the start of its day.
        until: completions after it, and campaigns received after it, do not count; a date is the end of its day.
        timezone: an IANA zone for dates and calendar months; the goal's, unless given.
        audience: everyone (``"all"``), unless given; or a condition on the profile.
        version: only the completions of that version of the goal; ``None``: of all.
        confidence: of the intervals.

    Raises:
        QuestionError: an argument asks for what cannot be answered: a campaign that nobody received, say.
        GoalSyntaxError, GoalTypeError: the audience is a condition that is wrong.
    """
    name = goal.timezone if timezone is None else timezone
    zone = read_zone(name)
    period = read_period(since, until, zone)
    span = read_span(window, zone, "window")
    check_confidence(confidence)
    if audience == "recipients":
        raise QuestionError(
            "recipients are compared with the others here, so the audience is everyone",
            code="audience",
            hint="leave it out, or give a condition on the profile: audience='profile.plan = \"pro\"'",
        )
    selection = select(reader, None, check_audience(audience), f"goal {goal.name!r}", period, zone)
    received = _received(reader, selection, period.until)
    asked = _asked(names, received)

    found = {each: _Campaign(received[each], span) for each in asked}
    for chunk in chunks(reader, goal, version):
        completions = clip(selection.keep(chunk), period)
        for campaign in found.values():
            campaign.feed(completions)

    size = selection.size(period)
    rows = [_row(each, campaign, size, confidence) for each, campaign in found.items()]
    differences = correct([row.difference for row in rows])
    return CampaignReport(
        goal=goal.name,
        timezone=name,
        since=period.since,
        until=period.until,
        window=None if window is None else span_words(window),
        audience=size,
        condition=selection.condition,
        campaigns=tuple(
            attrs.evolve(row, difference=each) for row, each in zip(rows, differences, strict=True) if each is not None
        ),
    )


def _received(reader: Reader, selection: Selection, until: datetime | None) -> Mapping[str, dict[str, list[datetime]]]:
    """By campaign and recipient, the receipts in order."""
    found: defaultdict[str, dict[str, list[datetime]]] = defaultdict(dict)
    for profile_id, instant, campaign, _ in reader.receipts():
        at = to_datetime(instant)
        if (until is None or at <= until) and (selection.members is None or profile_id in selection.members):
            found[campaign].setdefault(profile_id, []).append(at)
    for recipients in found.values():
        for times in recipients.values():
            times.sort()
    return found


def _asked(names: Sequence[str] | str | None, received: Mapping[str, Mapping[str, object]]) -> Sequence[str]:
    if names is None:
        return sorted(received, key=lambda name: (-len(received[name]), name))
    asked = list(dict.fromkeys((names,) if isinstance(names, str) else names))
    for name in asked:
        if name not in received:
            raise QuestionError(
                f"nobody of the audience has received campaign {name!r:.60}",
                code="campaigns",
                hint=did_you_mean(str(name), received) or "check the name, the period and the audience",
            )
    return asked


class _Campaign:
    """Collects the completions that come after a receipt of one campaign, while all go by in their order.

    Those of others count while the campaign runs: from its first receipt on, to the end of the window of its last.
    """

    def __init__(
        self, recipients: Mapping[str, Sequence[datetime]], span: Callable[[datetime], datetime] | None
    ) -> None:
        self.recipients = recipients
        self.completions = 0
        self.value = Sum()
        self.waits: dict[str, timedelta] = {}
        self.others: set[str] = set()
        self._span = span
        times = [time for each in recipients.values() for time in each]
        self._begins = min(times)
        self._ends = None if span is None else max(map(span, times))

    def feed(self, completions: list[Completion]) -> None:
        kept = []
        for completion in completions:
            at = completion.achieved_at
            times = self.recipients.get(completion.profile_id)
            if times is None:
                if self._begins <= at and (self._ends is None or at <= self._ends):
                    self.others.add(completion.profile_id)
                continue
            before = [time for time in times if time <= at]
            if before and (self._span is None or any(self._span(time) >= at for time in before)):
                kept.append(completion)
                self.waits.setdefault(completion.profile_id, at - before[0])
        self.completions += len(kept)
        self.value.extend([completion.value for completion in kept])


def _row(name: str, campaign: _Campaign, size: int, confidence: float) -> CampaignRow:
    recipients = campaign.recipients
    figures = Figures(
        completions=campaign.completions,
        conversion=Proportion(len(campaign.waits), len(recipients), confidence),
        value=campaign.value.amount(),
        time_to_convert=durations(campaign.waits.values()),
    )
    others = Proportion(len(campaign.others), size - len(recipients), confidence)
    return CampaignRow(name, figures, others, difference(others, figures.conversion))
