"""The store in PostgreSQL, through psycopg 3 and its pool: for several workers at once.

One transaction is one batch. Workers whose batches share no profile write at the same time; where two meet on a
profile, the second waits for the first. Readers wait for nobody, and nobody for them.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import itemgetter

from convgoals.errors import StoreError
from convgoals.instants import to_datetime
from convgoals.records import CampaignReceipt, Completion, Retraction
from convgoals.storage import kept_answers, postgres_batch, postgres_care, postgres_ledger
from convgoals.storage.base import Batch, Damage, Held, SavedGoal, SavedState, StoredProfile, StoreInfo
from convgoals.storage.chunks import assemble
from convgoals.storage.codec import decode_value
from convgoals.storage.halves import naming
from convgoals.storage.ledger_rows import ROWS
from convgoals.storage.likeness import Likeness, from_chunks
from convgoals.storage.passages import Passages, Stages
from convgoals.storage.postgres_block import Block, opened
from convgoals.storage.postgres_database import Database
from convgoals.storage.postgres_errors import decoded
from convgoals.storage.postgres_kept import Asked
from convgoals.storage.postgres_ledger import Ledger, Moment, read_tracks
from convgoals.storage.postgres_schema import Place
from convgoals.storage.postgres_text import from_text, optional_from_text, to_text, writable
from convgoals.storage.recount import recount
from convgoals.storage.saved_goals import goal_from_text, goal_to_text
from convgoals.storage.summary import Question, Summary

_first = itemgetter(0)


class PostgresStore:
    """A store in one schema of a PostgreSQL database; see `Store` for each method's law.

    Args:
        url: ``postgresql://user@host:5432/database``, or anything else that PostgreSQL's clients connect with.
        schema: where in the database everything is kept; made if there is none.
        busy_timeout: how many seconds to wait for another writer, or for a free connection, before a `StoreBusyError`.
        pool_size: how many connections to hold at the most: one for each thread that uses the store at the same time.

    Several threads may use one store. After a fork, a child must open its own.

    Raises:
        StoreError: the server cannot be reached, or the schema is not a store's of this or an older version.
        StoreBusyError: another process held it for too long.
    """

    def __init__(self, url: str, *, schema: str = "convgoals", busy_timeout: float = 5.0, pool_size: int = 4) -> None:
        self._database = Database(Place(url, schema), busy_timeout, pool_size)
        self._ledger = Ledger(self._database)
        self._threads = threading.local()
        self._own = 0  # how often this store has raised the generation itself
        self._counting = threading.Lock()

    @property
    def _block(self) -> Block | None:
        """What this thread is writing."""
        return getattr(self._threads, "block", None)

    @contextmanager
    def writing(self, profile_ids: Iterable[str] | None = None) -> Iterator[Held]:
        with self._writing(None if profile_ids is None else set(profile_ids)) as block:
            yield HeldByBlock(block)

    @contextmanager
    def _writing(self, names: set[str] | None) -> Iterator[Block]:
        block = self._block
        if block is not None:  # it is a part of that one
            with self._database.translated():
                if names is None:
                    block.widen()
                else:
                    block.hold(sorted(writable(names)))
            yield block
            return
        with opened(self._database, None if names is None else sorted(writable(names))) as block:
            self._threads.block = block
            try:
                yield block
            finally:
                self._threads.block = None
        if block.has_bumped:
            with self._counting:
                self._own += 1

    @contextmanager
    def _changing(self, names: set[str] | None) -> Iterator[Block]:
        """A block in which this thread changes something that is of these profiles, or of none."""
        with self._writing(names) as block, self._database.translated(), block.attempt():
            yield block

    def generation(self) -> int:
        block = self._block
        generation = self._database.one("generation")[0] if block is None else block.generation
        with self._counting:
            return int(generation) - self._own

    def close(self) -> None:
        self._database.close()

    # ---- profiles and facts

    def load(
        self, profile_ids: Iterable[str], *, after: int | None = None, until: int | None = None, resume: bool = False
    ) -> dict[str, StoredProfile]:
        texts = writable(dict.fromkeys(profile_ids))
        asked = {"names": texts, "after": after, "until": until, "resume": resume}
        rows = self._database.all("load", asked) if texts else ()
        found: dict[str, StoredProfile] = {}
        for text, together in itertools.groupby(rows, key=_first):
            name = from_text(text)
            chunks = list(together)
            _, brought, wake, revision, at, saved, _, _ = chunks[0]
            state = None if at is None else SavedState(at, saved)
            start = after if after is not None else at if resume else None
            texts_of = [(optional_from_text(row[6]), row[7]) for row in chunks if row[7] is not None]
            facts, scoped = decoded(assemble, name, texts_of, start, until)
            found[name] = StoredProfile(facts, brought, wake, state, scoped, revision)
        return found

    def dropped_receipts(self, profile_ids: Iterable[str]) -> dict[str, tuple[CampaignReceipt, ...]]:
        found: dict[str, list[CampaignReceipt]] = {}
        texts = writable(dict.fromkeys(profile_ids))
        for name, instant, campaign, channel, fact_id in self._database.all("dropped_receipts", (texts,)):
            receipt = CampaignReceipt(
                from_text(campaign), from_text(name), to_datetime(instant), optional_from_text(channel),
                from_text(fact_id),
            )  # fmt: skip
            found.setdefault(receipt.profile_id, []).append(receipt)
        return {name: tuple(receipts) for name, receipts in found.items()}

    def profile_ids(self) -> Iterator[str]:
        def pages() -> Iterator[str]:
            rows = first
            while True:
                yield from (from_text(text) for (text,) in rows)
                if len(rows) < ROWS:
                    return
                rows = self._database.all("profile_names", (rows[-1][0], ROWS))

        first = self._database.all("profile_names", ("", ROWS))
        return pages()

    def profiles_at(self, instant: int, profile_ids: Iterable[str]) -> Iterator[Likeness]:
        self._database.one("generation")  # a closed store says so at once
        return self._profiles_at(instant, iter(profile_ids))

    def _profiles_at(self, instant: int, waiting: Iterator[str]) -> Iterator[Likeness]:
        while names := list(itertools.islice(waiting, ROWS)):
            rows = self._database.all("chunks_of_names", (writable(names),))
            for text, together in itertools.groupby(rows, key=_first):
                chunks = [(optional_from_text(scope), facts) for _, scope, facts in together if facts is not None]
                yield decoded(from_chunks, from_text(text), chunks, instant)

    def due(self, instant: int) -> list[str]:
        return [from_text(text) for (text,) in self._database.all("due", (instant,))]

    def profile_count(self) -> int:
        return int(self._database.one("profile_count")[0])

    def reached(self) -> int | None:
        block = self._block
        reached: int | None = self._database.one("reached")[0] if block is None else block.reached
        return reached

    def recipients(self, campaign: str) -> Iterable[tuple[str, int]]:
        return tuple(
            (from_text(name), instant)
            for text in writable([campaign])
            for name, instant in self._database.all("recipients", (text,))
        )

    def receipts(self) -> Iterator[tuple[str, int, str, str | None]]:
        def pages() -> Iterator[tuple[str, int, str, str | None]]:
            rows = first
            while True:
                for campaign, _, _, name, instant, channel in rows:
                    yield from_text(name), instant, from_text(campaign), optional_from_text(channel)
                if len(rows) < ROWS:
                    return
                rows = self._database.all("receipts", (*rows[-1][:3], ROWS))

        first = self._database.all("receipts", ("", 0, "", ROWS))
        return pages()

    # ---- writing

    def commit(self, batch: Batch) -> None:
        chunks = postgres_batch.chunks_of(batch)
        names = postgres_batch.profiles_of(batch)
        with naming(batch), self._changing(None if batch.goals or batch.merged else names) as block:
            block.hold(sorted(map(to_text, names)))
            postgres_batch.Writing(block, batch, chunks).write()

    def forget(self, profile_id: str) -> None:
        (text,) = writable([profile_id]) or ("",)
        with self._writing(None) as block, self._database.translated():
            rows = block.session.all("same_person", (text,))
            if rows:
                with block.attempt():
                    postgres_batch.erase(block, rows)

    def rename(self, old: str, new: str) -> None:
        with self._writing(None) as block, self._database.translated():
            saved = {each.goal.name: each for each in self.goals()}
            tracks = read_tracks(block.session.all("tracks")).values()
            if old not in saved or new in saved or any(goal == new for goal, _ in tracks):
                raise StoreError(f"goal {old!r} cannot become {new!r}", code="rename")
            definition = goal_to_text(saved[old].goal.renamed(new))
            with block.attempt():
                block.session.run("rename_goal", to_text(new), definition, to_text(old))
                block.session.run("rename_tracks", to_text(new), to_text(old))
                block.bump()

    # ---- the ledger

    def entries(self) -> Iterator[Completion | Retraction]:
        return self._ledger.entries(self._moment())

    def history(
        self, goal: str | None = None, profile_id: str | None = None, as_of: datetime | None = None,
        include_retracted: bool = False,
    ) -> Iterator[Completion]:  # fmt: skip
        moment = self._moment() if profile_id is None else None
        return self._ledger.history(goal, None, profile_id, as_of, moment, retracted=include_retracted)

    def completions(
        self, goal: str | None = None, *, version: int | None = None, profile_id: str | None = None
    ) -> Iterator[Completion]:
        moment = self._moment() if profile_id is None else None
        return self._ledger.history(goal, version, profile_id, None, moment, retracted=False)

    def recorded(self, profile_id: str) -> Iterator[Completion]:
        return self._ledger.recorded(profile_id, self._moment())

    def summaries(self, questions: Sequence[Question]) -> list[Summary]:
        with self._database.translated(), self._database.snapshot() as session:
            tracks = read_tracks(session.all("tracks"))
            (everyone,), (reached,) = session.one("profile_count"), session.one("reached")
            answers = []
            days: kept_answers.Days = {}
            for question in questions:
                of_goal = {number: version for number, (goal, version) in tracks.items() if goal == question.goal}
                if question.version is not None and (
                    len(of_goal) > 1 or question.version not in of_goal.values()
                ):  # whose first completion under one version it is depends on that version alone
                    completions = self.completions(question.goal, version=question.version)
                    answers.append(recount(completions, question, everyone, reached))
                else:
                    answers.append(kept_answers.answer(Asked(session), of_goal, question, everyone, reached, days))
            return answers

    def passages(self, stages: Stages) -> Passages[str]:
        with self._database.translated(), self._database.snapshot() as session:
            return postgres_ledger.passages(session, stages)

    def _moment(self) -> Moment:
        snapshot, settled = self._database.one("now")
        block = self._block
        return Moment(snapshot, settled) if block is None else Moment(snapshot, settled, block.xid, block.last)

    # ---- identities, goals and sources

    def aliases(self) -> dict[str, str]:
        return {from_text(old): from_text(new) for old, new in self._database.all("aliases")}

    def goals(self) -> list[SavedGoal]:
        return [decoded(_saved_goal, *row) for row in self._database.all("goals")]

    def positions(self) -> dict[str, int | str]:
        rows = self._database.all("positions")
        return {from_text(source): decoded(decode_value, at) for source, at in rows}

    # ---- care

    def info(self) -> StoreInfo:
        return postgres_care.info(self._database)

    def damage(self) -> Iterator[Damage]:
        self._database.one("generation")  # a closed store says so at once
        return postgres_care.damage(self._database)

    def compact(self) -> None:
        self._database.vacuum()


def _saved_goal(version: int, archived: bool, scopes: str, definition: str) -> SavedGoal:
    return SavedGoal(goal_from_text(definition), version, archived, tuple(json.loads(scopes)))


class HeldByBlock:
    """What a block of writing says of the profiles that it holds; see `Held`."""

    def __init__(self, block: Block) -> None:
        self._block = block

    @property
    def next(self) -> int:
        return self._block.number

    def revisions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        block = self._block
        if not block.is_whole:
            held = block.profiles
            return {name: held[name].revision for name in profile_ids if name in held and held[name].until is not None}
        rows = block.session.all("revisions", (writable(profile_ids),))
        return {from_text(text): revision for text, revision in rows}
