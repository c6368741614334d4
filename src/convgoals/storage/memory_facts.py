"""The facts of one profile in the store in memory, in order, and what few profiles have besides."""

from __future__ import annotations

from bisect import bisect_right, insort
from operator import attrgetter

from convgoals.records import Fact, by_order, in_order
from convgoals.storage.contents import SavedState

_ID = attrgetter("id")
_INSTANT = attrgetter("instant")

LONG = 256
"""From how many facts on it is worth remembering their ids."""


class Rest:
    """What few profiles have.

    Attributes:
        state: what was saved.
        scoped: facts by scope.
        receipts: those whose facts were dropped, by campaign and id: instant and channel.
        ids: the ids of the tidy facts, where there are many.
    """

    __slots__ = ("ids", "receipts", "scoped", "state")

    def __init__(self) -> None:
        self.state: SavedState | None = None
        self.scoped: dict[str, list[Fact]] = {}
        self.receipts: dict[tuple[str, str], tuple[int, str | None]] = {}
        self.ids: set[str | None] | None = None

    def sort_in(self, facts: list[Fact], tidy: int) -> None:
        """Bring a long log in order, whose first *tidy* facts are, at the cost of those that are new."""
        came = facts[tidy:]
        del facts[tidy:]
        if self.ids is None:
            self.ids = set(map(_ID, facts))
        new = []
        for fact in came:
            if fact.id not in self.ids:
                self.ids.add(fact.id)
                new.append(fact)
        new.sort(key=by_order)
        if not new or not facts or by_order(facts[-1]) < by_order(new[0]):
            facts += new
        elif len(new) < LONG:
            for fact in new:
                insort(facts, fact, key=by_order)
        else:
            facts += new
            facts.sort(key=by_order)


def tidy(facts: list[Fact]) -> list[Fact]:
    """*facts* by ``(instant, id)``; of several with one id, the first."""
    if len(set(map(_ID, facts))) < len(facts):
        by_id: dict[str | None, Fact] = {}
        for fact in facts:
            by_id.setdefault(fact.id, fact)
        return in_order(by_id.values())
    return in_order(facts)


def between(facts: list[Fact], after: int | None, until: int | None) -> tuple[Fact, ...]:
    """Those of ordered *facts* that are later than *after*, and not later than *until*."""
    if after is None and until is None:
        return tuple(facts)
    start = 0 if after is None else bisect_right(facts, after, key=_INSTANT)
    end = len(facts) if until is None else bisect_right(facts, until, key=_INSTANT)
    return tuple(facts[start:end])
