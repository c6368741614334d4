"""Text → nodes: what binds to what, what every literal is, and where nodes stand."""

from __future__ import annotations

import datetime
from decimal import Decimal, localcontext

import pytest

from convgoals.errors import GoalSyntaxError, Span
from convgoals.language import ast
from convgoals.language.format import format_node
from convgoals.language.parse import grammar, parse_condition, parse_duration, parse_path, parse_window

A, B, C = (ast.EventOccurrence(name) for name in "abc")
DAY = ast.Duration(((1, "day"),))
FIRST_B = ast.OccurrenceAnchor("first", B)


def compared(value: str) -> ast.Value:
    """What stands on the right of a comparison."""
    node = parse_condition(f"profile.x = {value}")
    assert isinstance(node, ast.Compare)
    return node.right


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("event a or event b and event c", ast.Or((A, ast.And((B, C))))),
        ("(event a or event b) and event c", ast.And((ast.Or((A, B)), C))),
        ("event a and (event b and event c)", ast.And((A, B, C))),
        ("not event a and event b", ast.And((ast.Not(A), B))),
        ("not (event a and event b)", ast.Not(ast.And((A, B)))),
        ("event a within 1 day of first event b", ast.Window(A, DAY, FIRST_B)),
        ("not event a within 1 day of first event b", ast.Not(ast.Window(A, DAY, FIRST_B))),
        ("(not event a) within 1 day of first event b", ast.Window(ast.Not(A), DAY, FIRST_B)),
        ("event a for 1 day within 1 day of first event b", ast.Window(ast.Held(A, DAY), DAY, FIRST_B)),
        ("event a within 1 day of first event b and event c", ast.And((ast.Window(A, DAY, FIRST_B), C))),
        (
            "event a within 1 day of campaign x received",
            ast.Window(A, DAY, ast.OccurrenceAnchor("first", ast.ReceiptOccurrence("x"))),
        ),
        ("event a within 1 day of profile.x", ast.Window(A, DAY, ast.PropertyAnchor(("x",)))),
        ("event a followed by event b and event c", ast.And((ast.Chain(A, (ast.Link(B),)), C))),
        ("event a not followed within 1 day by event b", ast.Chain(A, (), ast.Absence(B, DAY))),
        ("event a in last 1 day", ast.InLast(A, DAY)),
        ("count(event a in last 1 day) > 2", ast.Compare(">", ast.Aggregate("count", None, A, DAY), ast.Number(2))),
    ],
)
def test_what_binds_to_what(text: str, node: ast.Condition) -> None:
    """``not`` before ``and`` before ``or``; a suffix binds to what stands directly before it."""
    assert parse_condition(text) == node


def test_where_takes_one_comparison_or_a_filter_in_parentheses() -> None:
    """``where`` binds tightly, so that what follows an ``and`` is a condition of its own."""
    x = ast.Compare("=", ast.Property("event", ("x",)), ast.Number(1))
    tight = parse_condition("event a where x = 1 and event b")
    assert tight == ast.And((ast.EventOccurrence("a", x), B))
    assert parse_condition("event a where (x = 1 and x = 1)") == ast.EventOccurrence("a", ast.And((x, x)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", "1 + 2 * 3"),
        ("(1 + 2) * 3", "(1 + 2) * 3"),
        ("1 - 2 - 3", "1 - 2 - 3"),
        ("1 - (2 - 3)", "1 - (2 - 3)"),
        ("((1 - 2)) - 3", "1 - 2 - 3"),
        ("1 - -2", "1 - -2"),
        ("1--2", "1 - -2"),
    ],
)
def test_arithmetic_binds_as_in_school(text: str, value: str) -> None:
    """Products before sums, from left to right; parentheses stay only where they are needed."""
    assert format_node(compared(text)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", ast.Number(5)),
        ("-5", ast.Number(-5)),
        ("5.0", ast.Number(5)),
        ("1e3", ast.Number(1000)),
        ("0.10", ast.Number(Decimal("0.1"))),
        ("true", ast.Boolean(value=True)),
        ("FALSE", ast.Boolean(value=False)),
        ('"a\\n\\"b\\" \\d \\u00e9"', ast.Text('a\n"b" \\d é')),
        ("'it\\'s'", ast.Text("it's")),
        ("“a”", ast.Text("a")),
        ('"\\ud83d\\ude00"', ast.Text("\U0001f600")),
        ("2026-01-31", ast.Date(datetime.date(2026, 1, 31))),
        ("2026-01-31T10:00", ast.DateTime(datetime.datetime(2026, 1, 31, 10, 0))),  # noqa: DTZ001  a wall time
        ("2026-01-31t10:00:00.5z", ast.DateTime(datetime.datetime(2026, 1, 31, 10, 0, 0, 500_000, datetime.UTC))),
    ],
)
def test_literals(text: str, value: ast.LiteralValue) -> None:
    """Each literal is a value of its own type, whatever its spelling."""
    assert compared(text) == value
    assert type(compared(text)) is type(value)


def test_numbers_keep_all_their_digits() -> None:
    """A number is exact, also where the caller's decimal context is not."""
    digits = "1234567890.123456789012345678901234567891"
    with localcontext() as context:
        context.prec = 3
        assert compared(digits) == ast.Number(Decimal(digits))


@pytest.mark.parametrize("text", ["1 day 12 hours", "1d12h", "1 DAY 12 hrs", "P1DT12H", "p1dt12h"])
def test_spans_are_read_in_words_short_units_and_iso(text: str) -> None:
    """Each spelling of a span is the same span, and words are canonical."""
    assert parse_duration(text) == ast.Duration(((1, "day"), (12, "hour")))
    assert format_node(parse_duration(text)) == "1 day 12 hours"


def test_months_and_minutes_are_told_apart() -> None:
    """``m`` is a minute and ``mo`` a month; in ISO 8601 it depends on the ``T``."""
    assert parse_duration("1m") == parse_duration("PT1M") == ast.Duration(((1, "minute"),))
    assert parse_duration("1mo") == parse_duration("P1M") == ast.Duration(((1, "month"),))


def test_a_span_knows_its_calendar_and_its_exact_part() -> None:
    """Years and months are calendar spans, the rest are microseconds."""
    duration = parse_duration("1 year 2 months 3 days 4 microseconds")
    assert (duration.months, duration.microseconds) == (14, 3 * 86_400_000_000 + 4)


@pytest.mark.parametrize("word", ["first", "where", "and", "not", "true", "count", "last", "event", "in", "days"])
def test_keywords_are_names_where_only_a_name_can_stand(word: str) -> None:
    """After ``event`` or a dot every word is a name."""
    assert parse_condition(f"event {word}") == ast.EventOccurrence(word)
    assert parse_condition(f"profile.{word} = 1") == ast.Compare("=", ast.Property("profile", (word,)), ast.Number(1))


def test_letters_that_only_look_like_keywords_are_no_trouble() -> None:
    """Ignoring case takes a few letters beyond ASCII, such as a long s; the nodes have the plain word."""
    assert parse_duration("1\u017f") == ast.Duration(((1, "second"),))
    assert parse_condition("\u017fum(x of event a) > m\u0131n(x of event a)") == parse_condition(
        "sum(x of event a) > min(x of event a)"
    )
    window = parse_condition("event a within 1 day of f\u0131rst event b")
    assert window == ast.Window(A, DAY, FIRST_B)
    assert compared("fal\u017fe") == ast.Boolean(value=False)
    assert parse_condition('profile.x \u017ftarts with "a"') == parse_condition('profile.x starts with "a"')


def test_comments_and_lines_are_free() -> None:
    """White space, line ends and comments separate words, and nothing else."""
    assert parse_condition("event a # the first\n\n  and\tevent b#last") == ast.And((A, B))


def test_nodes_know_their_places() -> None:
    """Spans are the places in the text, and do not count when nodes are compared."""
    text = "event a and  profile.x = 10"
    node = parse_condition(text)
    assert isinstance(node, ast.And)
    assert [term.span for term in node.terms] == [Span(0, 7), Span(13, 27)]
    places = [below.span for below in ast.walk(node.terms[1]) if below.span is not None]
    assert [text[place.start : place.end] for place in places] == ["profile.x = 10", "profile.x", "10"]


def test_windows_and_paths_are_read_by_themselves() -> None:
    """A goal's ``within``, and the property of ``once per``, are texts of their own."""
    assert parse_window("1 day of first event b") == (DAY, FIRST_B)
    assert parse_path('order."Line Items".id') == ("order", "Line Items", "id")
    with pytest.raises(GoalSyntaxError):
        parse_window("1 day")


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        (
            "event a and event b within 1 day of first event c",
            [
                "(event a and event b) within 1 day of first event c",
                "event a and (event b within 1 day of first event c)",
            ],
        ),
        (
            "event a or event b for 1 day and event c or event a",
            [
                "((event a or event b) for 1 day) and event c or event a",
                "event a or (event b for 1 day) and event c or event a",
            ],
        ),
        (
            "event a or event b between 2026-01-01 and 2026-02-01 or event c",
            [
                "((event a or event b) between 2026-01-01 and 2026-02-01) or event c",
                "event a or (event b between 2026-01-01 and 2026-02-01) or event c",
            ],
        ),
    ],
)
def test_a_trailing_window_is_refused_with_both_readings(text: str, readings: list[str]) -> None:
    """What a window after ``and`` or ``or`` reaches is for the author to say."""
    with pytest.raises(GoalSyntaxError) as caught:
        parse_condition(text)
    assert caught.value.code == "ambiguous-window"
    shown = [line.strip() for line in caught.value.hint.split("\n")[1:]]
    assert shown == readings
    assert all(format_node(parse_condition(reading)) == reading for reading in shown)


def test_the_grammar_has_no_conflicts() -> None:
    """The parser is LALR(1): lark raises where two rules could read one text; it is built once and shared."""
    assert grammar() is grammar()
    assert grammar().options.parser == "lalr"
