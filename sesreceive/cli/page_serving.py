"""``serve --ui``: beside live SMTP, a page in the browser with the inbox, the results and the path of a message."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sesreceive.cli.parser import port
from sesreceive.errors import MissingExtraError, ServerError, one_line

if TYPE_CHECKING:
    import argparse

    from sesreceive.smtp.live_feed import LiveFeed
    from sesreceive.smtp.server import Server

__all__ = ["add_page_option", "expect_page", "shown_in_browser"]

USUAL_PORT = 8866
# How long the page may take to come up on a busy machine, and to go.
_START_S, _STOP_S = 120, 10


def add_page_option(serve: argparse.ArgumentParser) -> None:
    """The option of ``serve`` that asks for a page."""
    serve.add_argument(
        "--ui",
        type=port,
        nargs="?",
        const=USUAL_PORT,
        metavar="PORT",
        help="also show the live inbox, the results and the path of each message in a browser, without Jupyter, on "
        f"this port of this machine alone, 0 for a free one (default: {USUAL_PORT}; needs the extra `ui`)",
    )


def expect_page(number: int | None) -> None:
    """Raise, before any mail is taken, where there can be no page on this port; None asks for none.

    Raises
    ------
    MissingExtraError
        When Voila or the widgets are not installed.
    ServerError
        When the port is in use or forbidden.
    """
    if number is None:
        return
    for module in ("voila", "ipywidgets", "ipykernel"):
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(module, extra="ui", purpose="`serve --ui`")
    _free(number)


@contextlib.contextmanager
def shown_in_browser(server: Server, number: int | None) -> Iterator[None]:
    """A page over what a running server receives, as long as the block runs; none where there is no port.

    Raises
    ------
    ServerError
        When the page does not come up.
    """
    if number is None:
        yield
        return
    from sesreceive.smtp.live_feed import LiveFeed

    number, key, feed = _free(number), secrets.token_urlsafe(24), LiveFeed(server)
    try:
        with tempfile.TemporaryDirectory(prefix="sesreceive-ui-") as folder, _voila(number, key, feed, server, folder):
            print(f"open http://127.0.0.1:{number}/?token={key}")
            yield
    finally:
        feed.stop()


@contextlib.contextmanager
def _voila(number: int, key: str, feed: LiveFeed, server: Server, folder: str) -> Iterator[None]:
    """A process with Voila that answers; what it has to say goes to a file, whose end an error quotes."""
    log = Path(folder, "log")
    # Settings of the user's own Jupyter are for notebooks, and could open the page to other machines.
    environment = {
        **os.environ,
        **feed.environment,
        "SESRECEIVE_SMTP": f"{server.host}:{server.port}",
        "JUPYTER_CONFIG_DIR": folder,
        "JUPYTER_DATA_DIR": folder,
        "JUPYTER_RUNTIME_DIR": folder,
        "IPYTHONDIR": folder,
        "PYTHONSAFEPATH": "1",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - this package, by this Python
            [sys.executable, "-m", "sesreceive.ui.page_server", str(number)],
            stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=environment, cwd=folder,
            start_new_session=True,  # Ctrl-C is for the server, which ends the page
        )  # fmt: skip
    assert process.stdin is not None
    try:
        with contextlib.suppress(BrokenPipeError):  # it ended at once: said below
            process.stdin.write(f"{key}\n".encode())
            process.stdin.flush()
        _wait(number, process, log)
        yield
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()  # which ends it, see sesreceive.ui.page_server
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(number: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "it says nothing")
            raise ServerError(f"the page of --ui cannot start: {one_line(last)}")
        try:
            socket.create_connection(("127.0.0.1", number), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise ServerError(f"the page of --ui did not come up within {_START_S} s")


def _free(number: int) -> int:
    """The port, or any free one for 0."""
    with socket.socket() as probe:
        if os.name != "nt":  # a page that has just ended keeps its port for a while
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            why = error.strerror or str(error)
            raise ServerError(
                f"--ui: cannot listen on 127.0.0.1:{number}: {why}; choose another port, or --ui 0 for any free one"
            ) from None
        return int(probe.getsockname()[1])
