"""`make lab` opens the first lesson itself, asks nothing, and lists the lessons alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from patience import until

ROOT = Path(__file__).resolve().parents[2]
READY = [ROOT / ".venv" / f".installed-{extra}" for extra in ("core", "notebook")]


def addresses(runtime: Path) -> list[str]:
    """What Jupyter has the browser open, once it has written that."""
    pages = [path.read_text(encoding="utf-8") for path in runtime.glob("jpserver-*-open.html")]
    return [
        found[0] for page in pages if (found := re.search(r'http://[^"]+/lab/tree/01-first-steps.ipynb[^"]*', page))
    ]


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.skipif(not all(path.exists() for path in READY), reason="`make lab` would install the project first")
def test_make_lab_opens_the_first_lesson_and_asks_nothing(chromium: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = os.environ | {"HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    options = f"--no-browser --ip=127.0.0.1 --port={port} --ServerApp.port_retries=0 --IdentityProvider.token=secret"
    command = ["make", "--no-print-directory", "lab", f"LAB_OPTIONS={options}"]
    log = tmp_path / "lab.log"
    with log.open("w") as output, running(command, environment, output):
        until(lambda: addresses(tmp_path / "runtime"), "JupyterLab is up")
        (address,) = addresses(tmp_path / "runtime")
        page = chromium.new_page()
        page.goto(address)
        page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for(timeout=120_000)
        listed = {item.inner_text() for item in page.locator(".jp-DirListing-itemText").all()}
        assert {"01-first-steps.ipynb", "03-workbench.ipynb"} <= listed
        assert listed.isdisjoint({"_hooks.py", "images", "reference", "__pycache__"})
        assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0
        page.close()


@contextmanager
def running(command: list[str], environment: dict[str, str], output: IO[str]) -> Iterator[None]:
    """A program and what it starts, ended together; its output is printed where what is done meanwhile fails."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        yield
    except BaseException:
        print(Path(output.name).read_text(encoding="utf-8", errors="replace")[-4000:])
        raise
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:  # JupyterLab waits at times for a kernel that is gone; no test is about that
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=60)
