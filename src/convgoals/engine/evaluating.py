"""Evaluating goals over profiles that are known already: new goals, and those given history (semantics §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from convgoals.engine.batch import BatchRun
from convgoals.engine.fold import soonest
from convgoals.engine.restoring import visible
from convgoals.engine.states import NOTHING, Saved, read
from convgoals.predicates.base import NEVER
from convgoals.records import Fact
from convgoals.storage.base import NO_FACTS, ProfileChange, SavedState, StoredProfile


def evaluate(run: BatchRun, profile_id: str, stored: StoredProfile, names: frozenset[str], saved: Saved) -> int:
    """Evaluate some goals over a profile, and correct what the ledger says of them.

    Args:
        run: where the corrections go.
        profile_id: whom.
        stored: all that is kept of it.
        names: which goals.
        saved: the state from which they go on.

    Returns:
        When time alone may next complete one of these goals.
    """
    until = max(stored.until, run.clock)
    whole = attrs.evolve(stored, until=until)
    wake = NEVER
    for view in run.restorer.views(stored, saved):
        part = run.plans.of_goals(view, names)
        if not part.plan.machines:
            continue
        folded = run.restorer.fold(profile_id, whole, saved, part)
        run.correct(profile_id, folded)
        if saved.final or visible(stored, view.scopes):  # no goal holds of an empty log, whatever the time (§5)
            wake = min(wake, soonest(part.plan, folded.strand.record.state))
    return wake


def _sooner(wake: int, known: int | None) -> int | None:
    """The sooner of the two, as a store has it."""
    soonest = wake if known is None else min(wake, known)
    return soonest if soonest < NEVER else None


def evaluate_known(run: BatchRun, profile_id: str, stored: StoredProfile, names: frozenset[str]) -> None:
    """Evaluate goals that are new, or evaluated again, over what is kept of a profile."""
    entries = len(run.completions) + len(run.retractions)
    wake = _sooner(evaluate(run, profile_id, stored, names, read(stored.state)), stored.wake)
    if wake != stored.wake or len(run.completions) + len(run.retractions) > entries:
        run.changes.put(profile_id, ProfileChange((), max(stored.until, run.clock), wake))


def evaluate_given(
    run: BatchRun,
    profile_id: str,
    stored: StoredProfile,
    names: frozenset[str],
    more: Mapping[str, Sequence[Fact]],
    state: SavedState | None,
) -> None:
    """Evaluate goals that have been given *more* facts, by scope, which *stored* has already; *state* is saved then."""
    wake = _sooner(evaluate(run, profile_id, stored, names, NOTHING), stored.wake)
    until = max(stored.until, run.clock)
    run.changes.put(profile_id, ProfileChange((), until, wake, state, (), more or NO_FACTS))
