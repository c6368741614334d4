"""What analytics asks of a store: the few questions that every figure is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from convgoals.records import Completion
from convgoals.storage.contents import StoredProfile
from convgoals.storage.likeness import Likeness
from convgoals.storage.passages import Passages, Stages
from convgoals.storage.summary import Question, Summary


class Reader(Protocol):
    """A consistent view of a ledger. Everything returned is a copy or frozen."""

    def completions(
        self, goal: str | None = None, *, version: int | None = None, profile_id: str | None = None
    ) -> Iterator[Completion]:
        """The completions that hold (not retracted), by ``achieved_at``, then profile, then trigger."""
        ...

    def profile_count(self) -> int:
        """How many profiles are known: every one that any fact named."""
        ...

    def profile_ids(self) -> Iterator[str]:
        """Every known profile, in the order of the ids; those that become known meanwhile may or may not be there."""
        ...

    def load(self, profile_ids: Iterable[str]) -> dict[str, StoredProfile]:
        """The known ones of *profile_ids*, of which there may be many, with all their kept facts."""
        ...

    def profiles_at(self, instant: int, profile_ids: Iterable[str]) -> Iterator[Likeness]:
        """What the known ones of *profile_ids*, of which there may be many, are at *instant*; in any order.

        That is what the snapshots and updates say that `load` gives, without those with a scope. Each is as its profile
        is when it is read, some at a time.
        """
        ...

    def recipients(self, campaign: str) -> Iterable[tuple[str, int]]:
        """Each profile that received *campaign*, once, with the instant of its first receipt."""
        ...

    def receipts(self) -> Iterable[tuple[str, int, str, str | None]]:
        """Every receipt of every campaign that is kept: profile, instant, campaign, channel; in any order.

        Those that come meanwhile may or may not be there.
        """
        ...

    def reached(self) -> int | None:
        """The instant that time has reached: the latest of all facts and of ``advance``; ``None`` before any."""
        ...

    def summaries(self, questions: Sequence[Question]) -> list[Summary]:
        """The answers to questions of reports, in their order, all as of one moment.

        They are those of a recount of `completions`, but may cost as much as what is counted is long, not as how much
        there is. A backend that keeps nothing for them inherits `convgoals.storage.recount.Recounting`.
        """
        ...

    def passages(self, stages: Stages) -> Passages[str]:
        """How far profiles got through *stages*, as of one moment: of each that reached the first one.

        `convgoals.storage.passages` says which completions count, if there are several to choose from.
        """
        ...
