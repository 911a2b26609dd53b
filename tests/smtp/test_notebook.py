"""A server in a notebook's kernel: blocking clients in the same kernel, cells run again, a kernel restarted."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from tests.patience import until

jupyter_client = pytest.importorskip("jupyter_client", reason="the extra `notebook` is not installed")

ROOT = Path(__file__).parent.parent.parent
CELL = """
import smtplib, threading
import sesreceive as ses
from tests.smtp.world import receiver
server = receiver().smtp(port={port}, name="lesson").start()
with smtplib.SMTP(*server.address) as client:
    client.sendmail("ana@example.org", ["bo@example.com"], b"Subject: hello")
names = [thread.name for thread in threading.enumerate()]
print(len(server.wait_for(1)), names.count(f"sesreceive-smtp-{{server.port}}"), server.port)
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Any]:
    manager = jupyter_client.KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(ROOT))
    try:
        yield manager
    finally:
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        manager.context.destroy()


def run(manager: Any, code: str) -> str:
    """What a cell prints."""
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        client.execute(code)
        printed = ""
        while True:
            message = client.get_iopub_msg(timeout=60)
            content = message["content"]
            if message["msg_type"] == "stream":
                printed += content["text"]
            elif message["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return printed
    except Empty:
        raise AssertionError("the kernel hangs") from None
    finally:
        client.stop_channels()


@pytest.mark.slow
def test_a_cell_can_be_run_again_and_the_kernel_restarted(kernel: Any) -> None:
    first = run(kernel, CELL.format(port=0)).split()
    assert first[:2] == ["1", "1"]
    port = first[2]
    # again in the same kernel, on any port and on the one of before
    assert run(kernel, CELL.format(port=0)).split()[:2] == ["1", "1"]
    assert run(kernel, CELL.format(port=port)).split() == ["1", "1", port]
    assert run(kernel, CELL.format(port=port)).split() == ["1", "1", port]
    alive = "import threading; print([t.name for t in threading.enumerate() if t.name.startswith('sesreceive-smtp')])"
    assert run(kernel, alive).count("sesreceive-smtp") == 2  # the listener and the worker of the last one
    kernel.restart_kernel(now=False)
    assert run(kernel, CELL.format(port=port)).split() == ["1", "1", port]
    kernel.shutdown_kernel()

    def closed() -> bool:
        try:
            socket.create_connection(("127.0.0.1", int(port)), 1).close()
        except OSError:
            return True
        return False

    until(closed, "the port to be closed")
