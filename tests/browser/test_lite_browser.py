"""`make lite`: the lessons in a browser alone. The network is cut, and Chromium does lesson 1 and builds a rule set.

`make lite-check` does all the lessons: lite_lessons.py.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 900  # a build downloads 50 MB
CELL_S = 120  # a cell of a lesson takes seconds; other work on the machine makes it slower, not wrong

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,  # the build does; the browser does not
    pytest.mark.timeout(2 * LIMIT_S),
    pytest.mark.skipif(shutil.which("make") is None, reason="needs make"),
    pytest.mark.skipif(shutil.which("npm") is None, reason="needs npm (Debian: apt install npm)"),
]

# Opens the notebook that the address names: it is there, and its kernel answers.
OPEN = """async () => {
  const there = (ask) => new Promise((done) => {
    const look = () => { const value = ask(); if (value) done(value); else setTimeout(look, 100); };
    look();
  });
  const app = await there(() => window.jupyterapp);
  await app.restored;
  const panel = await there(() => app.shell.currentWidget?.sessionContext && app.shell.currentWidget);
  await panel.context.ready; await panel.revealed; await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
}"""

# Runs one cell after the other, and gives what went wrong in each with its number, and the sentences of those that say
# that they do not run. A cell without an end is the last: nothing behind it is reached.
RUN = """async (seconds) => {
  const app = window.jupyterapp, panel = app.shell.currentWidget;
  const errors = [], lacking = {};
  for (const [at, cell] of panel.content.widgets.entries()) {
    if (cell.model.type !== 'code') continue;
    panel.content.activeCellIndex = at;
    const late = new Promise((done) => setTimeout(() => done('late'), 1000 * seconds));
    if (await Promise.race([app.commands.execute('notebook:run-cell'), late]) === 'late') {
      errors.push(`cell ${at}: no end after ${seconds} s`);
      break;
    }
    for (const output of cell.model.outputs.toJSON()) {
      if (output.output_type === 'error') errors.push(`cell ${at}: ${output.ename}: ${output.evalue}`);
      const text = output.output_type === 'stream' ? [output.text].flat().join('').trim() : '';
      if (text.startsWith('Not in a browser')) lacking[at] = text;
    }
  }
  return {errors, lacking};
}"""

# A cell of one's own behind the last one, run and in sight.
ADD = """async (code) => {
  const app = window.jupyterapp, notebook = app.shell.currentWidget.content;
  notebook.activeCellIndex = notebook.widgets.length - 1;
  await app.commands.execute('notebook:insert-cell-below');
  notebook.activeCell.model.sharedModel.setSource(code);
  await app.commands.execute('notebook:run-cell');
  notebook.activeCell.node.scrollIntoView();
}"""

# What the kernel prints for some code, in the notebook that is open.
PRINTED = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  let text = '';
  const future = kernel.requestExecute({code, store_history: false});
  future.onIOPub = (message) => {
    if (message.header.msg_type === 'stream') text += message.content.text;
    if (message.header.msg_type === 'error') text += message.content.ename + ': ' + message.content.evalue;
  };
  await future.done;
  return text;
}"""


# A signature is made and verified, by Python alone; the trace says so.
SIGNED = """
from sesreceive.auth import dkim
from sesreceive.lab.sign import SigningKey, sign
key = SigningKey.generate("example.org", "s1", bits=1024)
raw = sign(b"From: ana@example.org\\r\\n\\r\\nhello\\r\\n", key, signed_at=1)
(result,) = dkim.verify(ses.Message(raw), ses.Zone({key.name: {"TXT": key.record}}), now=2.0)
print(result.status.value, result.reason)
"""


BUILDER = """
from IPython.display import display
from sesreceive.ui.builder import RuleSetBuilder
builder = RuleSetBuilder()
display(builder)
"""

RECEIVED = """
reception = ses.Receiver(builder.value, seed=1).receive(b"Subject: x\\r\\n\\r\\n", rcpt_to=["ana@example.com"])
print([rule.name for rule in builder.value.rule_sets[0].rules], reception.reply.code)
"""


class Quiet(SimpleHTTPRequestHandler):
    """Files of the site, with the types that a browser wants of modules and WebAssembly."""

    extensions_map = {  # noqa: RUF012 - as the base class has it
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The built site, on loopback."""
    ended = subprocess.run(
        ["make", "--no-print-directory", "lite"], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    if "package registry" in ended.stderr:
        pytest.skip("needs a package registry, or what an earlier `make lite` left in build/")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    handler = functools.partial(Quiet, directory=str(ROOT / "build" / "lite"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Cut:
    """A page that reaches the site alone; `outside` has every other address that it asked for."""

    def __init__(self, browser: Any, site: str) -> None:
        self.site = site
        self.outside: list[str] = []
        self._browser = browser
        self._opened()

    def _opened(self) -> None:
        """A browser that remembers nothing: JupyterLite opens again what was open, each with a Python of its own."""
        self.context = self._browser.new_context(viewport={"width": 1400, "height": 1000})
        self.context.route("**/*", self._answer)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(CELL_S * 1000)

    def _answer(self, route: Any) -> None:
        if route.request.url.startswith(self.site):
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def run(self, notebook: str) -> dict[str, Any]:
        """What went wrong in a notebook, run from its start by Python begun anew, and what its cells say they lack."""
        self.context.close()
        self._opened()
        self.page.goto(f"{self.site}/lab/index.html?path={notebook}")
        self.page.evaluate(OPEN)
        ended: dict[str, Any] = self.page.evaluate(RUN, CELL_S)
        return ended

    def printed(self, code: str) -> str:
        text: str = self.page.evaluate(PRINTED, code)
        return text


@pytest.fixture(scope="module")
def cut(chromium: Any, site: str) -> Iterator[Cut]:
    opened = Cut(chromium, site)
    yield opened
    opened.context.close()
    assert opened.outside == []


@pytest.fixture(scope="module")
def lesson_1(cut: Cut) -> dict[str, Any]:
    """How lesson 1 went; it stays open, with its Python."""
    return cut.run("01-first-steps.ipynb")


def test_lesson_1_runs_to_its_end_without_a_network(cut: Cut, lesson_1: dict[str, Any]) -> None:
    assert lesson_1 == {"errors": [], "lacking": {}}
    assert cut.printed("print(answers['question'].rules)") == "('support',)\n"
    assert cut.page.locator("table.ses-matrix").count() >= 3
    signed = cut.printed(SIGNED)
    assert "pass" in signed
    assert "computed in Python, since this browser has no `cryptography`" in signed


@pytest.mark.usefixtures("lesson_1")
def test_a_rule_set_is_built_with_the_widgets_and_receives_mail(cut: Cut) -> None:
    cut.page.evaluate(ADD, BUILDER)
    built = cut.page.locator(".jp-CodeCell").last
    status = built.get_by_role("status")
    built.get_by_role("button", name="Identities").click()
    built.get_by_role("button", name="Add identity", exact=True).click()
    expect(status).to_have_text("added the identity example.com")
    built.get_by_role("button", name="New rule set", exact=True).click()
    expect(status).to_have_text("made the rule set rules and activated it")
    built.get_by_role("button", name="Add rule", exact=True).click()
    expect(status).to_have_text("added the rule rule-1 as number 1 of 1")
    built.get_by_label("Rule name").fill("invoices")
    built.get_by_label("Rule name").press("Tab")
    expect(built.get_by_role("option", name="invoices")).to_be_attached()
    assert cut.printed(RECEIVED) == "['invoices'] 250\n"
