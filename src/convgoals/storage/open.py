"""From a store's URL to the store: ``memory://``, ``sqlite:///goals.db``, ``sqlite://``, ``postgresql://…``."""

from __future__ import annotations

import re
from urllib.parse import unquote

from convgoals.errors import MissingExtraError, StoreError
from convgoals.storage.base import Store
from convgoals.storage.memory import MemoryStore
from convgoals.suggest import did_you_mean

_FORMS = (
    '"memory://", "sqlite:///goals.db" (a file), "sqlite:////var/goals.db" (an absolute path), "sqlite://" (in memory)'
    ', "postgresql://user@host/database"'
)


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
        raise StoreError(f"store={_without_password(url)!r:.200} is no store's URL", code="store-url", hint=_FORMS)
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
            f"{_without_password(url)!r:.200} is not how a {scheme} store is named", code="store-url", hint=hint
        )
    raise StoreError(
        f"there is no kind of store {scheme!r:.200}",
        code="store-url",
        hint=did_you_mean(scheme, ("memory", "sqlite", "postgresql")) or _FORMS,
    )


def _open_postgres(url: str) -> Store:
    try:
        from convgoals.storage.postgres import PostgresStore  # noqa: PLC0415  as above
    except ImportError as error:
        if (error.name or "").split(".")[0] not in ("psycopg", "psycopg_pool", "psycopg_binary"):
            raise
        raise MissingExtraError("a store in PostgreSQL", "postgres") from error
    address, _, query = url.partition("?")
    parameters = [each for each in query.split("&") if each]
    schemas = [unquote(each.removeprefix("schema=")) for each in parameters if each.startswith("schema=")]
    rest = [each for each in parameters if not each.startswith("schema=")]
    plain = f"{address}?{'&'.join(rest)}" if rest else address
    return PostgresStore(plain, schema=schemas[-1]) if schemas else PostgresStore(plain)


def _without_password(url: object) -> object:
    """*url* for people to read: what stands before an ``@``, or is called so, may be a password."""
    if not isinstance(url, str):
        return url
    return re.sub(r"(password=)[^&]*", r"\1…", re.sub(r":.*@", ":…@", url, flags=re.DOTALL))
