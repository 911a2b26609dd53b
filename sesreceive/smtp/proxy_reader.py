"""What aiosmtpd's reader of the PROXY protocol reads from: the octets a connection has received."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

__all__ = ["ProxyReader"]

# The PROXY protocol, section 2.1: the longest line of version 1, with its line end.
_LONGEST_LINE = 107


class _Received(Protocol):
    async def received(self, ready: Callable[[bytearray], int]) -> bytes:
        """The first octets of what came, as many as `ready` says."""
        ...


class ProxyReader:
    """A stream as `aiosmtpd.proxy_protocol.get_proxy` wants it."""

    def __init__(self, connection: _Received) -> None:
        self._connection = connection

    async def read(self, n: int = -1) -> bytes:
        """Up to `n` octets, at least one."""
        return await self._connection.received(lambda octets: min(len(octets), n))

    async def readexactly(self, n: int) -> bytes:
        """Exactly `n` octets."""
        return await self._connection.received(lambda octets: n if len(octets) >= n else 0)

    async def readuntil(self, separator: bytes | None = None) -> bytes:
        """A line; of one that is too long what came, which the parser refuses."""

        def line(octets: bytearray) -> int:
            return octets.find(b"\n") + 1 or (len(octets) if len(octets) > _LONGEST_LINE else 0)

        return await self._connection.received(line)
