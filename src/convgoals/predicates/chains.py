"""Chains: ``A followed by B …``, and ``not followed within D by …`` at their end (semantics §4).

Of all the ways to get as far as a stage, only the latest matters: it leaves the most time for the next link and the
least room for what must not come between. So the state is small: for each stage (and, with ``with same p``, each value
of p) the latest instant at which the chain got there; where the next link has a span of the calendar, the one with the
latest deadline, for what comes between undoes all before it alike.

That the occurrences of a chain must all be different matters only among those of one instant, where the order is free.
There, and only if one fact could stand at two stages, the ways are searched one by one (`_Instant`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import attrs

from convgoals.instants import Shift
from convgoals.predicates.base import NEVER, Fired, Moment, State
from convgoals.records import Fact

Key = Callable[[Fact], Hashable | None]
"""The value that a fact must share across a link, or ``None`` if it has none."""


@attrs.frozen
class LinkPlan:
    """One link: to which occurrence, by when, with which value in common, and without what between."""

    leaf: int
    deadline: Shift | None
    key: Key | None
    same: tuple[str, ...] | None
    without: int | None

    def latest(self, come: int | None, t: int) -> int:
        """Of two instants to which the chain had come, *t* the later, the one that leaves the most time."""
        return t if come is None or self.deadline is None or not self.deadline.overtakes(come, t) else come

    def prune(self, come: dict[Any, int], t: int) -> None:
        """Forget what is past its deadline, whenever as much has come as twice before."""
        if self.deadline is not None and len(come) & (len(come) - 1) == 0:
            for old in [old for old, instant in come.items() if self.deadline(instant) < t]:
                del come[old]


@attrs.frozen
class AbsencePlan:
    """The last link of a chain, that must stay away until its deadline."""

    leaf: int
    deadline: Shift
    key: Key | None


@attrs.frozen
class ChainNode:
    """A chain. Own cells: for each link how far the chain has come; waiting deadlines by key; a heap of them.

    How far it has come is the latest instant at which the stage before the link was reached, or, with ``with same p``,
    a dict of that by p's value; ``None`` if it has not been.
    """

    at: int
    first: int
    links: tuple[LinkPlan, ...]
    absence: AbsencePlan | None

    @property
    def leaves(self) -> frozenset[int]:
        """The leaves at which the chain looks."""
        found = {self.first, *(link.leaf for link in self.links)}
        found.update(link.without for link in self.links if link.without is not None)
        return frozenset(found | ({self.absence.leaf} if self.absence else set()))

    def place(self, leaf: int) -> int | None:
        """The one place at which *leaf* stands: ``2 * i`` for stage i, ``2 * i + 1`` for what may not come after it."""
        if self.absence is not None:
            return None
        stages = (self.first, *(link.leaf for link in self.links))
        places = [2 * index for index, each in enumerate(stages) if each == leaf]
        places += [2 * index + 1 for index, link in enumerate(self.links) if link.without == leaf]
        return places[0] if len(places) == 1 else None

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        matches, cells = moment.matches, self.at + 2
        here = _Instant(self, state, t, matches)
        ends = here.ends()
        for index, link in enumerate(self.links):
            between = matches.get(link.without, ()) if link.without is not None else ()
            if between:
                state[cells + index] = None
            for fact in here.reached[index]:
                if not _others(between, (fact,)):
                    arrive_at(state, cells + index, link, fact, t)
        if self.absence is not None:
            return self._step_absence(self.absence, state, t, moment, here, ends)
        if ends:
            state[self.at] = True
            return ends
        return None

    def _step_absence(
        self, absence: AbsencePlan, state: State, t: int, moment: Moment, here: _Instant, ends: Sequence[Fact]
    ) -> Fired:
        cell = self.at + 2 + len(self.links)
        if state[cell] is None:
            if not ends:
                return None
            state[cell], state[cell + 1] = {}, []
        waiting, heap = state[cell], state[cell + 1]
        spoilers = moment.matches.get(absence.leaf, ())
        for fact in spoilers:
            key = absence.key(fact) if absence.key else 0
            if key is not None:
                waiting.pop(key, None)
        for fact in ends:
            key = absence.key(fact) if absence.key else 0
            same = [other for other in spoilers if key is not None and (not absence.key or absence.key(other) == key)]
            if not here.can_end_using(fact, same):
                continue
            due = absence.deadline(t)
            waiting.setdefault(key, set()).add(due)
            heapq.heappush(heap, (due, repr(key), key))  # of one deadline, some order is needed: which, is all the same
        fired: Fired = None
        while heap and (heap[0][0] <= t or heap[0][0] not in waiting.get(heap[0][2], ())):
            due, _, key = heapq.heappop(heap)
            dues = waiting.get(key)
            if dues and due in dues:
                dues.discard(due)
                if not dues:
                    del waiting[key]
                state[self.at] = True
                fired = ()
        state[self.at + 1] = heap[0][0] if heap else NEVER
        return fired


def _reaches(come: Any, link: LinkPlan, fact: Fact, t: int) -> bool:
    """Whether *fact* at *t* can follow over *link*, given how far the chain had come before this instant."""
    if come is None:
        return False
    if link.key is not None:
        key = link.key(fact)
        come = come.get(key) if key is not None else None
        if come is None:
            return False
    return link.deadline is None or t <= link.deadline(come)


def arrive_at(state: State, cell: int, link: LinkPlan, fact: Fact, t: int) -> None:
    """The chain has come to *link* with *fact*."""
    if link.key is None:
        state[cell] = link.latest(state[cell], t)
        return
    key = link.key(fact)
    if key is None:
        return
    come = state[cell]
    if come is None:
        come = state[cell] = {}
    come[key] = link.latest(come.get(key), t)
    if len(come) > _PRUNE_ABOVE:
        link.prune(come, t)


_PRUNE_ABOVE = 64
"""With how few waiting keys it is not worth asking which are past their deadline."""


def _others(facts: Sequence[Fact], own: tuple[Fact, ...]) -> bool:
    """Whether *facts* has any other than *own*."""
    return any(all(fact is not mine for mine in own) for fact in facts)


class _Instant:
    """How far a chain gets at one instant: ``reached[i]`` are the facts here that can stand at stage i."""

    def __init__(self, node: ChainNode, state: State, t: int, matches: Any) -> None:
        self.node = node
        self.stages: list[Sequence[Fact]] = [matches.get(node.first, ())]
        self.between: list[Sequence[Fact]] = []
        self.entered: list[Sequence[Fact]] = [self.stages[0]]  # whose predecessor, if any, came before this instant
        for index, link in enumerate(node.links):
            facts = matches.get(link.leaf, ())
            between = matches.get(link.without, ()) if link.without is not None else ()
            self.stages.append(facts)
            self.between.append(between)
            come = state[node.at + 2 + index]
            entered = [fact for fact in facts if _reaches(come, link, fact, t) and not _others(between, (fact,))]
            self.entered.append(entered)
        self.reached: list[Sequence[Fact]] = self.entered
        distinct = {id(fact) for stage in self.stages for fact in stage}
        if len(distinct) > 1 and node.links:
            self._reach_within()

    def ends(self) -> Sequence[Fact]:
        return self.reached[-1]

    def _reach_within(self) -> None:
        """Add to ``reached`` the facts whose predecessors are of this same instant."""
        overlap = len({id(f) for stage in self.stages for f in stage}) < sum(len(stage) for stage in self.stages)
        reached: list[Sequence[Fact]] = [self.entered[0]]
        for index in range(1, len(self.stages)):
            known = {id(fact) for fact in self.entered[index]}
            more = list(self.entered[index])
            for fact in self.stages[index]:
                if id(fact) in known:
                    continue
                if overlap:
                    ok = any(True for _ in self._ways(index, fact, ()))
                else:
                    ok = any(self._linked(index - 1, before, fact) for before in reached[index - 1])
                if ok:
                    more.append(fact)
            reached.append(more)
        self.reached = reached

    def _linked(self, index: int, before: Fact, fact: Fact) -> bool:
        """Whether link *index* can join two facts of this instant."""
        link = self.node.links[index]
        if link.key is not None:
            key = link.key(before)
            if key is None or key != link.key(fact):
                return False
        return before is not fact and not _others(self.between[index], (before, fact))

    def _ways(self, stage: int, fact: Fact, after: tuple[Fact, ...]) -> Iterator[tuple[Fact, ...]]:
        """The ways to stand with *fact* at *stage*, each as the facts of this instant that it uses, ends first."""
        used = (*after, fact)
        if any(fact is other for other in self.entered[stage]):
            yield used
        if stage == 0:
            return
        for before in self._candidates(stage - 1, used):
            if self._linked(stage - 1, before, fact):
                yield from self._ways(stage - 1, before, used)

    def _candidates(self, stage: int, used: tuple[Fact, ...]) -> Iterator[Fact]:
        """The facts to try at *stage*: of those that no stage can tell apart, as many as a chain could use."""
        seen: dict[Hashable, int] = {}
        for fact in self.stages[stage]:
            if any(fact is other for other in used):
                continue
            kind = self._kind(fact)
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] <= len(self.stages):
                yield fact

    def _kind(self, fact: Fact) -> Hashable:
        where = tuple(any(fact is other for other in stage) for stage in (*self.stages, *self.between, *self.entered))
        keys = tuple(link.key(fact) if link.key else 0 for link in self.node.links)
        return where, keys

    def can_end_using(self, fact: Fact, others: Sequence[Fact]) -> bool:
        """Whether a chain can end with *fact* such that all of *others* but it are its own occurrences."""
        needed = [other for other in others if other is not fact]
        if not needed:
            return True
        if len(needed) >= len(self.stages):
            return False
        return any(
            all(any(other is own for own in way) for other in needed)
            for way in self._ways(len(self.stages) - 1, fact, ())
        )
