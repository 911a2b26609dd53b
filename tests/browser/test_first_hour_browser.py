"""The first hour of a newcomer, as the README tells it, in a fresh copy: the demo, lesson 1, a rule set from nothing,
and why a mail bounced. Once with the mouse, once more with the keyboard alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import nbformat
import pytest
from patience import until

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parents[2]
LESSON = "01-first-steps.ipynb"

# A first install downloads and unpacks everything the notebooks need.
pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(900)]

NOT_CLONED = {
    ".git", ".venv", ".cache", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".import_linter_cache",
    "build", "dist", "__pycache__", ".ipynb_checkpoints",
}  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it is fetched: nothing installed, nothing made."""
    if shutil.which("make") is None:
        pytest.skip("needs make")
    place = tmp_path_factory.mktemp("first-hour") / "sesreceive"
    shutil.copytree(ROOT, place, ignore=lambda _, names: NOT_CLONED & set(names))
    return place


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of somebody who never used Jupyter here; pip's own stay, they say where packages come from."""
    place = tmp_path_factory.mktemp("home")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR")
    return os.environ | {name: str(place / name.lower()) for name in names}


@dataclass
class Session:
    """JupyterLab as `make lab` started it."""

    address: str
    runtime: Path

    def cells(self, name: str) -> list[dict[str, Any]]:
        """The code cells of a saved notebook."""
        cells = self.ask("GET", f"contents/{name}")["content"]["cells"]
        return [cell for cell in cells if cell["cell_type"] == "code"]

    def end_kernels(self) -> None:
        """Shut every kernel down: two pages at one kernel would both answer it."""
        for running in self.ask("GET", "sessions"):
            self.ask("DELETE", f"sessions/{running['id']}")

    def ask(self, method: str, path: str) -> Any:
        """What Jupyter's server answers."""
        server, token = re.match(r"(http://[^/]+)/.*token=(\w+)", self.address).groups()  # type: ignore[union-attr]
        asked = urllib.request.Request(f"{server}/api/{path}?token={token}", method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer) if method == "GET" else None


@pytest.fixture(scope="module")
def session(clone: Path, home: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = f"--no-browser --ip=127.0.0.1 --port={port} --ServerApp.port_retries=0 --IdentityProvider.token=secret"
    runtime = Path(home["JUPYTER_RUNTIME_DIR"])
    log = tmp_path_factory.mktemp("log") / "lab.log"
    with log.open("w") as output:
        yield from _serving(["make", "lab", f"LAB_OPTIONS={options}"], clone, home, output, runtime)


def _serving(
    command: list[str], clone: Path, home: dict[str, str], output: IO[str], runtime: Path
) -> Iterator[Session]:
    process = subprocess.Popen(
        command, cwd=clone, env=home, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    opened: list[str] = []

    def is_up() -> bool:
        assert process.poll() is None, Path(output.name).read_text()[-4000:]
        pages = [path.read_text(encoding="utf-8") for path in runtime.glob("jpserver-*-open.html")]
        opened.extend(found[0] for page in pages if (found := re.search(rf'http://[^"]+/lab/tree/{LESSON}[^"]*', page)))
        return bool(opened)

    try:
        for _ in range(8):  # the first start installs what notebooks need
            try:
                until(is_up, "JupyterLab is up")
                break
            except AssertionError:
                if process.poll() is not None:
                    raise
        assert opened, Path(output.name).read_text()[-4000:]
        yield Session(opened[0], runtime)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:  # JupyterLab waits at times for a kernel that is gone; no test is about that
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=60)


# ------------------------------------------------------------------ two hands


class Mouse:
    """Somebody who points, clicks and types."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run_lesson(self, cells: int) -> None:
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.locator(".jp-Notebook .jp-Cell").first.click()  # the keys are the notebook's again

    def new_cell(self, code: str) -> None:
        """A cell of one's own at the end of the notebook."""
        editor = self.page.locator(".jp-Notebook .jp-Cell.jp-mod-active .cm-content")

        def is_there() -> bool:
            """Click, and once more where an output above grew meanwhile, so that the click met nothing."""
            self.page.locator(".jp-Notebook-footer").click()
            self.page.wait_for_timeout(500)
            return editor.inner_text().strip() == ""

        until(is_there, "the new cell is there")
        editor.click()
        self.page.keyboard.type(code)
        self.page.keyboard.press("Shift+Enter")

    def press(self, target: Locator) -> None:
        target.click()

    def fill(self, field: Locator, text: str) -> None:
        field.fill(text)

    def choose(self, field: Locator, option: str) -> None:
        field.select_option(option)


class Keyboard:
    """Somebody without a mouse: Tab and Shift+Tab go to what is pressed, filled and chosen."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run_lesson(self, cells: int) -> None:
        for _ in range(cells - 1):
            self.page.keyboard.press("Shift+Enter")

    def new_cell(self, code: str) -> None:
        """A cell of one's own below the last one."""
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.type(code)
        self.page.keyboard.press("Control+Enter")

    def reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        expect(target).to_be_enabled()
        for _ in range(200):
            place = target.evaluate(
                "e => e === document.activeElement ? 'here' : e.compareDocumentPosition(document.activeElement) & 4 ?"
                " 'above' : 'below'"
            )
            if place == "here":
                return
            self.page.keyboard.press("Tab" if place == "below" else "Shift+Tab")
        raise AssertionError(f"{target} is not reached by Tab")

    def press(self, target: Locator) -> None:
        if target.get_attribute("role") == "tab":  # Tab goes to the row of tabs, arrows go from one to the next
            self.reach(target.locator("xpath=..").locator("[tabindex='0']").first)
            for _ in range(20):
                if target.evaluate("e => e === document.activeElement"):
                    break
                self.page.keyboard.press("ArrowRight")
        else:
            self.reach(target)
        self.page.keyboard.press("Enter")

    def fill(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, field: Locator, option: str) -> None:
        self.reach(field)
        self.page.keyboard.type(option)
        expect(field.locator("option:checked")).to_have_text(option)


HANDS: dict[str, Callable[[Page], Mouse | Keyboard]] = {"mouse": Mouse, "keyboard": Keyboard}


# ------------------------------------------------------------------ the hour


def forget(lesson: Path) -> None:
    """Take away what the cells put out, so that what is there afterwards was put out here."""
    notebook = nbformat.read(lesson, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(execution_count=None, outputs=[])
    nbformat.write(notebook, lesson)


def test_the_demo_says_what_became_of_the_mail_and_where_to_go_on(clone: Path, home: dict[str, str]) -> None:
    """The first of the README's commands, on a machine that has nothing."""
    readme = (clone / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^    make demo .*\n    make test ", readme, re.MULTILINE)
    command = ["make", "demo"]
    done = subprocess.run(command, cwd=clone, env=home, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("accepted", "refused", "SPF", "DMARC", "make lab"):
        assert words in done.stdout
    assert not re.search(r"\x1b|Traceback|…\n", done.stdout)


@pytest.fixture
def page(chromium: Any, clone: Path, session: Session) -> Iterator[Page]:
    """The lesson as `make lab` opens it, with nothing run yet."""
    forget(clone / "notebooks" / LESSON)
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.goto(session.address)
    yield page
    page.close()
    session.end_kernels()


@pytest.mark.parametrize("hand", list(HANDS))
def test_a_lesson_a_rule_set_from_nothing_and_why_a_mail_bounced(page: Page, session: Session, hand: str) -> None:
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=120_000)
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    expect(page.get_by_role("button", name="Python 3 (ipykernel) | Idle")).to_be_visible()  # the kernel is there
    user = HANDS[hand](page)

    # lesson 1, to its end
    at = page.get_by_role("button", name=re.compile("^Cell 1")).inner_text()
    user.run_lesson(int(at.partition("/")[2]))
    expect(page.get_by_role("paragraph").filter(has_text="nobody is bounced")).to_be_visible()

    def is_run_and_saved() -> bool:
        page.keyboard.press("Control+s")
        page.wait_for_timeout(500)
        return all(cell["execution_count"] for cell in session.cells(LESSON))

    until(is_run_and_saved, "every cell of the lesson was run")
    outputs = [output for cell in session.cells(LESSON) for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error"] == []
    assert len(outputs) > 10

    # an empty workbench in a cell of one's own
    user.new_cell("from sesreceive import ui\nworkbench = ui.Workbench()\nworkbench")

    def button(name: str) -> Locator:
        return page.get_by_role("button", name=name, exact=True).locator("visible=true").first

    def field(name: str) -> Locator:
        return page.get_by_label(name, exact=True).locator("visible=true").first

    user.press(page.get_by_role("button", name=re.compile("Identities")).locator("visible=true").first)
    user.press(button("Add identity"))
    user.press(button("New rule set"))
    user.press(button("Add rule"))
    user.fill(field("Rule name"), "no-replies")
    user.fill(field("Recipients, one a line"), "noreply@example.com")
    user.choose(field("Kind of action"), "Bounce (Bounce)")
    user.press(button("Add action"))
    expect(page.get_by_text("✓ SES would take this configuration.").locator("visible=true").first).to_be_visible()

    # a mail to it, and why it came back
    user.press(button("Send a mail to it →"))
    user.fill(field("To"), "noreply@example.com")
    expect(page.get_by_role("textbox", name="Recipients", exact=True)).to_have_value("noreply@example.com")
    user.press(button("Send"))
    user.press(button("Open"))
    results = page.locator(".ses-results")
    expect(results.locator(".ses-message-head")).to_contain_text("no-replies fires: noreply@example.com is the address")
    for tab, words in [("Bounces (1)", "550 Mailbox does not exist"), ("Why", "no-replies")]:
        user.press(results.get_by_role("tab", name=tab))
        expect(results.locator(".widget-tab-contents")).to_contain_text(words)
