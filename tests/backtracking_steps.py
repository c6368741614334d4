"""A plain backtracking matcher that counts its steps: what the analyser of patterns is held against.

It runs the tree that `re` parses, tries alternatives in the order of `re`, and knows no shortcut, so `re` takes at most
as many steps, up to a constant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from re import _constants as ops
from re import _parser
from typing import Any

import attrs

Test = Callable[[str, int], bool]


@attrs.define
class Program:
    """A pattern as instructions.

    They are ``("take", test)``, ``("assert", test)``, ``("split", first, second)``, ``("goto", to)``,
    ``("atom", program)`` and ``("match",)``.
    """

    code: list[tuple[Any, ...]] = attrs.Factory(list)
    steps: int = 0

    def search(self, text: str) -> bool:
        """Whether the pattern matches anywhere; adds to ``steps``."""
        return any(self.match(text, start) is not None for start in range(len(text) + 1))

    def match(self, text: str, start: int) -> int | None:
        """Where the first match from *start* ends."""
        stack = [(0, start)]
        while stack:
            at, place = stack.pop()
            while True:
                self.steps += 1
                kind, *arguments = self.code[at]
                if kind == "match":
                    return place
                if kind == "split":
                    stack.append((arguments[1], place))
                    at = arguments[0]
                    continue
                if kind == "goto":
                    at = arguments[0]
                    continue
                if kind == "take":
                    if place >= len(text) or not arguments[0](text, place):
                        break
                    place += 1
                elif kind == "assert":
                    if not arguments[0](text, place):
                        break
                elif kind == "atom":
                    inner: Program = arguments[0]
                    inner.steps = 0
                    end = inner.match(text, place)
                    self.steps += inner.steps
                    if end is None:
                        break
                    place = end
                at += 1
        return None


def compile_steps(pattern: str) -> Program:
    """The program of *pattern*."""
    tree = _parser.parse(pattern)
    program = Program()
    _sequence(program, tree, tree.state.flags)
    program.code.append(("match",))
    return program


def _sequence(program: Program, items: Any, flags: int) -> None:
    for op, argument in items:
        _item(program, op, argument, flags)


def _item(program: Program, op: Any, argument: Any, flags: int) -> None:
    code = program.code
    if op in (ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN):
        code.append(("take", _character(op, argument, flags)))
    elif op is ops.AT:
        code.append(("assert", _place(argument, flags)))
    elif op is ops.SUBPATTERN:
        _sequence(program, argument[3], (flags | argument[1]) & ~argument[2])
    elif op is ops.ATOMIC_GROUP:
        code.append(("atom", _atom(argument, flags)))
    elif op is ops.BRANCH:
        leave = []
        for branch in argument[1][:-1]:
            split = len(code)
            code.append(())
            _sequence(program, branch, flags)
            leave.append(len(code))
            code.append(())
            code[split] = ("split", split + 1, len(code))
        _sequence(program, argument[1][-1], flags)
        for at in leave:
            code[at] = ("goto", len(code))
    elif op is ops.POSSESSIVE_REPEAT:
        whole = Program()
        _item(whole, ops.MAX_REPEAT, argument, flags)
        whole.code.append(("match",))
        code.append(("atom", whole))
    else:
        assert op in (ops.MAX_REPEAT, ops.MIN_REPEAT), op
        _repeat(program, argument, flags, greedy=op is ops.MAX_REPEAT)


def _atom(items: Any, flags: int) -> Program:
    inner = Program()
    _sequence(inner, items, flags)
    inner.code.append(("match",))
    return inner


def _repeat(program: Program, argument: Any, flags: int, *, greedy: bool) -> None:
    least, most, items = argument
    code = program.code
    for _ in range(least):
        _sequence(program, items, flags)
    splits = []
    if most is ops.MAXREPEAT:
        loop = len(code)
        splits.append(loop)
        code.append(())
        _sequence(program, items, flags)
        code.append(("goto", loop))
    else:
        for _ in range(most - least):
            splits.append(len(code))
            code.append(())
            _sequence(program, items, flags)
    for split in splits:
        code[split] = ("split", split + 1, len(code)) if greedy else ("split", len(code), split + 1)


def _character(op: Any, argument: Any, flags: int) -> Test:
    single = re.compile(_written(op, argument), flags & (re.IGNORECASE | re.DOTALL))
    return lambda text, place: single.match(text[place]) is not None


def _written(op: Any, argument: Any) -> str:
    if op is ops.ANY:
        return "."
    if op is ops.LITERAL:
        return re.escape(chr(argument))
    if op is ops.NOT_LITERAL:
        return f"[^{re.escape(chr(argument))}]"
    return f"[{''.join(_member(*item) for item in argument)}]"


_CATEGORIES = {
    ops.CATEGORY_DIGIT: r"\d", ops.CATEGORY_NOT_DIGIT: r"\D", ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S", ops.CATEGORY_WORD: r"\w", ops.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def _member(op: Any, argument: Any) -> str:
    if op is ops.NEGATE:
        return "^"
    if op is ops.CATEGORY:
        return _CATEGORIES[argument]
    if op is ops.RANGE:
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    return re.escape(chr(argument))


def _place(code: Any, flags: int) -> Test:
    written = {
        ops.AT_BEGINNING: "^", ops.AT_BEGINNING_STRING: r"\A", ops.AT_END: "$", ops.AT_END_STRING: r"\Z",
        ops.AT_BOUNDARY: r"\b", ops.AT_NON_BOUNDARY: r"\B",
    }[code]  # fmt: skip
    empty = re.compile(written, flags & re.MULTILINE)
    return lambda text, place: empty.match(text, place) is not None
