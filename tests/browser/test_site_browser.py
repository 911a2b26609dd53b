"""The documentation in a browser: no barrier, no page too long or too wide, pictures in both schemes, a search that finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")
pytest.importorskip("mkdocs")

from browser.site import ROOT, build, served
from browser.test_axe_browser import FINDINGS
from browser.test_axe_browser import axe as axe  # the fixture
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
GUIDES = sorted(path.stem for path in (ROOT / "notebooks").glob("*.md"))
ROOMS = sorted(f"reference/{path.stem}" for path in (ROOT / "notebooks" / "reference").glob("*.md"))
# One of each kind that is not written by hand.
GENERATED = ["decisions/servers", "reference/receiver/receiver.Receiver", "reference/ui/ui.workbench.Workbench"]
# Of kinds that are alike, one or two are looked at by axe.
KINDS = [
    "index", "install", "how-to", "ci", "endpoint", "behaviour", "assumptions", "decisions", "reference", "404",
    "reference/command_line", "reference/account", *GENERATED,
]  # fmt: skip
HIGH = 900
MOST_SCREENS = 15

# What reaches beyond the window: the page itself, or a table that nothing around it scrolls.
TOO_WIDE = """() => {
  const edge = document.documentElement.clientWidth + 1;
  const scrolls = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const found = [...document.querySelectorAll('article table, article pre, article img, article svg')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > edge && !scrolls(e))
    .map(e => `${e.tagName} ${e.textContent.trim().slice(0, 60)}`);
  if (document.documentElement.scrollWidth > edge) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  return found;
}"""

# Pictures in sight: file, and whether it is turned for the dark.
PICTURES = """() => [...document.querySelectorAll('article img')].filter(e => e.checkVisibility())
  .map(e => [e.src.startsWith('data:') ? 'plot' : new URL(e.src).pathname.split('/').pop(), getComputedStyle(e).filter])"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The built pages, and where they are served."""
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    with served(folder) as address:
        yield folder, address


def opened(chromium: Any, address: str, *, scheme: str = "light", width: int = 1400) -> Any:
    """A window of that size for somebody who likes that scheme."""
    page = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": HIGH}).new_page()
    page.goto(address)
    return page


def settled(page: Any, address: str) -> None:
    """The page when its scripts have run and its widgets are drawn."""
    page.goto(address, wait_until="load")
    page.evaluate("() => document.fonts.ready")
    if page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count():
        page.locator(".jupyter-widgets").first.wait_for(state="attached")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")


@pytest.mark.node
@pytest.mark.network
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("names", [KINDS, NOTEBOOKS], ids=["pages", "notebooks"])
def test_no_page_has_a_barrier(chromium: Any, site: Any, axe: str, scheme: str, names: list[str]) -> None:
    page = opened(chromium, site[1], scheme=scheme)
    findings = {}
    for name in names:
        settled(page, f"{site[1]}/{name}.html")
        page.evaluate(axe)
        findings[name] = page.evaluate(FINDINGS, "html")
    page.context.close()
    assert {name: found for name, found in findings.items() if found} == {}


def test_no_page_is_longer_than_one_reads(chromium: Any, site: Any) -> None:
    objects = sorted((site[0] / "reference").glob("*/*.html"), key=lambda path: path.stat().st_size)
    longest = [path.relative_to(site[0]).with_suffix("").as_posix() for path in objects[-8:]]
    page = opened(chromium, site[1])
    screens = {}
    for name in [*GUIDES, *NOTEBOOKS, *ROOMS, *GENERATED, *longest]:
        settled(page, f"{site[1]}/{name}.html")
        screens[name] = page.evaluate("document.documentElement.scrollHeight") / HIGH
    page.context.close()
    assert {name: number for name, number in screens.items() if number > MOST_SCREENS} == {}


@pytest.mark.parametrize("width", [400, 900, 1400])
def test_nothing_reaches_beyond_the_page(chromium: Any, site: Any, width: int) -> None:
    page = opened(chromium, site[1], width=width)
    wide = {}
    for name in [*GUIDES, *NOTEBOOKS, *GENERATED]:
        settled(page, f"{site[1]}/{name}.html")
        wide[name] = page.evaluate(TOO_WIDE)
    page.context.close()
    assert {name: found for name, found in wide.items() if found} == {}


@pytest.mark.parametrize("scheme, other", [("light", "dark"), ("dark", "light")])
def test_pictures_follow_light_and_dark(chromium: Any, site: Any, scheme: str, other: str) -> None:
    page = opened(chromium, site[1], scheme=scheme)
    plots = 0
    for name in [*GUIDES, *NOTEBOOKS]:
        settled(page, f"{site[1]}/{name}.html")
        for file, turned in page.evaluate(PICTURES):
            assert f"-{other}." not in file, (name, file)
            if file == "plot":
                plots += 1
                assert (turned != "none") is (scheme == "dark"), name
    page.goto(f"{site[1]}/index.html")
    expect(page.locator(f'img[src*="why-{scheme}"]')).to_be_visible()
    page.context.close()
    drawn = sum('"image/png"' in json.dumps(json.loads(path.read_text(encoding="utf-8"))["cells"])
                for path in (ROOT / "notebooks").glob("*.ipynb"))  # fmt: skip
    assert plots >= drawn > 0


# What somebody asks: the page, of the first three that are found, that answers.
QUESTIONS = [
    ("why did my rule not fire", "troubleshooting.html"),
    ("why was the mail refused", "troubleshooting.html"),
    ("find out why a rule did not fire", "how-to.html"),
    ("widget is a picture", "troubleshooting.html"),
]


@pytest.mark.parametrize("question, answer", QUESTIONS)
def test_the_search_answers_questions(chromium: Any, site: Any, question: str, answer: str) -> None:
    page = opened(chromium, f"{site[1]}/index.html")
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type(question)
    first = page.locator(".md-search-result__item > a").nth(2)
    first.wait_for(state="attached")
    links = page.locator(".md-search-result__item > a").evaluate_all("all => all.slice(0, 3).map(a => a.pathname)")
    page.context.close()
    assert f"/{answer}" in links


# What a page holds that is longer than its place, and how often at most one has to press Tab to come into it.
def test_what_scrolls_is_reached_by_the_keyboard_and_nothing_else_is(chromium: Any, site: Any) -> None:
    page = opened(chromium, site[1], width=900)
    settled(page, f"{site[1]}/02-what-ses-writes.html")
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('.jp-OutputArea-output > pre, .highlight-ipynb')]"
        ".map(e => [e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight, e.tabIndex === 0])"
    )
    page.context.close()
    assert {reached for scrolls, reached in boxes if scrolls} == {True}
    assert {reached for scrolls, reached in boxes if not scrolls} == {False}
