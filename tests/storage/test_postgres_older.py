"""A dump of every schema that there was is restored, brought to the newest, and says what it said."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from convgoals import Event, GoalEngine
from convgoals.care.check import check_store
from convgoals.care.exporting import export_store
from convgoals.storage.postgres import PostgresStore
from convgoals.storage.postgres_schema import migrations
from postgres_server import described, in_schema

if TYPE_CHECKING:
    from postgres_server import Server

FOLDER = Path(__file__).parent / "older"
DUMPS = sorted(path.name.removesuffix(".sql.gz") for path in FOLDER.glob("*.sql.gz"))


@pytest.fixture
def schema(request: pytest.FixtureRequest, postgres: Server, tmp_path: Path) -> str:
    """A schema into which the dump whose name is the test's parameter was restored."""
    schema = postgres.schema(tmp_path)
    script = gzip.decompress((FOLDER / f"{request.param}.sql.gz").read_bytes())
    with postgres.connect() as connection:
        connection.execute(script.replace(b"older_convgoals", schema.encode()))
    return schema


def test_every_schema_has_a_dump() -> None:
    """There is a dump of each schema up to the newest: python tests/storage/older/make.py writes one."""
    assert [f"{number:04}" for number in range(1, len(migrations()) + 1)] == DUMPS


@pytest.mark.parametrize(("schema", "name"), [(name, name) for name in DUMPS], indirect=["schema"])
def test_the_dump_is_of_its_schema(postgres: Server, schema: str, name: str) -> None:
    """The dump has the schema whose number it has; if not, `python tests/storage/older/make.py` has to be run again."""
    made = postgres.schema((schema, "made"))
    in_schema(postgres, made, *migrations()[: int(name)])
    assert in_schema(postgres, schema, "SELECT schema FROM whole") == [(int(name),)]
    assert described(postgres, schema) == described(postgres, made)


@pytest.mark.parametrize(("schema", "name"), [(name, name) for name in DUMPS], indirect=["schema"])
def test_the_dump_says_what_it_said(postgres: Server, schema: str, name: str) -> None:
    """Opened today, on another server, it is whole, exports what it exported then, and goes on."""
    with closing(PostgresStore(postgres.url, schema=schema)) as store:
        assert store.info().schema == len(migrations())
        assert b"".join(export_store(store)) == gzip.decompress((FOLDER / f"{name}.ndjson.gz").read_bytes())
        assert check_store(store, sample=None).findings == ()
    with GoalEngine(store=PostgresStore(postgres.url, schema=schema)) as engine:
        assert engine.checkpoint() == {"orders/3": 39}
        assert [goal.name for goal in engine.goals()] == ["Order", "Quiet", "After spring"]
        before = engine.report("Order").completions
        engine.process([Event("order", "ann", "2026-02-01T00:00:00Z", {"total": 99}, "new")])
        assert engine.report("Order").completions == before + 1
