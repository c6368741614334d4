"""Whatever fails below an engine on SQLite: it stands where its store stands, and goes on once the fault is gone."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileUpdate
from convgoals.care.check import check_store
from convgoals.errors import StoreError
from convgoals.storage.sqlite import SQLiteStore

START = datetime(2026, 1, 1, tzinfo=UTC)
GOALS = [
    Goal("Third", "count(event a) >= 3", count="every", value="x"),
    Goal("Quiet", "event a not followed within 2 days by event b"),
    Goal("After spring", 'event a within 3 days of first campaign "spring" received'),
]
LATER = Goal("Later", "event b and profile.plan = 'pro'")


def facts(number: int) -> list[Any]:
    """The facts of one batch, some of them late, and large enough to need pages."""
    at = START + timedelta(hours=5 * number - 30 * (number % 3 == 2))
    name = f"p{number % 4}"
    return [
        Event("ab"[number % 2], name, at, {"x": number, "large": "x" * 3_000}, f"e{number}"),
        ProfileUpdate(name, at, {"plan": "pro" if number % 2 else "free"}, ("vip",), f"u{number}"),
        CampaignReceipt("spring", f"p{number % 5}", at, id=f"r{number}"),
    ]


Step = Callable[[GoalEngine], object]

STEPS: list[Step] = [
    *(lambda engine, n=n: engine.process(facts(n), checkpoint={"s": n}) for n in range(6)),
    lambda engine: engine.advance(START + timedelta(days=3)),
    lambda engine: engine.add(LATER),
    lambda engine: engine.merge("p1", "p0"),
    *(lambda engine, n=n: engine.process(facts(n), checkpoint={"s": n}) for n in range(6, 12)),
    lambda engine: engine.rename("Third", "3rd"),
    lambda engine: engine.archive("Quiet"),
    lambda engine: engine.forget("p3"),
    lambda engine: engine.restore("Quiet"),
    lambda engine: engine.process(facts(12), checkpoint={"s": 12}),
]


# ---- faults, each with the code of the error that it makes


@contextmanager
def locked(store: SQLiteStore) -> Iterator[None]:
    """Another process is in the middle of writing."""
    with closing(sqlite3.connect(store._database.name, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def read_only(store: SQLiteStore) -> Iterator[None]:
    """The database may not be written to."""
    store._database._connection.execute("PRAGMA query_only = ON")
    yield
    store._database._connection.execute("PRAGMA query_only = OFF")


class Failing:
    """A connection on which some statement fails, each time."""

    def __init__(self, connection: sqlite3.Connection, start: str, code: int) -> None:
        self._connection = connection
        self._start = start
        self._code = code

    def _meet(self, statement: str) -> None:
        if statement.startswith(self._start):
            error = sqlite3.OperationalError("made to fail")
            error.sqlite_errorcode = self._code
            raise error

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        self._meet(statement)
        return self._connection.execute(statement, *values)

    def executemany(self, statement: str, rows: Any) -> sqlite3.Cursor:
        self._meet(statement)
        return self._connection.executemany(statement, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


@contextmanager
def failing(store: SQLiteStore, start: str, code: int) -> Iterator[None]:
    connection = store._database._connection
    store._database._connection = Failing(connection, start, code)  # type: ignore[assignment]
    yield
    store._database._connection = connection


FAULTS: dict[str, tuple[str, Callable[[SQLiteStore], AbstractContextManager[None]]]] = {
    "locked": ("store-busy", locked),
    "read-only": ("store-readonly", read_only),
    "commit": ("store-io", lambda store: failing(store, "COMMIT", sqlite3.SQLITE_IOERR)),
    "begin": ("store-io", lambda store: failing(store, "BEGIN IMMEDIATE", sqlite3.SQLITE_IOERR)),
    "full at the commit": ("store-full", lambda store: failing(store, "COMMIT", sqlite3.SQLITE_FULL)),
    "corrupt": ("store-corrupt", lambda store: failing(store, "BEGIN IMMEDIATE", sqlite3.SQLITE_CORRUPT)),
}


def standing(engine: GoalEngine) -> list[object]:
    """All that an engine says."""
    return [
        list(engine.history(include_retracted=True)), list(engine.history()), list(engine.ledger()),
        engine.goals(archived=True), engine.checkpoint(),
    ]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_every_step_may_fail(tmp_path: Path, fault: str) -> None:
    """A step that fails changes nothing, calls nobody, and does all that it should when it is tried again."""
    code, broken = FAULTS[fault]
    told: list[object] = []
    store = SQLiteStore(tmp_path / "goals.db", busy_timeout=0)
    with GoalEngine(GOALS, store=store, on_change=told.extend) as engine, GoalEngine(GOALS) as steady:
        for number, step in enumerate(STEPS):
            before, heard = standing(engine), len(told)
            with broken(store), pytest.raises(StoreError) as caught:
                step(engine)
            assert caught.value.code == code, number
            assert caught.value.hint
            assert standing(engine) == before
            assert len(told) == heard
            assert step(engine) == step(steady)
            assert standing(engine) == standing(steady)
        assert check_store(store, sample=None).findings == ()


@pytest.mark.parametrize("seed", range(3))
def test_a_disk_that_is_full_now_and_then(tmp_path: Path, seed: int) -> None:
    """With room for some pages only, batches that do not fit leave nothing, and what fits goes on being taken."""
    store = SQLiteStore(tmp_path / "goals.db")
    connection = store._database._connection
    refused = 0
    with GoalEngine(GOALS, store=store) as engine, GoalEngine(GOALS) as steady:
        for number in range(24):
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + (number + seed) % 3}")
            batch = [*facts(number), *facts(number + 100)]
            before = standing(engine)
            try:
                changes = engine.process(batch)
            except StoreError as error:
                assert error.code == "store-full"  # noqa: PT017
                refused += 1
                assert standing(engine) == before
                connection.execute("PRAGMA max_page_count = 1000000")
                changes = engine.process(batch)
            assert changes == steady.process(batch)
            assert standing(engine) == standing(steady)
    assert 3 < refused < 24


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and limits of resources")
def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """Where the system itself refuses to let files grow, a batch is refused, and all that was kept is whole."""
    import resource  # noqa: PLC0415  there is none on Windows
    import signal  # noqa: PLC0415

    path = tmp_path / "goals.db"
    child = os.fork()
    if child == 0:
        code = 99
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            store = SQLiteStore(path)
            engine = GoalEngine(GOALS, store=store)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
            number = 0
            try:
                while number < 1_000:
                    engine.process(facts(number), checkpoint={"s": number})
                    number += 1
            except StoreError as error:
                same = engine.checkpoint() == {"s": number - 1}
                code = 0 if same and error.code in ("store-full", "store-io") and number > 10 else 1
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    with GoalEngine(store=SQLiteStore(path)) as engine, GoalEngine(GOALS) as steady:
        last = int(engine.checkpoint()["s"])
        for number in range(last + 1):
            steady.process(facts(number), checkpoint={"s": number})
        assert standing(engine) == standing(steady)
        assert engine.process(facts(last + 1)) == steady.process(facts(last + 1))


@pytest.mark.parametrize("length", [0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off(tmp_path: Path, length: float) -> None:
    """A file that lost its end is told as damaged, when it is opened, read or checked, and is never taken for whole."""
    path = tmp_path / "goals.db"
    with GoalEngine(GOALS, store=SQLiteStore(path)) as engine:
        for number in range(30):
            engine.process(facts(number))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * length)])
    try:
        store = SQLiteStore(path)
    except StoreError as error:
        assert error.code == "store-corrupt"  # noqa: PT017
        return
    with closing(store):
        found = check_store(store, sample=None)
        assert {finding.code for finding in found.findings} & {"file", "unreadable"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("which", ["folder", "file"])
def test_a_file_that_may_not_be_written(tmp_path: Path, which: str) -> None:
    """A file, or its folder, that may not be written to is refused, with what to look at."""
    folder = tmp_path / "store"
    folder.mkdir()
    SQLiteStore(folder / "goals.db").close()
    locked_away = folder if which == "folder" else folder / "goals.db"
    mode = locked_away.stat().st_mode
    locked_away.chmod(0o500 if which == "folder" else 0o400)
    try:
        with pytest.raises(StoreError) as caught, GoalEngine(GOALS, store=SQLiteStore(folder / "goals.db")):
            pass
        assert caught.value.code in ("store-readonly", "store-open")
        assert "permissions" in caught.value.hint or "folder" in caught.value.hint
    finally:
        locked_away.chmod(mode)
