"""The workbench in Notebook 7, which many have in place of JupyterLab: it is drawn, and a click has an answer."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("playwright.sync_api")
pytest.importorskip("notebook")

from browser.lab import Lab, Notebook, serving
from playwright.sync_api import expect

START = """
import sesreceive as ses
from sesreceive.ui import Workbench
workbench = Workbench(ses.Receiver(ses.datasets.load("first-steps").account, seed=1))
"""
# What Notebook says of itself at each start, before any of ours runs: it asks for a setting that only JupyterLab has.
OF_NOTEBOOK = "reading 'schema'"


@pytest.mark.slow
def test_the_workbench_works_in_notebook_7(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("notebooks")
    with serving(tmp_path_factory.mktemp("jupyter"), root, "notebook") as address:
        lab = Lab(address, root, chromium)
        page = lab._context.new_page()
        page.set_viewport_size({"width": 1400, "height": 900})
        notebook = Notebook(page, f"{address}/notebooks/{lab.write(START, 'workbench')}")
        notebook.ui.get_by_role("button", name="2 Send", exact=True).click()
        notebook.ui.get_by_role("button", name="Send", exact=True).click()
        expect(notebook.ui.get_by_role("status").filter(has_text="was accepted")).to_be_visible()
        assert notebook.low_contrast() == []
        notebook.stop_kernel()
        assert [error for error in notebook.errors if OF_NOTEBOOK not in error] == []
        page.close()
