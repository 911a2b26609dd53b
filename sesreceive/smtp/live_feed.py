"""What a live server receives, for other processes of the same user: each sees everything from the first on.

A page in a browser has a Python process of its own, which follows the server through here.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import threading
from collections.abc import Iterator
from multiprocessing.connection import Client, Connection, Listener
from typing import TYPE_CHECKING, Any

from sesreceive.errors import ServerError
from sesreceive.reception import Reception

if TYPE_CHECKING:
    from sesreceive.smtp.server import Server

__all__ = ["ADDRESS", "KEY", "LiveFeed", "followed"]

# The variables of the environment that a process finds the feed by. Only the same user can read them.
ADDRESS, KEY = "SESRECEIVE_FEED_ADDRESS", "SESRECEIVE_FEED_KEY"

# Messages that are read at once, where so many wait.
_BATCH = 200


class LiveFeed:
    """The receptions of a server, for whoever has the key; nothing listens on the network.

    The messages are pickled: both sides prove that they have the key before anything is read, and the address is a
    socket in a folder of this user (a named pipe on Windows).

    Parameters
    ----------
    server : Server
        Whose receptions.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._key = secrets.token_bytes(32)
        self._listener = Listener(authkey=self._key)
        self._address = self._listener.address
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="live feed", daemon=True)
        self._thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to follow."""
        return {ADDRESS: str(self._address), KEY: self._key.hex()}

    def stop(self) -> None:
        """Hand over nothing more; who follows is told that it is over."""
        if self._ended.is_set():
            return
        self._ended.set()
        with contextlib.suppress(OSError, EOFError):  # the thread that waits for somebody is woken
            Client(self._address, authkey=self._key).close()
        self._thread.join()

    def _accept(self) -> None:
        from multiprocessing import AuthenticationError

        # Closed where it is accepted from: who connects after the last round is refused, and does not wait for ever.
        with self._listener:
            while not self._ended.is_set():
                try:
                    connection = self._listener.accept()
                except (OSError, EOFError, AuthenticationError):  # somebody without the key, or who went at once
                    continue
                threading.Thread(target=self._tell, args=(connection,), name="live feed reader", daemon=True).start()

    def _tell(self, connection: Connection[Any, Any]) -> None:
        """Hand over what is there and what comes, until one of the two has enough."""
        with connection, contextlib.suppress(OSError, EOFError):
            for came in self._server.follow():
                if self._ended.is_set() or connection.poll(0):  # nobody sends anything: the other side is gone
                    return
                if isinstance(came, Reception):
                    connection.send(came)


def followed() -> Iterator[list[Reception]]:
    """What the server of the environment has received and receives, in pieces, until it stops.

    Raises
    ------
    ServerError
        When the environment names no server, or it does not run any more.
    """
    address, key = os.environ.get(ADDRESS), os.environ.get(KEY)
    if not address or not key:
        raise ServerError("expected a server to follow: `sesreceive serve --ui` starts one with its page")
    try:
        connection = Client(address, authkey=bytes.fromhex(key))
    except (OSError, EOFError):
        raise ServerError("the server does not run any more: start `sesreceive serve --ui` again") from None
    with connection, contextlib.suppress(OSError, EOFError):
        while True:
            batch = [connection.recv()]
            while len(batch) < _BATCH and connection.poll(0):
                batch.append(connection.recv())
            yield batch
