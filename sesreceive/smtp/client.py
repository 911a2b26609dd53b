r"""Who is connecting: the peer of the connection, or whoever it says it speaks for.

Filters, provider lists and SPF judge a public address, and everything on one machine comes from 127.0.0.1. So
a trusted peer may name another client, in four ways, the first that applies:

1. ``XCLIENT ADDR=203.0.113.9 NAME=mx.example.org HELO=mx.example.org`` (Postfix; swaks speaks it),
2. the PROXY protocol, version 1 or 2, before the greeting (HAProxy),
3. a mapping or function from peer address to client address: ``{"127.0.0.2": "203.0.113.9"}``,
4. the peer's own address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from sesreceive.errors import ServerError, one_line
from sesreceive.mail.address import host_address
from sesreceive.mail.mailbox_path import command_words

__all__ = [
    "XCLIENT_ATTRIBUTES",
    "ClientAddresses",
    "PeerNetworks",
    "XclientError",
    "XclientState",
    "client_address",
    "parse_xclient",
    "plain_address",
]

ClientAddresses = Mapping[str, str] | Callable[[str], str | None]

# Postfix XCLIENT_README: the attributes this server knows, in the order it announces them.
XCLIENT_ATTRIBUTES = ("NAME", "ADDR", "HELO")
# The others that a client may send along; they say nothing here.
_IGNORED = ("PROTO", "PORT", "LOGIN", "DESTADDR", "DESTPORT")
_UNKNOWN = ("[UNAVAILABLE]", "[TEMPUNAVAIL]")
_XTEXT = re.compile(r"\+([0-9A-Fa-f]{2})")


class XclientError(ValueError):
    """The argument of XCLIENT cannot be read."""


@dataclass(frozen=True, slots=True)
class XclientState:
    """What XCLIENT said so far; None where it said nothing.

    Attributes
    ----------
    address, name, helo : str or None
        As in `sesreceive.mail.envelope.Envelope`; `name` is empty for ``[UNAVAILABLE]``.
    """

    address: str | None = None
    name: str | None = None
    helo: str | None = None


def plain_address(text: str) -> str:
    """An IP address without zone and IPv4 mapping.

    Raises
    ------
    ValueError
        When it is none.

    Examples
    --------
    >>> plain_address("::ffff:192.0.2.1"), plain_address("fe80::1%eth0")
    ('192.0.2.1', 'fe80::1')
    """
    return str(host_address(text))


class PeerNetworks:
    """Networks whose hosts may say for whom they speak.

    Examples
    --------
    >>> trusted = PeerNetworks(("127.0.0.0/8", "::1"))
    >>> "127.0.0.9" in trusted, "192.0.2.1" in trusted
    (True, False)
    """

    def __init__(self, networks: Iterable[str]) -> None:
        if isinstance(networks, str):
            networks = (networks,)
        try:
            self._networks = tuple(ipaddress.ip_network(one, strict=False) for one in networks)
        except ValueError as error:
            raise ServerError(f"trusted: expected networks such as `127.0.0.0/8` but {error}") from None

    def __contains__(self, peer: str) -> bool:
        """Whether the peer is in one of them; one without an IP address never is."""
        try:
            address = host_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def client_address(peer: str, addresses: ClientAddresses | None) -> str:
    """The address a peer stands for.

    Raises
    ------
    ServerError
        When the mapping or function gives no IP address.

    Examples
    --------
    >>> client_address("127.0.0.2", {"127.0.0.2": "203.0.113.9"})
    '203.0.113.9'
    >>> client_address("127.0.0.3", lambda peer: None)
    '127.0.0.3'
    """
    if addresses is None:
        return peer
    given = addresses(peer) if callable(addresses) else addresses.get(peer)
    if given is None:
        return peer
    try:
        return plain_address(str(given))
    except ValueError:
        raise ServerError(
            f"client_addresses: expected an IP address for `{one_line(peer)}` but got `{one_line(given)}`"
        ) from None


def parse_xclient(argument: str, before: XclientState | None = None) -> XclientState:
    """What XCLIENT says, on top of what it said before.

    Raises
    ------
    XclientError
        When an attribute is unknown, has no printable value, or ADDR is no address.

    Examples
    --------
    >>> parse_xclient("ADDR=203.0.113.9 NAME=[UNAVAILABLE] HELO=mx.example.org")
    XclientState(address='203.0.113.9', name='', helo='mx.example.org')
    >>> parse_xclient("ADDR=IPV6:2001:db8::1").address
    '2001:db8::1'
    """
    state = before or XclientState()
    words = command_words(argument)
    if not words:
        raise XclientError("no attributes")
    for word in words:
        key, _, value = word.partition("=")
        key = key.upper()
        if not value or key not in XCLIENT_ATTRIBUTES + _IGNORED:
            raise XclientError(f"bad attribute `{one_line(word)}`")
        if key in _IGNORED:
            continue
        value = _XTEXT.sub(lambda found: chr(int(found.group(1), 16)), value)
        if not value.isprintable():  # it goes into a header: no line ends, no controls
            raise XclientError(f"bad value `{one_line(value)}`")
        unknown = value.upper() in _UNKNOWN
        if key == "ADDR":
            if unknown:
                continue
            try:
                state = replace(state, address=plain_address(re.sub(r"(?i)^IPV6:", "", value)))
            except ValueError:
                raise XclientError(f"bad address `{one_line(value)}`") from None
        elif key == "NAME":
            state = replace(state, name="" if unknown else value)
        elif not unknown:
            state = replace(state, helo=value)
    return state
