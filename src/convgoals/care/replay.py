"""What the kept facts of a profile say, held to what its store says."""

from __future__ import annotations

from collections.abc import Iterator

from convgoals.engine.batch import BatchRun
from convgoals.engine.evaluating import evaluate
from convgoals.engine.fold import ignore_notes
from convgoals.engine.plans import Plans
from convgoals.engine.questions import CLOCK
from convgoals.engine.states import read
from convgoals.instants import BEGINNING, to_datetime
from convgoals.predicates.base import NEVER
from convgoals.records import Completion
from convgoals.storage.base import Store, StoredProfile


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
        wake = evaluate(run, profile_id, stored, self._names, read(stored.state))
        for completion in run.completions:
            yield "missing", f"the ledger lacks that it completed {completion.goal!r} on {completion.achieved_at}"
        for retraction in run.retractions:
            yield (
                "unfounded",
                f"the ledger says that it completed {retraction.goal!r} on {retraction.achieved_at}; its facts do not",
            )
        if wake != (NEVER if stored.wake is None else stored.wake):
            found = wake if wake < NEVER else None
            yield "wake", f"time may next complete a goal for it at {found}, but {stored.wake} is kept"
        run.completions.clear()
        run.retractions.clear()


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
