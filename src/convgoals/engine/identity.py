"""Two profiles that become one (semantics §6): the facts of both, and what has been final of either.

Where all facts of both are kept, the one is evaluated over the union. Where one has a final state, that goes on with
the facts of the other after it, which is the union too if the other has none before it. What else was final, and what
was recorded under goals that are evaluated no more, stays as the ledger has it, under the name of the one; only of what
counts once, one completion is left.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import attrs

from convgoals.engine.batch import BatchRun
from convgoals.engine.restoring import scoped_with
from convgoals.engine.rungs import rung_of
from convgoals.engine.states import Saved, part_of, read, write
from convgoals.goals import Once
from convgoals.instants import BEGINNING, to_instant
from convgoals.predicates.base import NEVER
from convgoals.predicates.plan import Plan
from convgoals.records import Completion, Fact, ProfileSnapshot, ProfileUpdate, in_order
from convgoals.storage.base import NO_FACTS, NO_STATE, ProfileChange, SavedGoal, StoredProfile

GoalKey: TypeAlias = tuple[str, int]
"""A goal's name, and its version."""


def merge(
    run: BatchRun,
    old: str,
    new: str,
    stored: tuple[StoredProfile, StoredProfile],
    more: Mapping[str, Sequence[Fact]],
    saved_goals: Iterable[SavedGoal],
) -> None:
    """Have *old*'s facts be *new*'s, and correct what the ledger says of both.

    Args:
        run: where the changes go.
        old: who becomes another.
        new: whom.
        stored: what is kept of both.
        more: the facts in scopes that come along.
        saved_goals: all goals, the archived ones too.
    """
    gone, stays = stored
    finals = read(gone.state), read(stays.state)
    saved = finals[1] if finals[1].final else finals[0]
    final = max(each.final_at for each in finals)
    ids = {fact.id for fact in stays.facts}
    mine = [fact for fact in gone.facts if fact.id not in ids]
    facts: Sequence[Fact] = (*stays.facts, *mine)
    if saved.final:  # of those before it, only what the profile is
        facts = [fact for fact in facts if fact.instant > final or isinstance(fact, (ProfileSnapshot, ProfileUpdate))]
        mine = [fact for fact in facts if fact.id not in ids]
    until = max(_reached(gone, ids), stays.until, run.clock)
    whole = attrs.evolve(scoped_with(stays, more), facts=tuple(in_order(facts)), until=until)
    once = {(each.goal.name, each.version) for each in saved_goals if isinstance(each.goal.counting, Once)}
    carried, ended, done = _settled(run, old, new, final, once)
    if saved.final:
        saved = _brought_to(run, new, whole, saved, final, done)
    wake = NEVER
    for view in run.restorer.views(whole, saved):
        goals = _evaluated(view.plan)
        folded = run.restorer.fold(new, whole, saved, view)
        recorded = [
            each
            for each in run.store.completions(profile_id=new)
            if _key(each) in goals and (to_instant(each.achieved_at) > final or each in ended)
        ]
        own = [each for each in carried if _key(each) in goals]
        run.correct(new, folded, None, recorded, own)
        wake = min(wake, folded.strand.record.wake)
    at_rest, doubled, _ = _together(_at_rest(run, old), _at_rest(run, new), once)
    run.completions += _as_those_of(run, new, at_rest)
    run.retract(doubled)
    run.retract(run.store.completions(profile_id=old))
    state = write(Saved(saved.final)) if saved.final else NO_STATE
    change = ProfileChange(mine, until, wake if wake < NEVER else None, state, (), more or NO_FACTS)
    run.changes.put(new, change)


def _reached(gone: StoredProfile, known: Container[str | None]) -> int:
    """How far time has run for a profile that becomes another; the duplicate of a *known* fact moved no time."""
    latest = max((fact.instant for fact in gone.facts), default=BEGINNING)
    if gone.until > latest:
        return gone.until  # by a clock, or by what is not kept
    return max((fact.instant for fact in gone.facts if fact.id not in known), default=BEGINNING)


def _brought_to(
    run: BatchRun, profile_id: str, whole: StoredProfile, saved: Saved, final: int, done: frozenset[GoalKey]
) -> Saved:
    """*saved* at the later of the two final instants, with what has been achieved once and for all."""
    before = attrs.evolve(
        whole,
        facts=tuple(fact for fact in whole.facts if fact.instant <= final),
        scoped={scope: tuple(f for f in facts if f.instant <= final) for scope, facts in whole.scoped.items()},
        until=final,
    )
    parts = []
    for view in run.restorer.views(whole, saved):
        folded = run.restorer.fold(profile_id, before, saved, view, done)
        rung = attrs.evolve(rung_of(folded.strand.record), at=final)
        part = part_of(run.plans, view.plan, rung, view.scopes)
        if part is None:
            raise AssertionError("a profile that has a saved state has one that can be saved")
        parts.append(part)
    return Saved(tuple(parts))


def _settled(
    run: BatchRun, old: str, new: str, final: int, once: Collection[GoalKey]
) -> tuple[list[Completion], Collection[Completion], frozenset[GoalKey]]:
    """What was final: completions of *old* to be recorded for *new*, those of *new* to be retracted, what is done."""
    if final == BEGINNING:
        return [], (), frozenset()
    live = _evaluated(run.plan)
    theirs, mine = (_up_to(run.store.completions(profile_id=name), final, live) for name in (old, new))
    carried, ended, done = _together(theirs, mine, once)
    return _as_those_of(run, new, carried), ended, done


def _together(
    theirs: Sequence[Completion], mine: Sequence[Completion], once: Collection[GoalKey]
) -> tuple[list[Completion], list[Completion], frozenset[GoalKey]]:
    """Of *theirs* those that are to be added to *mine*, of *mine* those that are to go, and the goals done with."""
    carried: list[Completion] = []
    ended: list[Completion] = []
    done: set[GoalKey] = set()
    for goal in dict.fromkeys(map(_key, (*theirs, *mine))):
        coming = [each for each in theirs if _key(each) == goal]
        here = [each for each in mine if _key(each) == goal]
        if goal in once:
            done.add(goal)
            first = min((*here, *coming), key=_moment)
            ended += [each for each in here if each is not first]
            coming = [each for each in coming if each is first]
        known = set(map(_moment, here))  # a fact that was in both logs is one fact
        carried += [each for each in coming if _moment(each) not in known]
    return carried, ended, frozenset(done)


def _as_those_of(run: BatchRun, profile_id: str, completions: Iterable[Completion]) -> list[Completion]:
    return [attrs.evolve(each, profile_id=profile_id, recorded_at=run.recorded_at) for each in completions]


def _key(completion: Completion) -> GoalKey:
    return completion.goal, completion.version


def _moment(completion: Completion) -> tuple[datetime, str]:
    return completion.achieved_at, completion.trigger_id or ""


def _evaluated(plan: Plan) -> Collection[GoalKey]:
    return {(machine.goal.name, machine.version) for machine in plan.machines}


def _at_rest(run: BatchRun, profile_id: str) -> list[Completion]:
    """A profile's completions under goals, or versions of goals, that are evaluated no more."""
    live = _evaluated(run.plan)
    return [each for each in run.store.completions(profile_id=profile_id) if _key(each) not in live]


def _up_to(found: Iterable[Completion], final: int, goals: Collection[GoalKey]) -> list[Completion]:
    return [each for each in found if to_instant(each.achieved_at) <= final and _key(each) in goals]
