"""The store in PostgreSQL keeps the laws of every store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from convgoals.storage.base import Store
from convgoals.storage.open import open_store
from convgoals.testing.contract import StoreContract

if TYPE_CHECKING:
    from postgres_server import Server


class TestPostgreSQL(StoreContract):
    """The store in PostgreSQL keeps the laws."""

    server: ClassVar[Server]

    @pytest.fixture(autouse=True)
    def _find_server(self, postgres: Server) -> None:
        TestPostgreSQL.server = postgres

    def open_store(self, folder: Path) -> Store:
        return open_store(self.server.store_url(folder))
