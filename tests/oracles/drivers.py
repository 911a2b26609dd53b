"""Starts the oracles and asks them; a test that needs one that is not there is skipped and says why."""

from __future__ import annotations

import json
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from environments import node_with

from sesreceive.dns.resolver import DnsStatus
from sesreceive.dns.zone import Zone

__all__ = ["Oracle", "answers_of", "mail_dkim", "mail_spf", "mailauth"]

HERE = Path(__file__).parent

# 4.13.3 is the last one for the Node.js that Debian and the images of public code hosts have (20.18).
MAILAUTH = "mailauth@4.13.3"
NODE = (20, 18)
ANSWER_S = 30


class Oracle:
    """A program that answers JSON lines with JSON lines."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def ask(self, **question: Any) -> dict[str, Any]:
        """The answer to one question."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self._lines.get(timeout=ANSWER_S)
        assert line, "the oracle has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def _started(*command: str) -> Iterator[Oracle]:
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield Oracle(process)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _perl(module: str, package: str, script: str) -> Iterator[Oracle]:
    perl = shutil.which("perl")
    if perl is None or subprocess.run([perl, f"-M{module}", "-e1"], capture_output=True, check=False).returncode:
        pytest.skip(f"{module} is not installed (Debian: {package})")
    with _started(perl, str(HERE / script)) as oracle:
        yield oracle


def mail_spf() -> Iterator[Oracle]:
    """Mail::SPF."""
    yield from _perl("Mail::SPF", "libmail-spf-perl", "spf.pl")


def mail_dkim() -> Iterator[Oracle]:
    """Mail::DKIM."""
    yield from _perl("Mail::DKIM", "libmail-dkim-perl", "dkim.pl")


def mailauth() -> Iterator[Oracle]:
    """mailauth, which npm installs below ``tests/.cache`` the first time."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("mailauth needs Node.js, and there is none")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall("[0-9]+", said)[:2])) < NODE:
        pytest.skip(f"{MAILAUTH} needs Node.js {'.'.join(map(str, NODE))} or newer, and there is {said.strip()}")
    with _started(node, str(HERE / "mailauth.mjs"), str(node_with("mailauth", MAILAUTH))) as oracle:
        yield oracle


def answers_of(zone: Zone) -> Mapping[str, Any]:
    """The zone as the oracles take it: values by type by name, or how a name fails."""
    answers: dict[str, Any] = {}
    for record in zone.records:
        if isinstance(record.value, DnsStatus):
            answers[record.name] = record.value.name
        elif isinstance(node := answers.setdefault(record.name, {}), dict):
            value = record.value.decode("latin-1") if isinstance(record.value, bytes) else record.value
            node.setdefault(record.rdtype, []).append(value)
    return answers
