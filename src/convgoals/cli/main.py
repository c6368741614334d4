"""From the command line to an exit code: whatever happens, a user sees a result or one clear error."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

from convgoals.cli import exits
from convgoals.cli.parser import UsageError, make_parser
from convgoals.cli.terminal import Terminal
from convgoals.errors import ConvgoalsError, StoreError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; ``argv`` is the command line without the program, that of the process unless given.

    Returns:
        The exit code, one of ``exits``.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    terminal = Terminal(_stream("stdout"), _stream("stderr"), color="--no-color" not in arguments)
    try:
        code = _run(arguments, terminal)
        terminal.out.flush()
        return code
    except BrokenPipeError:
        _drop(terminal.out)
        return exits.BROKEN_PIPE
    except KeyboardInterrupt:
        terminal.note("convgoals: interrupted; what has been committed stays")
        return exits.INTERRUPTED
    except OSError as error:  # a full disk below stdout, say; what commands read and write they answer for themselves
        reason = error.strerror or error
        terminal.error(f"{error.filename}: {reason}" if error.filename else f"writing the output failed: {reason}")
        _drop(terminal.out)
        return exits.BAD_INPUT


def _run(arguments: list[str], terminal: Terminal) -> int:
    if not arguments:  # whoever knows nothing yet sees what there is
        terminal.note(make_parser().format_help().rstrip())
        return exits.BAD_INPUT
    try:
        args = make_parser().parse_args(arguments)
    except UsageError as error:
        terminal.note(error.usage)
        terminal.error(error.message)
        return exits.BAD_INPUT
    except SystemExit as done:  # --help and --version have printed what they print
        return int(done.code or 0)
    terminal.color = terminal.color and not args.no_color
    try:
        return int(args.run(args, terminal))
    except (OSError, KeyboardInterrupt) as error:
        if args.traceback and not isinstance(error, BrokenPipeError):
            terminal.note(traceback.format_exc())
        raise
    except Exception as error:  # noqa: BLE001  the boundary: whatever it is, a user gets one line
        if args.traceback:
            terminal.note(traceback.format_exc())
        return _report(error, terminal)


def _report(error: Exception, terminal: Terminal) -> int:
    if isinstance(error, ConvgoalsError):
        terminal.error(str(error))
        return exits.STORE_TROUBLE if isinstance(error, StoreError) else exits.BAD_INPUT
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    terminal.error(
        f"{what.splitlines()[0]:.300}\n  hint: this was not foreseen; with --traceback it shows where it happened, "
        "which makes a good bug report"
    )
    return exits.BAD_INPUT


def _stream(name: str) -> Any:
    """The process's stream; one that swallows all where it was closed before the start."""
    stream = getattr(sys, name)
    return io.StringIO() if stream is None else stream


def _drop(stream: Any) -> None:
    """Let what is still buffered go nowhere, so that the interpreter's last flush does not fail again."""
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError, ValueError):  # no file below it, as in tests
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
