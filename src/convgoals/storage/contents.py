"""The records that go into a store and come out of it; `convgoals.storage.base` says what is done with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import attrs

from convgoals.goals import Goal
from convgoals.instants import BEGINNING
from convgoals.records import Completion, Fact, Retraction


@attrs.frozen
class SavedGoal:
    """A goal as a store keeps it.

    Attributes:
        goal: its current definition.
        version: the version of its condition, from 1.
        archived: whether it is no longer evaluated.
        scopes: the scopes whose facts it is evaluated over, besides those of everybody.
    """

    goal: Goal
    version: int = 1
    archived: bool = False
    scopes: tuple[str, ...] = ()


class SavedState(NamedTuple):
    """What the engine has worked out of a profile's facts, for it to go on from there.

    Attributes:
        at: it covers the facts at or before this instant.
        text: what the engine wrote, which no store looks into; empty for "no state".
    """

    at: int
    text: str


NO_STATE = SavedState(0, "")
"""In a change: what was saved is removed."""

NO_FACTS: Mapping[str, tuple[Fact, ...]] = MappingProxyType({})


@attrs.frozen
class StoredProfile:
    """What is known of a profile.

    Attributes:
        facts: its kept facts, by ``(instant, id)``.
        until: the instant to which the ledger has been brought for it.
        wake: the next instant at which time alone may complete a goal for it; ``None`` for never.
        state: what was last saved of it.
        scoped: by scope, the kept facts that concern some goals only, in the same order; no scope is without any.
        revision: see `Held`; 0 where the store needs none.
    """

    facts: tuple[Fact, ...]
    until: int
    wake: int | None = None
    state: SavedState | None = None
    scoped: Mapping[str, tuple[Fact, ...]] = NO_FACTS
    revision: int = attrs.field(default=0, eq=False)


NOBODY = StoredProfile((), BEGINNING)
"""What is known of a profile that is not known."""


class ProfileChange(NamedTuple):
    """What a batch changes for one profile.

    Attributes:
        facts: facts to keep, each with an id that the profile did not have.
        until: as in `StoredProfile`.
        wake: the next instant at which time alone may complete a goal for it; ``None`` for never.
        state: replaces what was saved; ``None`` leaves it, `NO_STATE` removes it.
        dropped: ids of facts of earlier batches, in whatever scope, that are no longer kept. What is dropped is as if
            it had never come, but that a receipt goes on being one of `Reader.receipts` and `Reader.recipients`.
        scoped: as ``facts``, by scope. A scope is a name that is not empty. The same id may be kept in several scopes
            and outside of them. Receipts with a scope are none of `Reader.receipts` and `Reader.recipients`.
    """

    facts: Sequence[Fact]
    until: int
    wake: int | None
    state: SavedState | None = None
    dropped: Collection[str] = ()
    scoped: Mapping[str, Sequence[Fact]] = NO_FACTS


class Changes(Mapping[str, ProfileChange]):
    """What a batch changes, by profile, kept column by column.

    A batch concerns many profiles, and an object for each that lives as long as the batch is what Python's garbage
    collector is slow at. So whoever writes or reads many of them uses the columns.

    Attributes:
        facts: the facts to keep of each profile that changes.
        until: where the ledger has been brought to, of each.
        wake: of those that time alone may move, when.
        state: the states of those that get one or lose theirs.
        dropped: ids, of those that lose facts.
        scoped: facts by scope, of those that get such.
    """

    def __init__(self) -> None:
        self.facts: dict[str, Sequence[Fact]] = {}
        self.until: dict[str, int] = {}
        self.wake: dict[str, int] = {}
        self.state: dict[str, SavedState] = {}
        self.dropped: dict[str, Collection[str]] = {}
        self.scoped: dict[str, Mapping[str, Sequence[Fact]]] = {}

    def put(self, profile_id: str, change: ProfileChange) -> None:
        """Take in the change of one profile; it must have none yet."""
        self.facts[profile_id], self.until[profile_id] = change.facts, change.until
        if change.wake is not None:
            self.wake[profile_id] = change.wake
        if change.state is not None:
            self.state[profile_id] = change.state
        if change.dropped:
            self.dropped[profile_id] = change.dropped
        if change.scoped:
            self.scoped[profile_id] = change.scoped

    def kept(self) -> Iterator[tuple[str, str | None, Sequence[Fact]]]:
        """The facts to keep by profile and scope, ``None`` for everybody's, which come first; no part is empty."""
        for profile_id, facts in self.facts.items():
            if facts:
                yield profile_id, None, facts
        for profile_id, scopes in self.scoped.items():
            for scope, facts in scopes.items():
                if facts:
                    yield profile_id, scope, facts

    def __len__(self) -> int:
        return len(self.facts)

    def __iter__(self) -> Iterator[str]:
        return iter(self.facts)

    def __getitem__(self, profile_id: str) -> ProfileChange:
        return ProfileChange(
            self.facts[profile_id],
            self.until[profile_id],
            self.wake.get(profile_id),
            self.state.get(profile_id),
            self.dropped.get(profile_id, ()),
            self.scoped.get(profile_id, NO_FACTS),
        )


def _as_columns(changes: Mapping[str, ProfileChange]) -> Changes:
    if isinstance(changes, Changes):
        return changes
    made = Changes()
    for profile_id, change in changes.items():
        made.put(profile_id, change)
    return made


@attrs.frozen
class Batch:
    """All that one call of ``process`` changes, to be committed together or not at all.

    Attributes:
        profiles: changes by profile id; a profile that was not known becomes known.
        entries: what is appended to the ledger, in order; their profiles are known, or in ``profiles``.
        reached: the instant that the engine's time has reached; one before what was known, or ``None``, leaves it.
        positions: how far each source has been read, merged over what was known.
        merged: identities that became others, as ``(old, new)``, before anything else of the batch; neither has become
            another before. The old profile's facts, its state, and itself, are gone (the new one's facts are in
            ``profiles``); what the ledger says of it stays under its name. Its receipts whose facts were dropped become
            those of the new one, which is in ``profiles``.
        goals: goals to save, by name, over what was known.
        reads: by type of event, the properties that have to be kept of such events; of others all. A store that writes
            facts down may leave out the rest, or keep it.
    """

    profiles: Changes = attrs.field(factory=Changes, converter=_as_columns)
    entries: tuple[Completion | Retraction, ...] = ()
    reached: int | None = None
    positions: Mapping[str, int | str] = attrs.field(factory=dict)
    merged: tuple[tuple[str, str], ...] = ()
    goals: tuple[SavedGoal, ...] = ()
    reads: Mapping[str, frozenset[str]] = attrs.field(factory=dict)


@attrs.frozen
class StoreInfo:
    """What a store says of itself.

    Attributes:
        kind: which backend it is, such as ``"sqlite"``.
        schema: the number of the form in which it keeps things; 0 where there is none.
        completions: how many completions the ledger holds, the retracted ones included.
        retractions: how many retractions it holds.
        sizes: how many bytes each part of it takes, by name; empty where that is not known.
    """

    kind: str
    schema: int
    completions: int
    retractions: int
    sizes: Mapping[str, int] = attrs.field(factory=dict)


@attrs.frozen
class Damage:
    """Something that is not whole in how a store is kept.

    Attributes:
        code: what kind of damage it is, a stable word such as ``"orphan"``.
        message: one sentence.
    """

    code: str
    message: str
