"""The thread in which a server listens: one event loop, started and stopped from outside.

Not aiosmtpd's ``Controller``: that cannot take port 0, needs five seconds to notice that a port is in use, and
cuts sessions off in the middle of an answer when it stops.
"""

from __future__ import annotations

import asyncio
import errno
import importlib.util
import os
import socket
import threading
from contextlib import suppress
from typing import Any

from sesreceive.errors import ServerError
from sesreceive.smtp import replies
from sesreceive.smtp.connection import Connection, Hub

__all__ = ["Listener", "bind", "new_event_loop"]

# How long sessions have to read their last reply when the server stops.
_FAREWELL_S = 2.0


def bind(host: str, port: int, backlog: int) -> socket.socket:
    """A listening socket; port 0 takes any free one.

    Raises
    ------
    ServerError
        When the port is taken, forbidden or no port, or the host is none of this machine's.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # On Windows the same option would let two servers share a port.
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            if os.name == "posix":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(backlog)
            listening.setblocking(False)
        except BaseException:
            listening.close()
            raise
    except (OSError, OverflowError, TypeError) as error:
        raise ServerError(_why(host, port, error)) from None
    return listening


def _why(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port `{port}` on {host} is in use by another program; choose another port, or port=0 for any free one"
    if number in (errno.EACCES, errno.EPERM):
        return f"port `{port}` needs administrator rights; choose a port above 1023, or port=0 for any free one"
    if isinstance(error, socket.gaierror) or number == errno.EADDRNOTAVAIL:
        return f"host `{host}` is no address of this machine; use 127.0.0.1 for this machine alone"
    return f"cannot listen on port `{port}` of `{host}`: expected a port from 0 to 65535 but {error}"


def new_event_loop(uvloop: bool | None) -> asyncio.AbstractEventLoop:
    """A loop of uvloop where it is installed, asyncio's own otherwise; or as `uvloop` says.

    Raises
    ------
    ServerError
        When uvloop is asked for and not installed.
    """
    if uvloop is not False and importlib.util.find_spec("uvloop") is not None:
        module: Any = importlib.import_module("uvloop")
        loop: asyncio.AbstractEventLoop = module.new_event_loop()
        return loop
    if uvloop:
        raise ServerError("uvloop is not installed: install it with `pip install uvloop`, or leave uvloop=None")
    return asyncio.new_event_loop()


class Listener:
    """Listens in a thread of its own until it is told to stop.

    Parameters
    ----------
    hub : Hub
        What the connections share.
    listening : socket.socket
        From `bind`; closed when the listener stops.
    name : str
        Of the thread.
    backlog : int
        Connections the system holds until they are accepted; one too many, and its client waits for a greeting that
        never comes.
    """

    def __init__(
        self, hub: Hub, listening: socket.socket, name: str, *, backlog: int = 100, uvloop: bool | None = None
    ) -> None:
        self._hub, self._listening, self._backlog = hub, listening, backlog
        self._loop = new_event_loop(uvloop)
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Return when connections are accepted."""
        self._thread.start()
        self._ready.wait()

    def stop(self, timeout: float | None) -> None:
        """Turn clients away, end the sessions, leave the thread; wait for that unless `timeout` is None."""
        self._hub.stopping = True
        with suppress(RuntimeError):  # the loop has ended before
            self._loop.call_soon_threadsafe(self._stop.set)
        if timeout is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._listen())

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        # create_server listens once more, so it has to be told the backlog again
        server = await loop.create_server(
            lambda: Connection(self._hub, loop), sock=self._listening, backlog=self._backlog
        )
        self._ready.set()
        await self._stop.wait()
        server.close()
        if self._hub.committer is not None:  # whose message is being kept is told 250 before 421
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hub.committer.settled(), _FAREWELL_S)
        host = self._hub.policy.hostname
        for connection in tuple(self._hub.open):
            connection.dismiss(replies.STOPPING.line(host=host))
        last_call = loop.time() + _FAREWELL_S
        while self._hub.open and loop.time() < last_call:
            await asyncio.sleep(0.005)
        for connection in tuple(self._hub.open):
            transport: Any = connection.transport
            if transport is not None:
                transport.abort()
        await asyncio.sleep(0)
        self._hub.intake.flush()
