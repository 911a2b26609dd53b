"""Pictures of everything that is shown, for who changes the looks: each in light and dark, in windows of three widths.

    python tests/browser/looks.py [kind ...] [--only WORD] [--out FOLDER]

Kinds are `views` (of the workbench), `objects` (what each object shows of itself in a notebook), `site` (pages of the
documentation) and `page` (`serve --ui`); all of them without one. Writes KIND/NAME-WIDTH-THEME.png into build/pictures,
which is not committed, and prints of each what a browser can tell by itself: words with too little contrast, what
reaches over an edge, and what is higher than the window. The rest is told by looking at them.
"""

from __future__ import annotations

import argparse
import re
import signal
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from browser.lab import (  # noqa: E402 - the folder is no package
    CHROMIUM,
    CHROMIUM_ARGUMENTS,
    CUT_OFF,
    LOW_CONTRAST,
    SETTINGS,
    Lab,
    serving,
)
from browser.screenshots import SETUP  # noqa: E402
from browser.site import build, served  # noqa: E402

OUT = HERE.parent.parent / "build" / "pictures"
WIDTHS = (400, 900, 1400)
HIGH = 900
TALL = 6000  # what is longer than a window is in sight as a whole
THEMES = ("light", "dark")

VIEWS = ["1 Build", "2 Send", "3 Live", "4 Results", "5 Path", "6 Step", "7 What if", "8 Prove"]

# What an account, mail and backend are needed for besides those of the workbench.
MORE = """
import matplotlib.pyplot as plt

account, rules = dataset.account, dataset.account.active_rule_set
gone = account.with_rule_set(rules.without_rule("quarantine"))
tried = ses.experiment(receiver, variants={"today": account, "no quarantine": gone}, corpus=report)
compared = ses.compare(account, gone)
refused = next(one for one in report if not one.accepted)
stored = next(one for one in report if len(one.effects) > 2)
"""

# name: the cell that shows it
OBJECTS = {
    "account": "account",
    "rule-set": "rules",
    "rule": "rules.rules[0]",
    "action": "rules.rules[0].actions[0]",
    "filter": "account.filters[0]",
    "receiver": "receiver",
    "reception": "stored",
    "reception-refused": "refused",
    "message": "stored.message",
    "envelope": "stored.envelope",
    "verdicts": "stored.verdicts",
    "trace": "stored.trace",
    "diagram": "stored.diagram()",
    "diagram-refused": "refused.diagram()",
    "dataset": "dataset",
    "report": "report[:14]",
    "report-frame": "report.messages.head(6)",
    "matrix": "report[:14].matrix()",
    "differences": "compared.differences",
    "comparison": "compared",
    "equivalent": "ses.equivalent(account, gone)",
    "assumptions": "ses.Assumptions()",
    "effects": "stored.effects[0]",
    "outcome": "stored.performed[0].outcome",
    "problems": "ses.Account(active='mian', identities=('b c',)).problems()",
    "experiment": "tried",
    "unreachable": "ses.unreachable(account)",
    "lint": "ses.lint(account)",
    "interference": "ses.interference(account)",
    "coverage": "ses.coverage(account, report)",
    "must": "ses.must(account, ses.Does('PutObject', 'inbox'), recipients='billing@example.com')",
    "funnel": "report.plot.funnel();",
    "verdicts-plot": "report.plot.verdicts();",
    "rules-plot": "report.plot.rules();",
    "timeline": "report.plot.timeline();",
    "flow": "report.plot.flow();",
    "recipients": "report.plot.recipients();",
    "cost-plot": "report.plot.cost();",
    "coverage-plot": "report.plot.coverage();",
    "outcomes": "tried.plot.outcomes();",
    "differences-plot": "tried.plot.differences();",
}

# Of pages that are alike one.
PAGES = [
    "index", "install", "how-to", "faq", "behaviour", "assumptions", "decisions", "glossary", "comparison",
    "performance", "reference", "reference/receiver", "reference/command_line", "01-first-steps", "03-workbench",
    "07-proving-a-rule-set", "22-experiments", "24-pictures",
]  # fmt: skip

# Every cell is in the page, seen or not; JupyterLab leaves out those that are far away otherwise.
WHOLE = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}


class Looks:
    """Takes pictures into a folder and prints what is wrong with each."""

    def __init__(self, out: Path, only: str) -> None:
        self.out, self.only = out, only

    def wanted(self, name: str) -> bool:
        """Whether a picture of that name was asked for."""
        return any(word in name for word in self.only.split(","))

    def take(self, kind: str, name: str, width: int, theme: str, shown: Locator, *, whole: bool = False) -> None:
        """The picture of an element, or of the window; what the browser finds wrong with it."""
        path = self.out / kind / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{width}-{theme}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if whole:
            shown.page.screenshot(path=path, full_page=True)
        else:
            shown.screenshot(path=path)
        high = shown.evaluate("e => Math.round(e.getBoundingClientRect().height)")
        wrong = [f"contrast {text}" for text in shown.evaluate(LOW_CONTRAST)]
        wrong += [f"cut off {text}" for text in shown.evaluate(CUT_OFF)]
        print(f"{path}  {high} pixels high{'  HIGHER than the window' if high > HIGH else ''}", *wrong, sep="\n    ")


def views(looks: Looks, lab: Lab) -> None:
    """The views of the workbench, with the sample mail in it."""
    chosen = [view for view in VIEWS if looks.wanted(view)]
    notebook = lab.open(SETUP, "bench.selected = 2\nworkbench = ui.Workbench(bench)\nworkbench", height=HIGH)
    notebook.command("application:toggle-left-area")
    page = notebook.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HIGH})
        for theme in THEMES:
            notebook.theme(theme)
            for view in chosen:
                page.get_by_role("button", name=view, exact=True).first.click()
                notebook.python("")
                page.wait_for_timeout(300)
                looks.take("views", view, width, theme, notebook.ui)
    notebook.stop_kernel()
    page.close()


def objects(looks: Looks, lab: Lab) -> None:
    """What each object shows of itself."""
    chosen = {name: code for name, code in OBJECTS.items() if looks.wanted(name)}
    notebook = lab.open(SETUP, MORE, *chosen.values(), height=HIGH)
    notebook.command("application:toggle-left-area")
    page = notebook.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": TALL})
        for theme in THEMES:
            notebook.theme(theme)
            page.wait_for_timeout(500)
            for number, name in enumerate(chosen):
                shown = page.locator(".jp-CodeCell").nth(number + 2).locator(".jp-OutputArea-output").first
                looks.take("objects", name, width, theme, shown)
    notebook.stop_kernel()
    page.close()


def site(looks: Looks, browser: Any, folder: Path) -> None:
    """Pages of the documentation, whole."""
    build(folder)
    with served(folder) as address:
        for theme in THEMES:
            page = browser.new_context(color_scheme=theme, viewport={"width": 1400, "height": HIGH}).new_page()
            for name in filter(looks.wanted, PAGES):
                page.goto(f"{address}/{name}.html", wait_until="load")
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": HIGH})
                    page.wait_for_timeout(400)
                    looks.take("site", name, width, theme, page.locator("article").first, whole=True)
            page.context.close()


@contextmanager
def receiving() -> Iterator[tuple[str, int, str]]:
    """Host and port of `serve --ui`, and the address of its page."""
    command = [sys.executable, "-m", "sesreceive.cli", "serve", "--port", "0", "--dataset", "anycompany", "--ui", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "stop with Ctrl-C" in line:
                break
        told = "".join(lines)
        smtp = re.search(r"receiving at (\S+):(\d+)", told)
        page = re.search(r"open (http://127\.0\.0\.1:\d+/\?token=\S+)", told)
        if smtp is None or page is None:
            raise RuntimeError(told)
        yield smtp[1], int(smtp[2]), page[1]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def page(looks: Looks, browser: Any) -> None:
    """The page of `serve --ui`, with mail that is taken and mail that is refused."""
    with receiving() as (host, port, address):
        for to in ("billing@example.com", "support@example.com", "nobody@example.net", "erin@example.com"):
            with smtplib.SMTP(host, port) as client, suppress(smtplib.SMTPRecipientsRefused):
                client.sendmail("ana@example.org", [to], f"From: ana@example.org\r\nSubject: to {to}\r\n\r\nhi\r\n")
        context = browser.new_context(viewport={"width": 1400, "height": HIGH})
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.goto(address, wait_until="domcontentloaded")
        page.locator(".ses-list").get_by_role("row").filter(has_text="nobody@example.net").wait_for()
        page.get_by_role("button", name=re.compile("smtp-3")).click()
        for view in ("Results", "Path", "Step"):
            page.get_by_role("button", name=view, exact=True).first.click()
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": HIGH})
                for theme in THEMES:
                    page.emulate_media(color_scheme=theme)
                    page.wait_for_timeout(500)
                    looks.take("page", view, width, theme, page.locator(".ses-ui").first, whole=True)
        context.close()


def main(arguments: list[str]) -> int:
    """Take the pictures of the kinds that are named, or of all."""
    kinds = ("views", "objects", "site", "page")
    parser = argparse.ArgumentParser(description="Pictures of everything that is shown.")
    parser.add_argument("kinds", nargs="*", metavar="kind", help=", ".join(kinds))
    parser.add_argument("--only", default="", help="those whose name has one of these words in it: what,if")
    parser.add_argument("--out", type=Path, default=OUT, help="where they are written")
    options = parser.parse_args(arguments)
    if unknown := set(options.kinds) - set(kinds):
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    if not CHROMIUM:
        parser.error("needs Chromium (Debian: apt install chromium)")
    chosen, looks = options.kinds or kinds, Looks(options.out, options.only)
    in_lab: dict[str, Callable[[Looks, Lab], None]] = {"views": views, "objects": objects}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        home, root = Path(folder) / "jupyter", Path(folder) / "notebooks"
        home.mkdir()
        root.mkdir()
        if set(chosen) & set(in_lab):
            SETTINGS.update(WHOLE)
            with serving(home, root) as address:
                lab = Lab(address, root, browser)
                for kind in filter(chosen.__contains__, in_lab):
                    in_lab[kind](looks, lab)
        if "site" in chosen:
            site(looks, browser, Path(folder) / "site")
        if "page" in chosen:
            page(looks, browser)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
