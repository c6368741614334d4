"""What is drawn, and how it fits the terminal."""

from __future__ import annotations

import builtins
import io

import pytest

from convgoals.analytics.tables import Column, Table, number_column
from convgoals.cli.drawing import narrowed, table_width, with_pictures
from convgoals.cli.progress import Progress
from convgoals.cli.terminal import Terminal, safe, sayable

TABLE = Table(
    "Title",
    (Column("goal"), number_column("rate"), number_column("interval"), Column("")),
    (("Purchase", "12.3 %", "10.1–14.9 %", "██▌"), ("Signup", "–", "–", "")),
    ("A note.",),
)


class Screen(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding, write_through=True)

    def isatty(self) -> bool:
        return True

    @property
    def text(self) -> str:
        return bytes(self.buffer.getvalue()).decode(self.encoding)  # type: ignore[attr-defined]


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 100 columns with colours."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_plain_in_a_pipe() -> None:
    """Where no one looks, a table is plain text without escapes."""
    out = io.StringIO()
    Terminal(out, io.StringIO()).table(TABLE)
    assert out.getvalue() == (
        "Title\n"
        "goal        rate     interval\n"
        "────────  ──────  ───────────  ───\n"
        "Purchase  12.3 %  10.1–14.9 %  ██▌\n"
        "Signup         –            –\n"
        "  A note.\n\n"
    )


def test_rich_on_a_terminal(wide: None) -> None:
    """On a terminal, rich draws it, the bars in colour."""
    pytest.importorskip("rich")
    out = Screen()
    Terminal(out, Screen()).table(TABLE)
    assert "\x1b[36m██▌" in out.text
    assert "Purchase  12.3 %  10.1–14.9 %" in out.text


@pytest.mark.parametrize("how", ["option", "variable"])
def test_no_color(wide: None, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """``--no-color`` and NO_COLOR take the colours away."""
    if how == "variable":
        monkeypatch.setenv("NO_COLOR", "1")
    out, err = Screen(), Screen()
    terminal = Terminal(out, err, color=how != "option")
    terminal.table(TABLE)
    terminal.error("wrong")
    assert "\x1b[3" not in out.text
    assert err.text == "convgoals: error: wrong\n"


def test_without_rich(wide: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, a terminal gets plain text."""
    real = builtins.__import__

    def no_rich(name: str, *rest: object) -> object:
        if name.partition(".")[0] == "rich":
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", no_rich)
    out = Screen()
    terminal = Terminal(out, Screen())
    terminal.table(TABLE)
    terminal.heading("Heading")
    assert "\x1b" not in out.text
    assert "Purchase  12.3 %  10.1–14.9 %  ██▌\n" in out.text
    assert out.text.endswith("Heading\n")


def test_prose_is_broken_between_words(wide: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note that is wider than a plain terminal is several lines of whole words; in a pipe it stays one."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "dumb")
    note = "The completion rate is of all profiles that are known to-day."
    table = Table("T", (Column("goal"),), (("Purchase",),), (note,))
    out, pipe = Screen(), io.StringIO()
    Terminal(out, Screen()).table(table)
    Terminal(out, Screen()).quiet(note)
    Terminal(pipe, Screen()).table(table)
    assert "\n  The completion rate is of all profiles\n  that are known to-day.\n" in out.text
    assert out.text.endswith("The completion rate is of all profiles\nthat are known to-day.\n")
    assert f"  {note}\n" in pipe.getvalue()


@pytest.mark.parametrize("term", ["dumb"])
def test_dumb_terminal(wide: None, monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    """A terminal that understands no escapes gets none."""
    monkeypatch.setenv("TERM", term)
    out, err = Screen(), Screen()
    terminal = Terminal(out, err)
    terminal.table(TABLE)
    with Progress(terminal, "facts") as progress:
        progress._next = 0
        progress.update(10, 0.5)
    assert "\x1b" not in out.text + err.text
    assert err.text == ""


def test_ascii(wide: None) -> None:
    """Where the encoding has no bars and dashes, others stand for them, and columns stay aligned."""
    out = Screen("ascii")
    Terminal(out, Screen()).table(TABLE)
    assert "Purchase  12.3 %  10.1-14.9 %  ###\n" in out.text
    assert "--------  ------  -----------  ---\n" in out.text


def test_half_an_encoding() -> None:
    """Only what an encoding lacks is replaced: Windows' has the dash, and no bars."""
    stream = io.TextIOWrapper(io.BytesIO(), "cp1252")
    assert sayable("10–20 █▁░", stream) == "10–20 #_."


def test_narrow() -> None:
    """A narrow terminal does without the intervals, then without the bars, and is told so."""
    assert narrowed(TABLE, 100) == TABLE
    without = narrowed(TABLE, table_width(TABLE) - 1)
    assert [column.name for column in without.columns] == ["goal", "rate", ""]
    assert without.notes == ("A note.", "The terminal is too narrow for: interval.")
    assert [column.name for column in narrowed(TABLE, 10).columns] == ["goal", "rate"]


def test_figures_without_headings_are_not_bars() -> None:
    """A column of figures without a heading stays, however narrow the terminal."""
    table = Table("", (Column(""), number_column("")), (("completions", "1,234"),))
    assert narrowed(table, 5) == table


def test_pictures_take_the_room_that_is_left() -> None:
    """A picture is as wide as the terminal leaves room for, within bounds."""
    table = Table("", (Column("goal"),), (("a" * 10,),))
    widths = [len(with_pictures(table, "", [lambda room: "█" * room], width).rows[0][1]) for width in (5, 30, 200)]
    assert widths == [6, 18, 24]


def test_safe() -> None:
    """Control characters are shown as escapes; line ends and tabs stay."""
    assert safe("a\tb\nc\x1b[31m\x07\r\u202e") == "a\tb\nc\\x1b[31m\\x07\\r\\u202e"


def test_hostile_cells(wide: None) -> None:
    """A cell with markup or control characters is shown as it is."""
    pytest.importorskip("rich")
    out = Screen()
    Terminal(out, Screen()).table(Table("[bold]t", (Column("c"),), (("[red]x[/] :smile: \x1b[2J",),)))
    assert "[red]x[/] :smile: \\x1b[2J" in out.text
    assert "[bold]t" in out.text


def test_json_on_any_output() -> None:
    """JSON is ASCII where the output is not UTF-8, so that it stays JSON."""
    plain, wide_ = io.TextIOWrapper(io.BytesIO(), "latin-1", write_through=True), Screen()
    Terminal(plain, io.StringIO()).json({"a": "ä"})
    Terminal(wide_, io.StringIO()).json({"a": "ä"})
    assert plain.buffer.getvalue() == b'{"a": "\\u00e4"}\n'
    assert wide_.text == '{"a": "ä"}\n'


def test_progress_on_a_terminal(wide: None) -> None:
    """A progress line is drawn over itself on stderr and leaves nothing behind."""
    err = Screen()
    with Progress(Terminal(io.StringIO(), err), "facts") as progress:
        progress._next = 0
        progress.update(1_234, 0.5)
        assert "████████████" in err.text
        assert "50%  1,234 facts" in err.text
    assert err.text.endswith("\r\x1b[K")


@pytest.mark.parametrize("wanted", [True, False])
def test_no_progress_in_a_pipe(wanted: bool) -> None:
    """In a pipe, and where it is not wanted, nothing is drawn."""
    err = Screen() if not wanted else io.StringIO()
    with Progress(Terminal(io.StringIO(), err), "facts", wanted=wanted) as progress:
        progress._next = 0
        progress.update(1_234, 0.5)
    assert (err.text if isinstance(err, Screen) else err.getvalue()) == ""
