"""Text with half a surrogate pair, which Python's strings may hold and no encoding says: what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from convgoals.errors import FactError, StoreError
from convgoals.records import CampaignReceipt, Event, Fact
from convgoals.storage.base import Batch
from convgoals.storage.codec import encode_value

_REPAIR = 'text.encode("utf-8", "replace").decode() is valid'


def half_a_pair(error: UnicodeEncodeError) -> StoreError:
    """What a store says that was given such text; to be raised from *error*."""
    near = error.object[max(0, error.start - 20) : error.start + 20]
    return StoreError(f"text with half a surrogate pair cannot be kept: … {near!r} …", code="store-text", hint=_REPAIR)


def is_whole(text: str) -> bool:
    """Whether *text* can be written at all."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def naming(batch: Batch) -> Iterator[None]:
    """A block that commits *batch*: if it fails for such text in a fact, the error names profile, fact and place.

    Raises:
        FactError: that error (code ``fact-text``).
    """
    try:
        yield
    except StoreError as error:
        refused = _refused(batch) if error.code == "store-text" else None
        if refused is None:
            raise
        raise refused from error


def _refused(batch: Batch) -> FactError | None:
    for profile_id, change in batch.profiles.items():
        for fact in (*change.facts, *(fact for facts in change.scoped.values() for fact in facts)):
            for what, text in (("profile_id", profile_id), *_texts(fact)):
                if not _is_whole(text):
                    return FactError(
                        f"{type(fact).__name__} {fact.id!r:.80} of profile {profile_id!r:.80}, {what}: "
                        "text with half a surrogate pair cannot be kept",
                        code="fact-text",
                        hint=_REPAIR,
                    )
    return None


def _texts(fact: Fact) -> Iterator[tuple[str, str]]:
    """Each text of a fact with what it is called; values of properties as JSON."""
    yield "id", fact.id or ""
    if isinstance(fact, CampaignReceipt):
        yield from (("campaign", fact.campaign), ("channel", fact.channel or ""))
        return
    for name, value in fact.properties.items():
        yield "the name of a property", name
        yield f"property {name!r:.80}", encode_value(value)
    if isinstance(fact, Event):
        yield from (("type", fact.type), ("channel", fact.channel or ""))
    else:
        yield from (("a segment", segment) for segment in fact.segments or ())


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
