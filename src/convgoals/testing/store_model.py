"""What a store should hold, as plainly as it can be said, and random batches to put to both (see `StoreContract`)."""

# ruff: noqa: S101  assert is how tests speak

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import strategies as st

from convgoals.goals import Goal
from convgoals.instants import to_datetime, to_instant
from convgoals.records import CampaignReceipt, Completion, Event, Fact, ProfileSnapshot, ProfileUpdate, Retraction
from convgoals.storage.base import NO_STATE, Batch, ProfileChange, SavedGoal, SavedState, Store, StoredProfile

NAMES = ("p", "q", "r", "R", "ü", "p\0", "𝔭", "\uffff")
"""Profiles, among them some that stores like to confuse or to sort wrongly."""

GOALS = ("g", "h")
SPAN = 20
"""Instants are drawn from the first microseconds since the epoch, so that many coincide."""


@attrs.define
class Known:
    """One known profile."""

    facts: dict[str, Fact] = attrs.field(factory=dict)
    until: int = 0
    wake: int | None = None
    state: SavedState | None = None
    scoped: dict[tuple[str, str], Fact] = attrs.field(factory=dict)
    receipts: dict[tuple[str, str], CampaignReceipt] = attrs.field(factory=dict)

    def receive(self, facts: Iterable[Fact]) -> None:
        """Have those of *facts* for receipts that are."""
        for fact in facts:
            if isinstance(fact, CampaignReceipt):
                self.receipts.setdefault((fact.campaign, str(fact.id)), fact)

    def dropped_receipts(self, name: str) -> tuple[CampaignReceipt, ...]:
        """Those whose facts were dropped, as *name*'s."""
        return tuple(attrs.evolve(receipt, profile_id=name) for _, receipt in sorted(self.receipts.items()))

    def stored(self, after: int | None = None, until: int | None = None) -> StoredProfile:
        """What a store should give of it, with the facts later than *after*, and not later than *until*."""
        scoped: dict[str, list[Fact]] = {}
        for (scope, _), fact in self.scoped.items():
            scoped.setdefault(scope, []).append(fact)
        parts = {scope: _between(facts, after, until) for scope, facts in scoped.items()}
        found = {scope: part for scope, part in parts.items() if part}
        return StoredProfile(_between(self.facts.values(), after, until), self.until, self.wake, self.state, found)

    def likeness(self, instant: int) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What it is at *instant*: its properties and segments."""
        properties: dict[str, Any] = {}
        segments: tuple[str, ...] = ()
        for fact in _between(self.facts.values(), None, instant):
            if isinstance(fact, ProfileSnapshot):
                properties, segments = dict(fact.properties), fact.segments
            elif isinstance(fact, ProfileUpdate):
                properties |= fact.properties
                for name in [name for name, value in properties.items() if value is None]:
                    del properties[name]
                segments = segments if fact.segments is None else fact.segments
        return properties, segments


def _between(facts: Iterable[Fact], after: int | None, until: int | None) -> tuple[Fact, ...]:
    between = (
        fact for fact in facts if (after is None or fact.instant > after) and (until is None or fact.instant <= until)
    )
    return tuple(sorted(between, key=lambda fact: (fact.instant, fact.id or "")))


class StoreModel:
    """A store that keeps everything in lists and dicts and works every answer out anew."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.ledger: list[Completion | Retraction] = []
        self.saved: dict[str, SavedGoal] = {}
        self.renamed: dict[str, str] = {}
        self.read_to: dict[str, int | str] = {}
        self.time: int | None = None

    def commit(self, batch: Batch) -> None:
        for old, new in batch.merged:
            gone = self.known.pop(old, Known())
            if gone.receipts:
                self.known.setdefault(new, Known()).receive(gone.receipts.values())
            self.renamed = {each: new if now == old else now for each, now in self.renamed.items()} | {old: new}
        for name, change in batch.profiles.items():
            known = self.known.setdefault(name, Known())
            known.receive(known.facts[each] for each in change.dropped if each in known.facts)
            known.facts = {key: fact for key, fact in known.facts.items() if key not in change.dropped}
            known.scoped = {key: fact for key, fact in known.scoped.items() if key[1] not in change.dropped}
            for fact in change.facts:
                known.facts.setdefault(str(fact.id), fact)
            for scope, facts in change.scoped.items():
                for fact in facts:
                    known.scoped.setdefault((scope, str(fact.id)), fact)
            known.until, known.wake = change.until, change.wake
            if change.state is not None:
                known.state = change.state if change.state.text else None
        self.ledger += batch.entries
        self.saved |= {saved.goal.name: saved for saved in batch.goals}
        self.read_to |= batch.positions
        if batch.reached is not None and (self.time is None or batch.reached > self.time):
            self.time = batch.reached

    def forget(self, name: str) -> None:
        now = self.renamed.get(name, name)
        gone = {now} | {old for old, new in self.renamed.items() if new == now}
        for each in gone:
            self.known.pop(each, None)
            self.renamed.pop(each, None)
        self.ledger = [entry for entry in self.ledger if entry.profile_id not in gone]

    def history(self, as_of: datetime | None = None, *, retracted: bool = False) -> list[Completion]:
        """As of `Store.history`, for all goals and profiles."""
        held: list[Completion] = []
        for entry in self.ledger:
            if as_of is not None and entry.recorded_at > as_of:
                continue
            if isinstance(entry, Completion):
                held.append(entry)
            elif not retracted:
                same = [index for index, each in enumerate(held) if essence(each) == essence(entry.completion)]
                del held[same[-1]]
        return sorted(held, key=lambda each: (each.achieved_at, each.profile_id, each.goal, each.trigger_id or ""))

    def receipts(self) -> list[tuple[str, int, str, str | None]]:
        return sorted(
            ((name, fact.instant, fact.campaign, fact.channel)
            for name, known in self.known.items()
            for key, fact in [*known.receipts.items(), *(((None, each.id), each) for each in known.facts.values())]
            if isinstance(fact, CampaignReceipt)
            and (key[0] is not None or (fact.campaign, fact.id) not in known.receipts)),
            key=repr,
        )  # fmt: skip


def essence(completion: Completion) -> Completion:
    """*completion* whenever it was recorded."""
    return attrs.evolve(completion, recorded_at=completion.achieved_at)


def _assert_alike(store: Store, model: StoreModel) -> None:
    for instant in (-1, SPAN // 2, SPAN):
        likenesses = [(each.profile_id, each[1:]) for each in store.profiles_at(instant, [*NAMES, "nobody"])]
        assert len(likenesses) == len(model.known)
        assert dict(likenesses) == {name: known.likeness(instant) for name, known in model.known.items()}


def assert_agrees(store: Store, model: StoreModel) -> None:
    """Ask *store* everything, and compare the answers with the model's."""
    assert store.load([*NAMES, "nobody"]) == {name: known.stored() for name, known in model.known.items()}
    for name, known in model.known.items():
        for after in (0, SPAN // 2):
            _assert_later(store.load([name], after=after)[name], known, after)
        assert store.load([name], until=SPAN // 2)[name] == known.stored(None, SPAN // 2)
        recorded = [each for each in model.history() if each.profile_id == name]
        assert sorted(store.recorded(name), key=repr) == sorted(recorded, key=repr)
        if known.state is not None:
            _assert_later(store.load([name], resume=True)[name], known, known.state.at)
        else:
            assert store.load([name], resume=True)[name] == known.stored()
    _assert_alike(store, model)
    dropped = {name: known.dropped_receipts(name) for name, known in model.known.items() if known.receipts}
    assert store.dropped_receipts([*NAMES, "nobody"]) == dropped
    assert list(store.profile_ids()) == sorted(model.known)
    assert store.profile_count() == len(model.known)
    wakes = sorted((known.wake, name) for name, known in model.known.items() if known.wake is not None)
    for instant in (0, SPAN // 2, SPAN):
        assert store.due(instant) == [name for wake, name in wakes if wake <= instant]
    assert list(store.entries()) == model.ledger
    for as_of in (None, to_datetime(SPAN // 2), to_datetime(SPAN)):
        for retracted in (False, True):
            expected = model.history(as_of, retracted=retracted)
            assert list(store.history(as_of=as_of, include_retracted=retracted)) == expected
            for goal in GOALS:
                of_goal = [each for each in expected if each.goal == goal]
                assert list(store.history(goal, as_of=as_of, include_retracted=retracted)) == of_goal
            for name in NAMES:
                now = model.renamed.get(name, name)
                of_profile = [each for each in expected if each.profile_id == now]
                found = store.history(profile_id=name, as_of=as_of, include_retracted=retracted)
                assert list(found) == of_profile
    first = [each for each in model.history() if (each.goal, each.version) == (GOALS[0], 1)]
    assert list(store.completions(GOALS[0], version=1)) == first
    assert sorted(store.receipts(), key=repr) == model.receipts()
    for campaign in ("m", "n"):
        received: dict[str, int] = {}
        for name, instant, which, _ in model.receipts():
            if which == campaign:
                received[name] = min(instant, received.get(name, instant))
        recipients = list(store.recipients(campaign))
        assert len(recipients) == len(received)
        assert dict(recipients) == received
    assert store.goals() == list(model.saved.values())
    assert store.aliases() == model.renamed
    assert store.positions() == model.read_to
    assert store.reached() == model.time
    retractions = sum(isinstance(entry, Retraction) for entry in model.ledger)
    assert (store.info().completions, store.info().retractions) == (len(model.ledger) - retractions, retractions)
    assert list(store.damage()) == []


def _assert_later(stored: StoredProfile, known: Known, after: int) -> None:
    """*stored* is what is known of it with the facts later than *after*, and perhaps some that were ignored."""
    left_out = {fact.id for fact in known.facts.values() if fact.instant <= after}
    facts = tuple(fact for fact in stored.facts if fact.id not in left_out)
    parts = {
        scope: tuple(f for f in part if (scope, f.id) not in known.scoped or known.scoped[scope, str(f.id)] == f)
        for scope, part in stored.scoped.items()
    }
    found = attrs.evolve(stored, facts=facts, scoped={scope: part for scope, part in parts.items() if part})
    assert found == known.stored(after)
    assert all(fact.instant > after for part in (stored.facts, *stored.scoped.values()) for fact in part)


# ---- random batches

_instants = st.integers(0, SPAN)
_moments = _instants.map(to_datetime)
_values = st.sampled_from((None, True, 0, 10**30, 0.1, -0.0, Decimal("1.50"), "", "ü\0", [1, {"a": None}], {"": ()}))
_properties = st.dictionaries(st.sampled_from(("", "x", "decimal")), _values, max_size=2)
_ids = st.sampled_from(("1", "2", "3", "4", "5", "ü"))
_saved_goals = st.builds(
    SavedGoal,
    st.builds(Goal, st.sampled_from(GOALS), st.sampled_from(("event a", "event b"))),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from(((), ("one",), ("ü", "one"))),
)
_segments = st.sampled_from(((), ("vip",), ("a", "ü")))


def _moments_from(moment: datetime) -> st.SearchStrategy[datetime]:
    return st.integers(to_instant(moment), SPAN).map(to_datetime)


def facts(profile_id: str) -> st.SearchStrategy[Fact]:
    """A fact of any kind, whose id is one of a few."""
    owner = st.just(profile_id)
    channels = st.sampled_from((None, "web"))
    return st.one_of(
        st.builds(Event, st.sampled_from(("a", "b")), owner, _moments, _properties, _ids, channels),
        st.builds(ProfileSnapshot, owner, _moments, _properties, _segments, _ids),
        st.builds(ProfileUpdate, owner, _moments, _properties, st.one_of(st.none(), _segments), _ids),
        st.builds(CampaignReceipt, st.sampled_from(("m", "n")), owner, _moments, channels, _ids),
    )


def completions(profile_id: str) -> st.SearchStrategy[Completion]:
    """A completion, one of not too many."""
    return st.builds(
        Completion, st.sampled_from(GOALS), st.sampled_from((1, 2)), st.just(profile_id), _moments, _moments,
        st.one_of(st.none(), _ids), st.sampled_from((None, "web")), _segments,
        st.sampled_from((None, 5, -(10**30), 0.1, Decimal("1.50"))),
        st.sampled_from((None, timedelta(microseconds=1), timedelta(days=9))),
    )  # fmt: skip


@st.composite
def batches(draw: Callable[[Any], Any], model: StoreModel) -> Batch:
    """A batch that may follow what *model* holds."""
    merged = draw(_merges(model)) if draw(st.integers(0, 3)) == 0 else ()
    gone = {old for old, _ in merged} | set(model.renamed)
    living = [name for name in NAMES if name not in gone]
    profiles = {}
    for name in draw(st.lists(st.sampled_from(living), max_size=4, unique=True)):
        profiles[name] = draw(_changes(name, model.known.get(name, Known())))
    for _, new in merged:
        profiles.setdefault(new, ProfileChange((), 0, None))
    live = model.history()
    ended = draw(st.lists(st.sampled_from(live), max_size=2, unique_by=id)) if live else []
    entries: list[Completion | Retraction] = [
        Retraction(completion, draw(_moments_from(completion.recorded_at)), draw(_ids))
        for completion in ended
        if _is_latest(completion, model)
    ]
    for name in profiles:
        entries += draw(st.lists(completions(name), max_size=2))
    saved = draw(st.lists(_saved_goals, max_size=1))
    return Batch(
        profiles=profiles,
        entries=tuple(entries),
        reached=draw(st.one_of(st.none(), _instants)),
        positions=draw(st.dictionaries(st.sampled_from(("a", "ü")), st.sampled_from((0, 2**70, "", "x")), max_size=1)),
        merged=merged,
        goals=tuple(saved),
    )


@st.composite
def _changes(draw: Callable[[Any], Any], name: str, known: Known) -> ProfileChange:
    """What may become of a profile."""
    new = tuple(draw(st.lists(facts(name), max_size=3)))
    until, wake = draw(_instants), draw(st.one_of(st.none(), _instants))
    if draw(st.booleans()):
        return ProfileChange(new, until, wake)
    had = sorted({*known.facts, *(key[1] for key in known.scoped)} | {"nothing"})
    return ProfileChange(
        new, until, wake,
        draw(st.sampled_from((None, NO_STATE, SavedState(3, "{}"), SavedState(SPAN // 2, "ü\n" * 5)))),
        draw(st.lists(st.sampled_from(had), max_size=3)),
        draw(st.dictionaries(st.sampled_from(("one", "ü")), st.lists(facts(name), max_size=2), max_size=2)),
    )  # fmt: skip


def _is_latest(completion: Completion, model: StoreModel) -> bool:
    """Whether it is the one that a retraction of it ends, and later in no reading of ``as_of`` another one."""
    same = [each for each in model.ledger if isinstance(each, Completion) and essence(each) == essence(completion)]
    return len(same) == 1 and completion.profile_id not in model.renamed


@st.composite
def _merges(draw: Callable[[Any], Any], model: StoreModel) -> Sequence[tuple[str, str]]:
    """At most one identity that becomes another: a last one becomes a last one, its completions retracted before."""
    free = [name for name in NAMES if name not in model.renamed]
    live = {each.profile_id for each in model.history()}
    old, new = draw(st.permutations(free))[:2] if len(free) > 1 else ("", "")
    return ((old, new),) if old and old not in live else ()
