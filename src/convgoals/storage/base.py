"""The storage protocol: what the engine and analytics ask of a backend, and each method's law.

A backend keeps *facts* (the kept part of each profile's log), the *ledger* (completions and retractions, only ever
appended to), goals and their versions, links between identities, and how far sources have been read. It knows nothing
of conditions.

What holds for all methods:

- Whatever is returned is frozen or a copy: changing it changes nothing in the store. What is handed in is not changed,
  by the store or anybody else, from then on. (What is nested in a fact's properties is nobody's to change at all.)
- An iterator gives what there was when the method was called, also while batches are committed, and hinders none.
  What is forgotten meanwhile may be missing.
- Text is compared and ordered by code point. Values come back exactly: microseconds, any whole number, a decimal with
  its exponent, an offset, any nesting.
- What fails is a `StoreError`; a closed store's has the code ``store-closed``.

``convgoals.testing.contract.StoreContract`` has a test for each law.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from convgoals.records import CampaignReceipt, Completion, Retraction
from convgoals.storage.contents import (
    NO_FACTS,
    NO_STATE,
    NOBODY,
    Batch,
    Changes,
    Damage,
    ProfileChange,
    SavedGoal,
    SavedState,
    StoredProfile,
    StoreInfo,
)
from convgoals.storage.reader import Reader

__all__ = [
    "NOBODY",
    "NO_FACTS",
    "NO_STATE",
    "Batch",
    "Changes",
    "Damage",
    "Held",
    "ProfileChange",
    "SavedGoal",
    "SavedState",
    "Store",
    "StoreInfo",
    "StoredProfile",
]


class Held(Protocol):
    """What a block of `Store.writing` says of the profiles that it holds, where others are written meanwhile.

    A profile's *revision* is a number that `load` gives with it. What changes the profile, whoever commits it, gives it
    another one, once for all commits of a block; none comes again, nor after the profile was forgotten. So what was
    worked out of a profile still holds if the block says that its revision is the one with which it was loaded.

    Attributes:
        next: the revision that the profiles of a batch, and those of its entries, have once it is committed in the
            block: in it and afterwards.
    """

    @property
    def next(self) -> int: ...

    def revisions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """The revisions of the known ones of *profile_ids*, which the block holds, as they are now."""
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
        """A number that changes when another writer has changed anything since this store was last asked.

        Where `writing` gives revisions, it need not change with what was committed for some profiles only, be it in a
        block for these or outside of blocks. It does change with goals, names of goals and identities, with whoever is
        forgotten, and with all that is committed in a block that holds everything.
        """
        ...

    def info(self) -> StoreInfo:
        """What it is, and how much of it there is; the counts are exact."""
        ...

    def damage(self) -> Iterator[Damage]:
        """What is not whole in how it is kept: references that lead nowhere, unreadable parts, counts that are wrong.

        A count is wrong that is not a recount's, those that `summaries` are made of among them. Whether the answers are
        right, and the ledger is what the facts say, is not asked here: `convgoals.care.check` asks it of any store. Of
        what nothing but its own methods has written, and no disk has spoiled, there is nothing to say.
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
