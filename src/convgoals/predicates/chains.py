"""Chains: ``A followed by B …``, and ``not followed within D by …`` at their end (semantics §4).

Of all the ways to get as far as a stage, only the latest matters: it leaves the most time for the next link and the
least room for what must not come between. So the state is small: for each stage (and, with ``with same p``, each value
of p) the latest instant at which the chain got there.

That the occurrences of a chain must all be different matters only among those of one instant, where the order is free.
There, and only if one fact could stand at two stages, the ways are searched one by one (`_Instant`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from convgoals.predicates.base import NEVER, Fired, Moment, State
from convgoals.records import Fact

Key = Callable[[Fact], Hashable | None]
"""The value that a fact must share across a link, or ``None`` if it has none."""


@attrs.frozen
class LinkPlan:
    """One link: to which occurrence, by when, with which value in common, and without what between."""

    leaf: int
    deadline: Callable[[int], int] | None
    key: Key | None
    without: int | None


@attrs.frozen
class AbsencePlan:
    """The last link of a chain, that must stay away until its deadline."""

    leaf: int
    deadline: Callable[[int], int]
    key: Key | None


@attrs.frozen
class ChainNode:
    """A chain. Own state: a dict for each link, key → latest instant; waiting deadlines by key; a heap of them."""

    first: int
    links: tuple[LinkPlan, ...]
    absence: AbsencePlan | None
    roles: Mapping[int, int] = attrs.field(init=False)
    """The leaves that stand at one place of the chain only: ``2 * i`` for stage i, ``2 * i + 1`` for what must not
    come on the way to the stage after it."""

    def __attrs_post_init__(self) -> None:
        places: dict[int, list[int]] = {self.first: [0]}
        for index, link in enumerate(self.links):
            places.setdefault(link.leaf, []).append(2 * index + 2)
            if link.without is not None:
                places.setdefault(link.without, []).append(2 * index + 1)
        if self.absence is not None:
            places = {}
        object.__setattr__(self, "roles", {leaf: found[0] for leaf, found in places.items() if len(found) == 1})

    @property
    def leaves(self) -> frozenset[int]:
        """The leaves at which the chain looks."""
        found = {self.first, *(link.leaf for link in self.links)}
        found.update(link.without for link in self.links if link.without is not None)
        return frozenset(found | ({self.absence.leaf} if self.absence else set()))

    def start(self) -> State:
        return [False, NEVER, [{} for _ in self.links], {}, []]

    def step(self, state: State, t: int, moment: Moment) -> Fired:
        matches = moment.matches
        alive: list[dict[Any, int]] = state[2]
        if len(matches) == 1:
            ((leaf, facts),) = matches.items()
            place = self.roles.get(leaf)
            if place is not None and len(facts) == 1:
                return self._step_alone(state, t, place, facts)
        here = _Instant(self, alive, t, matches)
        ends = here.ends()
        for index, link in enumerate(self.links):
            between = matches.get(link.without, ()) if link.without is not None else ()
            if between:
                alive[index].clear()
            for fact in here.reached[index]:
                key = link.key(fact) if link.key else 0
                if key is not None and not _others(between, (fact,)):
                    alive[index][key] = t
            if link.deadline is not None and len(alive[index]) > _PRUNE_ABOVE:
                _prune(alive[index], link.deadline, t)
        if self.absence is not None:
            return self._step_absence(self.absence, state, t, moment, here, ends)
        if ends:
            state[0] = True
            return ends
        return None

    def _step_alone(self, state: State, t: int, place: int, facts: Sequence[Fact]) -> Fired:
        """One fact alone at its instant, at one place of the chain: nearly always."""
        alive: list[dict[Any, int]] = state[2]
        index, between = divmod(place, 2)
        if between:
            alive[index].clear()
            return None
        if index:
            before = self.links[index - 1]
            key = before.key(facts[0]) if before.key else 0
            reached = alive[index - 1].get(key) if key is not None else None
            if reached is None or (before.deadline is not None and before.deadline(reached) < t):
                return None
        if index == len(self.links):
            state[0] = True
            return facts
        link, here = self.links[index], alive[index]
        key = link.key(facts[0]) if link.key else 0
        if key is not None:
            here[key] = t
            if link.deadline is not None and len(here) > _PRUNE_ABOVE:
                _prune(here, link.deadline, t)
        return None

    def _step_absence(
        self, absence: AbsencePlan, state: State, t: int, moment: Moment, here: _Instant, ends: Sequence[Fact]
    ) -> Fired:
        waiting, heap = state[3], state[4]
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
            heapq.heappush(heap, (due, _sortable(key), key))
        fired: Fired = None
        while heap and (heap[0][0] <= t or heap[0][0] not in waiting.get(heap[0][2], ())):
            due, _, key = heapq.heappop(heap)
            dues = waiting.get(key)
            if dues and due in dues:
                dues.discard(due)
                if not dues:
                    del waiting[key]
                state[0] = True
                fired = ()
        state[1] = heap[0][0] if heap else NEVER
        return fired


_PRUNE_ABOVE = 64


def _prune(alive: dict[Any, int], deadline: Callable[[int], int], t: int) -> None:
    """Forget what is past its deadline: the entries come in the order of their instants, but for renewed ones."""
    for key in [key for key, instant in alive.items() if deadline(instant) < t]:
        del alive[key]


def _sortable(key: Hashable) -> str:
    """Heap entries of one deadline need some order; which does not matter."""
    return repr(key)


def _others(facts: Sequence[Fact], own: tuple[Fact, ...]) -> bool:
    """Whether *facts* has any other than *own*."""
    return any(all(fact is not mine for mine in own) for fact in facts)


class _Instant:
    """How far a chain gets at one instant: ``reached[i]`` are the facts here that can stand at stage i."""

    def __init__(self, node: ChainNode, alive: Sequence[dict[Any, int]], t: int, matches: Any) -> None:
        self.node = node
        self.stages: list[Sequence[Fact]] = [matches.get(node.first, ())]
        self.between: list[Sequence[Fact]] = []
        self.entered: list[Sequence[Fact]] = [self.stages[0]]  # whose predecessor, if any, came before this instant
        for index, link in enumerate(node.links):
            facts = matches.get(link.leaf, ())
            between = matches.get(link.without, ()) if link.without is not None else ()
            self.stages.append(facts)
            self.between.append(between)
            entered = []
            for fact in facts:
                key = link.key(fact) if link.key else 0
                before = alive[index].get(key) if key is not None else None
                late = before is None or (link.deadline is not None and link.deadline(before) < t)
                if not late and not _others(between, (fact,)):
                    entered.append(fact)
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
