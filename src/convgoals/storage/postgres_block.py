"""A block of writing: one transaction, the profiles that it holds, and the numbers of what it makes.

Locks are always taken in one order, so that two blocks never wait for each other: the store (shared by those who change
some profiles only, alone for who changes everything), known profiles by name, new profiles by name, and last what
belongs to no profile. A new profile that another block has made meanwhile is known then, and its turn is over: such a
block lets go of everything and begins again.

What a batch makes is numbered from the batch's number on, which it gets when it holds its profiles. So of two batches
on one profile, the later has the larger numbers; of two on different profiles, either may.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic, sleep
from typing import Any

import attrs
import psycopg

from convgoals.errors import StoreError
from convgoals.storage.postgres_database import Database, Session
from convgoals.storage.postgres_errors import RAISED, unknown_outcome
from convgoals.storage.postgres_text import from_text

_SHIFT = 24
"""A batch may make this many bits of things before it needs another number."""


@attrs.define
class HeldProfile:
    """A profile that a block holds: its row's id, and where it stands."""

    id: int
    until: int | None
    revision: int


@attrs.define
class Block:
    """What is going on in one transaction.

    Attributes:
        session: its connection.
        is_whole: whether it holds everything, and not just some profiles.
        profiles: the profiles that it holds, by name, the new ones with no ``until``.
        made: the ids of those that it has made, and no batch has named yet.
        number: the number of its batch.
        xid: the server's name for the transaction.
        generation: what the store's was when it began.
        reached: the instant that has been reached.
        has_written: whether there is anything to commit.
        has_failed: whether a write in it has failed: then nothing of it can be kept.
        has_bumped: whether it has raised the store's generation.
        last: the last number that it gave to anything.
    """

    session: Session
    is_whole: bool
    profiles: dict[str, HeldProfile] = attrs.field(factory=dict)
    made: set[int] = attrs.field(factory=set)
    number: int = 0
    xid: str = "0"
    generation: int = 0
    reached: int | None = None
    has_written: bool = False
    has_failed: bool = False
    has_bumped: bool = False
    last: int = 0

    def take(self, count: int) -> list[int]:
        """The next *count* numbers, each larger than any before."""
        numbers: list[int] = []
        while len(numbers) < count:
            end = ((self.last >> _SHIFT) + 1) << _SHIFT
            if self.last + 1 == end:
                self.last = self.session.one("next_number")[0] << _SHIFT
                continue
            first = self.last + 1
            self.last = min(first + count - len(numbers), end) - 1
            numbers += range(first, self.last + 1)
        return numbers

    def bump(self) -> None:
        """Tell other stores that something has changed that belongs to no one profile."""
        if not self.has_bumped:
            self.has_bumped = True
            self.session.run("bump_generation")

    def hold(self, texts: Sequence[str]) -> None:
        """Hold also the profiles *texts*, given in the form in which their names are written."""
        profiles = self.profiles
        missing = [text for text in texts if from_text(text) not in profiles]
        while missing:
            self._note(self.session.all("lock_profiles", (missing,)))
            with suppress(Overtaken):  # what another has made, it has committed, so it can be held now
                self.introduce(missing)
                return

    def widen(self) -> None:
        """Hold everything; another block that wants to do so, too, makes one of them fail as busy."""
        if not self.is_whole:
            self.session.send("hold_everything")
            self.is_whole = True

    def introduce(self, texts: Sequence[str]) -> None:
        """Make those of *texts* that are no identities yet. Raises `Overtaken`."""
        new = sorted(text for text in texts if from_text(text) not in self.profiles)
        if not new:
            return
        rows = self.session.all("add_profiles", (new,))
        if len(rows) < len(new):
            raise Overtaken
        for text, number in rows:
            self.profiles[from_text(text)] = HeldProfile(number, None, 0)
            self.made.add(number)

    def _note(self, rows: Sequence[Any]) -> None:
        for text, number, until, revision in rows:
            self.profiles[from_text(text)] = HeldProfile(number, until, revision)

    def begin(self, texts: Sequence[str]) -> None:
        """Begin the transaction, and hold the profiles *texts* or, if it is whole, everything."""
        session = self.session
        with session.pipeline():
            session.control("BEGIN")
            session.send("hold_everything" if self.is_whole else "hold_shared")
            session.send("plan_by_index")
            locked = session.send("lock_profiles", (texts,)) if texts else None
            begun = session.send("begun")
        if locked is not None:
            self._note(locked.fetchall())
        self.number, self.xid, self.generation, self.reached = begun.fetchall()[0]
        self.last = self.number << _SHIFT
        self.introduce(texts)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A block that writes; if it fails, nothing more can be written here, and nothing of it is kept."""
        if self.has_failed:
            raise StoreError("something failed in this block of writing already", hint="leave it, and begin another")
        try:
            yield
        except BaseException:
            self.has_failed = True
            raise
        self.has_written = True

    def end(self) -> None:
        """Commit, if anything was written; what nothing was written for leaves no trace."""
        if self.has_failed or not self.has_written:
            self.session.control("ROLLBACK")
            return
        with self.session.pipeline():
            if self.made:
                self.session.send("drop_profiles", (list(self.made),))
            self.session.control("COMMIT")


class Overtaken(Exception):  # noqa: N818  it is no error, and never leaves this room
    """Another block has made a profile that this one took for new."""


@contextmanager
def opened(database: Database, texts: Sequence[str] | None) -> Iterator[Block]:
    """A block that holds the profiles *texts*, or everything; committed when it is left, undone if it raises.

    Raises:
        StoreBusyError: another writer was in the way for longer than allowed.
        StoreError: anything else failed; then nothing is kept. With code ``store-unknown``, that is not known.
    """
    with ExitStack() as stack:
        with database.translated():
            block = _begun(database, texts, stack)
        with database.as_current(block.session):
            yield block
        with database.translated():
            _end(database, block)


def _begun(database: Database, texts: Sequence[str] | None, stack: ExitStack) -> Block:
    """A block that has begun, on a connection that *stack* gives back."""
    retried = False
    while True:
        with ExitStack() as trial:
            session = trial.enter_context(database.session())
            block = Block(session, texts is None)
            try:
                block.begin(texts or ())
            except Overtaken:
                session.control("ROLLBACK")
                continue
            except psycopg.OperationalError:
                if not session.is_broken or retried:
                    raise
                retried = True  # it was cut while it was idle; nothing has been done on it
            else:
                stack.push(trial.pop_all())
                return block
        database.notice_broken()


def _end(database: Database, block: Block) -> None:
    try:
        block.end()
    except psycopg.OperationalError as error:
        if not block.session.is_broken:
            raise
        if not block.has_written:
            return
        outcome = _outcome(database, block.xid)
        if outcome is None:
            raise unknown_outcome(database.name) from error
        if outcome != "committed":
            raise


def _outcome(database: Database, xid: str) -> str | None:
    """What the server says became of a transaction whose connection was lost; ``None`` if it cannot be asked."""
    deadline = monotonic() + max(database.busy_timeout, 1)
    while True:
        database.notice_broken()
        with suppress(StoreError, *RAISED), database.session() as session:
            (outcome,) = session.one("outcome", xid)
            if outcome != "in progress":
                return None if outcome is None else str(outcome)
        if monotonic() > deadline:
            return None
        sleep(0.02)
