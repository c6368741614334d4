"""The table of laws in ``docs/backends.md``, from the tests of `StoreContract`.

Run ``python tests/laws_page.py`` to write it anew after a law was added or put in other words.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from convgoals.testing.contract import StoreContract

PAGE = Path(__file__).parents[1] / "docs" / "backends.md"
HEAD = "| law | test |\n|---|---|\n"


def laws() -> dict[str, str]:
    """The tests of the contract by name, each with the sentence that says its law; by their place in the files."""
    tests = [member for name, member in inspect.getmembers(StoreContract) if name.startswith("test_")]
    tests.sort(key=lambda test: (test.__module__, inspect.unwrap(test).__code__.co_firstlineno))
    return {test.__name__: inspect.getdoc(test) or "" for test in tests}


def table() -> str:
    return (HEAD + "".join(f"| {law} | `{name}` |\n" for name, law in laws().items())).replace("``", "`")


if __name__ == "__main__":
    before = PAGE.read_text(encoding="utf-8").partition(HEAD)[0]
    PAGE.write_text(before + table(), encoding="utf-8")
