"""Run the examples of a goals.toml: each [[goal.example]] is a timeline, and what must come of it.

An example that fails is shown with its timeline and each part of the goal beside it: what held, what missed and by how
much. With --junit the results are also written for a CI server.

Exit codes: 0 every example is as it says; 1 one is not, or there is no example; 2 the file or an example is wrong.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import attrs

from convgoals.cli import exits
from convgoals.cli.options import InputError, add_format, check_output
from convgoals.cli.terminal import Terminal, counted
from convgoals.suggest import did_you_mean

if TYPE_CHECKING:
    from convgoals.testing.examples import Example


def add(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("file", metavar="goals.toml", help="the file whose examples are run")
    parser.add_argument("--goal", action="append", metavar="NAME", default=[], help="only of this goal; repeatable")
    parser.add_argument("--junit", metavar="FILE", help="also write the results to FILE, as JUnit XML")
    add_format(parser, ("text", "json"))


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Run the examples; see the module."""
    from convgoals.goals import load_document, read_goals  # noqa: PLC0415  parsing is for those who get here
    from convgoals.testing.examples import read_examples  # noqa: PLC0415

    if args.junit is not None:
        check_output(args.junit, "--junit", [args.file])
    document = load_document(args.file)
    goals = read_goals(document, args.file)
    names = [goal.name for goal in goals]
    for name in args.goal:
        if name not in names:
            raise InputError(f"{args.file} holds no goal {name[:80]!r}", hint=did_you_mean(name, names))
    wanted = args.goal or names
    examples = [each for each in read_examples(document, goals, args.file) if each.goal.name in wanted]
    results = [_result(example) for example in examples]
    if args.junit is not None:
        _write(args.junit, junit(args.file, results))
    without = [name for name in wanted if name not in {example.goal.name for example in examples}]
    failed = sum(1 for each in results if each.failure)
    if args.format == "json":
        _show_json(args, terminal, results, without)
    else:
        _show(args, terminal, results, without)
    return exits.FINDINGS if failed or not results else exits.OK


@attrs.frozen
class Result:
    """What came of an example: why it failed, or ``""``; what is odd about it though it passed; how long it took."""

    example: Example
    failure: str
    notes: tuple[str, ...]
    seconds: float


def _result(example: Example) -> Result:
    started = time.perf_counter()
    failure = example.failure()
    notes = () if failure else tuple(example.doubts())
    return Result(example, failure, notes, time.perf_counter() - started)


def _show(args: argparse.Namespace, terminal: Terminal, results: list[Result], without: list[str]) -> None:
    before = None
    for each in results:
        example, failure = each.example, each.failure
        if example.goal.name != before:
            before = example.goal.name
            terminal.line(before)
        terminal.line(f"  {'FAILED' if failure else 'passed'}  {example.name}")
        if failure:
            terminal.line("".join(f"    {line}".rstrip() + "\n" for line in failure.splitlines()))
        for note in each.notes:
            terminal.line(f"    note: {note}")
    for name in without:
        terminal.note(f"goal {name!r} has no example\n  hint: a [[goal.example]] with timeline and expect")
    failed = sum(1 for each in results if each.failure)
    said = f"{failed} failed, {len(results) - failed} passed" if failed else "all as they say"
    terminal.line(f"{args.file}: {counted(len(results), 'example')}{f', {said}' if results else ''}")


def _show_json(args: argparse.Namespace, terminal: Terminal, results: list[Result], without: list[str]) -> None:
    listed = [
        {
            "goal": each.example.goal.name,
            "example": each.example.name,
            "passed": not each.failure,
            "failure": each.failure,
            "notes": list(each.notes),
        }
        for each in results
    ]
    terminal.json({"file": args.file, "examples": listed, "goals_without_examples": without}, indent=2)


_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(file: str, results: list[Result]) -> bytes:
    """The results as JUnit XML: a suite for the file, a case for each example, its goal as the class."""
    failed = sum(1 for each in results if each.failure)
    suites = ElementTree.Element("testsuites", tests=str(len(results)), failures=str(failed))
    suite = ElementTree.SubElement(
        suites, "testsuite", name=_xml(file), tests=str(len(results)), failures=str(failed), errors="0", skipped="0"
    )
    for each in results:
        example, failure = each.example, each.failure
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_xml(example.goal.name),
            name=_xml(example.name),
            file=_xml(file),
            time=f"{each.seconds:.4f}",
        )
        if failure:
            element = ElementTree.SubElement(case, "failure", message=_xml(failure.split("\n", 1)[0]))
            element.text = _xml(failure)
        if each.notes:
            ElementTree.SubElement(case, "system-out").text = _xml("\n".join(each.notes))
    ElementTree.indent(suites)
    written: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _xml(text: str) -> str:
    """*text* without the characters that XML cannot hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def _write(path: str, content: bytes) -> None:
    try:
        Path(path).write_bytes(content)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}", code="file") from None
