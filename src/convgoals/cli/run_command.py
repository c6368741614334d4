"""Feed files through goals into a store, in batches that are each kept whole or not at all.

A run that was stopped, or is simply run again, goes on where the last one had come to, and doubles nothing. A row that
is no fact is told with its line and reason, and does not stop the run.

Exit codes: 0 all is well; 1 every row was rejected, or, with --strict, any row was rejected or any comparison met a
value of the wrong type; 2 the command line, a goal or a file is wrong; 3 the store cannot be opened or written.
"""

from __future__ import annotations

import argparse
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from convgoals.analytics.tables import Column, Table, count_text, number_column
from convgoals.cli import exits
from convgoals.cli.inputs import Input, add_inputs, find_inputs
from convgoals.cli.options import InputError, add_format, add_schema, check_output, find_schema, number, read_instant
from convgoals.cli.progress import Progress
from convgoals.cli.terminal import Terminal, counted

if TYPE_CHECKING:
    from convgoals.cli.feeding import Fed
    from convgoals.engine.engine import GoalEngine
    from convgoals.sources.rejects import Rejected
    from convgoals.storage.base import Store


SHOWN = 20
"""How many rejected rows are told one by one; all of them are counted, and go to ``--rejects``."""

UNHEARD_SHOWN = 8

_WORDS = {
    "str": "text", "bool": "true or false", "int": "a number", "float": "a number", "Decimal": "a number",
    "list": "a list", "tuple": "a list", "dict": "an object", "mappingproxy": "an object", "datetime": "a date",
    "date": "a date",
}  # fmt: skip
"""Python's types in the words of the language; figures for machines keep Python's."""

LOOKED_AT = 10_000
"""Up to so many profiles are looked at for goals that nothing has reached; with more, `convgoals diagnose` does it."""


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--goals", required=True, metavar="goals.toml", help="the goals")
    parser.add_argument("--store", required=True, metavar="URL", help="where all is kept, such as sqlite:///goals.db")
    add_inputs(parser)
    how = parser.add_argument_group("how")
    add_schema(how)
    how.add_argument(
        "--advance-to",
        metavar="TIME",
        help="then let time pass up to TIME, so that time alone can complete goals: ISO 8601 with an offset, "
        "`latest` for the time of the latest fact, or `now`",
    )
    how.add_argument("--lateness", metavar="SPAN", help="refuse facts that come later than this: '30 days'")
    how.add_argument(
        "--keep", choices=("relevant", "all"), default="relevant", help="which facts to keep (default: relevant)"
    )
    how.add_argument("--batch", type=number(1), default=1_000, metavar="N", help="facts a commit (default: 1000)")
    how.add_argument("--restart", action="store_true", help="read files from the start, whatever has been read before")
    how.add_argument(
        "--archive-missing", action="store_true", help="archive goals of the store that goals.toml does not hold"
    )
    how.add_argument("--rejects", metavar="FILE", help="write rejected rows to FILE, a JSON object a line")
    how.add_argument("--strict", action="store_true", help="exit with 1 if a row is rejected or a value is ill-typed")
    how.add_argument("--quiet", action="store_true", help="no progress, and no summary")
    add_format(parser, ("text", "json"))


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Run; see the module."""
    from convgoals.engine.engine import GoalEngine  # noqa: PLC0415  only commands that need it pay for it
    from convgoals.goals import load_document, read_goals  # noqa: PLC0415
    from convgoals.sources.options import read_sources  # noqa: PLC0415
    from convgoals.storage.open import open_store, without_password  # noqa: PLC0415

    advance_to = _moment(args.advance_to)
    document = load_document(args.goals)
    goals = read_goals(document, args.goals)
    if not goals:
        raise InputError(
            f"{args.goals} holds no goal", code="no-goal", hint="a goal is a [[goal]] table with name and when"
        )
    inputs = find_inputs(args, read_sources(document, args.goals), args.goals)
    if args.rejects is not None:
        read = [args.goals, args.store, *(each.path for each in inputs), *([args.schema] if args.schema else [])]
        check_output(args.rejects, "--rejects", read)
    schema = find_schema(args.schema, document)
    store = open_store(args.store)
    with (
        GoalEngine(goals, store=store, schema=schema, lateness=args.lateness, keep=args.keep) as engine,
        Progress(terminal, "facts", wanted=not args.quiet) as progress,
    ):
        _settle_missing(engine, {goal.name for goal in goals}, args, terminal)
        fed = _feed(engine, inputs, args, terminal, progress)
        _advance(engine, store, advance_to, fed)
        summary = _Summary(without_password(args.store), fed, engine, progress.seconds)
        if not args.quiet:
            progress.clear()
            summary.show(args, terminal)
    if fed.rejected and (args.strict or not (fed.facts or fed.resumed)):
        return exits.FINDINGS
    return exits.FINDINGS if args.strict and summary.ill_typed else exits.OK


def _settle_missing(engine: GoalEngine, names: set[str], args: argparse.Namespace, terminal: Terminal) -> None:
    """Archive, or tell of, the live goals that the file does not hold."""
    for goal in engine.goals():
        if goal.name in names:
            continue
        if args.archive_missing:
            engine.archive(goal.name)
            terminal.note(f"goal {goal.name!r} is archived: {args.goals} does not hold it")
        else:
            terminal.note(
                f"goal {goal.name!r} is live in the store, but {args.goals} does not hold it "
                "(--archive-missing archives such goals)"
            )


def _feed(
    engine: GoalEngine, inputs: list[Input], args: argparse.Namespace, terminal: Terminal, progress: Progress
) -> Fed:
    from convgoals.cli.feeding import feed  # noqa: PLC0415
    from convgoals.sources.rejects import RejectsFile  # noqa: PLC0415

    shown = 0
    with ExitStack() as stack:
        rejects = None if args.rejects is None else stack.enter_context(RejectsFile(args.rejects))

        def rejected(row: Rejected) -> None:
            nonlocal shown
            if rejects is not None:
                rejects.write(row)
            if shown < SHOWN:
                progress.clear()
                terminal.note(str(row))
            elif shown == SHOWN:
                where = f"all are in {args.rejects}" if args.rejects else "--rejects FILE writes them all"
                progress.clear()
                terminal.note(f"… further rejected rows are only counted ({where})")
            shown += 1

        return feed(
            engine,
            inputs,
            batch=args.batch,
            restart=args.restart,
            on_rejected=rejected,
            on_progress=progress.update,
        )


def _moment(text: str | None) -> datetime | str | None:
    """What ``--advance-to`` says; ``latest`` stays a word until the facts are in. Only a face reads the clock."""
    if text == "now":
        return datetime.now(UTC)
    if text is None or text == "latest":
        return text
    return read_instant(text, "--advance-to")  # refused before the run, not after it


def _advance(engine: GoalEngine, store: Store, moment: datetime | str | None, fed: Fed) -> None:
    from convgoals.instants import to_datetime  # noqa: PLC0415
    from convgoals.records import Retraction  # noqa: PLC0415

    if moment == "latest":
        reached = store.reached()
        moment = None if reached is None else to_datetime(reached)
    if moment is None:
        return
    for change in engine.advance(moment):
        if isinstance(change, Retraction):
            fed.retractions += 1
        else:
            fed.completions += 1


class _Summary:
    """What a run says at its end."""

    def __init__(self, store: str, fed: Fed, engine: GoalEngine, seconds: float) -> None:
        self.store = store
        self.fed = fed
        self.seconds = seconds
        self.too_late = engine.rejected_count
        diagnostics = engine.diagnostics(profiles=LOOKED_AT)
        self.ill_typed = Counter(diagnostics.ill_typed)
        self.unheard = Counter(diagnostics.unheard)
        # "Never" is said only where every profile was looked at.
        self.never_reached = [each for each in diagnostics.goals if each.never_reached] if diagnostics.complete else []

    def to_dict(self) -> dict[str, Any]:
        """The summary for JSON."""
        return {
            "store": self.store,
            "facts": dict(self.fed.facts),
            "completions": self.fed.completions,
            "retractions": self.fed.retractions,
            "rejected": dict(self.fed.rejected),
            "too_late": self.too_late,
            "ill_typed": [
                {"goal": goal, "value": label, "type": kind, "count": count}
                for (goal, label, kind), count in self.ill_typed.most_common()
            ],
            "unheard_event_types": dict(self.unheard.most_common()),
            "goals_never_reached": [each.goal for each in self.never_reached],
            "resumed": self.fed.resumed,
            "read_again": self.fed.reread,
            "seconds": round(self.seconds, 3),
        }

    def show(self, args: argparse.Namespace, terminal: Terminal) -> None:
        """Print it."""
        if args.format == "json":
            terminal.json(self.to_dict(), indent=2)
            return
        for path, rows in self.fed.resumed.items():
            terminal.note(f"{path}: {counted(rows, 'row')} had been read before (--restart reads them again)")
        for path, reason in self.fed.reread.items():
            terminal.note(f"{path}: read from the start again, because {reason}; nothing is doubled")
        terminal.table(self._figures(args.rejects))
        if self.ill_typed:
            terminal.table(self._ill_typed_table())

    def _figures(self, rejects: str | None) -> Table:
        total = self.fed.facts.total()
        rows = [("facts", count_text(total), self._kinds())]
        rows.append(("completions", count_text(self.fed.completions), ""))
        if self.fed.retractions:
            rows.append(("retractions", count_text(self.fed.retractions), "earlier completions that no longer hold"))
        rejected = self.fed.rejected.total()
        codes = ", ".join(f"{count:,} {code}" for code, count in self.fed.rejected.most_common())
        where = f"{codes} → {rejects}" if rejected and rejects else codes
        rows.append(("rejected rows", count_text(rejected), where))
        if self.too_late:
            rows.append(("too late", count_text(self.too_late), "facts beyond --lateness"))
        if self.ill_typed:
            rows.append(("ill-typed", count_text(self.ill_typed.total()), "comparisons with a value of the wrong type"))
        rate = f"{total / self.seconds:,.0f} facts a second" if total and self.seconds > 0 else ""
        rows.append(("time", f"{self.seconds:,.1f} s", rate))
        notes = []
        if self.unheard:
            names = ", ".join(name for name, _ in self.unheard.most_common(UNHEARD_SHOWN))
            more = f" and {len(self.unheard) - UNHEARD_SHOWN:,} more" if len(self.unheard) > UNHEARD_SHOWN else ""
            notes.append(f"No goal listens to these events: {names}{more}.")
        if self.never_reached:
            hints = ((each.goal, next(filter(None, each.hints.values()), "")) for each in self.never_reached)
            names = ", ".join(f"{goal} ({hint})" if hint else goal for goal, hint in hints)
            notes.append(
                f"Nothing that these goals listen to has ever come: {names}. "
                f"More: convgoals diagnose --store {self.store}"
            )
        return Table(f"Run into {self.store}", (Column(""), number_column(""), Column("")), tuple(rows), tuple(notes))

    def _kinds(self) -> str:
        kinds = self.fed.facts
        return (
            ""
            if len(kinds) < 2
            else ", ".join(counted(count, kind.removesuffix("s")) for kind, count in kinds.most_common())
        )

    def _ill_typed_table(self) -> Table:
        rows = tuple(
            (goal, label, _WORDS.get(kind, kind), count_text(count))
            for (goal, label, kind), count in self.ill_typed.most_common(20)
        )
        columns = (Column("goal"), Column("value"), Column("came as"), number_column("times"))
        notes = ("A comparison with a value of the wrong type is false. A column's type: --set types.COLUMN=number",)
        return Table("Ill-typed comparisons", columns, rows, notes)
