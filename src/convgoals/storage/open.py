"""From a store's URL to the store: ``memory://``, ``sqlite:///goals.db``, ``sqlite://``."""

from __future__ import annotations

from convgoals.errors import StoreError
from convgoals.storage.base import Store
from convgoals.storage.memory import MemoryStore
from convgoals.suggest import did_you_mean

_FORMS = (
    '"memory://", "sqlite:///goals.db" (a file), "sqlite:////var/goals.db" (an absolute path), "sqlite://" (in memory)'
)


def open_store(url: str) -> Store:
    """The store that *url* names.

    Args:
        url: ``"memory://"``; ``"sqlite:///path"``, where the path is relative, or absolute with a fourth slash, and
            taken as it stands (nothing in it is escaped); or ``"sqlite://"``, a database in memory.

    Raises:
        StoreError: there is no such kind of store (code ``store-url``), or it cannot be opened.
    """
    scheme, separator, rest = url.partition("://") if isinstance(url, str) else ("", "", "")
    scheme = scheme.lower()
    if not separator:
        raise StoreError(f"store={url!r:.200} is no store's URL", code="store-url", hint=_FORMS)
    if scheme == "memory" and not rest:
        return MemoryStore()
    if scheme == "sqlite" and (not rest or (rest[0] == "/" and len(rest) > 1)):
        from convgoals.storage.sqlite import SQLiteStore  # noqa: PLC0415  who stays in memory does not pay for it

        return SQLiteStore(rest[1:] or None)
    if scheme in ("postgresql", "postgres"):
        raise StoreError(
            "PostgreSQL is not available in this version of convgoals",
            code="store-url",
            hint='"sqlite:///goals.db" keeps goals durably in one file',
        )
    if scheme in ("memory", "sqlite"):
        hint = f'"sqlite:///{rest.strip("/") or "goals.db"}"' if scheme == "sqlite" else '"memory://"'
        raise StoreError(f"{url!r:.200} is not how a {scheme} store is named", code="store-url", hint=hint)
    raise StoreError(
        f"there is no kind of store {scheme!r:.200}",
        code="store-url",
        hint=did_you_mean(scheme, ("memory", "sqlite")) or _FORMS,
    )
