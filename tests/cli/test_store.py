"""`convgoals store …`: what it is, whether it is whole, and how it is moved, copied and made smaller."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cli_shop import Shop


def damage(shop: Shop, statement: str) -> None:
    connection = sqlite3.connect(shop.path / "shop.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_info(fed: Shop) -> None:
    """It tells the backend, the schema, counts, goals, positions and sizes, for people and for machines."""
    outcome = fed("store", "info", "--store", fed.store)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("sqlite store, schema ")
    for line in (
        "  4 profiles, 0 identities that became others\n", "  9 completions, 0 retractions\n",
        "  4 live goals, 0 archived\n", "  time has reached 2026-03-01T00:00:00+00:00\n",
    ):  # fmt: skip
        assert line in outcome.out
    found = json.loads(fed("store", "info", "--store", fed.store, "--format", "json").out)
    assert (found["kind"], found["profiles"], found["completions"], found["retractions"]) == ("sqlite", 4, 9, 0)
    assert [goal["name"] for goal in found["goals"]][:2] == ["Signup", "Purchase"]
    assert found["goals"][0] == {"name": "Signup", "version": 1, "archived": False}
    assert found["bytes"]["in use"] > 0
    assert len(found["positions"]) == 2


def test_check_of_a_whole_store(fed: Shop) -> None:
    """A store that is whole is said to be, in a sample and in all of it."""
    for options, how in ((("--all",), "all"), ((), "a sample"), (("--sample", "2", "--seed", "5"), "a sample")):
        outcome = fed("store", "check", "--store", fed.store, *options)
        number = 2 if "2" in options else 4
        assert (outcome.code, outcome.out) == (0, f"Replayed {number} profiles ({how}): the store is whole.\n")
    found = json.loads(fed("store", "check", "--store", fed.store, "--all", "--format", "json").out)
    assert found == {"whole": True, "profiles": 4, "complete": True, "found": 0, "findings": []}


def test_check_of_a_damaged_store(fed: Shop) -> None:
    """What is wrong is told with its code and profile, and the exit code says that something is."""
    damage(fed, "UPDATE completion SET achieved = achieved + 1 WHERE seq = 1")
    outcome = fed("store", "check", "--store", fed.store)
    assert outcome.code == 1
    assert "missing: ann: the ledger lacks that it completed 'Signup' on 2026-01-01 10:00:00+00:00\n" in outcome.out
    assert "unfounded: ann: the ledger says" in outcome.out
    assert outcome.out.endswith("Replayed 4 profiles (a sample): 2 things wrong.\n")
    outcome = fed("store", "check", "--store", fed.store, "--format", "json")
    found = json.loads(outcome.out)
    assert (outcome.code, found["whole"], found["found"]) == (1, False, 2)
    assert {each["code"] for each in found["findings"]} == {"missing", "unfounded"}
    assert found["findings"][0]["profile_id"] == "ann"


def test_check_with_many_findings(fed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many findings some are told, and the rest is counted."""
    monkeypatch.setattr("convgoals.cli.store_care.SHOWN", 2)
    damage(fed, "UPDATE completion SET achieved = achieved + 1")
    outcome = fed("store", "check", "--store", fed.store)
    assert len(outcome.out.splitlines()) == 4
    assert "… and " in outcome.out


def test_there_and_back(fed: Shop) -> None:
    """An export fills another store, which exports the same and reports the same."""
    assert fed("store", "export", "--store", fed.store, "shop.ndjson").out.endswith("lines to shop.ndjson.\n")
    text = fed.read("shop.ndjson")
    lines = text.count("\n")
    other = f"sqlite:///{fed.path / 'other.db'}"
    outcome = fed("store", "import", "shop.ndjson", "--store", other)
    assert outcome.out == f"Imported {lines} lines: the store gives back the same.\n"  # a URL may hold a password
    assert fed("store", "export", "--store", other).out == text
    assert fed("store", "export", "--store", other, "-").out == text
    assert fed("report", "--store", other).out == fed("report", "--store", fed.store).out
    assert sorted(path.name for path in fed.path.iterdir() if "ndjson" in path.name) == ["shop.ndjson"]
    again = fed("store", "import", "shop.ndjson", "--store", other)
    assert (again.code, again.out) == (3, "")
    assert "the store is not empty" in again.err


def test_through_a_pipe(fed: Shop) -> None:
    """An export can be piped into an import, without a file in between."""
    program = [sys.executable, "-m", "convgoals", "store"]
    bringing = [*program, "import", "-", "--store", f"sqlite:///{fed.path}/two.db"]
    with subprocess.Popen([*program, "export", "--store", fed.store], stdout=subprocess.PIPE) as export:
        bring = subprocess.run(bringing, stdin=export.stdout, capture_output=True, check=False)
    assert export.returncode == 0
    assert (bring.returncode, bring.stderr) == (0, b"")
    assert fed("store", "export", "--store", f"sqlite:///{fed.path}/two.db").out == (
        fed("store", "export", "--store", fed.store).out
    )


def test_a_damaged_export(fed: Shop) -> None:
    """A file that is damaged, broken off or none is told with its line, and nothing of it is imported."""
    fed("store", "export", "--store", fed.store, "shop.ndjson")
    text, other = fed.read("shop.ndjson"), f"sqlite:///{fed.path / 'other.db'}"
    for wrong, told in (
        (text[:2_000], "breaks off"), (text.replace("ann", "anm", 1), "digest"), ("name,email\n", "no export"),
        (text.replace('"format":1', '"format":9'), "newer version"),
    ):  # fmt: skip
        fed.write("wrong.ndjson", wrong)
        outcome = fed("store", "import", "wrong.ndjson", "--store", other)
        assert outcome.code == 2
        assert "line " in outcome.err
        assert told in outcome.err
    assert json.loads(fed("store", "info", "--store", other, "--format", "json").out)["profiles"] == 0


@pytest.mark.parametrize("name", ["missing.ndjson", ".", "a\0b"])
def test_files_that_are_none(fed: Shop, name: str) -> None:
    """What cannot be read or written is named."""
    assert fed("store", "import", name, "--store", f"sqlite:///{fed.path}/x.db").code == 2
    if name != "missing.ndjson":
        outcome = fed("store", "export", "--store", fed.store, name)
        assert (outcome.code, outcome.out) == (2, "")
    outcome = fed("store", "export", "--store", fed.store, "missing/shop.ndjson")
    assert (outcome.code, "missing/shop.ndjson" in outcome.err) == (2, True)


def test_backup(fed: Shop) -> None:
    """A copy is a store of its own; it is never made over anything."""
    outcome = fed("store", "backup", "--store", fed.store, "copy.db")
    assert outcome.out == f"Copied to copy.db: {(fed.path / 'copy.db').stat().st_size:,} bytes.\n"
    copy = f"sqlite:///{fed.path / 'copy.db'}"
    assert fed("report", "--store", copy).out == fed("report", "--store", fed.store).out
    again = fed("store", "backup", "--store", fed.store, "copy.db")
    assert (again.code, "there already" in again.err) == (3, True)
    if os.name == "posix":
        assert (fed.path / "copy.db").stat().st_mode & 0o777 == (fed.path / "shop.db").stat().st_mode & 0o777


def test_backup_of_another_kind(fed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that convgoals cannot copy is told what can."""
    monkeypatch.delattr("convgoals.storage.sqlite.SQLiteStore.backup")
    outcome = fed("store", "backup", "--store", fed.store, "copy.db")
    assert (outcome.code, "pg_dump" in outcome.err) == (3, True)


def test_vacuum(fed: Shop) -> None:
    """It drops what can no longer matter, gives back space, and says how much; reports stay as they are."""
    before = fed("report", "--store", fed.store).out
    outcome = fed("store", "vacuum", "--store", fed.store)
    assert outcome.code == 0
    assert re.fullmatch(r"0 facts dropped, [\d,]+ bytes given back.\n", outcome.out)
    assert fed("store", "vacuum", "--store", fed.store).out == "0 facts dropped, 0 bytes given back.\n"
    outcome = fed("store", "vacuum", "--store", fed.store, "--before", "2026-02-01")
    assert re.fullmatch(r"[1-9] facts dropped, [\d,]+ bytes given back.\n", outcome.out)
    assert fed("store", "vacuum", "--store", fed.store, "--lateness", "1 day").out.startswith("3 facts dropped")
    assert fed("report", "--store", fed.store).out == before
    assert fed("store", "check", "--store", fed.store, "--all").code == 0
    for wrong in (("--before", "2027-01-01"), ("--before", "soon"), ("--lateness", "much")):
        outcome = fed("store", "vacuum", "--store", fed.store, *wrong)
        assert (outcome.code, outcome.out) == (2, "")


@pytest.mark.parametrize("action", ["info", "check", "export", "vacuum"])
def test_stores_that_are_none(shop: Shop, action: str) -> None:
    """A store that was never made, or is in memory, is not made by looking after it."""
    for store in (shop.store, "memory://", "sqlite://"):
        outcome = shop("store", action, "--store", store)
        assert (outcome.code, outcome.out) == (3, "")
    assert not (shop.path / "shop.db").exists()
    assert shop("store", "import", "x", "--store", "memory://").code == 3


def test_no_action(shop: Shop) -> None:
    """Without an action, or with one that there is not, it says what there is."""
    assert shop("store").code == 2
    outcome = shop("store", "chek", "--store", shop.store)
    assert (outcome.code, "check" in outcome.err) == (2, True)
    assert "--traceback" in shop("store", "check", "--help").out


def test_stdout_that_is_closed(fed: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is nobody to write to, an export goes nowhere, without an error."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert fed("store", "export", "--store", fed.store).code == 0
    assert Path(fed.path / "shop.db").exists()
