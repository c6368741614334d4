"""What tests of the command line share: a small shop to run commands on."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_shop import Shop


@pytest.fixture
def shop(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop whose files have not been read."""
    return Shop(tmp_path, capsys, monkeypatch)


@pytest.fixture
def fed(shop: Shop) -> Shop:
    """A shop whose files are in its store."""
    outcome = shop.run("--advance-to", "2026-03-01T00:00:00Z")
    assert outcome.code == 0, outcome.err
    return shop
