"""HTML from values: what is no `Markup` already is escaped, so that nothing in the data is markup by accident."""

from __future__ import annotations

import html
from collections.abc import Iterable

from convgoals.texts import clean

_VOID = frozenset({"meta", "br", "hr", "col"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(element: str, /, *children: object, **attributes: object) -> Markup:
    """An element: text in it is escaped, `Markup` is not, ``None`` is nothing, and lists are taken apart.

    Attributes are named as in Python: ``class_``, ``aria_label``. ``None`` and ``False`` leave one out.
    """
    written = "".join(
        f" {_attribute(key)}" if value is True else f' {_attribute(key)}="{_escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if element in _VOID:
        return Markup(f"<{element}{written}>")
    return Markup(f"<{element}{written}>{join(*children)}</{element}>")


def join(*children: object) -> Markup:
    """Several things one after the other."""
    return Markup("".join(_each(children)))


def name(text: str, *, fallback: str = "(no name)") -> Markup:
    """A name that somebody gave: set apart, so that its direction of writing stays its own."""
    return tag("bdi", text or fallback)


def _each(children: Iterable[object]) -> Iterable[str]:
    for child in children:
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, str):
            yield _escape(child)
        elif isinstance(child, Iterable):
            yield from _each(child)
        elif child is not None:
            yield _escape(str(child))


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _escape(text: str) -> str:
    return html.escape(clean(text), quote=True)
