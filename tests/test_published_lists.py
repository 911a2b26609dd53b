"""Downloading the published lists: only when asked, from a server of this machine, bounded, and never half."""

from __future__ import annotations

import contextlib
import socketserver
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import sesreceive as ses
from sesreceive import published_lists
from sesreceive.cli import main
from sesreceive.cli.exits import Exit
from tests.stages.test_provider_files import AWS, DROP_V4, DROP_V6

PAGES = {
    "/ip-ranges.json": (200, {}, AWS),
    "/drop_v4.json": (200, {}, DROP_V4.rstrip("\n")),
    "/drop_v6.json": (200, {}, DROP_V6),
    "/moved": (302, {"Location": "/ip-ranges.json"}, ""),
    "/elsewhere": (302, {"Location": "file:///etc/hostname"}, ""),
    "/around": (302, {"Location": "/around"}, ""),
    "/later": (429, {}, "too many requests"),
    "/page": (200, {}, "<html>Welcome</html>"),
    "/short": (200, {"Content-Length": "99999"}, AWS),
    "/large": (200, {}, "#" * 300_000),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        status, headers, text = PAGES.get(self.path, (404, {}, "no such page"))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())
        self.close_connection = True

    def log_request(self, *args: object) -> None:
        pass


class Web:
    def __init__(self, server: socketserver.BaseServer, asked: list[str]) -> None:
        self.asked = asked
        host, port = server.server_address[:2]  # type: ignore[misc]
        self.url = f"http://{host}:{port}"


def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    # A proxy of the environment would be asked instead.
    monkeypatch.setattr(
        published_lists, "_OPENER",
        urllib.request.build_opener(urllib.request.ProxyHandler({}), published_lists._SafeRedirects),
    )  # fmt: skip
    # Nobody but the server of this test may be asked.
    monkeypatch.setattr(
        published_lists, "ADDRESSES", dict.fromkeys(published_lists.ADDRESSES, ("http://127.0.0.1:9/",))
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = []  # type: ignore[attr-defined]
    serving = _serving(server)
    next(serving)
    yield Web(server, server.asked)  # type: ignore[attr-defined]
    next(serving, None)


def test_a_list_is_written_as_it_came_and_its_age_is_shown(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ec2.json"
    assert main(["providers", "fetch", "ec2", "--out", str(out), "--url", f"{web.url}/ip-ranges.json"]) == 0
    assert out.read_text(encoding="utf-8") == AWS
    assert [path.name for path in tmp_path.iterdir()] == ["ec2.json"]
    said = capsys.readouterr().out
    assert said.startswith(f"wrote {out}: ec2: 2 networks, published 2026-01-02 03:04 UTC, ")
    assert said.endswith(" ago\n")


def test_the_parts_of_a_list_come_into_one_file(web: Web, tmp_path: Path) -> None:
    out = tmp_path / "drop.json"
    published_lists.fetch("drop", out, [f"{web.url}/drop_v4.json", f"{web.url}/drop_v6.json"])
    assert ses.ProviderList.drop(out).networks == ("192.0.2.0/24", "2001:db8::/48")
    assert web.asked == ["/drop_v4.json", "/drop_v6.json"]


def test_a_redirection_is_followed(web: Web, tmp_path: Path) -> None:
    assert published_lists.fetch("ec2", tmp_path / "x", [f"{web.url}/moved"]).networks[0] == "203.0.113.0/25"
    assert web.asked == ["/moved", "/ip-ranges.json"]


FAILED = [
    ("/nowhere", "the server answers 404 Not Found"),
    ("/later", "the server answers 429 Too Many Requests"),
    ("/elsewhere", "the server answers 302"),  # urllib leaves http for nothing but http, https and ftp
    ("/around", "the server answers 302"),
    ("/short", "cannot be downloaded"),
    ("/large", "it has more than 200000 bytes"),
    ("/page", "line 1: expected JSON"),
    ("/drop_v4.json", "line 2: expected JSON, expected the end of the text"),
]


@pytest.mark.parametrize("path, said", FAILED)
@pytest.mark.slow
def test_what_cannot_be_had_leaves_the_file_as_it_was(web: Web, tmp_path: Path, path: str, said: str) -> None:
    out = tmp_path / "ec2.json"
    out.write_text("yesterday's", encoding="utf-8")
    with pytest.raises(ses.InputError) as raised:
        published_lists.fetch("ec2", out, [web.url + path], size_bytes=200_000)
    assert said in str(raised.value)
    assert web.url in str(raised.value)
    assert "\n" not in str(raised.value)
    assert out.read_text(encoding="utf-8") == "yesterday's"
    assert len(list(tmp_path.iterdir())) == 1


URLS = (
    "file:///etc/hostname",
    "ftp://127.0.0.1/x",
    "ec2",
    "",
    "http://",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1 /x",
)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.slow
def test_an_address_that_is_none_is_told(web: Web, tmp_path: Path, url: str) -> None:
    with pytest.raises(ses.InputError, match="cannot be downloaded"):
        published_lists.fetch("drop", tmp_path / "x", [url])
    assert web.asked == []


def _drip(write: Callable[[bytes], object]) -> None:
    """Header lines without end, an octet at a time."""
    write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        time.sleep(0.02)
        write(b"x")


@pytest.mark.slow
def test_a_server_that_never_ends_is_left(web: Web, tmp_path: Path) -> None:
    class Slow(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                _drip(self.wfile.write)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Slow)
    serving = _serving(server)
    next(serving)
    with pytest.raises(ses.InputError, match=r"it took more than 0\.3 seconds"):
        published_lists.fetch("ec2", tmp_path / "x", [Web(server, []).url], timeout_s=0.3)
    next(serving, None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_told(web: Web, tmp_path: Path) -> None:
    with pytest.raises(ses.InputError, match="cannot be written: "):
        published_lists.fetch("ec2", tmp_path / "none" / "x", [f"{web.url}/ip-ranges.json"])


def test_no_other_list_is_known(tmp_path: Path) -> None:
    with pytest.raises(ses.InputError, match="expected `ec2` or `drop` but got `ec3`; did you mean `ec2`"):
        published_lists.fetch("ec3", tmp_path / "x")


def test_the_published_addresses_are_of_the_publishers() -> None:
    assert [url for urls in published_lists.ADDRESSES.values() for url in urls] == [
        "https://ip-ranges.amazonaws.com/ip-ranges.json",
        "https://www.spamhaus.org/drop/drop_v4.json",
        "https://www.spamhaus.org/drop/drop_v6.json",
    ]


# ---------------------------------------------------------------- the commands that receive


def test_commands_take_lists_and_say_how_old_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # the table is cut to the terminal
    listed = tmp_path / "ranges.json"
    listed.write_text(AWS.replace("203.0.113.0/25", "192.0.2.0/28"), encoding="utf-8")
    options = ["--dataset", "first-steps", "--provider-list", str(listed)]
    assert main(["replay", "--table", "filters", *options]) == 0
    captured = capsys.readouterr()
    assert "192.0.2.0/28 contains 192." in captured.out
    assert captured.err.startswith("provider list ranges: 2 networks, published 2026-01-02 03:04 UTC, ")


def test_commands_take_lists_in_dns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account, zone, mail = (tmp_path / name for name in ("account.json", "zone.txt", "mail.eml"))
    ses.Account(identities=("example.com",)).save(account)
    zone.write_text("9.100.51.198.dnsbl.example. IN A 127.0.0.2\n", encoding="utf-8")
    mail.write_bytes(b"To: ana@example.com\r\nFrom: bo@example.org\r\n\r\nhi\r\n")
    mail.with_suffix(".envelope.json").write_text(
        '{"client_ip": "198.51.100.9", "helo": "mx.example.org", "mail_from": "bo@example.org",'
        ' "rcpt_to": ["ana@example.com"]}', encoding="utf-8",
    )  # fmt: skip
    options = ["--account", str(account), "--zone", str(zone), "--dns-list", "dnsbl.example"]
    assert main(["explain", str(mail), *options]) == 0
    assert "9.100.51.198.dnsbl.example is 127.0.0.2, so 198.51.100.9 is listed" in capsys.readouterr().out


def test_a_bad_list_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("example.com\n", encoding="utf-8")
    assert main(["replay", "--provider-list", str(listed)]) == Exit.INPUT
    error = capsys.readouterr().err
    assert (
        error
        == f"sesreceive: provider list `{listed}` line 1: expected an address or CIDR block but got `example.com`\n"
    )
