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

MAX_PATHS = 24
"""How many paths may be at one point of the pattern at one place of the text."""

MAX_STEPS = 500
"""How many steps one character may take, over all points and starts."""

MAX_POINTS = 1_200
"""How many points the automaton may have: counted repetitions are written out."""

MAX_WORK = 12_000
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
    reached = _follow(automaton, {0: 1}, sure, restart=True)
    for point in sorted(reached):
        _follow(automaton, {point: 1}, frozenset(), restart=False)


# ---- sets of characters: each of the first 256, and all others by kind. A set may be too large, never too small.

_CHARACTERS = range(256)
_OTHER_DIGIT, _OTHER_LETTER, _OTHER_SPACE, _OTHER = (1 << (256 + kind) for kind in range(4))
_ALL = (1 << 260) - 1
_FOLDED_BEYOND = frozenset("ksi\u00e5\u00b5\u00ff\u00df")
"""Lower-case letters that are also, ignoring case, a character beyond the first 256."""


def _mask(test: Any) -> int:
    return sum(1 << code for code in _CHARACTERS if test(chr(code)))


_DIGIT = _mask(str.isdecimal) | _OTHER_DIGIT
_SPACE = _mask(str.isspace) | _OTHER_SPACE
_WORD = _mask(lambda c: c.isalnum() or c == "_") | _OTHER_DIGIT | _OTHER_LETTER
_CATEGORIES = {
    ops.CATEGORY_DIGIT: _DIGIT,
    ops.CATEGORY_NOT_DIGIT: _ALL & ~_mask(lambda c: "0" <= c <= "9"),
    ops.CATEGORY_SPACE: _SPACE,
    ops.CATEGORY_NOT_SPACE: _ALL & ~_mask(lambda c: c in " \t\n\r\f\v"),
    ops.CATEGORY_WORD: _WORD,
    ops.CATEGORY_NOT_WORD: _ALL & ~_mask(lambda c: c.isascii() and (c.isalnum() or c == "_")),
}


def _one(code: int) -> int:
    if code < len(_CHARACTERS):
        return 1 << code
    character = chr(code)
    if character.isdecimal():
        return _OTHER_DIGIT
    if character.isalnum():
        return _OTHER_LETTER
    return _OTHER_SPACE if character.isspace() else _OTHER


def _any_case(code: int) -> int:
    """The characters that are *code* where case is ignored."""
    character = chr(code)
    mask = _one(code)
    for variant in {*character.lower(), *character.upper(), *character.upper().lower()}:
        mask |= _one(ord(variant)) | (_OTHER_LETTER if variant in _FOLDED_BEYOND else 0)
    return mask


def _range(low: int, high: int, ignore_case: bool) -> int:
    end = min(high, len(_CHARACTERS) - 1)
    mask = 0
    if low <= end:
        mask = sum(1 << code for code in range(low, end + 1))
        if ignore_case:
            for code in range(low, end + 1):
                mask |= _any_case(code)
    if high > end:
        mask |= _OTHER_DIGIT | _OTHER_LETTER | _OTHER_SPACE | _OTHER
        if ignore_case:  # a few of them are, ignoring case, among the first 256
            for character in _FOLDED_BEYOND:
                mask |= _any_case(ord(character))
    return mask


def _only(code: int) -> int:
    """The set of *code* where it can be told from all others, and nothing where it cannot: for complements."""
    return 1 << code if code < len(_CHARACTERS) else 0


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
        if op in (ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN):
            return self._take(self._set(op, argument, flags), start)
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
        if op is ops.POSSESSIVE_REPEAT and _is_one_character(items):
            kind, value = items[0]
            outside = self._set(kind, value, flags)
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

    def _set(self, op: Any, argument: Any, flags: int) -> int:
        ignore_case = bool(flags & re.IGNORECASE)
        if op is ops.ANY:
            return _ALL if flags & re.DOTALL else _ALL & ~_one(ord("\n"))
        if op is ops.LITERAL:
            return _any_case(argument) if ignore_case else _one(argument)
        if op is ops.NOT_LITERAL:
            return _ALL & ~_only(argument)
        return self._class(argument, ignore_case)

    def _class(self, items: list[Any], ignore_case: bool) -> int:
        mask, negated = 0, False
        for op, argument in items:
            if op is ops.NEGATE:
                negated = True
            elif op is ops.CATEGORY:
                category = _CATEGORIES[argument]
                mask |= (_ALL & ~_CATEGORIES[_OPPOSITES[argument]]) if negated else category
            elif op is ops.RANGE:
                low, high = argument
                if ignore_case:
                    self._count_folded(high - low)
                mask |= _range(low, min(high, 255), ignore_case=False) if negated else _range(low, high, ignore_case)
            elif negated:
                mask |= _only(argument)
            else:
                mask |= _any_case(argument) if ignore_case else _one(argument)
        return _ALL & ~mask if negated else mask

    def _count_folded(self, characters: int) -> None:
        self.folded += characters
        if self.folded > MAX_FOLDED:
            raise UnsafeError("it ignores the case of ranges that are too large")

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


_OPPOSITES = {
    ops.CATEGORY_DIGIT: ops.CATEGORY_NOT_DIGIT,
    ops.CATEGORY_NOT_DIGIT: ops.CATEGORY_DIGIT,
    ops.CATEGORY_SPACE: ops.CATEGORY_NOT_SPACE,
    ops.CATEGORY_NOT_SPACE: ops.CATEGORY_SPACE,
    ops.CATEGORY_WORD: ops.CATEGORY_NOT_WORD,
    ops.CATEGORY_NOT_WORD: ops.CATEGORY_WORD,
}


def _is_one_character(items: Any) -> bool:
    return len(items) == 1 and items[0][0] in (ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN)


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


@attrs.frozen
class _Place:
    """What a path sees of the text where it is: the start, the kind of character before and the one to come."""

    at_start: bool
    after_word: bool
    coming: int

    def is_open(self, move: _Move) -> bool:
        if move.when == _AT_START:
            return self.at_start
        if move.when in (_AT_BOUNDARY, _NOT_AT_BOUNDARY):
            at_boundary = self.after_word != bool(self.coming & _WORD)
            return at_boundary == (move.when == _AT_BOUNDARY)
        return move.when != _BEFORE_OTHERS or not self.coming & move.outside


def _follow(automaton: _Automaton, first: Counts, ends: frozenset[int], *, restart: bool) -> set[int]:
    """Follow all paths from *first* over all texts, but not beyond *ends*; the ends that were reached.

    With *restart*, paths start from the first point at every place: the search has not succeeded yet.
    """
    kinds = _kinds_of_characters(automaton)
    counter = _Counter(automaton, ends)
    vector = tuple(sorted(first.items()))
    queue = [(0, vector, True, False)]
    if not restart:  # it can be any place
        queue += [(0, vector, False, False), (0, vector, False, True)]
    seen = {state[1:] for state in queue}
    while queue:  # the most paths first: where the number grows without bound, that is soon found
        _, vector, at_start, after_word = heapq.heappop(queue)
        for coming in kinds:
            counts = counter.step(dict(vector), _Place(at_start, after_word, coming))
            if restart:
                counts[0] = 1
            following = (tuple(sorted(counts.items())), False, bool(coming & _WORD))
            if counts and following not in seen:
                seen.add(following)
                heapq.heappush(queue, (-max(counts.values()), *following))
    return counter.ended


def _kinds_of_characters(automaton: _Automaton) -> list[int]:
    """Sets of characters that no move, and no word boundary, tells apart."""
    kinds = [_WORD, _ALL & ~_WORD]
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

    def step(self, counts: Counts, place: _Place) -> Counts:
        """The number of paths at each point after the next character."""
        ranks, free, takes = self.automaton.ranks(), self.automaton.free, self.automaton.takes
        waiting = [(ranks[point], point) for point in counts]
        heapq.heapify(waiting)
        after: Counts = {}
        steps = 0
        while waiting:
            _, point = heapq.heappop(waiting)
            if point in self.ends:
                self.ended.add(point)
                continue
            paths = counts[point]
            taken = takes[point]
            if taken is not None and taken[0] & place.coming:
                after[taken[1]] = after.get(taken[1], 0) + paths
            steps += paths
            for move in free[point]:
                self.automaton.work += 1
                if place.is_open(move):
                    if move.to not in counts:
                        heapq.heappush(waiting, (ranks[move.to], move.to))
                    counts[move.to] = counts.get(move.to, 0) + paths
            self._bound(paths, steps)
        return after

    def _bound(self, paths: int, steps: int) -> None:
        self.automaton.work += 1
        if paths > MAX_PATHS or steps > MAX_STEPS * 4:
            raise UnsafeError("a repetition in it can take the same characters as what follows or repeats it")
        if self.automaton.work > MAX_WORK:
            raise UnsafeError("it is too complicated to tell")
