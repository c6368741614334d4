"""From a store's URL to the store: ``memory://``, ``sqlite:///goals.db``, ``sqlite://``, ``postgresql://…``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote

from convgoals.errors import MissingExtraError, StoreError
from convgoals.storage.base import Store
from convgoals.storage.memory import MemoryStore
from convgoals.suggest import did_you_mean

_FORMS = (
    '"memory://", "sqlite:///goals.db" (a file), "sqlite:////var/goals.db" (an absolute path), "sqlite://" (in memory)'
    ', "postgresql://user@host/database"'
)


DEFAULT_SCHEMA: Final = "convgoals"
"""Where in a PostgreSQL database a store is, unless its URL says otherwise."""


def open_store(url: str) -> Store:
    """The store that *url* names.

    Args:
        url: ``"memory://"``; ``"sqlite:///path"``, where the path is relative, or absolute with a fourth slash, and
            taken as it stands (nothing in it is escaped); ``"sqlite://"``, a database in memory; or
            ``"postgresql://user@host/database"`` with whatever parameters PostgreSQL's clients take, and with
            ``?schema=name`` for another schema in the database than ``convgoals``.

    Raises:
        StoreError: there is no such kind of store (code ``store-url``), or it cannot be opened.
        MissingExtraError: it is in PostgreSQL, and the extra ``postgres`` is not installed.
    """
    scheme, separator, rest = url.partition("://") if isinstance(url, str) else ("", "", "")
    scheme = scheme.lower()
    if not separator:
        raise StoreError(f"store={without_password(url)!r:.200} is no store's URL", code="store-url", hint=_FORMS)
    if scheme == "memory" and not rest:
        return MemoryStore()
    if scheme == "sqlite" and (not rest or (rest[0] == "/" and len(rest) > 1)):
        from convgoals.storage.sqlite import SQLiteStore  # noqa: PLC0415  who stays in memory does not pay for it

        return SQLiteStore(rest[1:] or None)
    if scheme in ("postgresql", "postgres"):
        return _open_postgres(url)
    if scheme in ("memory", "sqlite"):
        hint = f'"sqlite:///{rest.strip("/") or "goals.db"}"' if scheme == "sqlite" else '"memory://"'
        raise StoreError(
            f"{without_password(url)!r:.200} is not how a {scheme} store is named", code="store-url", hint=hint
        )
    raise StoreError(
        f"there is no kind of store {scheme!r:.200}",
        code="store-url",
        hint=did_you_mean(scheme, ("memory", "sqlite", "postgresql")) or _FORMS,
    )


def exists_in_postgres(url: str) -> bool:
    """Whether there is a store where *url*, of PostgreSQL, says; nothing is made. Raises as `open_store` does."""
    with _needing_psycopg():
        from convgoals.storage.postgres_schema import Place, is_there  # noqa: PLC0415  as above
    return is_there(Place(*_split_schema(url)))


def _open_postgres(url: str) -> Store:
    with _needing_psycopg():
        from convgoals.storage.postgres import PostgresStore  # noqa: PLC0415  as above
    plain, schema = _split_schema(url)
    return PostgresStore(plain, schema=schema)


@contextmanager
def _needing_psycopg() -> Iterator[None]:
    """A block of imports that say what to install, if it is psycopg that is missing."""
    try:
        yield
    except ImportError as error:
        if (error.name or "").split(".")[0] not in ("psycopg", "psycopg_pool", "psycopg_binary"):
            raise
        raise MissingExtraError("a store in PostgreSQL", "postgres") from error


def _split_schema(url: str) -> tuple[str, str]:
    """The URL that PostgreSQL's clients take, and the schema that *url* names."""
    address, _, query = url.partition("?")
    parameters = [each for each in query.split("&") if each]
    schemas = [unquote(each.removeprefix("schema=")) for each in parameters if each.startswith("schema=")]
    rest = [each for each in parameters if not each.startswith("schema=")]
    return f"{address}?{'&'.join(rest)}" if rest else address, schemas[-1] if schemas else DEFAULT_SCHEMA


def without_password(url: str) -> str:
    """*url* for people to read: as it is, but for a password in it."""
    if not isinstance(url, str):
        return url
    shown = re.sub(r"(://[^:/?#@]*):.*@" if "://" in url else r"():.*@", r"\1:…@", url, flags=re.DOTALL)
    return re.sub(r"([?&]password=)[^&]*", r"\1…", shown)
