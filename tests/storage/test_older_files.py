"""A file of every schema that there was is opened, brought to the newest, and says what it said."""

from __future__ import annotations

import gzip
import io
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from convgoals import Event, GoalEngine
from convgoals.care.check import check_store
from convgoals.care.exporting import export_store
from convgoals.care.importing import import_store
from convgoals.storage.memory import MemoryStore
from convgoals.storage.sqlite import SQLiteStore
from convgoals.storage.sqlite_schema import migrations

FOLDER = Path(__file__).parent / "older"
FILES = sorted(path.name.removesuffix(".db.gz") for path in FOLDER.glob("*.db.gz"))


@pytest.fixture
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the file whose name is the test's parameter."""
    path = tmp_path / "goals.db"
    path.write_bytes(gzip.decompress((FOLDER / f"{request.param}.db.gz").read_bytes()))
    return path


def test_every_schema_has_a_file() -> None:
    """There is a file of each schema up to the newest: python tests/storage/older/make.py writes one."""
    assert [f"{number:04}" for number in range(1, len(migrations()) + 1)] == FILES


def schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [(name, re.sub(r"--.*|\s+", " ", text).replace(" ", "")) for name, text in rows]


@pytest.mark.parametrize(("path", "name"), [(name, name) for name in FILES], indirect=["path"])
def test_the_file_is_of_its_schema(path: Path, name: str) -> None:
    """The file has the schema whose number it has; if not, `python tests/storage/older/make.py` has to be run again."""
    with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(":memory:")) as made:
        for script in migrations()[: int(name)]:
            made.executescript(script)
        assert old.execute("PRAGMA user_version").fetchone() == (int(name),)
        assert schema(old) == schema(made)


@pytest.mark.parametrize(("path", "name"), [(name, name) for name in FILES], indirect=["path"])
def test_the_file_says_what_it_said(path: Path, name: str) -> None:
    """Opened today it is whole, exports what it exported then, and goes on."""
    with closing(SQLiteStore(path)) as store:
        assert store.info().schema == len(migrations())
        assert b"".join(export_store(store)) == gzip.decompress((FOLDER / f"{name}.ndjson.gz").read_bytes())
        assert check_store(store, sample=None).findings == ()
    with GoalEngine(store=SQLiteStore(path)) as engine:
        assert engine.checkpoint() == {"orders/3": 39}
        assert [goal.name for goal in engine.goals()] == ["Order", "Quiet", "After spring"]
        before = engine.report("Order").completions
        engine.process([Event("order", "ann", "2026-02-01T00:00:00Z", {"total": 99}, "new")])
        assert engine.report("Order").completions == before + 1


@pytest.mark.parametrize("name", FILES)
def test_the_export_is_read(name: str) -> None:
    """The export that was written then fills a store of today."""
    data = gzip.decompress((FOLDER / f"{name}.ndjson.gz").read_bytes())
    with closing(MemoryStore()) as store:
        import_store(io.BytesIO(data), store)
        assert b"".join(export_store(store)) == data
