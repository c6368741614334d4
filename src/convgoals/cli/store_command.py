"""Look after a store: check it, copy it, move it between backends, give back its space, or say what it is.

Exit codes: 0 all is well; 1 a check found something; 2 the command line or a file is wrong; 3 the store cannot be read
or written.
"""

from __future__ import annotations

import argparse
import inspect
from typing import Any

from convgoals.cli import store_care
from convgoals.cli.options import add_format, number
from convgoals.cli.parser import Parser, add_common


def add(parser: argparse.ArgumentParser) -> None:
    """The commands of the group, each with its options."""
    actions = parser.add_subparsers(title="what to do", metavar="ACTION", required=True, parser_class=Parser)

    def action(name: str, run: Any, summary: str) -> argparse.ArgumentParser:
        found: argparse.ArgumentParser = actions.add_parser(
            name, help=summary, description=inspect.getdoc(run), formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )  # fmt: skip
        found.add_argument("--store", required=True, metavar="URL", help="the store, such as sqlite:///goals.db")
        found.set_defaults(act=run)
        add_common(found)
        return found

    info = action("info", store_care.show_info, "what it is, how much it holds, how large it is")
    add_format(info, ("text", "json"))
    check = action("check", store_care.check, "whether it is whole, and says what its facts say")
    which = check.add_mutually_exclusive_group()
    which.add_argument(
        "--sample", type=number(0), default=1_000, metavar="N", help="replay N profiles, at random (default: 1000)"
    )
    which.add_argument("--all", action="store_true", help="replay all profiles, and read the whole ledger")
    check.add_argument("--seed", type=number(0), metavar="N", help="which sample (default: another one each time)")
    add_format(check, ("text", "json"))
    export = action("export", store_care.export, "write the whole store as lines of JSON")
    export.add_argument("file", nargs="?", default="-", metavar="FILE", help="where to (default: -, stdout)")
    bring = action("import", store_care.bring, "fill an empty store with an export")
    bring.add_argument("file", metavar="FILE", help="the export; - for stdin")
    backup = action("backup", store_care.back_up, "copy an SQLite store while it is in use")
    backup.add_argument("to", metavar="TO", help="the file to make; it must not exist yet")
    vacuum = action("vacuum", store_care.vacuum, "drop facts that can no longer matter, and give back space")
    vacuum.add_argument(
        "--before",
        metavar="TIME",
        help="make final what is before this date or datetime: such facts are refused then",
    )
    vacuum.add_argument("--lateness", metavar="SPAN", help="how late facts may come, as for `run`: '30 days'")


def run(args: argparse.Namespace, terminal: Any) -> int:
    """Do what was asked for; see the module."""
    code: int = args.act(args, terminal)
    return code
