"""The pictures of README and documentation: each part of the workbench in JupyterLab, in light and in dark.

    python tests/browser/screenshots.py [name ...] [--width PIXELS] [--out FOLDER]

Writes NAME-light.png and NAME-dark.png into notebooks/images; needs Chromium. `make screenshots` runs it. Pictures of
everything, to look at when the looks change: `looks.py`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from browser.lab import CHROMIUM, CHROMIUM_ARGUMENTS, Lab, serving  # noqa: E402 - the folder is no package

IMAGES = HERE.parent.parent / "notebooks" / "images"

SETUP = """
import sesreceive as ses
from sesreceive import ui

dataset = ses.datasets.load("anycompany")
receiver = dataset.receiver()
report = receiver.replay(dataset.mail)
bench = ui.Bench(receiver)
bench.add(report)
"""

# name: the cell that shows it
SHOTS = {
    "report": "report[:14]",
    "builder": "ui.RuleSetBuilder(bench)",
    "composer": "composer = ui.Composer(bench)\ncomposer",
    "results": "bench.selected = 2\nui.Results(bench)",
    "path": "bench.selected = 2\nui.PathView(bench)",
    "debugger": "bench.selected = 2\ndebugger = ui.Debugger(bench)\ndebugger.at = 104\ndebugger",
    "what-if": (
        "rules = bench.account['main'].without_rule('quarantine')\nwhat_if = ui.WhatIf(bench)\n"
        "bench.edit(bench.account.with_rule_set(rules), 'left the rule quarantine out')\nwhat_if"
    ),
    "zone": "ui.ZoneEditor(bench)",
    "workbench": "ui.Workbench(bench)",
}


def main(arguments: list[str]) -> int:
    """Take the pictures; all of them when none is named."""
    parser = argparse.ArgumentParser(description="Pictures of each part of the workbench.")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(SHOTS))
    parser.add_argument("--width", type=int, default=1500, help="of the window, in pixels")
    parser.add_argument("--out", type=Path, default=IMAGES, help="where they are written")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(SHOTS):
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    if not CHROMIUM:
        parser.error("needs Chromium (Debian: apt install chromium)")
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        home, root = Path(folder) / "jupyter", Path(folder) / "notebooks"
        home.mkdir()
        root.mkdir()
        with serving(home, root) as address:
            lab = Lab(address, root, browser)
            for name in given.names or SHOTS:
                take(lab, name, given.width, given.out)
        browser.close()
    return 0


def take(lab: Lab, name: str, width: int, folder: Path) -> None:
    """One part, in both themes, in a window of that width; 900 pixels high, or more for the pages."""
    notebook = lab.open(SETUP, SHOTS[name], width=width, height=2400 if folder == IMAGES else 900)
    notebook.command("application:toggle-left-area")
    shown = notebook.page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output").first
    for theme in ("light", "dark"):
        notebook.theme(theme)
        notebook.page.wait_for_timeout(400)
        path = folder / f"{name}-{theme}.png"
        shown.screenshot(path=path)
        print(path)
    notebook.stop_kernel()
    notebook.page.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
