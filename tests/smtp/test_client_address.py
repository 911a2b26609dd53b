"""Any client in the world from one machine: XCLIENT, PROXY, a mapping, a function; filters and SPF see that address."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address

import pytest

import sesreceive as ses
from tests.smtp.world import Wire, account, receiver

BLOCKED = "550 5.7.1 IP address blacklisted by recipient"
ZONE = {"example.org": {"TXT": ["v=spf1 ip4:198.51.100.7 ip6:2001:db8::7 -all"]}}


def client_of(wire: Wire, server: object) -> tuple[str, str]:
    """The client address the pipeline saw, and the SPF verdict."""
    reply = wire.ready().message()
    assert reply.startswith("250 OK"), reply
    reception = server.wait_for(1)[0]  # type: ignore[attr-defined]
    return reception.envelope.client_ip, str(reception.verdicts.spf)


@pytest.mark.parametrize(
    ("address", "spf"), [("198.51.100.7", "PASS"), ("198.51.100.8", "FAIL"), ("2001:db8::7", "PASS")]
)
def test_xclient(address: str, spf: str) -> None:
    written = f"IPV6:{address}" if ":" in address else address
    with receiver(resolver=ZONE).smtp() as server, Wire(server) as wire:
        assert wire.say(f"XCLIENT ADDR={written} NAME=mx.example.org").startswith("220 ")
        assert client_of(wire, server) == (address, spf)


def test_xclient_and_filters() -> None:
    with receiver().smtp() as server, Wire(server) as wire:
        wire.ready()
        wire.say("RSET")
        wire.say("XCLIENT ADDR=203.0.113.9")
        wire.say("MAIL FROM:<>")
        assert wire.say("RCPT TO:<bo@example.com>") == BLOCKED
        wire.say("RSET")
        assert server.wait_for(1, kind="refused")[0].envelope.client_ip == "203.0.113.9"


def test_xclient_is_unheard_of_for_strangers() -> None:
    with receiver().smtp(trusted=["127.0.0.9"]) as server:
        with Wire(server) as wire:
            assert wire.say("XCLIENT ADDR=203.0.113.9") == "500 Error: command not implemented"
        with Wire(server, source="127.0.0.9") as wire:
            assert wire.say("XCLIENT ADDR=203.0.113.9").startswith("220 ")


def test_mapping_of_loopback_addresses() -> None:
    addresses = {"127.0.0.2": "203.0.113.9", "127.0.0.3": "198.51.100.7"}
    with receiver(resolver=ZONE).smtp(client_addresses=addresses) as server:
        with Wire(server, source="127.0.0.2") as wire:
            wire.say("MAIL FROM:<>")
            assert wire.say("RCPT TO:<bo@example.com>") == BLOCKED
        server.wait_for(1, kind="refused")
        with Wire(server, source="127.0.0.3") as wire:
            wire.ready().message()
        with Wire(server, source="127.0.0.4") as wire:
            wire.ready().message()
        seen = [(one.envelope.client_ip, one.reply.code) for one in server.wait_for(3, kind="all")]
    assert seen == [("203.0.113.9", 550), ("198.51.100.7", 250), ("127.0.0.4", 250)]


def test_a_function_of_the_peer() -> None:
    with receiver(resolver=ZONE).smtp(client_addresses=lambda peer: "198.51.100.7") as server, Wire(server) as wire:
        assert client_of(wire, server) == ("198.51.100.7", "PASS")


def test_a_function_that_gives_no_address_is_a_mistake() -> None:
    with receiver().smtp(client_addresses=lambda peer: "somewhere") as server:
        with Wire(server) as wire:
            assert wire.greeting == "421 4.3.0 Mail system failure, closing transmission channel"
        assert "expected an IP address for `127.0.0.1` but got `somewhere`" in str(server.failures[0].error)


# ---------------------------------------------------------------- PROXY

_V2 = b"\r\n\r\n\x00\r\nQUIT\n"


def proxy_v1(source: str) -> bytes:
    family = "TCP6" if ":" in source else "TCP4"
    target = "2001:db8::1" if ":" in source else "192.0.2.1"
    return f"PROXY {family} {source} {target} 40000 25\r\n".encode()


def proxy_v2(source: str, *, command: int = 1, extra: bytes = b"") -> bytes:
    address = ip_address(source)
    target = ip_address("192.0.2.1" if address.version == 4 else "2001:db8::1")
    body = address.packed + target.packed + struct.pack("!HH", 40_000, 25) + extra
    return _V2 + bytes([0x20 | command, 0x11 if address.version == 4 else 0x21]) + struct.pack("!H", len(body)) + body


@pytest.mark.parametrize("source", ["198.51.100.7", "2001:db8::7"])
@pytest.mark.parametrize("header", [proxy_v1, proxy_v2, lambda source: proxy_v2(source, extra=b"\x04\x00\x01x")])
def test_proxy_protocol(header: object, source: str) -> None:
    with receiver(resolver=ZONE).smtp(proxy=True) as server, Wire(server, greeted=False) as wire:
        wire.send(header(source))  # type: ignore[operator]
        assert wire.reply().startswith("220 ")
        assert client_of(wire, server) == (source, "PASS")


@pytest.mark.parametrize("header", [proxy_v1("198.51.100.7"), proxy_v2("198.51.100.7")])
def test_the_proxy_header_may_be_cut_anywhere(header: bytes) -> None:
    with receiver(resolver=ZONE).smtp(proxy=True) as server:
        for cut in range(1, len(header), 3):
            with Wire(server, greeted=False) as wire:
                wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wire.send(header[:cut])
                wire.send(header[cut:] + b"MAIL FROM:<>\r\n")
                assert wire.reply().startswith("220 ")
                assert wire.reply() == "250 Ok"


def test_a_blocked_client_behind_a_proxy() -> None:
    with receiver().smtp(proxy=True) as server, Wire(server, greeted=False) as wire:
        wire.send(proxy_v1("203.0.113.9"))
        wire.reply()
        wire.say("MAIL FROM:<>")
        assert wire.say("RCPT TO:<bo@example.com>") == BLOCKED


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", _V2 + b"\x20\x00\x00\x00"])
def test_a_proxy_that_speaks_for_itself(header: bytes) -> None:
    with receiver().smtp(proxy=True) as server, Wire(server, greeted=False) as wire:
        wire.send(header)
        assert wire.reply().startswith("220 ")
        assert client_of(wire, server)[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "noise",
    [
        b"EHLO mx.example.org\r\n",
        b"PROXY TCP4 300.1.1.1 192.0.2.1 1 2\r\n",
        b"PROXY TCP4 a\r\n",
        b"PROXY " + b"x" * 300,
        _V2 + b"\x31\x11\0\0",
        b"",
    ],
)
def test_no_proxy_header_no_session(noise: bytes) -> None:
    with receiver().smtp(proxy=True) as server:
        with Wire(server, greeted=False) as wire:
            wire.send(noise)
            wire.socket.shutdown(socket.SHUT_WR)
            assert wire.reply() == ""
        assert not server.failures


def test_strangers_do_not_speak_proxy() -> None:
    with receiver().smtp(proxy=True, trusted=["127.0.0.9"]) as server, Wire(server) as wire:
        assert wire.say(proxy_v1("203.0.113.9").decode().rstrip()) == "500 Error: command not implemented"


def test_without_proxy_its_header_is_an_unknown_command() -> None:
    with ses.Receiver(account()).smtp() as server, Wire(server) as wire:
        assert wire.say(proxy_v1("203.0.113.9").decode().rstrip()) == "500 Error: command not implemented"
