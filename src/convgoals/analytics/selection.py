"""Which profiles and which completions a question is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Literal

import attrs

from convgoals.analytics.periods import Period
from convgoals.errors import QuestionError, StoreError
from convgoals.goals import Goal
from convgoals.instants import to_datetime
from convgoals.records import Completion
from convgoals.storage.reader import Reader
from convgoals.suggest import did_you_mean

Audience = Literal["all", "recipients"]
AUDIENCES = ("all", "recipients")

CHUNK = 32_768
"""How many completions are taken at once: enough for the work inside to run in C, little enough to stream."""


@attrs.frozen
class Selection:
    """The audience of a question.

    Attributes:
        campaign: the campaign whose recipients it is; ``None`` where it is everyone.
        received: each recipient's first receipt.
        everyone: how many profiles are known.
    """

    campaign: str | None
    received: Mapping[str, datetime]
    everyone: int

    @property
    def kind(self) -> Audience:
        return "all" if self.campaign is None else "recipients"

    def size(self, period: Period) -> int:
        """How many profiles could have converted in *period*.

        All profiles that are known; or the recipients who had received the campaign by the end of the period.
        """
        if self.campaign is None:
            return self.everyone
        if period.until is None:
            return len(self.received)
        return sum(1 for at in self.received.values() if at <= period.until)

    def keep(self, completions: list[Completion]) -> list[Completion]:
        """Those of *completions* that count: all, or those of recipients at or after their first receipt."""
        if self.campaign is None:
            return completions
        received = self.received
        return [
            completion
            for completion in completions
            if (at := received.get(completion.profile_id)) is not None and at <= completion.achieved_at
        ]


def check_audience(audience: str | None) -> str | None:
    """*audience* itself. Raises `QuestionError` (code ``audience``) where it is none."""
    if audience is None or audience in AUDIENCES:
        return audience
    raise QuestionError(
        f"there is no audience {audience!r:.60}",
        code="audience",
        hint=did_you_mean(str(audience), AUDIENCES) or f"one of {', '.join(AUDIENCES)}",
    )


def select(reader: Reader, campaign: str | None, audience: str | None, what: str) -> Selection:
    """The audience that is asked for: by default the recipients where there is a *campaign*, else everyone.

    Raises:
        QuestionError: recipients are asked for without a campaign (code ``audience``).
    """
    check_audience(audience)
    if audience == "recipients" and campaign is None:
        raise QuestionError(
            f"{what} is linked to no campaign, so there are no recipients to count",
            code="audience",
            hint='link it (campaign="…"), or audience="all"',
        )
    everyone = reader.profile_count()
    if campaign is None or audience == "all":
        return Selection(None, {}, everyone)
    received = {profile_id: to_datetime(instant) for profile_id, instant in reader.recipients(campaign)}
    return Selection(campaign, received, everyone)


def chunks(reader: Reader, goal: Goal, version: int | None, selection: Selection) -> Iterator[list[Completion]]:
    """The completions of *goal* that count for *selection*, in order, in lists of a size that is good to work on."""
    completions = iter(reader.completions(goal.name, version=version))
    while chunk := list(islice(completions, CHUNK)):
        yield selection.keep(chunk)


def clip(completions: list[Completion], period: Period) -> list[Completion]:
    """Those of *completions* that lie in *period*."""
    if period.everything or not completions:
        return completions
    since, until = period.since, period.until
    # They come in order, so most chunks lie wholly inside or outside.
    first, last = completions[0].achieved_at, completions[-1].achieved_at
    if first in period and last in period:
        return completions
    return [
        completion
        for completion in completions
        if (since is None or completion.achieved_at >= since) and (until is None or completion.achieved_at <= until)
    ]


def check_counts(converting: int, audience: int) -> None:
    """Raises `StoreError` (code ``store-inconsistent``) where more convert than there are: no rate exceeds 1."""
    if converting > audience:
        raise StoreError(
            f"the store counts {audience:,} profiles but holds completions of {converting:,}",
            code="store-inconsistent",
        )
