"""What can never be true, found without a schema: ``a > 5 and a < 3``, ``length(x) < 0``, a wait longer than its room.

The parts of one conjunction that look at the same value are put together into what that value could still be
(`_Possible`); when nothing is left, the part that took the last of it is reported. Only what is *certain* counts: a
value may be of any type, so ``a > 5 and a < "x"`` never holds, while ``a >= 2026-01-01 and a = "2026-01-01"`` may.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date

from convgoals.errors import GoalTypeError
from convgoals.instants import DAY
from convgoals.language import ast
from convgoals.language.format import format_node
from convgoals.language.normal import is_pure, negated, normal_form
from convgoals.language.possible import Possible, subject_of

_CONDITIONS = (
    *ast.COMPARISONS, *ast.OCCURRENCES, ast.And, ast.Or, ast.Not, ast.InSegment, ast.InLast, ast.Chain, ast.Window,
    ast.Between, ast.Held,
)  # fmt: skip

MAX_REPEATED = 25
"""How many nodes a part may have to be looked for, negated, among the parts beside it."""


def contradictions(root: ast.Condition) -> Iterator[GoalTypeError]:
    """Everything in *root* that never holds, wherever it stands; each with code ``never-true`` and a span."""
    inside = {id(term) for node in ast.walk(root) if isinstance(node, ast.And) for term in node.terms}
    for node in ast.walk(root):
        if isinstance(node, _CONDITIONS) and id(node) not in inside:
            yield from _conflicts(node)
        if isinstance(node, ast.ChangeOccurrence) and _changes_nothing(node):
            yield GoalTypeError(
                "a value that changes becomes another, so it cannot change to what it was",
                code="never-true",
                span=node.span,
                hint=format_node(ast.ChangeOccurrence(node.path, None, node.after)),
            )
    yield from _too_long(root)


def never_true(node: ast.Condition) -> bool:
    """Whether *node* certainly never holds, by what must hold together for it alone; not by what stands below."""
    return next(_conflicts(node), None) is not None


def always_true(node: ast.Condition) -> bool:
    """Whether *node* certainly holds at every instant: a comparison or an ``or`` whose negation never does."""
    match node:
        case ast.Or(terms):
            if any(always_true(term) for term in terms):
                return True
            keys = {normal_form(term) for term in terms}
            if any(normal_form(ast.Not(term)) in keys for term in terms):
                return True
            return is_pure(node) and never_true(negated(node))
        case ast.And(terms):
            return all(always_true(term) for term in terms)
        case ast.Compare() | ast.Membership() | ast.Range() | ast.Matches() | ast.Presence():
            return never_true(ast.Not(node))
        case _:
            return False


# ---- within one conjunction


def _conjuncts(node: ast.Condition) -> Iterator[ast.Condition]:
    """What must hold together for *node* to hold."""
    if isinstance(node, ast.And):
        for term in node.terms:
            yield from _conjuncts(term)
    elif isinstance(node, ast.Not) and isinstance(node.term, ast.Or):
        for term in node.term.terms:
            yield from _conjuncts(ast.Not(term, span=term.span))
    elif isinstance(node, ast.Not) and isinstance(node.term, ast.Not):
        yield from _conjuncts(node.term.term)
    else:
        yield node


def _conflicts(node: ast.Condition) -> Iterator[GoalTypeError]:
    parts = list(_conjuncts(node))
    groups: dict[ast.Value, list[ast.Condition]] = {}
    for part in parts:
        subject = subject_of(part)
        if subject is not None:
            groups.setdefault(subject, []).append(part)
    found = False
    for subject, group in groups.items():
        at = _first_impossible(subject, group)
        if at is not None:
            found = True
            yield _conflict(subject, group[: at + 1])
    if not found and len(parts) > 1:
        yield from _opposites(parts)


def _first_impossible(subject: ast.Value, group: list[ast.Condition]) -> int | None:
    """The index of the first of *group* with which nothing is left for *subject* to be."""
    possible = Possible(subject)
    for index, part in enumerate(group):
        possible.narrow(part)
        if possible.is_empty():
            return index
    return None


def _conflict(subject: ast.Value, group: list[ast.Condition]) -> GoalTypeError:
    last = group[-1]
    if len(group) == 1 or _first_impossible(subject, [last]) is not None:
        return GoalTypeError(
            f"`{format_node(last)}` is never true",
            code="never-true",
            span=last.span,
            hint=_single_hint(last),
        )
    for other in group[:-1]:
        if _first_impossible(subject, [other, last]) is not None:
            return GoalTypeError(
                f"`{format_node(other)}` and `{format_node(last)}` cannot both be true",
                code="never-true",
                span=last.span,
                hint=_pair_hint(other, last),
            )
    listed = ", ".join(f"`{format_node(part)}`" for part in group[:-1])
    return GoalTypeError(
        f"`{format_node(last)}` leaves nothing that {listed} allow",
        code="never-true",
        span=last.span,
        hint=f"did you mean `or`? otherwise leave one of the {len(group)} out",
    )


def _single_hint(part: ast.Condition) -> str:
    if isinstance(part, ast.Range) and isinstance(part.low, ast.LITERALS) and isinstance(part.high, ast.LITERALS):
        if type(part.low) is type(part.high) and not isinstance(part.low, ast.Boolean):
            return format_node(ast.Range(part.value, part.high, part.low))
        return "both ends must be of one type: two numbers, two texts or two dates"
    if isinstance(part, ast.Compare) and any(isinstance(side, ast.Boolean) for side in (part.left, part.right)):
        return "true and false have no order: compare them with = or !="
    if isinstance(part, ast.Compare) and isinstance(part.right, ast.Text) and _is_lower(part.left):
        return f"lower(…) gives small letters: {format_node(ast.Compare(part.operator, part.left, _small(part.right)))}"
    if isinstance(part, ast.Compare) and isinstance(part.left, ast.Arithmetic) and isinstance(part.right, ast.Text):
        return _dashed_hint(part) or "arithmetic gives a number, which is no text"
    return "leave it out, or compare with a value that can occur"


def _dashed_hint(part: ast.Compare) -> str:
    """``utm-source = "x"`` was read as a difference, and probably meant as a name."""
    names: list[str] = []
    value = part.left
    while isinstance(value, ast.Arithmetic) and value.operator == "-":
        if not isinstance(value.right, ast.Property) or len(value.right.path) > 1:
            return ""
        names.insert(0, value.right.path[0])
        value = value.left
    if not isinstance(value, ast.Property):
        return ""
    whole = ast.Property(value.owner, (*value.path[:-1], "-".join([value.path[-1], *names])))
    return f"a name with a dash stands in quotes: {format_node(ast.Compare(part.operator, whole, part.right))}"


def _is_lower(value: ast.Value) -> bool:
    return isinstance(value, ast.Call) and value.function == "lower"


def _small(text: ast.Text) -> ast.Text:
    return ast.Text(text.value.lower())


def _pair_hint(first: ast.Condition, second: ast.Condition) -> str:
    if (
        isinstance(first, ast.Compare)
        and isinstance(second, ast.Compare)
        and first.operator == second.operator == "="
        and isinstance(first.right, ast.LITERALS)
        and isinstance(second.right, ast.LITERALS)
    ):
        return f"one of them: {format_node(ast.Membership(first.left, (first.right, second.right)))}"
    return f"did you mean `or`? ({format_node(first)} or {format_node(second)})"


def _is_small(node: ast.Condition) -> bool:
    """Whether *node* is of a size that people repeat, and cheap to compare: a nest of 60 levels is neither."""
    return sum(1 for _ in itertools.islice(ast.walk(node), MAX_REPEATED + 1)) <= MAX_REPEATED


def _opposites(parts: list[ast.Condition]) -> Iterator[GoalTypeError]:
    """``A and not A``, for any small A."""
    negative = [part.term for part in parts if isinstance(part, ast.Not) and _is_small(part.term)]
    if not negative:
        return
    positive = {normal_form(part): part for part in parts if not isinstance(part, ast.Not) and _is_small(part)}
    for term in negative:
        other = positive.get(normal_form(term))
        if other is not None:
            yield GoalTypeError(
                f"`{format_node(other)}` and `{format_node(ast.Not(term))}` cannot both be true",
                code="never-true",
                span=term.span,
                hint="leave one of them out, or join them with `or`",
            )


def _changes_nothing(node: ast.ChangeOccurrence) -> bool:
    """Dates are left out: two datetimes of one day differ, and so do two spellings of one instant."""
    return node.before == node.after and isinstance(node.after, (ast.Text, ast.Number, ast.Boolean))


# ---- waits that do not fit into their window


def _too_long(root: ast.Condition) -> Iterator[GoalTypeError]:
    """What must last longer inside a window than the window does (semantics §4: all of it in scope)."""
    stack: list[tuple[ast.Node, int | None, str]] = [(root, None, "")]
    while stack:
        node, room, text = stack.pop()
        if isinstance(node, ast.Window):
            stack.append((node.condition, *_narrower(room, text, _longest(node.duration), format_node(node.duration))))
            continue
        if isinstance(node, ast.Between):
            span = f"{format_node(node.start)} to {format_node(node.end)}"
            stack.append((node.condition, *_narrower(room, text, _length(node), span)))
            continue
        needed = node.duration if isinstance(node, ast.Held) else node.within if isinstance(node, ast.Absence) else None
        if needed is not None and room is not None and _shortest(needed) > room:
            yield GoalTypeError(
                f"{format_node(needed)} do not fit into the window around them, {text}, so this never holds",
                code="never-true",
                span=needed.span or node.span,
                hint="make the window longer, or put this outside it",
            )
        stack.extend((child, room, text) for child in ast.children(node))


def _longest(duration: ast.Duration) -> int:
    """An upper bound in microseconds: no month is longer than 31 days, give or take a clock change."""
    return duration.months * 32 * DAY + duration.microseconds


def _shortest(duration: ast.Duration) -> int:
    return duration.months * 27 * DAY + duration.microseconds


def _length(node: ast.Between) -> int:
    """An upper bound of the length of a ``between``, in microseconds; a day more than the calendar says."""
    first, last = (date(end.value.year, end.value.month, end.value.day) for end in (node.start, node.end))
    return ((last - first).days + 2) * DAY


def _narrower(room: int | None, text: str, other: int, other_text: str) -> tuple[int, str]:
    return (other, other_text) if room is None or other < room else (room, text)
