"""SMTP intake against plain aiosmtpd with a no-op handler: alternately, in one run, as ratios.

    python tests/benchmarks/bench_smtp.py [--rounds 3] [--quick] [--check] [--no-uvloop]

Each server is a process of its own on one core, the client another on the other core: Postfix's smtp-source
where it is installed, a small one in Python otherwise (slower, so the ratios come out lower). Rates are messages
per second of the server's CPU time: the machine's other work does not change them.

Goals: 4 KB on kept connections >= 2.5 x (>= 4 x with uvloop), with a connection each >= 2.5 x, 100 KB >= 7 x,
40 MB >= 10 x with a peak of at most 3 x the message, all but the one without uvloop.
`--check` fails when a ratio is below half of its goal (a noisy machine moves ratios by a fifth).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
from harness import Row, finish


@dataclass(frozen=True)
class Case:
    name: str
    octets: int
    messages: int
    sessions: int
    keep: bool
    goal: float  # without uvloop
    uvloop_goal: float | None = None

    def command(self, address: str) -> list[str]:
        """How smtp-source does it."""
        how = ["-d"] if self.keep else []
        return [
            "smtp-source", *how, "-s", str(self.sessions), "-m", str(self.messages), "-l", str(self.octets),
            "-f", "ana@example.org", "-t", "bo@example.com", address,
        ]  # fmt: skip


CASES = (
    Case("4 KB, kept connections", 4_096, 3_000, 10, True, 2.5, 4.0),
    Case("4 KB, a connection each", 4_096, 1_000, 10, False, 2.5),
    Case("100 KB, kept connections", 100_000, 300, 10, True, 7.0),
    Case("40 MB", 40_000_000, 4, 1, True, 10.0),
)
PEAK_GOAL = 3.0
WITHOUT = "sesreceive, without uvloop"

# ---------------------------------------------------------------- the servers


def account() -> Any:
    import sesreceive as ses

    rule = ses.ReceiptRule(name="all", enabled=True, actions=(ses.S3Action(bucket_name="inbox"),))
    return ses.Account(
        identities=("example.com",), active="main", rule_sets=(ses.ReceiptRuleSet(name="main", rules=(rule,)),)
    )


def sink() -> Any:
    """A receiver that takes everything and does nothing with it: what a no-op handler is for aiosmtpd."""
    import sesreceive as ses

    class Sink(ses.Receiver):
        decision = ses.Receiver(account()).on_connect("192.0.2.1")
        recipient = ses.Receiver(account()).on_rcpt(decision, "bo@example.com")

        def on_connect(self, client_ip: str) -> Any:
            return self.decision

        def on_rcpt(self, decision: Any, recipient: str, *, tls: bool = False) -> Any:
            return self.recipient

        def process(self, submission: Any) -> Any:
            return None

    return Sink(account())


def serve(kind: str, uvloop: bool) -> None:
    """Run one server until standard input closes; print its port."""
    if kind == "aiosmtpd":
        import asyncio

        from aiosmtpd.smtp import SMTP

        class Handler:
            async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
                return "250 OK"

        async def run() -> None:
            loop = asyncio.get_running_loop()
            server = await loop.create_server(
                lambda: SMTP(Handler(), hostname="sink.example", data_size_limit=1 << 26, loop=loop),
                "127.0.0.1", 0, backlog=512,
            )  # fmt: skip
            print(server.sockets[0].getsockname()[1], flush=True)
            await loop.run_in_executor(None, sys.stdin.read)

        asyncio.run(run())
        return
    import sesreceive as ses

    receiver = sink() if kind == "sesreceive" else ses.Receiver(account())
    if kind != "sesreceive":
        receiver.backend.perform = lambda effect: ses.Outcome()  # the pipeline whole, but nothing stored
    with receiver.smtp(uvloop=None if uvloop else False, keep=1, bounds=ses_bounds()) as server:
        print(server.port, flush=True)
        sys.stdin.read()


def ses_bounds() -> Any:
    from sesreceive.bounds import Bounds

    return Bounds(message_bytes=1 << 26)


class Running:
    """A server process."""

    def __init__(self, kind: str, uvloop: bool) -> None:
        command = [sys.executable, __file__, "--serve", kind, *([] if uvloop else ["--no-uvloop"])]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())
        self.watched = psutil.Process(self.process.pid)
        pin(self.process.pid, 0)

    def cpu(self) -> float:
        times = self.watched.cpu_times()
        return times.user + times.system

    def measure(self, case: Case) -> tuple[float, float, float]:
        """Messages per CPU second, messages per second, peak memory above the start in messages."""
        before, cpu = self.watched.memory_info().rss, self.cpu()
        forget_peak(self.process.pid)
        started = time.perf_counter()
        drive(case, self.port)
        wall, cpu = time.perf_counter() - started, self.cpu() - cpu
        peak = (peak_of(self.process.pid) or before) - before
        return case.messages / max(cpu, 0.001), case.messages / wall, peak / case.octets

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)


def forget_peak(pid: int) -> None:
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_of(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def pin(pid: int, core: int) -> None:
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


# ---------------------------------------------------------------- the client


def drive(case: Case, port: int) -> None:
    if shutil.which("smtp-source"):
        command = case.command(f"127.0.0.1:{port}")
        if shutil.which("taskset") and (os.cpu_count() or 1) > 1:
            command = ["taskset", "-c", "1", *command]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return
    body = b"Subject: bench\r\n\r\n" + b"x" * 76 + b"\r\n"
    body = body + (b"x" * 76 + b"\r\n") * max(0, (case.octets - len(body)) // 78) + b".\r\n"
    share = [case.messages // case.sessions + (n < case.messages % case.sessions) for n in range(case.sessions)]
    threads = [threading.Thread(target=_client, args=(port, body, count, case.keep)) for count in share]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _client(port: int, body: bytes, count: int, keep: bool) -> None:
    connection = None
    for _ in range(count):
        if connection is None:
            connection = socket.create_connection(("127.0.0.1", port))
            replies = connection.makefile("rb")
            replies.readline()
            connection.sendall(b"HELO client.example\r\n")
            replies.readline()
        for line in (b"MAIL FROM:<ana@example.org>\r\n", b"RCPT TO:<bo@example.com>\r\n", b"DATA\r\n", body):
            connection.sendall(line)
            assert replies.readline()[:1] in (b"2", b"3")
        if not keep:
            connection.close()
            connection = None


# ---------------------------------------------------------------- the table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a tenth of the messages, one round")
    parser.add_argument("--check", action="store_true", help="fail below half of a goal")
    parser.add_argument("--no-uvloop", action="store_true")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, not options.no_uvloop)
        return
    kinds = ["aiosmtpd", "sesreceive", "sesreceive, whole pipeline"]
    cases = [replace(case, messages=max(2, case.messages // 10)) for case in CASES] if options.quick else CASES
    running = {kind: Running(kind, not options.no_uvloop) for kind in kinds}
    uvloop = not options.no_uvloop and importlib.util.find_spec("uvloop") is not None
    if uvloop:
        running[WITHOUT] = Running("sesreceive", uvloop=False)
        kinds.append(WITHOUT)
    client = "smtp-source" if shutil.which("smtp-source") else "Python (no smtp-source here)"
    print(f"client: {client}; messages per second of server CPU (per second), median of the rounds")
    rows = []
    try:
        for case in cases:
            found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
            for _ in range(1 if options.quick else options.rounds):
                for kind in kinds:
                    found[kind].append(running[kind].measure(case))
            print(f"\n{case.name}")
            for kind in kinds:
                cpu, wall, peak = (statistics.median(row[n] for row in found[kind]) for n in range(3))
                memory = f"   peak {peak:.1f} x the message" if case.octets > 1_000_000 else ""
                print(f"    {kind:<28}{cpu:>10.1f}  ({wall:.1f}){memory}")
            what = f"SMTP intake, {case.name}"
            for kind, goal in ((WITHOUT if uvloop else "sesreceive", case.goal), ("sesreceive", case.uvloop_goal)):
                pairs = [(ours[0], peer[0]) for ours, peer in zip(found[kind], found["aiosmtpd"], strict=True)]
                if goal is not None and (goal == case.goal or uvloop):
                    with_it = ", uvloop" if goal == case.uvloop_goal else ""
                    rows.append(Row.ratio_of(what + with_it, pairs, "aiosmtpd", goal=goal))
            if case.octets > 1_000_000:
                peak = statistics.median(row[2] for row in found["sesreceive"])
                rows.append(Row.bound(f"SMTP intake, {case.name}, memory", peak, PEAK_GOAL, "messages", most=True))
    finally:
        for one in running.values():
            one.stop()
    finish(rows, options)


if __name__ == "__main__":
    main()
