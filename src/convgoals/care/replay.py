"""What the kept facts of a profile say, held to what its store says."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from convgoals.engine.batch import BatchRun
from convgoals.engine.evaluating import evaluate
from convgoals.engine.fold import ignore_notes
from convgoals.engine.plans import Plans, View
from convgoals.engine.questions import CLOCK
from convgoals.engine.rungs import stands_at
from convgoals.engine.states import Part, Saved, read
from convgoals.instants import BEGINNING, to_datetime
from convgoals.predicates.base import NEVER
from convgoals.records import Completion
from convgoals.storage.base import NO_FACTS, Store, StoredProfile


class Replay:
    """Folds profiles anew by the goals that are live in a store, as the engine does for a late fact; commits nothing.

    Raises:
        StoreError: the goals or positions cannot be read.
    """

    def __init__(self, store: Store) -> None:
        saved = store.goals()
        self._versions = {each.goal.name: each.version for each in saved}
        self._names = frozenset(self._versions)
        self._run = BatchRun(
            Plans({each.goal.name: each for each in saved}),
            store,
            {},
            int(store.positions().get(CLOCK, BEGINNING)),
            recorded_at=to_datetime(0),
            keep_all=True,
            final=BEGINNING,
            note=ignore_notes,
        )

    def unknown(self, completion: Completion) -> str:
        """What is wrong with the goal that *completion* names; nothing if it is a saved one, or an older version."""
        version = self._versions.get(completion.goal)
        if version is None:
            return f"the ledger has a completion of {completion.goal!r}, but there is no such goal"
        if not 1 <= completion.version <= version:
            return f"the ledger has a completion of {completion.goal!r} in version {completion.version}, of {version}"
        return ""

    def differences(self, profile_id: str, stored: StoredProfile) -> Iterator[tuple[str, str]]:
        """What a replay of the profile's facts says otherwise than the store: each as a code and a sentence."""
        run = self._run
        saved = read(stored.state)
        wake = evaluate(run, profile_id, stored, self._names, saved)
        for completion in run.completions:
            yield "missing", f"the ledger lacks that it completed {completion.goal!r} on {completion.achieved_at}"
        for retraction in run.retractions:
            yield (
                "unfounded",
                f"the ledger says that it completed {retraction.goal!r} on {retraction.achieved_at}; its facts do not",
            )
        kept = NEVER if stored.wake is None else stored.wake
        if kept > wake or kept <= max(stored.until, run.clock):  # one that is sooner than it need be does no harm
            found = wake if wake < NEVER else None
            yield "wake", f"time may next complete a goal for it at {found}, but {stored.wake} is kept"
        run.completions.clear()
        run.retractions.clear()
        if saved.now is not None and not self._is_resumable(profile_id, stored, saved, saved.now):
            yield "state", "the state that is saved to go on from is not what its facts come to"

    def _is_resumable(self, profile_id: str, stored: StoredProfile, saved: Saved, now: Part) -> bool:
        """Whether going on from *now* is going on from the facts that it covers."""
        plans = self._run.plans
        rung, missing = now.rung(plans, plans.whole)
        if missing:
            return True  # it is passed by: nobody goes on from a state that does not know all goals
        covered = tuple(fact for fact in stored.facts if fact.instant <= now.at)
        if saved.sketch is None or saved.sketch.number != len(covered):
            return False
        if any(fact.id not in saved.sketch for fact in covered):
            return False
        until_then = attrs.evolve(stored, facts=covered, until=now.at, scoped=NO_FACTS)
        view = View(frozenset(), plans.whole)
        folded = self._run.restorer.fold(profile_id, until_then, attrs.evolve(saved, now=None), view)
        return stands_at(folded.strand.record, rung, plans.whole)


def fingerprint(completion: Completion) -> int:
    """A number that two records share if they are the same, NaN included, and hardly otherwise; in one process."""
    return fingerprint_of(
        completion.goal,
        completion.version,
        completion.profile_id,
        completion.achieved_at,
        completion.recorded_at,
        completion.trigger_id,
        completion.channel,
        completion.segments,
        repr(completion.value),
        completion.since_anchor,
    )


def fingerprint_of(*parts: object) -> int:
    """The same of anything that has a hash."""
    return hash(parts)
