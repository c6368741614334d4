"""Opening a PostgreSQL store: where it is, whose it is, and its schema brought to the newest.

``sql/postgres/0001_….sql`` and on are the migrations, each applied once, all that are missing in one transaction.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from convgoals.errors import StoreError
from convgoals.storage.postgres_errors import RAISED, not_opened, store_error
from convgoals.storage.scripts import named_statements, numbered_scripts

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

_CONNECT_TIMEOUT = 10
"""Seconds, unless the URL says otherwise."""


@functools.cache
def migrations() -> tuple[str, ...]:
    """The migrations in their order."""
    return numbered_scripts("postgres")


@functools.cache
def queries() -> Mapping[str, str]:
    """The statements of ``sql/postgres/queries.sql`` by name."""
    return named_statements("postgres", "queries.sql")


class Place:
    """Where a store is: a server, a database in it, and a schema in that.

    Args:
        url: ``postgresql://…`` or anything else that PostgreSQL's own clients connect with.
        schema: the schema's name.

    Attributes:
        name: how errors name it, without a password.

    Raises:
        StoreError: *url* is not such a text (code ``store-url``).
    """

    def __init__(self, url: str, schema: str) -> None:
        try:
            self.parameters: dict[str, Any] = {"connect_timeout": _CONNECT_TIMEOUT, **conninfo_to_dict(url)}
        except psycopg.ProgrammingError:
            # The driver's own words may repeat the text with the password in it.
            raise StoreError(
                "the URL of the PostgreSQL store cannot be read",
                code="store-url",
                hint='"postgresql://user@host:5432/database"; what is special in a password is percent-encoded',
            ) from None
        self.schema = schema
        known = self.parameters
        host = known.get("host") or known.get("hostaddr") or known.get("service") or "the local server"
        database = known.get("dbname") or known.get("user") or "the default database"
        self.name = f"PostgreSQL {host}/{database}, schema {schema}"

    def connect(self) -> Connection:
        """A connection of its own. Raises `StoreError`."""
        try:
            return psycopg.connect(**self.parameters, autocommit=True, application_name="convgoals")
        except (psycopg.Error, UnicodeError, ValueError) as error:
            raise not_opened(error, self.name) from error


def prepare(place: Place) -> None:
    """Bring the schema at *place* to the newest, making it if there is none.

    Raises:
        StoreError: the server cannot be reached, or the schema is not ours, or of a newer convgoals.
    """
    with place.connect() as connection:
        try:
            _prepare(connection, place)
        except RAISED as error:
            raise store_error(error, place.name) from error


def is_there(place: Place) -> bool:
    """Whether there is a store at *place*. Raises as `prepare` does."""
    with place.connect() as connection:
        try:
            return _version(connection, place) is not None
        except RAISED as error:
            raise store_error(error, place.name) from error


def _prepare(connection: Connection, place: Place) -> None:
    encoding = _one(connection, "encoding")[0]
    if encoding != "UTF8":
        raise StoreError(
            f"{place.name}: the database's encoding is {encoding}, which cannot hold every text",
            code="store-foreign",
            hint="CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )
    if _is_newest(connection, place):
        return
    with connection.transaction():
        _one(connection, "opening_lock", place.schema)
        if _is_newest(connection, place):  # asked again: another process may have been first
            return
        version = _version(connection, place)
        if version is None:
            if not _one(connection, "schema_exists", place.schema)[0]:
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(place.schema)))
            version = 0
        _enter(connection, place.schema)
        for number, script in enumerate(migrations()[version:], start=version + 1):
            connection.execute(script.encode())
            connection.execute(queries()["set_schema_version"].encode(), (number,))
        connection.execute(queries()["hold_everything"].encode())
        connection.execute(queries()["settle"].encode())


def _is_newest(connection: Connection, place: Place) -> bool:
    version = _version(connection, place)
    if version != len(migrations()):
        return False
    _enter(connection, place.schema)
    return bool(_one(connection, "schema_version")[1])


def _version(connection: Connection, place: Place) -> int | None:
    """How many migrations have been applied; ``None`` where there is no schema, or nothing in it."""
    is_ours, is_usable = _one(connection, "is_ours", place.schema)
    if not is_ours:
        if _one(connection, "schema_relations", place.schema)[0]:
            raise StoreError(
                f"{place.name}: there are tables in this schema that are not those of convgoals",
                code="store-foreign",
                hint="name a schema that does not exist yet; it is created",
            )
        return None
    if not is_usable:
        raise StoreError(
            f"{place.name}: this role may not use the schema",
            code="store-readonly",
            hint="connect as its owner",
        )
    _enter(connection, place.schema)
    version: int = _one(connection, "schema_version")[0]
    if version <= len(migrations()):
        return version
    raise StoreError(
        f"{place.name} has the form {version}, but this version of convgoals knows only up to {len(migrations())}",
        code="store-newer",
        hint="it was written by a newer version: pip install --upgrade convgoals",
    )


def _enter(connection: Connection, schema: str) -> None:
    connection.execute("SELECT set_config('search_path', quote_ident(%s), false)", (schema,))


def _one(connection: Connection, name: str, *values: Any) -> tuple[Any, ...]:
    row = connection.execute(queries()[name].encode(), values).fetchone()
    if row is None:
        raise StoreError("a table of the store is empty", code="store-corrupt", hint="restore it from a backup")
    return row


def settle_in(connection: Connection, schema: str, busy_timeout: float) -> None:
    """Make ready a connection of the pool: the schema, and how long it waits for others."""
    _enter(connection, schema)
    wait = max(1, int(busy_timeout * 1_000))
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{wait}ms",))
