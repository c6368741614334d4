"""The HTML report in a real Chromium: judged by axe-core, on a phone, in the dark, on paper.

Needs the extra ``browser`` and a Chromium; ``.ci/run`` has both, and sets ``CONVGOALS_BROWSER=required`` so that there
nothing is skipped.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from convgoals import GoalEngine
from convgoals.pages import report_page
from page_shop import LONG, QUOTES, SCRIPT, fill

pytestmark = pytest.mark.browser

REQUIRED = os.environ.get("CONVGOALS_BROWSER") == "required"
CHROMIUM = os.environ.get("CONVGOALS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def missing(what: str) -> None:
    """Skips the test, or fails it where a browser is required."""
    if REQUIRED:
        pytest.fail(f"there is no {what}, and CONVGOALS_BROWSER=required")
    pytest.skip(f"there is no {what}; pip install 'convgoals[browser]', apt install chromium")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Chromium with a profile of its own."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  the extra
    except ImportError:
        missing("playwright")
    if CHROMIUM is None:
        missing("Chromium")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the driver warns of is not ours
        with sync_playwright() as playwright:
            directory = tmp_path_factory.mktemp("chromium")
            context = playwright.chromium.launch_persistent_context(
                str(directory), executable_path=CHROMIUM, args=SWITCHES, headless=True
            )
            yield context
            context.close()


def write_page(directory: Path) -> Path:
    """The page about the hostile store, in a file."""
    with GoalEngine() as engine:
        fill(engine)
        page = report_page(
            engine, since="2026-01-15", until="2026-03-20", baseline="previous", funnels=[[SCRIPT, QUOTES]], title=LONG
        )
    path = directory / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, drawn with all that is installed."""
    return write_page(tmp_path_factory.mktemp("page"))


@pytest.fixture
def plain_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page as it is without the extra ``charts``."""
    monkeypatch.setitem(sys.modules, "altair", None)
    for module in [module for module in sys.modules if module.startswith("convgoals.charts.altair_")]:
        monkeypatch.delitem(sys.modules, module)
    return write_page(tmp_path)


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab that remembers what it asked for and what went wrong."""
    tab = browser.new_page()
    tab.requests, tab.troubles = [], []
    tab.on("request", lambda request: tab.requests.append(request.url))
    tab.on("console", lambda message: tab.troubles.append(message.text))
    tab.on("pageerror", lambda error: tab.troubles.append(str(error)))
    yield tab
    tab.close()


def axe(tab: Any) -> list[str]:
    """What axe-core finds wrong, everything unfolded."""
    try:
        from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415  the extra
    except ImportError:
        missing("axe-core")
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(tab).response
    assert len(found["passes"]) > 20
    return [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_axe_finds_nothing(tab: Any, file: Path, width: int, scheme: str) -> None:
    """axe-core finds no violation, on a phone and a desk, in the light and in the dark."""
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    tab.goto(file.as_uri())
    assert axe(tab) == []


def test_axe_without_charts(tab: Any, plain_file: Path) -> None:
    """What is drawn by CSS alone passes too, and fits a phone."""
    tab.set_viewport_size({"width": 360, "height": 800})
    tab.goto(plain_file.as_uri())
    assert tab.locator(".columns").count() > 0
    assert tab.locator(".svg").count() == 0
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert axe(tab) == []


def test_axe_on_paper(tab: Any, file: Path) -> None:
    """What is printed passes too, whatever the screen's colours."""
    tab.emulate_media(media="print", color_scheme="dark")
    tab.goto(file.as_uri())
    assert axe(tab) == []


@pytest.mark.parametrize("width", [320, 360, 768, 1600])
def test_nothing_sticks_out(tab: Any, file: Path, width: int) -> None:
    """Whatever the width and the length of names, the page itself never scrolls sideways."""
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(file.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator(".svg:visible").count() > 0
    kinds = tab.evaluate(
        "[...document.querySelectorAll('.svg')].filter(each => each.offsetParent).map(each => each.className)"
    )
    assert set(kinds) == {"svg narrow" if width <= 640 else "svg wide"}


def test_alone(tab: Any, file: Path) -> None:
    """The page asks for nothing but itself, runs nothing, and logs no trouble; hostile names stay names."""
    tab.goto(file.as_uri())
    assert tab.requests == [file.as_uri()]
    assert tab.troubles == []
    assert tab.title() == LONG


def test_paper(tab: Any, file: Path) -> None:
    """It prints as a PDF of several pages."""
    tab.goto(file.as_uri())
    pdf = tab.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") >= len([LONG, QUOTES, SCRIPT])


def test_colours_are_the_pages(tab: Any, file: Path) -> None:
    """The marks of a drawing take the colours of the page's mode."""
    pytest.importorskip("altair")
    shades = []
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        tab.goto(file.as_uri())
        shades.append(tab.evaluate("getComputedStyle(document.querySelector('.wide path[fill*=main]')).fill"))
    assert shades == ["rgb(0, 114, 178)", "rgb(61, 155, 214)"]
