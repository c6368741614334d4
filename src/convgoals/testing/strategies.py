"""Hypothesis strategies: conditions of every kind, for tests of whatever reads, prints, explains or evaluates them.

`conditions` draws *well-formed* nodes: what `convgoals.language.check.check` accepts, in the shape that parsing gives
(flat ``and``/``or``, durations with their largest unit first). A `Vocabulary` says what they talk about: a small one
makes facts and conditions collide, one with odd names tries the printer. This module alone imports hypothesis.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import attrs

from convgoals.errors import GoalError, MissingExtraError
from convgoals.language import ast
from convgoals.language.check import check, holds_of_nothing
from convgoals.language.contradictions import contradictions

try:
    from hypothesis import reject
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ImportError:
    raise MissingExtraError("convgoals.testing.strategies", "dev") from None


def _drawn(values: Any) -> Any:
    """*values* where it is a strategy, or one that chooses from them."""
    return values if isinstance(values, SearchStrategy) else st.sampled_from(tuple(values))


_MOMENTS = (
    datetime.date(2026, 1, 1),
    datetime.date(2026, 1, 3),
    datetime.datetime(2026, 1, 2, 12, 0),  # noqa: DTZ001  naive on purpose: a wall time in the goal's time zone
    datetime.datetime(2026, 1, 2, 12, 0, tzinfo=datetime.UTC),
)
_DURATIONS = (
    ast.Duration(((1, "day"),)),
    ast.Duration(((2, "day"),)),
    ast.Duration(((1, "hour"),)),
    ast.Duration(((1, "month"),)),
    ast.Duration(((1, "day"), (12, "hour"))),
)


@attrs.frozen
class Vocabulary:
    """What conditions talk about. Each is a strategy, or a sequence to choose from; after making, all are strategies.

    Args:
        event_types: types of events.
        event_paths: paths of events' properties, as tuples of names.
        profile_paths: paths of profiles' properties.
        campaigns: campaigns.
        segments: segments.
        texts: text literals.
        numbers: number literals, ``int`` or ``Decimal``.
        moments: date literals (``datetime.date``), and datetime literals (aware, or naive for the goal's time zone).
        durations: spans; an amount of 0 or more of each unit, the largest unit first.
        patterns: regular expressions that ``matches`` accepts.
    """

    event_types: SearchStrategy[str] = attrs.field(default=("a", "b", "c"), converter=_drawn)
    event_paths: SearchStrategy[tuple[str, ...]] = attrs.field(
        default=(("x",), ("y",), ("order", "id")), converter=_drawn
    )
    profile_paths: SearchStrategy[tuple[str, ...]] = attrs.field(
        default=(("p",), ("q",), ("address", "country")), converter=_drawn
    )
    campaigns: SearchStrategy[str] = attrs.field(default=("m", "n"), converter=_drawn)
    segments: SearchStrategy[str] = attrs.field(default=("vip", "staff"), converter=_drawn)
    texts: SearchStrategy[str] = attrs.field(default=("", "u", "v", "uv", "2026-01-02"), converter=_drawn)
    numbers: SearchStrategy[int | Decimal] = attrs.field(default=(0, 1, 2, 3, -1, Decimal("0.5")), converter=_drawn)
    moments: SearchStrategy[datetime.date] = attrs.field(default=_MOMENTS, converter=_drawn)
    durations: SearchStrategy[ast.Duration] = attrs.field(default=_DURATIONS, converter=_drawn)
    patterns: SearchStrategy[str] = attrs.field(default=("^u", "v$", "u|v"), converter=_drawn)


SMALL = Vocabulary()
"""A vocabulary so small that drawn conditions and drawn facts meet often."""


def conditions(vocabulary: Vocabulary = SMALL, *, max_depth: int = 3) -> SearchStrategy[ast.Condition]:
    """Conditions of every kind of node, nested up to *max_depth* operators deep, arithmetic and filters not counted."""
    return _condition(_Conditions(vocabulary).nested(max_depth), _is_accepted)


def goal_conditions(vocabulary: Vocabulary = SMALL, *, max_depth: int = 3) -> SearchStrategy[ast.Condition]:
    """Conditions that can be goals: those that do not hold of a profile about which nothing is known (semantics §5)."""
    return conditions(vocabulary, max_depth=max_depth).filter(lambda node: not holds_of_nothing(node))


def occurrences(vocabulary: Vocabulary = SMALL) -> SearchStrategy[ast.Occurrence]:
    """Events with and without filters, changes and receipts."""
    return _Conditions(vocabulary).occurrences


def filters(vocabulary: Vocabulary = SMALL) -> SearchStrategy[ast.Condition]:
    """What may follow ``where``: comparisons over an event's and the profile's properties, joined and negated."""
    return _Conditions(vocabulary).filters


def durations(*, max_amount: int = 400, units: Sequence[ast.Unit] = tuple(ast.UNITS)) -> SearchStrategy[ast.Duration]:
    """Spans of one to three of *units*."""
    order = list(ast.UNITS)

    def build(chosen: list[ast.Unit], amounts: list[int]) -> ast.Duration:
        return ast.Duration(tuple(zip(amounts, sorted(chosen, key=order.index), strict=False)))

    return st.builds(
        build,
        st.lists(st.sampled_from(tuple(units)), min_size=1, max_size=3, unique=True),
        st.lists(st.integers(1, max_amount), min_size=3, max_size=3),
    )


@st.composite
def _condition(draw: Any, strategy: SearchStrategy[Any], accepts: Callable[[Any], bool] | None = None) -> Any:
    """What *accepts* takes of *strategy*, under a name: the whole's repr would be a hundred thousand characters."""
    accepts = accepts or _is_possible
    for _ in range(5):
        node = draw(strategy)
        if accepts(node):
            return node
    return reject()


def _is_possible(node: ast.Condition) -> bool:
    """Whether *node*, perhaps a part of a filter, may be true at some time: the checker refuses what cannot."""
    return next(contradictions(node), None) is None


def _is_accepted(node: ast.Condition) -> bool:
    """Whether the checker takes *node*, a whole condition."""
    try:
        check(node)
    except GoalError:
        return False
    return True


class _Conditions:
    """The strategies of one vocabulary, from the leaves up."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = words = vocabulary
        self.literals: SearchStrategy[ast.LiteralValue] = st.one_of(
            st.builds(ast.Number, words.numbers),
            st.builds(ast.Text, words.texts),
            st.builds(ast.Boolean, st.booleans()),
            words.moments.map(_moment),
        )
        of_event = st.builds(ast.Property, st.just("event"), words.event_paths)
        of_profile = st.builds(ast.Property, st.just("profile"), words.profile_paths)
        self.in_filters = self._comparisons(st.one_of(of_event, of_event, of_profile))
        self.filters = st.one_of(self.in_filters, self._joined(self.in_filters, max_depth=2))
        self.events = st.builds(ast.EventOccurrence, words.event_types, st.one_of(st.none(), self.filters))
        self.occurrences: SearchStrategy[ast.Occurrence] = st.one_of(
            self.events,
            _condition(
                st.builds(
                    ast.ChangeOccurrence,
                    words.profile_paths,
                    st.one_of(st.none(), self.literals),
                    st.one_of(st.none(), self.literals),
                )
            ),
            st.builds(ast.ReceiptOccurrence, words.campaigns),
        )
        last = st.one_of(st.none(), words.durations)
        aggregates = st.one_of(
            st.builds(ast.Aggregate, st.just("count"), st.none(), self.occurrences, last),
            st.builds(
                ast.Aggregate,
                st.sampled_from(("sum", "avg", "min", "max", "distinct")),
                self._values(st.one_of(of_event, of_event, of_profile)),
                self.events,
                last,
            ),
        )
        self.leaves: SearchStrategy[ast.Condition] = st.one_of(
            self.occurrences,
            self._comparisons(st.one_of(of_profile, aggregates)),
            st.builds(ast.InSegment, words.segments),
            st.builds(ast.InLast, self.occurrences, words.durations),
            self._chains(),
        )
        self.anchors: SearchStrategy[ast.Anchor] = st.one_of(
            st.builds(ast.OccurrenceAnchor, st.sampled_from(("first", "last", "any")), self.occurrences),
            st.builds(ast.PropertyAnchor, words.profile_paths),
        )

    def nested(self, depth: int) -> SearchStrategy[ast.Condition]:
        leaves = below = _condition(self.leaves)
        for _ in range(depth):
            below = _condition(st.one_of(leaves, self._over(below)))
        return below

    def _over(self, below: SearchStrategy[ast.Condition]) -> SearchStrategy[ast.Condition]:
        words = self.vocabulary
        spans = st.tuples(words.moments, words.moments).map(_in_order)
        return st.one_of(
            st.builds(ast.And, _terms(below)),
            st.builds(ast.Or, _terms(below)),
            st.builds(ast.Not, below),
            st.builds(ast.Window, below, words.durations, self.anchors),
            st.builds(lambda condition, span: ast.Between(condition, *span), below, spans),
            st.builds(ast.Held, below, words.durations),
        )

    def _joined(self, below: SearchStrategy[Any], max_depth: int) -> SearchStrategy[ast.Condition]:
        for _ in range(max_depth):
            joined = (st.builds(ast.And, _terms(below)), st.builds(ast.Or, _terms(below)), st.builds(ast.Not, below))
            below = _condition(st.one_of(below, *joined))
        return below

    def _values(self, subjects: SearchStrategy[Any]) -> SearchStrategy[ast.Value]:
        """Values that look at something: a subject, or arithmetic and functions over one."""
        operators = st.sampled_from(("+", "-", "*", "/"))
        numbers = st.one_of(st.builds(ast.Number, self.vocabulary.numbers), subjects)
        products = st.one_of(
            st.builds(ast.Arithmetic, operators, subjects, numbers),
            st.builds(ast.Arithmetic, operators, numbers, subjects),
        )
        return st.one_of(
            subjects,
            st.builds(ast.Call, st.sampled_from(("lower", "length")), subjects),
            products,
            st.builds(ast.Arithmetic, operators, products, numbers),
            st.builds(ast.Arithmetic, operators, numbers, products),
        )

    def _comparisons(self, subjects: SearchStrategy[Any]) -> SearchStrategy[ast.Comparison]:
        values = st.one_of(subjects, self._values(subjects))
        others = st.one_of(self.literals, values)
        relations = ("=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "ends with")
        comparisons = st.one_of(
            st.builds(ast.Compare, st.sampled_from(relations), values, others),
            st.builds(ast.Compare, st.sampled_from(relations), others, values),
            st.builds(
                ast.Membership, values, st.lists(self.literals, min_size=1, max_size=3).map(tuple), st.booleans()
            ),
            st.builds(ast.Range, values, others, others),
            st.builds(ast.Matches, values, self.vocabulary.patterns),
            st.builds(ast.Presence, values, st.booleans()),
        )
        return _condition(comparisons)

    def _chains(self) -> SearchStrategy[ast.Chain]:
        """Chains; ``with same`` stands only between two events, as the checker demands."""
        words = self.vocabulary
        links = st.builds(
            ast.Link,
            self.occurrences,
            st.one_of(st.none(), words.durations),
            st.one_of(st.none(), words.event_paths),
            st.one_of(st.none(), self.occurrences),
        )
        absences = st.builds(ast.Absence, self.occurrences, words.durations, st.one_of(st.none(), words.event_paths))
        return st.one_of(
            st.builds(_chain, self.occurrences, st.lists(links, min_size=1, max_size=3), st.none()),
            st.builds(_chain, self.occurrences, st.lists(links, max_size=2), absences),
        )


def _terms(below: SearchStrategy[Any]) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(below, min_size=2, max_size=3).map(tuple)


def _moment(value: datetime.date) -> ast.Date | ast.DateTime:
    return ast.DateTime(value) if isinstance(value, datetime.datetime) else ast.Date(value)


def _in_order(span: tuple[datetime.date, datetime.date]) -> tuple[ast.Date | ast.DateTime, ast.Date | ast.DateTime]:
    """The two moments, the earlier first as far as it can be told without a time zone."""
    first, second = sorted(span, key=lambda moment: moment.isoformat())
    ordered = _moment(first), _moment(second)
    if isinstance(first, datetime.datetime) and isinstance(second, datetime.datetime):
        known = (first.tzinfo is None) == (second.tzinfo is None)
        return (ordered[1], ordered[0]) if known and first > second else ordered
    return ordered


def _chain(first: ast.Occurrence, links: list[ast.Link], absence: ast.Absence | None) -> ast.Chain:
    before, kept = first, []
    for link in links:
        kept.append(link if _both_events(before, link) else attrs.evolve(link, same=None))
        before = link.occurrence
    if absence is not None and not _both_events(before, absence):
        absence = attrs.evolve(absence, same=None)
    return ast.Chain(first, tuple(kept), absence)


def _both_events(before: ast.Occurrence, link: ast.Link | ast.Absence) -> bool:
    return isinstance(before, ast.EventOccurrence) and isinstance(link.occurrence, ast.EventOccurrence)
