"""What the page on storage shows, works."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convgoals import GoalEngine

if TYPE_CHECKING:
    from postgres_server import Server

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "storage.md"
CODE = re.compile(r'code="(store[\w-]*|fact-value|fact-text|fact-id|retraction)"|\(\s*"(store-[\w-]+)",')


SERVER = "postgresql://app@db.example/shop"


def examples() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def test_examples(tmp_path: Path) -> None:
    """The examples run, one after the other, as they stand."""
    names: dict[str, Any] = {"folder": tmp_path, "__name__": "docs_storage"}
    blocks = [block for block in examples() if SERVER not in block]
    assert len(blocks) == 3
    for block in blocks:
        exec(block, names)  # noqa: S102  it is our own page
    assert (tmp_path / "moved.db").is_file()


def test_example_with_a_server(tmp_path: Path, postgres: Server) -> None:
    """The example with PostgreSQL runs first, with the address of another server, and then against what it has left."""
    (block,) = [block for block in examples() if SERVER in block]
    here = block.replace(SERVER, postgres.url).replace('"goals"', repr(postgres.schema(tmp_path)))
    names: dict[str, Any] = {"folder": tmp_path, "__name__": "docs_storage"}
    exec(f"{examples()[0]}\n{here}", names)  # noqa: S102  it is our own page
    with GoalEngine(store=postgres.store_url(tmp_path)) as engine:
        assert [completion.value for completion in engine.history()] == [80]
        assert engine.checkpoint() == {"orders": 1}


def test_codes() -> None:
    """Every code that the room of storage raises is on the page, and no other."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/convgoals/storage").glob("*.py"))
    raised = {first or second for first, second in CODE.findall(source)} | {"store", "store-busy"}
    section = PAGE.read_text(encoding="utf-8").split("## What can go wrong")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {code for row in rows for code in re.findall(r"`([\w-]+)`", row)} == raised


def test_care_codes() -> None:
    """Every code that a check or an import gives is in the part on care."""
    folder = ROOT / "src/convgoals"
    source = "".join(path.read_text(encoding="utf-8") for path in (folder / "care").glob("*.py"))
    source += (folder / "storage/sqlite_care.py").read_text(encoding="utf-8")
    noted = (
        r'note\(\s*"([a-z-]+)"|Damage\("([a-z-]+)"|yield \(?\s*"([a-z-]+)"|code="(export-[a-z]+)"|: \("([a-z-]+)", "'
    )
    found = {code for codes in re.findall(noted, source) for code in codes if code}
    assert len(found) > 12
    care = PAGE.read_text(encoding="utf-8").split("## Care")[1].split("\n## ")[0]
    for code in found:
        assert f"`{code}`" in care, code
