"""The files in tests/dialogues, said to the real server in clear text and under TLS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sesreceive.smtp.channel import any_certificate
from tests.smtp.world import HOST, Wire, receiver

FOLDER = Path(__file__).parent.parent / "dialogues"
FILES = sorted(FOLDER.glob("*.smtp"))
_SETTING = re.compile(r"# (only|client|accepted): (\S+)")
_ID = re.compile(r"[0-9a-v]{38}[08go]1")


@dataclass(frozen=True)
class Line:
    number: int
    who: str
    text: str


def read(path: Path) -> tuple[dict[str, str], list[Line]]:
    """The settings and lines of a dialogue."""
    settings, lines = {}, []
    for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if found := _SETTING.fullmatch(text):
            settings[found.group(1)] = found.group(2)
        elif text and not text.startswith("#"):
            assert text[:2] in ("C:", "S:", "T:", "S!"), f"{path.name}:{number}: `{text}`"
            lines.append(Line(number, text[:2], text[3:]))
    return settings, lines


def cases() -> Iterator[object]:
    for path in FILES:
        settings, _ = read(path)
        for way in ("plain", "tls"):
            if settings.get("only", way) == way:
                yield pytest.param(path, way, id=f"{path.stem}-{way}")


def typed(text: str) -> bytes:
    """A line of the client, its escapes resolved."""
    table = {"\\n": "\n", "\\r": "\r", "\\0": "\0", "\\\\": "\\"}
    return re.sub(r"\\[nr0\\]", lambda found: table[found.group()], text).encode()


def encrypt(wire: Wire) -> None:
    wire.file.close()
    wire.socket = any_certificate().wrap_socket(wire.socket)
    wire.file = wire.socket.makefile("rb")


@pytest.mark.parametrize(("path", "way"), list(cases()))
def test_dialogue(path: Path, way: str) -> None:
    settings, lines = read(path)
    client = settings.get("client")
    with receiver().smtp(client_addresses=(lambda peer: client) if client else None) as server:
        with Wire(server, greeted=False) as wire:
            if way == "tls":
                wire.reply()
                wire.say("EHLO tls.example.org")
                assert wire.say("STARTTLS") == "220 Ready to start TLS"
                encrypt(wire)
                lines = [one for one in lines if one.text != "250-STARTTLS" and one.text[:4] != "220 "]
            for line in lines:
                where = f"{path.name}:{line.number}"
                if line.who == "C:":
                    wire.send(typed(line.text) + b"\r\n")
                elif line.who == "T:":
                    encrypt(wire)
                else:
                    came = wire.file.readline().decode()
                    if line.who == "S!":
                        assert came == "", f"{where}: expected the end but got `{came}`"
                        continue
                    assert came.endswith("\r\n"), f"{where}: the server hung up"
                    assert _ID.sub("{id}", came[:-2]).replace(HOST, "{host}") == line.text, where
        server.stop()
        accepted = [one for one in server.receptions if one.reply.accepted]
        assert len(accepted) == int(settings.get("accepted", "0"))
        assert not server.failures


def test_the_observed_transcripts_are_among_them() -> None:
    assert {"accepted", "refused", "blocked"} <= {path.stem for path in FILES}
