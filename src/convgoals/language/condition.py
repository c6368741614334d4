"""A condition as users hold it: parsed, checked, comparable, printable."""

from __future__ import annotations

from typing import Any

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

    def describe(self) -> str:
        """The condition in plain English, for people who do not read the language."""
        from convgoals.language.describe import describe  # noqa: PLC0415  only people who ask pay for it

        return describe(self.root)

    def to_dict(self) -> dict[str, Any]:
        """The condition as plain JSON values, for condition builders; ``from_dict`` reads it back as an equal one."""
        from convgoals.language.builder import node_to_dict  # noqa: PLC0415  as above

        return node_to_dict(self.root)

    @classmethod
    def from_dict(cls, data: object) -> Condition:
        """The condition that `to_dict`, or a condition builder in a web page, made.

        Args:
            data: an object of the form that `convgoals.language.builder.json_schema` publishes; nothing is trusted.

        Raises:
            GoalDefinitionError: *data* is not of that form; the message starts with the JSON path.
            GoalSyntaxError, GoalTypeError: it is, but is refused as text would be; the error shows it as text.
        """
        from convgoals.language.builder import node_from_dict  # noqa: PLC0415  as above

        return parse(format_node(node_from_dict(data)))


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
