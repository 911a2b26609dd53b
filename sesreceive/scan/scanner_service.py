"""Starting the daemons of scanners for tests and lessons: on loopback, with rules of their own, asking no network.

How each is started is a script that can be read, and run without this: ``scan/services/*.sh``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sesreceive.errors import ServerError, one_line
from sesreceive.mail.envelope import Envelope
from sesreceive.mail.message import Message
from sesreceive.scan.clamd import ClamdScanner
from sesreceive.scan.markers import EICAR, GTUBE
from sesreceive.scan.rspamd import RspamdScanner
from sesreceive.scan.scanner import Finding
from sesreceive.scan.spamd import SpamdScanner

__all__ = ["SAMPLES", "SERVICES", "Service", "started"]

_SCRIPTS = Path(__file__).parent / "services"
_START_S = 60.0
_ELSEWHERE = "/usr/sbin:/sbin"  # where Debian puts clamd, and what is not on everybody's PATH

# What a scanner is tried with; with the fields that every mail has, whose absence alone is worth points of spam.
_HEAD = (
    b"Received: from mail.example.org (mail.example.org [192.0.2.10]) by mx.example.com;\r\n"
    b" Fri, 02 Jan 2026 10:05:05 +0000\r\n"
    b"Date: Fri, 02 Jan 2026 10:05:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
    b"From: Ana <ana@example.org>\r\nTo: bo@example.com\r\nSubject: hello\r\n\r\n"
)
SAMPLES: Mapping[str, bytes] = {
    "a clean message": _HEAD + b"See you on Monday.\r\n",
    "the GTUBE test string": _HEAD + GTUBE + b"\r\n",
    "the EICAR test string": _HEAD + EICAR + b"\r\n",
}


@dataclass(frozen=True, slots=True)
class Service:
    """One daemon: its program, the Debian package it comes from, and the scanner that asks it."""

    program: str
    package: str
    scanner: Any

    @property
    def installed(self) -> bool:
        """Whether its program is here."""
        return shutil.which(self.program, path=_path()) is not None


SERVICES: Mapping[str, Service] = {
    "clamd": Service("clamd", "clamav-daemon", ClamdScanner),
    "spamd": Service("spamd", "spamd", SpamdScanner),
    "rspamd": Service("rspamd", "rspamd", RspamdScanner),
}


@dataclass(frozen=True, slots=True)
class Started:
    """A daemon that takes connections.

    Attributes
    ----------
    name : str
        One of `SERVICES`.
    path, tcp : str
        The two addresses it listens at, as its scanner takes them.
    """

    name: str
    path: str
    tcp: str

    def tried(self) -> Iterator[tuple[str, Finding]]:
        """What it says of each of `SAMPLES`."""
        scanner = SERVICES[self.name].scanner(address=self.tcp)
        for about, raw in SAMPLES.items():
            for finding in scanner.scan(Message(raw), Envelope(client_ip="192.0.2.7", helo="mx.example.org")):
                yield about, finding


@contextlib.contextmanager
def started(name: str) -> Iterator[Started]:
    """The daemon, from the moment it takes connections until the end of the block.

    Raises
    ------
    ServerError
        When it is not installed or does not start; the message has the end of its log.
    """
    service = SERVICES[name]
    if not service.installed:
        raise ServerError(f"{name}: the program `{service.program}` is not here (Debian: {service.package})")
    with tempfile.TemporaryDirectory(prefix="scan-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        port, path = _free_port(), Path(folder) / f"{name}.sock"
        log = Path(folder) / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our script
                ["/bin/sh", str(_SCRIPTS / f"{name}.sh"), folder, str(port)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PATH": _path()},
            )
        try:
            _wait(name, process, str(path), port, log)
            yield Started(name, str(path), f"127.0.0.1:{port}")
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(name: str, process: subprocess.Popen[bytes], path: str, port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while not (_takes(socket.AF_UNIX, path) and _takes(socket.AF_INET, ("127.0.0.1", port))):
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerError(f"{name} does not start: {one_line(log.read_text(errors='replace')[-600:], 600)}")
        time.sleep(0.05)


def _takes(family: int, target: Any) -> bool:
    with socket.socket(family) as client:
        client.settimeout(1)
        return client.connect_ex(target) == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:{_ELSEWHERE}"
