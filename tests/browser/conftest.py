"""One JupyterLab server and one Chromium for all browser tests; each test opens notebooks of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

AXE = "axe-core@4.11.0"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is a browser test."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Playwright keeps a loop in this thread, in which asyncio.run then refuses to work: it ends with the folder.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """A headless Chromium; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    from browser import lab

    if not lab.CHROMIUM:
        pytest.skip("needs Chromium (Debian: apt install chromium)")
    with sync_api.sync_playwright() as playwright:
        sync_api.expect.set_options(timeout=120_000)  # a busy machine is slow, not wrong
        browser = playwright.chromium.launch(executable_path=lab.CHROMIUM, args=lab.CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def lab(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """JupyterLab over an empty folder."""
    pytest.importorskip("jupyterlab")
    from browser.lab import Lab, serving

    root = tmp_path_factory.mktemp("notebooks")
    with serving(tmp_path_factory.mktemp("jupyter"), root) as address:
        yield Lab(address, root, chromium)


@pytest.fixture
def open_lab(lab: Any) -> Iterator[Callable[..., Any]]:
    """Opens a notebook with the given code cells and runs them: ``open_lab("code", …, width=1400)``.

    The answer is a `browser.lab.Notebook`. When the test is over its kernel is shut down, and an uncaught error of
    the page fails the test.
    """
    opened = []

    def open_notebook(*cells: str, **size: int) -> Any:
        opened.append(lab.open(*cells, **size))
        return opened[-1]

    yield open_notebook
    for notebook in opened:
        notebook.stop_kernel()
        notebook.page.close()
    assert [error for notebook in opened for error in notebook.errors] == []


@pytest.fixture(scope="package")
def axe() -> str:
    """The script of axe-core, which looks a page through for barriers."""
    from environments import node_with

    return (node_with("axe", AXE) / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
