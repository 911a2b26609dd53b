"""The real daemons, started on loopback and a Unix socket by the scripts in `sesreceive/scan/services`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sesreceive.scan.scanner_service import SERVICES, Started, started


@pytest.fixture(scope="session")
def clamd() -> Iterator[Started]:
    """ClamAV's daemon, knowing EICAR and nothing else; sizes are small, to be exceeded."""
    yield from running("clamd")


@pytest.fixture(scope="session")
def spamd() -> Iterator[Started]:
    """SpamAssassin's daemon with the rules it ships and one of our own."""
    yield from running("spamd")


@pytest.fixture(scope="session")
def rspamd() -> Iterator[Started]:
    """Rspamd with two rules of our own; messages may have 1 MB."""
    yield from running("rspamd")


def running(name: str) -> Iterator[Started]:
    """The daemon for all tests of the session; without its program they are skipped."""
    if not SERVICES[name].installed:
        pytest.skip(f"{name} is not installed (Debian: {SERVICES[name].package})")
    with started(name) as daemon:
        yield daemon
