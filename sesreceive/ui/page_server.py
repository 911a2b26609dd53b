"""``python -m sesreceive.ui.page_server PORT``: Voila on this machine alone, as long as who started it lives.

The key of the page is the first line of standard input, so that no list of processes shows it; where standard input
ends, the program that started the page is gone, and the page goes, too.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

from sesreceive.errors import MissingExtraError

__all__ = ["serve_page"]

# What a visitor's process runs. Voila shows notebooks, so it is written as one.
_CODE = """\
import os
from IPython.display import HTML, display
from sesreceive._html import asset
from sesreceive.ui.live_page import LivePage
display(HTML(f"<style>{asset('sesreceive.ui', 'page.css')}</style>"))
page = LivePage(os.environ["SESRECEIVE_SMTP"])
page.follow()
page
"""
_CELL: dict[str, object] = {
    "cell_type": "code",
    "id": "page",
    "source": _CODE,
    "metadata": {},
    "outputs": [],
    "execution_count": None,
}
_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def serve_page(port: int, token: str, folder: Path) -> None:
    """A page on a port of this machine until SIGTERM; each visitor with the token gets a Python process.

    Parameters
    ----------
    port : int
        Where it is, on 127.0.0.1.
    token : str
        What a visitor has to know.
    folder : Path
        Where the notebook is put that Voila shows.

    Raises
    ------
    MissingExtraError
        When Voila is not installed.
    """
    try:
        from voila.app import Voila
    except ImportError as error:
        raise MissingExtraError("voila", extra="ui", purpose="the page of `serve --ui`") from error

    notebook = folder / "sesreceive.ipynb"
    metadata = {"title": "sesreceive: live inbox", "kernelspec": _KERNEL}
    book = {"cells": [_CELL], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(book), encoding="utf-8")
    # Nothing is asked of other machines, whatever a template or a mail names: Voila's own template asks for a font.
    policy = "; ".join(
        (
            "default-src 'self' data: blob:",
            "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            f"connect-src 'self' ws://127.0.0.1:{port}",
            "frame-ancestors 'self'",
        )
    )
    Voila.launch_instance(
        argv=[str(notebook)],
        ip="127.0.0.1",
        port=port,
        port_retries=0,
        open_browser=False,
        token=token,
        tornado_settings={"headers": {"Content-Security-Policy": policy}},
    )


def _end_with_the_starter() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    key = sys.stdin.readline().strip()
    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    serve_page(int(sys.argv[1]), key, Path.cwd())
