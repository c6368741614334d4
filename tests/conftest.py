"""What all rooms of tests share: how Hypothesis searches, and a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from postgres_server import Server

# A slow machine is no failure. In CI the same examples are tried each time, so that a red run is the change's.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=20)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A real server; skips where psycopg is not installed, or no server can be had."""
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    from postgres_server import running_server  # noqa: PLC0415  it needs the extra

    with running_server() as server:
        yield server
