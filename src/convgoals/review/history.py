"""Versions of goals over real history: who is gained, who is lost, and the completions over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import attrs

from convgoals.engine.engine import GoalEngine
from convgoals.instants import to_datetime
from convgoals.language import ast
from convgoals.records import Event, Fact
from convgoals.review.diff import GoalDiff
from convgoals.review.witness import renamed
from convgoals.storage.base import Store

BATCH = 5_000


@attrs.frozen
class HistoryDiff:
    """What a change of one goal changes in real history.

    Attributes:
        name: the goal's name.
        profiles: how many profiles there are.
        before, after: how many of them completed the old, and the new, version.
        gained, lost: the profiles that only the new, and only the old, version is completed by, sorted.
        completions: by month (``2026-01``, in UTC), how many completions the old and the new version have.
        unseen: types of events that a version looks at, and of which there is none.
        kept: whether this is what a store has kept, so that what is unseen may only not have been kept.
    """

    name: str
    profiles: int
    before: int
    after: int
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    completions: dict[str, tuple[int, int]] = attrs.field(hash=False)
    unseen: tuple[str, ...] = ()
    kept: bool = False


def over_history(diffs: Sequence[GoalDiff], facts: Iterable[Fact], *, kept: bool = False) -> list[HistoryDiff]:
    """What each goal that has two versions, or one, comes to over *facts* of any profiles, up to the latest of them.

    Goals that are identical, as far as is known, are left out. *kept* says that the facts are those of a store.
    """
    changed = [each for each in diffs if each.verdict != "identical"]
    versions = [
        renamed(goal, f"{place} {side}")
        for place, each in enumerate(changed)
        for side, goal in (("old", each.old), ("new", each.new))
        if goal is not None
    ]
    if not changed:
        return []
    by_version: dict[str, dict[str, list[str]]] = {goal.name: {} for goal in versions}
    with GoalEngine(versions) as engine:
        profiles: set[str] = set()
        seen: set[str] = set()
        latest, waiting = None, iter(facts)
        while batch := list(islice(waiting, BATCH)):
            engine.process(batch)
            profiles.update(fact.profile_id for fact in batch)
            seen.update(fact.type for fact in batch if isinstance(fact, Event))
            newest = max(fact.instant for fact in batch)
            latest = newest if latest is None else max(latest, newest)
        if latest is not None:
            engine.advance(to_datetime(latest))
        for done in engine.history():
            by_version[done.goal].setdefault(done.profile_id, []).append(f"{done.achieved_at:%Y-%m}")
    return [
        attrs.evolve(
            _difference(
                each.name, len(profiles), by_version.get(f"{place} old", {}), by_version.get(f"{place} new", {})
            ),
            unseen=tuple(kind for kind in _looked_at(each) if kind not in seen),
            kept=kept,
        )
        for place, each in enumerate(changed)
    ]


def _difference(name: str, profiles: int, old: dict[str, list[str]], new: dict[str, list[str]]) -> HistoryDiff:
    counts = [Counter(month for months in each.values() for month in months) for each in (old, new)]
    return HistoryDiff(
        name,
        profiles,
        len(old),
        len(new),
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        {month: (counts[0][month], counts[1][month]) for month in sorted(counts[0].keys() | counts[1].keys())},
    )


def _looked_at(diff: GoalDiff) -> Iterator[str]:
    """The types of events that either version looks at, each once."""
    roots = [goal.condition.root for goal in (diff.old, diff.new) if goal is not None]
    nodes = (node for root in roots for node in ast.walk(root))
    yield from dict.fromkeys(node.type for node in nodes if isinstance(node, ast.EventOccurrence))


def kept_facts(store: Store) -> Iterator[Fact]:
    """All facts that a store has kept, profile by profile."""
    waiting = store.profile_ids()
    while chunk := list(islice(waiting, 500)):
        for stored in store.load(chunk).values():
            yield from stored.facts
