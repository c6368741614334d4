"""``convgoals fmt``: conditions change their spelling, and nothing else changes."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli_shop import Shop
from convgoals.cli.fmt_command import formatted_condition
from convgoals.cli.layout import has_comment, laid_out
from convgoals.language.condition import parse

UNTIDY = """\
# goals
[[goal]]
name = "a"   # keep   this
when = '''
event purchase  AND   # why
  event x where   a == 5
'''
within = "7d of first event   page_visit"

  [[goal]]   # odd, but ours
  when    =    "event \\"x y\\" && event b" ; name = "b"
""".replace(" ; ", "\n")

TIDY = """\
# goals
[[goal]]
name = "a"   # keep   this
when = '''
event purchase and   # why
  event x where a = 5
'''
within = "7 days of first event page_visit"

  [[goal]]   # odd, but ours
  when    =    'event "x y" and event b'
name = "b"
"""


def test_prints_the_formatted_file(shop: Shop) -> None:
    """Without options, the formatted file goes to stdout, and the file stays as it is."""
    shop.write("g.toml", UNTIDY)
    outcome = shop("fmt", "g.toml")
    assert (outcome.code, outcome.out) == (0, TIDY)
    assert shop.read("g.toml") == UNTIDY


def test_write(shop: Shop) -> None:
    """``--write`` writes it back; a second time changes nothing."""
    shop.write("g.toml", UNTIDY)
    assert shop("fmt", "--write", "g.toml").err == "g.toml: 3 conditions formatted\n"
    assert shop.read("g.toml") == TIDY
    assert shop("fmt", "--write", "g.toml").err == "g.toml: 0 conditions formatted\n"
    assert sorted(path.name for path in shop.path.iterdir()) == ["events.csv", "g.toml", "goals.toml", "receipts.csv"]


def test_line_ends_stay(shop: Shop) -> None:
    """A file with carriage returns keeps them."""
    shop.write("g.toml", UNTIDY.replace("\n", "\r\n"))
    assert shop("fmt", "--write", "g.toml").code == 0
    text = shop.read("g.toml")
    assert text.count("\r\n") == TIDY.count("\n")
    assert tomllib.loads(text) == tomllib.loads(TIDY)


def test_check(shop: Shop) -> None:
    """``--check`` names what would change and exits with 1; with 0 and without a word where nothing would."""
    shop.write("g.toml", UNTIDY)
    outcome = shop("fmt", "--check", "g.toml")
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "g.toml:4:8: `when` is not formatted",
        "g.toml:8:10: `within` is not formatted",
        "g.toml:11:16: `when` is not formatted",
    ]
    shop.write("g.toml", TIDY)
    assert shop("fmt", "--check", "g.toml") == type(outcome)(0, "", "")


def test_a_wrong_condition_leaves_the_file_alone(shop: Shop) -> None:
    """Where a condition cannot be read, its place is told and nothing is written."""
    text = UNTIDY + '[[goal]]\nname = "c"\nwhen = "event a and"\n'
    shop.write("g.toml", text)
    outcome = shop("fmt", "--write", "g.toml")
    assert outcome.code == 2
    assert outcome.err.startswith("g.toml:15:")
    assert "convgoals: error: g.toml cannot be formatted: 1 condition cannot be read" in outcome.err
    assert shop.read("g.toml") == text


@pytest.mark.parametrize("arguments", [("-e", "event a  AND event b"), (), ("-",)])
def test_one_condition(shop: Shop, arguments: tuple[str, ...]) -> None:
    """A condition is read from ``-e`` or standard input."""
    outcome = shop("fmt", *arguments, stdin="event a  AND event b\n")
    assert (outcome.code, outcome.out) == (0, "event a and event b\n")


def test_one_condition_keeps_its_comments(shop: Shop) -> None:
    """A condition with comments keeps its lines."""
    outcome = shop("fmt", stdin="event a   # first\n  AND event b\n")
    assert outcome.out == "event a   # first\n  and event b\n"


def test_check_one_condition(shop: Shop) -> None:
    """``--check`` works for one condition too."""
    assert shop("fmt", "--check", "-e", "event a and event b").code == 0
    assert shop("fmt", "--check", "-e", "event a AND event b").code == 1


def test_wrong_condition(shop: Shop) -> None:
    """A condition that cannot be read is shown with a caret."""
    outcome = shop("fmt", "-e", "event a and")
    assert (outcome.code, outcome.out) == (2, "")
    assert "\n  | event a and\n  |         " in outcome.err
    assert "^" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("g.toml", "-e", "event a"), "a file and -e cannot be given together"),
        (("--write", "-e", "event a"), "--write needs a file"),
        (("none.toml",), "none.toml: No such file or directory"),
        (("--check", "--write", "goals.toml"), "not allowed with argument"),
        ((".",), ".: Is a directory"),
        (("a\0b",), "null"),
    ],
)
def test_wrong_use(shop: Shop, arguments: tuple[str, ...], message: str) -> None:
    """Wrong use is told, with exit code 2."""
    outcome = shop("fmt", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert message in outcome.err


def test_no_utf8(shop: Shop) -> None:
    """A file that is no UTF-8 is refused."""
    (shop.path / "g.toml").write_bytes(b'a = "\xff"')
    assert "g.toml is no UTF-8: byte 5" in shop("fmt", "g.toml").err


def test_no_toml(shop: Shop) -> None:
    """A file that is no TOML is shown with the place."""
    shop.write("g.toml", "[[goal]]\nname = a\n")
    outcome = shop("fmt", "g.toml")
    assert outcome.code == 2
    assert "g.toml: line 2, column 8: no TOML: Invalid value [toml]\n  | name = a\n  |        ^" in outcome.err


def test_nothing_to_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, without anything to format, it does not wait but says what to give."""
    monkeypatch.setattr("sys.stdin", None)
    assert shop("fmt", "-e", "event a").code == 0


# ---- layout

_BREAKS = st.sampled_from(["\n", "\n  ", " # note\n", "  \n\n", " "])


@settings(max_examples=200, deadline=None)
@given(st.lists(_BREAKS, min_size=1, max_size=12))
def test_layout_keeps_breaks_and_meaning(breaks: list[str]) -> None:
    """Line breaks and comments between any words stay, and the condition keeps its meaning."""
    words = ["event", '"a b"', "AND", "(", "event", "c", "where", "x", "==", "5", ")", "&&", "not", "event", "d"]
    text = "".join(word + breaks[index % len(breaks)] for index, word in enumerate(words))
    formatted = formatted_condition(text)
    assert parse(formatted) == parse(text)
    assert formatted_condition(formatted) == formatted
    assert formatted.count("# note") == text.count("# note")


def test_comments_of_words_that_go_away() -> None:
    """A comment before a word that is left out stays, before the next that is not."""
    text = "( # one\n event a # two\n ) and event b"
    assert laid_out("event a and event b", text) == " # one\n event a # two\n and event b"


def test_hash_in_text_is_no_comment() -> None:
    """A ``#`` inside quotes is no comment."""
    assert not has_comment('event "a # b"')
    assert has_comment('event "a" # b')
