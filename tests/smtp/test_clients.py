"""Real clients, on loopback: smtplib, aiosmtplib, swaks, Postfix's smtp-source, and a Postfix that relays to us."""

from __future__ import annotations

import asyncio
import os
import shutil
import smtplib
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import pytest

import sesreceive as ses
from tests.patience import PATIENCE_S, until
from tests.smtp.world import MESSAGE, receiver, stored


def need(program: str) -> str:
    """The program, or a skip that says how to get it."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"`{program}` is not installed: apt-get install {'swaks' if program == 'swaks' else 'postfix'}")
    return found


def run(*command: str, code: int = 0) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def letter() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ana <ana@example.org>", "bo@example.com", "Grüße"
    message.set_content("..\n.\nschöne Grüße\n", cte="8bit")
    return message


# ---------------------------------------------------------------- Python


@pytest.mark.parametrize("tls", [False, True])
def test_smtplib(tls: bool) -> None:
    behind = receiver()
    with behind.smtp() as server, smtplib.SMTP(*server.address) as client:
        if tls:
            client.starttls(context=ssl.create_default_context(cadata=server.certificate))
        refused = client.send_message(letter(), to_addrs=["bo@example.com", "nobody@example.com"])
        assert list(refused) == ["nobody@example.com"]
        (reception,) = server.wait_for(1)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("ana@example.org", ["nobody@example.com"], MESSAGE)
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login("ana", "secret")
    assert reception.envelope.tls is tls
    assert b"\r\n..\r\n.\r\nsch\xc3\xb6ne" in reception.message.raw
    assert len(stored(behind)) == 1


@pytest.mark.parametrize("tls", [False, True])
def test_aiosmtplib(tls: bool) -> None:
    behind = receiver()

    async def send(port: int) -> list[str]:
        answers = await asyncio.gather(
            *(
                aiosmtplib.send(
                    letter(), hostname="127.0.0.1", port=port, start_tls=tls, validate_certs=False, timeout=60
                )
                for _ in range(10)
            )
        )
        return [text for _, text in answers]

    with behind.smtp() as server:
        answers = asyncio.run(send(server.port))
        got = server.wait_for(10)
    assert {one.message_id for one in got} == {answer.partition(" ")[2] for answer in answers}
    assert {one.envelope.tls for one in got} == {tls}


# ---------------------------------------------------------------- swaks


def swaks(server: object, *options: str, code: int = 0) -> str:
    host, port = server.address  # type: ignore[attr-defined]
    return run(
        need("swaks"), "--server", host, "--port", str(port), "--ehlo", "mx.example.org", "--from", "ana@example.org",
        "--to", "bo@example.com", "--timeout", "60", *options, code=code,
    )  # fmt: skip


@pytest.mark.parametrize("tls", [False, True])
def test_swaks(tls: bool) -> None:
    with receiver().smtp() as server:
        transcript = swaks(server, "--body", "from swaks", *["--tls"] * tls)
        (reception,) = server.wait_for(1)
    assert f"250 OK {reception.message_id}" in transcript
    assert b"from swaks" in reception.message.raw
    assert reception.envelope.tls is tls


def test_swaks_plays_any_host() -> None:
    zone = {"example.org": {"TXT": ["v=spf1 ip4:198.51.100.7 -all"]}}
    with receiver(resolver=zone).smtp(xclient="announced") as server:
        swaks(server, "--xclient-addr", "198.51.100.7", "--xclient-name", "mx.example.org")
        transcript = swaks(server, "--xclient-addr", "203.0.113.9", code=24)
        passed, blocked = server.wait_for(2, kind="all")
    assert (passed.envelope.client_ip, passed.envelope.client_name, str(passed.verdicts.spf)) == (
        "198.51.100.7", "mx.example.org", "PASS",
    )  # fmt: skip
    assert (blocked.envelope.client_ip, blocked.reply.code) == ("203.0.113.9", 550)
    assert "550 5.7.1 IP address blacklisted by recipient" in transcript


def test_swaks_speaks_proxy() -> None:
    with receiver().smtp(proxy=True) as server:
        for version in ("1", "2"):
            v2 = ["--proxy-protocol", "STREAM", "--proxy-command", "PROXY"] if version == "2" else []
            swaks(
                server, "--proxy-version", version, "--proxy-family", "AF_INET" if v2 else "TCP4", *v2,
                "--proxy-source", "198.51.100.7", "--proxy-source-port", "4000",
                "--proxy-dest", "192.0.2.1", "--proxy-dest-port", "25",
            )  # fmt: skip
        assert [one.envelope.client_ip for one in server.wait_for(2)] == ["198.51.100.7"] * 2


# ---------------------------------------------------------------- Postfix


@pytest.mark.parametrize("keep", [[], ["-d"]])
def test_smtp_source(keep: list[str]) -> None:
    behind = receiver()
    with behind.smtp() as server:
        run(
            need("smtp-source"), *keep, "-s", "8", "-m", "100", "-l", "5000",
            "-f", "ana@example.org", "-t", "bo@example.com", "{}:{}".format(*server.address),
        )  # fmt: skip
        assert len(server.wait_for(100)) == 100
    assert len(set(stored(behind))) == 100
    assert server.counters["accepted"] == 100


MASTER = """\
pickup    unix n - n 60  1 pickup
cleanup   unix n - n -   0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n -   - trivial-rewrite
bounce    unix - - n -   0 bounce
defer     unix - - n -   0 bounce
trace     unix - - n -   0 bounce
flush     unix n - n 1000? 0 flush
proxymap  unix - - n -   - proxymap
smtp      unix - - n -   - smtp
relay     unix - - n -   - smtp
showq     unix n - n -   - showq
error     unix - - n -   - error
retry     unix - - n -   - error
discard   unix - - n -   - discard
local     unix - n n -   - local
anvil     unix - - n -   1 anvil
scache    unix - - n -   1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.example.org
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
relayhost = [127.0.0.1]:{port}
smtp_tls_security_level = {tls}
smtp_host_lookup = native
alias_maps =
local_recipient_maps =
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
"""


@pytest.fixture
def postfix(request: pytest.FixtureRequest) -> Iterator[tuple[Path, ses.Receiver, object]]:
    """A Postfix of our own that listens nowhere and relays everything to a server of ours."""
    program = need("postfix")
    daemons = next((path for path in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix") if Path(path).is_dir()), "")
    if not daemons or os.geteuid() != 0:
        pytest.skip("a Postfix of our own needs Debian's folders and root")
    behind = receiver()
    # not pytest's folder: Postfix's own user has to get in
    with tempfile.TemporaryDirectory(prefix="sesreceive-postfix-") as name, behind.smtp() as server:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("queue", "data", "etc"):
            (folder / part).mkdir()
        shutil.chown(folder / "data", "postfix")
        (folder / "etc/master.cf").write_text(MASTER)
        (folder / "etc/main.cf").write_text(
            MAIN.format(folder=folder, daemons=daemons, port=server.port, tls=request.param)
        )
        run(program, "-c", str(folder / "etc"), "start")
        try:
            yield folder, behind, server
        finally:
            run(program, "-c", str(folder / "etc"), "stop")


@pytest.mark.slow
@pytest.mark.parametrize("postfix", ["none", "may"], indirect=True)
def test_a_postfix_relays_to_us(postfix: tuple[Path, ses.Receiver, object], request: pytest.FixtureRequest) -> None:
    folder, behind, server = postfix
    command = [need("sendmail"), "-C", str(folder / "etc"), "-i", "-f", "ana@example.org"]
    recipients = ["bo@example.com", "cy@example.com", "no@example.com"]
    for number in range(3):
        letter = b"From: ana@example.org\nTo: bo@example.com\nSubject: relayed %d\n\n.\n..\nbody\n" % number
        subprocess.run([*command, *recipients], input=letter, timeout=PATIENCE_S, check=True)
    try:
        got = server.wait_for(3)  # type: ignore[attr-defined]
    except ses.ServerError as error:
        raise AssertionError((folder / "mail.log").read_text()) from error
    assert sorted(one.message.get("subject") or "" for one in got) == ["relayed 0", "relayed 1", "relayed 2"]
    assert {one.envelope.helo for one in got} == {"relay.example.org"}
    assert {one.envelope.tls for one in got} == {"may" in request.node.name}
    assert {one.envelope.rcpt_to for one in got} == {("bo@example.com", "cy@example.com", "no@example.com")}
    assert {one.recipients[2].reply.code for one in got} == {550}
    assert all(one.message.raw.endswith(b"\r\n\r\n.\r\n..\r\nbody\r\n") for one in got)
    assert len(stored(behind)) == 3
    until(lambda: "status=sent (250 OK " in (folder / "mail.log").read_text(), "postfix to write its log")
    log = (folder / "mail.log").read_text()
    assert "status=sent (250 OK " in log
    assert "550 5.1.1 Requested action not taken: mailbox unavailable (in reply to RCPT TO command)" in log
