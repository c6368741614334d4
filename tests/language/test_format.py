"""The canonical text: read back as the same nodes, and stable, for every kind of node."""

from __future__ import annotations

import datetime
import string
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from convgoals.language import ast
from convgoals.language.condition import parse
from convgoals.language.format import format_duration, format_node, format_path
from convgoals.language.parse import parse_condition, parse_duration, parse_path
from convgoals.testing.strategies import Vocabulary, conditions, durations

# Names that the language reads as something else somewhere: keywords, functions, units, owners, look-alikes.
RESERVED = (
    "and", "or", "not", "NOT", "true", "False", "fal\u017fe", "\u0131n", "in", "last", "first", "any", "event", "Event",
    "profile", "count", "sum", "lower", "of", "where", "with", "same", "is", "set", "between", "for", "within", "from",
    "to", "changes", "campaign", "received", "segment", "matches", "contains", "starts", "d", "days", "P1D", "null",
    "followed", "by", "without", "e1", "_", "\u00e9t\u00e9", "if", "exists", "like", "has",
)  # fmt: skip
LETTERS = string.ascii_letters + string.digits + "_ .\"'\\\n\t\r\0#$\u00e9\u00df\u2028\u201c\u201d\U0001f600ntru0"

names = st.one_of(st.sampled_from(RESERVED), st.text(LETTERS, min_size=1, max_size=6), st.text(min_size=1, max_size=4))
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
texts = st.one_of(st.text(LETTERS, max_size=8), st.text(max_size=5))
zones: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.just(datetime.UTC),
    st.integers(-1439, 1439).map(lambda m: datetime.timezone(datetime.timedelta(minutes=m))),
)
FIRST_DAY, LAST_DAY = datetime.date(1000, 1, 1), datetime.date(9000, 12, 31)
FIRST, LAST = datetime.datetime(1000, 1, 1), datetime.datetime(9000, 12, 31)  # noqa: DTZ001  hypothesis adds the zone
MOMENTS: st.SearchStrategy[Any] = st.one_of(st.dates(FIRST_DAY, LAST_DAY), st.datetimes(FIRST, LAST, timezones=zones))
ODD = Vocabulary(
    event_types=names,
    event_paths=paths,
    profile_paths=paths,
    campaigns=names,
    segments=names,
    texts=texts,
    numbers=st.one_of(
        st.integers(-(10**39), 10**39),
        st.decimals(-(10**6), 10**6, allow_nan=False, places=4),
        st.decimals(
            allow_nan=False, allow_infinity=False, min_value=Decimal("-1e-5"), max_value=Decimal("1e-5"), places=34
        ),
    ),
    moments=MOMENTS,
    durations=durations(),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions(ODD, max_depth=3))
def test_canonical_text_is_read_back_as_the_same_nodes(node: ast.Condition) -> None:
    """For any condition n, parsing str(n) gives n, and its canonical text is the same again."""
    text = format_node(node)
    again = parse_condition(text)
    assert again == node
    assert format_node(again) == text


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions())
def test_drawn_conditions_are_accepted_as_text(node: ast.Condition) -> None:
    """What the strategy draws is well-formed, so that tests built on it spend no draw on refusals."""
    assert parse(format_node(node)).root == node


def test_every_kind_of_node_is_drawn() -> None:
    """Each node type turns up in the conditions that the properties are tested on."""
    drawn: set[type] = set()

    @settings(max_examples=300, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(conditions())
    def collect(root: ast.Condition) -> None:
        drawn.update(type(node) for node in ast.walk(root))

    collect()
    assert drawn == set(ast.NODE_TYPES)


@settings(deadline=None)
@given(durations())
def test_durations_are_read_back(duration: ast.Duration) -> None:
    """A span's canonical words say the same span."""
    assert parse_duration(format_duration(duration)) == duration


@settings(deadline=None)
@given(paths)
def test_paths_are_read_back(path: tuple[str, ...]) -> None:
    """A property's canonical path says the same property, whatever its names are."""
    assert parse_path(format_path(path)) == path
