"""Random lives of a shop's engine, whatever can befall one, and plain recounts over its raw ledger and facts.

Facts come late and in any order, profiles are merged and forgotten, a goal's condition changes, time goes on. The
recounts know nothing of analytics: they go over ``engine.ledger()`` and over the facts that were sent, each time anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from convgoals import CampaignReceipt, Completion, Event, Goal, GoalEngine, ProfileSnapshot, ProfileUpdate, Retraction
from convgoals.records import Fact

START = datetime.fromisoformat("2026-03-27T18:00:00+00:00")
WHO = tuple("abcdef")
BACKENDS = ("memory://", "sqlite://")

BUY = Goal("buy", "event buy", count="every", value="amount", timezone="Europe/Berlin")
VISIT = Goal("visit", "event visit")
CART = Goal("cart", "event cart", count="every")
SOON = Goal("soon", "event buy", within="2 days of first event visit", count="every", value="amount")
LINKED = Goal("linked", "event buy", within="2 days of first event visit", campaign="spring")
CHANGED = Goal("buy", "event buy where amount > 10", count="every", value="amount", timezone="Europe/Berlin")
GOALS = (BUY, VISIT, CART, SOON, LINKED)

instants = st.builds(
    lambda hours, micros: START + timedelta(hours=hours, microseconds=micros),
    st.integers(0, 24 * 5),
    st.sampled_from([0, 0, 0, 1]),
)
_who = st.sampled_from(WHO)
_buys = st.builds(
    lambda who, when, amount, category, channel: Event(
        "buy", who, when, {"amount": amount} | ({} if category is None else {"category": category}), channel=channel
    ),
    _who,
    instants,
    st.sampled_from([5, 20, 19.9, Decimal("0.10"), "12", None, True]),
    st.sampled_from(["shoes", "hats", 3, 3.0, True, None, ["a"]]),
    st.sampled_from(["email", "ads", None]),
)
_visits = st.builds(
    lambda kind, who, when, channel: Event(kind, who, when, channel=channel),
    st.sampled_from(["visit", "cart"]),
    _who,
    instants,
    st.sampled_from(["email", "ads", None]),
)
_segments = st.sets(st.sampled_from(["vip", "new"])).map(lambda names: tuple(sorted(names)))
_snapshots = st.builds(
    lambda who, when, plan, segments: ProfileSnapshot(
        who, when, {} if plan is None else {"plan": plan}, segments=segments
    ),
    _who,
    instants,
    st.sampled_from(["pro", "free", 1, None]),
    _segments,
)
_updates = st.builds(
    lambda who, when, plan: ProfileUpdate(who, when, {"plan": plan}),
    _who,
    instants,
    st.sampled_from(["pro", "free", None]),
)
_receipts = st.builds(
    lambda who, when, campaign, channel: CampaignReceipt(campaign, who, when, channel=channel),
    _who,
    instants,
    st.sampled_from(["spring", "summer"]),
    st.sampled_from(["email", None]),
)
facts = st.one_of(_buys, _visits, _snapshots, _updates, _receipts)
_batches = st.tuples(st.just("process"), st.lists(facts, min_size=1, max_size=12))
_steps = st.one_of(
    _batches,
    _batches,
    _batches,
    st.tuples(st.just("merge"), st.tuples(_who, _who).filter(lambda pair: pair[0] != pair[1])),
    st.tuples(st.just("forget"), _who),
    st.tuples(st.just("advance"), instants),
    st.tuples(st.just("add"), st.just(CHANGED)),
)
lives = st.lists(_steps, min_size=1, max_size=8)
"""What befalls an engine, in order."""


@attrs.define
class Shop:
    """An engine after its life, and what was sent to it.

    Attributes:
        engine: the engine.
        logs: each known profile's facts, in order.
        now: where time has got to: the latest of all facts ever sent, and of the clock.
    """

    engine: GoalEngine
    logs: dict[str, list[Fact]] = attrs.Factory(dict)
    now: datetime | None = None

    def completions(self, goal: str, version: int | None = None) -> list[Completion]:
        """The completions that hold: those recorded, less those retracted; by time."""
        held: list[Completion] = []
        for entry in self.engine.ledger():
            if isinstance(entry, Retraction):
                held.remove(entry.completion)
            else:
                held.append(entry)
        found = [each for each in held if each.goal == goal and version in (None, each.version)]
        return sorted(found, key=lambda each: (each.achieved_at, each.profile_id, each.trigger_id or ""))

    def profile(self, who: str, at: datetime) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The properties and segments that the profile had then."""
        properties: dict[str, Any] = {}
        segments: tuple[str, ...] = ()
        for fact in self.logs[who]:
            if fact.timestamp <= at and isinstance(fact, ProfileSnapshot):
                properties, segments = dict(fact.properties), fact.segments
            elif fact.timestamp <= at and isinstance(fact, ProfileUpdate):
                properties |= fact.properties
        return {name: value for name, value in properties.items() if value is not None}, segments

    def receipts(self, campaign: str | None = None) -> list[CampaignReceipt]:
        """The receipts of everyone known."""
        return [
            fact
            for log in self.logs.values()
            for fact in log
            if isinstance(fact, CampaignReceipt) and campaign in (None, fact.campaign)
        ]

    def received(self, campaign: str) -> dict[str, datetime]:
        """Each recipient's first receipt."""
        found: dict[str, datetime] = {}
        for fact in self.receipts(campaign):
            found[fact.profile_id] = min(fact.timestamp, found.get(fact.profile_id, fact.timestamp))
        return found


@contextmanager
def lived(life: list[tuple[str, Any]], backend: str = "memory://") -> Iterator[Shop]:
    """The shop after *life*, on that backend."""
    with GoalEngine(GOALS, store=backend, keep="all") as engine:
        shop = Shop(engine)
        alias: dict[str, str] = {}
        number = 0
        for what, with_what in life:
            if what == "process":
                sent = []
                for fact in with_what:
                    number += 1
                    sent.append(attrs.evolve(fact, id=f"f{number:03}"))
                engine.process(sent)
                shop.now = max([fact.timestamp for fact in sent] + ([] if shop.now is None else [shop.now]))
                for fact in sent:
                    who = alias.get(fact.profile_id, fact.profile_id)
                    shop.logs.setdefault(who, []).append(attrs.evolve(fact, profile_id=who))
            elif what == "merge":
                old, new = (alias.get(each, each) for each in with_what)
                if old == new or with_what[0] in alias or with_what[1] in alias:
                    continue
                engine.merge(*with_what)
                alias = {each: new if into == old else into for each, into in alias.items()} | {old: new}
                if old in shop.logs:
                    moved = [attrs.evolve(fact, profile_id=new) for fact in shop.logs.pop(old)]
                    shop.logs.setdefault(new, []).extend(moved)
            elif what == "forget":
                who = alias.get(with_what, with_what)
                engine.forget(with_what)
                shop.logs.pop(who, None)
                alias = {each: into for each, into in alias.items() if into != who}
            elif what == "advance":
                if shop.now is None or with_what >= shop.now:
                    engine.advance(with_what)
                    shop.now = with_what
            else:
                engine.add(with_what)
        for log in shop.logs.values():
            log.sort(key=lambda fact: (fact.instant, fact.id or ""))
        yield shop
