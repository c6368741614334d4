"""The pages about the language: every block of code in them is run, and every word of the language stands in one.

``goal`` blocks hold conditions, one a line; an indented line goes on with the one before. ``goal-error CODE`` blocks
hold one condition that is refused with that code. ``goal-reads`` blocks hold ``written → canonical`` lines.
``toml example`` blocks are cases of the corpus, which the reference and the engine must both give. ``python`` blocks
are run.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import attrs
import pytest

from convgoals import Goal, GoalEngine, parse
from convgoals.errors import GoalError
from convgoals.language import ast
from convgoals.testing.reference import evaluate
from corpus_cases import GOAL_KEYS, Case, read_case

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("language.md", "schema.md", "lint.md")
KINDS = ("goal", "goal-error", "goal-reads", "toml example", "python", "toml", "json", "console", "text")
_BLOCK = re.compile(r"^```([^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@attrs.frozen
class Block:
    """A fenced block: what stands after the fence, its text, and where it is."""

    info: str
    text: str
    place: str

    def __str__(self) -> str:
        return self.place


def blocks(*kinds: str) -> list[Block]:
    found = []
    for page in PAGES:
        text = (DOCS / page).read_text(encoding="utf-8")
        for match in _BLOCK.finditer(text):
            block = Block(match[1], match[2], f"{page}:{text.count(chr(10), 0, match.start()) + 1}")
            if not kinds or match[1] in kinds or match[1].partition(" ")[0] in kinds:
                found.append(block)
    return found


def conditions() -> list[str]:
    """The conditions of the ``goal`` blocks."""
    lines = [line for block in blocks("goal") for line in re.sub(r"\n[ \t]+", " ", block.text).splitlines()]
    return [line for line in lines if line.strip()]


@pytest.mark.parametrize("text", conditions())
def test_conditions_of_the_page_are_read(text: str) -> None:
    """Each is a condition; its canonical text is stable, and it has a description and a JSON form."""
    condition = parse(text)
    assert parse(str(condition)) == condition
    assert condition.describe().startswith("The goal is achieved when")
    assert type(condition).from_dict(condition.to_dict()) == condition


@pytest.mark.parametrize("block", blocks("goal-error"), ids=str)
def test_what_the_page_calls_wrong_is_refused(block: Block) -> None:
    """Each is refused as a goal with the code that the page says, and with a place."""
    with pytest.raises(GoalError) as caught:
        Goal("goal", block.text.strip())
    assert caught.value.code == block.info.split()[1]
    assert caught.value.span is not None


@pytest.mark.parametrize(
    "line", [line for block in blocks("goal-reads") for line in block.text.splitlines() if line.strip()]
)
def test_spellings_are_read(line: str) -> None:
    """What stands left of the arrow is read as what stands right of it, which is canonical."""
    written, canonical = line.split(" → ")
    assert str(parse(written)) == canonical


def example(block: Block) -> Case:
    return read_case(block.place, {"name": block.place, **tomllib.loads(block.text)})


@pytest.mark.parametrize("block", [block for block in blocks("toml") if block.info == "toml example"], ids=str)
def test_examples_give_what_the_page_says(block: Block) -> None:
    """The reference and the engine both give exactly the completions of the example."""
    case = example(block)
    goal = Goal(**case.goal)
    case.check(evaluate(goal, case.facts, case.now))
    with GoalEngine([goal]) as engine:
        engine.process(case.facts)
        if case.now is not None:
            engine.advance(case.now)
        case.check(list(engine.history()))


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_of_the_page_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block runs by itself, and its assertions hold."""
    monkeypatch.chdir(tmp_path)
    for name, text in files(block.place.partition(":")[0]).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    exec(compile(block.text, block.place, "exec"), {})  # noqa: S102  the page's own code


def files(page: str) -> dict[str, str]:
    """The files that a page shows: ``toml NAME`` and ``json NAME`` blocks."""
    return {
        block.info.split()[1]: block.text
        for block in blocks("toml", "json")
        if block.place.startswith(f"{page}:") and "." in block.info
    }


def test_every_block_is_of_a_known_kind() -> None:
    """No example escapes the tests by a misspelt tag."""
    for block in blocks():
        assert block.info in KINDS or block.info.partition(" ")[0] in ("goal-error", "toml", "json"), block


# ---- completeness


def test_every_kind_of_node_is_shown() -> None:
    """Whatever can be written stands in an example of the page."""
    roots = [parse(text).root for text in conditions()]
    roots += [Goal(**example(block).goal).condition.root for block in blocks("toml") if block.info == "toml example"]
    shown = {type(node) for root in roots for node in ast.walk(root)}
    assert shown == set(ast.NODE_TYPES)


def choices() -> list[tuple[str, str]]:
    """Each operator, function and unit, and a word of it that must stand in code on the page."""
    operators = ("=", "!=", "<", "<=", ">", ">=", "contains", "starts with", "ends with", "in", "not in", "between",
                 "matches", "is set", "is not set", "+", "-", "*", "/", "and", "or", "not")  # fmt: skip
    functions = ("lower", "length", "count", "sum", "avg", "min", "max", "distinct")
    words = ("first", "last", "any", "within", "of", "for", "in last", "followed", "without", "with same",
             "not followed within", "changes", "from", "to", "received", "campaign", "in segment", "where")  # fmt: skip
    return [
        (kind, word) for kind, of in (("operator", operators), ("function", functions), ("word", words)) for word in of
    ]


@pytest.mark.parametrize(("kind", "word"), choices())
def test_every_word_is_on_the_page(kind: str, word: str) -> None:
    """Every operator, function and keyword stands in code on the language page."""
    page = (DOCS / "language.md").read_text(encoding="utf-8")
    code = "\n".join([*re.findall(r"`([^`\n]+)`", _BLOCK.sub("", page)), *(block.text for block in blocks())])
    assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", code), f"{kind} {word}"


@pytest.mark.parametrize("key", [key for key in GOAL_KEYS if key != "campaign"])
def test_every_attribute_of_a_goal_is_shown(key: str) -> None:
    """Each attribute that changes what a goal completes is used on the page."""
    page = (DOCS / "language.md").read_text(encoding="utf-8")
    assert re.search(rf"^{key} = |{key}=", page, re.MULTILINE)


def links() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for page in PAGES:
        text = _BLOCK.sub("", (DOCS / page).read_text(encoding="utf-8"))
        found += [(page, target) for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    return found


@pytest.mark.parametrize(("page", "target"), [link for link in links() if link[1] != "errors.md"])
def test_links_lead_somewhere(page: str, target: str) -> None:
    """A link to a heading or to another page of the docs finds it."""
    name, _, anchor = target.partition("#")
    path = DOCS / (name or page)
    assert path.is_file()
    headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    assert not anchor or anchor in slugs


def bound(name: str) -> Any:
    import importlib  # noqa: PLC0415  several modules keep the bounds

    for module in ("bounds", "literals", "check", "patterns"):
        found = getattr(importlib.import_module(f"convgoals.language.{module}"), name, None)
        if found is not None:
            return found
    raise AssertionError(name)


@pytest.mark.parametrize(
    "name",
    ["MAX_TEXT", "MAX_WORDS", "MAX_DEPTH", "MAX_STRING", "MAX_DIGITS", "MAX_OPTIONS", "MAX_LINKS", "MAX_PATTERN"],
)
def test_bounds_are_those_of_the_code(name: str) -> None:
    """The numbers in the table of bounds are the numbers that the parser and checker use."""
    page = (DOCS / "language.md").read_text(encoding="utf-8")
    table = page.partition("## Bounds")[2].partition("\n## ")[0]
    assert re.search(rf"\b{bound(name):,}\b", table)
