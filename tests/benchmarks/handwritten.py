"""The ten goals of `stream` as one loop written by hand: what the engine is measured beside.

It knows these goals and no others, and takes every advantage of that. It does what the engine does: it takes the same
facts, ignores duplicates by id, keeps the facts and folds a profile again when one comes late, treats missing and
ill-typed values alike, and gives the same completions with all their particulars. It leaves out what this stream
does not need: ties, ``advance``, versions, atomic batches.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple

from convgoals import Event, ProfileSnapshot
from convgoals.instants import DAY, HOUR
from convgoals.records import Fact, Properties

CURRENCIES = frozenset({"USD", "EUR"})


class Done(NamedTuple):
    """A completion, with what the engine's `Completion` says of it."""

    goal: str
    profile_id: str
    achieved_at: datetime
    trigger_id: str | None
    channel: str | None
    segments: tuple[str, ...]
    value: float | None
    since_anchor: timedelta | None


class Profile:
    """Where a profile stands in the ten goals."""

    __slots__ = (
        "any_purchase", "carted", "chained", "checkout_done", "facts", "first_signup", "first_visit",
        "funnel_done", "habit_done", "happy_done", "ids", "large_done", "last", "logins", "plan",
        "pricing_done", "pricing_visits", "pro_done", "purchases", "refunded", "segments", "upgrade_done",
        "viewed",
    )  # fmt: skip

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.ids: set[str | None] = set()
        self.reset()

    def reset(self) -> None:
        self.last = -(2**62)
        self.plan: object = None
        self.segments: tuple[str, ...] = ()
        self.any_purchase = self.large_done = self.checkout_done = self.habit_done = self.pro_done = False
        self.pricing_done = self.funnel_done = self.happy_done = self.upgrade_done = self.refunded = False
        self.first_visit: int | None = None
        self.first_signup: int | None = None
        self.carted: int | None = None
        self.chained: int | None = None
        self.purchases = 0
        self.logins: deque[int] | None = None
        self.pricing_visits: deque[int] | None = None
        self.viewed: dict[str, int] | None = None


class Loop:
    """Feeds facts through the ten goals, batch by batch."""

    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}
        self.ledger: list[Done] = []
        self.ill_typed: Counter[str] = Counter()

    def process(self, facts: Iterable[Fact]) -> None:
        profiles, ledger = self.profiles, self.ledger
        for fact in facts:
            profile = profiles.get(fact.profile_id)
            if profile is None:
                profile = profiles[fact.profile_id] = Profile()
            if fact.id in profile.ids:
                continue
            profile.ids.add(fact.id)
            profile.facts.append(fact)
            if fact.instant <= profile.last:
                self._again(profile)
            elif type(fact) is Event:
                self._take(profile, fact, ledger)
            else:
                self._change(profile, fact, ledger)

    def _again(self, profile: Profile) -> None:
        """A late fact: fold the profile again, and put right what was said of it."""
        profile.reset()
        profile.facts.sort(key=lambda fact: fact.instant)
        found: list[Done] = []
        for fact in profile.facts:
            if type(fact) is Event:
                self._take(profile, fact, found)
            else:
                self._change(profile, fact, found)
        profile_id = profile.facts[0].profile_id
        self.ledger = [done for done in self.ledger if done.profile_id != profile_id] + found

    def _take(  # noqa: C901, PLR0912, PLR0915  a loop written by hand for speed
        self, profile: Profile, event: Event, ledger: list[Done]
    ) -> None:
        t = profile.last = event.instant
        kind = event.type
        if kind == "page_visit":
            if profile.first_visit is None:
                profile.first_visit = t
            if not profile.pricing_done:
                path = event.properties.get("path")
                if type(path) is str:
                    if path.startswith("/pricing"):
                        visits = profile.pricing_visits
                        if visits is None:
                            visits = profile.pricing_visits = deque()
                        while visits and visits[0] < t - DAY:
                            visits.popleft()
                        visits.append(t)
                elif path is not None:
                    self.ill_typed["path"] += 1
        elif kind == "product_viewed":
            if not profile.funnel_done:
                product = event.properties.get("product_id")
                if product is not None:
                    if profile.viewed is None:
                        profile.viewed = {}
                    profile.viewed[product] = t
        elif kind == "login":
            if not profile.habit_done:
                logins = profile.logins
                if logins is None:
                    logins = profile.logins = deque()
                while logins and logins[0] < t - 7 * DAY:
                    logins.popleft()
                logins.append(t)
                if len(logins) >= 3:
                    profile.habit_done, profile.logins = True, None
                    ledger.append(done("Weekly habit", profile, event))
        elif kind == "add_to_cart":
            profile.carted = t
            if profile.viewed is not None and not profile.funnel_done:
                seen = profile.viewed.get(event.properties.get("product_id"))  # type: ignore[arg-type]
                if seen is not None and t <= seen + DAY:
                    profile.chained = t
        elif kind == "checkout_started":
            if not profile.checkout_done and profile.carted is not None and t <= profile.carted + HOUR:
                profile.checkout_done = True
                ledger.append(done("Checkout soon after the cart", profile, event, since=t - profile.carted))
        elif kind == "purchase_completed":
            self._purchase(profile, event, t, ledger)
        elif kind == "signup_completed":
            if profile.first_signup is None:
                profile.first_signup = t
            visits = profile.pricing_visits
            if visits:
                while visits and visits[0] < t - DAY:
                    visits.popleft()
                if visits:
                    profile.pricing_done = True
                    ledger.append(done("Signup after pricing", profile, event, since=t - visits[0]))
                    profile.pricing_visits = None
        elif kind == "refund_requested":
            profile.refunded = True

    def _purchase(self, profile: Profile, event: Event, t: int, ledger: list[Done]) -> None:
        properties = event.properties
        found = properties.get("order_value")
        amount = worth(found)
        profile.purchases += 1
        if not profile.any_purchase:
            profile.any_purchase = True
            ledger.append(done("Any purchase", profile, event))
        if amount is None and found is not None:
            self.ill_typed["order_value"] += 1
        if amount is not None:
            visit = profile.first_visit
            if not profile.large_done and visit is not None and t <= visit + 7 * DAY and amount > 50:
                currency = properties.get("currency")
                if type(currency) is not str:
                    if currency is not None:
                        self.ill_typed["currency"] += 1
                elif currency in CURRENCIES:
                    profile.large_done = True
                    ledger.append(done("Large order in the first week", profile, event, amount, t - visit))
            if amount > 0:
                ledger.append(done("Every order", profile, event, amount))
        if not profile.pro_done and profile.plan == "pro":
            profile.pro_done = True
            ledger.append(done("Pro buyer", profile, event))
        if not profile.funnel_done and profile.chained is not None and t <= profile.chained + DAY:
            profile.funnel_done, profile.viewed = True, None
            ledger.append(done("Funnel", profile, event))
        if not profile.happy_done and profile.purchases >= 2 and not profile.refunded:
            profile.happy_done = True
            ledger.append(done("Happy again", profile, event))

    def _change(self, profile: Profile, fact: Fact, ledger: list[Done]) -> None:
        properties: Properties = fact.properties  # type: ignore[union-attr]
        t = profile.last = fact.instant
        before = profile.plan
        if type(fact) is ProfileSnapshot:
            profile.plan, profile.segments = properties.get("plan"), fact.segments
        elif "plan" in properties:
            profile.plan = properties["plan"]
        if profile.plan != "pro" or before == "pro":
            return
        if not profile.pro_done and profile.any_purchase:
            profile.pro_done = True
            ledger.append(done("Pro buyer", profile, None, at=fact.timestamp))
        signup = profile.first_signup
        if not profile.upgrade_done and signup is not None and t <= signup + 30 * DAY:
            profile.upgrade_done = True
            ledger.append(done("Upgrade", profile, fact, since=t - signup))


def worth(value: object) -> float | None:
    """The number that *value* is: a boolean is none, nor is a NaN or an infinity."""
    kind = type(value)
    if kind is float:
        return value if -inf < value < inf else None  # type: ignore[operator,return-value]
    if kind is int:
        return value  # type: ignore[return-value]
    return None


def done(
    goal: str,
    profile: Profile,
    trigger: Fact | None,
    value: float | None = None,
    since: int | None = None,
    at: datetime | None = None,
) -> Done:
    return Done(
        goal,
        profile.facts[-1].profile_id,
        trigger.timestamp if trigger is not None else at,  # type: ignore[arg-type]
        None if trigger is None else trigger.id,
        getattr(trigger, "channel", None),
        profile.segments,
        value,
        None if since is None else timedelta(microseconds=since),
    )


def run(batches: Sequence[Sequence[Fact]]) -> Loop:
    """All *batches* through a new loop."""
    loop = Loop()
    for batch in batches:
        loop.process(batch)
    return loop
