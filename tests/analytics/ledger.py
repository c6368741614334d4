"""A small honest `Reader` over lists, and Hypothesis strategies for random ledgers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import attrs
from hypothesis import strategies as st

from convgoals.goals import Goal
from convgoals.instants import to_instant
from convgoals.records import CampaignReceipt, Completion, Fact
from convgoals.storage.base import StoredProfile
from convgoals.storage.recount import Recounting

START = datetime.fromisoformat("2026-03-27T00:00:00+00:00")


def at(text: str) -> datetime:
    """The UTC instant of ISO 8601 text; without an offset it is UTC already."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=START.tzinfo)


def _entries(entries: Iterable[Completion]) -> tuple[Completion, ...]:
    return tuple(entries)


def _profiles(profiles: Iterable[str]) -> frozenset[str]:
    return frozenset(profiles)


def _sent(sent: Iterable[CampaignReceipt]) -> tuple[CampaignReceipt, ...]:
    return tuple(sent)


def _facts(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(facts)


@attrs.frozen
class Ledger(Recounting):
    """Completions, profiles, receipts and other facts in lists; every answer is looked up in them anew."""

    entries: tuple[Completion, ...] = attrs.field(converter=_entries, default=())
    profiles: frozenset[str] = attrs.field(converter=_profiles, default=frozenset())
    sent: tuple[CampaignReceipt, ...] = attrs.field(converter=_sent, default=())
    now: int | None = None
    facts: tuple[Fact, ...] = attrs.field(converter=_facts, default=())

    def completions(
        self, goal: str | None = None, *, version: int | None = None, profile_id: str | None = None
    ) -> Iterator[Completion]:
        found = [
            entry
            for entry in self.entries
            if goal in (None, entry.goal)
            and version in (None, entry.version)
            and profile_id in (None, entry.profile_id)
        ]
        return iter(sorted(found, key=lambda c: (c.achieved_at, c.profile_id, c.trigger_id or "")))

    def profile_count(self) -> int:
        return len(self._named())

    def _named(self) -> set[str]:
        named = {entry.profile_id for entry in self.entries} | {fact.profile_id for fact in (*self.sent, *self.facts)}
        return set(self.profiles) | named

    def profile_ids(self) -> Iterator[str]:
        return iter(sorted(self._named()))

    def load(self, profile_ids: Iterable[str]) -> dict[str, StoredProfile]:
        facts = sorted((*self.sent, *self.facts), key=lambda fact: (fact.instant, fact.id or ""))
        return {
            each: StoredProfile(tuple(fact for fact in facts if fact.profile_id == each), self.reached() or 0)
            for each in profile_ids
            if each in self._named()
        }

    def recipients(self, campaign: str) -> Iterable[tuple[str, int]]:
        first: dict[str, int] = {}
        for receipt in self.sent:
            if receipt.campaign == campaign:
                first[receipt.profile_id] = min(receipt.instant, first.get(receipt.profile_id, receipt.instant))
        return first.items()

    def receipts(self) -> Iterable[tuple[str, int, str, str | None]]:
        return [(r.profile_id, r.instant, r.campaign, r.channel) for r in self.sent]

    def reached(self) -> int | None:
        times = [to_instant(entry.achieved_at) for entry in self.entries] + [
            fact.instant for fact in (*self.sent, *self.facts)
        ]
        return max([*times, *([] if self.now is None else [self.now])], default=None)


def goal(name: str = "buy", **arguments: object) -> Goal:
    """A goal of that name; what its condition says does not matter here."""
    return Goal(name, "event purchase", **{"count": "every", **arguments})  # type: ignore[arg-type]


def done(profile_id: str, when: str | datetime, goal: str = "buy", **fields: object) -> Completion:
    """A completion."""
    moment = at(when) if isinstance(when, str) else when
    return Completion(goal, fields.pop("version", 1), profile_id, moment, moment, **fields)  # type: ignore[arg-type]


PROFILES = tuple("abcdefgh")
moments = st.builds(
    lambda hours, micros: START + timedelta(hours=hours, microseconds=micros),
    st.integers(0, 24 * 5),
    st.sampled_from([0, 0, 0, 1, 999_999]),
)
values = st.one_of(
    st.none(),
    st.integers(-5, 1000),
    st.decimals(-100, 100, places=2),
    st.floats(-100, 100).map(lambda x: round(x, 2)),
    st.sampled_from([True, float("nan"), float("inf"), Decimal("NaN"), Decimal("1e-30"), Decimal("1e30")]),
)


def completions_of(*goals: str) -> st.SearchStrategy[Completion]:
    """Random completions of those goals by a few profiles over a few days with a clock change in Berlin."""
    return st.builds(
        Completion,
        goal=st.sampled_from(goals),
        version=st.integers(1, 2),
        profile_id=st.sampled_from(PROFILES),
        achieved_at=moments,
        recorded_at=st.just(START),
        trigger_id=st.one_of(st.none(), st.text("xyz", min_size=1, max_size=3)),
        channel=st.sampled_from([None, "email", "ads", "push", "sms", "web"]),
        segments=st.sets(st.sampled_from(["vip", "new", "staff", "beta"])).map(lambda s: tuple(sorted(s))),
        value=values,
        since_anchor=st.one_of(st.none(), st.integers(0, 10**12).map(lambda n: timedelta(microseconds=n))),
    )


def _in_order(period: tuple[datetime | None, datetime | None]) -> bool:
    since, until = period
    return since is None or until is None or since <= until


periods = st.tuples(st.none() | moments, st.none() | moments).filter(_in_order)
receipts = st.builds(
    CampaignReceipt,
    campaign=st.sampled_from(["spring", "summer", "autumn"]),
    profile_id=st.sampled_from(PROFILES),
    timestamp=moments,
    channel=st.sampled_from([None, "email", "push"]),
)


def ledgers(*goals: str, most: int = 30) -> st.SearchStrategy[Ledger]:
    """Random ledgers of those goals."""
    return st.builds(
        Ledger,
        entries=st.lists(completions_of(*goals), max_size=most),
        profiles=st.sets(st.sampled_from(PROFILES)),
        sent=st.lists(receipts, max_size=12),
        now=st.one_of(st.none(), moments.map(to_instant)),
    )
