"""The life of a server: start, stop, restart, run the cell again, forget it; and what it shows."""

from __future__ import annotations

import gc
import importlib.util
import socket
import subprocess
import sys
import textwrap
import threading
import weakref
from pathlib import Path

import psutil
import pytest

import sesreceive as ses
from sesreceive.bounds import Bounds
from sesreceive.errors import ServerError, ValidationError
from sesreceive.smtp.listener import new_event_loop
from tests.patience import until
from tests.smtp.world import Wire, receiver, stored

ROOT = Path(__file__).parent.parent.parent


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("sesreceive-smtp")}


def sockets() -> int:
    return len(psutil.Process().net_connections())


def gone() -> bool:
    """Whether all threads of all servers end."""
    until(lambda: not threads(), "the end of all threads of servers")
    return True


# ---------------------------------------------------------------- start, stop, again


def test_any_free_port_is_taken_and_given_back() -> None:
    before = sockets()
    with receiver().smtp() as server:
        assert server.running
        assert server.host == "127.0.0.1"
        assert server.address == ("127.0.0.1", server.port)
        assert server.port > 0
        with Wire(server) as wire:
            assert wire.greeting == "220 inbound-smtp.us-east-1.amazonaws.com ESMTP Amazon SES"
        assert len(threads()) == 2
    assert not server.running
    assert not threads()
    assert sockets() == before
    with pytest.raises(OSError):  # noqa: PT011 - refused, whatever the platform says
        socket.create_connection(server.address, 1)


def test_the_greeting_names_the_region() -> None:
    account = ses.Account(identities=("example.com",), region="eu-west-1")
    with ses.Receiver(account).smtp() as server, Wire(server) as wire:
        assert wire.greeting == "220 inbound-smtp.eu-west-1.amazonaws.com ESMTP Amazon SES"
    with receiver().smtp(hostname="mx.example.com", banner="ready") as server, Wire(server) as wire:
        assert wire.greeting == "220 mx.example.com ready"


def test_it_listens_where_it_is_told() -> None:
    with receiver().smtp(host="127.0.0.5") as server, Wire(server) as wire:
        assert wire.say("NOOP") == "250 Ok"
        with pytest.raises(OSError):  # noqa: PT011
            socket.create_connection(("127.0.0.1", server.port), 1)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 on this machine")
def test_it_listens_on_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 loopback on this machine")
    with receiver().smtp(host="::1") as server, Wire(server) as wire:
        wire.ready().message()
        assert server.wait_for(1)[0].envelope.client_ip == "::1"


def test_starting_and_stopping_twice_does_no_harm() -> None:
    server = receiver().smtp()
    server.stop()
    assert server.start() is server
    port = server.port
    assert server.start().port == port
    server.stop()
    server.stop()


def test_a_stopped_server_can_be_started_again_and_goes_on_counting() -> None:
    behind = receiver()
    server = behind.smtp()
    for round_ in (1, 2, 3):
        with server, Wire(server) as wire:
            assert wire.ready().message().startswith("250 OK")
        assert server.counters["accepted"] == len(server.receptions) == round_
    assert len(stored(behind)) == 3


def test_the_same_port_at_once() -> None:
    with receiver().smtp() as server:
        port = server.port
        with Wire(server) as wire:
            wire.ready().message()
    with receiver().smtp(port=port) as server, Wire(server) as wire:
        assert server.port == port
        assert wire.say("NOOP") == "250 Ok"


@pytest.mark.parametrize("asked", [None, False, True])
def test_uvloop_runs_the_sessions_where_it_is_installed(asked: bool | None) -> None:
    installed = importlib.util.find_spec("uvloop") is not None
    if asked and not installed:
        with pytest.raises(ServerError, match="uvloop is not installed"):
            receiver().smtp(uvloop=True).start()
        assert not threads()
        return
    loop = new_event_loop(asked)
    try:
        assert ("uvloop" in type(loop).__module__) is (installed and asked is not False)
    finally:
        loop.close()
    with receiver().smtp(uvloop=asked) as server, Wire(server) as wire:
        assert wire.ready().message().startswith("250 OK")


# ---------------------------------------------------------------- a cell that is run again


def test_the_second_run_takes_the_port_of_the_first() -> None:
    first = receiver().smtp().start()
    second = receiver().smtp(port=first.port).start()
    try:
        assert not first.running
        assert second.running
        assert len(threads()) == 2
    finally:
        second.stop()


def test_the_second_run_takes_the_name_of_the_first() -> None:
    first = receiver().smtp(name="lesson").start()
    other = receiver().smtp(name="another").start()
    second = receiver().smtp(name="lesson").start()
    try:
        assert (first.running, other.running, second.running) == (False, True, True)
    finally:
        second.stop()
        other.stop()


@pytest.mark.slow
def test_a_forgotten_server_ends() -> None:
    server = receiver().smtp().start()
    with Wire(server) as wire:
        wire.ready().message()
    forgotten = weakref.ref(server)
    del server
    gc.collect()
    assert forgotten() is None
    assert gone()


@pytest.mark.slow
def test_a_program_that_ends_processes_what_it_accepted() -> None:
    """Nobody called stop: the answers were given, so the messages are processed; and the program does end."""
    program = textwrap.dedent(
        """
        import smtplib, time
        import sesreceive as ses
        from tests.smtp.world import receiver
        behind = receiver()
        perform = behind.backend.perform
        def slowly(effect):
            time.sleep(0.2)
            print("stored", flush=True)
            return perform(effect)
        behind.backend.perform = slowly
        server = behind.smtp().start()
        client = smtplib.SMTP(*server.address)
        for _ in range(3):
            client.sendmail("ana@example.org", ["bo@example.com"], b"Subject: x")
        print("end", flush=True)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert sorted(done.stdout.split()) == ["end", "stored", "stored", "stored"]
    assert not done.stderr


# ---------------------------------------------------------------- mistakes


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError) as caught:
            receiver().smtp(port=port).start()
    assert str(caught.value) == (
        f"port `{port}` on 127.0.0.1 is in use by another program; choose another port, or port=0 for any free one"
    )
    assert not threads()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": 70_000}, "port `70000`"),
        ({"port": -1}, "port `-1`"),
        ({"host": "192.0.2.1"}, "host `192.0.2.1` is no address of this machine"),
        ({"host": "no such host"}, "host `no such host` is no address of this machine"),
        ({"xclient": "maybe"}, "expected one of `silent`, `announced`, `off` but got `maybe`"),
        ({"trusted": ["everyone"]}, "trusted: expected networks"),
        ({"client_addresses": {"127.0.0.2": "x"}}, "expected an IP address for `127.0.0.2` but got `x`"),
        ({"workers": 0}, "workers: expected at least 1 but got `0`"),
    ],
)
def test_mistakes_are_one_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(ServerError) as caught:
        receiver().smtp(**options).start()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not threads()


def test_bounds_that_let_nothing_through_are_all_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Bounds(connections=0, idle_s=-1, message_bytes=None, waiting="many")  # type: ignore[arg-type]
    assert [problem.path for problem in caught.value.problems] == [
        "bounds.message_bytes",
        "bounds.connections",
        "bounds.waiting",
        "bounds.idle_s",
    ]


def test_waiting_for_more_than_comes_says_what_came() -> None:
    with receiver().smtp() as server:
        with pytest.raises(ServerError, match=r"expected 1 message \(accepted\) within 0\.05 s but 0 accepted"):
            server.wait_for(1, timeout=0.05)
        with Wire(server) as wire:
            wire.ready().message()
        with pytest.raises(
            ServerError, match=r"2 messages \(accepted\) within 0\.2 s but 1 accepted and 0 refused ones came over 1 c"
        ):
            server.wait_for(2, timeout=0.2)
        with pytest.raises(ServerError, match="kind: expected `accepted`, `refused` or `all` but got `every`"):
            server.wait_for(1, kind="every")


# ---------------------------------------------------------------- what it shows


def test_the_report_is_live() -> None:
    with receiver().smtp() as server, Wire(server) as wire:
        assert len(server.report) == 0
        wire.ready().message()
        server.wait_for(1)
        assert server.report.messages.message.tolist() == ["smtp-1"]
        wire.ready("cy@example.com", "x@example.net").message()
        server.wait_for(2)
        assert server.report.messages.message.tolist() == ["smtp-1", "smtp-2"]
        assert len(server.report.recipients) == 3


def test_only_the_latest_are_kept_when_told_so() -> None:
    behind = receiver()
    with behind.smtp(keep=2) as server, Wire(server) as wire:
        for _ in range(5):
            wire.ready().message()
        server.wait_for(5)
        assert [one.name for one in server.receptions] == ["smtp-4", "smtp-5"]
    assert len(stored(behind)) == 5


def test_the_repr_is_one_line_with_address_and_counters() -> None:
    with receiver().smtp() as server, Wire(server) as wire:
        wire.ready().message()
        server.wait_for(1)
        assert repr(server) == (
            f"<Server 127.0.0.1:{server.port} running, 1 connected, 1 accepted, 0 refused, 0 waiting>"
        )
    assert repr(server).startswith(f"<Server 127.0.0.1:{server.port} stopped")


def test_the_html_shows_the_last_messages_and_nothing_of_theirs_is_markup() -> None:
    with receiver().smtp() as server, Wire(server) as wire:
        assert "<table" not in server._repr_html_()
        wire.say("EHLO <script>alert(1)</script>")
        wire.say('MAIL FROM:<"<img src=x>"@example.org>')
        wire.say("RCPT TO:<<b>bo</b>@example.com>")
        wire.say("RCPT TO:<bo@example.com>")
        wire.message(b"Subject: <script>alert(2)</script>\x1b[31m\r\n\r\n")
        server.wait_for(1)
        html = server._repr_html_()
        assert "<script" not in html
        assert "<img" not in html
        assert "\x1b" not in html
        assert "&lt;script&gt;alert(2)" in html
        for _ in range(20):
            wire.ready().message()
        server.wait_for(21)
        assert server._repr_html_().count("<tr>") == 11
