"""What the page on writing a backend shows is the backend of the examples, and its laws are those of the contract."""

from __future__ import annotations

import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

from convgoals.storage.base import Store
from laws_page import laws, table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "examples" / "backend" / "log_store.py").read_text(encoding="utf-8")


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def test_the_subclass_works(tmp_path: Path) -> None:
    """The class of tests on the page is one as it stands."""
    names: dict[str, Any] = {"__name__": "docs_backends"}
    exec(blocks()[0], names)  # noqa: S102  it is our own page
    store: Store = names["TestMyStore"]().open_store(tmp_path)
    assert store.goals() == []
    store.close()


def test_what_is_shown_is_the_example() -> None:
    """Every other piece of code on the page stands in the example, but for its indentation and its empty lines."""
    shown = [re.sub(r"\n{2,}", "\n", block) for block in blocks()[1:]]  # functions are parted by more than methods
    assert len(shown) == 4
    whole = EXAMPLE.replace("\n\n", "\n")
    for block in shown:
        assert block in whole or textwrap.indent(block, "    ") in whole
    assert len(EXAMPLE.splitlines()) < 170


def test_every_law_has_one_test() -> None:
    """The laws on the page are the tests of the contract, each once, in its words: python tests/laws_page.py."""
    assert PAGE.endswith(table())
    assert len(set(laws().values())) == len(laws()) > 50
    assert all(law.endswith(".") for law in laws().values())


def test_every_method_is_asked() -> None:
    """No method of the protocol is without a test of the contract that calls it."""
    room = ROOT / "src" / "convgoals" / "testing"
    source = "".join(path.read_text(encoding="utf-8") for path in room.glob("contract*.py"))
    methods = {name for base in Store.__mro__ for name, member in vars(base).items() if inspect.isfunction(member)}
    for name in methods - {"__init__", "_no_init_or_replace_init", "__subclasshook__", "_proto_hook"}:
        assert f"store.{name}" in source, name
