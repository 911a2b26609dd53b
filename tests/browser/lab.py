"""A notebook in JupyterLab in a headless Chromium, driven as a user does: what the browser tests are written with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, Locator, Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
CHROMIUM_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# No dialog of JupyterLab may stand in the way.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True,
    },
}  # fmt: skip

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

# Resolves when the kernel answers and the last cell has run: no sleeping anywhere.
RUN_ALL = """async (run) => {
  const app = window.jupyterapp; await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready; await panel.revealed; await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  if (run) await app.commands.execute('notebook:run-all-cells');
  return panel.content.widgets.flatMap(cell => cell.model.outputs?.toJSON() ?? [])
    .filter(output => output.output_type === 'error').map(output => output.traceback.join('\\n'));
}"""

PYTHON = """async (code) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  let text = '', error = '';
  const future = kernel.requestExecute({code, store_history: false, stop_on_error: false});
  future.onIOPub = (message) => {
    if (message.header.msg_type === 'stream') text += message.content.text;
    if (message.header.msg_type === 'error') error = message.content.traceback.join('\\n');
  };
  await future.done;
  if (error) throw new Error(error);
  return text;
}"""

# How long until the kernel's answer is on screen: from the click to the last change of `watch` before the kernel had
# dealt with all that the click sent to it, and nothing changed for 100 ms, less that rest. A change that the browser
# makes by itself, such as a button that is pressed, ends nothing.
LATENCY = """([target, watch]) => new Promise((resolve, reject) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const asked = new Set();
  let answered = 0, timer = 0;
  const start = performance.now();
  let last = start;
  const end = (done) => { kernel.anyMessage.disconnect(listen); observer.disconnect(); clearTimeout(limit); done(); };
  const rest = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (answered && !asked.size) end(() => resolve(last - start)); }, 100);
  };
  const listen = (_, {msg, direction}) => {
    if (direction === 'send' && msg.header.msg_type === 'comm_msg') asked.add(msg.header.msg_id);
    if (direction === 'recv' && msg.header.msg_type === 'status' && msg.content.execution_state === 'idle'
        && asked.delete(msg.parent_header.msg_id)) { answered += 1; rest(); }
  };
  const observer = new MutationObserver(() => { last = performance.now(); rest(); });
  const limit = setTimeout(() => end(() => reject(new Error('no answer of the kernel in 120 s'))), 120000);
  kernel.anyMessage.connect(listen);
  observer.observe(watch, {subtree: true, childList: true, characterData: true, attributes: true});
  target.click();
})"""


# Texts in sight whose colour stands out from what is behind them by less than WCAG asks for (4.5 to 1).
LOW_CONTRAST = """(root) => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    const unit = text.startsWith('color(') ? 255 : 1;   // color(srgb 1 0 0 / 1), or rgb(255 0 0 / 1)
    return {r: r * unit, g: g * unit, b: b * unit, a};
  };
  const over = (top, below) => ({
    r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a),
    b: top.b * top.a + below.b * (1 - top.a), a: 1,
  });
  const light = ({r, g, b}) => {
    const [x, y, z] = [r, g, b].map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), {r: 255, g: 255, b: 255, a: 1});
  };
  const found = [];
  for (const element of root.querySelectorAll('*')) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility?.({visibilityProperty: true}) || element.tagName === 'STYLE') continue;
    const back = behind(element), front = over(parse(getComputedStyle(element).color), back);
    const [a, b] = [light(front), light(back)].sort((p, q) => q - p);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.tagName} ${element.textContent.trim().slice(0, 50)}`);
  }
  return [...new Set(found)];
}"""

# What to run in a page that has axe-core: each finding as a line with the rule, its words, and the element. Everything
# in sight that `selector` matches is looked at.
FINDINGS = """async (selector) => {
  const result = await axe.run(selector, {resultTypes: ['violations']});
  return result.violations.flatMap(rule => rule.nodes.map(
    node => `${rule.id}: ${rule.help}: ${node.html.slice(0, 160)} at ${node.target.join(' ').slice(-160)}`));
}"""

# Controls and texts that reach over the right edge of what they stand in.
CUT_OFF = """(root) => {
  const edge = root.getBoundingClientRect().right + 1;
  return [...root.querySelectorAll('button, input, select, textarea, .widget-html-content, table')]
    .filter(e => e.checkVisibility?.() && e.getBoundingClientRect().right > edge)
    .map(e => `${e.tagName} ${(e.labels?.[0]?.textContent || e.textContent).trim().slice(0, 50)}`);
}"""


class Notebook:
    """One open notebook.

    Attributes
    ----------
    page : Page
        Playwright's page; find things by role and label, as a user does.
    errors : list of str
        Uncaught errors of the page.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error.stack or error)))
        self.load(run=True)

    def load(self, *, run: bool) -> None:
        """Open the notebook (again), and run all cells if asked to."""
        self.page.goto(f"{self.address}?reset", wait_until="domcontentloaded")
        self.page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.context")
        if errors := self.page.evaluate(RUN_ALL, run):
            raise AssertionError("a cell raised\n" + "\n".join(errors))
        if self.page.evaluate("document.body.dataset.jpThemeLight") == "false":  # as a test before left it
            self.theme("light")

    @property
    def ui(self) -> Locator:
        """The widgets: texts are looked for in them, since the hidden picture for the saved notebook has them, too."""
        return self.page.locator(".ses-ui").first

    def python(self, code: str) -> str:
        """What the kernel prints when it runs `code`, which no cell shows; it must not fail."""
        return str(self.page.evaluate(PYTHON, code)).strip()

    def python_ms(self, code: str) -> float:
        """Milliseconds that the kernel takes to run `code`."""
        timed = f"""async (code) => {{
          const start = performance.now(); await ({PYTHON})(code); return performance.now() - start; }}"""
        return float(self.page.evaluate(timed, code))

    def command(self, name: str, **arguments: Any) -> None:
        """Run a command of JupyterLab."""
        self.page.evaluate("([name, given]) => window.jupyterapp.commands.execute(name, given)", [name, arguments])

    def theme(self, name: str) -> None:
        """Switch to the ``light`` or ``dark`` theme."""
        self._without_splash()
        self.command("apputils:change-theme", theme=THEMES[name])
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(name == 'light').lower()}'")
        self._without_splash()

    def _without_splash(self) -> None:
        """JupyterLab takes its splash screen away twice, and fails, where it is asked for again meanwhile."""
        self.page.wait_for_function("!document.getElementById('jupyterlab-splash')")

    def focused(self) -> str:
        """What has the keyboard: its tag and what it is called."""
        return str(
            self.page.evaluate(
                "() => { const e = document.activeElement; const label = e.labels?.[0]?.textContent;"
                " return `${e.tagName.toLowerCase()} ${(label || e.textContent || '').trim()}`; }"
            )
        )

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def latency_ms(self, target: Locator, watch: Locator) -> float:
        """Milliseconds from a click on `target` until the kernel's answer is seen in `watch`."""
        handles = [target.element_handle(), watch.element_handle()]
        return float(self.page.evaluate(LATENCY, handles))

    def low_contrast(self, selector: str = ".ses-ui") -> list[str]:
        """Texts that are hard to read, with their contrast."""
        return list(self.page.locator(selector).first.evaluate(LOW_CONTRAST))

    def cut_off(self, selector: str = ".ses-ui") -> list[str]:
        """What reaches over the right edge."""
        return list(self.page.locator(selector).first.evaluate(CUT_OFF))

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")

    def stop_kernel(self) -> None:
        """Shut the kernel down."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")


class Lab:
    """A JupyterLab server over a folder, and a browser to open its notebooks with."""

    def __init__(self, address: str, root: Path, browser: Browser) -> None:
        self.address, self.root = address, root
        self._context = browser.new_context()  # one for all pages: what they load is cached
        self._count = 0

    def write(self, *cells: str) -> str:
        """A notebook with these code cells; its name."""
        self._count += 1
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, self.root / f"test-{self._count}.ipynb")
        return f"test-{self._count}.ipynb"

    def open(self, *cells: str, width: int = 1400, height: int = 900) -> Notebook:
        """A notebook with these code cells, all of them run, in a window of that many pixels."""
        return self.open_file(self.write(*cells), width=width, height=height)

    def open_file(self, name: str, *, width: int = 1400, height: int = 900) -> Notebook:
        """A notebook of the folder, all cells run."""
        page = self._context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        return Notebook(page, f"{self.address}/lab/tree/{name}")


# What an application is told besides: to ask nothing of other hosts, and to let a test command it.
_OPTIONS = {
    "jupyterlab": (
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True",
    ),
    "notebook": ("--JupyterNotebookApp.expose_app_in_browser=True",),
}  # fmt: skip


@contextmanager
def serving(home: Path, root: Path, application: str = "jupyterlab") -> Iterator[str]:
    """A server of JupyterLab, or of ``notebook``, over `root`, with settings of its own in `home`; its address."""
    lab = home / "lab"
    for name, setting in SETTINGS.items():
        path = lab / "user-settings" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(setting))
    port = _free_port()
    environment = {
        **os.environ, "JUPYTER_CONFIG_DIR": str(home), "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTERLAB_SETTINGS_DIR": str(lab / "user-settings"), "JUPYTERLAB_WORKSPACES_DIR": str(lab / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
    }  # fmt: skip
    command = [
        sys.executable, "-m", application, "--no-browser", f"--port={port}", "--ServerApp.port_retries=0",
        *(["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []),
        "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", f"--ServerApp.root_dir={root}",
        *_OPTIONS[application],
    ]  # fmt: skip
    with (home / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(f"{address}/api", server, home / "lab.log")
            yield address
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(30)
            except (
                subprocess.TimeoutExpired
            ):  # JupyterLab waits at times for a kernel that is gone; no test is about that
                server.kill()
                server.wait(60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, server: subprocess.Popen[bytes], log: Path, limit_s: float = 180) -> None:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab ended early:\n{log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"JupyterLab did not answer within {limit_s} s:\n{log.read_text()[-2000:]}")
