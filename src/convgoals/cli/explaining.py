"""Explanations on a terminal: a tree where rich is installed, else as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convgoals.cli.terminal import Terminal, safe

if TYPE_CHECKING:
    from rich.tree import Tree

    from convgoals.explain.model import Explanation, Part


def draw_explanation(explanation: Explanation, terminal: Terminal) -> None:
    """One explanation, followed by an empty line."""
    console = terminal._rich()  # noqa: SLF001  the terminal's own face
    if console is None:
        terminal.line(f"{explanation}\n")
        return
    terminal.heading(f"{explanation.goal} · profile {explanation.profile_id}")
    terminal.line(explanation.headline)
    terminal.line()
    console.print(tree(explanation.root))
    if explanation.outlook:
        terminal.line()
        terminal.line(explanation.outlook)
    terminal.line()


def tree(part: Part) -> Tree:
    """A part, and all below it, as rich draws trees."""
    from rich.text import Text  # noqa: PLC0415  the extra, and only when something is drawn
    from rich.tree import Tree  # noqa: PLC0415

    label = Text("yes " if part.holds else "no  ", style="bold green" if part.holds else "bold red")
    label.append(safe(part.condition), style="bold")
    if part.text:
        label.append(f"\n    {safe(part.text)}", style="not bold")
    found = Tree(label, guide_style="dim")
    found.children.extend(tree(below) for below in part.parts)
    return found
