"""Many connections, many messages, and a stop in the middle: every 250 has exactly one stored message.

    python tests/soak/soak_smtp.py                       1,000 connections, 100,000 messages: some minutes
    python tests/soak/soak_smtp.py --stop-after 20000    the same, stopped when so many were accepted
    python tests/soak/soak_smtp.py --connections 50 --messages 2000

Server and client are two processes on this machine; nothing leaves 127.0.0.1. It ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ID = re.compile(r"250 OK ([0-9a-v]{40})")
# Longer than any run takes: a session that hangs shows up as one.
_PATIENCE_S = 900.0


@dataclass(frozen=True)
class Result:
    """What a run found."""

    answered: int
    stored: int
    lost: int
    doubled: int
    mixed_up: int
    failures: int
    seconds: float
    connections: int

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.mixed_up or self.failures)

    def __str__(self) -> str:
        rate = self.stored / self.seconds if self.seconds else 0.0
        return (
            f"{self.connections} connections at a time, {self.answered} messages answered 250, {self.stored} stored, "
            f"{self.lost} lost, {self.doubled} doubled, {self.mixed_up} mixed up, {self.failures} failures; "
            f"{self.seconds:.1f} s, {rate:.0f} messages/s"
        )


def soak(connections: int, messages: int, stop_after: int | None = None, **options: Any) -> Result:
    """Run a server here and a client elsewhere, stop the server where told, and compare what both know."""
    import sesreceive as ses

    rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    account = ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    )
    receiver = ses.Receiver(account)
    stored: Counter[str] = Counter()
    numbers: dict[str, int] = {}
    most = 0

    def store(effect: Any) -> ses.Outcome:
        key = effect.key
        stored[key] += 1
        numbers[key] = int(re.findall(rb"\nX-Number: (\d+)\r\n", effect.body)[0])
        return ses.Outcome()

    receiver.backend.perform = store
    allow_many_files()
    started = time.monotonic()
    with receiver.smtp(keep=1, **options) as server:
        command = [sys.executable, __file__, "--client", str(server.port)]
        command += ["--connections", str(connections), "--messages", str(messages)]
        client = subprocess.Popen(command, stdout=subprocess.PIPE)
        done = threading.Event()

        def watch() -> None:
            nonlocal most
            while not done.wait(0.02):
                most = max(most, server.counters["connected"])

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            if stop_after is not None:
                while server.counters["accepted"] < stop_after and client.poll() is None:
                    time.sleep(0.001)
                server.stop(_PATIENCE_S)
            written, _ = client.communicate(timeout=_PATIENCE_S)
        finally:
            client.kill()
            done.set()
            watcher.join()
        server.stop(_PATIENCE_S)
    answered: dict[str, int] = json.loads(written)
    return Result(
        answered=len(answered),
        stored=len(stored),
        lost=sum(key not in stored for key in answered),
        doubled=sum(count > 1 for count in stored.values()),
        mixed_up=sum(numbers.get(key, number) != number for key, number in answered.items()),
        failures=len(server.failures),
        seconds=time.monotonic() - started,
        connections=most,
    )


def allow_many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# ---------------------------------------------------------------- the client


async def blast(port: int, connections: int, messages: int) -> dict[str, int]:
    """Send the messages over kept connections; the ids that were answered, and which message each was."""
    answered: dict[str, int] = {}
    share = [range(first, messages, connections) for first in range(connections)]
    async with asyncio.timeout(_PATIENCE_S):
        await asyncio.gather(*(_talk(port, numbers, answered) for numbers in share))
    return answered


async def _talk(port: int, numbers: range, answered: dict[str, int]) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return  # the server was stopped before
    try:
        if not (await reader.readline()).startswith(b"220 "):
            return
        for number in numbers:
            for line in (b"MAIL FROM:<ana@example.org>", b"RCPT TO:<bo@example.com>", b"DATA"):
                writer.write(line + b"\r\n")
                if (await reader.readline())[:3] not in (b"250", b"354"):
                    return
            writer.write(b"X-Number: %d\r\nSubject: soak\r\n\r\n" % number + b"..text\r\n" * 20 + b".\r\n")
            found = _ID.match((await reader.readline()).decode())
            if not found:
                return
            answered[found.group(1)] = number
    except ConnectionError:
        return
    finally:
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1_000)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--stop-after", type=int, metavar="MESSAGES")
    parser.add_argument("--client", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        allow_many_files()
        print(json.dumps(asyncio.run(blast(options.client, options.connections, options.messages))))
        return
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))
    result = soak(options.connections, options.messages, options.stop_after)
    print(result)
    sys.exit(0 if result.good else 1)


if __name__ == "__main__":
    main()
