"""The README and the page on files do what they say: every example in them runs."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from convgoals import Goal
from convgoals.cli import main
from convgoals.sources import FactReader, Rejected, Source, load_sources

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/files.md"]
LINKED = [*PAGES, "docs/index.md", "src/convgoals/samples/README.md"]


def _blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in that language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    ("page", "code"), [pytest.param(page, code, id=page) for page in PAGES for code in _blocks(page, "python")]
)
def test_python_examples_run(page: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block of Python runs by itself, in an empty folder, and what it asserts holds."""
    monkeypatch.chdir(tmp_path)
    exec(compile(code, page, "exec"), {"__name__": "__main__"})  # noqa: S102  our own page


def test_the_example_of_python_is_ten_lines() -> None:
    """What the demo does takes ten lines of Python at the most."""
    first = _blocks("README.md", "python")[0]
    assert len([line for line in first.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize("line", [line for block in _blocks("README.md", "goal") for line in block.splitlines()])
def test_conditions_of_the_readme_are_goals(line: str) -> None:
    """Each condition on the page can be a goal, and has canonical text already."""
    goal = Goal("from the readme", line)
    assert goal.when == line


def test_the_commands_of_the_readme_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The goals and events of the page, and its commands in their order, give a report."""
    monkeypatch.chdir(tmp_path)
    (goals,), (events,) = _blocks("README.md", "toml"), _blocks("README.md", "csv")
    Path("goals.toml").write_text(goals, encoding="utf-8")
    Path("events.csv").write_text(events, encoding="utf-8")
    commands = [line for block in _blocks("README.md", "sh") for line in block.splitlines()]
    ours = [line.split()[1:] for line in commands if line.startswith("convgoals ")]
    assert len(ours) == 4
    for arguments in ours:
        assert main(arguments) == 0
    assert "Large order" in capsys.readouterr().out


def test_there_are_two_commands_to_begin_with() -> None:
    """One line shows the demo and one passes the tests; `.ci/run` finds them by how they begin."""
    begins = [
        line for block in _blocks("README.md", "sh") for line in block.splitlines() if line.startswith("python3 ")
    ]
    assert [line.rsplit("&& ", 1)[1] for line in begins] == [".venv/bin/convgoals demo", ".venv/bin/pytest"]
    assert all(line.startswith("python3 -m venv ") for line in begins)


@pytest.mark.parametrize("page", LINKED)
def test_links_lead_somewhere(page: str) -> None:
    """Every link to a file of the project leads to one."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert "://" in target or ((ROOT / page).parent / target).exists(), target


def test_tables_of_sources_are_read(tmp_path: Path) -> None:
    """Each TOML of the page on files is a table of sources, and its CSV is read without options."""
    for number, block in enumerate(_blocks("docs/files.md", "toml")):
        path = tmp_path / f"{number}.toml"
        path.write_text(block, encoding="utf-8")
        assert load_sources(path)
    for name, language in (("events.csv", "csv"), ("events.ndjson", "json")):
        (block,) = _blocks("docs/files.md", language)
        path = tmp_path / name
        path.write_text(block, encoding="utf-8")
        items = [item for _, item in FactReader(path)]
        assert len(items) == 2
        assert not any(isinstance(item, Rejected) for item in items)


def test_the_page_on_files_names_every_option() -> None:
    """No option of a source is left out of the page."""
    text = (ROOT / "docs/files.md").read_text(encoding="utf-8")
    for field in attrs.fields(Source):
        assert f"`{field.name}`" in text, field.name


def test_the_page_on_files_names_every_code() -> None:
    """Every code that a rejected row can have stands on the page."""
    text = (ROOT / "docs/files.md").read_text(encoding="utf-8")
    sources = ROOT / "src" / "convgoals" / "sources"
    if not sources.is_dir():
        pytest.skip("the sources of the package are not here")
    codes = set()
    for path in sources.glob("*.py"):
        codes |= set(re.findall(r'Misfit\(\s*"([a-z-]+)"', path.read_text(encoding="utf-8")))
    for path in (sources / "segment.py", sources.parent / "records.py"):
        codes |= set(re.findall(r'code="(fact-[a-z]+)"', path.read_text(encoding="utf-8")))
    assert len(codes) >= 15
    for code in codes:
        assert f"`{code}`" in text, code
