"""Whether a store is whole, and says what its facts say."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import ne

import attrs

from convgoals.care.replay import Replay, fingerprint, fingerprint_of
from convgoals.errors import StoreError
from convgoals.instants import DAY
from convgoals.records import CampaignReceipt, Completion
from convgoals.storage.base import Store, StoredProfile
from convgoals.storage.recount import recount
from convgoals.storage.summary import Question, Summary

PASS = 1_000
"""How many profiles are loaded at a time."""

KEPT_FINDINGS = 1_000
"""How many findings are kept; all are counted."""

_ENDLESS = 2**63 - 1


@attrs.frozen
class Finding:
    """Something that is not as it should be.

    Attributes:
        code: what kind of thing, a stable word; docs/storage.md has them all.
        message: one sentence.
        profile_id: of which profile, where it is one's.
    """

    code: str
    message: str
    profile_id: str | None = None


@attrs.frozen
class Checked:
    """What a check has found.

    Attributes:
        profiles: how many profiles were looked at.
        complete: whether those were all, and the whole ledger was read.
        findings: what was found, the first thousand of it.
        found: how much was found.
    """

    profiles: int
    complete: bool
    findings: tuple[Finding, ...]
    found: int

    @property
    def whole(self) -> bool:
        return not self.found


def check_store(
    store: Store,
    *,
    sample: int | None = 1_000,
    seed: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Checked:
    """Check a store: its own bookkeeping, and that what it says of profiles is what a replay of their facts gives.

    Other writers wait until it is done; of a store that is in use, check a backup. What is held at a time are the names
    of the sample, a thousand profiles, and all identities that became others.

    Args:
        store: the store.
        sample: how many profiles to replay, drawn at random; ``None`` for all of them, with the whole ledger, all
            receipts, all that is due, and a recount of what reports say (for which the names of all profiles with
            completions of one goal are held).
        seed: which sample is drawn; another one each time, unless given.
        on_progress: called with the number of profiles that have been replayed, now and then.

    Raises:
        StoreBusyError: another writer was in the way for longer than the backend waits.
    """
    checking = _Checking(store, complete=sample is None)
    with store.writing():
        checking.run(None if sample is None else (sample, random.Random(seed)), on_progress)  # noqa: S311  no secret
    return Checked(checking.profiles, sample is None, tuple(checking.findings), checking.found)


class _Checking:
    """One check, while no one writes."""

    def __init__(self, store: Store, *, complete: bool) -> None:
        self.store = store
        self.complete = complete
        self.findings: list[Finding] = []
        self.found = 0
        self.profiles = 0
        self.known = 0
        self.aliases: dict[str, str] = {}
        self.sums: Counter[str] = Counter()

    def note(self, code: str, message: str, profile_id: str | None = None) -> None:
        self.found += 1
        if len(self.findings) < KEPT_FINDINGS:
            self.findings.append(Finding(code, message, profile_id))

    def run(self, sample: tuple[int, random.Random] | None, on_progress: Callable[[int], None] | None) -> None:
        try:
            damage = list(self.store.damage())
            for each in damage:
                self.note(each.code, each.message)
            if any(each.code == "file" for each in damage):
                return  # nothing that is read there means anything
            self.aliases = self.store.aliases()
            replay = Replay(self.store)
        except StoreError as error:
            self.note("unreadable", f"goals, identities or positions: {error.message}")
            return
        names = self._counted(self.store.profile_ids())
        chosen: Iterable[str] = names if sample is None else sorted(_drawn(names, *sample))
        waiting = iter(chosen)
        while part := list(itertools.islice(waiting, PASS)):
            self._check_profiles(part, replay)
            if on_progress is not None:
                on_progress(self.profiles)
        if self.known != self.store.profile_count():
            self.note(
                "count", f"there are {self.known:,} known profiles, but {self.store.profile_count():,} are counted"
            )
        self._check_identities()
        if self.complete:
            self._check_ledger(replay)
            self._check_receipts()
            self._check_due()
            self._check_reports()

    def _counted(self, names: Iterator[str]) -> Iterator[str]:
        for name in names:
            self.known += 1
            yield name

    # ---- profiles

    def _check_profiles(self, names: Sequence[str], replay: Replay) -> None:
        try:
            stored, dropped = self.store.load(names), self.store.dropped_receipts(names)
        except StoreError as error:
            if len(names) > 1:
                for name in names:
                    self._check_profiles([name], replay)
            else:
                self.profiles += 1
                self.note("unreadable", error.message, names[0])
            return
        for name in names:
            self.profiles += 1
            if name in stored:
                self._check_profile(name, stored[name], dropped.get(name, ()), replay)
            else:
                self.note("orphan", "it is listed, but is not known when it is asked for", name)

    def _check_profile(
        self, name: str, stored: StoredProfile, dropped: Sequence[CampaignReceipt], replay: Replay
    ) -> None:
        for fact in itertools.chain(stored.facts, *stored.scoped.values()):
            if fact.profile_id != name and self.aliases.get(fact.profile_id) != name:
                self.note("orphan", f"its fact {fact.id!r} is of {fact.profile_id!r}, which did not become it", name)
        try:
            for code, message in replay.differences(name, stored):
                self.note(code, message, name)
            if self.complete:
                self.sums["of profiles"] += sum(map(fingerprint, self.store.completions(profile_id=name)))
        except StoreError as error:
            self.note("unreadable", f"what the ledger says of it: {error.message}", name)
        if self.complete:
            kept = [fact for fact in stored.facts if isinstance(fact, CampaignReceipt)]
            for receipt in {(each.campaign, each.id): each for each in (*kept, *dropped)}.values():
                self.sums["received"] += fingerprint_of(name, receipt.instant, receipt.campaign, receipt.channel)
            if stored.wake is not None:
                self.sums["waking"] += fingerprint_of(name)

    def _check_identities(self) -> None:
        for old, new in self.aliases.items():
            if new in self.aliases:
                self.note("identity", f"{old!r} became {new!r}, which became another itself")
        olds = iter(self.aliases)
        while part := list(itertools.islice(olds, PASS)):
            for old in self.store.load(part):
                self.note("identity", f"it became {self.aliases[old]!r}, but is still known", old)

    # ---- all of the store

    def _check_ledger(self, replay: Replay) -> None:
        try:
            for entry in self.store.entries():
                if isinstance(entry, Completion):
                    self.sums["holding"] += fingerprint(entry)
                    problem = replay.unknown(entry)
                    if problem:
                        self.note("unknown-goal", problem, entry.profile_id)
                else:
                    self.sums["holding"] -= fingerprint(entry.completion)
            for completion in self.store.completions():
                self.sums["history"] += fingerprint(completion)
                if completion.profile_id not in self.aliases:
                    self.sums["of profiles"] -= fingerprint(completion)
        except StoreError as error:
            self.note("unreadable", f"the ledger: {error.message}")
            return
        if self.sums["holding"] != self.sums["history"]:
            self.note("ledger", "the ledger's completions without the retracted ones are not those that hold")
        if self.sums["of profiles"]:
            self.note("ledger", "the completions that hold are not those of the known profiles, taken together")

    def _check_receipts(self) -> None:
        for row in self.store.receipts():
            self.sums["received"] -= fingerprint_of(*row)
        if self.sums["received"]:
            self.note("receipts", "the receipts of campaigns are not those among the kept facts")

    def _check_due(self) -> None:
        for name in self.store.due(_ENDLESS):
            self.sums["waking"] -= fingerprint_of(name)
        if self.sums["waking"]:
            self.note("due", "the profiles that are due some day are not those that have a time to wake")

    def _check_reports(self) -> None:
        """Reports may be answered from counts that are kept: they must be those of a recount."""
        try:
            everyone, reached = self.store.profile_count(), self.store.reached()
            for saved in self.store.goals():
                name = saved.goal.name
                questions = [
                    Question(name, bucket=_day, percents=(10, 50, 90)),
                    Question(name, by="channel"),
                    Question(name, since=(reached or 0) - 30 * DAY, bucket=_day, by="version"),
                ]
                counted = (recount(self.store.completions(name), each, everyone, reached) for each in questions)
                if any(map(ne, self._answers(questions), counted)):
                    self.note("report", f"what reports say of {name!r} is not what a recount of the ledger gives")
        except StoreError as error:
            self.note("unreadable", f"what reports are made of: {error.message}")

    def _answers(self, questions: Sequence[Question]) -> Sequence[Summary | None]:
        """The store's answers; ``None`` where what they are made of does not fit together."""
        try:
            return self.store.summaries(questions)
        except LookupError:
            return [None]


def _day(instant: int) -> tuple[int, int]:
    start = instant - instant % DAY
    return start, start + DAY


def _drawn(names: Iterator[str], size: int, chance: random.Random) -> list[str]:
    """*size* of *names*, each set of them as likely as any other."""
    drawn = list(itertools.islice(names, size))
    for seen, name in enumerate(names, start=size + 1):
        place = chance.randrange(seen)
        if place < size:
            drawn[place] = name
    return drawn
