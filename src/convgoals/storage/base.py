"""The storage protocol: what the engine and analytics ask of a backend, and each method's law.

A backend keeps *facts* (the kept part of each profile's log), the *ledger* (completions and retractions, only ever
appended to), goals and their versions, links between identities, and how far sources have been read. It knows nothing
of conditions.

What holds for all methods:

- Whatever is returned is frozen or a copy: changing it changes nothing in the store. What is handed in is not changed
  by anybody from then on.
- An iterator gives what there was when the method was called, also while batches are committed, and hinders none.
  What is forgotten meanwhile may be missing.
- Text is compared and ordered by code point. Values come back exactly: microseconds, any whole number, a decimal with
  its exponent, an offset, any nesting.
- What fails is a `StoreError`; a closed store's has the code ``store-closed``.

``convgoals.testing.contract.StoreContract`` has a test for each law.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol

import attrs

from convgoals.goals import Goal
from convgoals.instants import BEGINNING
from convgoals.records import CampaignReceipt, Completion, Fact, Retraction
from convgoals.storage.reader import Reader


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


class Held(Protocol):
    """What a block of `Store.writing` says of the profiles that it holds, where others are written meanwhile.

    A profile's *revision* is another number after each commit that changes it, and not given again for what comes after
    the profile was forgotten. So what was worked out of a profile still holds if its revision is the same.

    Attributes:
        next: the revision that the profiles of a batch have, once it is committed in the block.
    """

    @property
    def next(self) -> int: ...

    def revisions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """The revisions of the known ones of *profile_ids*, which the block holds."""
        ...


class Store(Reader, Protocol):
    """A storage backend."""

    def writing(self, profile_ids: Iterable[str] | None = None) -> AbstractContextManager[Held | None]:
        """A block in which what is read still holds when it commits, for no other writer changes it meanwhile.

        Args:
            profile_ids: only what belongs to these profiles is held, and of the rest that no goal, identity or clock
                changes; a batch that is committed in the block is of these profiles. If ``None``, everything is held.
                A backend may always hold everything, and need not look at the names then.

        Yields:
            What is needed to notice changes of single profiles; ``None`` where `generation` tells of every change.

        What was committed in the block is durable once it is left; if it raises, what was committed in it may be
        undone, so a commit is best the last that happens there. Other writers that want the same wait; readers do not.

        Raises:
            StoreBusyError: another writer was in the way for longer than the backend waits.
            StoreError: with code ``store-unknown``, the connection was lost in the middle of the commit: it has
                happened or not.
        """
        ...

    def load(
        self, profile_ids: Iterable[str], *, after: int | None = None, until: int | None = None, resume: bool = False
    ) -> dict[str, StoredProfile]:
        """The known ones of *profile_ids*, of which there may be many, with their kept facts.

        Args:
            profile_ids: whom.
            after: with only the facts later than this instant, with a scope or without.
            until: with only the facts at or before this instant.
            resume: of those that have a state, with only the facts later than ``state.at``; not together with *after*.

        Where facts are left out, it should cost little more than what is given back; so a fact that is ignored because
        an earlier one has its id may be there if that one is left out.
        """
        ...

    def dropped_receipts(self, profile_ids: Iterable[str]) -> dict[str, tuple[CampaignReceipt, ...]]:
        """By profile, the receipts whose facts were dropped, by campaign and id; who has none is left out."""
        ...

    def due(self, instant: int) -> list[str]:
        """The profiles whose ``wake`` is at or before *instant*, the earliest first, then by id.

        It costs what is due, not all there is.
        """
        ...

    def commit(self, batch: Batch) -> None:
        """Make all of *batch* durable, or raise and change nothing.

        A fact whose id the profile has already, in the same scope, is ignored (the first received stays). A
        `Retraction` ends its completion: the latest one recorded before this batch that still holds and is equal to it
        but for ``recorded_at``; the ledger has it as it was recorded.

        Raises:
            StoreError: a fact has no id, a retraction matches no completion, or the backend failed.
            StoreBusyError: another writer was in the way for longer than the backend waits.
            FactError: a fact holds what this backend cannot keep, such as a value of an unknown type.
        """
        ...

    def goals(self) -> list[SavedGoal]:
        """The saved goals, in the order in which they were first saved."""
        ...

    def entries(self) -> Iterator[Completion | Retraction]:
        """The whole ledger, in the order in which it was written.

        The entries of one batch stand together, in their order, and those of one profile in the order of its batches.
        Of two batches that were written at the same time, and share no profile, either may come first: then what an
        iterator gave may be found with others in between later, but never in another order.
        """
        ...

    def history(
        self,
        goal: str | None = None,
        profile_id: str | None = None,
        as_of: datetime | None = None,
        include_retracted: bool = False,
    ) -> Iterator[Completion]:
        """Completions, by ``achieved_at``, then profile, goal and trigger.

        Args:
            goal: of this goal only, in all its versions.
            profile_id: of this profile only; of the one that it became, if it became another.
            as_of: only those that were recorded by then, and not retracted by then.
            include_retracted: also those that were retracted.
        """  # fmt: skip
        ...

    def recorded(self, profile_id: str) -> Iterator[Completion]:
        """The completions of a profile that hold, the latest recorded first; reading some costs what is read."""
        ...

    def aliases(self) -> dict[str, str]:
        """The identities that became others: old → the one that its facts belong to now (never an old one itself)."""
        ...

    def positions(self) -> dict[str, int | str]:
        """How far each source has been read."""
        ...

    def forget(self, profile_id: str) -> None:
        """Erase a profile, and those that became it, from facts, receipts, ledger and identities; durable as a commit.

        Given an identity that became another, it is that other one. Of what is not known, nothing is erased.
        """
        ...

    def rename(self, old: str, new: str) -> None:
        """Give the goal *old* the name *new*, itself and in all that the ledger says of it; durable as a commit.

        It keeps its place among the goals, its version, and whether it is archived.

        Raises:
            StoreError: there is no goal *old*, or the goals or the ledger know one called *new* (code ``rename``).
        """
        ...

    def generation(self) -> int:
        """A number that changes when another writer has committed since this store was last asked.

        Where `writing` gives revisions, it may be that it does not change with what was committed in a block for some
        profiles only.
        """
        ...

    def info(self) -> StoreInfo:
        """What it is, and how much of it there is; the counts are exact."""
        ...

    def damage(self) -> Iterator[Damage]:
        """What is not whole in how it is kept: references that lead nowhere, counts that are wrong, unreadable parts.

        Whether the ledger is what the facts say is not asked here. Of what nothing but its own methods has written, and
        no disk has spoiled, there is nothing to say.
        """
        ...

    def compact(self) -> None:
        """Give back the space of what was erased, not within `writing`; what the store says stays the same.

        Raises:
            StoreBusyError: another writer was in the way for longer than the backend waits.
        """
        ...

    def close(self) -> None:
        """Release what is held. Closing again does nothing; any other use of a closed store is a `StoreError`."""
        ...
