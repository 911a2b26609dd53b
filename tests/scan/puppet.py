"""A server that says what a test tells it to, and keeps what it was asked."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

Step = bytes | float | Callable[[socket.socket], None]


def reset(connection: socket.socket) -> None:
    """Hang up so that the other side sees a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silence(connection: socket.socket) -> None:
    """Say nothing until the test is over, however long it waits."""
    raise NotImplementedError  # `Puppet` knows when that is


class Puppet:
    """Listens on loopback; to each client it plays `answer`: bytes are sent, seconds waited, functions called.

    Parameters
    ----------
    asked : callable
        Whether these bytes are a whole question; what is read before the answer.
    answer : iterable of bytes, float or callable
        May be assigned anew between clients. At its end the connection is closed.
    """

    def __init__(self, asked: Callable[[bytes], bool], answer: Iterable[Step] = ()) -> None:
        self.asked = asked
        self.answer = answer
        self.question = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    @property
    def address(self) -> str:
        """As a scanner takes it."""
        return "127.0.0.1:{1}".format(*self._socket.getsockname())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:  # the end of the test
                return
            with connection, suppress(OSError):  # a client that has heard enough
                self._play(connection)

    def _play(self, connection: socket.socket) -> None:
        self.question = b""
        while not self.asked(self.question):
            piece = connection.recv(1 << 20)
            if not piece:
                return
            self.question += piece
        for step in self.answer:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, float):
                time.sleep(step)
            elif step is silence:
                self._over.wait()
            else:
                step(connection)
