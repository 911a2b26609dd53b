"""axe-core finds nothing in any view of the workbench, nor in what objects show of themselves."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")

from browser.lab import FINDINGS

START = """
import sesreceive as ses
from sesreceive.ui import Workbench
receiver = ses.Receiver(ses.datasets.load("first-steps").account, seed=1)
report = receiver.replay({
    "taken": b"From: ana@example.org\\r\\nTo: hello@example.com\\r\\nSubject: hello\\r\\n\\r\\nhi\\r\\n",
    "refused": b"From: ana@example.org\\r\\nTo: nobody@example.net\\r\\n\\r\\nhi\\r\\n"})
workbench = Workbench(receiver)
workbench.bench.add(report)
"""

VIEWS = ["1 Build", "2 Send", "3 Live", "4 Results", "5 Path", "6 Step", "7 What if", "8 Prove"]

SHOWN = ["receiver.account", "report", "report.matrix()", "list(report)[0]", "list(report)[1].trace"]


@pytest.mark.node
@pytest.mark.network
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_view_of_the_workbench_has_a_barrier(open_lab: Any, axe: str, theme: str) -> None:
    notebook = open_lab(START, "workbench")
    notebook.theme(theme)
    notebook.page.evaluate(axe)
    findings = {}
    for view in VIEWS:
        notebook.page.get_by_role("button", name=view, exact=True).first.click()
        notebook.python("")  # answers when the kernel has dealt with the click
        findings[view] = notebook.page.evaluate(FINDINGS, ".ses-ui")
    assert findings == {view: [] for view in VIEWS}


@pytest.mark.node
@pytest.mark.network
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_that_an_object_shows_of_itself_is_a_barrier(open_lab: Any, axe: str, theme: str) -> None:
    notebook = open_lab(START, *SHOWN)
    notebook.theme(theme)
    notebook.page.evaluate(axe)
    # Of an output what is ours: the box around a wide one, which no key scrolls, is JupyterLab's.
    assert notebook.page.locator(".jp-OutputArea .ses-rich").count() >= len(SHOWN) - 1
    assert notebook.page.evaluate(FINDINGS, ".jp-OutputArea .ses-rich") == []
