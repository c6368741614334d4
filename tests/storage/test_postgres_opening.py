"""What a PostgreSQL store is opened on: a new schema, its own, or anything else; and how its errors read."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from convgoals import GoalEngine
from convgoals.errors import MissingExtraError, StoreError
from convgoals.storage import postgres
from convgoals.storage.base import Batch
from convgoals.storage.open import open_store
from convgoals.storage.postgres import PostgresStore
from convgoals.storage.postgres_schema import migrations, queries
from convgoals.storage.postgres_text import from_text, to_text, writable
from convgoals.testing.store_samples import everything
from postgres_server import described, in_schema
from storage.stories import PROFILES, batch

if TYPE_CHECKING:
    from postgres_server import Server


@pytest.fixture
def schema(postgres: Server, tmp_path: Path) -> str:
    return postgres.schema(tmp_path)


# ---- schemas


def test_new_schema(postgres: Server, schema: str) -> None:
    """A new schema is made, and carries the number of its form."""
    PostgresStore(postgres.url, schema=schema).close()
    assert in_schema(postgres, schema, "SELECT schema, generation, settled FROM whole") == [(len(migrations()), 0, 0)]


def test_schema_is_all_migrations(postgres: Server, schema: str) -> None:
    """The schema of a new store is what the migrations make, one after the other."""
    other = postgres.schema("migrated by hand")
    PostgresStore(postgres.url, schema=schema).close()
    in_schema(postgres, other, *migrations())
    assert described(postgres, schema) == described(postgres, other) != []


@pytest.mark.parametrize("version", range(len(migrations())))
def test_older_schema(postgres: Server, schema: str, version: int) -> None:
    """A store of any older form is brought to the newest when it is opened."""
    in_schema(postgres, schema, "SELECT 1", *migrations()[:version])
    PostgresStore(postgres.url, schema=schema).close()
    assert in_schema(postgres, schema, "SELECT schema FROM whole") == [(len(migrations()),)]


def test_failed_migration_changes_nothing(postgres: Server, schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations that fail in the middle leave nothing behind."""
    broken = (migrations()[0], "CREATE TABLE more (a integer); CREATE TABLE profile (a integer);")
    monkeypatch.setattr("convgoals.storage.postgres_schema.migrations", lambda: broken)
    with pytest.raises(StoreError, match="already exists"):
        PostgresStore(postgres.url, schema=schema)
    assert in_schema(postgres, schema, "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()") == [(0,)]
    monkeypatch.undo()
    PostgresStore(postgres.url, schema=schema).close()


def test_newer_schema(postgres: Server, schema: str) -> None:
    """A store of a newer form than this version knows is refused, and not touched."""
    PostgresStore(postgres.url, schema=schema).close()
    in_schema(postgres, schema, "UPDATE whole SET schema = 999")
    before = described(postgres, schema)
    with pytest.raises(StoreError, match="999") as caught:
        PostgresStore(postgres.url, schema=schema)
    assert caught.value.code == "store-newer"
    assert "upgrade" in caught.value.hint
    assert described(postgres, schema) == before
    assert in_schema(postgres, schema, "SELECT schema FROM whole") == [(999,)]


@pytest.mark.parametrize("table", ["orders (id integer)", "whole (schema integer)"])
def test_another_application(postgres: Server, schema: str, table: str) -> None:
    """A schema with the tables of something else is refused, and not touched."""
    in_schema(postgres, schema, f"CREATE TABLE {table}")
    before = described(postgres, schema)
    with pytest.raises(StoreError) as caught:
        PostgresStore(postgres.url, schema=schema)
    assert caught.value.code == "store-foreign"
    assert caught.value.hint
    assert described(postgres, schema) == before


def test_another_encoding(postgres: Server) -> None:
    """A database that cannot hold every text is refused."""
    with postgres.connect() as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        try:
            with pytest.raises(StoreError, match="LATIN1") as caught:
                PostgresStore(f"{postgres.url}{'&' if '?' in postgres.url else '?'}dbname=latin")
            assert caught.value.code == "store-foreign"
        finally:
            connection.execute("DROP DATABASE latin WITH (FORCE)")


def test_opened_by_many_at_once(postgres: Server, schema: str) -> None:
    """Several may make one new store at the same time; all of them get it."""
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: PostgresStore(postgres.url, schema=schema, busy_timeout=60), range(6)))
    for number, store in enumerate(stores):
        store.commit(Batch(positions={str(number): number}))
    assert stores[0].positions() == {str(number): number for number in range(6)}
    for store in stores:
        store.close()


@pytest.mark.parametrize("name", ['odd "name"; DROP TABLE x', "Großes 100%", "x" * 63])
def test_names_of_schemas(postgres: Server, name: str) -> None:
    """A schema's name is taken as it stands; two stores in one database know nothing of each other."""
    names = [f"{postgres.schema(name)[:20]} {name}"[:63], postgres.schema((name, 2))]
    stores = [PostgresStore(postgres.url, schema=each) for each in names]
    try:
        stores[0].commit(batch(0))
        stores[0].compact()
        assert stores[1].profile_count() == 0
        assert stores[0].profile_count() == 3
    finally:
        for store in stores:
            store.close()
        with postgres.connect() as connection:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(names[0])))


def test_table_that_is_gone(postgres: Server, schema: str) -> None:
    """A store whose table another program has removed says so."""
    store = PostgresStore(postgres.url, schema=schema)
    in_schema(postgres, schema, "DROP TABLE chunk")
    with pytest.raises(StoreError) as caught:
        store.load(["p"])
    store.close()
    assert caught.value.code == "store-corrupt"
    assert caught.value.hint


def test_every_statement_is_used() -> None:
    """Every named statement is used."""
    folder = Path(str(postgres.__file__)).parent
    parts = [*folder.glob("postgres*.py"), folder / "kept_answers.py"]
    source = "".join(path.read_text(encoding="utf-8") for path in parts)
    for name in queries():
        assert f'"{name}"' in source, name


# ---- roles


@pytest.fixture
def role(postgres: Server) -> Iterator[str]:
    """A role that may log in, and nothing else."""
    with postgres.connect() as connection:
        connection.execute("DROP ROLE IF EXISTS convgoals_guest")
        connection.execute("CREATE ROLE convgoals_guest LOGIN PASSWORD 'secret'")
        yield f"{postgres.url}{'&' if '?' in postgres.url else '?'}user=convgoals_guest&password=secret"
        connection.execute("DROP OWNED BY convgoals_guest")
        connection.execute("DROP ROLE convgoals_guest")


def test_role_that_may_not(postgres: Server, schema: str, role: str) -> None:
    """A role that may not make the schema, or not use it, is told so."""
    with pytest.raises(StoreError) as caught:
        PostgresStore(role, schema=schema)
    assert caught.value.code == "store-readonly"
    PostgresStore(postgres.url, schema=schema).close()
    with pytest.raises(StoreError) as caught:
        PostgresStore(role, schema=schema)
    assert caught.value.code == "store-readonly"
    assert caught.value.hint


def test_role_that_may(postgres: Server, schema: str, role: str) -> None:
    """A role that owns the schema needs nothing else."""
    with postgres.connect() as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION convgoals_guest").format(sql.Identifier(schema)))
    store = PostgresStore(role, schema=schema)
    store.commit(batch(0))
    store.forget("p0")
    store.compact()
    assert store.info().completions == 1
    assert list(store.damage()) == []
    store.close()


# ---- places and passwords

PASSWORD = "pa55:w0rd"  # noqa: S105  it is what must not be seen


def told(error: BaseException) -> str:
    """All that a traceback of *error* shows."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(getattr(error, "hint", ""))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (f"postgresql://me:{PASSWORD}@localhost:1/goals", "store-open"),
        (f"postgresql://me:{PASSWORD}@host.invalid/goals", "store-open"),
        (f"postgres://me:{PASSWORD}@localhost:port/goals", "store-open"),
        (f"postgresql://me@localhost:1/goals?password={PASSWORD}&sslmode=strange", "store-open"),
        (f"postgresql://me:{PASSWORD}@localhost:1/goals?nonsense=1", "store-url"),
        (f"postgresql://me:{PASSWORD}%@localhost:1/goals", "store-url"),
        (f"postgresql:/me:{PASSWORD}@localhost/goals", "store-url"),
        (f"postgresqll://me:{PASSWORD}@localhost/goals", "store-url"),
    ],
)
def test_places_that_cannot_be(url: str, code: str) -> None:
    """What cannot be reached, or read, is refused with a hint, and no message or traceback shows the password."""
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert caught.value.code == code
    assert caught.value.hint
    shown = told(caught.value).replace(repr(url), "").replace(url, "")  # but for the line of this test
    assert PASSWORD not in shown


def test_message_names_the_place(postgres: Server, schema: str) -> None:
    """A message names server, database and schema."""
    with pytest.raises(StoreError) as caught:
        PostgresStore(f"postgresql://me:{PASSWORD}@localhost:1/shop", schema=schema)
    assert f"PostgreSQL localhost/shop, schema {schema}" in str(caught.value)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the message says what to install."""
    for name in [name for name in sys.modules if name.startswith("convgoals.storage.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError) as caught:
        GoalEngine(store="postgresql://localhost/goals")
    assert caught.value.hint == "pip install 'convgoals[postgres]'"


def test_another_import_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that fails for another reason is not taken for the missing extra."""
    monkeypatch.setitem(sys.modules, "convgoals.storage.postgres", None)
    with pytest.raises(ImportError) as caught:
        open_store("postgresql://localhost/goals")
    assert not isinstance(caught.value, MissingExtraError)
    monkeypatch.undo()
    assert importlib.import_module("convgoals.storage.postgres") is postgres


def test_url_with_a_schema(postgres: Server, schema: str) -> None:
    """``?schema=`` in a URL names the schema; it may be percent-encoded."""
    store = open_store(postgres.store_url(schema).replace("_", "%5F"))
    store.commit(batch(0))
    store.close()
    again = PostgresStore(postgres.url, schema=postgres.schema(schema))
    assert again.positions() == {"stream": 0}
    again.close()


def test_default_schema(postgres: Server) -> None:
    """Unless it is named, the schema is called convgoals."""
    try:
        open_store(postgres.url).close()
        assert in_schema(postgres, "convgoals", "SELECT count(*) FROM whole") == [(1,)]
    finally:
        with postgres.connect() as connection:
            connection.execute("DROP SCHEMA convgoals CASCADE")


# ---- names

NAMES = st.text(st.characters(codec="utf-8", categories=None), max_size=6) | st.text("\0\1\2a", max_size=6)


@given(st.lists(NAMES, max_size=6))
def test_names_have_one_form(names: list[str]) -> None:
    """Every name has one form without U+0000, gives itself back, and stands among the others as it did."""
    forms = [to_text(name) for name in names]
    assert "\0" not in "".join(forms)
    assert [from_text(form) for form in forms] == names
    assert [from_text(form) for form in sorted(forms)] == sorted(names)
    assert writable([*names, "\ud800"]) == forms


def test_names_in_the_database(postgres: Server, schema: str) -> None:
    """Names with control characters are ordered by the database as Python orders them."""
    names = ["", "\0", "\0\0", "\1", "\0\1", "\1\0", "\2", "a", "a\0", "a\1", "a\2", "\uffff", "\U0001d52d"]
    with (
        PostgresStore(postgres.url, schema=schema)
        if False
        else closing(PostgresStore(postgres.url, schema=schema)) as store
    ):
        store.commit(Batch(positions={name: name for name in names}))
        assert store.positions() == {name: name for name in names}
    forms = in_schema(postgres, schema, "SELECT source FROM position ORDER BY source")
    assert [from_text(form) for (form,) in forms] == sorted(names)


def test_server_side_settings(postgres: Server, schema: str) -> None:
    """What the URL asks of the server holds, such as to commit without waiting for the disk."""
    url = f"{postgres.url}{'&' if '?' in postgres.url else '?'}options=-c%20synchronous_commit%3Doff"
    with closing(PostgresStore(url, schema=schema)) as store:
        store.commit(batch(0))
        with store._database.session() as session:
            assert session.connection.execute("SHOW synchronous_commit").fetchone() == ("off",)
            assert session.connection.execute("SHOW lock_timeout").fetchone() == ("5s",)
        assert everything(store, *PROFILES)
