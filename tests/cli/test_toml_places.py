"""Places in TOML: found for every string, and kept when values are replaced."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from convgoals.cli.toml_places import TomlPlaces, line_and_column, replaced

DOCUMENT = '''\
# a comment with "quotes" and [brackets]
a = "x\\ty \\u00e9" # "k"
b.c = 'lit "q"'
[[goal]]
name = "one"   # two
when = """
event a
 and event b"""
within = \'\'\'7 days of first event a\'\'\'
[[goal]]
name = "two"
"when" = "event \\"A b\\""
list = [ "x", 'y', # hm
  {k = "z", e = ""}, 3, [true, 1979-05-27], ]
[[goal.example]]
t = """a""\\""""
[[goal.example]]
t = \'\'\'b\'\'\'\'\'
[x."y z"]
q = 1979-05-27T07:32:00Z
r = """\\
   folded \\
   text"""
'''


def value_at(document: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        document = document[step]
    return document


@pytest.mark.parametrize("text", [DOCUMENT, DOCUMENT.replace("\n", "\r\n")], ids=["lf", "crlf"])
def test_every_string_is_found(text: str) -> None:
    """Each string has the value that tomllib reads at the same path, and none is left out."""
    found = TomlPlaces(text).strings
    document = tomllib.loads(text)
    assert all(string.value == value_at(document, path) for path, string in found.items())

    def count(value: Any) -> int:
        if isinstance(value, str):
            return 1
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return sum(map(count, parts))

    assert len(found) == count(document)


def test_places_of_characters() -> None:
    """A character's place is where it stands in the file, behind escapes and line ends."""
    string = TomlPlaces(DOCUMENT).strings["goal", 1, "when"]
    assert string.value == 'event "A b"'
    assert [DOCUMENT[place] for place in string.places[6:9]] == ["\\", "A", " "]
    assert DOCUMENT[string.places[-1]] == '"'


def test_places_of_keys() -> None:
    """Keys and the names in headers have places too."""
    keys = TomlPlaces(DOCUMENT).keys
    assert DOCUMENT[slice(*keys["goal", 1, "when"])] == '"when"'
    assert DOCUMENT[slice(*keys["b", "c"])] == "b.c"
    assert DOCUMENT[slice(*keys["x", "y z"])] == 'x."y z"'
    assert line_and_column(DOCUMENT, keys["goal", 1][0]) == (10, 3)


_VALUES = st.text(
    st.characters(codec="utf-8", exclude_characters="\r") | st.sampled_from("\"'\\\n\t\x7f \x00"), max_size=30
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(TomlPlaces(DOCUMENT).strings)), _VALUES)
@example(("goal", 0, "when"), "\nx")
@example(("x", "y z", "r"), " x")
def test_replacing_keeps_all_else(path: tuple[str | int, ...], value: str) -> None:
    """A replaced string reads as its new value, and every other value as before."""
    before = TomlPlaces(DOCUMENT).strings
    new = replaced(DOCUMENT, [(before[path], value)])
    after = TomlPlaces(new).strings
    assert value_at(tomllib.loads(new), path) == value
    assert {k: s.value for k, s in after.items() if k != path} == {k: s.value for k, s in before.items() if k != path}


def test_quotes_are_kept_where_they_can_be() -> None:
    """A value keeps its kind of quotes, but takes single ones rather than escape double ones."""
    strings = TomlPlaces(DOCUMENT).strings
    new = replaced(
        DOCUMENT,
        [
            (strings["goal", 0, "within"], "1 day of first event b"),
            (strings["goal", 1, "when"], 'event "C"'),
            (strings["goal", 0, "name"], "first"),
            (strings["b", "c"], "it's"),
        ],
    )
    assert "within = '''1 day of first event b'''" in new
    assert '"when" = \'event "C"\'' in new
    assert 'name = "first"   # two' in new
    assert 'b.c = "it\'s"' in new
