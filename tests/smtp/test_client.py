"""Who is connecting: the words of XCLIENT, trusted networks, the mapping of addresses."""

from __future__ import annotations

import pytest

from sesreceive.errors import ServerError
from sesreceive.smtp.client import PeerNetworks, XclientError, XclientState, client_address, parse_xclient

XCLIENT = [
    ("ADDR=203.0.113.9", XclientState(address="203.0.113.9")),
    ("addr=203.0.113.9", XclientState(address="203.0.113.9")),
    ("ADDR=IPV6:2001:db8::9", XclientState(address="2001:db8::9")),
    ("ADDR=2001:DB8::9", XclientState(address="2001:db8::9")),
    ("ADDR=::ffff:203.0.113.9", XclientState(address="203.0.113.9")),
    ("ADDR=[UNAVAILABLE]", XclientState()),
    ("NAME=mx.example.org HELO=mail.example.org", XclientState(name="mx.example.org", helo="mail.example.org")),
    ("NAME=[UNAVAILABLE]", XclientState(name="")),
    ("NAME=[tempunavail] HELO=[UNAVAILABLE]", XclientState(name="")),
    ("HELO=a+20b+2Bc", XclientState(helo="a b+c")),
    ("ADDR=203.0.113.9 PORT=25 PROTO=ESMTP LOGIN=[UNAVAILABLE]", XclientState(address="203.0.113.9")),
    ("DESTADDR=192.0.2.1 DESTPORT=25", XclientState()),
]  # fmt: skip


@pytest.mark.parametrize(("argument", "state"), XCLIENT)
def test_xclient(argument: str, state: XclientState) -> None:
    assert parse_xclient(argument) == state


def test_xclient_adds_to_what_it_said_before() -> None:
    before = parse_xclient("ADDR=203.0.113.9 NAME=mx.example.org")
    assert parse_xclient("ADDR=203.0.113.10", before) == XclientState(address="203.0.113.10", name="mx.example.org")


@pytest.mark.parametrize(
    "argument",
    [
        "",
        " ",
        "ADDR",
        "ADDR=",
        "ADDR=mx.example.org",
        "ADDR=300.0.0.1",
        "FOO=bar",
        "HELO=a+0D+0AX-Evil:+201",
        "NAME=a+00",
    ],
)
def test_what_xclient_cannot_say(argument: str) -> None:
    with pytest.raises(XclientError):
        parse_xclient(argument)


def test_only_addresses_in_the_networks_are_trusted() -> None:
    trusted = PeerNetworks(["127.0.0.0/8", "::1", "192.0.2.7/24"])
    assert [peer in trusted for peer in ("127.9.9.9", "::1", "192.0.2.200")] == [True] * 3
    assert [peer in trusted for peer in ("198.51.100.1", "::2", "", "mx.example.org")] == [False] * 4


@pytest.mark.parametrize(
    ("addresses", "client"),
    [
        (None, "127.0.0.2"),
        ({}, "127.0.0.2"),
        ({"127.0.0.2": "203.0.113.9"}, "203.0.113.9"),
        ({"127.0.0.3": "203.0.113.9"}, "127.0.0.2"),
        (lambda peer: "2001:DB8::1" if peer == "127.0.0.2" else None, "2001:db8::1"),
        (lambda peer: None, "127.0.0.2"),
    ],
)
def test_mapping(addresses: object, client: str) -> None:
    assert client_address("127.0.0.2", addresses) == client  # type: ignore[arg-type]


def test_mistakes_are_named() -> None:
    with pytest.raises(ServerError, match=r"`127\.0\.0\.2` but got `nobody`"):
        client_address("127.0.0.2", {"127.0.0.2": "nobody"})
    with pytest.raises(ServerError, match="trusted: expected networks"):
        PeerNetworks(["localhost"])
