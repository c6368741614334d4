"""Each number of completions that reports are made of is held to a recount, in SQLite and in PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from convgoals.instants import DAY, to_datetime
from convgoals.records import Retraction
from convgoals.storage.base import Store
from convgoals.storage.sqlite import SQLiteStore
from convgoals.testing.store_samples import completion, recorded

if TYPE_CHECKING:
    from postgres_server import Server

_NUMBERS = (
    "tally.completions", "tally.firsts", "tally.quarter", "channel_tally.completions", "channel_tally.firsts",
    "repeat_tally.completions", "repeat_tally.day", "channel_repeat_tally.completions", "channel_repeat_tally.day",
    "wait_tally.completions", "completion.before",
)  # fmt: skip
"""Columns of both schemas."""


def change(column: str) -> str:
    """A statement that changes one number of a column, in whatever row that counts."""
    table, _, name = column.partition(".")
    counts = "before IS NULL OR before > 0" if table == "completion" else "completions > 0"
    row = f"SELECT min({name}) FROM {table} WHERE {counts}"  # noqa: S608
    return f"UPDATE {table} SET {name} = coalesce({name}, 0) - 1000 WHERE coalesce({name}, 0) = coalesce(({row}), 0)"  # noqa: S608


def fill(store: Store) -> None:
    """Completions before and after the epoch, simultaneous ones, late ones, a retracted one."""
    done = [
        completion("p", at, trigger_id=str(number), channel="w\1b" if number % 2 else None, since_anchor=timedelta(1))
        for number, at in enumerate((-7 * DAY, -6 * DAY - 1, 0, 0, 3 * DAY, 1, 4 * DAY, 4 * DAY))
    ]
    store.commit(recorded(*done[:3], completion("q", 5), completion("p", 5, goal="h")))
    store.commit(recorded(*done[3:], Retraction(done[2], to_datetime(9))))


@pytest.mark.parametrize("column", _NUMBERS)
def test_in_sqlite(tmp_path: Path, column: str) -> None:
    """What something else has changed is told, and before it nothing."""
    with closing(SQLiteStore(tmp_path / "goals.db")) as store:
        fill(store)
        assert list(store.damage()) == []
        assert store._database._connection.execute(change(column)).rowcount
        assert {each.code for each in store.damage()} == {"count"}


def test_in_postgres(postgres: Server, tmp_path: Path) -> None:
    """What something else has changed is told, and nothing once it is as it was."""
    from psycopg import sql  # noqa: PLC0415  an extra

    from convgoals.storage.postgres import PostgresStore  # noqa: PLC0415

    schema = postgres.schema(tmp_path)
    with closing(PostgresStore(postgres.url, schema=schema)) as store:
        fill(store)
        assert list(store.damage()) == []
        for column in _NUMBERS:
            table = column.partition(".")[0]
            with postgres.connect() as connection:
                connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
                connection.execute(f"CREATE TABLE kept AS SELECT * FROM {table}")  # noqa: S608
                assert connection.execute(change(column)).rowcount
            assert {each.code for each in store.damage()} == {"count"}, column
            with postgres.connect() as connection:
                connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
                connection.execute(f"DELETE FROM {table}")  # noqa: S608
                connection.execute(f"INSERT INTO {table} SELECT * FROM kept")  # noqa: S608
                connection.execute("DROP TABLE kept")
        assert list(store.damage()) == []
