"""A condition as users hold it: parsed, checked, comparable, printable."""

from __future__ import annotations

import attrs

from convgoals.errors import GoalError
from convgoals.language import ast
from convgoals.language.check import check
from convgoals.language.format import format_node
from convgoals.language.parse import parse_condition


@attrs.frozen
class Condition:
    """A parsed condition. Equal conditions have equal nodes; ``str()`` is the canonical text.

    Attributes:
        root: the outermost node.
        text: the text it was parsed from.
    """

    root: ast.Condition
    text: str = attrs.field(default="", eq=False, repr=False)

    def __str__(self) -> str:
        return format_node(self.root)


def parse(text: str) -> Condition:
    """Parse and check a condition.

    Args:
        text: a condition in the language of the reference, such as ``event purchase where order_value > 50``.

    Returns:
        The condition; ``parse(str(condition)) == condition``.

    Raises:
        GoalSyntaxError: *text* is no condition; the error has its ``line``, ``column``, ``code`` and ``hint``.
        GoalTypeError: it is one, but part of it can never be true or says nothing.
    """
    root = parse_condition(text)
    try:
        check(root)
    except GoalError as error:
        raise error.at(text) from None
    return Condition(root, text)
