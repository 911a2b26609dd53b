"""The real daemons, started by the tests on loopback and a Unix socket, with signatures and rules of the tests' own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sesreceive.scan.markers import EICAR

START_S = 60

# The port is asked for as well, so that both kinds of address are tried. Sizes are small, to be exceeded.
CLAMD_CONF = """\
Foreground yes
LocalSocket {folder}/clamd.sock
TCPSocket {port}
TCPAddr 127.0.0.1
DatabaseDirectory {folder}/signatures
StreamMaxLength 1M
MaxFileSize 512K
AlertExceedsMax yes
"""

# Points of the tests' own, so that they do not depend on the scores of a release.
SPAMD_RULES = """\
required_score 5.0
header  OURS_FOUR_POINTS  Subject =~ /four points/
score   OURS_FOUR_POINTS  4.0
"""


@dataclass(frozen=True, slots=True)
class Daemon:
    """Where a daemon listens."""

    path: str
    tcp: str


@pytest.fixture(scope="session")
def clamd() -> Iterator[Daemon]:
    """ClamAV's daemon, knowing EICAR and nothing else."""
    program = find("clamd")
    with folder() as home:
        (home / "signatures").mkdir()
        (home / "signatures" / "eicar.ndb").write_text(f"Eicar-Test-Signature:0:*:{EICAR.hex()}\n")
        port = free_port()
        (home / "clamd.conf").write_text(CLAMD_CONF.format(folder=home, port=port))
        with running([program, f"--config-file={home}/clamd.conf"], home / "clamd.sock", port) as daemon:
            yield daemon


@pytest.fixture(scope="session")
def spamd() -> Iterator[Daemon]:
    """SpamAssassin's daemon with the rules it ships; it asks no one in the network."""
    program = find("spamd")
    with folder() as home:
        (home / "site").mkdir()
        (home / "site" / "init.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
        (home / "site" / "local.cf").write_text(SPAMD_RULES)
        port = free_port()
        command = [
            program, "--local", "--nouser-config", "--syslog=stderr", "--max-children=2",
            f"--siteconfigpath={home}/site", f"--helper-home-dir={home}", f"--pidfile={home}/spamd.pid",
            f"--listen=127.0.0.1:{port}", f"--listen={home}/spamd.sock",
        ]  # fmt: skip
        with running(command, home / "spamd.sock", port) as daemon:
            yield daemon


def find(name: str) -> str:
    """The program's path; without it the test is skipped."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: clamav-daemon, spamassassin and spamd)")
    return found


@contextmanager
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a Unix socket."""
    with tempfile.TemporaryDirectory(prefix="scan-", ignore_cleanup_errors=True) as path:
        Path(path).chmod(0o755)  # spamd started by root goes on as nobody
        yield Path(path)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(command: list[str], path: Path, port: int) -> Iterator[Daemon]:
    """The daemon, from the moment it takes connections until the end of the tests."""
    log = path.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + START_S
        while not (takes(socket.AF_UNIX, str(path)) and takes(socket.AF_INET, ("127.0.0.1", port))):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{command[0]} does not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield Daemon(path=str(path), tcp=f"127.0.0.1:{port}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def takes(family: int, target: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        return client.connect_ex(target) == 0
