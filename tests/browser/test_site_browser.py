"""The documentation in a browser: no barrier, none too long or wide, pictures for both schemes, an answering search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")
pytest.importorskip("mkdocs")

from browser.lab import FINDINGS
from browser.site import ROOT, build, served

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
# Of the notebooks those with widgets, with wide outputs, with long code and with plots.
SHOWN = ["01-first-steps", "03-workbench", "08-order-and-stop", "19-s3-sns-and-encryption", "22-experiments"]
HIGH = 900
MOST_SCREENS = 15
WIDTHS = [400, 900, 1400]

# What reaches beyond the window: the page itself, or a table that nothing around it scrolls.
TOO_WIDE = """() => {
  const edge = document.documentElement.clientWidth + 1;
  const scrolls = e => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
  const found = [...document.querySelectorAll('article table, article pre, article img, article svg')]
    .filter(e => e.checkVisibility() && e.getBoundingClientRect().right > edge && !scrolls(e))
    .map(e => `${e.tagName} ${e.textContent.trim().slice(0, 60)}`);
  const wide = document.documentElement.scrollWidth;
  if (wide > edge) found.push(`the page is ${wide} wide`);
  return found;
}"""

# Pictures in sight: file, and whether it is turned for the dark.
PICTURES = """() => [...document.querySelectorAll('article img')].filter(e => e.checkVisibility())
  .map(e => [e.src.startsWith('data:') ? 'plot' : e.src.split('/').pop(), getComputedStyle(e).filter])"""


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
    page.set_default_timeout(120_000)  # a busy machine is slow, not wrong
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
@pytest.mark.parametrize("names", [KINDS, SHOWN], ids=["pages", "notebooks"])
def test_no_page_has_a_barrier(chromium: Any, site: Any, axe: str, scheme: str, names: list[str]) -> None:
    page = opened(chromium, site[1], scheme=scheme)
    findings = {}
    for name in names:
        settled(page, f"{site[1]}/{name}.html")
        page.evaluate(axe)
        findings[name] = page.evaluate(FINDINGS, "html")
    page.context.close()
    assert {name: found for name, found in findings.items() if found} == {}


@pytest.fixture(scope="module")
def measured(chromium: Any, site: Any) -> dict[str, dict[str, Any]]:
    """Of each page how many screens it is long, what is too wide for windows of three widths, and its pictures.

    Of the rooms, which are tables of names and alike, some are looked at; of the objects those with the most to say.
    """
    objects = sorted((site[0] / "reference").glob("*/*.html"), key=lambda path: path.stat().st_size)
    longest = [path.relative_to(site[0]).with_suffix("").as_posix() for path in objects[-8:]]
    page = opened(chromium, site[1])
    found: dict[str, dict[str, Any]] = {}
    for name in [*GUIDES, *NOTEBOOKS, *ROOMS[::6], *GENERATED, *longest]:
        page.set_viewport_size({"width": 1400, "height": HIGH})
        settled(page, f"{site[1]}/{name}.html")
        screens = page.evaluate("document.documentElement.scrollHeight") / HIGH
        found[name] = {"screens": screens, "pictures": page.evaluate(PICTURES), "wide": {}}
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HIGH})
            found[name]["wide"][width] = page.evaluate(TOO_WIDE)
    page.context.close()
    return found


def test_no_page_is_longer_than_one_reads(measured: Any) -> None:
    assert {name: one["screens"] for name, one in measured.items() if one["screens"] > MOST_SCREENS} == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_reaches_beyond_the_page(measured: Any, width: int) -> None:
    assert {name: one["wide"][width] for name, one in measured.items() if one["wide"][width]} == {}


def test_pictures_follow_light_and_dark(chromium: Any, site: Any, measured: Any) -> None:
    pictures = {name: one["pictures"] for name, one in measured.items() if one["pictures"]}
    drawn = [path.stem for path in (ROOT / "notebooks").glob("*.ipynb") if '"image/png"' in path.read_text("utf-8")]
    assert {"index", *drawn} <= set(pictures)
    page = opened(chromium, site[1], scheme="dark")
    for name, light in pictures.items():
        settled(page, f"{site[1]}/{name}.html")
        dark = page.evaluate(PICTURES)
        assert len(dark) == len(light) > 0, name
        for (file, turned), (dark_file, dark_turned) in zip(light, dark, strict=True):
            assert turned == "none", name
            assert (dark_file == file.replace("-light", "-dark") != file) or dark_turned != "none", name
    page.context.close()


# For each object that a notebook shows, whether the text of front ends without styles is in sight beside it.
DOUBLED = """() => [...document.querySelectorAll('pre.ses-text')]
  .filter(e => e.parentElement.checkVisibility()).map(e => e.checkVisibility())"""
CENTRED = """() => [...document.querySelectorAll('table.ses-matrix td')]
  .every(e => getComputedStyle(e).textAlign === 'center')"""


@pytest.mark.parametrize("name", ["01-first-steps", "12-ip-filters"])
def test_what_a_notebook_shows_stands_there_once(chromium: Any, site: Any, name: str) -> None:
    page = opened(chromium, site[1])
    settled(page, f"{site[1]}/{name}.html")
    shown = page.evaluate(DOUBLED)
    assert len(shown) > 3
    assert not any(shown)
    assert page.evaluate(CENTRED)
    page.context.close()


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
