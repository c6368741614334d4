"""The boundary: whatever happens, one clear error and an exit code."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli_shop import Shop, command_parsers, options_of
from convgoals.cli import exits, goals_command, main
from convgoals.cli.parser import COMMANDS
from convgoals.errors import ConvgoalsError, StoreError

CODES = {exits.OK, exits.FINDINGS, exits.BAD_INPUT, exits.STORE_TROUBLE}


def command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a real process."""
    return subprocess.run(
        [sys.executable, "-m", "convgoals", *arguments], capture_output=True, check=False, timeout=60, **options
    )


def test_version(shop: Shop) -> None:
    """``--version`` names the installed version."""
    outcome = shop("--version")
    assert (outcome.code, outcome.out) == (0, f"convgoals {version('convgoals')}\n")


def test_version_as_a_module() -> None:
    """``python -m convgoals`` is the same command."""
    done = command("--version")
    assert (done.returncode, done.stdout.decode().split()) == (0, ["convgoals", version("convgoals")])


def test_version_imports_nothing_slow() -> None:
    """Neither lark nor rich, analytics' reports or SQLite are imported to say the version."""
    code = (
        "import sys; from convgoals.cli import main; main(['--version']); "
        "print(sorted({'lark', 'rich', 'sqlite3', 'pyarrow', 'convgoals.analytics.report'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
    assert done.stdout.splitlines()[1] == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(shop: Shop, name: str) -> None:
    """Each command's ``--help`` says what it does and its exit codes, in ASCII."""
    outcome = shop(name, "--help")
    assert outcome.code == 0
    assert outcome.out.isascii()
    assert "Exit codes: " in outcome.out


def test_help_lists_the_commands(shop: Shop) -> None:
    """``--help`` names every command."""
    outcome = shop("--help")
    assert outcome.code == 0
    assert all(f"    {name} " in outcome.out for name in COMMANDS)


def test_no_command(shop: Shop) -> None:
    """Alone, the command shows what it can do, on stderr, and fails; nothing goes to stdout."""
    outcome = shop()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("usage: convgoals ")
    assert "Try `convgoals demo` first" in outcome.err
    outcome = shop("--no-color")
    assert (outcome.code, outcome.out) == (2, "")
    assert "\nconvgoals: error: the following arguments are required: COMMAND" in outcome.err


def test_misspelt_command(shop: Shop) -> None:
    """A command that does not exist is answered with the nearest that does."""
    outcome = shop("rport")
    assert outcome.code == 2
    assert "there is no command `rport`\n  hint: did you mean `report`?" in outcome.err


def test_options_are_not_abbreviated(shop: Shop) -> None:
    """An abbreviated option is refused, so that scripts do not break when an option is added."""
    assert shop("goals", "--stor", "sqlite:///x.db").code == 2


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConvgoalsError("wrong"), 2),
        (StoreError("wrong"), 3),
        (ValueError("wrong\nand more"), 2),
        (KeyboardInterrupt(), 130),
        (RecursionError(), 2),
    ],
)
def test_no_traceback(shop: Shop, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int) -> None:
    """Whatever a command raises becomes one error and an exit code."""

    def fail(url: str) -> None:
        raise error

    monkeypatch.setattr(goals_command, "open_existing", fail)
    outcome = shop("goals", "--store", "x")
    assert outcome.code == code
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith("convgoals: ")
    if isinstance(error, ValueError) and not isinstance(error, ConvgoalsError):
        assert "ValueError: wrong\n  hint: this was not foreseen; with --traceback" in outcome.err


@pytest.mark.parametrize("arguments", [("--traceback", "goals"), ("goals", "--traceback")])
def test_traceback_on_request(shop: Shop, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    """``--traceback``, before or after the command, shows where an error comes from."""

    def fail(url: str) -> None:
        raise ValueError("wrong")

    monkeypatch.setattr(goals_command, "open_existing", fail)
    outcome = shop(*arguments, "--store", "x")
    assert "Traceback (most recent call last)" in outcome.err
    assert outcome.code == 2


def test_broken_pipe_is_silent() -> None:
    """When the reader of the output goes away, nothing is said, as after ``| head -0``."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "convgoals", "fmt", "-e", "event a"],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_closed_output() -> None:
    """A closed stdout is no reason to fail."""
    done = subprocess.run(
        ["sh", "-c", '"$0" -m convgoals fmt -e "event a" >&-', sys.executable],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")  # noqa: PTH110
def test_full_disk() -> None:
    """Where the output cannot be written, that is said."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "convgoals", "fmt", "-e", "event a"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"convgoals: error: writing the output failed: No space left")


def test_names_that_the_output_cannot_say() -> None:
    """On an ASCII output, what it cannot say is escaped, and nothing fails."""
    done = command("describe", "-e", 'event "Kauf getätigt"', env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert b"Kauf get\\xe4tigt" in done.stdout


def test_control_characters_are_shown_as_escapes(shop: Shop) -> None:
    """A name cannot send control sequences to a terminal."""
    outcome = shop("goals", "--store", "sqlite:///\x1b[31mred.db")
    assert outcome.code == 3
    assert "\x1b" not in outcome.err


_WORDS = st.one_of(
    st.sampled_from([name for name in COMMANDS if name != "demo"]),
    st.sampled_from(sorted({option for each in command_parsers().values() for option in options_of(each)})),
    st.sampled_from(["sqlite:///none/such.db", "memory://", "sqlite://", "x", "-", "", "goals.toml", "1"]),
    st.text(max_size=20),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_WORDS, max_size=8))
def test_hostile_arguments(arguments: tuple[str, ...]) -> None:
    """No command line whatever raises, shows a traceback, or ends with a code that is not documented."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO("event a"))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.chdir(os.devnull.rpartition("/")[0] or ".")
        code = main([each for each in arguments if each not in ("--write", "--traceback", "--rejects")])
    assert code in CODES
    err.seek(0)
    shown = err.read()
    assert "Traceback" not in shown
    assert "not foreseen" not in shown
