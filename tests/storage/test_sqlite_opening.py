"""What an SQLite store is opened on: a new file, its own, or anything else."""

from __future__ import annotations

import re
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from convgoals import Goal, GoalEngine
from convgoals.errors import StoreBusyError, StoreError
from convgoals.storage import sqlite
from convgoals.storage.base import Batch
from convgoals.storage.memory import MemoryStore
from convgoals.storage.open import open_store
from convgoals.storage.sqlite import SQLiteStore
from convgoals.storage.sqlite_database import queries
from convgoals.storage.sqlite_schema import APPLICATION_ID, migrations


def pragma(path: Path, name: str) -> object:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]
    finally:
        connection.close()


def schema(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [(kind, name, re.sub(r"\s+", " ", text)) for kind, name, text in rows]


def test_marks() -> None:
    """The mark of our files reads as a word, and each migration sets its own number."""
    assert APPLICATION_ID.to_bytes(4, "big") == b"Conv"
    for number, script in enumerate(migrations(), start=1):
        assert script.rstrip().endswith(f"PRAGMA user_version = {number};")


def test_new_file(tmp_path: Path) -> None:
    """A new file is marked as ours, carries the number of its schema, and writes a log ahead."""
    path = tmp_path / "goals.db"
    SQLiteStore(path).close()
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "user_version") == len(migrations())
    assert pragma(path, "journal_mode") == "wal"
    assert pragma(path, "integrity_check") == "ok"


def test_schema_is_all_migrations(tmp_path: Path) -> None:
    """The schema of a new store is what the migrations make, one after the other."""
    SQLiteStore(tmp_path / "new.db").close()
    opened, migrated = sqlite3.connect(tmp_path / "new.db"), sqlite3.connect(tmp_path / "migrated.db")
    try:
        for script in migrations():
            migrated.executescript(script)
        assert schema(opened) == schema(migrated) != []
    finally:
        opened.close()
        migrated.close()


@pytest.mark.parametrize("version", range(len(migrations())))
def test_older_schema(tmp_path: Path, version: int) -> None:
    """A store of any older schema is brought to the newest when it is opened."""
    older = sqlite3.connect(tmp_path / "old.db")
    for script in migrations()[:version]:
        older.executescript(script)
    older.close()
    SQLiteStore(tmp_path / "old.db").close()
    assert pragma(tmp_path / "old.db", "user_version") == len(migrations())


def test_failed_migration_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrations that fail in the middle leave the file as it was."""
    broken = (migrations()[0], "CREATE TABLE more (a);\nCREATE TABLE profile (a);\nPRAGMA user_version = 2;\n")
    monkeypatch.setattr("convgoals.storage.sqlite_schema.migrations", lambda: broken)
    with pytest.raises(StoreError, match="already exists"):
        SQLiteStore(tmp_path / "goals.db")
    assert pragma(tmp_path / "goals.db", "user_version") == 0
    monkeypatch.undo()
    SQLiteStore(tmp_path / "goals.db").close()


def test_newer_schema(tmp_path: Path) -> None:
    """A store of a newer schema than this version knows is refused, and not touched."""
    path = tmp_path / "goals.db"
    SQLiteStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="999") as caught:
        SQLiteStore(path)
    assert caught.value.code == "store-newer"
    assert "upgrade" in caught.value.hint
    assert path.read_bytes() == before


def test_another_application(tmp_path: Path) -> None:
    """A database of something else is refused, and not touched."""
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE orders (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        SQLiteStore(path)
    assert caught.value.code == "store-foreign"
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"name,email\n" * 200, b"\0" * 5_000, b"SQLite format 3\0" + b"\xff" * 5_000])
def test_not_a_database(tmp_path: Path, content: bytes) -> None:
    """A file that is no database is refused, and not touched."""
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught:
        SQLiteStore(path)
    assert caught.value.code == "store-corrupt"
    assert caught.value.hint
    assert path.read_bytes() == content


def test_damaged(tmp_path: Path) -> None:
    """A damaged database is a `StoreError` when it is opened or read, and nothing worse."""
    path = tmp_path / "goals.db"
    SQLiteStore(path).close()
    content = path.read_bytes()
    path.write_bytes(content[:4_096] + b"\xa5" * (len(content) - 4_096))
    with pytest.raises(StoreError) as caught, closing(SQLiteStore(path)) as store:
        store.load(["p"])
    assert caught.value.code == "store-corrupt"


def test_places_that_cannot_be(tmp_path: Path) -> None:
    """A folder, a path below a file, a missing folder and a path with NUL are refused with a hint."""
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file" / "goals.db", tmp_path / "missing" / "goals.db", "a\0b"):
        with pytest.raises(StoreError) as caught:
            SQLiteStore(path)
        assert caught.value.code == "store-open"
        assert caught.value.hint


def test_opened_by_many_at_once(tmp_path: Path) -> None:
    """Several may make one new store at the same time; all of them get it."""
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: SQLiteStore(tmp_path / "goals.db", busy_timeout=60), range(8)))
    for number, store in enumerate(stores):
        store.commit(Batch(positions={str(number): number}))
    assert stores[0].positions() == {str(number): number for number in range(8)}
    for store in stores:
        store.close()


def test_names_that_sqlite_reads_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path is taken as it stands, also where SQLite would read an address or parameters."""
    monkeypatch.chdir(tmp_path)
    for name in ("file:x?mode=memory", "100%.db", "ü b.db"):
        open_store(f"sqlite:///{name}").close()
        assert (tmp_path / name).is_file()
    open_store("sqlite:///:memory:").close()
    assert not (tmp_path / ":memory:").exists()


def test_every_statement_is_used() -> None:
    """Every named statement is one, and is used."""
    folder = Path(str(sqlite.__file__)).parent
    parts = [*folder.glob("sqlite*.py"), folder / "kept_answers.py"]
    source = "".join(path.read_text(encoding="utf-8") for path in parts)
    for name, statement in queries().items():
        assert sqlite3.complete_statement(statement + ";")
        assert f'"{name}"' in source, name


# ---- URLs


def test_urls(tmp_path: Path) -> None:
    """Each form of URL opens the store that it names."""
    for url, kind in (
        ("memory://", MemoryStore), ("MEMORY://", MemoryStore), ("sqlite://", SQLiteStore),
        (f"sqlite:///{tmp_path}/goals.db", SQLiteStore),
    ):  # fmt: skip
        store = open_store(url)
        assert type(store) is kind
        store.close()
    assert (tmp_path / "goals.db").is_file()


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("goals.db", "sqlite:///goals.db"), ("", "memory://"), ("sqlite:/goals.db", "sqlite:///goals.db"),
        ("sqlite://goals.db", "sqlite:///goals.db"), ("sqlite:///", "sqlite:///goals.db"),
        ("memory://x", "memory://"), ("sqlite3:///goals.db", "sqlite"), ("mysql://localhost/goals", "memory://"),
        ("postgresqll://localhost/goals", "postgresql"),
    ],
)  # fmt: skip
def test_other_urls(url: str, hint: str) -> None:
    """What names no store is refused with what would."""
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert caught.value.code == "store-url"
    assert hint in caught.value.hint


def test_a_new_file_that_another_is_making(tmp_path: Path) -> None:
    """Whoever opens a file that another process is just making waits for it, up to the time allowed."""
    path = tmp_path / "goals.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusyError):
            SQLiteStore(path, busy_timeout=0.05)
        timer = threading.Timer(0.2, other.execute, ("COMMIT",))
        timer.start()
        with closing(SQLiteStore(path)) as store:
            assert store.profile_count() == 0
        timer.join()


@pytest.mark.parametrize("goals", [0, 1])
def test_many_open_a_new_file(tmp_path: Path, goals: int) -> None:
    """Of many that open a new file at the same time, each gets its turn."""
    for number in range(8):
        url = f"sqlite:///{tmp_path}/{number}.db"
        with ThreadPoolExecutor(6) as threads:
            opening = [threads.submit(GoalEngine, [Goal("g", "event a")] * goals, store=url) for _ in range(6)]
            for each in opening:
                each.result().close()
