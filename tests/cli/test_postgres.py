"""The commands on a store in PostgreSQL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cli_shop import Shop
from convgoals.storage.open import without_password

if TYPE_CHECKING:
    from postgres_server import Server


@pytest.fixture
def there(shop: Shop, postgres: Server) -> Shop:
    """A shop whose store is in PostgreSQL; its files have not been read."""
    shop.store = postgres.store_url(shop.path)
    return shop


def test_commands(there: Shop) -> None:
    """What is fed into PostgreSQL is reported as from any other store."""
    outcome = there.run("--advance-to", "2026-03-01T00:00:00Z")
    assert outcome.code == 0, outcome.err
    asked = [("report", "--goal", "Purchase", "--by", "channel"), ("history",), ("goals",), ("store", "check", "--all")]
    here = [there(*command, "--store", there.store) for command in asked]
    assert [each.code for each in here] == [0] * len(asked), here
    there.store = f"sqlite:///{there.path / 'shop.db'}"
    there.run("--advance-to", "2026-03-01T00:00:00Z")
    assert [each.out for each in here] == [there(*command, "--store", there.store).out for command in asked]


def test_going_on(there: Shop) -> None:
    """A second run goes on where the first has stopped."""
    there.run()
    again = there.run("--format", "json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["completions"] == 0


def test_no_store(there: Shop) -> None:
    """A command that reads makes no store where there is none."""
    for _ in range(2):
        outcome = there("report", "--store", there.store)
        assert outcome.code == 3
        assert "there is no store" in outcome.err


def test_no_server(shop: Shop) -> None:
    """A server that cannot be reached is told, and never the password."""
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    shop.store = "postgresql://me:secret@localhost:1/goals"
    for outcome in (shop.run(), shop("report", "--store", shop.store)):
        assert outcome.code == 3
        assert "cannot be reached" in outcome.err
        assert "secret" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:se:c/r@et@host/db", "postgresql://me:…@host/db"),
        ("postgresql://me@host:5432/db", "postgresql://me@host:5432/db"),
        ("postgresql://host/db?password=secret&schema=x", "postgresql://host/db?password=…&schema=x"),
        ("postgresql:/me:secret@host/db", "postgresql:…@host/db"),
        ("sqlite:///a:b@c.db", "sqlite:///a:b@c.db"),
    ],
)
def test_urls_for_people(url: str, shown: str) -> None:
    """A URL is shown as it is, but for a password in it."""
    assert without_password(url) == shown
