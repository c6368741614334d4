"""Which profiles and which completions a question is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, tzinfo
from itertools import islice
from typing import Literal

import attrs

from convgoals.analytics.people import compile_test, profile_condition
from convgoals.analytics.periods import Period
from convgoals.errors import QuestionError, StoreError
from convgoals.goals import Goal
from convgoals.instants import to_datetime, to_instant
from convgoals.language.condition import Condition
from convgoals.records import Completion
from convgoals.storage.reader import Reader
from convgoals.suggest import did_you_mean

AudienceKind = Literal["all", "recipients", "entered", "condition"]
Audience = Literal["all", "recipients", "entered"] | str | Condition  # noqa: PYI051  the words are what most will write
"""``"all"``, ``"recipients"``, ``"entered"``, or a condition on the profile: its text, or itself."""

AUDIENCES = ("all", "recipients", "entered")

CHUNK = 4_096
"""How many completions are taken at once: enough for the work inside to run in C, little enough to stream."""

_WORD = re.compile(r"\s*[\w-]*\s*")


@attrs.frozen
class Selection:
    """The audience of a question.

    Attributes:
        kind: how it was chosen.
        campaign: the campaign whose recipients it is, or is a part of; ``None`` where it is of everyone.
        received: each recipient's first receipt.
        everyone: how many profiles are known.
        condition: the condition on the profile, as canonical text, or ``None``.
        members: who is in it, where that was worked out profile by profile; ``None`` where the rule above says it.
    """

    kind: AudienceKind
    campaign: str | None
    received: Mapping[str, datetime]
    everyone: int
    condition: str | None = None
    members: Collection[str] | None = None

    def size(self, period: Period) -> int:
        """How many profiles could have converted in *period*.

        The members that are known; else all profiles, or the recipients who had received the campaign by its end.
        """
        if self.members is not None:
            return len(self.members)
        if self.campaign is None:
            return self.everyone
        if period.until is None:
            return len(self.received)
        return sum(1 for at in self.received.values() if at <= period.until)

    def keep(self, completions: list[Completion]) -> list[Completion]:
        """Those of *completions* that count: the members', and of recipients those at or after their first receipt."""
        members = self.members
        if members is not None:
            completions = [completion for completion in completions if completion.profile_id in members]
        if self.campaign is None:
            return completions
        received = self.received
        return [
            completion
            for completion in completions
            if (at := received.get(completion.profile_id)) is not None and at <= completion.achieved_at
        ]

    def ids(self, reader: Reader, period: Period) -> Iterator[str]:
        """The profiles that `size` counts."""
        if self.members is not None:
            return iter(self.members)
        if self.campaign is None:
            return reader.profile_ids()
        until = period.until
        return (who for who, at in self.received.items() if until is None or at <= until)

    def includes(self, profile_id: str, period: Period) -> bool:
        """Whether `size` counts the profile, which is a known one."""
        if self.members is not None:
            return profile_id in self.members
        if self.campaign is None:
            return True
        at = self.received.get(profile_id)
        return at is not None and (period.until is None or at <= period.until)

    def narrowed(self, kind: AudienceKind, members: Collection[str]) -> Selection:
        """The same, but only *members* of it."""
        return attrs.evolve(self, kind=kind, members=members)


def audience_text(kind: str, campaign: str | None, condition: str | None) -> str:
    """``all profiles``, ``recipients of campaign 'spring' with profile.plan = "pro" who entered``."""
    who = "all profiles" if campaign is None else f"recipients of campaign {campaign!r}"
    who += "" if condition is None else f" with {condition}"
    return f"{who} who entered" if kind == "entered" else who


def check_audience(audience: Audience | None, *, entered: bool = False) -> Audience | None:
    """*audience*, a condition on the profile parsed.

    Args:
        audience: what was asked for.
        entered: whether the question is of one goal, which a profile can have entered.

    Raises:
        QuestionError: there is no such audience (code ``audience``).
        GoalSyntaxError, GoalTypeError: it is a condition that is wrong.
    """
    if isinstance(audience, Condition):
        return profile_condition(audience)
    if audience == "entered" and not entered:
        raise QuestionError(
            "whoever entered one goal need not have entered another, so there is no one audience of those who entered",
            code="audience",
            hint='audience="all", or a condition on the profile',
        )
    if audience is None or audience in AUDIENCES:
        return audience
    if not isinstance(audience, str) or _WORD.fullmatch(audience):
        raise QuestionError(
            f"there is no audience {audience!r:.60}",
            code="audience",
            hint=did_you_mean(str(audience), AUDIENCES)
            or f"one of {', '.join(AUDIENCES)}, or a condition on the profile",
        )
    return profile_condition(audience)


def select(
    reader: Reader, campaign: str | None, audience: Audience | None, what: str, period: Period, timezone: tzinfo
) -> Selection:
    """The audience that is asked for: by default the recipients where there is a *campaign*, else everyone.

    A condition is asked of each of them as it was at the end of *period*, or is now if that lies ahead. Those who
    entered are not known here: of them, it is everyone or the recipients.

    Raises:
        QuestionError: recipients are asked for without a campaign (code ``audience``).
    """
    audience = check_audience(audience, entered=True)
    if audience == "recipients" and campaign is None:
        raise QuestionError(
            f"{what} is linked to no campaign, so there are no recipients to count",
            code="audience",
            hint='link it (campaign="…"), or audience="all"',
        )
    everyone = reader.profile_count()
    if campaign is None or audience == "all":
        chosen = Selection("all", None, {}, everyone)
    else:
        received = {profile_id: to_datetime(instant) for profile_id, instant in reader.recipients(campaign)}
        chosen = Selection("recipients", campaign, received, everyone)
    if not isinstance(audience, Condition):
        return chosen
    now = as_of(reader, period)
    test = compile_test(audience.root, timezone)
    those = () if now is None else reader.profiles_at(to_instant(now), chosen.ids(reader, period))
    members = frozenset(each.profile_id for each in those if test(each.properties, each.segments))
    return attrs.evolve(chosen, kind="condition", condition=str(audience), members=members)


def as_of(reader: Reader, period: Period) -> datetime | None:
    """The end of *period*, or now if that is earlier: where time has got to; ``None`` before anything happened."""
    reached = reader.reached()
    if reached is None:
        return None
    now = to_datetime(reached)
    return now if period.until is None else min(now, period.until)


def chunks(reader: Reader, goal: Goal, version: int | None) -> Iterator[list[Completion]]:
    """The completions of *goal*, in order, in lists of a size that is good to work on."""
    completions = iter(reader.completions(goal.name, version=version))
    while chunk := list(islice(completions, CHUNK)):
        yield chunk


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
