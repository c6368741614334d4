"""What a batch does about profiles with long logs: late facts, earlier states, saved states, and facts that may go.

A late fact is folded in from the rung before it, beside the fold without it: what the two fire differently is what
has to be corrected. Where the two come to stand at the same place, the rest of the log is as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from convgoals.engine.fold import Firing, Fold, ProfileRecord, ignore_notes
from convgoals.engine.known import KnownIds, sketch_of
from convgoals.engine.plans import Plans
from convgoals.engine.pruning import droppable, look_back
from convgoals.engine.rungs import Rung, Trail, climb, record_of, rung_of, stands_at, step_after
from convgoals.engine.states import Saved, part_of, write
from convgoals.instants import BEGINNING
from convgoals.records import Fact, in_order
from convgoals.storage.base import NO_STATE, Changes, SavedState, Store

SAVE = 512
"""With how many more facts a state is saved again, at least; of a very long log, with a part of it."""


class LongLogs:
    """Looks after the profiles of one batch that have many facts.

    Args:
        plans: the goals.
        store: where the profiles are kept.
        final: the instant up to which no fact can come any more; `BEGINNING` if there is none.

    Attributes:
        pruned_to: the latest instant up to which facts were dropped.
    """

    def __init__(self, plans: Plans, store: Store, final: int) -> None:
        self._plans = plans
        self._plan = plans.whole
        self._store = store
        self._final = final
        self.pruned_to = BEGINNING

    # ---- late facts

    def fold_in(
        self, profile_id: str, record: ProfileRecord, late: Sequence[Fact], now: int
    ) -> tuple[ProfileRecord, list[Firing], list[Firing]]:
        """Fold ordered *late* facts in, all new and none later than where *record* stands.

        Args:
            profile_id: whom.
            record: where the profile stands without them; it has a trail.
            late: the facts.
            now: the instant to which time runs with them.

        Returns:
            Where it stands with them, what fired without them, and what fires with them.
        """
        trail: Trail = record.trail
        place = trail.before(late[0].instant)
        if place < 0 and trail.final:
            raise AssertionError("a fact comes that is earlier than what is final")
        start = trail.rungs[place] if place >= 0 else None
        old, new = (_begun(start, self._plan) for _ in range(2))
        old_fold = self._fold(lambda: self._kept(profile_id))
        new_fold = self._fold(lambda: in_order((*self._kept(profile_id), *late)))
        rungs = trail.rungs[: place + 1]
        after = None if start is None else start.at
        for target, following in self._targets(trail.rungs[place + 1 :], late[-1].instant):
            facts = self._kept(profile_id, after, None if target is None else target.at)
            mine = [
                fact
                for fact in late
                if (after is None or fact.instant > after) and (target is None or fact.instant <= target.at)
            ]
            old_fold.run(old, facts)
            climb(new_fold, new, in_order((*facts, *mine)) if mine else facts, rungs)
            if target is None:
                break
            old_fold.pass_time(old, target.at)
            new_fold.pass_time(new, target.at)
            if stands_at(new, target, self._plan):
                trail.rungs = [*rungs, target, *following]
                return record, old_fold.out, new_fold.out
            if new.last > (rungs[-1].at if rungs else BEGINNING):
                rungs.append(rung_of(new))
            after = target.at
        old_fold.pass_time(old, record.last)
        new_fold.pass_time(new, now)
        new.ids, new.latest, new.trail, new.full = record.ids, record.latest, trail, record.full
        trail.rungs = rungs
        return new, old_fold.out, new_fold.out

    @staticmethod
    def _targets(rungs: Sequence[Rung], last: int) -> Iterable[tuple[Rung | None, Sequence[Rung]]]:
        """The rungs at which to look whether the late facts still matter, farther and farther apart; then the end."""
        place, stride = next((i for i, rung in enumerate(rungs) if rung.at >= last), len(rungs)), 1
        while place < len(rungs):
            yield rungs[place], rungs[place + 1 :]
            place, stride = place + stride, 2 * stride
        yield None, ()

    def _fold(self, history: Callable[[], Sequence[Fact]]) -> Fold:
        return Fold(self._plan, history, ignore_notes, {})

    def _kept(self, profile_id: str, after: int | None = None, until: int | None = None) -> tuple[Fact, ...]:
        stored = self._store.load([profile_id], after=after, until=until).get(profile_id)
        return stored.facts if stored is not None else ()

    # ---- earlier states

    def corrected(self, profile_id: str, record: ProfileRecord, changes: Changes) -> None:
        """A state that was saved to go on from does not know the late facts that came."""
        trail: Trail = record.trail
        if trail.valid:
            trail.valid = False
            changes.state[profile_id] = self._final_state(trail) or NO_STATE

    def settle(self, profile_id: str, record: ProfileRecord, changes: Changes) -> None:
        """Put down a rung, drop what may go, and save the state, each where it is time to."""
        if record.trail is None:
            record.trail = Trail()
        trail: Trail = record.trail
        self._prune(profile_id, record, trail, changes)
        if record.last > (trail.rungs[-1].at if trail.rungs else BEGINNING):
            trail.rungs.append(rung_of(record))
        record.full = step_after(record)
        number = len(record.ids)
        if number - trail.saved >= max(SAVE, number // 64):
            self._save(profile_id, record, trail, changes)

    def _save(self, profile_id: str, record: ProfileRecord, trail: Trail, changes: Changes) -> None:
        rung = trail.rungs[-1]
        now = part_of(self._plans, self._plan, rung)
        if rung.at != record.last or now is None:
            return
        final = [part_of(self._plans, self._plan, trail.rungs[0])] if trail.final else []
        trail.sketch, trail.saved, trail.valid = sketch_of(record.ids, trail.sketch), len(record.ids), True
        changes.state[profile_id] = write(Saved(tuple(part for part in final if part is not None), now, trail.sketch))

    def _final_state(self, trail: Trail) -> SavedState | None:
        if not trail.final:
            return None
        part = part_of(self._plans, self._plan, trail.rungs[0])
        return None if part is None else write(Saved((part,)))

    def _prune(self, profile_id: str, record: ProfileRecord, trail: Trail, changes: Changes) -> None:
        place = trail.before(self._final + 1)
        if place < (1 if trail.final else 0):
            return
        rung = trail.rungs[place]
        goals = [machine.goal for machine in self._plan.machines]
        gone = droppable(self._kept(profile_id, None, rung.at), rung.at, look_back(goals))
        part = part_of(self._plans, self._plan, rung)
        if not gone or part is None:
            return
        if isinstance(record.ids, KnownIds):
            record.ids.complete()
        for fact_id in gone:
            record.ids.pop(fact_id, None)
        trail.rungs, trail.final = trail.rungs[place:], True
        trail.saved, trail.valid, trail.sketch = 0, False, None
        changes.state[profile_id], changes.dropped[profile_id] = write(Saved((part,))), gone
        self.pruned_to = max(self.pruned_to, rung.at)


def _begun(start: Rung | None, plan: Any) -> ProfileRecord:
    return ProfileRecord(plan) if start is None else record_of(start, plan)
