"""What a newcomer meant: from the place where reading failed to a message that names the mistake and its repair.

`explain_mistake` asks, in this order, what could be meant: the *structure* of the text (quotes and parentheses that do
not close, two conditions side by side), the *habits* that people bring from elsewhere (a table of what they write and
how it is said here), and *misspelt* words. A repair is shown only if it can be read: the whole corrected goal, in its
canonical text, so that it can be copied. Where nothing is recognised the message says what could have stood there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from convgoals.errors import GoalError, GoalSyntaxError
from convgoals.language import ast
from convgoals.language.check import check
from convgoals.language.format import format_duration, format_node, format_path
from convgoals.language.mistakes.expected import expectation
from convgoals.language.mistakes.habits import habits_in
from convgoals.language.mistakes.reading import Mistake, Reading
from convgoals.language.mistakes.spelling import misspelt
from convgoals.language.mistakes.structure import LATER, STRUCTURE, window_mistakes
from convgoals.language.slips import bare_names

MAX_REPAIRED = 500
"""The longest text, in characters, for which whole repairs are tried: a message must not cost more than a goal."""

MAX_TRIED = 2_500
"""How many characters of repaired texts are read for one message."""

MAX_MENDED = 5
"""How many mistakes of one text a repair may mend."""

MAX_LOOKED = 5
"""How many repaired texts are looked at for further mistakes."""

Accepted = Callable[[str, str], frozenset[str]]
"""``accepted(text, entry)``: the names of the grammar's terminals that can follow *text*."""

Read = Callable[[str, str], Any]
"""``read(text, entry)``: what *text* says; raises lark's ``UnexpectedInput``, or `GoalError`."""


def explain_mistake(text: str, failure: Any, entry: str, read: Read, accepted: Accepted) -> GoalSyntaxError:
    """The error to raise for *failure*, lark's ``UnexpectedInput``, met while reading *text* as *entry*."""
    reading = Reading(text, failure)
    repairs = _Repairs(reading.place, entry, read)
    likely: Mistake | None = None
    for mistake in _mistakes(reading, entry):
        shown = repairs.readable(mistake)
        if shown:
            return _error(mistake, shown)
        if not mistake.only_if_mended and likely is None:
            likely = mistake
    if likely is not None:
        return _error(likely, [])
    return GoalSyntaxError(
        f"{reading.found()} is not expected here",
        code="syntax",
        span=reading.span(),
        hint=expectation(reading, accepted(text[: reading.place], entry)),
    )


def _mistakes(reading: Reading, entry: str) -> Iterator[Mistake]:
    yield from window_mistakes(reading) if entry == "window_text" else ()
    for look in STRUCTURE:
        yield from look(reading)
    for habit in habits_in(reading):
        yield from habit.mistakes(reading)
    yield from misspelt(reading)
    for look in LATER:
        yield from look(reading)


def _error(mistake: Mistake, repairs: list[str]) -> GoalSyntaxError:
    hint = mistake.hint
    if len(repairs) == 1:
        hint = f"write: {repairs[0]}"
    elif repairs:
        hint = "\n    ".join(["write one of these:", *repairs])
    return GoalSyntaxError(mistake.message, code=mistake.code, span=mistake.span, hint=hint)


class _Repairs:
    """Tries repairs, within bounds."""

    def __init__(self, place: int, entry: str, read: Read) -> None:
        self.place = place
        self.entry = entry
        self.read = read
        self.tried = 0
        self.looked = 0

    def readable(self, mistake: Mistake) -> list[str]:
        """The canonical texts of those repairs that say something; each once."""
        found = (self._mended(repair) for repair in mistake.repairs)
        return list(dict.fromkeys(text for text in found if text))

    def _mended(self, text: str) -> str:
        """The canonical text of *text*, with the mistakes mended that it has besides; ``""`` if there is none."""
        from lark.exceptions import UnexpectedInput  # noqa: PLC0415  see parse.py

        place = self.place
        for _ in range(MAX_MENDED):
            self.tried += len(text)
            if len(text) > MAX_REPAIRED or self.tried > MAX_TRIED:
                return ""
            try:
                node = self.read(text, self.entry)
                if self.entry == "condition_text":
                    if bare_names(node):
                        return ""
                    check(node)
            except UnexpectedInput as failure:
                reading = Reading(text, failure)
                self.looked += reading.place > place
                if reading.place <= place or self.looked > MAX_LOOKED:  # no better than before
                    return ""
                place = reading.place
                text = next((repair for mistake in _mistakes(reading, self.entry) for repair in mistake.repairs), "")
            except GoalError:
                return ""
            else:
                return _canonical(node)
        return ""


def _canonical(node: Any) -> str:
    match node:
        case (ast.Duration() as duration, anchor):
            return f"{format_duration(duration)} of {format_node(anchor)}"
        case tuple():
            return format_path(node)
        case _:
            return format_node(node)
