"""moto as a server of a test's own: empty, whatever the tests before it left.

moto keeps what it was told for the whole process, beyond the server that was told; two tests that make a bucket of one
name in one process meet in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["moto_server"]


@contextmanager
def moto_server() -> Iterator[str]:
    """Start moto's server with nothing in it; gives its address, such as `"http://127.0.0.1:41231"`."""
    from moto.moto_api._internal import moto_api_backend
    from moto.server import ThreadedMotoServer

    moto_api_backend.reset()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
