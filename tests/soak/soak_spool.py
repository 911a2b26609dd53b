"""A server that is killed at random moments: every message that was answered 250 is kept exactly once.

    python tests/soak/soak_spool.py                    30 rounds, 6 clients: some minutes
    python tests/soak/soak_spool.py --rounds 3 --seed 7

Each round starts ``sesreceive serve --data`` on the same folder, lets clients send as fast as they are answered, and
kills the server (SIGKILL) after a random time. The last round ends with SIGTERM and has to come to its end. Then each
id that a client was told is looked for: one object in the bucket and one notification in the topic, or the spool.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent.parent
TOPIC = "arn:aws:sns:us-east-1:111122223333:mail"
_ID = re.compile(rb"OK ([0-9a-v]{40})")
# Longer than anything takes: whoever waits so long has found a hang.
PATIENCE_S = 240.0
# How long the last server goes on with what it has; a folder takes some twenty messages a second on a slow disk, so
# something may stay in the spool.
GRACE_S = 45.0
ACCOUNT = {
    "Identities": ["example.com"],
    "ActiveRuleSet": "main",
    "RuleSets": [
        {
            "Metadata": {"Name": "main"},
            "Rules": [
                {
                    "Name": "all",
                    "Enabled": True,
                    "Actions": [
                        {"S3Action": {"BucketName": "inbox"}},
                        {"SNSAction": {"TopicArn": TOPIC, "Encoding": "UTF-8"}},
                    ],
                }
            ],
        }
    ],
}


@dataclass
class Result:
    """What a run found; the lists hold message ids."""

    rounds: int = 0
    answered: int = 0
    in_spool: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    exit_code: int | None = None

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.exit_code)

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.answered} messages answered 250, {self.in_spool} still in the spool, "
            f"{len(self.lost)} lost, {len(self.doubled)} doubled; the last server ended with {self.exit_code}"
        )


class Client(threading.Thread):
    """Sends one message after the other until the server is gone, and notes what it was told."""

    def __init__(self, port: int, answered: list[str]) -> None:
        super().__init__(daemon=True)
        self.port, self.answered = port, answered

    def run(self) -> None:
        body = b"Subject: soak\r\n\r\n" + b"line of text that is stored\r\n" * 60
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=PATIENCE_S) as smtp:
                smtp.ehlo("client.example.org")
                while True:
                    smtp.mail("ana@example.org")
                    smtp.rcpt("bo@example.com")
                    code, text = smtp.data(body)
                    if code == 250:
                        self.answered.append(_ID.fullmatch(text).group(1).decode())  # type: ignore[union-attr]
        except (smtplib.SMTPException, OSError):
            return


def start(folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A server on the folder, and its port."""
    (folder / "account.json").write_text(json.dumps(ACCOUNT), encoding="utf-8")
    command = [
        sys.executable, "-m", "sesreceive.cli", "serve", "--port", "0", "--account", str(folder / "account.json"),
        "--data", str(folder / "data"), "--grace", str(GRACE_S), "--out", str(folder / "tables"),
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout
    port = int(process.stdout.readline().split()[2].rpartition(":")[2])
    threading.Thread(target=_read_on, args=(process.stdout,), daemon=True).start()
    return process, port


def _read_on(stream: IO[str]) -> None:
    """Read what a server prints, so that it never waits for its reader."""
    with stream:
        for _ in stream:
            pass


def soak(rounds: int, clients: int, folder: Path, seed: int, longest_s: float = 1.5) -> Result:
    """Kill `rounds` servers one after the other, end one more as one should, and compare what both sides know."""
    from sesreceive.backends.directory import DirectoryBackend
    from sesreceive.backends.spool import Spool

    chance = random.Random(seed)
    answered: list[str] = []
    result = Result(rounds=rounds)
    for number in range(rounds + 1):
        process, port = start(folder)
        senders = [Client(port, answered) for _ in range(clients)]
        for sender in senders:
            sender.start()
        threading.Event().wait(chance.uniform(0.05, longest_s))
        process.send_signal(signal.SIGKILL if number < rounds else signal.SIGTERM)
        result.exit_code = process.wait(PATIENCE_S)
        for sender in senders:
            sender.join(PATIENCE_S)
    backend = DirectoryBackend(folder / "data")
    waiting = set(Spool.waiting(folder / "data" / "spool"))
    stored = set(backend.buckets["inbox"])
    told = Counter(published.message_id for published in backend.topics[TOPIC])
    result.answered, result.in_spool = len(answered), len(waiting)
    for message_id in answered:
        whole = message_id in stored and told[message_id] == 1
        if not whole and message_id not in waiting:
            (result.doubled if told[message_id] > 1 else result.lost).append(message_id)
    result.doubled += [message_id for message_id, times in told.items() if times > 1]
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = soak(options.rounds, options.clients, Path(folder), options.seed)
    print(result)
    return 0 if result.good else 1


if __name__ == "__main__":
    sys.exit(main())
