"""The store in SQLite, a file or in memory, through the standard library.

One transaction is one batch. In a file the journal is a write-ahead log: what was committed survives the death of the
process at any instruction, and readers in other processes never wait for the writer, nor it for them.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from convgoals.errors import StoreError
from convgoals.instants import to_datetime, to_instant
from convgoals.records import CampaignReceipt, Completion, Fact, Retraction
from convgoals.storage import kept_answers, sqlite_care, sqlite_ledger
from convgoals.storage.base import Batch, Damage, SavedGoal, StoredProfile, StoreInfo
from convgoals.storage.bounded import Bound, weight_of
from convgoals.storage.codec import (
    decode_value,
    encode_facts,
    encode_value,
)
from convgoals.storage.halves import naming
from convgoals.storage.ledger_rows import ENDLESS, ROWS, from_row
from convgoals.storage.likeness import Likeness, from_chunks
from convgoals.storage.passages import Passages, Stages
from convgoals.storage.recount import recount
from convgoals.storage.saved_goals import goal_from_text, goal_to_text
from convgoals.storage.sqlite_database import Database
from convgoals.storage.sqlite_entries import Entries, Place
from convgoals.storage.sqlite_facts import FactChains
from convgoals.storage.sqlite_schema import Synchronous
from convgoals.storage.sqlite_standings import Row, Standing, Standings
from convgoals.storage.summary import Question, Summary

_PLACES = 100_000
"""How many profiles' places are kept at hand, at the most."""

_PLACES_BYTES = 32 * 2**20
"""How many bytes they may take."""

_UNKNOWN_YET = 0
"""The instant to which a profile's ledger has been brought as long as no other has been written."""


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
        self._log_holds_erased = False
        self._bound = Bound(_PLACES_BYTES, _PLACES, weight_of)
        self._drop_cached()

    def _drop_cached(self) -> None:
        """Forget what is at hand of the database: another process has changed it, or a transaction failed."""
        self._seen_version: int | None = None
        self._places: dict[str, Place] = {}
        self._knows_all = False  # whether no identity is in the database that has no place at hand
        self._absent: set[str] = set()
        self._entries = Entries(self._database, self._standings)
        self._last_profile = self._profiles = 0

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction in which what is at hand is what the database says."""
        try:
            with self._database.transaction("BEGIN IMMEDIATE"):
                self._notice_others()
                yield
        except BaseException:
            self._drop_cached()
            self._standings.drop_cached()
            raise

    def _notice_others(self) -> None:
        version = self._database.data_version()
        if version != self._seen_version:
            self._drop_cached()
            self._seen_version = version
            totals = self._database.one("totals")
            self._last_profile, self._chains.last, self._profiles, last_entry = totals
            self._knows_all = not self._last_profile
            self._standings.read()
            self._entries.read(last_entry)

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
                standing = self._find(name)
                if standing is not None and standing.until is not None:
                    known[name] = standing
            found = self._chains.load(known, after, until, resume=resume) if known else {}
        self._bound_places()
        return found

    def _bound_places(self) -> None:
        if self._bound.hold(self._places):
            self._knows_all = False
        if len(self._absent) > _PLACES:  # of those that never were committed; they can be looked for again
            self._absent.clear()

    def _find(self, name: str) -> Standing | None:
        """Where an identity stands that was ever named, or ``None``."""
        if self._knows_all and name not in self._places:  # a new store takes in its first profiles without a search
            self._absent.add(name)
            return None
        try:
            found = self._standings.find(name)
        except UnicodeEncodeError:  # what cannot be kept is not known
            return None
        if found is None:
            self._absent.add(name)
        elif found.until is not None:
            self._places[name] = found.profile, found.facts, found.completions
        return found

    def dropped_receipts(self, profile_ids: Iterable[str]) -> dict[str, tuple[CampaignReceipt, ...]]:
        found: dict[str, list[CampaignReceipt]] = {}
        with self._database.use():
            for name in dict.fromkeys(name for name in profile_ids if self._current(name) is not None):
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
        texts = {name: encode_facts(name, facts, batch.reads) for name, facts in batch.profiles.facts.items() if facts}
        scoped = [
            (name, scope, facts, encode_facts(name, facts, batch.reads))
            for name, scopes in batch.profiles.scoped.items()
            for scope, facts in scopes.items()
            if facts
        ]
        with naming(batch), self._writing():
            ended = self._entries.matched(batch.entries)
            if batch.merged:
                self._standings.settle()
            for old, new in batch.merged:
                self._merge(old, new)
            self._introduce(batch)
            self._drop_facts(batch)
            self._write_receipts(batch)
            self._write_chunks(batch, texts, scoped)
            self._write_states(batch)
            self._entries.write(batch.entries, ended, self._places)
            self._write_standings(batch)
            for saved in batch.goals:
                definition = goal_to_text(saved.goal)
                scopes = json.dumps(saved.scopes)
                self._database.run("save_goal", saved.goal.name, saved.version, saved.archived, scopes, definition)
            for source, at in batch.positions.items():
                self._database.run("save_position", source, encode_value(at))
            self._database.run("set_totals", batch.reached, self._profiles, self._entries.last)
        self._bound_places()
        with suppress(StoreError):  # the batch is kept, whatever becomes of the log
            self._empty_log()

    def _introduce(self, batch: Batch) -> None:
        """Make the profiles of the batch known; from here on all have a place at hand."""
        places, absent, made = self._places, self._absent, []
        missing = [name for name in batch.profiles if name not in places]
        recorded = [entry.profile_id for entry in batch.entries if isinstance(entry, Completion)]
        missing += [name for name in recorded if name not in places]
        for name in dict.fromkeys(missing):
            found = None if name in absent else self._find(name)
            if found is None:
                self._last_profile += 1
                found = Standing(self._last_profile)
                made.append((found.profile, name))
            elif found.until is None:
                self._database.run("make_known", _UNKNOWN_YET, found.profile)
            if found.until is None:
                self._profiles += 1
            places[name] = found.profile, found.facts, found.completions
        absent.clear()
        self._add_identities(made, _UNKNOWN_YET)

    def _add_identities(self, made: Sequence[tuple[int, str]], until: int | None) -> None:
        self._database.run_many("add_profile", made)
        self._database.run_many("add_standing", [(number, until) for number, _ in made])

    def _drop_facts(self, batch: Batch) -> None:
        for name, dropped in batch.profiles.dropped.items():
            number, head, completion = self._places[name]
            if head is not None:
                head, receipts = self._chains.drop(head, dropped)
                self._places[name] = number, head, completion
                if receipts:
                    self._database.run_many("drop_receipt_facts", [(number, fact_id) for fact_id in receipts])

    def _write_chunks(
        self, batch: Batch, texts: Mapping[str, str], scoped: Sequence[tuple[str, str, Sequence[Fact], str]]
    ) -> None:
        places, append, rows, facts_of = self._places, self._chains.append, [], batch.profiles.facts
        for name, text in texts.items():
            number, previous, completion = places[name]
            rows.append(append(previous, facts_of[name], text))
            places[name] = (number, self._chains.last, completion)
        for name, scope, facts, text in scoped:
            number, previous, completion = places[name]
            rows.append(append(previous, facts, text, scope))
            places[name] = (number, self._chains.last, completion)
        self._chains.write(rows)

    def _write_states(self, batch: Batch) -> None:
        for name, state in batch.profiles.state.items():
            number, head, completion = self._places[name]
            if not state.text:
                self._database.run("drop_state", number)
                continue
            self._database.run("save_state", number, *state)
            if head is not None:
                self._places[name] = number, self._chains.join(head), completion

    def _write_receipts(self, batch: Batch) -> None:
        """Receipts have a table of their own; one whose id the profile has already must not get there."""
        facts_of = batch.profiles.facts
        if CampaignReceipt not in map(type, itertools.chain.from_iterable(facts_of.values())):
            return
        rows = []
        for name, facts in facts_of.items():
            if CampaignReceipt not in map(type, facts):
                continue
            number, latest, _ = self._places[name]
            known: set[str | None] = set()
            if latest is not None:
                known.update(self._chains.ids(latest))
            for fact in facts:
                if type(fact) is CampaignReceipt and fact.id not in known:
                    rows.append((number, fact.campaign, fact.id, fact.instant, fact.channel))
                known.add(fact.id)
        self._database.run_many("add_receipt", rows)

    def _write_standings(self, batch: Batch) -> None:
        places, wake = self._places, batch.profiles.wake
        rows: list[Row] = []
        for name, until in batch.profiles.until.items():
            number, chunk, completion = places[name]
            rows.append((number, until, wake.get(name), chunk, completion))
        others = {entry.profile_id for entry in batch.entries if isinstance(entry, Completion)} - batch.profiles.keys()
        for name in others:
            number, _, completion = places[name]
            if (standing := self._find(name)) is not None:
                rows.append((*standing[:4], completion))
                places[name] = number, standing.facts, completion
        self._standings.write(rows)

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
            standing = self._current(profile_id)
            rows = self._entries.recorded(standing)
        return (from_row(row, tracks) for row in rows)

    def summaries(self, questions: Sequence[Question]) -> list[Summary]:
        with self._database.transaction("BEGIN"):
            return [self._summary(question) for question in questions]

    def passages(self, stages: Stages) -> Passages[str]:
        with self._database.transaction("BEGIN"):
            return sqlite_ledger.passages(self._database, sqlite_ledger.read_tracks(self._database), stages)

    def _summary(self, question: Question) -> Summary:
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
        return kept_answers.answer(self._database, tracks, question, everyone, reached)

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
            standing = self._current(profile_id)
            latest = None if standing is None else standing.completions
            return sqlite_ledger.history_of_profile(self._database, tracks, wanted, latest, until, retracted=retracted)

    def _current(self, name: str) -> Standing | None:
        """Where the identity stands that *name* is now."""
        try:
            row = self._database.one("current_name", name)
        except UnicodeEncodeError:
            return None
        return None if row is None else self._standings.find(row[0])

    # ---- identities

    def aliases(self) -> dict[str, str]:
        with self._database.use():
            return dict(self._database.all("aliases"))

    def _merge(self, old: str, new: str) -> None:
        self._knows_all = False
        numbers = []
        for name in (old, new):
            found = self._find(name)
            if found is None:
                self._last_profile += 1
                found = Standing(self._last_profile)
                self._add_identities([(found.profile, name)], None)
            self._places.pop(name, None)
            self._absent.discard(name)
            numbers.append(found.profile)
            if name == old and found.until is not None:
                self._profiles -= 1
        gone, stays = numbers
        self._database.run("drop_chunks", gone)
        self._database.run("drop_state", gone)
        self._database.run("hand_on_receipts", stays, gone)
        self._database.run("drop_receipts", gone)
        self._database.run("drop_standing", gone)
        self._database.run("set_alias", None, stays)
        self._database.run("follow_aliases", stays, gone)
        self._database.run("set_alias", stays, gone)

    def forget(self, profile_id: str) -> None:
        with self._writing():
            found = self._current(profile_id)
            if found is None:
                return
            self._standings.settle()
            for (each,) in self._database.all("same_person", (found.profile, found.profile)):
                self._profiles -= self._database.one("is_known", each)[0]
                self._database.run("add_erased", self._entries.forget(each))
                for statement in ("drop_chunks", "drop_state", "drop_receipts"):
                    self._database.run(statement, each)
                self._database.run("erase_standing", each)
                self._database.run("erase_profile", each)
            self._database.run("set_totals", None, self._profiles, self._entries.last)
            self._places.clear()
            self._absent.clear()
            self._knows_all = False
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
