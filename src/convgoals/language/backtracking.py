r"""How many steps Python's backtracking `re` may need for a search, told from the pattern alone.

A backtracking search walks every path through the pattern until one succeeds. Its steps are the pairs of a point in
the pattern and a place in the text, each as often as paths lead there, from whichever place they started. So a search
is linear if that *number of paths* is bounded for every point, over all texts. It is counted here exactly: the pattern
becomes an automaton, and from its first point the vectors "how many paths are at each point" are followed over every
kind of character, until no new vector appears (linear), a number grows past a bound (refused) or the work does
(refused: what cannot be told cheaply is not trusted).

Two things make that precise enough for the patterns that people write:

- A search ends with its first success. At a point from which the rest may match nothing, success is *sure*, so paths
  that reach one are not followed among the others; but once more from there alone, for the steps that remain.
- ``^`` lets paths start at the first character only, a word boundary only where one is, and a possessive repetition
  ends only before a character that it does not take.

The rejected alternative, a list of forbidden shapes ("nested quantifiers"), refuses harmless patterns and lets
quadratic ones through, such as ``\s+$``.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator

# The parser of `re` is private, but it has been in one place since 3.11; nothing else says how `re` reads a pattern.
from re import _constants as ops
from typing import Any, TypeAlias

import attrs

from convgoals.language.characters import ALL, ONE_CHARACTER, WORD, characters

MAX_PATHS = 24
"""How many paths may be at one point of the pattern at one place of the text."""

MAX_STEPS = 500
"""How many steps one character may take, over all points and starts."""

MAX_POINTS = 1_200
"""How many points the automaton may have: counted repetitions are written out."""

MAX_WORK = 8_000
"""How many moves are followed before the pattern counts as too complicated to tell."""

MAX_FOLDED = 5_000
"""How many characters the ranges of a pattern may hold that ignores case: `re` looks at each when it compiles."""


class UnsafeError(Exception):
    """Why a search may take more than linear time, as a clause: ``"it has look-around"``."""


def check_linear(tree: Any, flags: int) -> None:
    """Raise `UnsafeError` unless searching for *tree*, as `re` parsed it, takes linear time whatever the text is."""
    automaton = _Automaton()
    end = automaton.sequence(tree, automaton.point(), flags)
    if automaton.is_small_tree():
        return
    sure = automaton.sure(end)
    reached = _follow(automaton, ((0, 1),), sure, restart=True)
    for point in sorted(reached):
        _follow(automaton, ((point, 1),), frozenset(), restart=False)


# ---- the automaton

Counts: TypeAlias = dict[int, int]

_FREE, _AT_START, _AT_BOUNDARY, _NOT_AT_BOUNDARY, _ANYWHERE, _BEFORE_OTHERS = range(6)
"""When a move that takes no character is open: always; at the first character; at a word boundary; not at one; at a
place that is not looked at closer; before a character outside a set."""


@attrs.frozen
class _Move:
    to: int
    when: int = _FREE
    outside: int = 0


class _Automaton:
    """Points, the moves between them that take no character, and those that take one."""

    def __init__(self) -> None:
        self.free: list[list[_Move]] = []
        self.takes: list[tuple[int, int] | None] = []
        self.folded = 0
        self.work = 0
        self._ranks: list[int] | None = None

    def point(self) -> int:
        if len(self.free) >= MAX_POINTS:
            raise UnsafeError("its counted repetitions are too long")
        self.free.append([])
        self.takes.append(None)
        return len(self.free) - 1

    def _take(self, mask: int, start: int) -> int:
        here, end = self.point(), self.point()
        self.free[start].append(_Move(here))
        self.takes[here] = (mask, end)
        return end

    def sequence(self, items: Iterable[Any], start: int, flags: int) -> int:
        """Add *items* after the point *start*; the point after them."""
        for op, argument in items:
            start = self._item(op, argument, start, flags)
        return start

    def _item(self, op: Any, argument: Any, start: int, flags: int) -> int:
        if op in ONE_CHARACTER:
            return self._take(self._characters(op, argument, flags), start)
        if op is ops.SUBPATTERN:
            _group, added, removed, items = argument
            return self.sequence(items, start, (flags | added) & ~removed)
        if op is ops.ATOMIC_GROUP:  # followed as if it could be entered again: never fewer paths
            return self.sequence(argument, start, flags)
        if op is ops.BRANCH:
            end = self.point()
            for branch in argument[1]:
                first = self.point()
                self.free[start].append(_Move(first))
                self.free[self.sequence(branch, first, flags)].append(_Move(end))
            return end
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT):
            return self._repeat(op, argument, start, flags)
        if op is ops.AT:
            end = self.point()
            self.free[start].append(_Move(end, _place(argument, flags)))
            return end
        if op in (ops.ASSERT, ops.ASSERT_NOT):
            raise UnsafeError("it has look-around, `(?=…)` or one of its kin")
        if op in (ops.GROUPREF, ops.GROUPREF_EXISTS):
            raise UnsafeError("it refers back to a group")
        raise UnsafeError(f"it has {str(op).lower()}, which is not known to be safe")

    def _repeat(self, op: Any, argument: tuple[int, Any, Any], start: int, flags: int) -> int:
        least, most, items = argument
        if most is ops.MAXREPEAT and items.getwidth()[0] == 0:
            raise UnsafeError("it repeats without end what may match nothing")
        outside = 0
        if op is ops.POSSESSIVE_REPEAT and len(items) == 1 and items[0][0] in ONE_CHARACTER:
            kind, value = items[0]
            outside = self._characters(kind, value, flags)
        for _ in range(least):
            start = self.sequence(items, start, flags)
        end = self.point()
        leave = _Move(end, _BEFORE_OTHERS, outside) if outside else _Move(end)
        if most is ops.MAXREPEAT:
            loop = self.point()
            self.free[start].append(_Move(loop))
            self.free[loop].append(leave)
            self.free[self.sequence(items, loop, flags)].append(_Move(loop))
            return end
        for _ in range(most - least):
            self.free[start].append(leave)
            start = self.sequence(items, start, flags)
        self.free[start].append(_Move(end))
        return end

    def _characters(self, op: Any, argument: Any, flags: int) -> int:
        if op is ops.IN and flags & re.IGNORECASE:
            self.folded += sum(high - low for low, high in (part for kind, part in argument if kind is ops.RANGE))
            if self.folded > MAX_FOLDED:
                raise UnsafeError("it ignores the case of ranges that are too large")
        return characters(op, argument, flags)

    def moves(self, point: int) -> Iterator[int]:
        yield from (move.to for move in self.free[point])
        taken = self.takes[point]
        if taken is not None:
            yield taken[1]

    def is_small_tree(self) -> bool:
        """Whether no start can take more than `MAX_STEPS`, whatever the characters are: no repetition without end."""
        order = _topological(len(self.free), self.moves)
        if order is None:
            return False
        paths = [0] * len(self.free)
        paths[0] = 1
        for point in order:
            for to in self.moves(point):
                paths[to] += paths[point]
        return sum(paths) <= MAX_STEPS * 4  # a step has about four points: its own, and those between

    def ranks(self) -> list[int]:
        """Each point's place in an order along the moves that take nothing: no repetition is of nothing."""
        if self._ranks is None:
            order = _topological(len(self.free), lambda point: (move.to for move in self.free[point]))
            if order is None:
                raise UnsafeError("it repeats without end what may match nothing")
            self._ranks = [0] * len(order)
            for rank, point in enumerate(order):
                self._ranks[point] = rank
        return self._ranks

    def looks_at_words(self) -> bool:
        """Whether a move depends on a word boundary."""
        return any(move.when in (_AT_BOUNDARY, _NOT_AT_BOUNDARY) for moves in self.free for move in moves)

    def looks_ahead(self) -> bool:
        """Whether a move that takes nothing depends on the character to come."""
        return self.looks_at_words() or any(move.outside for moves in self.free for move in moves)

    def sure(self, end: int) -> frozenset[int]:
        """The points from which the rest may match nothing, wherever they are."""
        before: list[list[int]] = [[] for _ in self.free]
        for point, moves in enumerate(self.free):
            for move in moves:
                if move.when in (_FREE, _BEFORE_OTHERS):
                    before[move.to].append(point)
        found, stack = {end}, [end]
        while stack:
            for point in before[stack.pop()]:
                if point not in found:
                    found.add(point)
                    stack.append(point)
        return frozenset(found)


def _place(code: Any, flags: int) -> int:
    if code is ops.AT_BEGINNING_STRING or (code is ops.AT_BEGINNING and not flags & re.MULTILINE):
        return _AT_START
    if flags & re.ASCII:  # its boundaries are others than those that are counted here
        return _ANYWHERE
    return {ops.AT_BOUNDARY: _AT_BOUNDARY, ops.AT_NON_BOUNDARY: _NOT_AT_BOUNDARY}.get(code, _ANYWHERE)


def _topological(size: int, moves: Any) -> list[int] | None:
    """The points so that every move leads forward, or ``None`` where moves go round."""
    before = [0] * size
    for point in range(size):
        for to in moves(point):
            before[to] += 1
    order = [point for point in range(size) if not before[point]]
    for point in order:
        for to in moves(point):
            before[to] -= 1
            if not before[to]:
                order.append(to)
    return order if len(order) == size else None


# ---- counting paths


Vector: TypeAlias = tuple[tuple[int, int], ...]
"""How many paths are at each point, for the points that have any."""


def _follow(automaton: _Automaton, first: Vector, ends: frozenset[int], *, restart: bool) -> set[int]:
    """Follow all paths from *first* over all texts, but not beyond *ends*; the ends that were reached.

    With *restart*, paths start from the first point at every place: the search has not succeeded yet.
    """
    words = automaton.looks_at_words()
    kinds = _kinds_of_characters(automaton, words=words)
    counter = _Counter(automaton, ends)
    queue = [(0, first, True, False)]
    if not restart:  # it can be any place
        queue += [(0, first, False, False), (0, first, False, True)]  # the second is another only at a word boundary
    seen = {state[1:] for state in queue}
    while queue:  # the most paths first: where the number grows without bound, that is soon found
        _, vector, at_start, after_word = heapq.heappop(queue)
        for coming in kinds:
            counts = counter.step(vector, at_start, after_word, coming)
            if restart:
                counts[0] = 1
            following = (tuple(sorted(counts.items())), False, words and bool(coming & WORD))
            if counts and following not in seen:
                seen.add(following)
                heapq.heappush(queue, (-max(counts.values()), *following))
    return counter.ended


def _kinds_of_characters(automaton: _Automaton, *, words: bool) -> list[int]:
    """Sets of characters that no move tells apart, nor, with *words*, a word boundary."""
    kinds = [WORD, ALL & ~WORD] if words else [ALL]
    masks = {taken[0] for taken in automaton.takes if taken}
    masks.update(move.outside for moves in automaton.free for move in moves if move.outside)
    for mask in masks:
        kinds = [part for kind in kinds for part in (kind & mask, kind & ~mask) if part]
    return kinds


class _Counter:
    """Takes counted paths over one character, within the bounds."""

    def __init__(self, automaton: _Automaton, ends: frozenset[int]) -> None:
        self.automaton = automaton
        self.ends = ends
        self.ended: set[int] = set()
        self._looks_ahead = automaton.looks_ahead()
        self._known: tuple[object, list[tuple[int, int, int]]] = (None, [])

    def step(self, vector: Vector, at_start: bool, after_word: bool, coming: int) -> Counts:
        """The number of paths at each point after the next character, one of the set *coming*."""
        after: Counts = {}
        self.automaton.work += 1
        for mask, to, paths in self._ready(vector, at_start, after_word, coming):
            if mask & coming:
                after[to] = after.get(to, 0) + paths
        return after

    def _ready(self, vector: Vector, at_start: bool, after_word: bool, coming: int) -> list[tuple[int, int, int]]:
        """The moves that can take a character now: what they take, where they lead, and for how many paths."""
        key = (vector, at_start, after_word, coming if self._looks_ahead else 0)
        if self._known[0] != key:
            self._known = (key, self._reach(dict(vector), at_start, after_word, coming))
        return self._known[1]

    def _reach(self, counts: Counts, at_start: bool, after_word: bool, coming: int) -> list[tuple[int, int, int]]:
        ranks, free, takes = self.automaton.ranks(), self.automaton.free, self.automaton.takes
        waiting = [(ranks[point], point) for point in counts]
        heapq.heapify(waiting)
        ready = []
        steps = 0
        while waiting:
            _, point = heapq.heappop(waiting)
            if point in self.ends:
                self.ended.add(point)
                continue
            paths = counts[point]
            steps += paths
            self._bound(paths, steps)
            taken = takes[point]
            if taken is not None:
                ready.append((*taken, paths))
            for move in free[point]:
                self.automaton.work += 1
                if _is_open(move, at_start, after_word, coming):
                    if move.to not in counts:
                        heapq.heappush(waiting, (ranks[move.to], move.to))
                    counts[move.to] = counts.get(move.to, 0) + paths
        return ready

    def _bound(self, paths: int, steps: int) -> None:
        self.automaton.work += 1
        if paths > MAX_PATHS or steps > MAX_STEPS * 4:
            raise UnsafeError("a repetition in it can take the same characters as what follows or repeats it")
        if self.automaton.work > MAX_WORK:
            raise UnsafeError("it is too complicated to tell")


def _is_open(move: _Move, at_start: bool, after_word: bool, coming: int) -> bool:
    """Whether a path may take *move*, which takes no character, before a character of the set *coming*."""
    if move.when == _AT_START:
        return at_start
    if move.when in (_AT_BOUNDARY, _NOT_AT_BOUNDARY):
        at_boundary = after_word != bool(coming & WORD)
        return at_boundary == (move.when == _AT_BOUNDARY)
    return move.when != _BEFORE_OTHERS or not coming & move.outside
