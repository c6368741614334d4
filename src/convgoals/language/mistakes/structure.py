"""Mistakes of structure: what is open, what is missing, and conditions that stand side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from convgoals.errors import Span
from convgoals.language.mistakes.reading import Mistake, Reading, Token
from convgoals.language.mistakes.spelling import KEYWORDS

_CLOSING = {'"': '"', "'": "'", "“": "”", "‘": "’", "„": "“", "«": "»"}
_RELATIONS = frozenset({"=", "==", "!=", "<>", "<", "<=", ">", ">=", "≠", "≤", "≥", "contains", "matches"})
_STARTS_CONDITION = frozenset({"event", "profile", "campaign", "count", "sum", "avg", "min", "max", "distinct"})
_JOINS = frozenset({"and", "or", "not", "&&", "||", "!", "("})
_TAKES_NAME = frozenset({"event", "segment", "campaign", "same", "."})
_AFTER_NAME = _JOINS | _RELATIONS | {"", ")", "within", "for", "between", "followed", "in", "is", "where", ";"}


def _empty(reading: Reading) -> Iterator[Mistake]:
    if len(reading.tokens) == 1:
        yield Mistake("empty", "there is nothing to read", reading.span(), hint="for example: event purchase_completed")


def _open_quote(reading: Reading) -> Iterator[Mistake]:
    token = next((token for token in reading.tokens if token.kind == "open"), None)
    if token is None:
        return
    text, quote = reading.text, token.text[0]
    other = next((place for place in range(token.start + 1, token.end) if text[place] in '"”’“»'), None)
    if other is not None and quote in '"“‘„«':
        inside = text[token.start + 1 : other].replace('"', "")
        yield Mistake(
            "mixed-quotes",
            f"a text that begins with {quote} does not end with {text[other]}",
            Span(token.start, other + 1),
            (text[: token.start] + f'"{inside}"' + text[other + 1 :],),
            only_if_mended=True,
        )
    closing = _CLOSING.get(quote, quote)
    ends = [
        token.end,
        token.start + 1 + len(token.text[1:].split(" ")[0].rstrip("),")),
        token.start + len(token.text.rstrip(") ")),
    ]
    yield Mistake(
        "unclosed-quote",
        f"the text that begins with {quote} never ends",
        Span(token.start, token.start + 1),
        tuple(text[:end] + closing + text[end:] for end in dict.fromkeys(sorted(ends))),
        hint=f"end it with {closing}",
    )


def _parentheses(reading: Reading) -> Iterator[Mistake]:
    token, text = reading.token(), reading.text
    opened = reading.open_parentheses(reading.at)
    if token.text in (")", "]") and not opened:
        yield Mistake(
            "unopened-parenthesis",
            f"this `{token.text}` closes nothing",
            token.span,
            (reading.replaced(token.span, ""),),
            hint="leave it out",
        )
    elif opened:
        closing = {"(": ")", "[": "]"}[opened[-1].text]
        every = "".join({"(": ")", "[": "]"}[paren.text] for paren in reversed(reading.open_parentheses()))
        yield Mistake(
            "unclosed-parenthesis",
            f"this `{opened[-1].text}` is never closed",
            opened[-1].span,
            (text[: token.start].rstrip() + closing + " " + text[token.start :],)
            if token.kind != "end"
            else (text[: token.end] + every + text[token.end :],),
            hint=f"close it with `{closing}`",
            only_if_mended=token.kind != "end",
        )


def _subject(reading: Reading, before: int) -> tuple[int, int] | None:
    """The tokens of the property on the left of the comparison that ends before the token of index *before*."""
    index = before - 1
    while index > 0 and reading.tokens[index].lower not in _RELATIONS:
        if reading.tokens[index].lower in _JOINS or reading.tokens[index].lower == "where":
            return None
        index -= 1
    first = index
    while first > 0 and (reading.tokens[first - 1].kind in ("word", "text") or reading.tokens[first - 1].text == "."):
        if first < index and reading.tokens[first - 1].text != "." and reading.tokens[first].text != ".":
            break
        first -= 1
    return (first, index) if first < index else None


def _half_comparison(reading: Reading) -> Iterator[Mistake]:
    """``x > 50 and < 100``: the second comparison lacks its left side."""
    at = reading.at - (reading.token(-1).lower in _RELATIONS)  # a relation in letters was read as a name
    token, before = reading.tokens[at], reading.tokens[at - 1]
    if at < 1 or token.lower not in _RELATIONS or before.lower not in ("and", "or", "&&", "||", "not"):
        return
    last = at - 1
    while last > 0 and reading.tokens[last].lower in _JOINS:
        last -= 1
    subject = _subject(reading, last + 1)
    if subject is None:
        return
    first, relation = (reading.tokens[index] for index in subject)
    name = reading.text[first.start : reading.tokens[subject[1] - 1].end]
    whole = reading.text[: token.start] + f"{name} " + reading.text[token.start :]
    repairs = [whole]
    if subject[0] > 0 and reading.tokens[subject[0] - 1].lower == "where":
        end = reading.tokens[min(at + 1, len(reading.tokens) - 1)].end + len(name) + 1
        repairs = [whole[: first.start] + "(" + whole[first.start : end] + ")" + whole[end:]]
    yield Mistake(
        "half-comparison",
        f"this comparison has no left side; each side of `{before.lower}` is a whole condition",
        token.span,
        tuple(repairs),
        hint=f"write the name again: {name} {relation.text} … {before.lower} {name} {token.text} …",
    )


def _double_comparison(reading: Reading) -> Iterator[Mistake]:
    """``50 < x < 100``."""
    token = reading.token()
    if token.lower not in _RELATIONS or reading.token(-1).kind not in ("word", "text"):
        return
    subject = reading.at
    while subject > 0 and (
        reading.tokens[subject - 1].kind in ("word", "text") or reading.tokens[subject - 1].text == "."
    ):
        subject -= 1
    if subject < 2 or reading.tokens[subject - 1].text not in ("<", "<=", ">", ">="):
        return
    low = reading.tokens[subject - 2]
    name = reading.text[reading.tokens[subject].start : reading.token(-1).end]
    high = reading.token(1)
    turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[reading.tokens[subject - 1].text]
    both = f"{name} {turned} {low.text} and {name} {token.text} {high.text}"
    if subject > 2 and reading.tokens[subject - 3].lower == "where":
        both = f"({both})"
    yield Mistake(
        "half-comparison",
        "a comparison has two sides; this one has three",
        Span(low.start, high.end),
        (reading.replaced(Span(low.start, high.end), both),),
        hint=f"{name} {turned} {low.text} and {name} {token.text} {high.text}",
    )


def _forgotten_event(reading: Reading) -> Iterator[Mistake]:
    """A name where an occurrence must stand: ``purchase and …``, ``followed by refund``, ``of first visit``."""
    token, before = reading.token(), reading.token(-1)
    joined_text = token.kind == "text" and before.lower in ("and", "or", ",")  # … = "a" or "b" is about values
    if "_EVENT" in reading.expected and token.kind in ("word", "text") and not joined_text:
        if "NAME" not in reading.expected:
            yield _event_before(reading, token)
        return
    starts = reading.token(-2).lower
    if before.lower in KEYWORDS or reading.token(-4).lower == "segment":  # `in segment vip or staff`
        return
    if (
        before.kind not in ("word", "text")
        or starts in _TAKES_NAME
        or token.lower not in _AFTER_NAME - _RELATIONS - {"is"}
    ):
        return
    if reading.at == 1 or (starts in _JOINS if before.kind == "word" else starts in ("not", "!", "(")):
        yield _event_before(reading, before)


def _event_before(reading: Reading, name: Token) -> Mistake:
    return Mistake(
        "missing-event",
        f"`{name.text}` stands alone; an event begins with the word `event`",
        name.span,
        (reading.replaced(name.span, f"event {name.text}"),),
        hint=f"event {name.text}",
        only_if_mended=True,
    )


def _no_comparison(reading: Reading) -> Iterator[Mistake]:
    """``profile.vip`` alone, ``count(event x)`` alone, ``where is_new``: a value where a condition must stand."""
    if "EQUAL" not in reading.expected or reading.token().lower not in _AFTER_NAME | {"then"}:
        return
    end = reading.at - 1
    if reading.tokens[end].text == ")":
        depth, first = 0, end
        while first > 0:
            depth += {")": 1, "(": -1}.get(reading.tokens[first].text, 0)
            if depth == 0:
                break
            first -= 1
        name = reading.tokens[first - 1].lower if first else ""
        if name in ("count", "sum", "avg", "min", "max", "distinct", "length"):
            value = Span(reading.tokens[first - 1].start, reading.tokens[end].end)
            yield Mistake(
                "no-comparison",
                f"`{name}(…)` is a number, and a condition is something that is so or not",
                value,
                (reading.text[: value.end] + " >= 1" + reading.text[value.end :],),
                hint=f"compare it: {name}(…) >= 1",
            )
        return
    first = end
    while first > 0 and reading.tokens[first - 1].text == ".":
        first -= 2
    if reading.tokens[end].kind not in ("word", "text") or first < 0:
        return
    value = Span(reading.tokens[first].start, reading.tokens[end].end)
    name = reading.text[value.start : value.end]
    yield Mistake(
        "no-comparison",
        f"`{name}` is a value, and a condition is something that is so or not",
        value,
        tuple(reading.text[: value.end] + more + reading.text[value.end :] for more in (" = true", " is set")),
        hint=f"{name} = true, or {name} is set",
    )


def _side_by_side(reading: Reading) -> Iterator[Mistake]:
    token = reading.token()
    starts = token.lower in _STARTS_CONDITION or token.lower in ("not", "in", "(") or token.kind == "word"
    if starts and "_AND" in reading.expected:
        yield Mistake(
            "missing-and",
            "two conditions stand side by side, and nothing says whether both must hold or one",
            token.span,
            tuple(reading.text[: token.start] + word + reading.text[token.start :] for word in ("and ", "or ")),
            hint="join them by `and` or `or`",
            only_if_mended=token.lower not in _STARTS_CONDITION,
        )


def window_mistakes(reading: Reading) -> Iterator[Mistake]:
    """Of a goal's own window, which is a span and what it runs from: a word before it, or only one of the two."""
    first = reading.tokens[0]
    if first.lower in ("within", "in"):
        yield Mistake(
            "leading-word",
            f"a window stands alone, without `{first.text}`",
            first.span,
            (reading.replaced(first.span, ""),),
            hint="7 days of first event page_visit",
            only_if_mended=True,
        )
    token, before = reading.token(), reading.token(-1)
    if token.lower == "event" and before.lower in ("of", "after"):
        yield Mistake(
            "window-of",
            "a window opens with one event: the first, the last or any?",
            token.span,
            tuple(reading.replaced(token.span, f"{which} event") for which in ("first", "last", "any")),
            hint="7 days of first event page_visit",
        )
    elif token.kind == "end" and "_OF" in reading.expected:
        yield Mistake(
            "window-of",
            "the window does not say of what",
            Span(first.start, before.end),
            (f"{reading.text} of first event page_visit",),
            hint=f"{reading.text} of first event page_visit",
        )
    elif first.lower in ("first", "last", "any", "campaign", "profile", "event"):
        yield Mistake(
            "missing-amount",
            "the window does not say how long it is",
            first.span,
            (f"7 days of {reading.text}", f"7 days of first {reading.text}"),
            hint=f"7 days of {reading.text}",
        )


STRUCTURE: tuple[Callable[[Reading], Iterator[Mistake]], ...] = (
    _empty,
    _open_quote,
    _half_comparison,
    _double_comparison,
    _forgotten_event,
)
"""What is looked for before the habits."""

LATER: tuple[Callable[[Reading], Iterator[Mistake]], ...] = (_no_comparison, _parentheses, _side_by_side)
"""What is looked for after the habits, which know better what they see."""
