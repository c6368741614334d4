"""Where the profiles of an audience stand with a goal (semantics §8): who entered and when, and how it went on.

Each profile's kept facts are looked at, so this costs time with each profile; how many are held at once is bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import attrs

from convgoals.analytics.people import each_profile
from convgoals.analytics.periods import Period
from convgoals.analytics.selection import Selection, chunks
from convgoals.goals import Goal
from convgoals.instants import to_instant, zone
from convgoals.records import Completion
from convgoals.standing.history import History
from convgoals.standing.log import Log
from convgoals.standing.standing import Standing, standing_of
from convgoals.storage.reader import Reader

Outcome: TypeAlias = Literal["converted", "before", "open", "missed", "not entered"]

FINAL: tuple[Outcome, ...] = ("converted", "before", "missed")
"""The outcomes that time and further facts cannot change any more."""


@attrs.frozen
class Outcomes:
    """How it went with the profiles of an audience; each is one of these.

    Attributes:
        converted: have a completion that counts.
        before: had completed the goal already, before the period or before the receipt.
        open: have entered, and may still convert.
        missed: their window closed.
        not_entered: have not entered.
        at: the time that this is said of, UTC.
        partial: of how many of them earlier facts were dropped as final: these may have entered earlier than what is
            still kept says.
    """

    converted: int
    before: int
    open: int
    missed: int
    not_entered: int
    at: datetime
    partial: int = 0

    @property
    def entered(self) -> int:
        """All but those who have not entered."""
        return self.converted + self.before + self.open + self.missed

    @property
    def final(self) -> int:
        """Those whose outcome is final: not open, and entered."""
        return self.converted + self.before + self.missed


@attrs.frozen
class Standings:
    """The profiles of an audience at a time.

    Attributes:
        at: the time.
        entered: of those who have entered by then, when; who is known, but by no fact that is kept, is not here.
        outcomes: how it went with each profile of the audience.
        spans: of those who entered and could convert: how long it took, or has taken, since then (of recipients: since
            the receipt if that came later); and whether they did.
    """

    at: datetime
    entered: dict[str, datetime]
    outcomes: dict[str, Outcome]
    spans: dict[str, tuple[timedelta, bool]]
    partial: set[str] = attrs.Factory(set)

    def count(self, ids: Iterable[str]) -> Outcomes:
        """The outcomes of those profiles."""
        listed = list(ids)
        counts = Counter(self.outcomes[each] for each in listed)
        return Outcomes(
            counts["converted"],
            counts["before"],
            counts["open"],
            counts["missed"],
            counts["not entered"],
            self.at,
            sum(each in self.partial for each in listed),
        )

    def who_entered(self) -> frozenset[str]:
        """Those who have entered, whether or not it is known when."""
        return frozenset(each for each, outcome in self.outcomes.items() if outcome != "not entered")

    def final(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of *ids* whose outcome is final."""
        return frozenset(each for each in ids if self.outcomes[each] in FINAL)


@attrs.define
class _Firsts:
    """Each profile's first completion: of all, and of those that count."""

    known: dict[str, Completion] = attrs.Factory(dict)
    counting: dict[str, Completion] = attrs.Factory(dict)
    converted: set[str] = attrs.Factory(set)


Stand: TypeAlias = Callable[[Goal, Iterable[str], datetime, Mapping[str, int]], Iterator[tuple[str, Standing]]]
"""Where profiles stand with a goal at a time, given when each of those who completed it did so first."""


def by_facts(reader: Reader) -> Stand:
    """Where profiles stand as the facts say that *reader* keeps: for one of which nothing more is known."""

    def stand(goal: Goal, ids: Iterable[str], at: datetime, first: Mapping[str, int]) -> Iterator[tuple[str, Standing]]:
        now, timezone = to_instant(at), zone(goal.timezone)
        for profile_id, stored in each_profile(reader, ids):
            log = Log(stored.facts, timezone, now, is_known=now >= stored.until)
            yield profile_id, standing_of(goal, History(log), [first[profile_id]] if profile_id in first else [])

    return stand


def standings(
    reader: Reader, stand: Stand, goal: Goal, selection: Selection, period: Period, at: datetime, *, version: int | None
) -> Standings:
    """Where every profile of *selection* stands at *at*.

    Args:
        reader: the ledger.
        stand: where profiles stand.
        goal: the goal; its condition as it is now says who entered.
        selection: the audience.
        period: who has a completion that counts in it is converted.
        at: the time; facts and completions after it do not count.
        version: only completions of that version; ``None``: of all.
    """
    firsts = _firsts(reader, goal, selection, period, at, version)
    found = Standings(at, {}, {}, {})
    first_at = {who: to_instant(completion.achieved_at) for who, completion in firsts.known.items()}
    for profile_id, standing in stand(goal, selection.ids(reader, period), at, first_at):
        first, counting = firsts.known.get(profile_id), firsts.counting.get(profile_id)
        entered = standing.entered_at
        if standing.kept_since is not None:
            found.partial.add(profile_id)
        if first is not None:
            # What the goal looked at may not be kept, or the goal may have meant something else at the time.
            anchor = first.achieved_at - (first.since_anchor or timedelta(0))
            is_told = entered is not None and standing.kept_since is None
            entered = min(entered or anchor, first.achieved_at if is_told else anchor)
        if profile_id in firsts.converted:
            outcome: Outcome = "converted"
        elif first is not None:
            outcome = "before"
        else:
            outcome = standing.state
        found.outcomes[profile_id] = outcome
        if entered is not None:
            found.entered[profile_id] = entered
            # Before the receipt a recipient could not convert so that it counts, so time runs from then on.
            start = max(entered, selection.received[profile_id]) if selection.campaign else entered
            end = standing.closed_at if counting is None else counting.achieved_at
            span = (at if end is None else end) - start
            if counting is not None or (first is None and span >= timedelta(0)):
                found.spans[profile_id] = (max(timedelta(0), span), counting is not None)
    return found


def _firsts(
    reader: Reader, goal: Goal, selection: Selection, period: Period, at: datetime, version: int | None
) -> _Firsts:
    found = _Firsts()
    for completion, counts in _each(reader, goal, selection, version):
        if completion.achieved_at > at:
            break
        found.known.setdefault(completion.profile_id, completion)
        if counts:
            found.counting.setdefault(completion.profile_id, completion)
            if completion.achieved_at in period:
                found.converted.add(completion.profile_id)
    return found


def _each(reader: Reader, goal: Goal, selection: Selection, version: int | None) -> Iterator[tuple[Completion, bool]]:
    for chunk in chunks(reader, goal, version):
        kept = set(map(id, selection.keep(chunk)))
        yield from ((completion, id(completion) in kept) for completion in chunk)
