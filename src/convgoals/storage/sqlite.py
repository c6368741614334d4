"""The store in SQLite, a file or in memory, through the standard library.

One transaction is one batch. In a file the journal is a write-ahead log: what was committed survives the death of the
process at any instruction, and readers in other processes never wait for the writer, nor it for them.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from convgoals.errors import StoreError
from convgoals.instants import to_datetime, to_instant
from convgoals.records import CampaignReceipt, Completion, Retraction
from convgoals.storage import kept_answers, sqlite_care, sqlite_ledger
from convgoals.storage.base import Batch, Damage, SavedGoal, StoredProfile, StoreInfo
from convgoals.storage.codec import decode_value
from convgoals.storage.halves import naming
from convgoals.storage.ledger_rows import ENDLESS, ROWS, from_row
from convgoals.storage.likeness import Likeness, from_chunks
from convgoals.storage.passages import Passages, Stages
from convgoals.storage.recount import recount
from convgoals.storage.saved_goals import goal_from_text, goal_to_text
from convgoals.storage.sqlite_batch import Writer, texts_of
from convgoals.storage.sqlite_database import Database
from convgoals.storage.sqlite_entries import Entries
from convgoals.storage.sqlite_facts import FactChains
from convgoals.storage.sqlite_identities import Identities
from convgoals.storage.sqlite_schema import Synchronous
from convgoals.storage.sqlite_standings import Standing, Standings
from convgoals.storage.summary import Question, Summary


class SQLiteStore:
    """A store in one SQLite database; see `Store` for each method's law.

    Args:
        path: the file, made if there is none; its folder must exist. ``None`` keeps everything in memory.
        busy_timeout: how many seconds to wait for another process that is writing, before a `StoreBusyError`.
        synchronous: ``"normal"`` survives the death of the process, and after a loss of power is whole but may lack
            the last batches; ``"full"`` has those too, and waits for the disk each time.

    Several threads may use one store: each call has it for itself. After a fork, a child must open its own.

    Raises:
        StoreError: the file cannot be opened, is damaged, or is no store of this or an older version.
        StoreBusyError: another process held it for too long.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        busy_timeout: float = 5.0,
        synchronous: Synchronous = "normal",
    ) -> None:
        self._database = Database(path, busy_timeout, synchronous)
        self._chains = FactChains(self._database)
        self._standings = Standings(self._database)
        self._identities = Identities(self._database, self._standings)
        self._entries = Entries(self._database, self._standings)
        self._writer = Writer(self._database, self._chains, self._standings, self._identities, self._entries)
        self._seen_version: int | None = None  # of what is at hand of the database
        self._log_holds_erased = False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction in which what is at hand is what the database says."""
        try:
            with self._database.transaction("BEGIN IMMEDIATE"):
                self._notice_others()
                yield
        except BaseException:
            self._seen_version = None
            self._standings.drop_cached()
            raise

    def _notice_others(self) -> None:
        """Have at hand what the database says now, where another process has changed it, or a transaction failed."""
        version = self._database.data_version()
        if version != self._seen_version:
            last_profile, self._chains.last, profiles, last_entry = self._database.one("totals")
            self._identities.read(last_profile, profiles)
            self._standings.read()
            self._entries.read(last_entry)
            self._seen_version = version

    @contextmanager
    def writing(self, profile_ids: Iterable[str] | None = None) -> Iterator[None]:
        with self._writing():
            yield
        with suppress(StoreError):  # what was written is kept, whatever becomes of the log
            self._empty_log()

    def generation(self) -> int:
        with self._database.use():
            return self._database.data_version()

    def close(self) -> None:
        with suppress(StoreError):  # the journal counts, wherever it is
            self._settle()
        self._database.close()

    def _settle(self) -> None:
        """Have in place where all profiles stand."""
        with self._writing():
            self._standings.settle()

    # ---- profiles and facts

    def load(
        self, profile_ids: Iterable[str], *, after: int | None = None, until: int | None = None, resume: bool = False
    ) -> dict[str, StoredProfile]:
        names = list(profile_ids)
        known: dict[str, Standing] = {}
        with self._database.transaction("BEGIN"):
            self._notice_others()
            for name in names:
                standing = self._identities.find(name)
                if standing is not None and standing.until is not None:
                    known[name] = standing
            found = self._chains.load(known, after, until, resume=resume) if known else {}
        self._identities.bound()
        return found

    def dropped_receipts(self, profile_ids: Iterable[str]) -> dict[str, tuple[CampaignReceipt, ...]]:
        found: dict[str, list[CampaignReceipt]] = {}
        with self._database.use():
            for name in dict.fromkeys(name for name in profile_ids if self._identities.current(name) is not None):
                for instant, campaign, channel, fact_id in self._database.all("dropped_receipts", (name,)):
                    receipt = CampaignReceipt(campaign, name, to_datetime(instant), channel, fact_id)
                    found.setdefault(name, []).append(receipt)
        return {name: tuple(receipts) for name, receipts in found.items()}

    def profile_ids(self) -> Iterator[str]:
        with self._database.use():
            return self._profile_ids()

    def _profile_ids(self) -> Iterator[str]:
        after = ""
        while True:
            with self._database.use():
                rows = self._database.all("profile_names", (after, ROWS))
            yield from (name for (name,) in rows)
            if len(rows) < ROWS:
                return
            (after,) = rows[-1]

    def profiles_at(self, instant: int, profile_ids: Iterable[str]) -> Iterator[Likeness]:
        with self._database.use():
            return self._profiles_at(instant, iter(profile_ids))

    def _profiles_at(self, instant: int, waiting: Iterator[str]) -> Iterator[Likeness]:
        while names := list(itertools.islice(waiting, ROWS)):
            with self._database.transaction("BEGIN"):
                self._notice_others()
                chunks = self._chains.chunks_of(self._standings.find_all(names))
            yield from (self._database.decoded(from_chunks, name, some, instant) for name, some in chunks.items())

    def due(self, instant: int) -> list[str]:
        with self._database.transaction("BEGIN"):
            self._notice_others()
            return self._standings.due(instant)

    def profile_count(self) -> int:
        with self._database.use():
            return int(self._database.one("profile_count")[0])

    def reached(self) -> int | None:
        with self._database.use():
            reached: int | None = self._database.one("reached")[0]
            return reached

    def recipients(self, campaign: str) -> Iterable[tuple[str, int]]:
        with self._database.use():
            return tuple(self._database.all("recipients", (campaign,)))

    def receipts(self) -> Iterator[tuple[str, int, str, str | None]]:
        with self._database.use():
            return self._receipts()

    def _receipts(self) -> Iterator[tuple[str, int, str, str | None]]:
        after: tuple[str, int, str] = ("", 0, "")
        while True:
            with self._database.use():
                rows = self._database.all("receipts", (*after, ROWS))
            for campaign, _, _, name, instant, channel in rows:
                yield name, instant, campaign, channel
            if len(rows) < ROWS:
                return
            after = rows[-1][:3]

    # ---- one batch

    def commit(self, batch: Batch) -> None:
        texts = texts_of(batch)
        with naming(batch), self._writing():
            self._writer.write(batch, texts)
        self._identities.bound()
        with suppress(StoreError):  # the batch is kept, whatever becomes of the log
            self._empty_log()

    # ---- the ledger

    def entries(self) -> Iterator[Completion | Retraction]:
        with self._database.transaction("BEGIN"):
            tracks = sqlite_ledger.read_tracks(self._database)
            return sqlite_ledger.entries(self._database, tracks, self._database.one("last_entry")[0])

    def history(
        self, goal: str | None = None, profile_id: str | None = None, as_of: datetime | None = None,
        include_retracted: bool = False,
    ) -> Iterator[Completion]:  # fmt: skip
        return self._history(goal, None, profile_id, as_of, retracted=include_retracted)

    def completions(
        self, goal: str | None = None, *, version: int | None = None, profile_id: str | None = None
    ) -> Iterator[Completion]:
        return self._history(goal, version, profile_id, None, retracted=False)

    def recorded(self, profile_id: str) -> Iterator[Completion]:
        with self._database.transaction("BEGIN"):
            self._notice_others()
            tracks = sqlite_ledger.read_tracks(self._database)
            standing = self._identities.current(profile_id)
            rows = self._entries.recorded(standing)
        return (from_row(row, tracks) for row in rows)

    def summaries(self, questions: Sequence[Question]) -> list[Summary]:
        with self._database.transaction("BEGIN"):
            days: kept_answers.Days = {}
            return [self._summary(question, days) for question in questions]

    def passages(self, stages: Stages) -> Passages[str]:
        with self._database.transaction("BEGIN"):
            return sqlite_ledger.passages(self._database, sqlite_ledger.read_tracks(self._database), stages)

    def _summary(self, question: Question, days: kept_answers.Days) -> Summary:
        tracks = {
            number: version
            for number, (goal, version) in sqlite_ledger.read_tracks(self._database).items()
            if goal == question.goal
        }
        everyone, reached = self.profile_count(), self.reached()
        if question.version is not None and (len(tracks) > 1 or question.version not in tracks.values()):
            # Whose first completion under one version it is depends on that version alone.
            completions = self.completions(question.goal, version=question.version)
            return recount(completions, question, everyone, reached)
        return kept_answers.answer(self._database, tracks, question, everyone, reached, days)

    def _history(
        self, goal: str | None, version: int | None, profile_id: str | None, as_of: datetime | None, *, retracted: bool
    ) -> Iterator[Completion]:
        until = ENDLESS if as_of is None else to_instant(as_of)
        with self._database.transaction("BEGIN"):
            self._notice_others()
            tracks = sqlite_ledger.read_tracks(self._database)
            wanted = {
                number
                for number, track in tracks.items()
                if (goal is None or track[0] == goal) and (version is None or track[1] == version)
            }
            if profile_id is None:
                last = self._database.one("last_entry")[0]
                return sqlite_ledger.history(self._database, tracks, wanted, last, until, retracted=retracted)
            standing = self._identities.current(profile_id)
            latest = None if standing is None else standing.completions
            return sqlite_ledger.history_of_profile(self._database, tracks, wanted, latest, until, retracted=retracted)

    # ---- identities

    def aliases(self) -> dict[str, str]:
        with self._database.use():
            return dict(self._database.all("aliases"))

    def forget(self, profile_id: str) -> None:
        with self._writing():
            if not self._writer.forget(profile_id):
                return
            self._log_holds_erased = True
        self._empty_log()

    def _empty_log(self) -> None:
        """What was erased must not stay behind in the write-ahead log; where it is being read, try again later."""
        with self._database.use():
            if self._log_holds_erased and not self._database.in_transaction:
                self._log_holds_erased = not self._database.empty_log()

    # ---- goals and sources

    def rename(self, old: str, new: str) -> None:
        with self._writing():
            saved = {each.goal.name: each for each in self._saved_goals()}
            if old not in saved or new in saved or self._entries.knows(new):
                raise StoreError(f"goal {old!r} cannot become {new!r}", code="rename")
            definition = goal_to_text(saved[old].goal.renamed(new))
            self._database.run("rename_goal", new, definition, old)
            self._entries.rename(old, new)

    def goals(self) -> list[SavedGoal]:
        with self._database.use():
            return self._saved_goals()

    def _saved_goals(self) -> list[SavedGoal]:
        return [
            SavedGoal(
                self._database.decoded(goal_from_text, definition),
                version,
                bool(archived),
                tuple(self._database.decoded(json.loads, scopes)),
            )
            for version, archived, scopes, definition in self._database.all("goals")
        ]

    def positions(self) -> dict[str, int | str]:
        with self._database.use():
            rows = self._database.all("positions")
        return {source: self._database.decoded(decode_value, at) for source, at in rows}

    # ---- care

    def info(self) -> StoreInfo:
        return sqlite_care.info(self._database)

    def damage(self) -> Iterator[Damage]:
        with self._database.use():
            return sqlite_care.damage(self._database, self._settle)

    def compact(self) -> None:
        with self._database.use():
            self._database.vacuum()
            self._database.empty_log()

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Copy the store, as it is now, into a new file at *path*, while others go on writing and reading.

        The copy is a store like this one. At *path* there is the whole copy or, if anything fails, nothing.

        Raises:
            StoreError: there is something at *path* (code ``store-exists``), or it cannot be written.
        """
        sqlite_care.back_up(self._database, path)
