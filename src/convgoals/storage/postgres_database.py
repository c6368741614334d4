"""The connections of a PostgreSQL store: a pool, a block of writing for each thread, and errors of the tree."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from time import monotonic
from typing import Any, TypeAlias

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from convgoals.errors import StoreError
from convgoals.storage.postgres_errors import RAISED, store_error
from convgoals.storage.postgres_schema import Connection, Place, prepare, queries, settle_in

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


_PATIENCE = 0.25
"""Seconds after which a connection that is waited for is asked for again."""


class Session:
    """One connection, and the named statements on it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._sql = queries()

    def all(self, name: str, values: Values = ()) -> list[Any]:
        """The rows of the statement *name*."""
        return self.send(name, values).fetchall()

    def one(self, name: str, *values: Any) -> Any:
        """The first row of the statement *name*, or ``None``."""
        return self.send(name, values).fetchone()

    def run(self, name: str, *values: Any) -> int:
        """Run the statement *name*; returns how many rows it changed."""
        return self.send(name, values).rowcount

    def send(self, name: str, values: Values = ()) -> psycopg.Cursor[tuple[Any, ...]]:
        """Run the statement *name*; within `pipeline`, its result is waited for only when it is looked at."""
        return self.connection.execute(self._sql[name].encode(), values)

    def put_together(self, text: str, values: Values) -> list[Any]:
        """The rows of a statement that was put together, out of anything but values."""
        return self.connection.execute(text.encode(), values).fetchall()

    def text(self, name: str) -> str:
        """The statement *name*."""
        return self._sql[name]

    def control(self, statement: str) -> None:
        """``BEGIN``, ``COMMIT``, ``ROLLBACK``."""
        self.connection.execute(statement.encode())

    def pipeline(self) -> AbstractContextManager[object]:
        """A block whose statements are sent without waiting for one another's results."""
        return self.connection.pipeline()

    @property
    def is_broken(self) -> bool:
        return bool(self.connection.closed)


class Database:
    """The store's database.

    Args and errors are those of `convgoals.storage.postgres.PostgresStore`.

    Attributes:
        name: how errors name it.
    """

    def __init__(self, place: Place, busy_timeout: float, pool_size: int) -> None:
        self.name = place.name
        self.busy_timeout = busy_timeout
        self._place = place
        prepare(place)

        def configure(connection: Connection) -> None:
            settle_in(connection, place.schema, busy_timeout)
            connection.adapters.register_dumper(int, Int8BinaryDumper)  # one type for all whole numbers: one plan

        self._pool: ConnectionPool[Connection] = ConnectionPool(
            connection_class=psycopg.Connection[tuple[Any, ...]],
            kwargs={**place.parameters, "autocommit": True, "application_name": "convgoals"},
            configure=configure,
            min_size=1,
            max_size=pool_size,
            reconnect_timeout=0,  # who wants a connection tries again, so that no time is lost once the server is back
            open=False,
            name="convgoals",
        )
        with self.translated():
            self._pool.open(wait=True, timeout=max(busy_timeout, 10.0))
        self._blocks = threading.local()

    # ---- reading

    def all(self, name: str, values: Values = ()) -> list[Any]:
        """The rows of the statement *name*: within a block of this thread as that sees it, else as it is now."""
        with self.translated():
            session = self.current
            if session is not None:
                return session.all(name, values)
            with self.session() as session:
                try:
                    return session.all(name, values)
                except psycopg.OperationalError:
                    if not session.is_broken:
                        raise
            self.notice_broken()
            with self.session() as session:
                return session.all(name, values)

    def one(self, name: str, *values: Any) -> Any:
        """The first row of the statement *name*, or ``None``."""
        rows = self.all(name, values)
        return rows[0] if rows else None

    @contextmanager
    def translated(self) -> Iterator[None]:
        """A block out of which errors of the driver come as those of the tree."""
        try:
            yield
        except RAISED as error:
            raise store_error(error, self.name) from error

    # ---- connections

    @property
    def current(self) -> Session | None:
        """The connection of this thread's block of writing."""
        return getattr(self._blocks, "session", None)

    @contextmanager
    def as_current(self, session: Session) -> Iterator[None]:
        """A block in which this thread reads and writes through *session*."""
        self._blocks.session = session
        try:
            yield
        finally:
            self._blocks.session = None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A connection of the pool for this thread alone."""
        connection = self._connection()
        try:
            yield Session(connection)
        except BaseException:
            _undo(connection)
            raise
        finally:
            self._pool.putconn(connection)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A connection on which everything is as it was at one moment, for reading; within a block, the block's."""
        current = self.current
        if current is not None:
            yield current
            return
        for last in (False, True):
            with self.session() as session:
                try:
                    session.control(session.text("snapshot"))
                except psycopg.OperationalError:
                    if last or not session.is_broken:
                        raise
                else:
                    yield session
                    session.control("COMMIT")
                    return
            self.notice_broken()

    def _connection(self) -> Connection:
        deadline = monotonic() + self.busy_timeout
        while True:
            try:
                return self._pool.getconn(_PATIENCE)
            except PoolClosed as error:
                raise StoreError("this store is closed", code="store-closed", hint="open a new engine") from error
            except PoolTimeout:
                if monotonic() > deadline:
                    self._place.connect().close()  # if none can be made, this says why
                    raise

    def notice_broken(self) -> None:
        """Make new connections in the place of those that a restart of the server, say, has cut."""
        with suppress(psycopg.Error):
            self._pool.check()

    def vacuum(self) -> None:
        """Make the space of what was erased usable again, and bring the planner's numbers up to date."""
        with self.translated(), self.session() as session:
            tables = ", ".join(f'"{name}"' for name, _ in session.all("sizes"))
            session.control(f"VACUUM (ANALYZE) {tables}")

    def close(self) -> None:
        self._pool.close()


def _undo(connection: Connection) -> None:
    """End the transaction that is going on, if any, without a trace."""
    status = connection.info.transaction_status
    if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        with suppress(psycopg.Error):
            connection.rollback()
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        connection.close()  # then the server does so
