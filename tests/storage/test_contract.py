"""Every backend keeps the laws of the store."""

from __future__ import annotations

from pathlib import Path

from convgoals.storage.base import Store
from convgoals.storage.open import open_store
from convgoals.testing.contract import StoreContract


class TestMemory(StoreContract):
    """The store in memory keeps the laws."""

    durable = False
    shared = False

    def open_store(self, folder: Path) -> Store:
        return open_store("memory://")


class TestSQLiteFile(StoreContract):
    """The store in an SQLite file keeps the laws."""

    def open_store(self, folder: Path) -> Store:
        return open_store(f"sqlite:///{folder}/goals.db")


class TestSQLiteInMemory(StoreContract):
    """The store in an SQLite database in memory keeps the laws."""

    durable = False
    shared = False

    def open_store(self, folder: Path) -> Store:
        return open_store("sqlite://")
